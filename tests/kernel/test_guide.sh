#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The guide does what it says: its files are written, its commands run, what they print is compared. In the guide,
# "…" stands for anything. Code blocks with a name in their first line are files, "$ " begins a command.
. "$SONDE_SOURCE/tests/lib/tap.sh"

[ -z "${SONDE_IN_VM-}" ] || tap_skip_all "there is no compiler in a VM"
command -v curl >/dev/null || tap_skip_all "curl is not here"

guide=$SONDE_SOURCE/docs/guide/first-config.md
work=$tap_scratch/work
mkdir "$work" "$tap_scratch/bin" "$tap_scratch/blocks"
ln -s "$SONDE_BIN" "$tap_scratch/bin/sonde"
printf '#!/bin/sh\nexec "$@"\n' >"$tap_scratch/bin/sudo"
chmod +x "$tap_scratch/bin/sudo"
export PATH="$tap_scratch/bin:$PATH" XDG_CACHE_HOME="$tap_scratch/cache"
# The guide's port may be taken: "port 0" is a free one, which the log then names.
port=9435
background=''
tap_at_exit '[ -z "$background" ] || kill "$background"'

# begin COMMAND: in the background; waits until it listens (or has ended).
begin() {
	begin_words=$(echo "$1" | sed "s/:$port/:0/")
	# shellcheck disable=SC2086 # they are words
	(cd "$work" && exec $begin_words) >"$tap_scratch/output" 2>&1 &
	background=$!
	while kill -0 "$background" 2>/dev/null && ! grep -q 'port [0-9]' "$tap_scratch/output"; do
		sleep 0.1
	done
	own_port=$(sed -n 's/.*, port \([0-9]*\)$/\1/p' "$tap_scratch/output")
	sed "s/:0, port.*/:$port/" "$tap_scratch/output" | grep -v apabilities
}

# perform COMMAND: its output is what the guide shows.
perform() {
	case $1 in
	*' &') begin "${1% &}" ;;
	'sudo kill %1')
		curl -s "127.0.0.1:${own_port-}/metrics" >"$tap_scratch/metrics"
		kill "$background"
		wait "$background"
		echo "$?" >"$tap_scratch/status"
		background=''
		;;
	*) (cd "$work" && sh -c "$(echo "$1" | sed "s/:$port/:${own_port-}/")") 2>&1 ;;
	esac
}

# like TEXT PATTERN: the same but for "…" of the pattern
like() {
	like_pattern=$(printf '%s' "$2" | sed 's/[][*?\\]/\\&/g; s/…/*/g')
	# shellcheck disable=SC2254 # it is a pattern
	case $1 in
	$like_pattern) true ;;
	*) false ;;
	esac
}

compare() {
	[ -n "$command" ] || return 0
	shown=$command
	perform "$command" >"$tap_scratch/got"
	if like "$(cat "$tap_scratch/got")" "$(cat "$tap_scratch/wanted")"; then
		tap_ok "$shown"
	else
		tap_not_ok "$shown" "got:    $(cat "$tap_scratch/got")
wanted: $(cat "$tap_scratch/wanted")"
	fi
}

# Blocks in their order: NUMBER.LANGUAGE
awk -v folder="$tap_scratch/blocks" '
	/^```/ { file = file == "" && $0 != "```" ? sprintf("%s/%02d.%s", folder, ++count, substr($0, 4)) : ""; next }
	file != "" { print >file }' "$guide"

for block in "$tap_scratch"/blocks/*; do
	case $block in
	*.console)
		command=''
		while IFS= read -r line; do
			case $line in
			'$ '*)
				compare
				command=${line#'$ '}
				: >"$tap_scratch/wanted"
				;;
			*) echo "$line" >>"$tap_scratch/wanted" ;;
			esac
		done <"$block"
		compare
		;;
	*)
		name=$(sed -n '1s,^\(/\* \|# \)\([a-z.]*\)\( \*/\)*$,\2,p' "$block")
		[ -z "$name" ] || cp "$block" "$work/$name"
		;;
	esac
done
# What sonde adds of its own stands in the reference.
undocumented=$(sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' "$tap_scratch/metrics" | grep -v -e execs_total -e '^process_' |
	while read -r family; do
		grep -q "$family" "$SONDE_SOURCE/docs/reference/metrics.md" || echo "$family"
	done)
tap_is "every family is documented" "$undocumented" ""
tap_is "it ended well" "$(cat "$tap_scratch/status")" 0
tap_done
