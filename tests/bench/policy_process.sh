#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# `sonde policy` as a process: how long until the first event of a system call is a line, what that takes of memory, and of a
# CPU for a million of them, and what it adds to each. With PEER_TETRAGON, a folder that has Tetragon's agent and its objects
# (somewhere below it), the same of that with the same file, beside it.
set -u

[ "${1-}" != --list ] || {
	echo policy_process
	exit 0
}
printf '# policies as a process of their own: getppid() as events into a file\n'
calls=100000
rate=20     # in a millisecond, while it is looked at what they cost
wait=300000 # ms: an emulated machine takes half of that for Tetragon
work=$(mktemp -d)
agent=''

end() {
	[ -z "$agent" ] || kill "$agent"
	wait
	rm -rf "$work"
}
trap 'end 2>/dev/null' EXIT
trap 'exit 143' INT TERM HUP
cp "${SONDE_BENCH_CALLS:-$(dirname "$0")/calls}" "$work/calls" || exit 1
cd "$work" || exit 1
cat >all.yaml <<-END
	apiVersion: cilium.io/v1alpha1
	kind: TracingPolicy
	metadata:
	  name: bench
	spec:
	  tracepoints:
	  - subsystem: raw_syscalls
	    event: sys_enter
	    args:
	    - index: 4
	      type: int64
	END
cat all.yaml - >policy.yaml <<-END
	    selectors:
	    - matchArgs:
	      - index: 4
	        operator: Equal
	        values: ["$(case $(uname -m) in x86_64) echo 110 ;; *) echo 173 ;; esac)"]
	END

# Each takes the file of a policy.
sonde_on() {
	exec "$SONDE_BIN" policy --metrics-server= --export-filename=lines --export-file-max-size-mb=1000 "$1"
}

# Nobody connects, so nobody wants events.
counting_on() {
	exec "$SONDE_BIN" policy --metrics-server= --export-socket=socket "$1"
}

# Nothing of it is where others look for an agent, and what it mounts is gone with it.
tetragon_on() {
	object=$(find "$PEER_TETRAGON/" -name bpf_generic_tracepoint.o | head -n 1)
	exec unshare -m "$PEER_TETRAGON/tetragon" --bpf-lib "${object%/*}" --bpf-dir "bench-$$" --server-address "unix://$work/socket" \
		--gops-address '' --health-server-address '' --metrics-server '' --tracing-policy "$1" \
		--export-filename "$work/lines" --export-file-max-size-mb 1000
}

# The kernel tells hundredths of a second; busybox has no finer clock either, and looking for an event takes longer.
now_ms() {
	read -r seconds _ </proc/uptime
	echo "${seconds%.*}${seconds#*.}0"
}

# count: of our events so far
count() {
	touch lines
	grep -c '"binary":"[^"]*/calls".*"policy_name":"bench"' lines
}

mib() {
	awk '/^VmRSS/ { printf "%.1f", $2 / 1024 }' "/proc/$agent/status"
}

cpu_ms() {
	awk '{ print ($14 + $15) * 10 }' "/proc/$agent/stat"
}

# is_on TOOL: an event of it is a line, or it says so itself
is_on() {
	case $1 in
	counting) grep -q 'Started in' said ;;
	*) [ "$(count)" -gt 0 ] ;;
	esac
}

# on TOOL FILE: begins it, sets start; 1: it does not run here
on() {
	rm -f lines
	begin=$(now_ms)
	"$1_on" "$2" >said 2>&1 &
	agent=$!
	until is_on "$1"; do
		kill -0 "$agent" 2>/dev/null && [ $(($(now_ms) - begin)) -lt $wait ] || return 1
		./calls 1 >/dev/null
		sleep 0.02
	done
	start=$(($(now_ms) - begin))
	sleep 3 # what it took to start is given back
}

off() {
	kill "$agent"
	wait "$agent" 2>/dev/null
	agent=''
}

# measure TOOL: sets start, rss, added, cpu, shown; 1: it does not run here
measure() {
	bare=$(./calls $calls)
	on "$1" policy.yaml || return 1
	added=$(($(./calls $calls) - bare))
	sleep 3 # what is still on its way
	before=$(count) cpu=$(cpu_ms)
	./calls $calls $rate >/dev/null
	sleep 3
	cpu=$(($(cpu_ms) - cpu)) shown=$(($(count) - before)) rss=$(mib)
	off
	[ "$shown" -gt 0 ]
}

# measure_all TOOL: sets added, of a policy that takes every call of everybody; 1: it does not run here
measure_all() {
	bare=$(./calls $calls)
	on "$1" all.yaml || return 1
	added=$(($(./calls $calls) - bare))
	off
}

# print PREFIX
print() {
	printf '%s_start\t%s\tms\t\n' "$1" "$start"
	printf '%s_rss\t%s\tMiB\t\n' "$1" "$rss"
	printf '%s_added\t%s\tns\t\n' "$1" "$added"
	printf '%s_cpu_per_million\t%s\ts\t\n' "$1" "$(awk -v ms="$cpu" -v n="$shown" 'BEGIN { printf "%.2f", ms * 1000 / n }')"
	printf '%s_shown_of_all\t%s\t\t\n' "$1" "$(awk -v a="$shown" -v b=$calls 'BEGIN { printf "%.4f", a / b }')"
}

# added_to_all FIGURE TOOL
added_to_all() {
	if measure_all "$2"; then
		printf '%s\t%s\tns\t\n' "$1" "$added"
	else
		printf '%s\tskip\tit did not begin: %s\n' "$1" "$(tail -n 1 said | cut -c1-400 | tr '\t' ' ')"
	fi
}

if ! measure sonde; then
	tail -n 3 said >&2
	exit 1
fi
print policy_process
added_to_all policy_process_all_counted counting
added_to_all policy_process_all_posted sonde
if [ -z "${PEER_TETRAGON-}" ]; then
	printf 'policy_peer\tskip\tPEER_TETRAGON names no folder\n'
elif measure tetragon; then
	print policy_peer
	added_to_all policy_peer_all tetragon
else
	printf 'policy_peer\tskip\tTetragon does not run here: %s\n' "$(tail -n 1 said | cut -c1-400 | tr '\t' ' ')"
fi
