#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Everything that people get wrong, one by one: what they are told, word for word, and the exit status.
# Timestamps are off; the scratch directory reads DIR. Lines that depend on the machine are left out of the comparison:
# libbpf's, and what capabilities the test has.
. "$SONDE_SOURCE/tests/lib/tap.sh"

cd "$tap_scratch" || exit 1
# A file of our own: a uprobe on post_attach_mark would see the exporters of other tests as well.
cp "$SONDE_BIN" program
SONDE_BIN=$tap_scratch/program
objects=$SONDE_TEST_BPF

# config NAME [OBJECT]: NAME.yaml from stdin, and the object under its name.
config() {
	cat >"$1.yaml"
	[ $# -eq 1 ] || cp "$objects/$2.bpf.o" "$1.bpf.o"
}

counter() {
	printf 'metrics:\n  counters:\n    - name: %s\n      help: Help\n' "$1"
}

# exporter FLAG…: its stderr and its exit status, made comparable.
exporter() {
	timeout 60 "$SONDE_BIN" exporter --log.no-timestamps --config.dir="$tap_scratch" "$@" >output 2>&1
	echo "exit $?" >>output
	grep -v -e '^libbpf ' -e '^Started with' -e '^Retaining all' -e '^    ' output | sed "s|$tap_scratch|DIR|g"
}

# fails NAME CONFIG_NAMES WANTED [FLAG…]: the lines that are wanted, then "exit 1".
fails() {
	name=$1 names=$2 wanted=$3
	shift 3
	tap_is "$name" "$(exporter --config.names="$names" "$@")" "$wanted
exit 1"
}

counter marks_total | config good sizes

# ---- the command line ----

tap_is "no flags" "$("$SONDE_BIN" exporter 2>&1; echo "exit $?")" \
	"sonde exporter: error: required flag(s) '--config.dir', '--config.names' not provided, try --help
exit 1"
ln -s "$SONDE_BIN" ebpf_exporter
tap_is "no flags under the other name" "$(./ebpf_exporter 2>&1; echo "exit $?")" \
	"ebpf_exporter: error: required flag(s) '--config.dir', '--config.names' not provided, try --help
exit 1"
tap_is "a directory that is not there" \
	"$("$SONDE_BIN" exporter --config.dir=/nonexistent --config.names=a 2>&1; echo "exit $?")" \
	"sonde exporter: error: path '/nonexistent' does not exist, try --help
exit 1"
tap_is "an unknown flag" "$("$SONDE_BIN" exporter --config.name=a 2>&1; echo "exit $?")" \
	"sonde exporter: error: unknown long flag '--config.name', did you mean '--config.names', try --help
exit 1"
tap_is "a runtime's socket that is none" \
	"$("$SONDE_BIN" exporter --log.no-timestamps --config.dir=. --config.names=good --runtime.socket=/run/x.sock 2>&1 | grep "names no"; echo "exit $?")" \
	"Error creating exporter: '/run/x.sock' names no runtime's socket; write cri:PATH, docker:PATH or podman:PATH, absolute
exit 0"
tap_is "a runtime that is waited for too long" \
	"$("$SONDE_BIN" exporter --log.no-timestamps --config.dir=. --config.names=good --runtime.timeout=11m 2>&1 | grep "waited for")" \
	"Error creating exporter: a container runtime cannot be waited for that long; write 1ms to 10m"
tap_is "a telemetry path that is none" \
	"$("$SONDE_BIN" exporter --config.dir=. --config.names=good --web.telemetry-path=metrics 2>&1; echo "exit $?")" \
	"sonde exporter: error: --web.telemetry-path: 'metrics' does not begin with '/', try --help
exit 1"
tap_is "an unknown command" "$("$SONDE_BIN" chekc 2>&1; echo "exit $?")" \
	"sonde: error: unknown command 'chekc', did you mean 'check', try --help
exit 2"
tap_is "an unknown flag of another command" "$("$SONDE_BIN" plan --jsn 2>&1; echo "exit $?")" \
	"sonde plan: error: unknown long flag '--jsn', did you mean '--json', try --help
exit 2"

# ---- the config ----

fails "no config of that name" nope \
	"Error parsing configs: DIR/nope.yaml: cannot read the config: No such file or directory"
fails "an empty name between commas" good, \
	"Error parsing configs: DIR/.yaml: cannot read the config: No such file or directory"
fails "the same config twice" good,good 'Error attaching exporter: multiple configs with name "good"'

: | config empty
fails "an empty file" empty "Error parsing configs: DIR/empty.yaml: the file is empty; a config is a map of keys"

printf 'metrics:\n  counters: [\n' | config broken
fails "broken YAML" broken "Error parsing configs: DIR/broken.yaml:3:1: yaml: did not find expected node content \
while parsing a flow node; check quotes and indentation (by spaces) here"

printf 'metrics:\n  counters: 3\n' | config type
fails "a key of the wrong type" type "Error parsing configs: DIR/type.yaml:2:13: 'counters' is \"3\"; it must be a list"

echo 'metrics: {}' | config nothing
fails "a config that asks for nothing" nothing "Error parsing configs: DIR/nothing.yaml:1:1: the config asks for \
nothing; it needs metrics.counters, metrics.gauges, metrics.histograms or tracing.spans"

printf 'metrics:\n  counters:\n    - name: x\n    - help: y\n' | config half
fails "name and help missing: both are told" half \
	"Error parsing configs: DIR/half.yaml:3:7: 'help' is missing; every counter needs one
Error parsing configs: DIR/half.yaml:4:7: 'name' is missing; every counter needs one"

# ---- the object ----

counter marks_total | config no_object
fails "no object" no_object "Error attaching exporter: DIR/no_object.yaml:1:1: object 'DIR/no_object.bpf.o' cannot be \
read: No such file or directory; \`sonde build\` makes it from its .bpf.c"

counter marks_total | config text
echo hello >text.bpf.o
fails "an object that is none" text "Error attaching exporter: DIR/text.yaml:1:1: object 'DIR/text.bpf.o': it is not an \
ELF file; clang -target bpf makes one"

counter marks_total | config cut
head -c 700 good.bpf.o >cut.bpf.o
fails "an object cut short" cut "Error attaching exporter: DIR/cut.yaml:1:1: object 'DIR/cut.bpf.o': it is damaged: its \
section table lies outside of the file; is it cut short?; build it again"

counter mark_total | config no_map sizes
fails "no such map" no_map "Error attaching exporter: DIR/no_map.yaml:3:7: map 'mark_total' does not exist in \
DIR/no_map.bpf.o; did you mean 'marks_total'?"

counter small_total | config value sizes
fails "a value that is no u64" value "Error attaching exporter: DIR/value.yaml:3:7: value size for map \"small_total\" is \
not expected 8 bytes (u64), it is 4 bytes"

# ---- what is left out, and the rest runs ----

{
	counter marks_total
	printf '      labels:\n        - name: a\n          size: 2\n          padding: 1\n'
	printf '          decoders:\n            - name: uint\n'
} | config labels sizes
tap_is "label sizes that do not add up" "$(exporter --config.names=labels --config.check)" \
	"config \"labels\": metric left out: DIR/labels.yaml:3:7: a key of map 'marks_total' has 4 bytes, the labels take 3; \
sizes and paddings must add up
Config check successful, exiting
exit 0"

{
	counter marks_total
	printf '      labels:\n        - name: a\n          size: 4\n          decoders:\n            - name: uimt\n'
} | config decoder sizes
tap_is "an unknown decoder" "$(exporter --config.names=decoder --config.check)" \
	"config \"decoder\": metric left out: DIR/decoder.yaml:9:15: label 'a': unknown decoder 'uimt'; did you mean 'uint'?
Config check successful, exiting
exit 0"

counter fires_total | config partial partial
missing="Failed to attach program \"works\" for config \"partial\": there is no file './trigger'
Failed to attach program \"cannot_attach\" for config \"partial\": there is no file './trigger'"
tap_is "programs that cannot attach" "$(exporter --config.names=partial --config.check)" "$missing
Config check successful, exiting
exit 0"
fails "programs that cannot attach, and all of them have to" partial,good "$missing
Missed attachments (module:prog): partial:works, partial:cannot_attach" --config.strict

# ---- the machine ----

fails "BTF that is not there" good "Error creating exporter: kernel types (BTF) at '/nonexistent' cannot be read: No such \
file or directory" --btf.path=/nonexistent
fails "BTF that is none" good "Error creating exporter: 'DIR/good.yaml' has no kernel types; a file of BTF, or an ELF file \
with a section .BTF, has them" --btf.path="$tap_scratch/good.yaml"
counter sonde_test_fires_total | config pinned pinned
if unshare -m sh -c 'mount -t tmpfs none /sys/fs/bpf' 2>/dev/null; then
	# shellcheck disable=SC2016
	tap_has "a map that is to be pinned, and there is nowhere to" \
		"$(unshare -m sh -c 'mount -t tmpfs none /sys/fs/bpf && exec "$@"' sh \
			timeout 60 "$SONDE_BIN" exporter --config.dir=. --config.names=pinned --config.check 2>&1)" \
		"'/sys/fs/bpf/sonde_test_fires_total': there is no bpf file system to pin a map in; mount one"
else
	tap_skip "a map that is to be pinned, and there is nowhere to" "nothing can be mounted here"
fi
fails "an unknown capability" good "Error dropping capabilities: error parsing capability \"cap_beer\"; write names as in \
cap_bpf,cap_perfmon without blanks, or 'all', or 'none'" --capabilities.keep=cap_bpf,cap_beer
fails "an address without a port" good \
	"Error listening on 9435: there is no port; write HOST:PORT, [IPv6]:PORT or :PORT" --web.listen-address=9435
fails "a port that is too big" good \
	"Error listening on :65536: port 65536 is too big; a port is 0 to 65535" --web.listen-address=:65536
fails "an address of another machine" good \
	"Error listening on 192.0.2.1:9435: Cannot assign requested address" --web.listen-address=192.0.2.1:9435
fails "a socket that systemd did not pass" good "Error listening on fd://0: no listeners passed via activation; socket 0 \
of 0 is asked for, sockets are counted from 0" --web.listen-address=fd://0
fails "a socket that is no number" good "Error listening on fd://x: 'x' is no number of a passed socket; the first is \
fd://0" --web.listen-address=fd://x

tap_done
