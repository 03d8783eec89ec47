#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The runner believes nothing that a test did not say.
. "$SONDE_SOURCE/tests/lib/tap.sh"

build=$tap_scratch/build

# suite LINE…: runs a suite of one test that prints these lines and ends with $status; output in $output
status=0
suite() {
	rm -rf "$build"
	mkdir -p "$build/tests"
	{
		echo '#!/bin/sh'
		echo "cat <<'END'"
		printf '%s\n' "$@"
		echo END
		echo 'echo "said on stderr" >&2'
		echo "exit $status"
	} >"$build/program"
	chmod +x "$build/program"
	echo 'unit one @build@/program' >"$build/tests/list"
	output=$("$SONDE_SOURCE/tests/run" -b "$build" -s "$SONDE_SOURCE" unit 2>&1)
	result=$?
	status=0
}
# ends NAME COUNTS STATUS
ends() {
	tap_is "$1" "$(echo "$output" | tail -n 1), $result" "$2, $3"
}

suite '1..2' 'ok 1 - a' 'ok 2 - b'
ends "what passed is counted" '2 passed, 0 failed, 0 skipped' 0

suite '1..2' 'ok 1 - a' 'not ok 2 - b' '# because'
ends "what failed is counted" '1 passed, 1 failed, 0 skipped' 1
tap_has "a failure brings its words" "$output" '# because'
tap_has "a failure brings stderr" "$output" '| said on stderr'

suite '1..1' 'ok 1 - a # SKIP no BTF'
ends "a skip is counted" '0 passed, 0 failed, 1 skipped' 0
tap_has "a skip says why" "$output" 'skipped a: no BTF'

suite '1..1' '# skip: no BTF here' 'not ok 1 # SKIP test_a'
ends "a skip as cmocka writes it" '0 passed, 0 failed, 1 skipped' 0
tap_has "a skip of cmocka says why" "$output" 'skipped test_a: no BTF here'

suite '1..1' 'not ok 1 # SKIP test_a'
ends "a skip without a reason fails" '0 passed, 1 failed, 0 skipped' 1

suite '1..0 # SKIP no network'
ends "a whole file may skip" '0 passed, 0 failed, 1 skipped' 0

suite '1..3' 'ok 1 - a'
ends "a test that stops halfway fails" '1 passed, 1 failed, 0 skipped' 1

suite 'ok 1 - a'
ends "a test without a plan fails" '1 passed, 1 failed, 0 skipped' 1

suite ''
ends "a test that says nothing fails" '0 passed, 1 failed, 0 skipped' 1

status=9
suite '1..1' 'ok 1 - a'
ends "an exit status alone is a failure" '1 passed, 1 failed, 0 skipped' 1

: >"$build/tests/list"
output=$("$SONDE_SOURCE/tests/run" -b "$build" unit 2>&1)
result=$?
ends "a suite that ran nothing fails" '0 passed, 1 failed, 0 skipped' 1

printf 'unit slow sleep 60\n' >"$build/tests/list"
output=$("$SONDE_SOURCE/tests/run" -b "$build" -t 1 unit 2>&1)
result=$?
ends "a test that does not end is ended" '0 passed, 1 failed, 0 skipped' 1

output=$("$SONDE_SOURCE/tests/run" -b "$build" -t 1 -p '6.1: ' unit 2>&1)
tap_has "the prefix stands before every line" "$output" '6.1: not ok slow'

tap_done
