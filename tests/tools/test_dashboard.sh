#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The dashboard asks for metrics and labels that exist, and leaves no probe out.
. "$SONDE_SOURCE/tests/lib/tap.sh"

dashboard=$SONDE_SOURCE/deploy/grafana/sonde.json
cd "$SONDE_SOURCE" || exit 1

sed -n 's/^ *"expr": "\(.*\)",*$/\1/p' "$dashboard" >"$tap_scratch/queries"
tap_check "it has queries" test -s "$tap_scratch/queries"
grep -o '[a-z_]*_[a-z_]*{' "$tap_scratch/queries" | tr -d '{' | sort -u >"$tap_scratch/metrics"

# What there is: by the probes' configs, and by the page about sonde's own.
for config in probes/*/*.yaml; do
	awk '/^  [a-z]+:/ { kind = $1 } /^    - name:/ { print kind, "ebpf_exporter_" $3 }' "$config"
done | while read -r kind name; do
	echo "$name"
	[ "$kind" != histograms: ] || printf '%s_bucket\n%s_sum\n%s_count\n' "$name" "$name" "$name"
done | sort -u >"$tap_scratch/known"
grep -o 'sonde_[a-z_]*' docs/reference/metrics.md >>"$tap_scratch/known"
echo process_cpu_seconds_total >>"$tap_scratch/known"
sort -u -o "$tap_scratch/known" "$tap_scratch/known"
tap_is "every metric exists" "$(comm -23 "$tap_scratch/metrics" "$tap_scratch/known")" ""

# Gadgets are shown by who wants them.
for config in probes/*/*.yaml; do
	[ "${config##*/}" != gadget.yaml ] || continue
	names=$(awk '/^    - name:/ { print "ebpf_exporter_" $3 }' "$config")
	found=''
	for name in $names; do
		! grep -q "$name" "$tap_scratch/queries" || found=$name
	done
	tap_check "it shows ${config#probes/*/}" test -n "$found"
done
if command -v jq >/dev/null; then
	tap_check "it is JSON" jq -e .panels "$dashboard"
elif command -v python3 >/dev/null; then
	tap_check "it is JSON" python3 -m json.tool "$dashboard"
else
	tap_skip "it is JSON" "neither jq nor python3 is here"
fi
tap_done
