#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# sonde agent: several languages in one process, of which one part is broken on purpose and one reloaded.
. "$SONDE_SOURCE/tests/lib/tap.sh"

cd "$tap_scratch" || exit 1
[ -d "$SONDE_PROBES/trace_exec" ] || tap_skip_all "there is no gadget trace_exec"
mark=ag$$
cp /bin/true "$mark" || exit 1
agent=

stop() {
	[ -z "$agent" ] || kill "$agent" 2>/dev/null
	[ -z "$agent" ] || wait "$agent" 2>/dev/null
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
# fetch NAME [PORT]: its series.
fetch() { get "http://127.0.0.1:${2:-$port}/metrics" | grep "^$1[{ ]"; }
ask() { "$SONDE_BIN" control --socket="$tap_scratch/control.sock" "$@" 2>&1; }
port_of() { sed -n "s/^Listening on 127.0.0.1:0, port \([0-9]*\)$1\$/\1/p" errors; }
# state NAME: as the agent lists it.
state() { ask list | awk -v name="$1" '$1 == name { print $3 == "not" ? "not attached" : $3 }'; }

run() {
	i=0
	while [ $i -lt "$1" ]; do
		"./$mark"
		i=$((i + 1))
	done
}

cat >metrics.yaml <<-END
	metrics_name: test
	metrics:
	- {name: programs, type: counter, category: trace, gadget: exec, selector: ["comm:$mark"]}
END
cat >sonde.yaml <<-END
	listen:
	  address: "127.0.0.1:0"
	  exporter: "127.0.0.1:0"
	  gadgets: "127.0.0.1:0"
	control: {socket: control.sock}
	retry: {first: 100ms, most: 200ms}
	run:
	- exporter: $SONDE_PROBES/timers.yaml
	- gadget: $SONDE_PROBES/trace_exec
	  name: ours
	  filters: ["proc.comm==$mark"]
	- {metrics: metrics.yaml, live: false}
	- exporter: broken.yaml
END

tap_is "a file is checked without anything being loaded" "$("$SONDE_BIN" agent -c sonde.yaml --check 2>&1 >plan | grep -c 'broken.yaml')" 1
tap_has "and says what would run" "$(cat plan)" "config ours"
tap_has "and that its events may be asked for" "$(sed -n '/^config ours/,/^config metrics/p' plan)" "its events may be asked for meanwhile"
tap_has "or may not" "$(sed -n '/^config metrics/,$p' plan)" "nobody may ask for its events"
"$SONDE_BIN" agent -c sonde.yaml --log.no-timestamps >out 2>errors &
agent=$!
until_true grep -q '^Started' errors
port=$(port_of '')
tap_has "the broken part is left out" "$(cat errors)" "3 of 4 parts run"
tap_is "and says so" "$(fetch sonde_config_running | grep broken)" 'sonde_config_running{config="broken"} 0'
tap_has "with its reason" "$(ask list | grep broken)" "No such file or directory"
tap_has "the agent can be asked" "$(ask status)" "sonde.yaml"
run 5
series='programs_total 5'
ours() { fetch execs_total | grep "$mark" | sed 's/.* //'; }
tap_is "gadgets count" "$(ours)" 5
tap_is "so do metrics of gadgets" "$(fetch programs_total)" "$series"
timers=$(fetch ebpf_exporter_timer_run_seconds_count | awk '{ sum += $2 } END { print sum }')
tap_check "and configs of ebpf_exporter" [ "$timers" -gt 0 ]

gadgets=$(port_of ', for what is of gadget')
exporter=$(port_of ', for what is of ebpf_exporter')
tap_is "gadgets have a port" "$(fetch programs_total "$gadgets")" "$series"
tap_is "with nothing else" "$(fetch 'ebpf_exporter_.*' "$gadgets"; fetch 'sonde_.*' "$gadgets")" ""
tap_check "configs have one" [ -n "$(fetch ebpf_exporter_timer_run_seconds_count "$exporter")" ]
tap_is "without the others" "$(fetch programs_total "$exporter")" ""

# ---- what failed is tried again ----

cp "$SONDE_PROBES/softirqs.yaml" broken.yaml
cp "$SONDE_PROBES/softirqs.bpf.o" broken.bpf.o
until_true grep -q 'that had failed run now' errors
tap_is "what failed runs once it can be had" "$(state broken)" running
tap_is "and stands there once" "$(ask list | grep -c broken)" 1
run 2
tap_is "the others count on" "$(ours) $(fetch programs_total)" "7 programs_total 7"

# ---- what --check sees of addresses and filters ----

cat >wrong.yaml <<-END
	listen:
	  address: "9435"
	  gadgets: ":99999"
	events:
	  file: made/events
	  allow: '{"pod":1}'
	run:
	  - gadget: trace_exec
END
tap_is "all addresses are looked at, with their places" \
	"$("$SONDE_BIN" agent -c wrong.yaml --check --log.no-timestamps 2>&1; echo "exit $?")" \
	"agent: wrong.yaml:2:12: cannot listen on '9435': there is no port; write HOST:PORT, [IPv6]:PORT or :PORT
agent: wrong.yaml:3:12: cannot listen on ':99999': port 99999 is too big; a port is 0 to 65535
exit 1"
tap_is "lists of events are read" \
	"$(sed -i '/^listen/,/gadgets:/d' wrong.yaml
	"$SONDE_BIN" agent -c wrong.yaml --check --log.no-timestamps 2>&1 | grep -c "'pod': there is no such key"; ls made 2>/dev/null)" 1

# ---- a reload ----

sed -i 's/name: programs,/name: renamed,/' metrics.yaml
echo '- gadget: [' >>sonde.yaml
tap_has "a file that is wrong changes nothing" "$(ask reload)" "not reloaded"
sed -i '$d' sonde.yaml
tap_has "a reload is told of" "$(ask reload)" reloaded
run 1
tap_is "what changed counts from now on" "$(fetch renamed_total)" "renamed_total 1"
tap_is "and is gone as it was" "$(fetch programs_total)" ""
tap_is "the others count on" "$(ours)" 8
now=$(fetch ebpf_exporter_timer_run_seconds_count | awk '{ sum += $2 } END { print sum }')
tap_check "all of them" [ "$now" -ge "$timers" ]

# ---- somebody looks on ----

# watch FILE [FLAG…]: sonde run beside the agent until it has shown something, then Ctrl-C.
watch() {
	file=$1
	shift
	: >"$file"
	"$SONDE_BIN" run "$SONDE_PROBES/trace_exec" --agent="$tap_scratch/control.sock" -F "proc.comm==$mark" -o json "$@" \
		>"$file" 2>"$file.errors" &
	watcher=$!
	until_true [ -s "$file" ]
	kill -INT $watcher
	wait $watcher
}

before=$(ours)
(
	runs=0
	until [ -e enough ]; do
		run 1
		runs=$((runs + 1))
	done
	echo $runs >runs
) &
workload=$!
tap_at_exit 'touch enough; wait $workload'
watch first
watch second
lines=$(fetch sonde_control_lines_total | sed 's/.* //')
touch enough
wait $workload
tap_has "events come from the agent" "$(head -n 1 first)" "\"comm\":\"$mark\""
tap_has "and again" "$(head -n 1 second)" "\"comm\":\"$mark\""
tap_check "over its socket" [ "$lines" -ge 2 ]
tap_is "no count is lost when somebody comes and leaves" "$(ours)" $((before + $(cat runs)))
tap_is "nobody listens any more" "$(fetch sonde_control_streams)" "sonde_control_streams 0"
lines=$(fetch sonde_control_lines_total)
"$SONDE_BIN" run "$SONDE_PROBES/trace_exec" --agent="$tap_scratch/control.sock" --paths -t 1ms >/dev/null 2>&1
tap_is "with other parameters it is no gadget of the agent's" "$(fetch sonde_control_lines_total)" "$lines"

# ---- what goes ----

rm broken.yaml
tap_has "what cannot be had any more is told" "$(ask reload)" "broken.yaml"
tap_is "and goes on as it was" "$(state broken)" running
sed -i '/name: ours/d' sonde.yaml
echo 'rest: 1' >>sonde.yaml
tap_has "unknown keys have a position" "$("$SONDE_BIN" agent -c sonde.yaml --check 2>&1)" "sonde.yaml:13:1: a sonde.yaml has no key 'rest'"

tap_has "what nobody answers is said" "$("$SONDE_BIN" control --socket=nowhere status 2>&1)" "no agent can be asked at 'nowhere'"
tap_has "of policies, too" "$("$SONDE_BIN" policy --socket=nowhere list 2>&1)" "no agent can be asked at 'nowhere'"
tap_has "with the words there are" "$("$SONDE_BIN" policy lst 2>&1)" "did you mean 'list'?"
tap_has "and what they want" "$("$SONDE_BIN" policy set-mode x 2>&1)" "write: policy set-mode NAME enforce|monitor"
tap_has "so is a slip of the hand" "$(ask lits)" "did you mean 'list'?"
stop
agent=
tap_is "nothing is left behind" "$(ls control.sock 2>/dev/null)" ""
tap_done
