#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# All languages of the talk that sonde comes from in one process: two configs of ebpf_exporter, metrics out of a ConfigMap, two
# gadgets whose maps are metrics, two policies. Whoever counts the same calls agrees, with one another and with what was done; one
# part is broken at first and another one reloaded, and nobody else misses a call.
#
# SONDE_TALK=FOLDER has the talk's own files, SONDE_TALK_EXPORTER=FOLDER configs of ebpf_exporter with objects: they are taken then.
. "$SONDE_SOURCE/tests/lib/tap.sh"

cd "$tap_scratch" || exit 1
[ -d "$SONDE_PROBES/trace_exec" ] || tap_skip_all "there is no gadget trace_exec"
name=talk$$
caller=$tap_scratch/$name
cp "$SONDE_TEST_BPF/policy_caller" "$caller" || exit 1
agent='' workload=''

stop() {
	for process in $workload $agent; do
		kill "$process" 2>/dev/null
		wait "$process" 2>/dev/null
	done
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
	address=http://127.0.0.1:$port/metrics
	{ wget -q -O - "$address" 2>/dev/null || curl -s "$address"; } >scraped
}
# value NAME [PATTERN]: sum of the series of that name that have it in their labels, as they were scraped.
value() { grep "^$1[{ ]" scraped | grep -e "${2-}" | awk '{ sum += $NF } END { printf "%d", sum }'; }
state() { "$SONDE_BIN" control --socket="$tap_scratch/control.sock" list 2>&1 | awk -v name="$1" '$1 == name { print $3 }'; }

# ---- their files ----

mkdir examples dns syscalls
examples=${SONDE_TALK_EXPORTER-$SONDE_PROBES}
cp "$examples/syscalls.yaml" "$examples/syscalls.bpf.o" "$examples/biolatency.yaml" examples || exit 1
echo "no object" >examples/biolatency.bpf.o
cp "$SONDE_TEST_BPF/talk_dns.bpf.o" dns/program.bpf.o
cp "$SONDE_TEST_BPF/talk_syscalls.bpf.o" syscalls/program.bpf.o

write_files() {
	cat >dns/gadget.yaml <<-END
		name: dns
		metrics:
		  dns:
	END
	cat >syscalls/gadget.yaml <<-END
		name: syscalls
		metrics:
		  syscalls:
	END
	cat >config-map.yaml <<-END
		apiVersion: v1
		kind: ConfigMap
		metadata: {name: metrics}
		data:
		  metrics-config.yaml: |-
		    metrics_name: talk
		    metrics:
		      - name: executed_processes
		        type: counter
		        category: trace
		        gadget: exec
		        labels:
		          - k8s.namespace
		          - k8s.pod
		          - k8s.container
		          - comm
	END
	cat >raw.yaml <<-END
		apiVersion: cilium.io/v1alpha1
		kind: TracingPolicy
		metadata: {name: "raw-syscalls"}
		spec:
		  tracepoints:
		  - {subsystem: "raw_syscalls", event: "sys_enter", args: [{index: 4, type: "int64"}]}
	END
	cat >read-and-write.yaml <<-END
		apiVersion: cilium.io/v1alpha1
		kind: TracingPolicy
		metadata: {name: "read-and-write"}
		spec:
		  kprobes:
		  - {call: "sys_read", syscall: true}
		  - {call: "sys_write", syscall: true}
	END
}

if [ -n "${SONDE_TALK-}" ]; then
	cp "$SONDE_TALK/dns-gadget.yaml" dns/gadget.yaml
	cp "$SONDE_TALK/syscalls-gadget.yaml" syscalls/gadget.yaml
	cp "$SONDE_TALK/ig-user-space.yaml" config-map.yaml
	cp "$SONDE_TALK/tetragontracingpolicy.yaml" raw.yaml
	cp "$SONDE_TALK/tetragon_read_and_write.yaml" read-and-write.yaml
else
	write_files
fi
cat >sonde.yaml <<-END
	listen: {address: "127.0.0.1:0"}
	control: {socket: control.sock}
	retry: {first: 100ms, most: 200ms}
	run:
	- {exporter: examples, names: [syscalls, biolatency]}
	- metrics: config-map.yaml
	- gadget: ./dns
	- {gadget: ./syscalls, name: syscalls-gadget}
	- policy: raw.yaml
	- policy: read-and-write.yaml
END

# ---- what is done, and by whom it is counted ----

runs=0
# work: reads 30 times, writes 20 times, asks 10 times, and makes 40 calls that hardly anybody else makes.
work() { "$caller" read=30 write=20 dns=10 rare=40; }

is_told() { [ "$1" -le "$2" ] && [ $(($1 + $3)) -ge "$2" ]; }
# Everybody's calls: others of the machine may make some, too, but for in a VM, where nobody else is.
everybody() {
	got=$2 wanted=$3
	if [ -n "${SONDE_IN_VM-}" ]; then
		missed=$(value sonde_program_missed_runs_total)
		tap_check "$1 ($got of $wanted, $missed missed)" is_told "$got" "$wanted" "$missed"
	else
		tap_check "$1" [ "$got" -ge "$wanted" ]
	fi
}
exporter_rare() { value ebpf_exporter_syscalls_total 'syscall="sched_get_priority_max"'; }
gadget_rare() { value syscall_counter 'syscall="SYS_SCHED_GET_PRIORITY_MAX"'; }
gadget_queries() { value dns_packets 'qr="0"'; }
calls() { value tetragon_syscalls_total "binary=\"$caller\".*syscall=\"$1\""; }
hook() { value tetragon_policy_events_total "binary=\"$caller\".*hook=\"kprobe:__[a-z0-9]*_sys_$1\".*policy=\"read-and-write\""; }

programs() { value executed_processes_total "comm=\"$name\""; }

# told NAME POLICY COUNTED WANTED: what a policy did not count the kernel says it ran no program for, since a task had been taken
# off the CPU in the middle of one (Linux 7 does that).
told() {
	missed=$(value tetragon_missed_prog_probes_total "policy=\"$2\"")
	tap_check "$1 ($3 of $4, $missed missed)" is_told "$3" "$4" "$missed"
}

# all_agree WHEN: the others with the programs that ran, as the policies know them.
all_agree() {
	scrape
	told "reads: a policy, $1" read-and-write "$(hook read)" $((runs * 30))
	told "… another policy" raw-syscalls "$(calls read)" $((runs * 30))
	told "writes: a policy, $1" read-and-write "$(hook write)" $((runs * 20))
	told "… another policy" raw-syscalls "$(calls write)" $((runs * 20))
	tap_is "programs: the policies, $1" "$(value tetragon_events_total "binary=\"$caller\".*type=\"PROCESS_EXEC\"")" $runs
	told "rare calls: a policy, $1" raw-syscalls "$(calls sched_get_priority_max)" $((runs * 40))
	everybody "… a config of ebpf_exporter" $(($(exporter_rare) - exporter_before)) $((runs * 40))
	everybody "… a gadget" $(($(gadget_rare) - gadget_before)) $((runs * 40))
	told "questions: a policy, $1" raw-syscalls "$(calls sendto)" $((runs * 10))
	everybody "… a gadget" $(($(gadget_queries) - queries_before)) $((runs * 10))
}

sed '/name: syscalls-gadget/s/,.*}/}/' sonde.yaml >twice.yaml
tap_has "two parts of one name are told what to do" "$("$SONDE_BIN" agent -c twice.yaml --check 2>&1)" \
	"twice.yaml:8:3: 'name' would give it another name: multiple configs with name \"syscalls\""
"$SONDE_BIN" agent -c sonde.yaml --log.no-timestamps >out 2>errors &
agent=$!
until_true grep -q '^Started' errors
port=$(sed -n 's/^Listening on 127.0.0.1:0, port \([0-9]*\)$/\1/p' errors)
[ -n "$port" ] || sed 's/^/# /' errors
tap_has "a part with a broken object is left out" "$(cat errors)" "6 of 7 parts run"
scrape
exporter_before=$(exporter_rare) gadget_before=$(gadget_rare) queries_before=$(gadget_queries)
work
work
runs=2
all_agree "beside what is broken"
tap_is "programs: the ConfigMap" "$(programs)" $runs
tap_is "what is broken is told" "$(value sonde_config_running 'config="biolatency"') $(state biolatency)" "0 failed"

# ---- it is mended, and another part is reloaded, while the work goes on ----

(
	until [ -e enough ]; do
		work
		runs=$((runs + 1))
	done
	echo $runs >runs
) &
workload=$!
cp "$examples/biolatency.bpf.o" mended
mv mended examples/biolatency.bpf.o
is_mended() { [ "$(state biolatency)" = running ]; }
until_true is_mended
tap_is "what was broken runs when it is mended" "$(state biolatency)" running
scrape
before=$(programs)
sed -i 's/^          - comm$/&\n      - {name: as_well, type: counter, category: trace, gadget: exec, labels: [comm]}/' config-map.yaml
tap_has "a part is reloaded" "$("$SONDE_BIN" control --socket="$tap_scratch/control.sock" reload 2>&1)" reloaded
touch enough
wait $workload
workload=''
runs=$(cat runs)
all_agree "during all that"
after=$(programs)
tap_check "what is reloaded goes on with its counts" [ "$after" -ge "$before" ]
tap_is "nobody else was detached for it" \
	"$(grep '^sonde_config_detached_seconds_total{' scraped | grep -v ' 0$' | sed 's/.*config="\([^"]*\)".*/\1/')" config-map/trace/exec
tap_is "no event left the kernel for any of it" "$(value tetragon_observer_ringbuf_events_received_total)" 0
as_well=$(value as_well_total "comm=\"$name\"")
work
scrape
tap_is "and counts what it did not count before" "$(programs) $(value as_well_total "comm=\"$name\"")" "$((after + 1)) $((as_well + 1))"
if [ -n "${SONDE_IN_VM-}" ]; then
	dd if=/dev/vda of=/dev/null bs=4096 count=8 iflag=direct 2>/dev/null
	dd if=/dev/vda of=/dev/null bs=4096 count=8 iflag=direct 2>/dev/null
	scrape
	tap_check "what was mended counts" [ "$(value '[a-z_]*latency_seconds_count' 'device="vda".*operation="read"')" -ge 16 ]
else
	tap_skip "what was mended counts" "only a VM has a disk for tests"
fi
tap_done
