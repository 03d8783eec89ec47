/* SPDX-License-Identifier: Apache-2.0 */
/* A file of events of policies that are made up: the functions of pipeline/policies.h that it needs are this test's. */
#include "pipeline/event_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/str.h"
#include "pipeline/policies.h"

struct policies {
	struct policy_subscriber subscriber;
	bool has_subscriber;
	uint64_t exports[POLICY_EXPORT_COUNT], bytes;
};

int policies__subscribe(struct policies *policies, const struct policy_subscriber *subscriber,
			struct err *err)
{
	(void)err;
	policies->subscriber = *subscriber;
	policies->has_subscriber = true;
	return 0;
}

void policies__unsubscribe(struct policies *policies, const void *ctx)
{
	if (policies->subscriber.ctx == ctx)
		policies->has_subscriber = false;
}

struct process_event policies__own_event(const struct policies *policies,
					 enum process_event_kind kind)
{
	(void)policies;
	return (struct process_event){ .kind = kind, .node_name = text_view_of("node") };
}

void policies__note_export(struct policies *policies, enum policy_export what, uint64_t bytes)
{
	policies->exports[what]++;
	policies->bytes += bytes;
}

struct fixture {
	struct loop *loop;
	struct policies policies;
	struct event_file_options options;
	struct event_file *file;
};

static int set_up(void **state)
{
	struct fixture *fixture = new_zero(struct fixture);

	assert_non_null(fixture);
	assert_int_equal(loop__new(&fixture->loop, NULL), 0);
	fixture->options = (struct event_file_options){ .policies = &fixture->policies,
							.loop = fixture->loop,
							.file = { .path = "events/log.json" } };
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	DIR *folder;
	struct dirent *entry;

	event_file__free(fixture->file);
	assert_false(fixture->policies.has_subscriber);
	loop__free(fixture->loop);
	folder = opendir("events");
	while (folder && (entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			(void)unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder)
		closedir(folder);
	(void)rmdir("events");
	free(fixture);
	return 0;
}

static void tell(struct fixture *fixture, enum process_event_kind kind, uint32_t times)
{
	const struct process_event event = { .kind = kind };

	for (uint32_t i = 0; i < times; i++)
		fixture->policies.subscriber.event(fixture->policies.subscriber.ctx, &event);
}

static size_t count_lines(const char *prefix)
{
	__cleanup(x_freep) char *text = NULL;
	size_t len, count = 0;

	assert_int_equal(fd_read_all(AT_FDCWD, "events/log.json", 1u << 20, &text, &len), 0);
	for (const char *line = text; *line; line = strchr(line, '\n') + 1)
		count += str_starts(line, prefix);
	return count;
}

static void test_events__are_in_the_file_when_it_ends(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(event_file__new(&fixture->options, &fixture->file, NULL), 0);
	tell(fixture, PROCESS_EVENT_EXEC, 3);
	tell(fixture, PROCESS_EVENT_EXIT, 2);
	fixture->file = event_file__free(fixture->file);
	assert_int_equal(count_lines("{\"process_exec\":"), 3);
	assert_int_equal(count_lines("{\"process_exit\":"), 2);
}

static void test_events__come_to_the_file_while_it_runs(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(event_file__new(&fixture->options, &fixture->file, NULL), 0);
	tell(fixture, PROCESS_EVENT_EXEC, 1);
	for (int i = 0; i < 3000 && count_lines("{") == 0; i++)
		loop__run_once(fixture->loop, 10);
	assert_int_equal(count_lines("{\"process_exec\":"), 1);
}

static void test_lists__decide_what_is_written(void **state)
{
	struct fixture *fixture = *state;
	const struct policy_subscriber *subscriber = &fixture->policies.subscriber;
	struct event_file_figures figures;

	fixture->options.export.deny = "{\"event_set\":[\"PROCESS_EXEC\"]}";
	assert_int_equal(event_file__new(&fixture->options, &fixture->file, NULL), 0);
	assert_false(subscriber->wants(subscriber->ctx, PROCESS_EVENT_EXEC, ""));
	assert_true(subscriber->wants(subscriber->ctx, PROCESS_EVENT_EXIT, ""));
	tell(fixture, PROCESS_EVENT_EXEC, 3);
	tell(fixture, PROCESS_EVENT_EXIT, 2);
	event_file__figures(fixture->file, &figures);
	assert_int_equal(figures.written, 2);
	assert_int_equal(figures.export.filtered, 3);
}

static void test_limit__holds(void **state)
{
	struct fixture *fixture = *state;
	struct event_file_figures figures;

	fixture->options.export.is_limited = true;
	fixture->options.export.per_minute = 0;
	assert_int_equal(event_file__new(&fixture->options, &fixture->file, NULL), 0);
	tell(fixture, PROCESS_EVENT_EXEC, 7);
	event_file__figures(fixture->file, &figures);
	assert_int_equal(figures.written, 0);
	assert_int_equal(figures.export.limited, 7);
	assert_int_equal(fixture->policies.exports[POLICY_EXPORT_LIMITED], 7);
	assert_int_equal(fixture->policies.exports[POLICY_EXPORT_WRITTEN], 0);
}

static void test_wrong_lists__are_refused(void **state)
{
	struct fixture *fixture = *state;

	fixture->options.export.allow = "{";
	assert_int_equal(event_file__new(&fixture->options, &fixture->file, NULL), -EINVAL);
}

static void test_file_that_cannot_be__is_refused(void **state)
{
	struct fixture *fixture = *state;

	fixture->options.file.path = "/proc/no/events.json";
	assert_true(event_file__new(&fixture->options, &fixture->file, NULL) < 0);
}

/* ---- ten thousand events, of which lists, fields and the size of files leave what is told here in other words ---- */

#define CORPUS_EVENTS 10000u
#define CORPUS_FILE_BYTES (64u << 10)

static const struct {
	enum process_event_kind kind;
	const char *name;
} corpus_kinds[] = {
	{ PROCESS_EVENT_EXEC, "process_exec" },
	{ PROCESS_EVENT_EXIT, "process_exit" },
	{ PROCESS_EVENT_KPROBE, "process_kprobe" },
	{ PROCESS_EVENT_LSM, "process_lsm" },
};
static const char *const corpus_namespaces[] = { "", "shop", "kube-system" };
static const char *const corpus_policies[] = { "watch", "guard" };

static struct text_view view_of(const char *text)
{
	return (struct text_view){ text, strlen(text) };
}

static bool is_hook(uint32_t i)
{
	return corpus_kinds[i % 4].kind != PROCESS_EVENT_EXEC &&
	       corpus_kinds[i % 4].kind != PROCESS_EVENT_EXIT;
}

/* What an event is by its number: the periods have no common divisor, so that everything meets everything. */
static const char *binary_of(uint32_t i, char *text, size_t size)
{
	(void)snprintf(text, size, "/usr/bin/b%u", i % 7);
	return text;
}

static void tell_corpus(struct fixture *fixture)
{
	for (uint32_t i = 0; i < CORPUS_EVENTS; i++) {
		char binary[32], arguments[32];
		struct pod_view pod = { .namespace = view_of(corpus_namespaces[i % 3]) };
		struct process_view process = { .binary = view_of(binary_of(i, binary, 32)),
						.pod = i % 3 ? &pod : NULL };
		struct process_event event = { .kind = corpus_kinds[i % 4].kind,
					       .process = &process };

		(void)snprintf(arguments, sizeof(arguments), "--secret s%u", i);
		process.arguments = view_of(arguments);
		if (is_hook(i))
			event.policy_name = view_of(corpus_policies[i % 5 == 0]);
		fixture->policies.subscriber.event(fixture->policies.subscriber.ctx, &event);
	}
}

static bool is_kept(uint32_t i)
{
	bool is_exec = i % 4 == 0, is_lsm = i % 4 == 3;
	bool is_watched = is_hook(i) && i % 5 != 0;

	return (is_exec || (is_lsm && is_watched)) && i % 3 != 2 && !(is_exec && i % 7 >= 5);
}

static void expect_line(uint32_t i, struct strbuf *out)
{
	char binary[32];

	strbuf__printf(out, "{\"%s\":{\"process\":{\"binary\":\"%s\"", corpus_kinds[i % 4].name,
		       binary_of(i, binary, 32));
	if (i % 4 != 0) /* of executions the list of fields leaves arguments out */
		strbuf__printf(out, ",\"arguments\":\"--secret s%u\"", i);
	if (i % 3 == 1)
		strbuf__add_text(out, ",\"pod\":{\"namespace\":\"shop\"}");
	strbuf__add_char(out, '}');
	if (is_hook(i))
		strbuf__printf(out, ",\"policy_name\":\"%s\"", corpus_policies[i % 5 == 0]);
	strbuf__add_text(out, "}}\n");
}

static int is_event_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Oldest first: names have the time they were put aside at, and what is written to now sorts behind them. */
static uint32_t join_files(struct strbuf *out)
{
	struct dirent **entries;
	int count = scandir("events", &entries, is_event_file, alphasort);

	for (int i = 0; i < count; i++) {
		__cleanup(x_freep) char *text = NULL;
		char path[300];
		size_t len;

		(void)snprintf(path, sizeof(path), "events/%s", entries[i]->d_name);
		assert_int_equal(fd_read_all(AT_FDCWD, path, 1u << 20, &text, &len), 0);
		assert_true(len <= CORPUS_FILE_BYTES);
		strbuf__add(out, text, len);
		free(entries[i]);
	}
	free(entries);
	return (uint32_t)count;
}

static void test_corpus__is_in_files_as_lists_and_fields_say(void **state)
{
	struct fixture *fixture = *state;
	struct strbuf expected = STRBUF_INIT, got = STRBUF_INIT;
	struct event_file_figures figures;
	uint32_t kept = 0, files;

	fixture->options.export.allow =
		"{\"event_set\":[\"PROCESS_EXEC\"]} "
		"{\"event_set\":[\"PROCESS_LSM\"],\"policy_names\":[\"watch\"]}";
	fixture->options.export.deny =
		"{\"namespace\":[\"kube-system\"]} "
		"{\"event_set\":[\"PROCESS_EXEC\"],\"binary_regex\":[\"b[56]$\"]}";
	fixture->options.export.fields = "{\"event_set\":[\"PROCESS_EXEC\"],\"action\":\"EXCLUDE\","
					 "\"fields\":\"process.arguments\"}";
	fixture->options.file.max_bytes = CORPUS_FILE_BYTES;
	assert_int_equal(event_file__new(&fixture->options, &fixture->file, NULL), 0);
	tell_corpus(fixture);
	for (uint32_t i = 0; i < CORPUS_EVENTS; i++) {
		if (!is_kept(i))
			continue;
		expect_line(i, &expected);
		kept++;
	}
	event_file__figures(fixture->file, &figures);
	assert_int_equal(figures.written, kept);
	assert_int_equal(figures.export.filtered, CORPUS_EVENTS - kept);
	fixture->file = event_file__free(fixture->file);
	files = join_files(&got);
	assert_true(files >= expected.len / CORPUS_FILE_BYTES);
	assert_string_equal(strbuf__text(&got), strbuf__text(&expected));
	assert_int_equal(fixture->policies.exports[POLICY_EXPORT_WRITTEN], kept);
	assert_int_equal(fixture->policies.bytes, expected.len);
	strbuf__done(&expected);
	strbuf__done(&got);
}

#define file_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		file_test(test_events__are_in_the_file_when_it_ends),
		file_test(test_events__come_to_the_file_while_it_runs),
		file_test(test_lists__decide_what_is_written),
		file_test(test_limit__holds),
		file_test(test_corpus__is_in_files_as_lists_and_fields_say),
		file_test(test_wrong_lists__are_refused),
		file_test(test_file_that_cannot_be__is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
