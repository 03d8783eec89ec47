#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Whatever is written in a policy, it is loaded, or refused with the place in the file and a reason: policies made at random,
# from their text to the kernel, which only monitors. SONDE_TEST_SEED and SONDE_TEST_COUNT are for longer runs by hand.
. "$SONDE_SOURCE/tests/lib/tap.sh"

cd "$tap_scratch" || exit 1
maker=$SONDE_TEST_BPF/policy_maker
count=${SONDE_TEST_COUNT-16}
mkdir made && "$maker" "${SONDE_TEST_SEED-7}" "$count" "$maker" made || exit 1
"$SONDE_BIN" policy --metrics-server= --check --mode=monitor made >out 2>errors

tap_is "all of them are read" "$(grep -c 'is left out' errors)" 0
tap_is "each is told of" "$(grep -c '^policy p[0-9]*: ' out)" "$count"
tap_is "each runs, or is refused with its place" \
	"$(grep '^policy p' out | grep -vc -e ': enabled' -e ': load_error, monitor: made/p[0-9]*\.yaml:[0-9]*:[0-9]*: .')" 0
tap_is "the verifier takes all programs" \
	"$(grep -e 'refused by this kernel' -e 'verifier refuses' -e 'kernel refuses the program' out | sed 's/^/# /')" ""
tap_is "some run" "$(grep -q '^policy p[0-9]*: enabled' out && echo yes)" yes

tap_done
