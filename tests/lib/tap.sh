# SPDX-License-Identifier: Apache-2.0
#
# TAP for tests written in sh: source it, call tap_*, end with tap_done. It owns the counter and one
# scratch directory ($tap_scratch), removed at exit together with what tap_at_exit was given.
# Works under dash and under the busybox of the VMs.

tap_count=0
tap_failures=0
tap_scratch=$(mktemp -d "${TMPDIR:-/tmp}/sonde-test.XXXXXX")
tap_exit_commands=''

tap_end() {
	tap_end_status=$?
	trap - EXIT
	eval "$tap_exit_commands"
	rm -rf "$tap_scratch"
	exit "$tap_end_status"
}
trap tap_end EXIT
trap 'exit 143' INT TERM HUP

# tap_at_exit COMMAND: run when the test ends, however it ends; the last one given runs first.
tap_at_exit() {
	tap_exit_commands="$1
$tap_exit_commands"
}

tap_ok() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1"
}

# tap_not_ok NAME [TEXT…]: the text, line by line, says what was seen.
tap_not_ok() {
	tap_count=$((tap_count + 1))
	tap_failures=$((tap_failures + 1))
	echo "not ok $tap_count - $1"
	shift
	[ $# -eq 0 ] || printf '%s\n' "$*" | sed 's/^/# /'
}

tap_skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

# tap_skip_all REASON: the whole file has nothing to run here. Ends the test.
tap_skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

# tap_check NAME COMMAND [ARG…]: passes when the command succeeds; its output is shown when not.
tap_check() {
	tap_name=$1
	shift
	if "$@" >"$tap_scratch/.output" 2>&1; then
		tap_ok "$tap_name"
	else
		tap_not_ok "$tap_name" "exit status $?: $*
$(cat "$tap_scratch/.output")"
	fi
}

# tap_is NAME GOT WANTED
tap_is() {
	if [ "$2" = "$3" ]; then
		tap_ok "$1"
	else
		tap_not_ok "$1" "got:    $2
wanted: $3"
	fi
}

# tap_has NAME TEXT PART: the part stands somewhere in the text.
tap_has() {
	case $2 in
	*"$3"*) tap_ok "$1" ;;
	*) tap_not_ok "$1" "got:    $2
wanted: …$3…" ;;
	esac
}

tap_done() {
	echo "1..$tap_count"
	[ "$tap_failures" -eq 0 ]
	exit
}
