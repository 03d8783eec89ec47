#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A filter that fits more containers than the 1,024 that the original has room for: what each of them does is shown once,
# with its container, and nothing of the others. By two gadgets: one asks by mount namespace, as all of the original's
# do, one by cgroup, as those of sonde.
. "$SONDE_SOURCE/tests/lib/tap.sh"

cd "$tap_scratch" || exit 1
for root in /sys/fs/cgroup/unified /sys/fs/cgroup ''; do
	[ ! -e "$root/cgroup.subtree_control" ] || break
done
[ -n "$root" ] || tap_skip_all "there are no cgroups of version 2"

# Containers by number: those of a pod that is wanted, of one that is not, and such of the first one that begin, with an
# exec, when the filter is full already.
wanted=1050 others=40
if [ -n "${SONDE_IN_VM-}" ]; then
	wanted=100 others=20 # a namespace that ends takes tens of milliseconds where processors are emulated
fi
first_other=$wanted
first_late=$((wanted + others))
last=$((first_late + 3))

top=$root/sonde-many-$$
wanted_pod=$(printf '%032d' $$1)
other_pod=$(printf '%032d' $$2)
mkdir "$top" 2>/dev/null || tap_skip_all "no cgroup can be made here"
tap_at_exit 'for pod in "$top"/pod*; do rmdir "$pod"/*/ "$pod"; done; rmdir "$top"'

# list FIRST LAST POD: numbers and directories.
list() {
	awk -v first="$1" -v last="$2" -v dir="$top/pod$3" -v run=$$ \
		'BEGIN { for (i = first; i <= last; i++) printf "%d %s/%050d%06d%08d\n", i, dir, 0, i, run }'
}
list 0 $((first_other - 1)) "$wanted_pod" >wanted
list $first_other $((first_late - 1)) "$other_pod" >others
list $first_late $last "$wanted_pod" >late
mkdir "$top/pod$wanted_pod" "$top/pod$other_pod"
cut -d ' ' -f 2 wanted others late | xargs mkdir

# ---- the crowd ----

cp "$SONDE_TEST_BPF/who_crowd" trigger
cp "$SONDE_TEST_BPF/road_events.bpf.o" "$SONDE_TEST_BPF/who_fires.bpf.o" .
mkfifo orders
./trigger <orders >answers &
crowd=$!
exec 3>orders
end_crowd() {
	exec 3>&-
	wait "$crowd"
}
tap_at_exit end_crowd

# order TEXT: until it is done. Those that only begin are, with the next one.
order() {
	answers=$(wc -l <answers)
	echo "$1" >&3
	tries=0
	until [ "$(wc -l <answers)" -gt "$answers" ] || [ $tries -eq 600 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	tail -n 1 answers
}

sed 's/^/hold /' wanted others >&3
# Those that are there already are what the agent finds when it starts; a fork behind that tells it of no container.
tap_is "containers are there" "$(order held)" "done"

# ---- the agent ----

agent=''
stop() {
	[ -z "$agent" ] || { kill "$agent" && wait "$agent"; } 2>/dev/null
	agent=''
}
tap_at_exit stop

# until_has FILE TEXT TIMES: for a minute at most.
until_has() {
	tries=0
	until [ "$(grep -c "$2" "$1")" -ge "$3" ] || [ $tries -eq 600 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
}

: >errors
"$SONDE_BIN" run --output=json --debug --agent=none --pod="$wanted_pod" --param=road_events.events_max_entries=1048576 \
	./road_events.bpf.o ./who_fires.bpf.o >shown 2>errors &
agent=$!
until_has errors "gadgets are attached" 1
tap_is "all containers do something" "$(order fire)" "done"
while read -r number dir; do
	tap_is "container $number begins" "$(order "exec $number $dir")" "done"
done <late
# Rings keep the order: behind the last one nothing comes.
until_has shown "\"what\":$last}" 2
stop

# ---- what was shown ----

# shown_by TELLING: numbers and ids of containers, as they came; the gadget that asks by cgroup tells more of a process.
shown_by() {
	case $1 in
	cgroup) grep '"proc":' shown ;;
	mntns) grep -v '"proc":' shown ;;
	esac | sed 's/.*"containerId":"\([^"]*\)".*"what":\([0-9]*\)}$/\2 \1/'
}

sed 's|/.*/||' wanted >expected
seq $first_late $last >expected_late
for telling in mntns cgroup; do
	shown_by $telling | sort -n >all
	# What tells whose those are that have just begun is read first, but for what another CPU is still writing then.
	awk -v first=$first_late '$1 < first' all >actual
	awk -v first=$first_late '$1 >= first { print $1 }' all >actual_late
	tap_check "by $telling all $first_other that are wanted are shown once, with their containers, and no other" \
		cmp expected actual
	tap_check "and those that came later" cmp expected_late actual_late
done
tap_is "none was left out" "$(grep -c 'left out' errors)" 0
tap_done
