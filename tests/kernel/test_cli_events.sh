#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# `sonde events` on what comes from standard input: lines read, filtered and printed.
. "$SONDE_SOURCE/tests/lib/tap.sh"

fixture=$SONDE_SOURCE/tests/fixture/process_event
cd "$tap_scratch" || exit 1

# events FILE FLAG…: stdout and the exit status; stderr is in the file errors.
events() {
	events_file=$1
	shift
	timeout 60 "$SONDE_BIN" events "$@" <"$events_file" 2>errors
	echo "exit $?"
}

# count FILE FLAG…: how many lines are printed.
count() {
	events "$@" | sed '$d' | wc -l | tr -d ' '
}

# ---- as it came ----

events "$fixture/lines.json" | sed '$d' >out
tap_check "JSON comes out as it went in" cmp out "$fixture/lines.json"
tap_is "nothing is said of it" "$(cat errors)" ""
events "$fixture/calls.json" -o compact --color never | sed '$d' >out
tap_check "compact lines" cmp out "$fixture/calls.compact"
events "$fixture/calls.json" -o compact --color always --timestamps | sed '$d' >out
tap_check "compact lines with colors and times" cmp out "$fixture/calls.colored"
events "$fixture/calls.json" -o compact | sed '$d' >out
tap_check "no colors where no terminal is" cmp out "$fixture/calls.compact"

# ---- filtered ----

lines=$fixture/lines.json
tap_is "by type" "$(count "$lines" -e PROCESS_EXEC)" 4
tap_is "by types" "$(count "$lines" -e PROCESS_EXEC,PROCESS_EXIT -e TEST)" 7
tap_is "by namespace" "$(count "$lines" -n shop)" 1
tap_is "of the host and a namespace" "$(count "$lines" --host -n shop)" 13
tap_is "by pattern of namespaces" "$(count "$lines" --namespace-regex '^sh')" 1
tap_is "by binary" "$(count "$lines" --process '^/usr/bin/cat$')" 12
tap_is "by pod" "$(count "$lines" --pod cart)" 1
tap_is "by container" "$(count "$lines" --container x)" 0
tap_is "by policy" "$(count "$lines" --policy-names lsm,us)" 2
tap_is "by nothing" "$(count "$lines" --pod '')" 17
tap_is "by two things" "$(count "$lines" -e PROCESS_EXEC --pod cart)" 1
tap_is "without stacks" "$(count "$lines" -o compact --no-stack-traces --no-ima-hash)" 16

printf '%s\n' '{"process_exec":{"process":{"pid":1,"binary":"/a"},"parent":{"pid":2}},"node_name":"n"}' >one
tap_is "only some fields" "$(events one -f process.pid,parent)" \
	'{"process_exec":{"process":{"pid":1},"parent":{"pid":2}},"node_name":"n"}
exit 0'
tap_is "all fields but some" "$(events one -F parent,process.pid)" \
	'{"process_exec":{"process":{"binary":"/a"}},"node_name":"n"}
exit 0'
tap_is "only what, but not of it" "$(events one -f process -F process.pid)" \
	'{"process_exec":{"process":{"binary":"/a"}},"node_name":"n"}
exit 0'

printf '%s\n' '{"process_kprobe":{"process":{"pid":1},"args":[{"file_arg":{"path":"/dev/pts/1"}},{"bytes_arg":"aGk="}]}}' >typed
tap_is "what was written to a terminal" "$(events typed -t /dev/pts/1)" "hiexit 0"
tap_is "and not to another" "$(events typed -t /dev/pts/2)" "exit 0"

# ---- what is wrong ----

printf '{"process_exec":{}}\nrubbish\n\n{"process_exit":{}}' >mixed
tap_is "lines that are none are passed over" "$(events mixed)" '{"process_exec":{}}
{"process_exit":{}}
exit 0'
tap_is "and told" "$(cat errors)" \
	"sonde events: warning: 1 of 3 lines are no events, ignoring; the first: no JSON: '[' or '{' expected near 'rubbish' (byte 7)"
head -c 11000000 /dev/zero | tr '\0' x >long
cat mixed >>long
tap_is "a line that never ends" "$(events long | tail -n 2)" '{"process_exit":{}}
exit 0'
tap_has "is told as well" "$(cat errors)" "2 of 3 lines are no events"
tap_is "a format that is none" "$(events one -o yaml)$(cat errors)" \
	"exit 2sonde events: error: --output is 'yaml'; it would be json or compact, try --help"
tap_is "a color that is none" "$(events one --color red)$(cat errors)" \
	"exit 2sonde events: error: --color is 'red'; it would be auto, always or never, try --help"
tap_is "a type that is none" "$(events one -e PROCESS_DREAM)$(cat errors)" \
	"exit 1sonde events: error: allow list:1:1: filter 1: 'event_set': there is no event 'PROCESS_DREAM'; PROCESS_EXEC is one"
tap_has "a field that is none" "$(events one -f process.size)$(cat errors)" "has a field 'process.size'"
tap_has "a pattern that is none" "$(events one --process '(')$(cat errors)" "regular expression"
timeout 60 "$SONDE_BIN" events --socket "$tap_scratch/nobody" </dev/null >out 2>errors
tap_is "no agent: exit status" "$?" 1
tap_has "no agent is said" "$(cat errors)" "$tap_scratch/nobody"

tap_done
