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

#define PAUSE_NS 50000000
/* Until they are attached, and then until each has been seen: a dozen take their time on an emulated processor. */
#define GIVE_UP_SECONDS 60
#define VARIABLES_MAX 16
#define TEXT_SIZE 512
#define CASES_MAX 64
#define ARGUMENTS_MAX (CASES_MAX * (GADGET_FLAGS_MAX + 1) + 8)

struct variable {
	char name[32], text[TEXT_SIZE];
};

/* A case on its way. */
struct check {
	const struct gadget_case *row;
	struct variable variables[VARIABLES_MAX];
	bool is_taken; /* into a run */
	bool is_done;
};

/* The one that is being provoked. */
static struct check *current;

void gadget_set(const char *name, const char *format, ...)
{
	struct variable *variables = current->variables;
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

static const char *variable(const struct check *check, const char *name)
{
	for (size_t i = 0; i < VARIABLES_MAX; i++)
		if (strcmp(check->variables[i].name, name) == 0)
			return check->variables[i].text;
	fail_msg("nobody has set %%%s", name);
	return "";
}

static void provoke(struct check *check)
{
	current = check;
	if (check->row->provoke)
		check->row->provoke();
}

/* A text that may end with %NAME. */
static void expand(const struct check *check, const char *text, char *ret_text, size_t size)
{
	const char *percent = strchr(text, '%');
	int len = percent ? (int)(percent - text) : (int)strlen(text);

	snprintf(ret_text, size, "%.*s%s", len, text, percent ? variable(check, percent + 1) : "");
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

static bool fits(const json_t *record, const struct check *check,
		 const struct gadget_expectation *expectation)
{
	const json_t *value = find_field(record, expectation->field);
	char actual[TEXT_SIZE], expected[TEXT_SIZE];
	static const char ends[] = "…";
	const char *end = expected;

	if (!value)
		return false;
	format_value(value, actual, sizeof(actual));
	expand(check, expectation->text, expected, sizeof(expected));
	if (strcmp(expected, "*") == 0)
		return is_something(actual);
	if (strncmp(expected, ends, sizeof(ends) - 1) == 0) {
		end += sizeof(ends) - 1;
		return strlen(actual) > strlen(end) &&
		       strcmp(actual + strlen(actual) - strlen(end), end) == 0;
	}
	return strcmp(actual, expected) == 0;
}

static bool has_all(const json_t *record, const struct check *check)
{
	const struct gadget_expectation *expected = check->row->expected;

	for (size_t i = 0; i < GADGET_EXPECTATIONS_MAX && expected[i].field; i++)
		if (!fits(record, check, &expected[i]))
			return false;
	return true;
}

/* ---- several of them together ---- */

struct run {
	struct check *checks[CASES_MAX];
	size_t count;
	pid_t pid;
	FILE *shown, *log;
	off_t seen; /* of what was shown, up to the end of a line */
};

/* The record is one that some of them wait for. */
static void look_at(struct run *run, const json_t *record)
{
	for (size_t i = 0; i < run->count; i++) {
		struct check *check = run->checks[i];

		check->is_done = check->is_done || has_all(record, check);
	}
}

/* A record, or several that came at once. */
static void look_at_line(struct run *run, const char *line)
{
	json_t *parsed = json_loads(line, 0, NULL), *record;
	size_t i;

	if (!parsed)
		return;
	if (json_is_object(parsed))
		look_at(run, parsed);
	json_array_foreach(parsed, i, record) look_at(run, record);
	json_decref(parsed);
}

static bool has_same_flags(const struct gadget_case *a, const struct gadget_case *b)
{
	for (size_t i = 0; i < GADGET_FLAGS_MAX; i++) {
		if (!a->flags[i] || !b->flags[i])
			return a->flags[i] == b->flags[i];
		if (strcmp(a->flags[i], b->flags[i]) != 0)
			return false;
	}
	return true;
}

/* One that stands in the run already, or NULL. */
static const struct gadget_case *find_gadget(const struct run *run, const char *gadget)
{
	for (size_t i = 0; i < run->count; i++)
		if (strcmp(run->checks[i]->row->gadget, gadget) == 0)
			return run->checks[i]->row;
	return NULL;
}

/* All that can run at once: a gadget is there once, with one set of flags. */
static void take_checks(struct run *run, struct check *checks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct gadget_case *other = find_gadget(run, checks[i].row->gadget);

		if (checks[i].is_taken || (other && !has_same_flags(other, checks[i].row)))
			continue;
		checks[i].is_taken = true;
		run->checks[run->count++] = &checks[i];
	}
}

/* What a flag names has to be known, and what a snapshot shows is taken once. */
static bool has_to_be_there_before(const struct check *check)
{
	for (size_t i = 0; i < GADGET_FLAGS_MAX && check->row->flags[i]; i++) {
		const char *percent = strchr(check->row->flags[i], '%');

		if (percent && strcmp(percent, "%pid") != 0)
			return true;
	}
	return strncmp(check->row->gadget, "snapshot_", strlen("snapshot_")) == 0;
}

static bool is_open(const struct check *check)
{
	return !check->is_done;
}

/* What several wait for is done once for all of them. */
static void provoke_all(struct run *run, bool (*is_wanted)(const struct check *check))
{
	for (size_t i = 0; i < run->count; i++) {
		struct check *check = run->checks[i], *earlier = NULL;

		for (size_t k = 0; k < i && !earlier; k++)
			if (is_wanted(run->checks[k]) &&
			    run->checks[k]->row->provoke == check->row->provoke)
				earlier = run->checks[k];
		if (!is_wanted(check))
			continue;
		if (earlier)
			memcpy(check->variables, earlier->variables, sizeof(check->variables));
		else
			provoke(check);
	}
}

/* ---- the program ---- */

struct arguments {
	const char *
		list[ARGUMENTS_MAX + 1]; /* owned from the third on, until the program takes over */
	size_t count;
};

static void add_argument(struct arguments *arguments, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void add_argument(struct arguments *arguments, const char *format, ...)
{
	char text[4096 + TEXT_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (arguments->count == ARGUMENTS_MAX)
		_exit(125);
	arguments->list[arguments->count++] = strdup(text);
}

/* "--name=value", "--name" and "--no-name", of that gadget alone. */
static void add_flag(struct arguments *arguments, const char *gadget, const char *flag)
{
	const char *name = flag + strlen("--");

	if (strchr(name, '='))
		add_argument(arguments, "--param=%s.%s", gadget, name);
	else if (strncmp(name, "no-", 3) == 0)
		add_argument(arguments, "--param=%s.%s=false", gadget, name + 3);
	else
		add_argument(arguments, "--param=%s.%s=true", gadget, name);
}

static void become(const struct run *run)
{
	struct arguments arguments = { .list = { getenv("SONDE_BIN"), "run" }, .count = 2 };

	add_argument(&arguments, "--output=json");
	add_argument(&arguments, "--debug");
	/* An agent of somebody else may run here, and then it would be asked for the events. */
	add_argument(&arguments, "--agent=none");
	for (size_t i = 0; i < run->count; i++) {
		const struct gadget_case *row = run->checks[i]->row;

		if (find_gadget(run, row->gadget) != row)
			continue;
		add_argument(&arguments, "%s/%s", getenv("SONDE_PROBES"), row->gadget);
		for (size_t k = 0; k < GADGET_FLAGS_MAX && row->flags[k]; k++) {
			char flag[TEXT_SIZE];

			expand(run->checks[i], row->flags[k], flag, sizeof(flag));
			add_flag(&arguments, row->gadget, flag);
		}
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(fileno(run->shown), STDOUT_FILENO) < 0 ||
	    dup2(fileno(run->log), STDERR_FILENO) < 0)
		_exit(126);
	execv(arguments.list[0], (char *const *)(uintptr_t)arguments.list);
	_exit(127);
}

static void start(struct run *run)
{
	run->shown = tmpfile();
	run->log = tmpfile();
	assert_non_null(getenv("SONDE_BIN"));
	assert_non_null(getenv("SONDE_PROBES"));
	assert_true(run->shown && run->log);
	for (size_t i = 0; i < run->count; i++) {
		current = run->checks[i];
		gadget_set("pid", "%d", getpid());
	}
	provoke_all(run, has_to_be_there_before);
	run->pid = fork();
	assert_true(run->pid >= 0);
	if (run->pid == 0)
		become(run);
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

/* What was shown since the last time. */
static void look(struct run *run)
{
	char *text = read_from(run->shown, run->seen), *rest = text, *line;

	while ((line = strsep(&rest, "\n")) && rest) {
		run->seen += rest - line;
		look_at_line(run, line);
	}
	free(text);
}

static void stop(struct run *run)
{
	int status;

	(void)kill(run->pid, SIGTERM);
	assert_int_equal(waitpid(run->pid, &status, 0), run->pid);
	fclose(run->shown);
	fclose(run->log);
}

static void complain(struct run *run)
{
	char *shown = read_from(run->shown, 0), *log = read_from(run->log, 0);
	size_t len = strlen(shown), log_len = strlen(log);

	for (size_t i = 0; i < run->count; i++) {
		const struct gadget_case *row = run->checks[i]->row;

		if (!run->checks[i]->is_done)
			print_error("%s %s: no record fits\n", row->gadget,
				    row->flags[0] ? row->flags[0] : "");
	}
	print_error("the last that were shown:\n%s\n%s\n", shown + (len > 3000 ? len - 3000 : 0),
		    log + (log_len > 3000 ? log_len - 3000 : 0));
	free(shown);
	free(log);
	stop(run);
	fail();
}

static bool is_done(const struct run *run)
{
	for (size_t i = 0; i < run->count; i++)
		if (!run->checks[i]->is_done)
			return false;
	return true;
}

static bool is_attached(const struct run *run)
{
	char *log = read_from(run->log, 0);
	bool is_told = strstr(log, "gadgets are attached") != NULL;

	free(log);
	return is_told;
}

static void wait_until_attached(struct run *run)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };

	time_t give_up = time(NULL) + GIVE_UP_SECONDS;

	while (!is_attached(run) && time(NULL) < give_up) {
		if (waitpid(run->pid, NULL, WNOHANG) == run->pid) {
			char *log = read_from(run->log, 0);

			run->pid = 0;
			fail_msg("it ended by itself:\n%s", log);
		}
		nanosleep(&pause, NULL);
	}
}

static void finish(struct run *run)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };

	time_t give_up;

	start(run);
	wait_until_attached(run);
	give_up = time(NULL) + GIVE_UP_SECONDS;
	while (time(NULL) < give_up) {
		look(run);
		if (is_done(run)) {
			stop(run);
			return;
		}
		provoke_all(run, is_open);
		nanosleep(&pause, NULL);
	}
	complain(run);
}

void gadget_check_all(const struct gadget_case *const *rows, size_t count)
{
	struct check *checks = calloc(count, sizeof(*checks));

	assert_non_null(checks);
	assert_true(count <= CASES_MAX);
	for (size_t i = 0; i < count; i++)
		checks[i].row = rows[i];
	for (;;) {
		struct run run = { .count = 0 };

		take_checks(&run, checks, count);
		if (run.count == 0)
			break;
		finish(&run);
	}
	free(checks);
}

void gadget_check(const struct gadget_case *row)
{
	gadget_check_all(&row, 1);
}
