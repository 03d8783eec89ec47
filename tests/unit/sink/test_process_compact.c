/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/process_compact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "record/process_event_parse.h"

static const char *syscall_name(const struct text_view *abi, int64_t number)
{
	if (abi->len == 0)
		return number == 39 ? "getpid" : number == 0 ? "read" : NULL;
	return number == 20 && abi->len == 4 && memcmp(abi->data, "i386", 4) == 0 ? "i386/getpid"
										  : NULL;
}

static struct process_compact *make(const struct process_compact_options *options)
{
	struct process_compact *compact = NULL;

	assert_int_equal(process_compact__new(options, &compact, NULL), 0);
	return compact;
}

static FILE *open_fixture(const char *name, const char *ending)
{
	char path[4096];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/tests/fixture/process_event/%s.%s",
		       getenv("SONDE_SOURCE"), name, ending);
	file = fopen(path, "re");
	if (!file)
		fail_msg("%s is not there", path);
	return file;
}

static void add_lines(struct process_compact *compact, const char *name, struct strbuf *out)
{
	FILE *file = open_fixture(name, "json");
	struct arena arena = ARENA_INIT;
	char *line = NULL;
	size_t capacity = 0;
	ssize_t len;

	while ((len = getline(&line, &capacity, file)) > 0) {
		struct process_event event;

		assert_int_equal(process_event_parse(line, (size_t)len, &arena, &event, NULL), 0);
		assert_int_equal(process_compact__write(compact, &event, out),
				 event.kind != PROCESS_EVENT_NONE);
		arena__reset(&arena);
	}
	(void)fclose(file);
	free(line);
	arena__done(&arena);
}

/* As tetra prints them, but for what docs/reference/events.md says. */
static void assert_file(const char *name, const char *ending, bool is_colored)
{
	struct process_compact *compact =
		make(&(struct process_compact_options){ .is_colored = is_colored,
							.has_times = is_colored,
							.has_stacks = true,
							.has_ima_hash = true,
							.syscall_name = syscall_name });
	struct strbuf out = STRBUF_INIT, expected = STRBUF_INIT;
	FILE *file = open_fixture(name, ending);
	int c;

	while ((c = fgetc(file)) != EOF)
		strbuf__add_char(&expected, (char)c);
	(void)fclose(file);
	add_lines(compact, name, &out);
	assert_string_equal(strbuf__text(&out), strbuf__text(&expected));
	strbuf__done(&out);
	strbuf__done(&expected);
	process_compact__free(compact);
}

static void test_write__every_kind(void **state)
{
	(void)state;
	assert_file("lines", "compact", false);
	assert_file("lines", "colored", true);
}

static void test_write__calls_and_texts(void **state)
{
	(void)state;
	assert_file("calls", "compact", false);
	assert_file("calls", "colored", true);
}

static void assert_printed(const struct process_event *event, const char *expected)
{
	struct process_compact *compact =
		make(&(struct process_compact_options){ .syscall_name = syscall_name });
	struct strbuf out = STRBUF_INIT;

	assert_int_equal(process_compact__write(compact, event, &out), expected != NULL);
	assert_string_equal(strbuf__text(&out), expected ? expected : "");
	strbuf__done(&out);
	process_compact__free(compact);
}

static void test_write__system_calls_of_other_abis(void **state)
{
	static const struct process_argument calls[] = {
		{ .kind = ARGUMENT_SYSCALL, .syscall = { .id = 20, .abi = { "i386", 4 } } },
		{ .kind = ARGUMENT_SYSCALL, .syscall = { .id = 21, .abi = { "i386", 4 } } },
		{ .kind = ARGUMENT_INT, .number_i32 = 39 },
	};
	static const char *const expected[] = {
		"☎  syscall   i386/getpid\n",
		"☎  syscall   unknown\n",
		"☎  syscall   unknown\n",
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct process_event event = { .kind = PROCESS_EVENT_TRACEPOINT,
					       .subsystem = text_view_of("raw_syscalls"),
					       .event = text_view_of("sys_enter"),
					       .arguments = &calls[i],
					       .argument_count = 1 };

		assert_printed(&event, expected[i]);
	}
}

static void test_write__what_system_calls_take(void **state)
{
	static const struct process_argument arguments[] = {
		{ .kind = ARGUMENT_LONG, .number_i64 = 0 },
		{ .kind = ARGUMENT_SIZE, .number_u64 = 3 },
		{ .kind = ARGUMENT_SIZE, .number_u64 = 0xffff },
		{ .kind = ARGUMENT_INT, .number_i32 = 4 },
	};
	static const char *const expected[] = {
		"☎  syscall   read(unsigned int fd=?, char * buf=?, size_t count=?)\n",
		"☎  syscall   read(unsigned int fd=3, char * buf=?, size_t count=?)\n",
		"☎  syscall   read(unsigned int fd=3, char *buf=0xffff, size_t count=?)\n",
		"☎  syscall   read(unsigned int fd=3, char *buf=0xffff, size_t count=?)\n",
	};

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		struct process_event event = { .kind = PROCESS_EVENT_TRACEPOINT,
					       .subsystem = text_view_of("raw_syscalls"),
					       .event = text_view_of("sys_enter"),
					       .arguments = arguments,
					       .argument_count = i + 1 };

		assert_printed(&event, expected[i]);
	}
}

static void test_write__invalid_bytes(void **state)
{
	struct process_view process = { .binary = text_view_of("/a\xff"),
					.arguments = text_view_of("\xff \x1b") };
	struct process_event event = { .kind = PROCESS_EVENT_EXEC, .process = &process };

	(void)state;
	assert_printed(&event, "🚀 process  \"/a\\xff\" \"\\xff \\x1b\"\n");
}

static void test_write__nothing_of_an_event(void **state)
{
	(void)state;
	assert_printed(&(struct process_event){ 0 }, NULL);
	assert_printed(&(struct process_event){ .kind = PROCESS_EVENT_EXIT }, "💥 exit       0\n");
	assert_printed(&(struct process_event){ .kind = PROCESS_EVENT_KPROBE,
						.function_name = text_view_of("tcp_connect") },
		       "🔌 connect   \n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write__every_kind),
		cmocka_unit_test(test_write__calls_and_texts),
		cmocka_unit_test(test_write__system_calls_of_other_abis),
		cmocka_unit_test(test_write__what_system_calls_take),
		cmocka_unit_test(test_write__invalid_bytes),
		cmocka_unit_test(test_write__nothing_of_an_event),
	};

	return cmocka_run_group_tests_name("sink/process_compact", tests, NULL, NULL);
}
