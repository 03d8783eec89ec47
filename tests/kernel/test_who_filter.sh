#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Filters by who (sonde run --unit …): what one cgroup does is counted, what others do is not.
. "$SONDE_SOURCE/tests/lib/tap.sh"

cd "$tap_scratch" || exit 1
root=''
for candidate in /sys/fs/cgroup/unified /sys/fs/cgroup; do
	[ ! -e $candidate/cgroup.subtree_control ] || root=${root:-$candidate}
done
[ -n "$root" ] || tap_skip_all "there are no cgroups of version 2"
top=$root/sonde-who-$$
wanted=sonde-wanted-$$.service
other=sonde-other-$$.service
container=$(printf '%064d' $$)
mkdir "$top" 2>/dev/null || tap_skip_all "no cgroup can be made here"
tap_at_exit 'for group in "$top"/*/ "$top"/; do rmdir "$group"; done'
mkdir "$top/$wanted" "$top/$other" "$top/docker-$container.scope"

# run_in GROUP COUNT: so many programs executed in it.
run_in() {
	(
		# shellcheck disable=SC3028,SC2016
		sh -c 'echo $$ >"$1/cgroup.procs" && i=0 && while [ $i -lt "$2" ]; do /bin/true; i=$((i + 1)); done' sh "$top/$1" "$2"
	)
}

stop() {
	kill "$agent" 2>/dev/null
	wait "$agent" 2>/dev/null
}

# start FLAG…: until it serves, for a minute at most; the port is in the file out.
start() {
	: >out # not what the one before wrote
	"$SONDE_BIN" run --probes="$SONDE_PROBES" --listen=127.0.0.1:0 "$@" processes netdev >out 2>errors &
	agent=$!
	tries=0
	until grep -q '^metrics ' out || [ $tries -eq 600 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	url=$(sed -n 's/^metrics *//p' out)
}
tap_at_exit stop

fetch() {
	wget -q -O - "$url" 2>/dev/null || curl -s "$url"
}

execs() {
	fetch | sed -n 's/^ebpf_exporter_process_execs_total //p'
}

start --unit="${wanted%.service}"
run_in "$wanted" 7
run_in "$other" 5
run_in "docker-$container.scope" 3
tap_is "what the wanted unit executes is counted, and nothing else" "$(execs)" 7
tap_has "a probe that cannot tell is left out" "$(cat out)" "cannot be filtered"
tap_is "it says how many cgroups are wanted" "$(fetch | sed -n 's/^sonde_identity_wanted_cgroups //p')" 1
tap_has "the page says who is known" "$(wget -q -O - "${url%metrics}" 2>/dev/null || curl -s "${url%metrics}")" \
	"Only 1 of the cgroups is wanted."
kill -HUP "$agent"
tries=0
until grep -q 'Reloaded in' errors || [ $tries -eq 600 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
run_in "$wanted" 4
run_in "$other" 5
tap_is "a reload keeps the filter and the counts" "$(execs)" 11
stop

start --container="$(echo "$container" | cut -c 1-12)" --unit="docker-$container.scope"
run_in "$wanted" 7
run_in "docker-$container.scope" 3
tap_is "all kinds of names have to fit" "$(execs)" 3
stop

start --unit="$wanted" --unit="$other"
run_in "$wanted" 7
run_in "$other" 5
run_in "docker-$container.scope" 3
tap_is "one name of each kind has to fit" "$(execs)" 12
stop
tap_done
