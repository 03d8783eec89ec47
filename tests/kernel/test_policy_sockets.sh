#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Connections as policies see them: made, accepted, closed; what happens to a socket in the middle of somebody else's work
# is told of the one whose it is; and many of them leave nothing behind in the kernel's tables.
. "$SONDE_SOURCE/tests/lib/tap.sh"

[ -n "${SONDE_IN_VM-}" ] || tap_skip_all "functions of the kernel can be hooked in VMs, and its tables are ours alone there"
cd "$tap_scratch" || exit 1
agent='' server=''
port_of_server=7411 connections=20 many=400

stop() {
	for process in $server $agent; do
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

scrape() { wget -q -O - "http://127.0.0.1:$port/metrics" 2>/dev/null || curl -s "http://127.0.0.1:$port/metrics"; }
# hits POLICY FUNCTION NAME: what the last scrape has of its events, in the binary of this name.
hits() {
	grep '^tetragon_policy_events_total{' metrics | grep "binary=\"$tap_scratch/$3\"" |
		grep "hook=\"kprobe:$2\"" | grep "policy=\"$1\"" | awk '{ sum += $NF } END { print sum + 0 }'
}

# policy NAME CLIENT SERVER: sockets of both are followed from the call that makes them to the one that closes them.
mkdir policies
policy() {
	cat >"policies/$1.yaml" <<-END
		apiVersion: cilium.io/v1alpha1
		kind: TracingPolicy
		metadata: {name: $1}
		spec:
		  kprobes:
		  - call: tcp_connect
		    syscall: false
		    args: [{index: 0, type: sock}]
		    selectors:
		    - matchBinaries: [{operator: In, values: ["$tap_scratch/$2"]}]
		      matchArgs: [{index: 0, operator: DPort, values: ["$port_of_server"]}]
		      matchActions: [{action: TrackSock, argSock: 0}]
		  - call: inet_csk_accept
		    syscall: false
		    return: true
		    returnArg: {index: 0, type: sock}
		    returnArgAction: TrackSock
		    selectors:
		    - matchBinaries: [{operator: In, values: ["$tap_scratch/$3"]}]
		  - call: tcp_close
		    syscall: false
		    args: [{index: 0, type: sock}]
		    selectors:
		    - matchBinaries: [{operator: In, values: ["$tap_scratch/$2", "$tap_scratch/$3"]}]
		      matchActions: [{action: UntrackSock, argSock: 0}]
	END
	cp "$SONDE_TEST_BPF/policy_caller" "$2" && cp "$SONDE_TEST_BPF/policy_caller" "$3"
}
policy few client server
policy many crowd hall
# The other end has closed it: state 8. Whoever runs then, it is about a socket of the client.
cat >>policies/few.yaml <<-END
	  - call: tcp_set_state
	    syscall: false
	    args: [{index: 0, type: sock}, {index: 1, type: int}]
	    selectors:
	    - matchArgs:
	      - {index: 0, operator: DPort, values: ["$port_of_server"]}
	      - {index: 0, operator: DAddr, values: ["127.0.0.0/8"]}
	      - {index: 1, operator: Equal, values: ["8"]}
END
: >errors
"$SONDE_BIN" policy --metrics-server=127.0.0.1:0 --output=json \
	--export-allowlist='{"event_set":["PROCESS_KPROBE"],"policy_names":["few"]}' policies >out 2>errors &
agent=$!
started() { grep -q 'Started in' errors || ! kill -0 $agent 2>/dev/null; }
until_true started
port=$(sed -n 's/.*Listening on .*, port \([0-9]*\).*/\1/p' errors)
tap_is "policies are attached" "$(scrape | sed -n 's/^tetragon_tracingpolicy_loaded{state="enabled"} //p')" 2
[ -n "$port" ] || sed 's/^/# /' errors

# The first connection is not made before there is somebody who takes it. State 10 is to listen.
listens() { grep -q "0100007F:$(printf %04X $port_of_server) 00000000:0000 0A" /proc/net/tcp; }

# meet CLIENT SERVER COUNT
meet() {
	"$tap_scratch/$2" accept="$port_of_server*$3" &
	server=$!
	until_true listens
	"$tap_scratch/$1" connect="$port_of_server*$3"
	met=$?
	wait $server
	met="$met $?"
	server=''
}

# ---- a few ----

meet client server $connections
tap_is "connections are made" "$met" "0 0"
# told FUNCTION PATTERN…: lines of the events of a function that have all of them.
told() {
	grep "\"function_name\":\"$1\"" out >told.lines
	shift
	for pattern; do
		grep -e "$pattern" told.lines >told.next
		mv told.next told.lines
	done
	wc -l <told.lines | tr -d ' '
}
of() { echo "\"process\":{[^}]*\"binary\":\"$tap_scratch/$1\""; }
all_told() { [ "$(told tcp_close "$(of client)")" -ge $connections ] && [ "$(told inet_csk_accept)" -ge $connections ]; }
until_true all_told
tap_is "each connection tells where it goes" \
	"$(told tcp_connect "$(of client)" '"family":"AF_INET"' '"protocol":"IPPROTO_TCP"' '"daddr":"127.0.0.1"' "\"dport\":$port_of_server")" $connections
tap_is "each that is accepted what comes back" "$(told inet_csk_accept "$(of server)" "\"return\":{\"sock_arg\":{.*\"sport\":$port_of_server")" $connections
tap_is "each that is closed whose it was" "$(told tcp_close "$(of client)" "\"dport\":$port_of_server")" $connections
# A program does not run where it runs already, so that one may be missing: what is there is the client's.
tap_check "what the other end does to a socket is seen" [ "$(told tcp_set_state)" -gt 0 ]
tap_is "and told of the one whose socket it is" "$(told tcp_set_state "$(of client)")" "$(told tcp_set_state)"

# ---- many ----

# rows NAME: of a table of the kernel.
rows() { "$SONDE_TEST_BPF/map_rows" "$1" | sed 's/.* //'; }
meet crowd hall 5
scrape >metrics # which also lets go of what has ended
before=$(rows policy_counts)
tap_is "sockets that were closed are forgotten" "$(rows policy_sockets) $(rows policy_pending)" "0 0"
meet crowd hall $many
tap_is "many connections are made" "$met" "0 0"
scrape >metrics
tap_is "and counted" "$(hits many tcp_connect crowd) $(hits many inet_csk_accept hall) $(hits many tcp_close crowd)" \
	"$((many + 5)) $((many + 5)) $((many + 5))"
tap_is "they leave no socket behind" "$(rows policy_sockets) $(rows policy_pending)" "0 0"
# What a socket goes through is counted by whoever runs then: a few more of the machine's tasks may have come to that.
tap_check "and no counts of their own" [ "$(rows policy_counts)" -lt $((before + many / 20)) ]
stop
agent=''
tap_done
