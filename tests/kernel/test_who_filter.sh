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
	# shellcheck disable=SC2086 # words
	"$SONDE_BIN" run --probes="$probes" --listen=127.0.0.1:0 "$@" $names >out 2>errors &
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

probes=$SONDE_PROBES names='processes netdev'
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

# ---- filters of single configs ----

# config NAME OBJECT [ONLY]: a config of the test's own.
config() {
	cp "$SONDE_TEST_BPF/$2.bpf.o" "$1.bpf.o"
	cat >"$1.yaml" <<END
${3-}
metrics:
  counters:
    - name: execs_total
      map: execs_total
      help: Programs executed
      labels:
        - name: cgroup
          size: 8
          decoders: [{name: uint}, {name: cgroup}]
END
	sed -i "s/- name: execs_total/- name: $1_total/" "$1.yaml"
}

# sum NAME: of all its series.
sum() {
	fetch | awk -v name="ebpf_exporter_$1_total{" 'index($0, name) == 1 { sum += $NF } END { print sum + 0 }'
}

config one who_execs "only: {unit: [$wanted]}"
config two who_execs "only: {unit: [$wanted, $other]}"
config same who_execs "only: {unit: [$wanted]}"
config blind cgroups "only: {unit: [$wanted]}"
sed -i 's/map: execs_total/map: seen_total/' blind.yaml
config all who_execs
probes=. names='one two same all'
start
run_in "$wanted" 7
run_in "$other" 5
run_in "docker-$container.scope" 3
tap_is "a config counts whom it wants" "$(sum one)" 7
tap_is "another one counts others, too" "$(sum two)" 12
tap_is "and one that wants the same has the same" "$(sum same)" 7
tap_check "who wants nobody counts everybody" test "$(sum all)" -ge 15
sed -i 's/^only: .*/only: {unit: ['"$other"']}/' one.yaml
kill -HUP "$agent"
tries=0
until grep -q 'Reloaded in' errors || [ $tries -eq 600 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
run_in "$wanted" 2
run_in "$other" 4
tap_is "a reload wants somebody else" "$(sum one)" 11
tap_is "and lets the others go on" "$(sum same)" 9
stop

names='one two'
start --unit="$other"
run_in "$wanted" 7
run_in "$other" 5
tap_is "the command line holds for all configs" "$(sum one) $(sum two)" "5 5"
stop

names='blind two'
start
tap_has "a config that cannot tell says so" "$(cat out errors)" "cannot be filtered"
stop

# ---- gadgets, which ask by mount namespace ----

config gadget who_mntns
names='gadget two'
start --unit="$wanted"
tap_has "a gadget knows containers only" "$(cat out errors)" "knows containers only"
stop

# run_in_namespace GROUP COUNT: the same in a mount namespace of its own, whose first exec is the first of these.
run_in_namespace() {
	(
		# shellcheck disable=SC3028,SC2016
		sh -c 'echo $$ >"$1/cgroup.procs" && exec unshare -mpf sh -c "i=1; while [ \$i -lt $2 ]; do /bin/true; i=\$((i + 1)); done"' \
			sh "$top/$1" "$2"
	)
}

if ! unshare -mpf true 2>/dev/null; then
	tap_skip "a gadget's filter" "no mount namespace can be made here"
	tap_done
fi
names='gadget'
start --container="$(echo "$container" | cut -c 1-12)"
run_in_namespace "docker-$container.scope" 7
run_in_namespace "$other" 5
run_in "$wanted" 3
tap_is "a gadget's filter lets the container's namespace in, from its first exec on" "$(sum gadget)" 7
tap_is "and out again with its first process" "$(fetch | sed -n 's/^sonde_identity_wanted_mntns //p')" 0
stop
tap_done
