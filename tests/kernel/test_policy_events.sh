#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Events of policies as consumers get them: a thousand programs from beginning to end, each line as the schema has it; read and
# write with their arguments, whatever they are hooked by; and series that say less of processes, but not fewer events.
. "$SONDE_SOURCE/tests/lib/tap.sh"

cd "$tap_scratch" || exit 1
caller=$tap_scratch/caller$$
cp "$SONDE_TEST_BPF/policy_caller" "$caller" || exit 1
agent='' other='' reader=''

stop() {
	for process in $reader $agent $other; do
		kill "$process" 2>/dev/null
		wait "$process" 2>/dev/null
	done
	agent='' other='' reader=''
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
is_up() { grep -q 'Started in' errors || ! kill -0 "$started" 2>/dev/null; }
# start ARG…: until it serves; its process and port are in $started and $port.
start() {
	: >errors # not what the one before wrote
	"$SONDE_BIN" policy --metrics-server=127.0.0.1:0 "$@" 2>errors &
	started=$!
	until_true is_up
	port=$(sed -n 's/.*Listening on .*, port \([0-9]*\).*/\1/p' errors)
	[ -n "$port" ] || sed 's/^/# /' errors
}
get() { wget -q -O - "http://127.0.0.1:$1/metrics" 2>/dev/null || curl -s "http://127.0.0.1:$1/metrics"; }
# lines KIND: of our caller.
lines() { grep "^{\"process_$1\"" out | grep "\"binary\":\"$caller\""; }

# ---- a thousand programs, from beginning to end ----

programs=1000
cat >none.yaml <<-END
	apiVersion: cilium.io/v1alpha1
	kind: TracingPolicy
	metadata: {name: none}
	spec:
	  kprobes:
	  - call: "sys_getppid"
	    selectors: [{matchBinaries: [{operator: In, values: ["$caller"]}]}]
END
start -o json none.yaml --export-allowlist='{"event_set":["PROCESS_EXEC","PROCESS_EXIT"],"binary_regex":["'"$caller"'"]}' >out
agent=$started
i=0
while [ $i -lt $programs ]; do
	"$caller"
	i=$((i + 1))
done
"$caller" run="$caller" # which makes a child
all_ended() { [ "$(lines exit | wc -l)" -ge $((programs + 2)) ]; }
until_true all_ended
stop
tap_is "each program begins and ends once" "$(lines exec | wc -l) $(lines exit | wc -l)" "$((programs + 2)) $((programs + 2))"
# ids KIND: of the processes that the lines are about.
ids() { lines "$1" | sed 's/.*"process":{"exec_id":"\([^"]*\)".*/\1/' | sort; }
ids exec >began
tap_is "all of them are told apart" "$(uniq began | wc -l)" $((programs + 2))
ids exit >ended
tap_check "and end as who they began as" cmp began ended
"$SONDE_BIN" events <out >again 2>errors
tap_check "each line is as the schema has it" cmp out again
tap_is "and nothing else" "$(cat errors)" ""

line=$(lines exec | head -n 1)
id=$(echo "$line" | sed 's/.*"process":{"exec_id":"\([^"]*\)".*/\1/' | base64 -d)
pid=$(echo "$line" | sed 's/.*"process":{"exec_id":"[^"]*","pid":\([0-9]*\),.*/\1/')
node=$(echo "$line" | sed 's/.*"node_name":"\([^"]*\)".*/\1/')
began=${id#"$node":}
tap_is "an id is made of the node, a time and the process" "$id" "$node:${began%%:*}:$pid"
tap_check "the time being one of nanoseconds" [ "${began%%:*}" -gt 1000000000 ]
shell=$(echo "$line" | sed 's/.*"parent":{"exec_id":"\([^"]*\)","pid":'$$',.*/\1/')
tap_is "who began them is this shell, each time" \
	"$(lines exec | grep "\"parent_exec_id\":\"$shell\".*\"parent\":{\"exec_id\":\"$shell\",\"pid\":$$," | wc -l)" $((programs + 1))
child=$(lines exec | grep '"arguments":"getppid=5"')
above=$(echo "$child" | sed 's/.*"process":{[^}]*"parent_exec_id":"\([^"]*\)".*/\1/')
tap_is "a child's chain goes over its parent to the shell" \
	"$(lines exec | grep "\"process\":{\"exec_id\":\"$above\"" | grep -c "\"parent_exec_id\":\"$shell\"")" 1
tap_is "numbers of 64 bits are texts, smaller ones are not" \
	"$(echo "$child" | grep -c '"pid":[0-9][0-9]*,"uid":0,.*"auid":[0-9]*,')" 1
"$SONDE_BIN" events -o compact --color never <out >compact
tap_is "each is a line for people" "$(grep -c "^🚀 process .* $caller" compact) $(grep -c "^💥 exit    .* $caller.* 0$" compact)" \
	"$((programs + 2)) $((programs + 2))"

# ---- read and write, and series that say less ----

cat >calls.yaml <<-END
	apiVersion: cilium.io/v1alpha1
	kind: TracingPolicy
	metadata: {name: "calls"}
	spec:
	  kprobes:
	  - call: "sys_read"
	    syscall: true
	    args: [{index: 0, type: "int"}, {index: 2, type: "size_t"}]
	    selectors: [{matchBinaries: [{operator: In, values: ["$caller"]}]}]
	  - call: "sys_write"
	    syscall: true
	    args: [{index: 0, type: "int"}, {index: 2, type: "size_t"}]
	    selectors: [{matchBinaries: [{operator: In, values: ["$caller"]}]}]
END
start --metrics-label-filter=namespace,workload calls.yaml >/dev/null
other=$started few=$port
start -o json --metrics-label-filter=namespace,workload,pod,binary,node_name --node-name=here --cluster-name=there \
	--export-allowlist='{"binary_regex":["'"$caller"'"]}' --export-socket=events.sock --enable-ancestors=base,kprobe \
	--enable-process-environment-variables --filter-environment-variables=SHOWN,SECRET \
	--redaction-filters='{"redact":["SECRET=(.*)"]}' calls.yaml >out
agent=$started node=here
"$SONDE_BIN" events --from=events.sock -o compact --color=always --process "^$caller" >stream </dev/null 2>stream.errors &
reader=$!
is_connected() { get "$port" | grep -q '^sonde_event_socket_clients 1$'; }
until_true is_connected
SHOWN=this SECRET=that OTHER=no "$caller" read=6 write=4
"$caller" write=3
all_there() { [ "$(lines kprobe | wc -l)" -ge 13 ]; }
until_true all_there
# calls NAME SIZE: lines with these arguments.
calls() { lines kprobe | grep -c "\"function_name\":\"__[a-z0-9]*_sys_$1\",\"args\":\\[{\"int_arg\":[0-9]*},{\"size_arg\":\"$2\"}\\]"; }
tap_is "reads are told with their arguments" "$(calls read 8)" 6
tap_is "so are writes" "$(calls write 5)" 7
tap_is "events have the names they are given" "$(lines kprobe | grep -c '"node_name":"here",.*"cluster_name":"there"')" 13
id=$(lines exec | head -n 1 | sed 's/.*"process":{"exec_id":"\([^"]*\)".*/\1/' | base64 -d)
tap_is "so have ids" "${id%%:*}" here
tap_is "the environment is shown as far as it may be" \
	"$(lines exec | grep -c '"environment_variables":\[{"Key":"SHOWN","Value":"this"},{"Key":"SECRET","Value":"\*\*\*\*\*"}\]')" 1
tap_is "ancestors are told" "$(lines kprobe | grep -c "\"pid\":$$,.*\"ancestors\":\[{\"exec_id\":")" 13
# shown WORD: lines of that kind in the stream, each in its colours.
shown() { grep "$caller" stream | grep -c "$(printf '\033').*$1"; }
all_shown() { [ "$(shown '💥 exit')" -ge 2 ]; }
until_true all_shown
tap_is "whoever connects has them, too, in colours" "$(shown '📚 read') $(shown '📝 write') $(shown '🚀 process')" "6 7 2"
kill $reader
wait $reader 2>/dev/null
reader=''
get "$few" >few
get "$port" >all
family() { sed -n "s/^$1 //p" all; }
tap_is "what came through the ring is counted" "$(family tetragon_observer_ringbuf_events_received_total) $(family 'tetragon_msg_op_total{msg_op="13"}')" "13 13"
tap_check "what was written as well" [ "$(family tetragon_events_exported_total)" -ge 34 ]
tap_check "with its bytes" [ "$(family tetragon_events_exported_bytes_total | awk '{ printf "%d", $1 }')" -ge 10000 ]
tap_is "types of which nothing happened are there" "$(grep -c '^tetragon_events_total{binary="",.*type="PROCESS_[A-Z]*",.* 0$' all)" 8
tap_is "and what was lost" "$(family 'tetragon_bpf_missed_events_total{error="ENOSPC",msg_op="13"}') $(family tetragon_notify_overflowed_events_total)" "0 0"
# sum FILE PATTERN, count FILE PATTERN: of the series of hooks' events.
sum() { grep '^tetragon_policy_events_total{' "$1" | grep -e "$2" | awk '{ sum += $NF } END { print sum + 0 }'; }
count() { grep '^tetragon_policy_events_total{' "$1" | grep -c -e "$2"; }
tap_is "series name the binary and the node" "$(sum all "binary=\"$caller\".*hook=\"kprobe:__[a-z0-9]*_sys_write\".*node_name=\"$node\"")" 7
tap_is "without these labels there is one of each hook" "$(count few .) $(count few 'binary="",.*namespace="",node_name="",pod=""')" "2 2"
tap_is "which have as many events in all" "$(sum few .)" "$(sum all .)"
kprobes() { grep '^tetragon_events_total{.*type="PROCESS_KPROBE"' "$1" | awk '{ sum += $NF; n++ } END { print n, sum }'; }
tap_is "events by type likewise" "$(kprobes few)" "1 13"
stop
tap_done
