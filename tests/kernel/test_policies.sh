#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# TracingPolicies from the file to the series and the lines of JSON: sonde policy FILE.
. "$SONDE_SOURCE/tests/lib/tap.sh"

cd "$tap_scratch" || exit 1
caller=$tap_scratch/caller
cp "$SONDE_TEST_BPF/policy_caller" "$caller" || exit 1

stop() {
	[ -z "${agent-}" ] || kill "$agent" 2>/dev/null
	wait "${agent-}" 2>/dev/null
}
tap_at_exit stop

# start ARG…: until it serves, for a minute at most.
start() {
	: >errors # not what the one before wrote
	"$SONDE_BIN" policy --metrics-server=127.0.0.1:0 "$@" >out 2>errors &
	agent=$!
	tries=0
	until grep -q 'Started in' errors || [ $tries -eq 600 ] || ! kill -0 $agent 2>/dev/null; do
		sleep 0.1
		tries=$((tries + 1))
	done
	port=$(sed -n 's/.*Listening on .*, port \([0-9]*\).*/\1/p' errors)
	[ -n "$port" ] || sed 's/^/# /' errors
}

scrape() {
	wget -q -O - "http://127.0.0.1:$port/metrics" 2>/dev/null || curl -s "http://127.0.0.1:$port/metrics"
}

# series NAME LABELS: sum of the series of our caller that have these labels (a pattern).
series() {
	scrape | grep "^$1{" | grep "binary=\"$caller\"" | grep "$2" | awk '{ sum += $NF } END { print sum + 0 }'
}

# missed POLICY: times that one of its programs did not run, because a task that had been taken off the CPU was in the middle
# of it (Linux 7 does that to programs on tracepoints).
missed() {
	scrape | sed -n "s/^tetragon_missed_prog_probes_total{.*policy=\"$1\".*} //p" | awk '{ sum += $1 } END { print sum + 0 }'
}
# all_told COUNTED WANTED MISSED: what is not counted is told.
all_told() {
	[ "$1" -le "$2" ] && [ $(($1 + $3)) -ge "$2" ]
}

# ---- the talk's policy ----

cat >raw.yaml <<-END
	apiVersion: cilium.io/v1alpha1
	kind: TracingPolicy
	metadata:
	  name: "raw-syscalls"
	spec:
	  tracepoints:
	  - subsystem: "raw_syscalls"
	    event: "sys_enter"
	    args:
	    - index: 4
	      type: "int64"
END
cat >calls.yaml <<-END
	apiVersion: cilium.io/v1alpha1
	kind: TracingPolicy
	metadata:
	  name: calls
	spec:
	  kprobes:
	  - call: "sys_write"
	    syscall: true
	    args:
	    - index: 2
	      type: "size_t"
	    selectors:
	    - matchArgs:
	      - index: 2
	        operator: Equal
	        values: ["5"]
	  - call: "sys_getppid"
	    syscall: true
END
start raw.yaml calls.yaml
"$caller" getppid=1234 write=77
"$caller" getppid=766
tap_is "each call is counted by its name" "$(series tetragon_syscalls_total 'syscall="getppid"')" 2000
tap_is "a selector counts what it lets through" \
	"$(series tetragon_policy_events_total 'hook="kprobe:__x64_sys_write".*policy="calls"')" 77
tap_is "two policies count the same call" \
	"$(series tetragon_policy_events_total 'hook="kprobe:__x64_sys_getppid"')" 2000
tap_is "processes are counted" "$(series tetragon_events_total 'type="PROCESS_EXEC"')" 2
"$caller" threads=4 getppid=25000
counted=$(series tetragon_syscalls_total 'syscall="getppid"')
tap_check "no count is lost untold when all processors call at once ($counted)" \
	all_told "$counted" 102000 "$(missed raw-syscalls)"
tap_is "nothing came through the ring" \
	"$(scrape | sed -n 's/^tetragon_observer_ringbuf_events_received_total //p')" 0
stop

# ---- by number alone ----

cat >numbers.yaml <<-END
	apiVersion: cilium.io/v1alpha1
	kind: TracingPolicy
	metadata:
	  name: numbers
	spec:
	  tracepoints:
	  - subsystem: "raw_syscalls"
	    event: "sys_enter"
	    args:
	    - index: 4
	      type: "syscall64"
	    selectors:
	    - matchBinaries:
	      - operator: In
	        values: ["$caller"]
END
start --metrics-label-filter= numbers.yaml
"$caller" getppid=300 write=7
"$caller" threads=4 getppid=25000
"$caller" getppid=33
by_number() { scrape | sed -n "s/^tetragon_syscalls_total{binary=\"\",.*syscall=\"$1\".*} //p"; }
tap_is "calls are counted by their numbers where no label says whose they are" "$(by_number write)" 7
counted=$(by_number getppid)
tap_check "from all processors, and what is not counted is told ($counted)" \
	all_told "$counted" 100333 "$(missed numbers)"
tap_is "and nothing is searched for it" \
	"$("$SONDE_BIN" policy --metrics-label-filter= --dump-insns numbers.yaml 2>/dev/null | grep -c 'map policy_call_counts')" 1
stop

# ---- events ----

start --output=json --export-filename=logs/events.log --export-file-perm=640 --redaction-filters='{"redact":["write=([0-9]+)"]}' calls.yaml
"$caller" write=3
# An exit may be told before a call whose record is behind one that a task has begun and was taken off its CPU.
tries=0
until [ "$(grep "$caller" out | grep -cE '"process_(kprobe|exit)"')" -ge 4 ] || [ $tries -eq 100 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
tap_is "each matching call is a line" \
	"$(grep '"process_kprobe"' out | grep "$caller" | grep -c '"function_name":"__x64_sys_write".*"size_arg":"5"')" 3
tap_is "that tells of its return, too, as it is with Tetragon" \
	"$(grep '"function_name":"__x64_sys_write"' out | grep "$caller" | grep -c '"return_action":"KPROBE_ACTION_POST"')" 3
exec_id=$(grep '"process_exec"' out | grep "$caller" | sed -n '1s/.*"process":{"exec_id":"\([^"]*\)".*/\1/p')
tap_is "calls and end name the execution" \
	"$(grep "\"process\":{\"exec_id\":\"$exec_id\"" out | grep -cE '"process_(exec|kprobe|exit)"')" 5
tap_is "and are counted as well" \
	"$(series tetragon_policy_events_total 'hook="kprobe:__x64_sys_write"')" 3
stop
tap_is "what is secret is not shown" \
	"$(grep "\"process\":{\"exec_id\":\"$exec_id\"" out | grep -c '"arguments":"write=[*]*"')" 5
tap_is "a file has the same lines" "$(grep "$exec_id" logs/events.log | sort)" "$(grep "$exec_id" out | sort)"
tap_is "and the mode that was asked for" "$(ls -l logs/events.log | cut -c1-10)" "-rw-r-----"
tap_is "they are compact lines as well" \
	"$(grep "$exec_id" logs/events.log | "$SONDE_BIN" events -o compact | grep -c "^📝 write .* $caller")" 3

# ---- arguments that are not shown ----

cat >nop.yaml <<-END
	apiVersion: cilium.io/v1alpha1
	kind: TracingPolicy
	metadata:
	  name: nop
	spec:
	  kprobes:
	  - call: "sys_write"
	    syscall: true
	    args:
	    - index: 0
	      type: "nop"
	    - index: 1
	      type: "nop"
	    - index: 2
	      type: "size_t"
	    selectors:
	    - matchBinaries:
	      - operator: In
	        values: ["$caller"]
END
start --output=json nop.yaml
"$caller" write=1
tries=0
until grep -q '"process_exit":{"process":{[^{}]*"arguments":"write=1"' out || [ $tries -eq 100 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
stop
tap_is "an argument that is passed over leaves nothing behind" \
	"$(grep '"process_kprobe"' out | grep -c '"args":\[{"size_arg":"5"}\]')" 1

# ---- what events show of processes ----

# ours: of all that is told what this test ran; the machine may run it twice at once
ours() {
	grep "\"process\":{[^{}]*\"cwd\":\"$tap_scratch\"" out
}

start --output=json --enable-ancestors=base,kprobe --enable-process-environment-variables \
	--filter-environment-variables=SHOWN,SECRET --redaction-filters='{"redact":["SECRET=(.*)"]}' calls.yaml
/bin/true "$(printf 'a\377\376b')"
env SHOWN=1=2 SECRET=3 HIDDEN=4 "$caller" run="$caller" threads=1 getppid=2
tries=0
until [ "$(ours | grep -c '"process_exit":{"process":{[^{}]*"arguments":"run=')" -ge 1 ] || [ $tries -eq 100 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
pid=$(ours | grep '"process_exec"' | sed -n 's/.*"process":{[^{}]*"pid":\([0-9]*\)[^{}]*"arguments":"run=.*/\1/p')
tap_is "a call is of the thread that made it" \
	"$(ours | grep '"process_kprobe":{"process":{[^{}]*"arguments":"run=' | grep -c '"tid":')" 2
tap_is "and not of its process' first one" \
	"$(ours | grep '"process_kprobe":{"process":{[^{}]*"arguments":"run=' | grep -c "\"process\":{[^{}]*\"tid\":$pid[,}]")" 0
tap_is "of the environment there is what was asked for, without what is secret" \
	"$(ours | grep '"process_exec":{"process":{[^{}]*"arguments":"run=' |
		grep -c '"environment_variables":\[{"Key":"SHOWN","Value":"1=2"},{"Key":"SECRET","Value":"[*]*"}\]')" 1
tap_is "what is no UTF-8 is one replacement character" \
	"$(ours | grep '"process_exec":{"process":{[^{}]*/true"' | grep -c "\"arguments\":\"a$(printf '\357\277\275')b\"")" 1
own=$(ours | grep -o '"process_[a-z]*":{"process":{[^{}]*"arguments":"getppid=5"[^{}]*')
tap_is "how often a process is referred to is told of calls, for its image of its own not of exec and exit" \
	"$(echo "$own" | grep -c '^"process_kprobe".*"refcnt":1[,}]') $(echo "$own" | grep -v '^"process_kprobe"' | grep -c refcnt)" "5 0"
# The program that it ran has it as its parent.
tap_is "ancestors are those above the parent" \
	"$(ours | grep '"process_exec":{"process":{[^{}]*"arguments":"getppid=5"' |
		sed 's/.*"ancestors"://' | grep -c '"arguments":"run=')" 0
tap_is "and there are some" \
	"$(ours | grep '"process_kprobe":{"process":{[^{}]*"arguments":"getppid=5"' | head -n 1 | grep -c '"ancestors":\[{"exec_id"')" 1
stop

# ---- long buffers ----

cat >long.yaml <<-END
	apiVersion: cilium.io/v1alpha1
	kind: TracingPolicy
	metadata:
	  name: long
	spec:
	  kprobes:
	  - call: "sys_write"
	    syscall: true
	    args:
	    - index: 1
	      type: "char_buf"
	      sizeArgIndex: 3
	      maxData: true
	    - index: 2
	      type: "size_t"
	    selectors:
	    - matchArgs:
	      - index: 2
	        operator: Equal
	        values: ["20000"]
	      matchBinaries:
	      - operator: In
	        values: ["$caller"]
END
start --output=json long.yaml
"$caller" bytes=20000 write=2
tries=0
until [ "$(grep -c '"bytes_arg":"' out)" -ge 2 ] || [ $tries -eq 100 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
stop
tap_is "a buffer that is longer than a record is there, whole" \
	"$(sed -n 's/.*"bytes_arg":"\([^"]*\)".*/\1/p' out | head -n 1 | base64 -d | tr -d . | tr '\n' ' ') $(
		sed -n 's/.*"bytes_arg":"\([^"]*\)".*/\1/p' out | tail -n 1 | base64 -d | wc -c)" "sonde 20000"
tap_is "each of them" "$(grep -c '"process_kprobe".*"bytes_arg":"[^"]*"' out) $(grep -c '"truncated_bytes_arg":' out)" "2 0"

# ---- binaries ----

mkdir dir && cp "$caller" dir/one && cp "$caller" followed && cp "$caller" other.$$ || exit 1
cat >binaries.yaml <<-END
	apiVersion: cilium.io/v1alpha1
	kind: TracingPolicy
	metadata:
	  name: binaries
	spec:
	  kprobes:
	  - call: "sys_getppid"
	    syscall: true
	    selectors:
	    - matchBinaries:
	      - operator: In
	        values: ["$caller"]
	    - matchBinaries:
	      - operator: Prefix
	        values: ["$tap_scratch/dir/"]
	    - matchBinaries:
	      - operator: In
	        values: ["$tap_scratch/followed"]
	        followChildren: true
	    - matchBinaries:
	      - operator: Postfix
	        values: ["/none", "/other.$$"]
END
./followed wait="$tap_scratch/go" run="$tap_scratch/late" &
older=$!
cp "$caller" late
"$caller" wait="$tap_scratch/go" getppid=3 &
older="$older $!"
start binaries.yaml
"$caller" getppid=10
dir/one getppid=20
./other.$$ getppid=40
cp "$caller" stranger && ./stranger getppid=80
touch go
for process in $older; do
	wait "$process"
done
tries=0
until [ "$(scrape | grep -c "binary=\"$tap_scratch/late\"")" -ge 2 ] || [ $tries -eq 100 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
# selector NUMBER: what it matched.
selector() {
	scrape | sed -n "s/^sonde_policy_selector_total{.*result=\"matched\",selector=\"$1\"} //p"
}
tap_is "a binary is known by its path, also one that ran before" "$(selector 0)" 13
tap_is "by the beginning of it" "$(selector 1)" 20
tap_is "by its parent, that ran before" "$(selector 2)" 5
tap_is "by the end of it" "$(selector 3)" 40
stop

# ---- namespaces ----

# Also where /proc/1/ns cannot be read: the first pid namespace has the same number everywhere.
if [ "$(stat -L -c %i /proc/self/ns/pid)" = 4026531836 ]; then
	cat >namespaces.yaml <<-END
		apiVersion: cilium.io/v1alpha1
		kind: TracingPolicy
		metadata:
		  name: namespaces
		spec:
		  kprobes:
		  - call: "sys_getppid"
		    syscall: true
		    selectors:
		    - matchBinaries: &caller
		      - operator: In
		        values: ["$caller"]
		      matchNamespaces:
		      - namespace: Pid
		        operator: NotIn
		        values: ["host_ns"]
		    - matchBinaries: *caller
		      matchNamespaces:
		      - namespace: Pid
		        operator: In
		        values: ["host_ns"]
	END
	start namespaces.yaml
	"$caller" getppid=7
	unshare -p -f "$caller" getppid=3
	tap_is "the host's pid namespace is known" "$(selector 0) $(selector 1)" "3 7"
	stop
else
	tap_skip "namespaces" "this is not the first pid namespace"
fi

# ---- texts in the records of tracepoints (data_loc) ----

exec 3>words.yaml
cat >&3 <<-END
	apiVersion: cilium.io/v1alpha1
	kind: TracingPolicy
	metadata:
	  name: words
	spec:
	  tracepoints:
	  - subsystem: sched
	    event: sched_process_exec
	    args:
	    - index: 4
	      type: data_loc
	    selectors:
END
# word OPERATOR VALUE [OPERATOR VALUE]
word() {
	echo "    - matchArgs:" >&3
	while [ $# -gt 0 ]; do
		echo "      - {index: 4, operator: $1, values: [\"$2\"]}" >&3
		shift 2
	done
}
word Equal "$tap_scratch/equal"
word Prefix "$tap_scratch/prefix"
word Postfix "${tap_scratch#/}/some.postfix"
word Prefix "$tap_scratch/a" SubString "_needle_"
word Prefix "$tap_scratch/a" SubStringIgnCase "_haySTACK_"
word Prefix "$tap_scratch/not" NotEqual "$tap_scratch/not_equal" NotPrefix "$tap_scratch/not_prefix" NotPostfix "_postfix"
exec 3>&-
start words.yaml
for name in equal equals prefixed some.postfix some.postfix~ a_needle_b a_needl_b a_Haystack_b not_equal not_prefixed not_postfix \
	not_any; do
	cp "$caller" $name && "$tap_scratch/$name" getppid=1 || exit 1
done
tap_is "the text of a tracepoint is asked by each operator" \
	"$(selector 0) $(selector 1) $(selector 2) $(selector 3) $(selector 4) $(selector 5)" "1 1 1 1 1 1"
stop

# ---- functions of binaries ----

cat >function.yaml <<-END
	apiVersion: cilium.io/v1alpha1
	kind: TracingPolicy
	metadata:
	  name: function
	spec:
	  uprobes:
	  - path: "$caller"
	    symbols: ["main"]
END
start function.yaml
"$caller" getppid=1
"$caller" getppid=1
tap_is "a function of a binary is counted" \
	"$(series tetragon_policy_events_total 'hook="uprobe:.*/caller/main"')" 2
stop

# ---- actions, of which only our own programs feel something ----

if [ -n "${SONDE_IN_VM-}" ]; then
	cp "$caller" killed && cp "$caller" denied || exit 1
	cat >enforce.yaml <<-END
		apiVersion: cilium.io/v1alpha1
		kind: TracingPolicy
		metadata:
		  name: enforce
		spec:
		  kprobes:
		  - call: "sys_getppid"
		    syscall: true
		    selectors:
		    - matchBinaries:
		      - operator: In
		        values: ["$tap_scratch/killed"]
		      matchActions:
		      - action: Sigkill
		  - call: "security_inode_mkdir"
		    syscall: false
		    selectors:
		    - matchBinaries:
		      - operator: In
		        values: ["$tap_scratch/denied"]
		      matchActions:
		      - action: Override
		        argError: -1
	END
	start enforce.yaml
	./killed getppid=1 2>/dev/null
	tap_is "a process is killed in the call" $? 137
	./denied mkdir="$tap_scratch/one"
	tap_is "a security hook says no" "$? $(ls -d one 2>/dev/null)" "1 "
	"$caller" getppid=1 mkdir="$tap_scratch/two"
	tap_is "and nobody else feels it" "$? $(ls -d two 2>/dev/null)" "0 two"
	stop
	start --mode=monitor enforce.yaml
	./killed getppid=1
	tap_is "where it only monitors nothing happens" $? 0
	./denied mkdir="$tap_scratch/three"
	tap_is "to either of them" "$? $(ls -d three 2>/dev/null)" "0 three"
	tap_is "and is counted as what would have been" \
		"$(scrape | grep -c '^tetragon_tracingpolicy_selector_actions_total{action="monitor_\(signal\|override\)".* 1$')" 2
	stop
else
	tap_skip "actions" "they are taken in VMs only"
fi

# ---- what cannot be ----

sed 's/sys_write/sys_wrote/' calls.yaml >wrong.yaml
tap_is "a call that is not there is told with its place, and the other policy runs" \
	"$("$SONDE_BIN" policy --metrics-server= --check wrong.yaml raw.yaml 2>/dev/null |
		grep -c -e '^policy calls: load_error.*wrong.yaml:[0-9]*:[0-9]*: .*sys_wrote' -e '^policy raw-syscalls: enabled')" 2

# ---- the command line ----

# refused FLAG…: what is said of it, and the exit status
refused() {
	"$SONDE_BIN" policy raw.yaml --check "$@" 2>&1
	echo "exit $?"
}
while IFS='|' read -r flag said; do
	tap_is "$flag" "$(refused "$flag")" "sonde policy: error: $said, try --help
exit 2"
done <<-END
	--output=josn|--output: 'josn' is no form of events; there are none, json and compact
	--color=red|--color: 'red' is no choice of colours; there are auto, always and never
	--mode=enforc|--mode: 'enforc' is neither enforce nor monitor
	--metrics-label-filter=pud|--metrics-label-filter: 'pud' is no label of a process; there are namespace, workload, pod, binary, node_name
	--username-metadata=linux|--username-metadata: 'linux' is neither unix nor disabled
	--export-file-perm=999|--export-file-perm: '999' is no mode of a file such as 600
	--export-file-max-size-mb=0|--export-file-max-size-mb: 0 is not from 1 to 4294967295
	--metrics-server=2112|--metrics-server: '2112': there is no port; write HOST:PORT, [IPv6]:PORT or :PORT
	--export-rate-limit=99999999999|--export-rate-limit: 99999999999 is not from -1 to 4294967295
	--export-denylist={"pod":1}|deny list:1:1: filter 1: 'pod': there is no such key; did you mean 'pid'?
END
# Events are for when policies run: nothing is made or printed between the lines that were asked for.
tap_is "what is listed is listed alone" \
	"$("$SONDE_BIN" policy raw.yaml calls.yaml --check --output=json --export-filename=made/events --export-socket=made.sock 2>&1 |
		grep -v -e '^policy ' -e '^  '; ls -d made made.sock 2>/dev/null)" ""
if [ -c /dev/full ]; then
	tap_is "a listing that cannot be written is an error" \
		"$("$SONDE_BIN" policy raw.yaml --dump-ir 2>&1 >/dev/full | sed 's/.*cannot/cannot/')" \
		"cannot print: No space left on device"
	"$SONDE_BIN" policy raw.yaml --metrics-server= --output=json --timeout=60s >/dev/full 2>errors
	tap_is "events that cannot be written end it" "$? $(sed -n 's/.*\(cannot write.*\)/\1/p' errors)" \
		"1 cannot write events: No space left on device"
else
	tap_skip "a full disk" "there is no /dev/full here"
fi

tap_done
