#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Policies in sonde agent, beside a gadget and a config of ebpf_exporter: of the file, and over the control socket; their
# events in a file, and for whoever asks.
. "$SONDE_SOURCE/tests/lib/tap.sh"

cd "$tap_scratch" || exit 1
[ -d "$SONDE_PROBES/trace_exec" ] || tap_skip_all "there is no gadget trace_exec"
caller=$tap_scratch/caller$$
name=caller$$
cp "$SONDE_TEST_BPF/policy_caller" "$caller" || exit 1
agent='' watcher=''

stop() {
	for process in $watcher $agent; do
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

get() { wget -q -O - "$1" 2>/dev/null || curl -s "$1"; }
scrape() { get "http://127.0.0.1:${1:-$port}/metrics"; }
policy() { "$SONDE_BIN" policy "$@" --socket="$tap_scratch/control.sock" 2>&1; }
port_of() { sed -n "s/^Listening on 127.0.0.1:0, port \([0-9]*\)$1\$/\1/p" errors; }
# calls POLICY: events of our caller that it has counted.
calls() {
	scrape | grep '^tetragon_policy_events_total{' | grep "binary=\"$caller\"" | grep "policy=\"$1\"" |
		awk '{ sum += $NF } END { print sum + 0 }'
}
state() { policy list | awk -v name="$1" '$2 == name { print $3 }'; }
execs() { scrape | grep '^execs_total{' | grep "$name" | sed 's/.* //'; }

write_policy() {
	cat >"$1.yaml" <<-END
		apiVersion: cilium.io/v1alpha1
		kind: TracingPolicy
		metadata: {name: "$1"}
		spec:
		  kprobes:
		  - {call: "$2", syscall: true}
	END
}
mkdir policies
write_policy policies/first sys_getppid
sed -i 's,policies/first,first,' policies/first.yaml
write_policy second sys_getppid
write_policy wrong sys_getpppid
cat >sonde.yaml <<-END
	listen: {address: "127.0.0.1:0", policies: "127.0.0.1:0"}
	control: {socket: control.sock}
	events:
	  file: events.json
	  allow: '{"binary_regex":["$name"],"event_set":["PROCESS_KPROBE"]}'
	run:
	- policy: policies
	- policy: wrong.yaml
	- gadget: $SONDE_PROBES/trace_exec
	  filters: ["proc.comm==$name"]
	- exporter: $SONDE_PROBES/timers.yaml
END
"$SONDE_BIN" agent -c sonde.yaml --log.no-timestamps >out 2>errors &
agent=$!
until_true grep -q '^Started' errors
port=$(port_of '')
tap_has "a policy that cannot be leaves the others" "$(cat errors)" "3 of 4 parts run"
[ -n "$port" ] || sed 's/^/# /' errors
"$caller" getppid=7
"$caller" getppid=3
tap_is "a policy counts" "$(calls first)" 10
tap_is "so does a gadget" "$(execs)" 2
tap_check "and a config" [ "$(scrape | grep -c '^ebpf_exporter_timer_run_seconds_count')" -gt 0 ]
policies=$(port_of ', for what is of tracing_policy')
tap_check "policies have a port" [ "$(scrape "$policies" | grep -c '^tetragon_policy_events_total')" -gt 0 ]
tap_is "with nothing else" "$(scrape "$policies" | grep -c -e '^execs_total' -e '^ebpf_exporter_')" 0
all_written() { [ "$(grep -c process_kprobe events.json)" -eq 10 ]; }
until_true all_written
tap_is "events that the lists admit are in the file" "$(grep -c . events.json) $(grep -c '"policy_name":"first"' events.json)" "10 10"

tap_is "and counted" "$(scrape | grep '^sonde_event_file_events_total{result="written"')" 'sonde_event_file_events_total{result="written"} 10'

# page PATTERN: of the page at /, a line each row.
page() { get "http://127.0.0.1:$port/" | grep -o '<tr>.*' | grep -c -e "$1"; }
tap_is "the page tells of each hook" "$(page 'first.*kprobe:__[a-z0-9]*_sys_getppid by .*[1-9][0-9]* matched, [1-9][0-9]* posted')" 1
tap_is "and of what does not run" "$(page 'wrong.*not loaded.*sys_getpppid')" 1
tap_is "hooks are programs" "$("$SONDE_BIN" control --socket="$tap_scratch/control.sock" list | awk '$1 == "first" { print $2, $3, $4, $5 }')" \
	"tracing_policy running 1 1"

# ---- over the socket ----

tap_check "what hooks did is told as it is now" [ "$(policy hooks first | awk '/getppid/ { print $(NF - 6) }')" -ge 10 ]

tap_is "policies are listed" "$(state first) $(state wrong)" "enabled load_error"
tap_is "one is added" "$(policy add second.yaml)$(state second)" enabled
"$caller" getppid=5
tap_is "and counts beside the other" "$(calls first) $(calls second)" "15 5"
tap_has "it is there once" "$(policy add second.yaml)" second
tap_is "it is switched off" "$(policy disable second)$(state second)" disabled
"$caller" getppid=4
tap_is "and on" "$(policy enable second)$(state second)" enabled
"$caller" getppid=2
tap_is "the other has counted all the while" "$(calls first) $(calls second)" "21 7"
write_policy mended sys_getpppid
tap_has "one that cannot be loaded says why" "$(policy add mended.yaml)" "mended.yaml:"
tap_is "and is known" "$(state mended)" load_error
write_policy mended sys_getppid
tap_is "mended it takes its place" "$(policy add mended.yaml)$(state mended)" enabled
tap_is "and goes when it is told to" "$(policy rm mended)$(state mended)" ""
tap_is "it is removed" "$(policy rm second)$(state second)" ""
tap_has "what is in the file stays in the file" "$(policy rm first)" "is of the agent's file"

"$SONDE_BIN" events --socket="$tap_scratch/control.sock" --process "$name" -e PROCESS_KPROBE >shown 2>shown.errors </dev/null &
watcher=$!
look() {
	"$caller" getppid=1
	[ -s shown ]
}
until_true look
tap_has "events are had from the agent" "$(head -n 1 shown)" '"process_kprobe"'
kill $watcher
wait $watcher 2>/dev/null
watcher=''

# ---- what is wrong is told, and the rest is done ----

ask_policy() {
	"$SONDE_BIN" policy --socket="$tap_scratch/control.sock" "$@" 2>&1
	echo "exit $?"
}
sed 's/first/later/' policies/first.yaml >later.yaml
tap_is "of several files those that are there are added" "$(ask_policy add nowhere.yaml later.yaml)" \
	"sonde policy: error: cannot open config 'nowhere.yaml': No such file or directory
exit 1"
tap_is "of several names those that are known are taken out" "$(ask_policy rm nobody later)" \
	"sonde policy: error: there is no policy 'nobody'
exit 1"
tap_is "and it is gone" "$(ask_policy hooks later)" "sonde policy: error: there is no policy 'later'
exit 1"
tap_is "words that are too many" "$(ask_policy list later)" "sonde policy: error: write: policy list, try --help
exit 2"

# ---- a reload ----

before=$(calls first)
execs=$(execs)
sed -i '/wrong.yaml/d' sonde.yaml
tap_has "a reload is told of" "$("$SONDE_BIN" control --socket="$tap_scratch/control.sock" reload 2>&1)" reloaded
"$caller" getppid=6
tap_is "counts go on" "$(calls first) $(execs)" "$((before + 6)) $((execs + 1))"
tap_is "and what is gone is gone" "$(state wrong)" ""
stop
agent=''
tap_done
