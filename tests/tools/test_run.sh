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

# ---- kernel tests run once more ----

# second_time SUITE WORD: a test that fails, and the second time says WORD, "ok" or "not ok"
second_time() {
	rm -f "$tap_scratch/was_there"
	cat >"$build/program" <<-END
		#!/bin/sh
		echo 1..1
		if [ -e $tap_scratch/was_there ]; then
			echo '$2 1 - a'
		else
			echo 'not ok 1 - a'
			echo '# 29 of 30'
		fi
		: >$tap_scratch/was_there
	END
	printf '%s steady @build@/steady\n%s shaky @build@/program\n' "$1" "$1" >"$build/tests/list"
	output=$("$SONDE_SOURCE/tests/run" -b "$build" -s "$SONDE_SOURCE" -r "$tap_scratch/results" "$1" 2>&1)
	result=$?
}
printf "#!/bin/sh\necho 1..1\necho 'ok 1 - b'\n" >"$build/steady"
chmod +x "$build/steady"

second_time kernel ok
ends "a kernel test that fails once has passed" '2 passed, 0 failed, 0 skipped' 0
tap_has "and is called unsteady" "$output" 'unsteady: shaky failed once: a'
tap_has "with the words of its failure" "$output" '# 29 of 30'
tap_is "before the last line they are counted" "$(echo "$output" | tail -n 2 | head -n 1)" \
	'1 unsteady: failed once and passed when run again, which is a bug to be mended'
tap_is "and named" "$(cat "$tap_scratch/results.unsteady")" shaky
tap_is "only what failed runs again" "$(echo "$output" | grep -c '^ok steady')" 1

second_time kernel 'not ok'
ends "one that fails twice fails" '1 passed, 1 failed, 0 skipped' 1
tap_is "and is not unsteady" "$(cat "$tap_scratch/results.unsteady")" ''

second_time unit ok
ends "other tests have one try" '1 passed, 1 failed, 0 skipped' 1

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
