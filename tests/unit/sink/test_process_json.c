/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/process_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "record/process_event_parse.h"

static void assert_line(const struct process_event *event, const struct event_mask *mask,
			const char *expected)
{
	struct strbuf out = STRBUF_INIT;

	assert_int_equal(process_json__write(event, mask, &out), 0);
	assert_string_equal(strbuf__text(&out), expected);
	strbuf__done(&out);
}

/* Lines of every kind of event and argument, as Tetragon's encoder writes them, blanks aside. */
static void test_write__what_was_read_is_written_again(void **state)
{
	char path[4096], *line = NULL;
	struct strbuf out = STRBUF_INIT;
	struct arena arena = ARENA_INIT;
	size_t capacity = 0, count = 0;
	ssize_t len;
	FILE *file;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/tests/fixture/process_event/lines.json",
		       getenv("SONDE_SOURCE"));
	file = fopen(path, "re");
	assert_non_null(file);
	while ((len = getline(&line, &capacity, file)) > 0) {
		struct process_event event;

		assert_int_equal(process_event_parse(line, (size_t)len, &arena, &event, NULL), 0);
		strbuf__reset(&out);
		assert_int_equal(process_json__write(&event, NULL, &out), 0);
		assert_string_equal(strbuf__text(&out), line);
		arena__reset(&arena);
		count++;
	}
	assert_true(count > 10);
	(void)fclose(file);
	free(line);
	arena__done(&arena);
	strbuf__done(&out);
}

static void test_write__nothing(void **state)
{
	(void)state;
	assert_line(&(struct process_event){ 0 }, NULL, "{}\n");
}

static void test_write__texts_are_made_fit(void **state)
{
	struct process_event event = {
		.kind = PROCESS_EVENT_THROTTLE,
		.cgroup = text_view_of("a\xff\x1b[31m\"\xe2\x80\xae\xc3\xa9"),
	};

	(void)state;
	assert_line(
		&event, NULL,
		"{\"process_throttle\":{\"cgroup\":\"a\xef\xbf\xbd\\u001b[31m\\\"\\u202e\xc3\xa9"
		"\"}}\n");
}

static void test_write__numbers_without_a_name(void **state)
{
	static const struct capabilities_view capabilities = { .effective = 1ULL << 63 | 1 };
	static const struct process_argument module = { .kind = ARGUMENT_MODULE,
							.module = { .tainted = 1 | 8 } };
	struct process_view process = { .capabilities = &capabilities };
	struct process_event event = { .kind = PROCESS_EVENT_LSM,
				       .process = &process,
				       .action = 77,
				       .arguments = &module,
				       .argument_count = 1 };

	(void)state;
	assert_line(&event, NULL,
		    "{\"process_lsm\":{\"process\":{\"cap\":{\"effective\":[\"CAP_CHOWN\",63]}},"
		    "\"args\":[{\"module_arg\":{\"tainted\":[\"TAINT_PROPRIETARY_MODULE\",8]}}],"
		    "\"action\":77}}\n");
}

static void test_write__fields_of_a_mask(void **state)
{
	const struct event_message *exec = event_message_of(PROCESS_EVENT_EXEC);
	struct process_view process = { .pid = optional_u32_of(1),
					.binary = text_view_of("/bin/a") };
	struct process_event event = { .kind = PROCESS_EVENT_EXEC,
				       .process = &process,
				       .parent = &process,
				       .node_name = text_view_of("n") };
	struct event_mask of_process = { .fields = 1u << 1 };
	struct event_mask of_exec = { .fields = 1, .below = { &of_process } };
	struct event_mask mask = { .fields = UINT64_MAX, .below = { &of_exec } };

	(void)state;
	assert_string_equal(exec->fields[0].key, "\"process\":");
	assert_line(&event, &mask,
		    "{\"process_exec\":{\"process\":{\"pid\":1}},\"node_name\":\"n\"}\n");
}

static void test_write__appends(void **state)
{
	struct process_event event = { .node_name = text_view_of("n") };
	struct strbuf out = STRBUF_INIT;

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(process_json__write(&event, NULL, &out), 0);
	assert_int_equal(out.len, 100 * strlen("{\"node_name\":\"n\"}\n"));
	strbuf__done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write__what_was_read_is_written_again),
		cmocka_unit_test(test_write__nothing),
		cmocka_unit_test(test_write__texts_are_made_fit),
		cmocka_unit_test(test_write__numbers_without_a_name),
		cmocka_unit_test(test_write__fields_of_a_mask),
		cmocka_unit_test(test_write__appends),
	};

	return cmocka_run_group_tests_name("sink/process_json", tests, NULL, NULL);
}
