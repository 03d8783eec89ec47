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

#define file_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		file_test(test_events__are_in_the_file_when_it_ends),
		file_test(test_events__come_to_the_file_while_it_runs),
		file_test(test_lists__decide_what_is_written),
		file_test(test_limit__holds),
		file_test(test_wrong_lists__are_refused),
		file_test(test_file_that_cannot_be__is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
