/* SPDX-License-Identifier: Apache-2.0 */
#include "program/explain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define CAUSE_LINES 20

/* How the report of a kernel from 7.3 on begins; the verdict in the old words stands before it. */
#define REPORT "\nVerification failed: "
#define LINES_BEFORE_REPORT 6

/* ---- reading the log ---- */

/* The last line that contains the text; NULL: none. */
static const char *last_with(const char *log, const char *text)
{
	const char *last = NULL;

	for (const char *at = log; (at = strstr(at, text)); at++)
		last = at;
	return last;
}

/* What stands between two marks, the first one after `log`: length in *ret_len. */
static const char *between(const char *log, const char *before, const char *after, size_t *ret_len)
{
	const char *start = log ? strstr(log, before) : NULL;
	const char *end;

	if (!start)
		return NULL;
	start += strlen(before);
	end = strstr(start, after);
	if (!end)
		return NULL;
	*ret_len = (size_t)(end - start);
	return start;
}

/* The marks libbpf has set in all versions since 1.0. Any of them names the program that stopped the load. */
static const char *const culprit_marks[] = {
	"': failed to load: ",
	"': failed to relocate",
	"': failed to prepare load attributes",
	": failed to relocate: ",
};

int explain_culprit(const char *log, const char **ret_name, size_t *ret_len)
{
	for (size_t i = 0; i < array_size(culprit_marks); i++) {
		const char *mark = last_with(log, culprit_marks[i]);
		const char *line = mark;

		while (line && line > log && line[-1] != '\n')
			line--;
		if (!line || !str_starts(line, "libbpf: prog '"))
			line = line && str_starts(line, "prog '") ? line : NULL;
		if (!line)
			continue;
		*ret_name = between(line, "prog '", "'", ret_len);
		if (*ret_name)
			return 0;
	}
	return -ENOENT;
}

/* The verifier's own lines; NULL when it was not asked. Owned by the caller. */
static char *verifier_lines(const char *log)
{
	size_t len = 0;
	const char *last_begin = last_with(log, "-- BEGIN PROG LOAD LOG --\n");
	/* Of a long log, only the end was kept: its beginning is missing then. */
	const char *start = last_begin ? between(last_begin, "LOG --\n", "-- END PROG LOAD LOG --",
						 &len)
				       : NULL;
	const char *end;

	if (start)
		return strndup(start, len);
	end = last_with(log, "-- END PROG LOAD LOG --");
	if (!end && !str_starts(log, "libbpf: "))
		return strdup(
			log); /* the kernel's own, of whoever loads without libbpf's words around it */
	return end ? strndup(log, (size_t)(end - log)) : NULL;
}

/* Where the last lines begin. */
static const char *last_lines(const char *text, const char *end, int count)
{
	int lines = 0;

	while (end > text && lines <= count)
		lines += *--end == '\n';
	return lines > count ? end + 1 : text;
}

/* What of it is worth showing: the last lines, or the report that kernels from 7.3 on write, with what led to it. */
static const char *evidence(const char *lines)
{
	const char *report = last_with(lines, REPORT);

	if (report)
		return last_lines(lines, report, LINES_BEFORE_REPORT);
	return last_lines(lines, lines + strlen(lines), CAUSE_LINES);
}

/* ---- the verifier's words, and ours ---- */

struct known_refusal {
	const char *mark;  /* in the verifier's log */
	const char *after; /* where the name behind the mark ends; NULL: there is no name */
	const char *text;  /* ours; the name, when there is one, follows */
	const char *rest;  /* behind the name, or NULL */
};

static const struct known_refusal known_refusals[] = {
	{ .mark = "failed to resolve CO-RE relocation ",
	  .after = "\n",
	  .text = "this kernel's types have no " },
	{ .mark = "BPF map '",
	  .after = "'",
	  .text = "it needs map '",
	  .rest = "', which was not made" },
	{ .mark = "unknown func ",
	  .after = "\n",
	  .text = "this kernel, or this kind of program, has no helper " },
	/* One that is newer than the kernel: it does not even have a name for it. */
	{ .mark = "invalid func unknown",
	  .after = "\n",
	  .text = "this kernel has no helper with the number " },
	{ .mark = "calling kernel function ",
	  .after = " is not allowed",
	  .text = "this kind of program may not call kernel function " },
	{ .mark = "BPF program is too large", .text = "it is too large for this kernel" },
	{ .mark = "processed 1000001 insns",
	  .text = "it is too complex for this kernel (one million instructions)" },
	{ .mark = "cannot call GPL-restricted function",
	  .text = "it needs a GPL-compatible license: char LICENSE[] SEC(\"license\") = \"GPL\"" },
};

/* How kernels answer a call of a kernel function that libbpf did not find: newer ones go on with nothing in R0
 * until somebody looks at it, 5.13 to 5.15 look it up at once, those before know no such call. */
static const char *const missing_function_marks[] = {
	"(85) call #0",
	"invalid kernel function btf_id 0",
	"invalid kernel function call not eliminated",
	"kernel btf_id 0",
	"BPF_CALL uses reserved fields",
};

/* The last line that says something: not a register dump, not the count at the end. */
static const char *verdict(const char *lines, size_t *ret_len)
{
	const char *report = last_with(lines, REPORT);
	const char *best = NULL;

	for (const char *line = lines; *line && !(report && line > report);) {
		size_t len = strcspn(line, "\n");
		bool is_counted = str_starts(line, "processed ") ||
				  str_starts(line, "verification time") ||
				  str_starts(line, "stack depth") ||
				  str_starts(line, "peak_states") || str_starts(line, "--");

		if (len > 0 && !is_counted) {
			best = line;
			*ret_len = len;
		}
		line += len;
		line += *line == '\n';
	}
	return best;
}

static bool calls_missing_function(const char *lines)
{
	for (size_t i = 0; i < array_size(missing_function_marks); i++)
		if (strstr(lines, missing_function_marks[i]))
			return true;
	return false;
}

static int explain_verifier(const char *lines, int r, const struct explain_subject *subject,
			    struct err *err)
{
	size_t len;
	const char *line;

	if (subject->missing && calls_missing_function(lines))
		return err__set(err, r, NULL,
				"it calls kernel function (kfunc) '%s', which is not there",
				subject->missing);
	for (size_t i = 0; i < array_size(known_refusals); i++) {
		const struct known_refusal *known = &known_refusals[i];
		const char *name;

		if (!strstr(lines, known->mark))
			continue;
		if (!known->after)
			return err__set(err, r, NULL, "%s", known->text);
		name = between(lines, known->mark, known->after, &len);
		if (name)
			return err__set(err, r, NULL, "%s%.*s%s", known->text, (int)len, name,
					known->rest ? known->rest : "");
	}
	line = verdict(lines, &len);
	if (!line)
		return err__set(err, r, NULL, "the verifier refuses it: %s", strerror(-r));
	return err__set(err, r, NULL, "the verifier refuses it: %.*s", (int)(len > 300 ? 300 : len),
			line);
}

int explain_program(const char *log, int r, const struct explain_subject *subject, struct err *err)
{
	__cleanup(x_freep) char *lines = verifier_lines(log);

	if (strstr(log, "failed to find kernel BTF type ID of"))
		(void)err__set(err, r, NULL, "%s target '%s' is not in this kernel's BTF",
			       subject->hook, subject->target ? subject->target : "");
	else if (strstr(log, "missing BPF prog type"))
		(void)err__set(err, r, NULL, "its section is none that is known; %s is",
			       "SEC(\"tp_btf/sched_switch\"), for example,");
	else if (strstr(log, "no BTF-based attach target is specified"))
		(void)err__set(err, r, NULL, "SEC(\"%s\") names no function", subject->hook);
	else if (lines && *lines && verdict(lines, &(size_t){ 0 }))
		(void)explain_verifier(lines, r, subject, err);
	else if (r == -EPERM && subject->is_btf)
		(void)err__set(err, r, NULL, "%s is refused by this kernel (EPERM)", subject->hook);
	else if (r == -EPERM && subject->is_network)
		(void)err__set(
			err, r, NULL,
			"loading is not permitted (EPERM); %s programs need CAP_NET_ADMIN beside CAP_BPF",
			subject->hook);
	else if (r == -EPERM)
		(void)err__set(
			err, r, NULL,
			"loading is not permitted (EPERM); CAP_BPF and CAP_PERFMON are needed");
	else
		(void)err__set(err, r, NULL, "%s is refused by this kernel: %s", subject->hook,
			       strerror(-r));
	err__cause(err, lines && *lines ? evidence(lines) : NULL);
	return r;
}

/* ---- the object as a whole ---- */

int explain_missing_function(const char *log, const char **ret_name, size_t *ret_len)
{
	*ret_name = between(strstr(log, "extern (func ksym) '"), "'", "': not found", ret_len);
	return *ret_name ? 0 : -ENOENT;
}

static int explain_extern(const char *line, int r, struct err *err)
{
	size_t kind_len = 0, name_len = 0;
	const char *kind = between(line, "extern (", ")", &kind_len);
	const char *name = between(line, "'", "'", &name_len);

	if (!name)
		return err__set(err, r, NULL, "an extern is not resolved");
	if (kind && strncmp(kind, "func", 4) == 0)
		return err__set(
			err, r, NULL,
			"kernel function (kfunc) '%.*s' is not in this kernel; declare it __weak to do without",
			(int)name_len, name);
	return err__set(err, r, NULL,
			"extern '%.*s' is not in this kernel; declare it __weak to do without",
			(int)name_len, name);
}

int explain_missing_map(const char *log, const char **ret_name, size_t *ret_len)
{
	const char *line = last_with(log, "': failed to create: ");

	while (line && line > log && line[-1] != '\n')
		line--;
	*ret_name = between(line, "map '", "'", ret_len);
	return *ret_name ? 0 : -ENOENT;
}

/* Of maps that are pinned, which other programs may have done before; the first mark that is there is told. */
static const struct {
	const char *mark; /* stands in the log … */
	const char *path; /* … and so does this, with the path behind it */
	const char *text;
} pin_refusals[] = {
	{ "is not on BPF FS", "libbpf: specified path ",
	  "there is no bpf file system to pin a map in; mount one, as with: mount -t bpf bpf /sys/fs/bpf" },
	{ "': parameter mismatch", "libbpf: couldn't reuse pinned map at '",
	  "what is pinned there is another map than the program's; remove it, or end what uses it" },
	{ "': failed to auto-pin at '", "': failed to auto-pin at '",
	  "a map cannot be pinned there" },
};

bool explain_pin(const char *log, int r, struct err *err)
{
	for (size_t i = 0; i < array_size(pin_refusals); i++) {
		const char *path = strstr(log, pin_refusals[i].path);

		if (!path || !strstr(path, pin_refusals[i].mark))
			continue;
		path += strlen(pin_refusals[i].path);
		(void)err__set(err, r, NULL, "'%.*s': %s", (int)strcspn(path, "' \n"), path,
			       pin_refusals[i].text);
		return true;
	}
	return false;
}

static const struct {
	const char *mark;
	const char *text;
} object_refusals[] = {
	{ "kernel BTF is missing",
	  "this kernel has no BTF at /sys/kernel/btf/vmlinux; --btf.path names a file with its types" },
	{ "Error loading vmlinux BTF",
	  "this kernel has no BTF at /sys/kernel/btf/vmlinux; --btf.path names a file with its types" },
	{ "failed to parse target BTF",
	  "the file with the kernel's types holds no BTF that can be read; /sys/kernel/btf/vmlinux is such a file" },
};

int explain_object(const char *log, int r, struct err *err)
{
	const char *missing = strstr(log, "extern ");

	if (missing)
		(void)explain_extern(missing, r, err);
	for (size_t i = 0; i < array_size(object_refusals) && !err__is_set(err); i++)
		if (strstr(log, object_refusals[i].mark))
			(void)err__set(err, r, NULL, "%s", object_refusals[i].text);
	/* The library goes on about memory limits, which are not what is missing. */
	if (!err__is_set(err) && r == -EPERM)
		return err__set(
			err, r, NULL,
			"loading eBPF is not permitted; it needs root, or CAP_BPF and CAP_PERFMON");
	if (!err__is_set(err))
		(void)err__set(err, r, NULL, "it cannot be loaded: %s", strerror(-r));
	err__cause(err, *log ? log : NULL);
	return r;
}
