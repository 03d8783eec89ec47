#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What policies do to processes: signals before the call has an effect, calls that fail by fmod_ret and by LSM programs, notes
# that enforcers carry out; nothing of it while a policy only monitors, which is switched at run time and counted. In VMs,
# and only to copies of policy_caller, each with a name of its own. Elsewhere, that what cannot be is refused.
. "$SONDE_SOURCE/tests/lib/tap.sh"

cd "$tap_scratch" || exit 1
agent=''

stop() {
	[ -z "$agent" ] || kill "$agent" 2>/dev/null
	wait "$agent" 2>/dev/null
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
# taken POLICY ACTION: how often, as the last scrape has it.
taken() {
	sed -n "s/^tetragon_tracingpolicy_selector_actions_total{action=\"$2\",.*policy=\"$1\".*} //p" metrics |
		awk '{ sum += $1 } END { print sum + 0 }'
}
policy() { "$SONDE_BIN" policy "$@" --socket="$tap_scratch/control.sock" 2>&1; }

# ---- policies ----

# write_policy NAME: what it hooks comes from standard input.
mkdir policies
write_policy() {
	{
		printf '%s\n' 'apiVersion: cilium.io/v1alpha1' 'kind: TracingPolicy' "metadata: {name: $1}" 'spec:'
		cat
	} >"policies/$1.yaml"
}

# hook NAME CALL IS_SYSCALL ACTION…: a policy with one hook, about the binary of the same name.
hook() {
	name=$1 call=$2 is_syscall=$3
	shift 3
	{
		cat <<-END
			  kprobes:
			  - call: $call
			    syscall: $is_syscall
			    selectors:
			    - matchBinaries: [{operator: In, values: ["$tap_scratch/$name"]}]
			      matchActions:
		END
		printf '      - {%s}\n' "$@"
	} | write_policy "$name"
}

# lsm NAME HOOK ERROR: the same on a hook of LSM.
lsm() {
	write_policy "$1" <<-END
		  lsmhooks:
		  - hook: $2
		    args: [{index: 0, type: $4}]
		    selectors:
		    - matchBinaries: [{operator: In, values: ["$tap_scratch/$1"]}]
		      $5
		      matchActions: [{action: Override, argError: $3}]
	END
}

# A write of a process that is to die copies nothing (generic_perform_write() looks for that first).
hook killed sys_write true 'action: Sigkill'
hook signalled sys_getuid true 'action: Signal, argSig: 10'
hook denied security_inode_mkdir false 'action: Override, argError: -13'
hook both security_inode_mkdir false 'action: Override, argError: -1' 'action: Sigkill'
hook watched sys_getuid true 'action: Post'
hook call sys_mkdir true 'action: Override, argError: -1'
lsm guarded inode_mkdir -95 nop ''
lsm opened file_open -13 file "matchArgs: [{index: 0, operator: Postfix, values: [\"/secret\"]}]"
# A note of its second call is dropped by the third, one of the first is not.
notes() {
	write_policy "$1" <<-END
		  enforcers:
		  - calls: [$2]
		  kprobes:
		  - call: sys_getuid
		    syscall: true
		    selectors:
		    - matchBinaries: [{operator: In, values: ["$tap_scratch/$1"]}]
		      matchActions: [{action: NotifyEnforcer, $3}]
		  - call: sys_getgid
		    syscall: true
		    selectors:
		    - matchBinaries: [{operator: In, values: ["$tap_scratch/$1"]}]
		      matchActions: [{action: CleanupEnforcerNotification}]
	END
}
notes noted security_inode_mkdir 'argError: -7'
# Notes of others are not its.
notes other security_file_open 'argError: -8'
notes noted-signal sys_mkdir 'argSig: 12'
notes noted-call sys_mkdir 'argError: -7'

for file in policies/*.yaml; do
	name=${file#policies/}
	cp "$SONDE_TEST_BPF/policy_caller" "${name%.yaml}" || exit 1
done
cp "$SONDE_TEST_BPF/policy_caller" nobody || exit 1

# ---- what cannot be ----

"$SONDE_BIN" policy --check --metrics-server= policies >checked 2>&1
calls_fail= enabled=10
grep -q '^policy call: load_error' checked || { calls_fail=yes enabled=12; }
if [ "$calls_fail" ]; then
	tap_is "system calls are made to fail by fmod_ret, those of enforcers as well" "$(grep -c 'sys_mkdir by fmod_ret' checked)" 2
else
	tap_is "a system call that cannot be made to fail is refused with what the kernel lacks" \
		"$(grep -c '^policy call: load_error.*call.yaml:[0-9]*:[0-9]*: .*matchActions\[0\]: Override: .*CONFIG_BPF_KPROBE_OVERRIDE' checked)" 1
	tap_is "by enforcers as well" \
		"$(grep -c '^policy noted-call: load_error.*noted-call.yaml:[0-9]*:[0-9]*: .*CONFIG_BPF_KPROBE_OVERRIDE' checked)" 1
fi
if [ -z "${SONDE_IN_VM-}" ]; then
	tap_skip "actions" "they are taken in VMs only"
	tap_done
fi

cat >sonde.yaml <<-END
	listen: {address: "127.0.0.1:0"}
	control: {socket: control.sock}
	events: {file: events.json, allow: '{"event_set":["PROCESS_KPROBE","PROCESS_LSM"]}'}
	run:
	- policy: policies
END
: >errors
"$SONDE_BIN" agent -c sonde.yaml --log.no-timestamps >out 2>errors &
agent=$!
started() { grep -q '^Started' errors || ! kill -0 $agent 2>/dev/null; }
until_true started
port=$(sed -n 's/^Listening on 127.0.0.1:0, port \([0-9]*\)$/\1/p' errors)
policy list >listed
tap_is "all others are enabled" "$(awk '$3 == "enabled" && $2 ~ /^[a-z]/ { count++ } END { print count }' listed)" $enabled
[ -n "$port" ] || sed 's/^/# /' errors

# ---- what is done ----

# does NAME STATUS ARG…: the program of that name ends so.
does() {
	name=$1 wanted=$2
	shift 2
	"./$name" "$@" 2>/dev/null
	status=$?
	[ $status -eq "$wanted" ] || echo "$name $*: $status instead of $wanted"
}

# Statuses: of those whose mode will be switched.
some_of_it() {
	does killed "$1" append="$tap_scratch/killed.$round"
	does denied "$2" mkdir="$tap_scratch/denied.$round"
	does guarded "$3" mkdir="$tap_scratch/guarded.$round"
	does noted "$4" getuid=1 mkdir="$tap_scratch/noted.$round"
}
the_rest() {
	does signalled 138 getuid=1
	does both 137 mkdir="$tap_scratch/both.$round"
	touch secret public
	does opened 13 open="$tap_scratch/public" open="$tap_scratch/secret"
	does noted 0 getuid=1 getgid=1 mkdir="$tap_scratch/dropped.$round"
	does noted-signal 140 getuid=1
	does nobody 0 getuid=1 getgid=1 append="$tap_scratch/nobody.$round" mkdir="$tap_scratch/all.$round" open="$tap_scratch/secret"
}
sizes() { wc -c <"killed.$round" | tr -d ' '; }
made() { ls -d ./*."$round" | tr '\n' ' '; }

round=1
tap_is "signals and errors are what the policies say, and nobody else feels them" "$(some_of_it 137 13 95 7; the_rest)" ""
tap_is "before there is an effect" "$(sizes) of $(made)" "0 of ./all.1 ./dropped.1 ./killed.1 ./nobody.1 "
tap_is "a note is for its own policy's enforcers" \
	"$(does other 8 getuid=1 open="$tap_scratch/public")$(does noted 0 getuid=1 open="$tap_scratch/public")" ""
[ -z "$calls_fail" ] || tap_is "nor do system calls that were made to fail" \
	"$(does call 1 mkdir="$tap_scratch/call.made"; does noted-call 7 getuid=1 mkdir="$tap_scratch/call.made"; ls -d ./*.made 2>/dev/null)" ""
scrape >metrics
tap_is "each is counted by what it was" \
	"$(for name in killed both signalled noted-signal; do taken $name signal; done | tr '\n' ' ')" "1 1 1 0 "
tap_is "notes and errors as well" "$(for name in denied both guarded opened; do
	taken $name override
done | tr '\n' ' ')$(for name in noted other noted-signal; do taken $name notify_enforcer; done | tr '\n' ' ')" "1 1 1 1 3 1 1 "
tap_is "and nothing as monitored" "$(sed -n '/^tetragon_tracingpolicy_selector_actions_total{action="monitor_/s/.* //p' metrics | sort -u)" 0

# ---- while they only monitor ----

modes() {
	for name in killed denied guarded noted; do
		policy set-mode $name "$1"
	done
}
modes monitor >out
tap_is "the list says so" "$(policy list | grep -c ' monitor ')" 4
tap_has "what has nothing to enforce has no mode" "$(policy set-mode watched enforce)" "can only monitor"
round=2
tap_is "nothing is done to anybody" "$(some_of_it 0 0 0 0)" ""
tap_is "and calls have their effects" "$(sizes) of $(made)" "5 of ./denied.2 ./guarded.2 ./killed.2 ./noted.2 "
scrape >metrics
tap_is "what would have been done is counted" \
	"$(taken killed monitor_signal) $(taken denied monitor_override) $(taken guarded monitor_override) $(taken noted monitor_notify_enforcer)" "1 1 1 1"
tap_is "and is not as done" "$(taken killed signal) $(taken denied override) $(taken guarded override) $(taken noted notify_enforcer)" "1 1 1 3"
all_told() { [ "$(grep -c '"policy_name":"killed"' events.json)" -eq 2 ] && [ "$(grep -c '"policy_name":"guarded"' events.json)" -eq 2 ]; }
until_true all_told
tap_is "events have the action either way" "$(grep '"policy_name":"killed"' events.json | grep -c '"action":"KPROBE_ACTION_SIGKILL"') $(
	grep '"policy_name":"guarded"' events.json | grep -c '"process_lsm".*"action":"KPROBE_ACTION_OVERRIDE"')" "2 2"
modes enforce >out
round=3
tap_is "and they enforce again" "$(some_of_it 137 13 95 7)" ""
tap_is "as before" "$(sizes) of $(made)" "0 of ./killed.3 "
stop
agent=''
tap_done
