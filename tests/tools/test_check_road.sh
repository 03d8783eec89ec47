#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
. "$SONDE_SOURCE/tests/lib/tap.sh"

tree=$tap_scratch/tree

# road: a tree in order; the tests then break one thing
road() {
	mkdir -p "$tree/src/pipeline"
	printf '%s\n' '# The road' '```' 'source → metric → sink' '```' \
		'| `source` | reads |' '| `metric` | sums |' '| `sink` | writes |' >"$tree/src/README.md"
	printf '%s\n' 'enum stage {' '	STAGE_SOURCE, /* bytes */' '	STAGE_METRIC,' '	STAGE_SINK,' '};' >"$tree/src/pipeline/stage.h"
	journey STAGE_SOURCE STAGE_METRIC STAGE_SINK
}
journey() {
	printf 'int scrape(void)\n{\n' >"$tree/src/pipeline/scrape.c"
	printf '	/* %s */\n' "$@" >>"$tree/src/pipeline/scrape.c"
	printf '}\n' >>"$tree/src/pipeline/scrape.c"
}
accepts() {
	tap_check "$1" "$SONDE_SOURCE/tools/check-road" "$tree"
	rm -rf "$tree"
}
refuses() {
	if output=$("$SONDE_SOURCE/tools/check-road" "$tree" 2>&1); then
		tap_not_ok "$1" "it was accepted"
	else
		tap_has "$1" "$output" "$2"
	fi
	rm -rf "$tree"
}

road
accepts "three that are equal"

road
journey STAGE_SOURCE STAGE_SINK
accepts "a journey that leaves a stage out"

road
sed -i 's/source → metric/metric → source/' "$tree/src/README.md"
refuses "the README has another order" "enum stage says 'source metric sink'"

road
sed -i '/`metric`/d' "$tree/src/README.md"
refuses "the README's table lacks a row" "rows of the table are 'source sink'"

road
sed -i '/STAGE_METRIC/d' "$tree/src/pipeline/stage.h"
refuses "the enum lacks a stage" "enum stage says 'source sink'"

road
journey STAGE_SOURCE STAGE_SINK STAGE_METRIC
refuses "a journey turns round" "STAGE_METRIC after STAGE_SINK"

road
journey STAGE_SOURCE STAGE_HEAVEN
refuses "a journey to a stage that is none" "STAGE_HEAVEN is not a stage"

road
journey
refuses "a journey that names no stages" "names no stages"

tap_done
