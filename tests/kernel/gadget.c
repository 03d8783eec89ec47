/* SPDX-License-Identifier: Apache-2.0 */
#include "gadget.h"

#include <fcntl.h>
#include <jansson.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* A minute, and what is done in between. */
#define PAUSE_NS 50000000
#define PAUSES_MAX 1200
#define VARIABLES_MAX 16
#define TEXT_SIZE 512

static struct {
	char name[32], text[TEXT_SIZE];
} variables[VARIABLES_MAX];

void gadget_set(const char *name, const char *format, ...)
{
	size_t i = 0;
	va_list args;

	while (i < VARIABLES_MAX && variables[i].name[0] && strcmp(variables[i].name, name) != 0)
		i++;
	assert_true(i < VARIABLES_MAX);
	snprintf(variables[i].name, sizeof(variables[i].name), "%s", name);
	va_start(args, format);
	vsnprintf(variables[i].text, sizeof(variables[i].text), format, args);
	va_end(args);
}

static const char *variable(const char *name)
{
	for (size_t i = 0; i < VARIABLES_MAX; i++)
		if (strcmp(variables[i].name, name) == 0)
			return variables[i].text;
	fail_msg("nobody has set %%%s", name);
	return "";
}

/* A text that may end with %NAME. */
static void expand(const char *text, char *ret_text, size_t size)
{
	const char *percent = strchr(text, '%');
	int len = percent ? (int)(percent - text) : (int)strlen(text);

	snprintf(ret_text, size, "%.*s%s", len, text, percent ? variable(percent + 1) : "");
}

/* ---- a record ---- */

/* NULL: it has no such field. */
static const json_t *find_field(const json_t *record, const char *name)
{
	char part[128];
	size_t len;

	for (; record && *name; name += len + (name[len] == '.')) {
		len = strcspn(name, ".");
		snprintf(part, sizeof(part), "%.*s", (int)len, name);
		record = json_object_get(record, part);
	}
	return record;
}

static void format_value(const json_t *value, char *ret_text, size_t size)
{
	if (json_is_string(value))
		snprintf(ret_text, size, "%s", json_string_value(value));
	else if (json_is_integer(value))
		snprintf(ret_text, size, "%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		snprintf(ret_text, size, "%g", json_real_value(value));
	else
		snprintf(ret_text, size, "%s", json_is_true(value) ? "true" : "");
}

static bool is_something(const char *text)
{
	return text[0] && strcmp(text, "0") != 0;
}

static bool fits(const json_t *record, const struct gadget_expectation *expectation)
{
	const json_t *value = find_field(record, expectation->field);
	char actual[TEXT_SIZE], expected[TEXT_SIZE];
	static const char ends[] = "…";
	const char *end = expected;

	if (!value)
		return false;
	format_value(value, actual, sizeof(actual));
	expand(expectation->text, expected, sizeof(expected));
	if (strcmp(expected, "*") == 0)
		return is_something(actual);
	if (strncmp(expected, ends, sizeof(ends) - 1) == 0) {
		end += sizeof(ends) - 1;
		return strlen(actual) > strlen(end) &&
		       strcmp(actual + strlen(actual) - strlen(end), end) == 0;
	}
	return strcmp(actual, expected) == 0;
}

static bool is_wanted(const json_t *record, const struct gadget_case *row)
{
	for (size_t i = 0; i < GADGET_EXPECTATIONS_MAX && row->expected[i].field; i++)
		if (!fits(record, &row->expected[i]))
			return false;
	return true;
}

/* A record, or several that came at once. */
static bool has_wanted(const char *line, const struct gadget_case *row)
{
	json_t *parsed = json_loads(line, 0, NULL), *record;
	bool is_found = false;
	size_t i;

	if (!parsed)
		return false;
	if (json_is_object(parsed))
		is_found = is_wanted(parsed, row);
	json_array_foreach(parsed, i, record) is_found |= is_wanted(record, row);
	json_decref(parsed);
	return is_found;
}

/* ---- the program ---- */

struct run {
	pid_t pid;
	FILE *shown, *log;
	off_t seen; /* of what was shown, up to the end of a line */
};

static void become(const struct gadget_case *row, const struct run *run)
{
	const char *argv[GADGET_FLAGS_MAX + 6] = { getenv("SONDE_BIN"), "run" };
	static char texts[GADGET_FLAGS_MAX][TEXT_SIZE];
	char path[4096];
	size_t argc = 2;

	snprintf(path, sizeof(path), "%s/%s", getenv("SONDE_PROBES"), row->gadget);
	argv[argc++] = path;
	argv[argc++] = "--output=json";
	for (size_t i = 0; i < GADGET_FLAGS_MAX && row->flags[i]; i++) {
		expand(row->flags[i], texts[i], sizeof(texts[i]));
		argv[argc++] = texts[i];
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(fileno(run->shown), STDOUT_FILENO) < 0 ||
	    dup2(fileno(run->log), STDERR_FILENO) < 0)
		_exit(126);
	execv(argv[0], (char *const *)argv);
	_exit(127);
}

static struct run start(const struct gadget_case *row)
{
	struct run run = { .shown = tmpfile(), .log = tmpfile() };

	assert_non_null(getenv("SONDE_BIN"));
	assert_non_null(getenv("SONDE_PROBES"));
	assert_true(run.shown && run.log);
	gadget_set("pid", "%d", getpid());
	run.pid = fork();
	assert_true(run.pid >= 0);
	if (run.pid == 0)
		become(row, &run);
	return run;
}

static char *read_from(FILE *file, off_t begin)
{
	struct stat status;
	size_t size;
	char *text;
	ssize_t len;

	assert_int_equal(fstat(fileno(file), &status), 0);
	size = (size_t)(status.st_size - begin);
	text = calloc(1, size + 1);
	assert_non_null(text);
	len = pread(fileno(file), text, size, begin);
	assert_true(len >= 0);
	text[len] = 0;
	return text;
}

/* Since it was asked last. */
static bool has_shown(struct run *run, const struct gadget_case *row)
{
	char *text = read_from(run->shown, run->seen), *rest = text, *line;
	bool is_found = false;

	while (!is_found && (line = strsep(&rest, "\n")) && rest) {
		run->seen += rest - line;
		is_found = has_wanted(line, row);
	}
	free(text);
	return is_found;
}

static void stop(struct run *run)
{
	int status;

	(void)kill(run->pid, SIGTERM);
	assert_int_equal(waitpid(run->pid, &status, 0), run->pid);
	fclose(run->shown);
	fclose(run->log);
}

static void complain(struct run *run, const struct gadget_case *row)
{
	char *shown = read_from(run->shown, 0), *log = read_from(run->log, 0);
	size_t len = strlen(shown);

	print_error("%s %s: no record fits; the last that were shown:\n%s\n%s\n", row->gadget,
		    row->flags[0] ? row->flags[0] : "", shown + (len > 3000 ? len - 3000 : 0), log);
	free(shown);
	free(log);
	stop(run);
	fail();
}

void gadget_check(const struct gadget_case *row)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	struct run run;

	if (row->provoke)
		row->provoke();
	run = start(row);
	for (int i = 0; i < PAUSES_MAX; i++) {
		if (has_shown(&run, row)) {
			stop(&run);
			return;
		}
		if (row->provoke)
			row->provoke();
		nanosleep(&pause, NULL);
	}
	complain(&run, row);
}
