#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
. "$SONDE_SOURCE/tests/lib/tap.sh"

tree=$tap_scratch/tree

# put PATH LINE…: a file of the tree under test
put() {
	path=$tree/$1
	shift
	mkdir -p "$(dirname "$path")"
	printf '%s\n' "$@" >"$path"
}

# accepts NAME, refuses NAME PART: what the tool says of the tree, which is then emptied
accepts() {
	tap_check "$1" "$SONDE_SOURCE/tools/check-includes" "$tree"
	rm -rf "$tree"
}
refuses() {
	if output=$("$SONDE_SOURCE/tools/check-includes" "$tree" 2>&1); then
		tap_not_ok "$1" "it was accepted"
	else
		tap_has "$1" "$output" "$2"
	fi
	rm -rf "$tree"
}

put src/decode/ifname.c '#include "decode/decoder.h"' '#include <stdio.h>' '#include "base/err.h"' '#include "config/spec.h"'
put src/program/object.c '#include <bpf/libbpf.h>' '#include "bpf/abi/event.h"' '#include "emit/emit.h"'
put src/main.c '#include "cmd/command.h"' '#include "base/log.h"'
put src/pipeline/plan.c '#include "config/load.h"' '#include "sink/prometheus.h"'
accepts "includes that the table allows"

put src/base/err.c '#include "record/record.h"'
refuses "base includes nothing of ours" 'src/base/err.c:1: "record/record.h"'

put src/decode/uid.c '#include "metric/family.h"'
refuses "a stage includes no other stage" 'decode/ may include only itself'

put src/metric/family.c '' '#include <bpf/bpf.h>'
refuses "libbpf stays in program and source" 'src/metric/family.c:2: <bpf/bpf.h> belongs to libbpf'

put src/sink/prometheus.c '#include "metric/family.h"'
accepts "a sink reads families"

put src/sink/prometheus.c '#include "metric/limit.h"'
refuses "a sink knows nothing else of metric" '"metric/limit.h"'

put src/config/ebpf_exporter/parse.c '#include "config/ebpf_exporter/scalar.h"' '#include "config/bind.h"'
accepts "a dialect includes its own room and the common tools"

put src/config/gadget/parse.c '#include "config/ebpf_exporter/scalar.h"'
refuses "a dialect includes no other dialect" "another dialect's room"

put src/config/load.c '#include "config/gadget/words.h"'
refuses "config includes no room" 'config/ may include only itself'

put src/cmd/plan.c '#include "metric/registry.h"'
refuses "a command sees no stage" '"metric/registry.h"'

put src/base/err.c '#include "err.h"'
refuses "an include names its folder" 'write "folder/err.h"'

put src/program/object.c '#include "bpf/include/maps.h"'
refuses "of bpf/ only abi is shared" 'only bpf/abi/'

put src/attic/old.c '#include <stdio.h>'
refuses "a folder without a row" 'folder attic/ has no row'

tap_done
