#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Which calls a policy is about, of whom, and which of its selectors decides: calls of 32 bits, the first selector that
# fits, limits of how often something is posted, binaries. One sonde policy serves them all; who is watched are copies of
# policy_caller, each with a name of its own.
. "$SONDE_SOURCE/tests/lib/tap.sh"

cd "$tap_scratch" || exit 1
agent='' older=''

stop() {
	touch go
	for process in $older $agent; do
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
# hits POLICY NAME: what the last scrape has of its events, in the binary of this name.
hits() {
	grep '^tetragon_policy_events_total{' metrics | grep "binary=\"$tap_scratch/$2\"" | grep "policy=\"$1\"" |
		awk '{ sum += $NF } END { print sum + 0 }'
}
# became POLICY RESULT: what became of its calls, by selector, in their order.
became() {
	sed -n "s/^sonde_policy_selector_total{.*policy=\"$1\".*result=\"$2\",selector=\"\([0-9]*\)\"} /\1 /p" metrics |
		sort -n | awk '{ printf "%s%s", (NR > 1 ? " " : ""), $2 }'
}
# shown POLICY PATTERN: lines of its events that have it.
shown() { grep "\"policy_name\":\"$1\"" out | grep -c -e "$2"; }

# ---- policies ----

# policy NAME: its head; what it hooks comes from standard input.
policy() {
	printf '%s\n' 'apiVersion: cilium.io/v1alpha1' 'kind: TracingPolicy' "metadata: {name: $1}" 'spec:'
	cat
}

# on_binary CALL OPERATOR VALUES [FOLLOWS]: a hook of a call that only these binaries are watched in.
on_binary() {
	cat <<-END
		  kprobes:
		  - call: $1
		    syscall: true
		    selectors:
		    - matchBinaries:
		      - {operator: $2, values: [$3], followChildren: ${4:-false}}
	END
}

is_of() { echo "matchBinaries: [{operator: In, values: [\"$tap_scratch/$1\"]}]"; }

mkdir policies dir
policy abi >policies/abi.yaml <<-END
	  tracepoints:
	  - subsystem: raw_syscalls
	    event: sys_enter
	    args: [{index: 4, type: syscall64}]
	    selectors:
	    - $(is_of abi)
END
policy abi-list >policies/abi_list.yaml <<-END
	  lists:
	  - {name: calls, type: syscalls, values: [i386/sys_getppid]}
	  tracepoints:
	  - subsystem: raw_syscalls
	    event: sys_enter
	    args: [{index: 4, type: syscall64}]
	    selectors:
	    - matchArgs: [{index: 0, operator: InMap, values: ["list:calls"]}]
	      $(is_of abi)
END
policy first >policies/first.yaml <<-END
	  kprobes:
	  - call: sys_write
	    syscall: true
	    args: [{index: 2, type: size_t}]
	    selectors:
	    - matchArgs: [{index: 2, operator: Equal, values: ["1"]}]
	      matchActions: [{action: NoPost}]
	      $(is_of first)
	    - matchArgs: [{index: 2, operator: Equal, values: ["1", "2"]}]
	      $(is_of first)
	    - matchArgs: [{index: 2, operator: LessThan, values: ["10"]}]
	      matchActions: [{action: Post, rateLimit: 1h}]
	      $(is_of first)
	    - matchArgs: [{index: 2, operator: InRange, values: ["5:20"]}]
	      matchActions: [{action: NoPost}]
	      $(is_of first)
	    - $(is_of first)
END
# limit SCOPE CALL: at most one in an hour of what is the same.
limit() {
	policy "$1" >"policies/$1.yaml" <<-END
		  kprobes:
		  - call: $2
		    syscall: true
		    selectors:
		    - matchActions: [{action: Post, rateLimit: 1h, rateLimitScope: $1}]
		      $(is_of limited)
	END
}
limit thread sys_getuid
limit process sys_getgid
limit global sys_geteuid
# They watch one call, so each is asked of each of our binaries.
while read -r name operator values follows; do
	on_binary sys_getppid "$operator" "$values" "$follows" | policy "$name" >"policies/$name.yaml"
done <<-END
	in In "$tap_scratch/one","$tap_scratch/dir/two" false
	not-in NotIn "$tap_scratch/one","$tap_scratch/dir/two" false
	prefix Prefix "$tap_scratch/dir/","$tap_scratch/thr" false
	not-prefix NotPrefix "$tap_scratch/dir/","$tap_scratch/thr" false
	postfix Postfix "/one","two" false
	not-postfix NotPostfix "/one","two" false
	children In "$tap_scratch/parent" true
	no-children NotIn "$tap_scratch/parent" true
END
for name in abi first limited one dir/two three parent child old; do
	cp "$SONDE_TEST_BPF/policy_caller" $name || exit 1
done
printf '#!%s getppid=6\n' "$tap_scratch/one" >script
chmod +x script

# ---- who is there before ----

./old wait="$tap_scratch/go" getppid=3 exec="$tap_scratch/one" getppid=4 &
older=$!
./parent wait="$tap_scratch/go" run="$tap_scratch/child" getppid=2 exec="$tap_scratch/child" getppid=20 &
older="$older $!"

: >errors
"$SONDE_BIN" policy --metrics-server=127.0.0.1:0 --output=json \
	--export-allowlist='{"policy_names":["abi","abi-list","first","thread","process","global"]}' policies >out 2>errors &
agent=$!
started() { grep -q 'Started in' errors || ! kill -0 $agent 2>/dev/null; }
until_true started
port=$(sed -n 's/.*Listening on .*, port \([0-9]*\).*/\1/p' errors)
tap_is "all policies are attached" "$(scrape | sed -n 's/^tetragon_tracingpolicy_loaded{state="enabled"} //p')" \
	"$(find policies -type f | wc -l | tr -d ' ')"
[ -n "$port" ] || sed 's/^/# /' errors

# ---- what they do ----

./abi getppid=30 getppid32=12
has_32=$?
./first bytes=1 write=10 bytes=2 write=20 bytes=3 write=30 bytes=4 write=30 bytes=15 write=40 bytes=300 write=50
./limited threads=4 getuid=25 getgid=25 geteuid=25
./limited getuid=25 getgid=25 geteuid=25
./one getppid=10 exec="$tap_scratch/three" getppid=5
dir/two getppid=7
./three getppid=8
./script
./parent run="$tap_scratch/child" exec="$tap_scratch/child" getppid=11
./child getppid=13
touch go
for process in $older; do
	wait "$process"
done
older=''
# A million calls, of which none may be taken for another's; emulated processors take a twentieth.
calls=1000000
[ -z "${SONDE_IN_VM-}" ] || calls=50000
./three threads=2 getppid=$((calls / 2))
all_shown() { [ "$(grep -c '"process_kprobe"' out)" -ge 80 ]; }
until_true all_shown
scrape >metrics

# ---- calls of 32 bits ----

if [ $has_32 -eq 0 ]; then
	tap_is "a call of 32 bits has its own number and kind" "$(shown abi '"syscall_id":{"id":64,"abi":"i386"}')" 12
	tap_is "beside those of 64" "$(shown abi '"syscall_id":{"id":110,"abi":"x64"}')" 30
	tap_is "both are counted by the name of the call, by each policy that sees it" \
		"$(sed -n "s,^tetragon_syscalls_total{binary=\"$tap_scratch/abi\".*syscall=\"getppid\".*} ,,p" metrics)" 54
	# Static programs make a few calls before and after.
	tap_check "and as events" [ "$(hits abi abi)" -ge 42 ]
	tap_is "a list of calls tells one from the other" "$(hits abi-list abi)" 12
else
	tap_skip "calls of 32 bits" "this kernel has none"
fi

# ---- the first selector that fits ----

tap_is "the first selector that fits decides" "$(became first matched)" "10 20 60 40 50"
tap_is "one is silent, another limited, the rest is posted" "$(became first posted)" "0 20 2 0 50"
tap_is "silence is counted" "$(became first not_posted)" "10 0 0 40 0"
tap_is "limits are counted" "$(became first rate_limited)" "0 0 58 0 0"
tap_is "what is posted is shown" "$(shown first '"function_name":"__x64_sys_write"')" 72
tap_is "what is limited or not shown is counted, what is silent is not" "$(hits first first)" 130

# ---- limits ----

# missed POLICY: times that one of its programs did not run, because a task that had been taken off the CPU was in the middle
# of it (Linux 7 does that, where several threads make one call).
missed() {
	sed -n "s/^tetragon_missed_prog_probes_total{.*policy=\"$1\".*} //p" metrics | awk '{ sum += $1 } END { print sum + 0 }'
}
# all_told COUNTED WANTED MISSED: what is not counted is told.
all_told() {
	[ "$1" -le "$2" ] && [ $(($1 + $3)) -ge "$2" ]
}
# limited_to MOST POLICY: of 125 calls.
limited_to() {
	all_told "$(became "$2" posted)" "$1" "$(missed "$2")" && all_told "$(became "$2" matched)" 125 "$(missed "$2")"
}
limit_is() {
	tap_check "$1 ($(became "$3" posted) of $(became "$3" matched))" limited_to "$2" "$3"
}
limit_is "a limit is each thread's" 5 thread
limit_is "or a process's" 2 process
limit_is "or everybody's" 1 global

# ---- binaries ----

# one: 10 itself, 4 of what was old; script: 6 by one, which is its interpreter; three: 5 of what was one, 8, and the many.
many=$((calls + 13))
# counts POLICY: its events in each of our binaries; the many are there when those that were missed were told.
counts() {
	awk -v policy="policy=\"$1\"" -v dir="binary=\"$tap_scratch/" -v many=$many -v missed="$(missed "$1")" '
		/^tetragon_policy_events_total[{]/ && index($0, policy) {
			at = index($0, dir)
			name = substr($0, at + length(dir))
			if (at)
				sum[substr(name, 1, index(name, "\"") - 1)] += $NF
		}
		END {
			if (sum["three"] <= many && sum["three"] + missed >= many)
				sum["three"] = many
			count = split("one script dir/two three child parent old", names, " ")
			for (i = 1; i <= count; i++)
				printf "%d ", sum[names[i]]
		}' metrics
}
# child: 5 and 11 of parent, 5 and 20 of the older parent, 13 of nobody's.
tap_is "In" "$(counts in)" "14 6 7 0 0 0 0 "
tap_is "NotIn" "$(counts not-in)" "0 0 0 $many 54 2 3 "
tap_is "Prefix" "$(counts prefix)" "0 0 7 $many 0 0 0 "
tap_is "NotPrefix" "$(counts not-prefix)" "14 6 0 0 54 2 3 "
tap_is "Postfix" "$(counts postfix)" "14 6 7 0 0 0 0 "
tap_is "NotPostfix" "$(counts not-postfix)" "0 0 0 $many 54 2 3 "
tap_is "children are followed, through further executions and from before the agent" "$(counts children)" "0 0 0 0 41 2 0 "
tap_is "or left out" "$(counts no-children)" "14 6 7 $many 13 0 3 "
stop
agent=''
tap_done
