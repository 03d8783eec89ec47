#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# `sonde run` on gadgets as a process: how long until the first event is a line, what it takes with one gadget and with
# thirty, and what it takes of a CPU for a million opens that are shown. With PEER_IG, a command that is run as Inspektor
# Gadget's `ig` is (words may follow its name: PEER_IG_FLAGS), the same of it on trace_open, in turn.
set -u

[ "${1-}" != --list ] || {
	echo gadgets
	exit 0
}
printf '# gadgets as a process of their own\n'
starts=9
opens=50000
work=$(mktemp -d)
agent='' shooter=''

end() {
	[ -z "$shooter" ] || kill "$shooter"
	[ -z "$agent" ] || kill "$agent"
	wait
	rm -rf "$work"
}
trap 'end 2>/dev/null' EXIT
trap 'exit 143' INT TERM HUP
cd "$work" || exit 1

# begun: the program itself is $agent, also where a command that stands before it has started it
begun() {
	while child=$(cat "/proc/$agent/task/$agent/children" 2>/dev/null) && [ -n "$child" ]; do
		agent=${child%% *}
	done
}

# stop: it ends as it does when somebody has seen enough
stop() {
	begun
	kill -TERM "$agent" 2>/dev/null
	wait
	agent=''
}

now_ms() {
	echo $(($(date +%s%N) / 1000000))
}

# field NAME: of the agent's /proc/PID/status, in KiB
field() {
	sed -n "s/^$1:[^0-9]*\([0-9]*\).*/\1/p" "/proc/$agent/status"
}

mib() {
	awk -v kib="$1" 'BEGIN { printf "%.2f", kib / 1024 }'
}

# cpu_ms: of the agent, user and kernel
cpu_ms() {
	awk '{ print ($14 + $15) * 10 }' "/proc/$agent/stat"
}

# Opens what is not there, so many times, without a process for each.
shots='BEGIN {
	file = "/nonexistent-sonde-bench"
	while (count-- > 0) {
		getline line <file
		close(file)
	}
}'

# Both see the opens of awk alone.
sonde_on() {
	exec "$SONDE_BIN" run "$@" --agent=none --comm=awk -o json
}

ig_on() {
	# shellcheck disable=SC2086 # words
	exec $PEER_IG run "$@" ${PEER_IG_FLAGS-} --comm=awk -o json
}

# first_event TOOL: milliseconds from its start to its first line, while somebody opens all the time
first_event() {
	rm -f shown
	begin=$(now_ms)
	"$1"_on "$2" >shown 2>said &
	agent=$!
	until [ -s shown ] || ! kill -0 "$agent" 2>/dev/null; do
		sleep 0.002
	done
	took=$(($(now_ms) - begin))
	stop
	echo $took
}

# median_start TOOL GADGET
median_start() {
	awk -v count=1000000000 "$shots" >/dev/null 2>&1 &
	shooter=$!
	i=0
	while [ $i -lt $starts ]; do
		(first_event "$1" "$2")
		i=$((i + 1))
	done >took
	kill $shooter
	wait $shooter 2>/dev/null
	shooter=''
	sort -n took | sed -n "$(((starts + 1) / 2))p"
}

# settle: until what it took for its start is given back
settle() {
	before=0
	until [ "$(field VmRSS)" = "$before" ]; do
		before=$(field VmRSS)
		sleep 1
	done
}

# run_opens TOOL GADGET: sets shown, cpu (ms), rss and peak (KiB) for so many opens
run_opens() {
	"$1"_on "$2" >lines 2>said &
	agent=$!
	until grep -q nonexistent-sonde-bench lines; do
		kill -0 "$agent" || return 1
		awk -v count=1 "$shots"
		sleep 0.1
	done
	begun
	settle
	before_all=$(grep -c nonexistent-sonde-bench lines)
	cpu=$(cpu_ms)
	awk -v count=$opens "$shots"
	sleep 2 # what is still on its way
	cpu=$(($(cpu_ms) - cpu)) rss=$(field VmRSS) peak=$(field VmHWM)
	stop
	shown=$(($(grep -c nonexistent-sonde-bench lines) - before_all))
	rm -f lines
}

# per_million MS: of CPU, for a million of the events that were shown
per_million() {
	awk -v ms="$1" -v shown="$shown" 'BEGIN { printf "%.2f", shown ? ms * 1000 / shown : 0 }'
}

printf 'gadget_start\t%s\tms\t150\n' "$(median_start sonde "$SONDE_PROBES/trace_open")"
run_opens sonde "$SONDE_PROBES/trace_open" || exit 1
printf 'gadget_rss\t%s\tMiB\t12\n' "$(mib "$rss")"
printf 'gadget_rss_peak\t%s\tMiB\t\n' "$(mib "$peak")"
printf 'gadget_cpu_per_million\t%s\ts\t\n' "$(per_million "$cpu")"
printf 'gadget_shown_of_all\t%s\t\t\n' "$(awk -v a="$shown" -v b=$opens 'BEGIN { printf "%.4f", a / b }')"

# All that are shipped, and copies of some under other names, until there are thirty.
set --
for yaml in "$SONDE_PROBES"/*/gadget.yaml; do
	set -- "$@" "${yaml%/gadget.yaml}"
done
for name in trace_open trace_exec trace_tcp trace_signal top_file snapshot_process profile_blockio trace_bind trace_mount top_process; do
	[ $# -lt 30 ] || break
	mkdir -p "$work/again_$name"
	cp "$SONDE_PROBES/$name"/* "$work/again_$name"
	set -- "$@" "$work/again_$name"
done
"$SONDE_BIN" run "$@" --agent=none -o json >/dev/null 2>said &
agent=$!
sleep 8
if kill -0 "$agent"; then
	settle
	printf '# %d gadgets in one process\n' $#
	printf 'gadgets_rss\t%s\tMiB\t40\n' "$(mib "$(field VmRSS)")"
	printf 'gadgets_rss_peak\t%s\tMiB\t\n' "$(mib "$(field VmHWM)")"
	stop
else
	tail -n 3 said >&2
	printf 'gadgets_rss\tfailed\n'
fi

if [ -z "${PEER_IG-}" ]; then
	printf 'gadget_peer\tskip\tPEER_IG names no command\n'
	exit 0
fi
our_cpu=$(per_million "$cpu") our_rss=$rss our_start=$(median_start sonde "$SONDE_PROBES/trace_open")
starts=3
printf 'gadget_peer_start\t%s\tms\t\n' "$(median_start ig trace_open)"
run_opens ig trace_open || exit 1
printf '# sonde: %s ms, %s MiB, %s s for a million\n' "$our_start" "$(mib "$our_rss")" "$our_cpu"
printf 'gadget_peer_rss\t%s\tMiB\t\n' "$(mib "$rss")"
printf 'gadget_peer_cpu_per_million\t%s\ts\t\n' "$(per_million "$cpu")"
printf 'gadget_peer_shown_of_all\t%s\t\t\n' "$(awk -v a="$shown" -v b=$opens 'BEGIN { printf "%.4f", a / b }')"
