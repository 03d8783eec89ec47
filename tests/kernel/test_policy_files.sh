#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Paths of files in events and selectors: through bind mounts and overlays, below a root of one's own, of files that are
# deleted, and of those that are too deep. What an event says is what /proc/self/fd says to whoever has the file open.
. "$SONDE_SOURCE/tests/lib/tap.sh"

cd "$tap_scratch" || exit 1
agent=''

stop() {
	[ -z "$agent" ] || kill "$agent" 2>/dev/null
	wait "$agent" 2>/dev/null
}
tap_at_exit stop

# until_true COMMAND…: for a minute at most.
until_true() {
	tries=0
	until "$@" || [ $tries -eq 600 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
}

scrape() { wget -q -O - "http://127.0.0.1:$port/metrics" 2>/dev/null || curl -s "http://127.0.0.1:$port/metrics"; }

# ---- policies: of the call, and where functions can be hooked of the function that it asks ----

# write_policy NAME CALL IS_SYSCALL ARGS [MATCH]: the places of reads by `reader`, by selector.
mkdir policies
write_policy() {
	cat >"policies/$1.yaml" <<-END
		apiVersion: cilium.io/v1alpha1
		kind: TracingPolicy
		metadata: {name: $1}
		spec:
		  kprobes:
		  - call: $2
		    syscall: $3
		    args: [$4]
		    selectors:
	END
	for match in \
		"{index: 0, operator: Prefix, values: [\"$tap_scratch/bound/\"]}" \
		"{index: 0, operator: Postfix, values: [\"/gone (deleted)\"]}" \
		"{index: 0, operator: Equal, values: [\"$tap_scratch/merged/upper\", \"$tap_scratch/merged/lower\"]}" \
		''; do
		cat >>"policies/$1.yaml" <<-END
			    - matchBinaries: [{operator: In, values: ["$tap_scratch/reader"]}]
			      matchArgs: [${5-}${match}]
		END
	done
}
write_policy call sys_read true '{index: 0, type: fd}'
count=1
if [ -n "${SONDE_IN_VM-}" ]; then
	# Its second argument is what is to be done: 4 is to read.
	write_policy permission security_file_permission false '{index: 0, type: file}, {index: 1, type: int}' \
		'{index: 1, operator: Equal, values: ["4"]},'
	count=2
fi
cp "$SONDE_TEST_BPF/policy_caller" reader || exit 1
: >errors
"$SONDE_BIN" policy --metrics-server=127.0.0.1:0 --output=json --export-allowlist='{"event_set":["PROCESS_KPROBE"]}' policies >out 2>errors &
agent=$!
started() { grep -q 'Started in' errors || ! kill -0 $agent 2>/dev/null; }
until_true started
port=$(sed -n 's/.*Listening on .*, port \([0-9]*\).*/\1/p' errors)
tap_is "policies are attached" "$(scrape | sed -n 's/^tetragon_tracingpolicy_loaded{state="enabled"} //p')" $count
[ -n "$port" ] || sed 's/^/# /' errors

# ---- what is read ----

mkdir origin bound low up work merged cage cage/bound
for file in plain origin/file low/lower up/upper cage/inside; do
	echo text >$file
done
deep=deep
while [ ${#deep} -lt 150 ]; do
	deep=$deep/d
done
mkdir -p $deep
deep=$deep/file # 74 components
echo text >$deep
[ -z "${SONDE_IN_VM-}" ] || modprobe overlay
cat >reads <<-'END'
	mount --bind origin bound && mount --bind origin cage/bound || exit 1
	if mount -t overlay overlay -o lowerdir=low,upperdir=up,workdir=work merged; then
		./reader show=merged/upper show=merged/lower
	else
		echo "no overlay"
	fi
	./reader show=plain show=/dev/zero show=bound/file show=origin/file gone=gone
	./reader chroot=cage show=inside show=bound/file
	umount merged cage/bound bound 2>/dev/null
END
unshare -m sh reads >seen 2>reads.errors
sed 's/^/# /' reads.errors
./reader show=$deep >seen.deep

# ---- what is told ----

sed -n '/^no overlay/!p' seen | sort >wanted
all_told() {
	for file in policies/*.yaml; do
		name=${file#policies/}
		[ "$(grep -c "\"policy_name\":\"${name%.yaml}\"" out)" -ge "$(($(wc -l <wanted) + 1))" ] || return 1
	done
}
until_true all_told
# told POLICY [FLAGS]: paths of its events that are flagged so, or not at all.
told() {
	grep "\"policy_name\":\"$1\"" out | sed -n "s/.*\"file_arg\":{\"path\":\"\([^\"]*\)\"${2-,\"permission\"}.*/\1/p" | sort -u
}
tap_is "there is something to read" "$(grep -c / wanted)" "$((9 - 2 * $(grep -c '^no overlay' seen)))"
for file in policies/*.yaml; do
	name=${file#policies/}
	name=${name%.yaml}
	told $name >told.paths
	tap_is "$name: each file has the path that it has in /proc" "$(grep -vxFf told.paths wanted)" ""
	# An overlay reads a file of one of its layers then, where that has a path of its own.
	tap_is "$name: and no other, but files of layers" "$(grep -vxFf wanted told.paths | grep -v -e '^/upper$' -e '^/lower$')" ""
	cut=$(told $name ',"flags":"unresolvedPathComponents"')
	tap_is "$name: one that is too deep is flagged" "$(echo "$cut" | wc -l)" 1
	tap_has "$name: and is the end of it" "$(cat seen.deep)END" "${cut}END"
	tap_check "$name: of as many components as are looked at" [ "$(echo "$cut" | tr -cd / | wc -c)" -gt 60 ]
done
scrape >metrics
selectors() {
	sed -n "s/^sonde_policy_selector_total{.*policy=\"$1\".*result=\"matched\",selector=\"\([0-9]*\)\"} /\1 /p" metrics |
		sort -n | awk '{ printf "%s ", $2 }'
}
if grep -q '^no overlay' seen; then
	tap_skip "paths in overlays" "this kernel has none"
	tap_is "selectors ask for them" "$(selectors call)" "1 1 0 6 "
else
	tap_is "selectors ask for them" "$(selectors call)" "1 1 2 6 "
fi
stop
agent=''
tap_done
