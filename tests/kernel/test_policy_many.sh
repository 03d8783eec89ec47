#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Two hundred policies, each about pods of its own: all run, each takes little of the kernel's memory, and what is taken
# away again leaves no program, map or link behind.
. "$SONDE_SOURCE/tests/lib/tap.sh"

cd "$tap_scratch" || exit 1
for cgroups in /sys/fs/cgroup/unified /sys/fs/cgroup; do
	[ ! -e $cgroups/cgroup.procs ] || break
done
[ -e "$cgroups/cgroup.procs" ] || tap_skip_all "cgroups v2 are not mounted"
count=200
[ -z "${SONDE_IN_VM-}" ] || count=50 # its processors are emulated
agent=''
stop() {
	[ -z "$agent" ] || { kill "$agent" && wait "$agent"; } 2>/dev/null
	agent=''
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
scrape() {
	port=$(sed -n 's/^\(.* \)\{0,1\}Listening on .*, port \([0-9]*\)$/\2/p' errors)
	{ wget -q -O - "http://127.0.0.1:$port/metrics" 2>/dev/null || curl -s "http://127.0.0.1:$port/metrics"; } >metrics
}
value() { sed -n "s/^$1 //p" metrics; }

calls='sys_getppid sys_getuid sys_getgid sys_geteuid sys_getegid sys_gettid sys_getpgid sys_getsid sys_umask sys_sync'
# policy: number `number` into `folder`. Kernels let only so many programs be at one function.
policy() {
	# shellcheck disable=SC2086 # words
	set -- $calls
	shift $((number % 10))
	cat >"$folder/p$number.yaml" <<-END
		apiVersion: cilium.io/v1alpha1
		kind: TracingPolicy
		metadata: {name: many-$number}
		spec:
		  podSelector: {matchLabels: {app: web-$number}}
		  kprobes:
		  - {call: $1, syscall: true}
	END
}
# policies FOLDER COUNT
policies() {
	folder=$1 number=0
	mkdir "$folder"
	while [ $number -lt "$2" ]; do
		policy
		number=$((number + 1))
	done
}

# ---- all of them ----

policies all $count
touch errors
"$SONDE_BIN" policy --metrics-server=127.0.0.1:0 all >out 2>errors &
agent=$!
until_true grep -q 'Started in' errors
scrape
tap_is "all $count of them run" "$(value 'tetragon_tracingpolicy_loaded{state="enabled"}')" $count
[ "$(value 'tetragon_tracingpolicy_loaded{state="enabled"}')" = $count ] || sed 's/^/# /' errors
largest=$(sed -n 's/^tetragon_tracingpolicy_kernel_memory_bytes{.*} //p' metrics | sort -n | tail -n 1)
tap_check "each takes less than 64 KiB of the kernel ($largest bytes)" test "${largest:-65536}" -lt 65536
resident=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB$/\1/p' /proc/$agent/status)
if grep -q libasan /proc/$agent/maps; then
	tap_skip "memory of the agent" "a sanitizer takes most of it"
else
	tap_check "and all together less than 30 MB of the agent ($resident kB)" test "$resident" -lt 30000
fi
stop

# ---- and none ----

# Of the agent, by kind.
things() {
	find "/proc/$agent/fd" -type l -exec readlink {} \; 2>/dev/null |
		sed -n 's/^anon_inode:\[*\(bpf-prog\|bpf-map\|bpf_link\|bpf-link\|perf_event\)\]*$/\1/p' | sort | uniq -c
}
policies few 30
sed 's/many/one/' few/p0.yaml >one.yaml
write_config() {
	printf 'listen: {address: "127.0.0.1:0"}\ncontrol: {socket: control.sock}\nrun:\n' >sonde.yaml
	for part; do
		echo "- policy: $part" >>sonde.yaml
	done
}
enabled() {
	scrape
	[ "$(value 'tetragon_tracingpolicy_loaded{state="enabled"}')" = "$1" ]
}
write_config one.yaml
: >errors
"$SONDE_BIN" agent -c sonde.yaml --log.no-timestamps >out 2>errors &
agent=$!
until_true grep -q '^Started' errors
until_true enabled 1
things >before
write_config one.yaml few
kill -HUP $agent
until_true enabled 31
tap_check "policies that come are loaded" enabled 31
things >grown
tap_check "with programs of their own" test "$(awk '/bpf-prog/ { print $1 }' grown)" -ge \
	$(($(awk '/bpf-prog/ { print $1 }' before) + 30))
write_config one.yaml
kill -HUP $agent
until_true enabled 1
is_as_before() { things >after && cmp -s before after; }
until_true is_as_before
tap_is "and leave nothing behind" "$(cat after)" "$(cat before)"
stop

tap_done
