#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Real containers (runc, busybox) that live for an instant: whatever they execute is told by the container that did it,
# by those that are gone as well, and filters know a new one.
. "$SONDE_SOURCE/tests/lib/tap.sh"

cd "$tap_scratch" || exit 1
runc=$(command -v runc) || tap_skip_all "there is no runc"
count=100
batch=4
if [ -n "${SONDE_IN_VM-}" ]; then
	count=8 batch=2 # its processors are emulated
fi
top=sonde-containers-$$
for root in /sys/fs/cgroup/unified /sys/fs/cgroup; do
	[ ! -e $root/cgroup.procs ] || break
done

# remove_groups: of all hierarchies; deepest first.
remove_groups() {
	find /sys/fs/cgroup -depth -type d -path "*/$top*" -exec rmdir {} + 2>/dev/null
}
tap_at_exit remove_groups

# ---- a bundle: every container executes five programs ----

mkdir -p root/bin root/proc
# Not by `command -v`: the shell of a VM is busybox itself, and knows no path for it.
for busybox in /bin/busybox /usr/bin/busybox; do
	[ ! -e $busybox ] || break
done
cp $busybox root/bin/busybox
for applet in sh true sleep; do
	ln -s busybox root/bin/$applet
done
"$runc" spec || tap_skip_all "runc cannot write a bundle"
mv config.json template.json

# container_id NUMBER: 64 digits of which the first 12 tell it from others.
container_id() {
	printf '%06d%06d%052d' "$1" $$ 0
}

# run_container NUMBER SHELL-COMMAND
run_container() {
	id=$(container_id "$1")
	mkdir "bundle$1"
	sed -e 's/"terminal": true/"terminal": false/' \
		-e 's|^\([[:space:]]*\)"sh"$|\1"/bin/sh", "-c", "'"$2"'"|' \
		-e 's|"path": "rootfs"|"path": "'"$tap_scratch/root"'"|' \
		-e 's|^\([[:space:]]*\)"linux": {|&"cgroupsPath": "/'"$top/docker/$id"'",|' \
		template.json >"bundle$1/config.json"
	# Without pivoting: in a VM the root is the one that cannot be left.
	"$runc" --root "$tap_scratch/state" run --no-pivot --bundle "bundle$1" "sonde-$$-$1" >"log$1" 2>&1 </dev/null
}

if ! run_container 0 "exit 0"; then
	tap_skip_all "runc runs no container here: $(tail -n 1 log0)"
fi

# ---- the agent ----

cp "$SONDE_TEST_BPF/who_execs.bpf.o" .
cat >who_execs.yaml <<END
metrics:
  counters:
    - name: execs_total
      help: Programs executed
      labels:
        - name: cgroup
          size: 8
          decoders:
            - name: uint
            - name: container
END

agents=''
stop() {
	# shellcheck disable=SC2086 # words
	[ -z "$agents" ] || { kill $agents && wait $agents; } 2>/dev/null
	agents=''
}
tap_at_exit stop

# start NAME COMMAND…: what it serves says when it is there.
start() {
	agent=$1
	shift
	"$@" >"$agent.out" 2>"$agent.errors" </dev/null &
	agents="$agents $!"
}

# serves NAME…: waits until they all do, for a minute at most, and for the last of them.
serves() {
	for agent; do
		tries=0
		until grep -q '^metrics ' "$agent.out" || [ $tries -eq 600 ]; do
			sleep 0.1
			tries=$((tries + 1))
		done
	done
}

# fetch NAME: its metrics, into the file metrics.
fetch() {
	url=$(sed -n 's/^metrics *//p' "$1.out")
	{ wget -q -O - "$url" 2>/dev/null || curl -s "$url"; } >metrics
}

# value SERIES: of the metrics in the file metrics; nothing when it is not there.
value() {
	sed -n "s/^$1 //p" metrics
}

# run_all FIRST LAST [COMMAND]: containers of 50 ms, some at once.
run_all() {
	at=$1
	while [ "$at" -le "$2" ]; do
		rest=$batch
		while [ $rest -gt 0 ] && [ "$at" -le "$2" ]; do
			run_container "$at" "${3-/bin/true; /bin/true; /bin/true; exec /bin/sleep 0.05}" &
			at=$((at + 1)) rest=$((rest - 1))
			pids="${pids-} $!"
		done
		for pid in $pids; do
			wait "$pid"
		done
		pids=''
	done
}

start execs "$SONDE_BIN" run --probes=. --listen=127.0.0.1:0 who_execs
start one "$SONDE_BIN" run --probes=. --listen=127.0.0.1:0 --container="$(container_id 1001 | cut -c 1-12)" who_execs
counted=''
# Counted by a gadget, in the kernel, long before it is known whose it was.
if [ -d "$SONDE_PROBES/trace_exec" ]; then
	counted=counted
	cat >counted.yaml <<-END
		metrics_name: counted
		metrics:
		  - name: container_execs
		    type: counter
		    category: trace
		    gadget: exec
		    labels: [runtime.containerId, comm]
		    selector: ["comm:true"]
	END
	start counted "$SONDE_BIN" metrics --gadgets="$SONDE_PROBES" --metrics-listen-address=127.0.0.1:0 counted.yaml
fi
# shellcheck disable=SC2086 # a word or none
serves execs one $counted
run_all 1 $count

fetch execs
seen=0 wrong=''
number=1
while [ $number -le $count ]; do
	short=$(container_id $number | cut -c 1-12)
	got=$(value "ebpf_exporter_execs_total{cgroup=\"$short\"}")
	# sh, true three times and sleep; runc itself may execute what it began with in there.
	if [ "${got:-0}" -ge 5 ]; then
		seen=$((seen + 1))
	else
		wrong="$wrong $short:${got:-none}"
	fi
	number=$((number + 1))
done
tap_is "all that $count containers of 50 ms execute is told by container" "$seen$wrong" $count
tap_is "nobody is unknown" "$(grep -c 'cgroup="unknown' metrics)" 0
# Others may have containers of their own meanwhile.
tap_check "containers that are gone are remembered" test "$(value sonde_identity_containers_dead)" -ge "$count"
tap_is "no record of them was lost" "$(value 'sonde_identity_records_lost_total{kind="cgroup_made"}')" 0

if [ -n "$counted" ]; then
	# The number of a namespace is another's at once, and it is told up to 20 ms late: of containers that follow one
	# another so fast all that is sure is that no exec is missing, and that most have a name.
	fetch counted
	all=$(sed -n 's/^container_execs_total{.*} //p' metrics | awk '{ sum += $1 } END { print sum + 0 }')
	named=0 number=1
	while [ $number -le $count ]; do
		got=$(value "container_execs_total{comm=\"true\",runtime_containerId=\"$(container_id $number)\"}")
		named=$((named + ${got:-0}))
		number=$((number + 1))
	done
	wanted=$((3 * count))
	tap_check "a gadget misses no exec of containers that are gone" test "$all" -ge $wanted
	tap_check "and knows whose they were ($named of $wanted)" test "$named" -ge $((wanted / 2))
	run_container 900 "/bin/true; /bin/true; exec /bin/sleep 600" &
	waiter=$!
	tries=0 got=0
	until [ "${got:-0}" -ge 2 ] || [ $tries -eq 600 ]; do
		sleep 0.1
		tries=$((tries + 1))
		fetch counted
		got=$(value "container_execs_total{comm=\"true\",runtime_containerId=\"$(container_id 900)\"}")
	done
	tap_is "and of one that is there" "$got" 2
	"$runc" --root "$tap_scratch/state" kill "sonde-$$-900" KILL
	wait $waiter
fi

# It is told of a container as soon as there is one; a busy machine may need a moment to hear it.
run_all 1001 1002 "/bin/sleep 1; /bin/true; /bin/true; exec /bin/true"
fetch one
got=$(value "ebpf_exporter_execs_total{cgroup=\"$(container_id 1001 | cut -c 1-12)\"}")
tap_check "a filter knows a new container" test "${got:-0}" -ge 3
tap_is "others are not counted" "$(grep -c '^ebpf_exporter_execs_total{' metrics)" 1
stop

# ---- records of gadgets ----

# Nobody else's containers may be there, so that what tells of processes comes with the first of these: it lives for long
# enough to be looked at. Whatever comes later is known from its first program on.
start records "$SONDE_BIN" run trace_exec -o json
tries=0
until grep -q 'true.ready' records.out || [ $tries -eq 600 ]; do
	"$tap_scratch/root/bin/busybox" true ready
	sleep 0.1
	tries=$((tries + 1))
done
run_container 2001 '/bin/sleep 4; /bin/true first'
run_container 2002 '/bin/true second; exec /bin/sleep 0.05'
tries=0
until grep -q '/bin/true.second' records.out || [ $tries -eq 600 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
stop
for at in 2001:first 2002:second; do
	tap_has "a record of the ${at#*:} container names it" \
		"$(grep "/bin/true.*${at#*:}" records.out | sed 's/.*"containerId":"\([^"]*\)".*/\1/')" \
		"$(container_id "${at%:*}")"
done

tap_done
