#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What `sonde inspect` tells of gadgets: out of folders, objects, and images as layout, tar and compressed tar; and what
# it says of broken ones. The gadgets of gadgets/ are compiled by `sonde build`, as users do it, where there is a clang.
. "$SONDE_SOURCE/tests/lib/tap.sh"

cd "$tap_scratch" || exit 1
object=$SONDE_TEST_BPF/sizes.bpf.o

# inspect ARGUMENT…: what it prints, and its exit status when that is not 0.
inspect() {
	"$SONDE_BIN" inspect "$@" 2>&1 || echo "exit $?"
}

# json ARGUMENT…: with a comma or bracket at the end of each line, so that it can be searched.
json() {
	"$SONDE_BIN" inspect --json "$@" 2>warnings | sed 's/[,{[]/&\
/g'
}

# ---- an image ---------------------------------------------------------------------------------------

case $(uname -m) in
aarch64) arch=arm64 ;;
*) arch=amd64 ;;
esac

# blob FILE: puts it into the layout; what a descriptor says of it.
blob() {
	sum=$(sha256sum "$1" | cut -d' ' -f1)
	cp "$1" "layout/blobs/sha256/$sum"
	printf '"digest": "sha256:%s", "size": %s' "$sum" "$(wc -c <"$1")"
}

# layout OBJECT [LAYER]: an image with that object, and one more layer.
layout() {
	rm -rf layout
	mkdir -p layout/blobs/sha256
	printf 'name: image\ndescription: Out of an image\n' >gadget.yaml
	cat >manifest.json <<-END
	{"config": {"mediaType": "application/vnd.gadget.config.v1+yaml", $(blob gadget.yaml)},
	 "layers": [{"mediaType": "application/vnd.gadget.ebpf.program.v1+binary", $(blob "$1")}${2-}]}
	END
	cat >index.json <<-END
	{"manifests": [{"digest": "sha256:none", "platform": {"architecture": "riscv64"}},
	 {$(blob manifest.json), "platform": {"architecture": "$arch"}}]}
	END
	printf '{"manifests": [{%s}]}' "$(blob index.json)" >layout/index.json
	rm gadget.yaml
}

layout "$object"
tap_has 'a layout' "$(inspect layout)" 'layout: Out of an image'
tap_has 'a layout has the programs of its object' "$(inspect layout)" 'PROGRAM '
(cd layout && tar cf ../image.tar .)
tap_has 'a tar' "$(inspect image.tar)" 'image: Out of an image'
gzip -c image.tar >image.tar.gz
tap_has 'a compressed tar' "$(inspect image.tar.gz)" 'image: Out of an image'
gzip -c "$object" >object.gz
layout object.gz
tap_has 'a compressed layer' "$(inspect layout)" 'PROGRAM '
layout "$object" ', {"mediaType": "application/vnd.gadget.wasm.program.v1+binary"}'
tap_has 'an image with a module' "$(inspect layout)" 'needs, and sonde does not have it: WebAssembly'
for file in layout/blobs/sha256/*; do
	! grep -q description "$file" || echo changed >>"$file"
done
tap_has 'a blob that was changed' "$(inspect layout)" 'has been changed: its digest is'
echo '{"manifests": [{"digest": "sha256:../../../etc/passwd"}]}' >layout/index.json
tap_has 'a digest that is a path' "$(inspect layout)" "is no sha256: and 64 hexadecimal digits"
echo '{"manifests": [{"platform": {"architecture": "vax"}}]}' >layout/index.json
tap_has 'nothing for this machine' "$(inspect layout)" 'has nothing for architecture'
echo '[' >layout/index.json
tap_has 'an index that is no JSON' "$(inspect layout)" 'layout/index.json:'
head -c 1000 image.tar >cut.tar
tap_has 'a tar that is cut short' "$(inspect cut.tar)" 'exit 1'
mkdir plain
cp "$object" plain/program.bpf.o
printf 'name: plain\ndescription: A folder in a tar\n' >plain/gadget.yaml
tar cf plain.tar plain
tap_has "a tar of a gadget's folder" "$(inspect plain.tar)" 'plain: A folder in a tar'

# ---- folders and files ------------------------------------------------------------------------------

tap_has 'a folder' "$(inspect plain)" 'plain: A folder in a tar'
tap_has 'an object' "$(inspect plain/program.bpf.o)" 'plain: A folder in a tar'
tap_has 'a gadget.yaml' "$(inspect plain/gadget.yaml)" 'PROGRAM '
tap_has 'an object alone' "$(inspect "$object")" 'PROGRAM '
tap_is 'there is none' "$(inspect nothing)" "inspect: cannot open gadget 'nothing': No such file or directory
exit 1"
mkdir empty
tap_has 'an empty folder' "$(inspect empty)" "'empty' is no gadget"
echo 'name: [' >empty/gadget.yaml
tap_has 'broken metadata' "$(inspect empty/)" 'inspect: empty/gadget.yaml:2:1: yaml: '
tap_has 'broken metadata, named without a slash' "$(inspect empty)" 'inspect: empty/gadget.yaml:2:1: yaml: '
mkdir sources
touch sources/program.bpf.c
tap_has 'a source without its object' "$(inspect sources)" 'make it with: sonde build sources'
mkdir two
cp "$object" two/a.bpf.o
cp "$object" two/b.bpf.o
tap_has 'two objects' "$(inspect two)" "folder 'two' has 2 objects; name the one that is meant"
tap_has 'two gadgets' "$(inspect plain two)" 'exit 2'

mkdir custom
cat >custom/gadget.yaml <<-'END'
	name: custom
	params:
	  custom:
	    mode: {defaultValue: calm, values: {calm: {}, loud: {patch: {annotations: {noise: much}}}}}
END
tap_has 'a parameter that shapes the gadget' "$(inspect --param mode=loud custom)" 'noise: much'
tap_has 'a value it does not have' "$(inspect --param mode=odd custom)" \
	"custom/gadget.yaml:4:5: \"odd\" is no value of parameter 'mode'"
tap_has 'what is no NAME=VALUE' "$(inspect --param odd custom)" "--param: 'odd' is no NAME=VALUE"

# ---- gadgets compiled by their headers --------------------------------------------------------------

if ! command -v clang >/dev/null && ! command -v clang-14 >/dev/null && ! command -v clang-16 >/dev/null; then
	tap_skip 'gadgets are compiled' 'there is no clang'
elif [ ! -e /sys/kernel/btf/vmlinux ]; then
	tap_skip 'gadgets are compiled' 'this kernel has no types'
else
	for gadget in events packets rows snapshot stacks; do
		cp -r "$SONDE_SOURCE/tests/kernel/bpf/gadgets/$gadget" .
		tap_is "gadget $gadget is compiled" "$("$SONDE_BIN" build "$gadget" 2>&1)" \
			"$gadget/program.bpf.o"
	done
	events=$(json events)
	tap_has 'a warning has the nearest name' "$(cat warnings)" \
		"events/gadget.yaml:13:7: data source 'happenings' has no field 'nmae', ignoring it; did you mean 'name'?"
	tap_has 'losses of a tracer' "$events" '"lost_map":"events_lost_samples"'
	tap_has 'a group' "$events" '"name":"proc.parent.comm"'
	tap_has 'an alias' "$events" '"columns.alias":"pid"'
	for text in timestamp error_name signal syscall_name file_flags file_mode bytes duration user_name kernel_stack enum bits endpoint_addr \
		endpoint l4proto; do
		tap_has "a text by $text" "$events" "\"decoder\":\"$text\""
	done
	for role in timestamp comm pid tid mntns_id uid gid addr port l4proto errno signal syscall duration netns_id kstack; do
		tap_has "a field of role $role" "$events" "\"role\":\"$role\""
	done
	tap_has 'a parameter of the headers' "$events" '"constant":"targ_pid"'
	tap_has 'a default of the object' "$events" '"default":"-5"'
	tap_has 'a default of the text' "$events" '"name":"only-bad",
"type":"bool",
"default":"true"'
	stacks=$(json stacks)
	tap_has 'a stack of user space' "$stacks" '"role":"ustack"'
	tap_has 'parameters of such stacks' "$stacks" '"constant":"collect_ustack"'
	tap_has 'the map of sockets' "$(json packets)" '"name":"gadget_sockets"'
	rows=$(json rows)
	tap_has 'keys of rows' "$rows" '"key":true'
	for kind in counter gauge histogram; do
		tap_has "a $kind" "$rows" "\"metrics.type\":\"$kind\""
	done
	tap_has 'how often maps are read' "$rows" '"name":"map-fetch-interval"'
	snapshot=$(json snapshot)
	tap_has 'iterators' "$snapshot" '"iterators":[
"walk_tasks",
"walk_files"]'
	if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
		chmod -R a+rX .
		tap_has 'without any privilege' "$(setpriv --reuid 65534 --regid 65534 --clear-groups \
			--bounding-set -all "$SONDE_BIN" inspect events 2>&1)" 'data source happenings'
	else
		tap_skip 'without any privilege' 'nothing to drop them with'
	fi
fi

tap_done
