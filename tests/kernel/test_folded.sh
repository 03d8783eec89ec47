#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# sonde run … -o folded: stacks for flame graphs, out of the annotations of a real gadget.
. "$SONDE_SOURCE/tests/lib/tap.sh"

cd "$tap_scratch" || exit 1
[ -d "$SONDE_PROBES/profile_cpu" ] || tap_skip_all "there is no gadget profile_cpu"
name=fold$$

stop() {
	kill "$burner" "$agent" 2>/dev/null
	wait "$burner" "$agent" 2>/dev/null
}
tap_at_exit stop

# A name with a blank and a semicolon, which may not end a frame.
(
	printf '%s; x' "$name" >/proc/self/comm
	while :; do :; done
) &
burner=$!
"$SONDE_BIN" run "$SONDE_PROBES/profile_cpu" "--comm=$name; x" --map-fetch-interval=100ms -o folded >out 2>errors &
agent=$!
tries=0
until [ -s out ] || [ $tries -eq 600 ] || ! kill -0 $agent 2>/dev/null; do
	sleep 0.1
	tries=$((tries + 1))
done
stop

tap_check "frames of the process that burns time, under its name" grep "^$name:_x;.* [1-9][0-9]*\$" out
tap_is "a line is frames, a blank and a number" "$(grep -v '^[^ ]* [1-9][0-9]*$' out | head -n 3)" ''
"$SONDE_BIN" run "$SONDE_PROBES/top_file" -o folded >out 2>&1
tap_is "what has no stacks is refused" $? 1
tap_has "and told so" "$(cat out)" "data source 'file' has no stacks that were counted"
tap_done
