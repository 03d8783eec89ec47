#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Policies that change while they run: what is right takes the place of what was there, what is wrong leaves that running and is
# told, and an agent goes on through all of it. The same for `sonde policy` and for `sonde agent`.
. "$SONDE_SOURCE/tests/lib/tap.sh"

cd "$tap_scratch" || exit 1
caller=$tap_scratch/caller
cp "$SONDE_TEST_BPF/policy_caller" "$caller" || exit 1

stop() {
	[ -z "${agent-}" ] || kill "$agent" 2>/dev/null
	wait "${agent-}" 2>/dev/null
}
tap_at_exit stop

# until_true COMMAND…: a minute at most
until_true() {
	tries=0
	until "$@" || [ $tries -eq 600 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	[ $tries -lt 600 ]
}

# policy NAME CALL
policy() {
	cat <<-END
		apiVersion: cilium.io/v1alpha1
		kind: TracingPolicy
		metadata:
		  name: $1
		spec:
		  kprobes:
		  - call: "$2"
		    syscall: true
	END
}

scrape() {
	wget -q -O - "http://127.0.0.1:$port/metrics" 2>/dev/null || curl -s "http://127.0.0.1:$port/metrics"
}

# calls POLICY: what our caller did, as that policy counted it
calls() {
	scrape | grep '^tetragon_policy_events_total{' | grep "binary=\"$caller\"" | grep "policy=\"$1\"" |
		awk '{ sum += $NF } END { print sum + 0 }'
}

# start COMMAND…: until it serves
start() {
	: >errors
	"$SONDE_BIN" "$@" >out 2>errors &
	agent=$!
	begun() { grep -q 'Started in' errors || ! kill -0 $agent 2>/dev/null; }
	until_true begun
	port=$(sed -n 's/.*Listening on .*, port \([0-9]*\).*/\1/p' errors)
	[ -n "$port" ] || sed 's/^/# /' errors
}

# reload: until it is through, or dead
reload() {
	reloads=$(grep -c -i -e ' reloaded' errors)
	kill -HUP $agent
	through() { [ "$(grep -c -i -e ' reloaded' errors)" -gt "$reloads" ] || ! kill -0 $agent 2>/dev/null; }
	until_true through
}

# goes_through_changes WHO
goes_through_changes() {
	"$caller" getppid=5
	tap_is "$1: it counts" "$(calls first) $(calls second)" "5 5"

	policy first sys_getuid >policies/first.yaml
	reload
	"$caller" getppid=7 getuid=3
	tap_is "$1: a policy that is changed takes its place, and all counts go on" "$(calls first) $(calls second)" "8 12"

	policy first sys_getiud >policies/first.yaml
	reload
	"$caller" getppid=1 getuid=2
	tap_is "$1: one that this kernel does not have leaves the former running" "$(calls first) $(calls second)" "10 13"
	tap_has "$1: and says what is wrong" "$(cat errors)" \
		"policies/first.yaml:7:5: policy: function '"

	echo '[' >policies/first.yaml
	reload
	"$caller" getppid=1 getuid=2
	tap_is "$1: one that cannot be read leaves the former running" "$(calls first) $(calls second)" "12 14"
	tap_has "$1: and says where" "$(cat errors)" "policies/first.yaml:2:1: "

	rm policies/first.yaml
	reload
	"$caller" getppid=1
	tap_is "$1: a file that is gone takes its policy along" "$(calls second) $(scrape | grep -c 'config="first"')" "15 0"

	policy first sys_getppid >policies/first.yaml
	reload
	before=$(calls first)
	"$caller" getppid=4
	tap_is "$1: and one that comes counts" "$(($(calls first) - before)) $(calls second)" "4 19"
	tap_is "$1: each of them was a reload" "$(grep -c "Not reloaded" errors)" 0
}

# anew: both policies as they are at first
anew() {
	rm -rf policies
	mkdir policies
	policy first sys_getppid >policies/first.yaml
	policy second sys_getppid >policies/second.yaml
}

# follows_files WHO: nobody sends a signal
follows_files() {
	reloads=$(grep -c -i ' reloaded\|^reloaded' errors)
	is_reloaded() { [ "$(grep -c -i ' reloaded\|^reloaded' errors)" -gt "$reloads" ]; }
	policy second sys_getuid >policies/new
	mv policies/new policies/second.yaml
	tap_check "$1: a file that takes the place of another is read" until_true is_reloaded
	"$caller" getppid=2 getuid=3
	tap_is "$1: and runs" "$(calls first) $(calls second)" "2 3"
}

anew
start policy policies --metrics-server=127.0.0.1:0 --no-watch
goes_through_changes policy
stop
anew
start policy policies --metrics-server=127.0.0.1:0
follows_files policy
stop

anew
cat >sonde.yaml <<-END
	listen: {address: "127.0.0.1:0"}
	control: {socket: none}
	retry: {first: 0}
	run:
	  - policy: policies
END
start agent -c sonde.yaml
goes_through_changes agent
stop
anew
start agent -c sonde.yaml --watch
follows_files agent
stop
agent=''
tap_done
