#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The commands that answer and end: check, plan, help and version, on configs that work, half work and do not.
. "$SONDE_SOURCE/tests/lib/tap.sh"

cd "$tap_scratch" || exit 1
# A file of our own: a uprobe on post_attach_mark would see the exporters of other tests as well.
cp "$SONDE_BIN" program
SONDE_BIN=$tap_scratch/program

# config NAME MAP OBJECT
config() {
	printf 'metrics:\n  counters:\n    - name: %s\n      help: Help\n' "$2" >"$1.yaml"
	cp "$SONDE_TEST_BPF/$3.bpf.o" "$1.bpf.o"
}

# sonde ARG…: stdout and the exit status; stderr is in the file errors.
sonde() {
	timeout 60 "$SONDE_BIN" "$@" 2>errors
	echo "exit $?"
}

mkdir all
config all/good marks_total sizes
config all/half fires_total partial
config all/no_map mark_total sizes

# ---- check ----

tap_is "check a config that works" "$(sonde check all/good.yaml)" \
	"CONFIG  PROGRAM  HOOK                                    LOADED  ATTACHED  WHY NOT
good    on_mark  uprobe /proc/self/exe:post_attach_mark  yes     yes
exit 0"
tap_is "check says nothing else" "$(cat errors)" ""
checked=$(sonde check all)
tap_has "check a directory: what works" "$checked" \
	"good    on_mark        uprobe /proc/self/exe:post_attach_mark      yes     yes
half"
tap_has "check a directory: what has no hook" "$checked" \
	"half    cannot_attach  uprobe ./trigger:no_such_function_anywhere  yes     no        there is no file './trigger'"
tap_has "check a directory: what cannot be read" "$checked" \
	"no_map  -              -                                           no      no        all/no_map.yaml:3:7: map \
'mark_total' does not exist in all/no_map.bpf.o; did you mean 'marks_total'?"
tap_has "check a directory: exit status" "$checked" "exit 1"
tap_is "check what is not there" "$(sonde check nowhere)$(cat errors)" \
	"exit 1check: cannot open config 'nowhere': No such file or directory"
mkdir empty
tap_is "check an empty directory" "$(sonde check empty)$(cat errors)" \
	"exit 1check: there is no NAME.yaml in directory 'empty'"
tap_is "check without arguments" "$(sonde check)$(cat errors)" \
	"exit 2sonde check: error: required argument CONFIG…|POLICY… not provided, try --help"

cat >policy.yaml <<-'END'
	apiVersion: cilium.io/v1alpha1
	kind: TracingPolicy
	metadata: {name: reads}
	spec:
	  kprobes:
	    - call: sys_read
	      args: [{index: 0, type: int}]
END
sed 's/type: int/type: ints/' policy.yaml >wrong.yaml
tap_is "plan a policy" "$(sonde plan policy.yaml)" "POLICY  HOOK             SHOWS  RULES  DOES  NEEDS
reads   kprobe sys_read  int    0      Post  -
exit 0"
# By which program and prefix depends on the machine.
tap_is "check a policy" "$(sonde check policy.yaml | sed -n 's/^reads .*_sys_read */reads … /p; s/^exit/exit/p')" \
	"reads … yes     yes
exit 0"
tap_has "check a policy that is wrong" "$(sonde check wrong.yaml)" "wrong.yaml:7:31: spec.kprobes[0].args[0].type: \
'type' is \"ints\", which is no type of an argument; did you mean 'int'?
exit 1"
tap_has "a policy is no gadget" "$(sonde run policy.yaml)$(cat errors)" "'sonde policy' runs it"

# ---- plan ----

planned=$(sonde plan all/good.yaml)
tap_has "plan names the object" "$planned" "all/good.bpf.o"
tap_has "plan names the hook" "$planned" "uprobe /proc/self/exe:post_attach_mark"
tap_has "plan names the map" "$planned" "map marks_total: array, 1 entry, key 4 bytes, value 8 bytes"
tap_has "plan: exit status" "$planned" "exit 0"
tap_has "plan as JSON" "$(sonde plan --json all/good.yaml)" '"marks_total"'
planned=$(sonde plan --metrics "$SONDE_PROBES/trace_open")
tap_has "plan of a gadget: its metrics" "$planned" "metric opens_total (counter)"
tap_has "and where they are counted" "$planned" "counted in the kernel"
planned=$(sonde plan all)
tap_has "plan tells what cannot be planned" "$(cat errors)" "config 'no_map': all/no_map.yaml:3:7: map 'mark_total'"
tap_has "plan shows the others all the same" "$planned" "marks_total: array"
tap_has "plan of what cannot be: exit status" "$planned" "exit 1"

mkdir full
cp "$SONDE_TEST_BPF/overflow.bpf.o" full/small.bpf.o
cat >full/small.yaml <<'EOF'
metrics:
  counters:
    - {name: shared_total, help: h, labels: [{name: what, size: 8, decoders: [{name: uint}]}]}
    - {name: recent_total, help: h, labels: [{name: what, size: 8, decoders: [{name: uint}]}]}
EOF
planned=$(sonde plan --load full/small.yaml)
tap_has "plan --load tells which lookups are redirected" "$(echo "$planned" | grep '^  map shared_total')" ": redirected"
tap_has "plan tells why none is" "$planned" "map 'recent_total' is an LRU map"

# ---- run ----

# wait_for FILE TEXT: until the text stands in the file, for a minute at most.
wait_for() {
	tries=0
	until grep -q "$2" "$1" || [ $tries -eq 600 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
}

cp -r all shown
echo 'metrics: [' >shown/broken.yaml
cp "$SONDE_TEST_BPF/badmap.bpf.o" shown/
echo 'metrics: {counters: []}' >shown/badmap.yaml
"$SONDE_BIN" run --probes=shown --listen=127.0.0.1:0 >shown.out 2>&1 &
pid=$!
tap_at_exit "kill -KILL $pid 2>/dev/null"
wait_for shown.out 'what runs'
page=$(busybox wget -q -O - "$(sed -n 's/^what runs *//p' shown.out)")
tap_has "the page says what cannot be read" "$page" "shown/broken.yaml:2:1: yaml:"
tap_has "the page says what cannot be planned" "$page" "shown/no_map.yaml:3:7: map"
tap_has "the page says what cannot be loaded" "$page" "impossible&#39; cannot be made"
tap_has "the page says what cannot be attached" "$page" "there is no file &#39;./trigger&#39;"
kill -INT $pid
wait $pid

"$SONDE_BIN" run --probes=all --listen=127.0.0.1:0 >run.out 2>run.err &
pid=$!
tap_at_exit "kill -KILL $pid 2>/dev/null"
wait_for run.out 'what runs'
url=$(sed -n 's/^metrics *//p' run.out)
tap_has "run says how many run" "$(cat run.out)" "1 of 3 probes run"
tap_has "run names the metrics of what runs" "$(cat run.out)" "good    ebpf_exporter_marks_total  Help"
tap_has "run says why something does not" "$(cat run.out)" "half    left out                   uprobe ./trigger:fire: there is no file './trigger'"
tap_has "run says what is wrong with a config" "$(cat run.out)" "no_map  left out                   all/no_map.yaml:3:7: map 'mark_total'"
tap_has "run serves" "$(busybox wget -q -O - "$url")" "ebpf_exporter_marks_total 1"
kill -INT $pid
wait $pid
tap_is "run ends with 0" $? 0
tap_is "run knows its probes" "$(sonde run --probes=all godo)$(sed 's/^[^a-z]*//' errors)" \
	"exit 1run: there is no probe 'godo'; there are: good, half, no_map"
tap_has "run finds gadgets beside probes" "$(sonde run --probes="$SONDE_PROBES" trace_open --help)" "--[no-]failed"
tap_has "run --ring-size: no size" "$(sonde run --probes="$SONDE_PROBES" trace_open --ring-size=1T)$(cat errors)" \
	"--ring-size: '1T' is no size from 4K to 1G, as 512K or 16M"
tap_has "run tells the gadget that was meant" "$(sonde run --probes="$SONDE_PROBES" trace_opn)$(cat errors)" "did you mean the gadget 'trace_open'?"
tap_has "run needs one that runs" "$(sonde run --probes=all no_map)$(cat errors)" "exit 1"
tap_has "run says that none runs" "$(cat errors)" "run: no probe can run here"

# ---- parameters ----

mkdir params
cp all/good.bpf.o params/split.bpf.o
cp all/good.bpf.o params/whole.bpf.o
{
	echo 'help: Marks, in two ways'
	echo 'params: [{name: by_cgroup, help: Split by cgroup}, {name: depth, help: How deep, type: u32, default: 3}]'
	cat all/good.yaml
} >params/split.yaml
printf 'help: None\nmetrics: {gauges: [{name: marks_total, help: Marks}]}\n' >params/whole.yaml
tap_has "run --param: unknown" "$(sonde run --probes=params --param=split.width=1)$(cat errors)" \
	"--param: 'split' has no parameter 'width'; did you mean 'depth'?"
tap_has "run --param: exit status" "$(sonde run --probes=params --param=split.depth=many)" "exit 1"
tap_has "run --param: of another type" "$(cat errors)" "parameter 'depth' of 'split' is \"many\""
tap_has "run --param: no such probe" "$(sonde run --probes=params --param=splat.depth=1)$(cat errors)" \
	"there is no 'splat' here"
tap_has "run --by: nothing can" "$(sonde run --probes=params --by=colour)$(cat errors)" \
	"--by: nothing here can be split by 'colour'"

# ---- list ----

listed=$(sonde list --probes=params)
tap_has "list: exit status" "$listed" "exit 0"
tap_has "list: what a probe is for" "$listed" "split  yes        Marks, in two ways"
tap_has "list: hooks" "$listed" "hooks: uprobe /proc/self/exe:post_attach_mark"
tap_has "list: needs" "$listed" "needs: CAP_BPF, CAP_PERFMON, uprobes"
tap_has "list: parameters" "$listed" "--param=split.by_cgroup=true: Split by cgroup"
tap_has "list: parameters with a default" "$listed" "--param=split.depth=u32: How deep (3)"
listed=$(sonde list --probes=all)
tap_has "list: what cannot run, and why" "$listed" "why not: uprobe ./trigger:fire: there is no file './trigger'"
tap_has "list: what cannot be planned, and why" "$listed" "why not: all/no_map.yaml:3:7: map 'mark_total'"
tap_has "list: as JSON" "$(sonde list --probes=all --format=json good)" \
	'{"name":"good","gadget":false,"help":null,"runs_here":"yes","reason":null,"needs":["CAP_BPF, CAP_PERFMON","uprobes"],'
tap_has "list: another format" "$(sonde list --format=xml)$(cat errors)" "--format: 'xml' is none; it must be text or json"
tap_is "list knows its probes" "$(sonde list --probes=all godo)$(sed 's/^[^a-z]*//' errors)" \
	"exit 1list: there is no probe 'godo'; there are: good, half, no_map"

listed=$(sonde list --probes="$SONDE_PROBES" --format=json)
tap_is "every shipped probe and gadget says what it is for" \
	"$(echo "$listed" | grep -o '"name":"[a-z_]*","gadget":[a-z]*,"help":null,"runs_here"')" ""
tap_has "list: gadgets" "$listed" '{"name":"trace_open","gadget":true,"help":"Files'
tap_has "list: parameters of gadgets" "$(sonde list --probes="$SONDE_PROBES" trace_open)" "--paths: Also tell where the file is"

# ---- help and version ----

tap_has "help" "$(sonde --help)" "usage: sonde COMMAND"
tap_has "help of a command" "$(sonde exporter --help)" "--web.telemetry-path=TEXT"
tap_has "version" "$(sonde --version)" "sonde, version "
ln -s "$SONDE_BIN" ebpf_exporter
tap_has "version under the other name, on stderr" "$(./ebpf_exporter --version 2>&1 >/dev/null)" \
	"ebpf_exporter, version "
tap_has "help under the other name, on stderr" "$(./ebpf_exporter -h 2>&1 >/dev/null)" "usage: ebpf_exporter --config.dir="
tap_is "nothing at all" "$("$SONDE_BIN" >/dev/null; echo $?)" 2

tap_done
