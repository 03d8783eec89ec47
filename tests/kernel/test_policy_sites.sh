#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Policies on places in user space: USDT probes, and functions by their address. All of it in a binary of our own.
. "$SONDE_SOURCE/tests/lib/tap.sh"

cd "$tap_scratch" || exit 1
caller=$tap_scratch/caller
cp "$SONDE_TEST_BPF/usdt_caller" "$caller" || exit 1
case $(uname -m) in
x86_64) first=rdi ;; # of arguments
*) first=x0 ;;
esac

set -- $("$caller" where=0)
twice_address=$1 twice_offset=$2 thrice_address=$3 thrice_offset=$4 semaphore_offset=$5

stop() {
	[ -z "${agent-}" ] || kill "$agent" 2>/dev/null
	wait "${agent-}" 2>/dev/null
	agent=
}
tap_at_exit stop

# start ARG…: until it serves, for a minute at most.
start() {
	: >errors # not what the one before wrote
	"$SONDE_BIN" policy --metrics-server=127.0.0.1:0 --output=json "$@" >out 2>errors &
	agent=$!
	tries=0
	until grep -q 'Started in' errors || [ $tries -eq 600 ] || ! kill -0 $agent 2>/dev/null; do
		sleep 0.1
		tries=$((tries + 1))
	done
	port=$(sed -n 's/.*Listening on .*, port \([0-9]*\).*/\1/p' errors)
	[ -n "$port" ] || sed 's/^/# /' errors
}

scrape() {
	wget -q -O - "http://127.0.0.1:$port/metrics" 2>/dev/null || curl -s "http://127.0.0.1:$port/metrics"
}

# counted HOOK: events of policies at that hook (a pattern).
counted() {
	scrape | grep '^tetragon_policy_events_total{' | grep "hook=\"$1\"" | awk '{ sum += $NF } END { print sum + 0 }'
}

# until_exits COUNT: until so many of our processes are seen to end, for a minute at most: all that they did is told by then.
until_exits() {
	tries=0
	until [ "$(grep '"process_exit"' out | grep -c "\"binary\":\"$caller\"")" -ge "$1" ] || [ $tries -eq 600 ] ||
		! kill -0 $agent 2>/dev/null; do
		sleep 0.1
		tries=$((tries + 1))
	done
}

# arguments PATTERN: the arguments of the events that have it, one line each.
arguments() {
	grep "$1" out | sed 's/.*"args":\(\[[^]]*\]\).*/\1/'
}

policy() {
	printf 'apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata:\n  name: %s\nspec:\n' "$1"
}

# ---- probes that a binary has notes of ----

{
	policy usdts
	cat <<-END
		  usdts:
		  - path: "$caller"
		    provider: sonde
		    name: values
		    args:
		    - {index: 0, type: int32}
		    - {index: 1, type: uint64}
		    - {index: 2, type: int64}
		    - {index: 3, type: int16}
		    - {index: 4, type: string}
		    - {index: 5, type: uint64}
		    - {index: 7, type: int64}
		    message: "all kinds of operands"
		    tags: ["first"]
		  - path: "$caller"
		    provider: sonde
		    name: places
		    args:
		    - {index: 0, type: uint64}
		    selectors:
		    - matchArgs:
		      - {index: 0, operator: Equal, values: ["2"]}
		  - path: "$caller"
		    provider: sonde
		    name: asked
		    args:
		    - {index: 0, type: uint64}
		  - path: "$caller"
		    btfPath: "$SONDE_TEST_BPF/user_types.bpf.o"
		    provider: sonde
		    name: order
		    args:
		    - {index: 0, type: string, btfType: order, resolve: note}
		    - {index: 0, type: uint8, btfType: order, resolve: kind}
		    - {index: 0, type: string, btfType: order, resolve: customer}
		    - {index: 0, type: int16, btfType: order, resolve: "first.weights[2]"}
		    - {index: 0, type: int64, btfType: order, resolve: "first.price"}
		    selectors:
		    - matchArgs:
		      - {args: [3], operator: GT, values: ["10"]}
	END
} >usdts.yaml
{
	policy set
	cat <<-END
		  usdts:
		  - path: "$caller"
		    provider: sonde
		    name: set
		    args:
		    - {index: 1, type: int64}
		    - {index: 0, type: int32}
		    selectors:
		    - matchArgs:
		      - {index: 1, operator: Equal, values: ["3"]}
		      matchActions:
		      - {action: Set, argIndex: 1, argValue: 33}
	END
} >set.yaml
# Calls of our own function that do something else.
{
	policy override
	cat <<-END
		  uprobes:
		  - path: "$caller"
		    symbols: [twice]
		    args: [{index: 0, type: int}]
		    selectors:
		    - matchArgs: [{index: 0, operator: Equal, values: ["1"]}]
		      matchActions: [{action: Override, argError: 123}]
		    - matchArgs: [{index: 0, operator: Equal, values: ["2"]}]
		      matchActions: [{action: Override, argNewSymbol: thrice}]
		    - matchArgs: [{index: 0, operator: Equal, values: ["3"]}]
		      matchActions: [{action: Override, argNewAddr: $thrice_address, argRegs: ["$first=40"]}]
		    - matchArgs: [{index: 0, operator: Equal, values: ["4"]}]
		      matchActions: [{action: Override, argNewOffset: $thrice_offset}]
		    - matchArgs: [{index: 0, operator: Equal, values: ["5"]}]
		      matchActions: [{action: Override, argRegs: ["$first=30%$first"]}]
		    - matchArgs: [{index: 0, operator: Equal, values: ["6"]}]
		      matchActions: [{action: Override, argRegs: ["$first=(%$first)", "$first=9"]}]
	END
} >override.yaml
"$caller" asked=1
tap_is "nobody listens" "$?" 10
start usdts.yaml set.yaml override.yaml
processes=2
"$caller" values=2 places=3 asked=4 order=10 order=11
tap_is "the semaphore is up" "$?" 0
can_set=yes
can_override=yes
if grep -q 'policy "set" does not run: .*locked down' errors; then
	can_set=no
	tap_skip "memory of an argument is written" "this kernel is locked down: no bpf_probe_write_user()"
fi
if grep -q 'policy "override" does not run: .*which programs of this kernel cannot' errors; then
	can_override=no
	tap_skip "calls that do something else" "programs of this kernel cannot write registers of user space"
fi
if [ $can_set = yes ]; then
	"$caller" set=3
	tap_is "memory of an argument is written" "$?" 33
	"$caller" set=4
	tap_is "but not where the selector does not hold" "$?" 4
	processes=$((processes + 2))
fi
if [ $can_override = yes ]; then
	statuses=
	for number in 1 2 3 4 5 6 7; do
		"$caller" double=$number
		statuses="$statuses $?"
	done
	tap_is "a call returns at once, goes on elsewhere, has another argument; what cannot be read changes nothing" \
		"$statuses" " 123 6 120 12 70 12 14"
	processes=$((processes + 7))
fi
"$caller"
until_exits $processes
tap_is "operands are what they are in the assembler's words" "$(arguments '"name":"values"' | head -n 1)" \
	'[{"int_arg":-7},{"size_arg":"78187493530"},{"long_arg":"-5"},{"int_arg":300},{"string_arg":"text of the probe"},{"size_arg":"255"},{"long_arg":"-200"}]'
tap_is "each time" "$(arguments '"name":"values"' | cut -c1-15)" '[{"int_arg":-7}
[{"int_arg":-8}'
tap_is "an event tells of its probe" "$(grep -c "\"process_usdt\".*\"path\":\"$caller\",\"provider\":\"sonde\",\"name\":\"values\",\"policy_name\":\"usdts\",\"message\":\"all kinds of operands\".*\"tags\":\[\"first\"\].*\"action\":\"KPROBE_ACTION_POST\"" out)" 2
tap_is "structs by the types of the binary" "$(arguments '"name":"order"')" \
	'[{"string_arg":"with care"},{"uint_arg":5},{"string_arg":"somebody"},{"int_arg":11},{"long_arg":"-5"}]'
tap_is "of several places the one that a selector asks for" "$(arguments '"name":"places"' | sort -u)" '[{"size_arg":"2"}]'
tap_is "which is one of two" "$(grep -c '"name":"places"' out)" 3
tap_is "and they are counted" "$(counted 'usdt:sonde/values') $(counted 'usdt:sonde/places') $(counted 'usdt:sonde/asked')" "2 3 4"
if [ $can_set = yes ]; then
	tap_is "an event tells what was set" "$(grep '"name":"set"' out | grep -c '"action":"KPROBE_ACTION_SET"')" 1
fi
if [ $can_override = yes ]; then
	tap_is "events have the arguments that it was called with" "$(arguments '"process_uprobe"' | tr -d '\n')" \
		'[{"int_arg":1}][{"int_arg":2}][{"int_arg":3}][{"int_arg":4}][{"int_arg":5}][{"int_arg":6}]'
	tap_is "and say that it was overridden" "$(grep -c '"action":"KPROBE_ACTION_OVERRIDE"' out)" 6
fi
stop
"$caller" asked=1
tap_is "nobody listens any more" "$?" 10

# ---- functions by what the headers of a binary count, or by their place in the file ----

{
	policy addresses
	cat <<-END
		  uprobes:
		  - path: "$caller"
		    addrs: [$twice_address]
		    refCtrOffsets: [$semaphore_offset]
		    args: [{index: 0, type: int}]
	END
} >addresses.yaml
{
	policy offsets
	cat <<-END
		  uprobes:
		  - path: "$caller"
		    offsets: [$thrice_offset, $twice_offset]
		    refCtrOffsets: [$semaphore_offset, $semaphore_offset]
		    args: [{index: 0, type: int}]
	END
} >offsets.yaml
{
	policy returns
	cat <<-END
		  uprobes:
		  - path: "$caller"
		    symbols: [twice]
		    refCtrOffsets: [$semaphore_offset]
		    args: [{index: 0, type: int}]
		    return: true
		    returnArg: {index: 0, type: int}
		  - path: "$caller"
		    symbols: [word]
		    return: true
		    returnArg: {index: 0, type: string}
		    selectors:
		    - matchReturnArgs: [{index: 0, operator: Prefix, values: ["a w"]}]
	END
} >returns.yaml
{
	policy unlike
	printf '  uprobes:\n  - {path: "%s", offsets: [%s]}\n' "$caller" "$twice_offset"
} >unlike.yaml
policy loader >loader.yaml
echo '  loader: true' >>loader.yaml
{
	policy digests
	cat <<-END
		  uprobes:
		  - path: "$caller"
		    addrs: [$thrice_address, $twice_address]
		    refCtrOffsets: [$semaphore_offset, $semaphore_offset]
		    binaryDigests: ["sha1:0000000000000000000000000000000000000000", "sha256:$(sha256sum <"$caller" | cut -d' ' -f1)"]
		  - path: "$caller"
		    symbols: [twice]
		    refCtrOffsets: [$semaphore_offset]
		    binaryDigests: ["build-id:$("$caller" id=0 | od -An -v -t x1 | tr -d ' \n')"]
		  - path: "$caller"
		    symbols: [twice, thrice]
		    binaryDigests: ["sha512:$(sha512sum </dev/null | cut -d' ' -f1)"]
		    ignore: {digestVerificationFailure: true}
	END
} >digests.yaml
{
	policy hashes
	cat <<-END
		  lsmhooks:
		  - hook: bprm_check_security
		    args: [{index: 0, type: linux_binprm}]
		    selectors:
		    - matchArgs: [{index: 0, operator: Equal, values: ["$caller"]}]
		      matchActions: [{action: Post, imaHash: true}]
	END
} >hashes.yaml
start addresses.yaml offsets.yaml returns.yaml loader.yaml digests.yaml hashes.yaml
"$caller" asked=1 word=0 word=1 double=21
tap_is "both count beside what is counted" "$?" 42
until_exits 1
told() {
	grep '"process_uprobe"' out | sed -n "s/.*\"policy_name\":\"$1\".*\"args\":\(\[[^]]*\]\).*,\(\"offset\":.*\),\"action\".*/\1 \2/p"
}
tap_is "by address" "$(told addresses)" "[{\"int_arg\":21}] \"offset\":\"$twice_offset\",\"ref_ctr_offset\":\"$semaphore_offset\""
tap_is "by offset" "$(told offsets)" "$(told addresses)"
tap_is "what it returned is the last of its values" "$(arguments '"policy_name":"returns"')" '[{"string_arg":"a word"}]
[{"int_arg":21},{"int_arg":42}]'
tap_is "where the binary has one of the digests" "$(grep '"process_uprobe"' out | grep -c '"policy_name":"digests"')" 2
tap_is "others are passed over when that is wanted" "$(grep -c 'has none of the binaryDigests, ignoring the hook' errors)" 1
if grep -q 'policy "loader" does not run: .*\(cannot be hooked\|tells no build ids\)' errors; then
	tap_skip "binaries that processes map are told" "$(sed -n 's/.*policy "loader" does not run: .*: //p' errors)"
else
	tap_is "binaries that processes map are told, with their build id" \
		"$(grep '"process_loader"' out | grep "\"path\":\"$caller\"" | sed 's/.*\("path":"[^"]*","buildid":"[^"]*"\).*/\1/')" \
		"\"path\":\"$caller\",\"buildid\":\"$("$caller" id=0 | base64)\""
	# Of two runs of ours, and whatever else there is.
	tap_check "and counted" [ "$(counted loader)" -ge 2 ]
fi
reason=$(sed -n 's/.*policy "hashes" does not run: //p' errors)
hash=$(grep '"process_lsm"' out | sed -n '1s/.*"ima_hash":"\([^"]*\)".*/\1/p')
case $reason in
*"refuses programs on security hooks"* | *"may not sleep"* | *"does not measure files"* | *"security modules"*)
	tap_skip "what is executed is told with its hash" "${reason#*: }"
	;;
*)
	tap_is "what is executed is told with its hash" "$reason${hash#*:}" "$("${hash%%:*}sum" <"$caller" | cut -d' ' -f1)"
	;;
esac
"$SONDE_BIN" policy --metrics-server= unlike.yaml >unlike 2>&1
tap_has "the kernel wants one counter at a place" "$(cat unlike)" "another counter (refCtrOffsets)"
stop

# ---- what is refused ----

{
	policy missing
	printf '  usdts:\n  - {path: "%s", provider: sonde, name: valued}\n' "$caller"
} >missing.yaml
{
	policy beyond
	printf '  usdts:\n  - path: "%s"\n    provider: sonde\n    name: places\n    args: [{index: 1, type: int64}]\n' "$caller"
} >beyond.yaml
{
	policy unknown
	printf '  usdts:\n  - path: "%s"\n    provider: sonde\n    name: values\n    args: [{index: 6, type: int64}]\n' "$caller"
} >unknown.yaml
{
	policy nowhere
	printf '  uprobes:\n  - {path: "%s", addrs: [64]}\n' "$caller"
} >nowhere.yaml
{
	policy digest
	printf '  uprobes:\n  - {path: "%s", symbols: [twice], binaryDigests: ["sha384:%s"]}\n' "$caller" "$(sha512sum </dev/null | cut -c1-96)"
} >digest.yaml
refused=$("$SONDE_BIN" policy --metrics-server= missing.yaml beyond.yaml unknown.yaml nowhere.yaml digest.yaml 2>&1 </dev/null)
tap_has "a probe that is not there" "$refused" "nearest is 'sonde:values'"
tap_has "an operand that is not there at one of its places" "$refused" "index 1: places has 1 arguments"
tap_has "an operand that no program can read" "$refused" "is no operand that can be read"
tap_has "an address that nothing is at" "$refused" "has nothing at 0x40 that is executed"
tap_has "a binary of another digest" "$refused" "policy \"digest\" does not run: digest.yaml:7:5: '$caller' has none of the binaryDigests"

tap_done
