# SPDX-License-Identifier: Apache-2.0
#
# Judges the TAP of one test. In: -v name, status (exit status), limit and took (seconds, hundredths),
# prefix (before every line), errors (file with its stderr), results (file that gets "passed failed skipped").
# Out: one line that says how it went, then what failed with the end of stderr, and the reasons of skips.
#
# Skips: "ok 3 - x # SKIP reason" of TAP; "not ok 3 # SKIP x" of cmocka 1.1.5, which has no room for a
# reason, so the test prints "# skip: reason" before; "1..0 # SKIP reason" for a whole file. A skip
# without a reason is a failure.

function complain(text) {
	complaints[++complaint_count] = text
	failed++
}

function skip(what, why) {
	if (why == "") {
		complain("skipped without a reason: " what)
		return
	}
	skips[++skipped] = what ": " why
}

/^# skip: / {
	reason = substr($0, 9)
	next
}

/^1\.\.[0-9]+/ {
	planned = substr($1, 4) + 0
	has_plan = 1
	if (planned == 0) {
		why = $0
		if (!sub(/^1\.\.0 *# *[Ss][Kk][Ii][Pp][: ]*/, "", why))
			why = ""
		skip("all", why)
		ran_file = 1
	}
	next
}

/^Bail out!/ {
	complain($0)
	next
}

/^ok |^ok$|^not ok/ {
	ran++
	what = $0
	sub(/^(not )?ok *[0-9]* *-? */, "", what)
	if (match(what, /# *[Ss][Kk][Ii][Pp]/)) {
		why = substr(what, RSTART + RLENGTH)
		what = substr(what, 1, RSTART - 1)
		sub(/^[: ]+/, "", why)
		sub(/ +$/, "", what)
		if ($1 == "not") { # cmocka: the name stands where the reason should
			what = why
			why = reason
		}
		skip(what, why)
	} else if ($1 == "ok") {
		passed++
	} else {
		complain(what)
		is_in_failure = 1
		next
	}
	is_in_failure = 0
	reason = ""
	next
}

# What a test says about its failure, as far as a screen.
is_in_failure && !/^# (ok|not ok) - / {
	if (++told <= 60)
		complaints[++complaint_count] = "  " $0
}

END {
	if (!has_plan && ran > 0)
		complain("no plan: a test that dies halfway would not be seen")
	if (has_plan && planned > 0 && ran != planned)
		complain("planned " planned " tests, ran " (ran + 0))
	if (status == 124 || status == 137)
		complain("ended after " limit " s")
	else if (status != 0 && failed == 0)
		complain("exit status " status)
	if (ran == 0 && !ran_file && failed == 0)
		complain("ran nothing")

	printf "%s%s %s (%d", prefix, failed ? "not ok" : skipped && !passed ? "skip" : "ok", name, passed
	if (failed)
		printf ", %d failed", failed
	if (skipped)
		printf ", %d skipped", skipped
	printf ", %.2f s)\n", took / 100
	for (i = 1; i <= complaint_count; i++)
		printf "%s    %s\n", prefix, complaints[i]
	for (i = 1; i <= skipped; i++)
		printf "%s    skipped %s\n", prefix, skips[i]
	if (failed) {
		while ((getline line < errors) > 0)
			tail[++tail_count] = line
		for (i = tail_count > 60 ? tail_count - 59 : 1; i <= tail_count; i++)
			printf "%s    | %s\n", prefix, tail[i]
	}
	printf "%d %d %d\n", passed, failed, skipped >results
}
