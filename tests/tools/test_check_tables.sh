#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
. "$SONDE_SOURCE/tests/lib/tap.sh"

tree=$tap_scratch/tree

# decoders ROW…: a tree whose decode.def has these rows, with file and test for cpu, hex and uid
decoders() {
	mkdir -p "$tree/src/decode" "$tree/tests/unit/decode"
	printf '%s\n' '/* SPDX-License-Identifier: Apache-2.0' ' * DECODER(name, "help") */' "$@" >"$tree/src/decode/decode.def"
	for name in cpu hex uid; do
		: >"$tree/src/decode/$name.c"
		: >"$tree/tests/unit/decode/test_$name.c"
	done
}
accepts() {
	tap_check "$1" "$SONDE_SOURCE/tools/check-tables" "$tree"
	rm -rf "$tree"
}
refuses() {
	if output=$("$SONDE_SOURCE/tools/check-tables" "$tree" 2>&1); then
		tap_not_ok "$1" "it was accepted"
	else
		tap_has "$1" "$output" "$2"
	fi
	rm -rf "$tree"
}

decoders 'DECODER(cpu, "the number of a processor")' 'DECODER(hex, "bytes (all of them)", 3)' 'DECODER(uid, "a user")'
accepts "a sorted table with files, tests and help"

decoders 'DECODER(cpu,' '	"help on the next line",' '	"more")' 'DECODER(uid, "with a \"quote\" in it")'
accepts "rows over several lines"

decoders 'DECODER(uid, "a user")' 'DECODER(hex, "bytes")'
refuses "a table out of order" "decode.def:4: 'hex' stands after 'uid'"

decoders 'DECODER(hex, "bytes")' 'DECODER(hex, "bytes again")'
refuses "a name that stands twice" "'hex' stands twice"

decoders 'DECODER(cpu, "")'
refuses "an empty help text" "'cpu' has no help text"

decoders 'DECODER(cpu)'
refuses "no help text at all" "'cpu' has no help text"

decoders 'DECODER(cpu, "a processor")'
rm "$tree/src/decode/cpu.c"
refuses "a row without its file" "'cpu' has no src/decode/cpu.c"

decoders 'DECODER(cpu, "a processor")'
rm "$tree/tests/unit/decode/test_cpu.c"
refuses "a row without its test" "'cpu' has no tests/unit/decode/test_cpu.c"

decoders '/* nothing yet */'
refuses "a table without rows" "no row was found"

mkdir -p "$tree/src/attic"
echo 'OLD(x, "y")' >"$tree/src/attic/old.def"
refuses "a table that the tool does not know" "not in the list at the top of tools/check-tables"

tap_done
