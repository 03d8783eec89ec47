#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Metrics of gadgets as v0.21 configs ask for them: sonde metrics FILE, sonde prometheus --config.
. "$SONDE_SOURCE/tests/lib/tap.sh"

cd "$tap_scratch" || exit 1
[ -d "$SONDE_PROBES/trace_exec" ] || tap_skip_all "there is no gadget trace_exec"
mark=gm$$
cp /bin/true "$mark.a" && cp "$mark.a" "$mark.b" || exit 1

stop() {
	kill "$agent" 2>/dev/null
	wait "$agent" 2>/dev/null
}
tap_at_exit stop

# start ARG…: until it serves, for a minute at most; the port is in the file out.
start() {
	: >out # not what the one before wrote
	"$SONDE_BIN" "$@" --gadgets="$SONDE_PROBES" --metrics-listen-address=127.0.0.1:0 >out 2>errors &
	agent=$!
	tries=0
	until grep -q '^metrics ' out || [ $tries -eq 600 ] || ! kill -0 $agent 2>/dev/null; do
		sleep 0.1
		tries=$((tries + 1))
	done
	url=$(sed -n 's/^metrics *//p' out)
	[ -n "$url" ] || sed 's/^/# /' errors
}

# fetch NAME: its series.
fetch() {
	{ wget -q -O - "$url" 2>/dev/null || curl -s "$url"; } | grep "^$1[{ ]"
}

# run WORD COUNT
run() {
	i=0
	while [ $i -lt "$2" ]; do
		"./$mark.$1" >/dev/null 2>&1
		i=$((i + 1))
	done
}

refused() {
	"$SONDE_BIN" metrics --gadgets="$SONDE_PROBES" --metrics-listen-address=127.0.0.1:0 "$1" 2>&1
}

# ---- a manifest with a ConfigMap, as it is ----

cat >manifest.yaml <<-END
	apiVersion: v1
	kind: ConfigMap
	metadata:
	  name: what-to-count
	data:
	  metrics.yaml: |-
	    metrics_name: test
	    metrics:
	      - name: programs_run
	        type: counter
	        category: trace
	        gadget: exec
	        labels:
	          - k8s.namespace
	          - k8s.pod
	          - k8s.container
	          - comm
	---
	apiVersion: apps/v1
	kind: DaemonSet
	metadata:
	  name: agent
	spec: {}
END
start metrics manifest.yaml
run a 5
run b 2
kill -HUP "$agent"
tries=0
until grep -q 'Reloaded in' errors || [ $tries -eq 600 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
run a 1
tap_is "what is in a ConfigMap is counted, and a reload keeps it" "$(fetch programs_run_total | grep "$mark")" \
	"programs_run_total{comm=\"$mark.a\",k8s_container=\"\",k8s_namespace=\"\",k8s_pod=\"\"} 6
programs_run_total{comm=\"$mark.b\",k8s_container=\"\",k8s_namespace=\"\",k8s_pod=\"\"} 2"
stop

# ---- selectors, histograms, gauges ----

cat >metrics.yaml <<-END
	metrics_name: test
	metrics:
	- {name: matched, type: counter, category: trace, gadget: exec, selector: ["comm:~^$mark[.]"]}
	- {name: not_matched, type: counter, category: trace, gadget: exec, labels: [comm], selector: ["ppid:$$", "comm:!~a$"]}
	- {name: equal, type: counter, category: trace, gadget: exec, selector: ["comm:$mark.a"]}
	- {name: not_equal, type: counter, category: trace, gadget: exec, selector: ["comm:~^$mark", "comm:!$mark.a"]}
	- {name: from_us, type: counter, category: trace, gadget: exec, labels: [ppid], selector: [ppid: $$, "comm:~^$mark", "pid:>1", "pid:!<=1"]}
	- {name: nobody, type: counter, category: trace, gadget: exec, labels: [comm], selector: ["ppid:$$", "k8s.namespace:!"]}
	- {name: by_pid, type: histogram, category: trace, gadget: exec, field: ppid, selector: ["comm:$mark.a"], bucket: {type: exp2, min: 0, max: 23}}
	- {name: by_steps, type: histogram, category: trace, gadget: exec, field: ppid, selector: ["comm:$mark.a"], bucket: {type: linear, min: 0, max: 2, multiplier: $$}}
	- {name: sleepers, type: gauge, category: snapshot, gadget: process, labels: [ppid], selector: ["ppid:$$", "comm:sleep"]}
	- {name: sockets, type: gauge, category: snapshot, gadget: socket, labels: [protocol, status], selector: ["status:LISTEN"]}
END
start --auto-mount-filesystems prometheus --config @metrics.yaml
run a 4
run b 3
tap_is "a regular expression selects" "$(fetch matched_total)" "matched_total 7"
tap_is "a negated one selects the others" "$(fetch not_matched_total | grep "$mark")" "not_matched_total{comm=\"$mark.b\"} 3"
tap_is "a text selects" "$(fetch equal_total)" "equal_total 4"
tap_is "a negated one, too" "$(fetch not_equal_total)" "not_equal_total 3"
tap_is "numbers are compared, also as a map" "$(fetch from_us_total)" "from_us_total{ppid=\"$$\"} 7"
tap_is "who has no namespace is not in one" "$(fetch nobody_total)" ""
tap_is "a histogram counts all" "$(fetch by_pid_count)" "by_pid_count 4"
tap_is "and knows their sum" "$(fetch by_pid_sum)" "by_pid_sum $((4 * $$))"
tap_is "its bounds are powers of two" "$(fetch by_pid_bucket | sed -n 's/.*le="\([^"]*\)".*/\1/p' | sed -n '1p;2p;20p;23p;24p' | tr '\n' ' ')" \
	"1 2 524288 4.194304e+06 +Inf "
tap_is "linear ones are multiples" "$(fetch by_steps_bucket)" "by_steps_bucket{le=\"0\"} 0
by_steps_bucket{le=\"$$\"} 4
by_steps_bucket{le=\"+Inf\"} 4"

/bin/sleep 1000 &
first=$!
/bin/sleep 1000 &
second=$!
tap_at_exit 'kill $first $second 2>/dev/null'
# Until both are no shells any more.
tries=0
until [ "$(fetch sleepers)" = "sleepers{ppid=\"$$\"} 2" ] || [ $tries -eq 600 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
tap_is "a gauge says what is there" "$(fetch sleepers)" "sleepers{ppid=\"$$\"} 2"
kill $first
wait $first 2>/dev/null
tap_is "at every scrape anew" "$(fetch sleepers)" "sleepers{ppid=\"$$\"} 1"
kill $second
wait $second 2>/dev/null
tap_is "and nothing when nothing is left" "$(fetch sleepers)" ""
tap_has "sockets are there, too" "$(fetch sockets)" 'sockets{protocol="TCP",status="LISTEN"} '
stop

tap_has "a runtime that does not answer is an error" \
	"$("$SONDE_BIN" prometheus --config "{metrics_name: x, metrics: [{name: whose, type: counter, category: trace, gadget: exec, labels: [k8s.pod]}]}" \
		--gadgets="$SONDE_PROBES" --metrics-listen-address=127.0.0.1:0 --runtime.socket="docker:$tap_scratch/no.sock" 2>&1)" \
	"nobody answers at the runtime's socket '$tap_scratch/no.sock'"

start prometheus --config "{metrics_name: x, metrics: [{name: inline, type: counter, category: trace, gadget: exec, selector: ['comm:$mark.a']}]}" \
	--metrics-path /here --compat
run a 1
tap_is "the text itself will do, at another path, with the original's labels" "${url##*/} $(fetch inline_total)" \
	'here inline_total{otel_scope_name="gadgets.inspektor-gadget.io/x"} 1'
stop

# ---- maps that are metrics, as gadgets of 2023 named them ----

mkdir packed
cp "$SONDE_TEST_BPF/packed.bpf.o" packed/program.bpf.o
cat >packed/gadget.yaml <<-END
	name: packed
	description: counts system calls
	metrics:
	  syscalls:
END
exits='syscall_counter{k8s_containerName="",k8s_namespace="",k8s_podName="",kind="7",runtime_containerName="",syscall="SYS_EXIT_GROUP"}'
: >out
"$SONDE_BIN" run ./packed --listen=127.0.0.1:0 >shown 2>out &
agent=$!
tries=0
until grep -q '^metrics ' out || [ $tries -eq 600 ] || ! kill -0 $agent 2>/dev/null; do
	sleep 0.1
	tries=$((tries + 1))
done
url=$(sed -n 's/^metrics *//p' out)
run a 6
tap_is "keys are labels, values are counters" "$(fetch syscall_counter | grep EXIT_GROUP)" "$exits 6"
run b 3
tap_is "they are cumulative" "$(fetch syscall_counter | grep EXIT_GROUP)" "$exits 9"
stop
tap_is "and nothing is shown" "$(cat shown)" ""

# ---- every column that the page promises ----

# check CATEGORY/GADGET TYPE COLUMN…: each makes a label.
check() {
	gadget=$1 type=$2
	shift 2
	[ -d "$SONDE_PROBES/$(echo "$gadget" | tr / _)" ] || {
		tap_not_ok "$gadget" "there is no such gadget"
		return
	}
	{
		echo "metrics_name: x"
		echo "metrics:"
		for column in "$@" k8s.container k8s.namespace k8s.pod runtime.containerName; do
			echo "- {name: 'm_$column', type: $type, category: ${gadget%/*}, gadget: ${gadget#*/}, labels: [$column]}"
		done
	} >columns.yaml
	tap_check "columns of $gadget" "$SONDE_BIN" metrics --check --gadgets="$SONDE_PROBES" columns.yaml
}
process='comm gid mntns pid ppid tid uid'
ends='src src.addr src.port src.proto src.v dst dst.addr dst.port dst.proto dst.v'
# shellcheck disable=SC2086 # words
{
	check snapshot/process gauge $process
	check snapshot/socket gauge $ends inode protocol status
	check trace/bind counter $process addr if opts port proto ret
	check trace/dns counter $process dstIP dstPort id latency name nameserver numAnswers proto qr qtype rcode srcIP srcPort type
	check trace/exec counter $process loginuid pcomm ret sessionid upperlayer
	check trace/mount counter $process flags fs latency op ret
	check trace/oomkill counter kcomm kpid mntns pages tcomm tgid tpid tuid
	check trace/open counter $process err fd flags mode path ret
	check trace/signal counter $process ret signal tpid
	check trace/tcp counter $process $ends ip t
	check trace/tcpdrop counter $ends comm gid ip mntns netns pid reason state tcpflags uid
	check trace/tcpretrans counter $process $ends ip netns state tcpflags
}

# ---- what is wrong ----

cat >bad.yaml <<-END
	metrics_name: x
	metrics:
	- {name: a, type: counter, category: trace, gadget: exec, labels: [com]}
	- {name: b, type: counter, category: trace, gadget: exec, labels: [proc.con], selector: ["pid:>x", "pid:~5"]}
END
said=$(refused bad.yaml)
tap_has "a column that is not there is told" "$said" "bad.yaml:3:68: trace/exec has no column 'com'; did you mean 'comm'?"
tap_has "all of them at once" "$said" "bad.yaml:4:68: trace/exec has no column 'proc.con'; did you mean 'proc.comm'?"
sed -i 's/proc.con/proc.comm/; s/\[com\]/[comm]/' bad.yaml
said=$(refused bad.yaml)
tap_has "a number that is none is told" "$said" "bad.yaml:4:97: 'x' is no number; column 'proc.pid' is compared with one"
tap_has "and a regular expression over numbers" "$said" "column 'proc.pid' is no text"
sed -i 's/gadget: exec/gadget: exek/' bad.yaml
tap_has "a gadget that is not there is told" "$(refused bad.yaml)" "there is no gadget 'trace/exek'; did you mean 'trace/exec'?"
tap_done
