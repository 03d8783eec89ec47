/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All shipped probes in one agent (`sonde run`), and all shipped gadgets in another: every program of theirs attaches on this
 * kernel, or is listed in probes.txt with the reason why it does not. What is listed and attaches all the same fails as well.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "exporter.h"

#define PROGRAMS_MAX 512
#define EXCEPTIONS_MAX 128
#define GADGETS_MAX 64
#define NAME_SIZE 64
#define ATTACHED "sonde_program_attached{config=\""

struct program {
	char probe[NAME_SIZE], name[NAME_SIZE];
	bool is_attached;
	bool has_stand_in; /* another one of its alternatives is attached */
	bool is_excepted;
};

struct exception {
	char probe[NAME_SIZE], program[NAME_SIZE], kernel[NAME_SIZE], reason[256];
};

struct board {
	struct program programs[PROGRAMS_MAX];
	size_t program_count;
	struct exception exceptions[EXCEPTIONS_MAX];
	size_t exception_count;
	char complaints[8192]; /* a line each */
};

static void complain(struct board *board, const char *format, ...)
{
	size_t len = strlen(board->complaints);
	va_list args;

	va_start(args, format);
	vsnprintf(board->complaints + len, sizeof(board->complaints) - len, format, args);
	va_end(args);
}

static struct program *find_program(struct board *board, const char *probe, const char *name)
{
	for (size_t i = 0; i < board->program_count; i++)
		if (strcmp(board->programs[i].probe, probe) == 0 &&
		    strcmp(board->programs[i].name, name) == 0)
			return &board->programs[i];
	return NULL;
}

/* ---- what there is ---- */

static void read_metrics(struct board *board, const char *metrics)
{
	char *lines = metrics_lines(metrics, ATTACHED), *rest = lines, *line;

	while ((line = strsep(&rest, "\n")) && *line) {
		struct program *program = &board->programs[board->program_count];
		int attached;

		assert_true(board->program_count++ < PROGRAMS_MAX);
		assert_int_equal(sscanf(line, ATTACHED "%63[^\"]\",program=\"%63[^\"]\"} %d",
					program->probe, program->name, &attached),
				 3);
		program->is_attached = attached;
	}
	free(lines);
}

static void read_table(struct board *board, const char *table)
{
	char *text = strdup(table), *rest = text, *line;

	assert_non_null(text);
	while ((line = strsep(&rest, "\n"))) {
		struct exception *exception = &board->exceptions[board->exception_count];

		if (!*line || *line == '#')
			continue;
		assert_true(board->exception_count++ < EXCEPTIONS_MAX);
		if (sscanf(line, "%63s %63s %63s %255[^\n]", exception->probe, exception->program,
			   exception->kernel, exception->reason) != 4)
			complain(board, "no exception with its reason: %s\n", line);
	}
	free(text);
}

/* "  - [one, other]": when one of the line's programs is attached, that is all that is wanted of the others. */
static void read_group(struct board *board, const char *probe, const char *line)
{
	struct program *group[16];
	size_t count = 0;
	bool is_any_attached = false;
	char *names = strdup(line), *rest = names, *name;

	assert_non_null(names);
	while ((name = strsep(&rest, " -[],\n"))) {
		struct program *program = *name ? find_program(board, probe, name) : NULL;

		if (!program)
			continue;
		assert_true(count < sizeof(group) / sizeof(group[0]));
		group[count++] = program;
		is_any_attached |= program->is_attached;
	}
	for (size_t i = 0; i < count; i++)
		group[i]->has_stand_in = is_any_attached && !group[i]->is_attached;
	free(names);
}

static void read_alternatives(struct board *board, const char *probe, FILE *yaml)
{
	char *line = NULL;
	size_t size = 0;
	bool is_inside = false;

	while (getline(&line, &size, yaml) > 0) {
		if (*line != ' ' && *line != '#' && *line != '\n')
			is_inside = strncmp(line, "alternatives:", 13) == 0;
		else if (is_inside && strchr(line, '['))
			read_group(board, probe, line);
	}
	free(line);
}

/* ---- what is wrong with it ---- */

/* Also by what a kernel was built with. */
static bool is_for(const struct exception *exception, const char *kernel)
{
	if (strcmp(exception->kernel, "no-kprobes") == 0)
		return access("/sys/bus/event_source/devices/kprobe", F_OK) != 0;
	return fnmatch(exception->kernel, kernel, 0) == 0;
}

static void judge_exceptions(struct board *board, const char *kernel)
{
	for (size_t i = 0; i < board->exception_count; i++) {
		const struct exception *exception = &board->exceptions[i];
		struct program *program = find_program(board, exception->probe, exception->program);

		if (!program) {
			complain(board, "%s of %s is listed and does not exist\n",
				 exception->program, exception->probe);
			continue;
		}
		if (!is_for(exception, kernel))
			continue;
		program->is_excepted = true;
		if (program->is_attached || program->has_stand_in)
			complain(board, "%s of %s is listed and works here: %s\n",
				 exception->program, exception->probe, exception->reason);
	}
}

static void judge_programs(struct board *board)
{
	for (size_t i = 0; i < board->program_count; i++) {
		const struct program *program = &board->programs[i];

		if (!program->is_attached && !program->has_stand_in && !program->is_excepted)
			complain(board, "%s of %s is not attached and not listed\n", program->name,
				 program->probe);
	}
}

static struct board *make_board(const char *metrics, const char *table)
{
	struct board *board = calloc(1, sizeof(*board));

	assert_non_null(board);
	read_metrics(board, metrics);
	read_table(board, table);
	return board;
}

static void judge(struct board *board, const char *kernel)
{
	judge_exceptions(board, kernel);
	judge_programs(board);
}

static void tell(const struct board *board, const char *kernel)
{
	size_t attached = 0, stood_in = 0;

	for (size_t i = 0; i < board->program_count; i++) {
		attached += board->programs[i].is_attached;
		stood_in += board->programs[i].has_stand_in;
	}
	printf("# %s: %zu of %zu programs attached, for %zu others an alternative\n", kernel,
	       attached, board->program_count, stood_in);
	for (size_t i = 0; i < board->exception_count; i++)
		if (is_for(&board->exceptions[i], kernel))
			printf("# not here: %s of %s: %s\n", board->exceptions[i].program,
			       board->exceptions[i].probe, board->exceptions[i].reason);
}

/* ---- the judge itself ---- */

static void test_judge__what_is_listed_and_what_is_not(void **state)
{
	static const char metrics[] = ATTACHED "a\",program=\"works\"} 1\n" //
		ATTACHED "a\",program=\"fails\"} 0\n"                       //
		ATTACHED "b\",program=\"kprobe\"} 1\n"                      //
		ATTACHED "b\",program=\"fentry\"} 0\n";
	static const struct {
		const char *table, *group, *complaints;
	} cases[] = {
		{ "a fails 5.10.*/x86_64 it is young", "  - [fentry, kprobe]", "" },
		{ "# none", "  - [fentry, kprobe]", "fails of a is not attached and not listed\n" },
		{ "a fails */x86_64 it is young", "",
		  "fentry of b is not attached and not listed\n" },
		{ "a fails 6.1.*/x86_64 it is young", "  - [fentry, kprobe]",
		  "fails of a is not attached and not listed\n" },
		{ "a fails 5.10.*/* it is young\na works * why not", "  - [fentry, kprobe]",
		  "works of a is listed and works here: why not\n" },
		{ "a fails * it is young\nb fentry * refused", "  - [fentry, kprobe]",
		  "fentry of b is listed and works here: refused\n" },
		{ "a fails * it is young\na gone * gone", "  - [fentry, kprobe]",
		  "gone of a is listed and does not exist\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct board *board = make_board(metrics, cases[i].table);

		read_group(board, "b", cases[i].group);
		judge(board, "5.10.0-46/x86_64");
		assert_string_equal(board->complaints, cases[i].complaints);
		free(board);
	}
}

/* ---- the probes ---- */

static char *read_text(const char *dir, const char *name)
{
	char path[4096], *text = calloc(1, 1 << 16);
	FILE *file;

	assert_non_null(text);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "re");
	if (!file)
		fail_msg("cannot read %s", path);
	assert_true(fread(text, 1, (1 << 16) - 1, file) > 0);
	fclose(file);
	return text;
}

/* Reads the alternatives of each, and sees to it that each has a program and that all its metrics are there. */
static void read_probes(struct board *board, const char *dir, const char *metrics)
{
	DIR *probes = opendir(dir);
	const struct dirent *entry;

	assert_non_null(probes);
	while ((entry = readdir(probes))) {
		const char *dot = strchr(entry->d_name, '.');
		char name[NAME_SIZE], path[4096], prefix[128];
		FILE *yaml;

		if (!dot || strcmp(dot, ".yaml") != 0)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(dot - entry->d_name), entry->d_name);
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		yaml = fopen(path, "re");
		assert_non_null(yaml);
		read_alternatives(board, name, yaml);
		fclose(yaml);
		snprintf(prefix, sizeof(prefix), ATTACHED "%s\"", name);
		if (metrics_count(metrics, prefix) == 0)
			complain(board, "nothing of %s was even loaded\n", name);
		snprintf(prefix, sizeof(prefix), "sonde_metric_active{config=\"%s\"", name);
		if (metrics_count(metrics, prefix) == 0)
			complain(board, "%s has no metrics\n", name);
	}
	closedir(probes);
}

/* The folders with a gadget.yaml, by their paths. */
struct gadgets {
	char paths[GADGETS_MAX][512];
	const char *flags[GADGETS_MAX + 2]; /* with a NULL at the end */
	size_t count;
};

static void find_gadgets(struct gadgets *gadgets, const char *dir)
{
	DIR *probes = opendir(dir);
	const struct dirent *entry;

	assert_non_null(probes);
	memset(gadgets, 0, sizeof(*gadgets));
	gadgets->flags[0] = "--metrics";
	while ((entry = readdir(probes))) {
		char *path = gadgets->paths[gadgets->count], yaml[1024];

		snprintf(yaml, sizeof(yaml), "%s/%s/gadget.yaml", dir, entry->d_name);
		if (entry->d_name[0] == '.' || access(yaml, R_OK) != 0)
			continue;
		assert_true(gadgets->count + 1 < GADGETS_MAX);
		snprintf(path, sizeof(gadgets->paths[0]), "%s/%s", dir, entry->d_name);
		gadgets->flags[++gadgets->count] = path;
	}
	closedir(probes);
	assert_true(gadgets->count > 0);
}

/* What an agent says of all gadgets; *ret_log: and what it complains of. Both are the caller's. */
static char *run_gadgets(const char *dir, char **ret_log)
{
	struct gadgets *gadgets = calloc(1, sizeof(*gadgets));
	struct exporter exporter;
	char *metrics;

	assert_non_null(gadgets);
	find_gadgets(gadgets, dir);
	exporter__init(&exporter);
	exporter.probes = dir;
	exporter__start(&exporter, NULL, gadgets->flags);
	metrics = exporter__scrape(&exporter);
	assert_int_equal(exporter__stop(&exporter), 0);
	*ret_log = strdup(exporter.log);
	exporter__done(&exporter);
	free(gadgets);
	return metrics;
}

/* Reads the alternatives of each, and sees to it that each has a program. */
static void read_gadgets(struct board *board, const struct gadgets *gadgets, const char *metrics)
{
	for (size_t i = 0; i < gadgets->count; i++) {
		const char *name = strrchr(gadgets->paths[i], '/') + 1;
		char prefix[128], path[1024];
		FILE *yaml;

		snprintf(path, sizeof(path), "%s/gadget.yaml", gadgets->paths[i]);
		yaml = fopen(path, "re");
		assert_non_null(yaml);
		read_alternatives(board, name, yaml);
		fclose(yaml);
		snprintf(prefix, sizeof(prefix), ATTACHED "%s\"", name);
		if (metrics_count(metrics, prefix) == 0)
			complain(board, "nothing of %s was even loaded\n", gadgets->paths[i]);
	}
}

static void test_attach__all_gadgets_in_one_agent(void **state)
{
	const char *dir = getenv("SONDE_PROBES"), *source = getenv("SONDE_SOURCE");
	struct gadgets *gadgets = calloc(1, sizeof(*gadgets));
	struct board *board;
	struct utsname system;
	char kernel[160], *metrics, *table, *log;

	(void)state;
	assert_true(dir && source && gadgets);
	assert_int_equal(uname(&system), 0);
	snprintf(kernel, sizeof(kernel), "%s/%s", system.release, system.machine);
	find_gadgets(gadgets, dir);
	metrics = run_gadgets(dir, &log);
	table = read_text(source, "tests/kernel/gadgets.txt");
	board = make_board(metrics, table);
	read_gadgets(board, gadgets, metrics);
	judge(board, kernel);
	tell(board, kernel);
	if (board->complaints[0])
		fail_msg("on %s:\n%s%s", kernel, board->complaints, log);
	free(board);
	free(table);
	free(metrics);
	free(log);
	free(gadgets);
}

static void test_attach__all_probes_in_one_agent(void **state)
{
	const char *dir = getenv("SONDE_PROBES"), *source = getenv("SONDE_SOURCE");
	struct exporter exporter;
	struct board *board;
	struct utsname system;
	char kernel[160], *metrics, *table;

	(void)state;
	assert_non_null(dir);
	assert_non_null(source);
	assert_int_equal(uname(&system), 0);
	snprintf(kernel, sizeof(kernel), "%s/%s", system.release, system.machine);
	exporter__init(&exporter);
	exporter.probes = dir;
	exporter__start(&exporter, NULL, NULL);
	metrics = exporter__scrape(&exporter);
	assert_int_equal(exporter__stop(&exporter), 0);
	table = read_text(source, "tests/kernel/probes.txt");
	board = make_board(metrics, table);
	read_probes(board, dir, metrics);
	judge(board, kernel);
	tell(board, kernel);
	if (board->complaints[0])
		fail_msg("on %s:\n%s%s", kernel, board->complaints, exporter.log);
	free(board);
	free(table);
	free(metrics);
	exporter__done(&exporter);
}

static void assert_documented(const char *document, const char *row)
{
	if (!strstr(document, row))
		fail_msg("docs/reference/ does not have: %s", row);
}

static void assert_probes_documented(const char *document, const char *dir)
{
	DIR *probes = opendir(dir);
	const struct dirent *entry;

	assert_non_null(probes);
	while ((entry = readdir(probes))) {
		const char *dot = strchr(entry->d_name, '.');
		char row[NAME_SIZE];

		if (!dot || strcmp(dot, ".yaml") != 0)
			continue;
		snprintf(row, sizeof(row), "| `%.*s` |", (int)(dot - entry->d_name), entry->d_name);
		assert_documented(document, row);
	}
	closedir(probes);
}

static void assert_gadgets_documented(const char *document, const char *dir)
{
	struct gadgets *gadgets = calloc(1, sizeof(*gadgets));

	assert_non_null(gadgets);
	find_gadgets(gadgets, dir);
	for (size_t i = 0; i < gadgets->count; i++) {
		char row[NAME_SIZE];

		snprintf(row, sizeof(row), "| `%.50s` |", strrchr(gadgets->paths[i], '/') + 1);
		assert_documented(document, row);
	}
	free(gadgets);
}

static void assert_exceptions_documented(const char *document, const char *table)
{
	struct board *board = make_board("", table);

	for (size_t i = 0; i < board->exception_count; i++) {
		const struct exception *exception = &board->exceptions[i];
		char row[1024];

		snprintf(row, sizeof(row), "| `%s` | `%s` | `%s` | %s |", exception->probe,
			 exception->program, exception->kernel, exception->reason);
		assert_documented(document, row);
	}
	free(board);
}

/* In a VM the documents are not at hand; they are the same for every kernel. */
static void test_document__every_probe_gadget_and_exception(void **state)
{
	static const struct {
		const char *document, *exceptions;
		void (*assert_all)(const char *document, const char *dir);
	} pages[] = {
		{ "docs/reference/probes.md", "tests/kernel/probes.txt", assert_probes_documented },
		{ "docs/reference/gadgets.md", "tests/kernel/gadgets.txt",
		  assert_gadgets_documented },
	};
	const char *source = getenv("SONDE_SOURCE");

	(void)state;
	if (getenv("SONDE_IN_VM")) {
		printf("# skip: there are no documents in a VM\n");
		skip();
	}
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		char *document = read_text(source, pages[i].document);
		char *table = read_text(source, pages[i].exceptions);

		pages[i].assert_all(document, getenv("SONDE_PROBES"));
		assert_exceptions_documented(document, table);
		free(table);
		free(document);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judge__what_is_listed_and_what_is_not),
		cmocka_unit_test(test_attach__all_probes_in_one_agent),
		cmocka_unit_test(test_attach__all_gadgets_in_one_agent),
		cmocka_unit_test(test_document__every_probe_gadget_and_exception),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
