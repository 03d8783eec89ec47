#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# sonde run … -o folded: stacks for flame graphs, out of the annotations of a real gadget; and stacks as labels of a metric.
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
	while :; do : </dev/null; done
) &
burner=$!
cp -r "$SONDE_PROBES/profile_cpu" keyed || exit 1
awk '/^      (kern_stack|user_stack_raw.symbols):$/ { is_stack = 1 }
	{ print }
	is_stack && /annotations:/ { print "          metrics.type: key"; is_stack = 0 }' \
	"$SONDE_PROBES/profile_cpu/gadget.yaml" >keyed/gadget.yaml
"$SONDE_BIN" run keyed "--comm=$name; x" --map-fetch-interval=100ms -o folded --metrics --listen=127.0.0.1:0 >out 2>errors &
agent=$!

# series LABEL: of the metric, one that has a text there.
series() {
	{ wget -q -O - "$url" 2>/dev/null || curl -s "$url"; } | grep "^cpu_samples_total{.*$1=\"[^\"]"
}

tries=0
until [ -s out ] && url=$(sed -n 's/^metrics *//p' errors) && [ -n "$url" ] && series kern_stack >/dev/null ||
	[ $tries -eq 600 ] || ! kill -0 $agent 2>/dev/null; do
	sleep 0.1
	tries=$((tries + 1))
done
tap_check "a stack of the kernel is text in a label" series kern_stack
tap_check "a stack of user space, too" series user_stack_raw_symbols
stop

tap_check "frames of the process that burns time, under its name" grep "^$name:_x;.* [1-9][0-9]*\$" out
tap_is "a line is frames, a blank and a number" "$(grep -v '^[^ ]* [1-9][0-9]*$' out | head -n 3)" ''
"$SONDE_BIN" run "$SONDE_PROBES/top_file" -o folded >out 2>&1
tap_is "what has no stacks is refused" $? 1
tap_has "and told so" "$(cat out)" "data source 'file' has no stacks that were counted"
tap_done
