/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "program/library.h"

/* Opening what is no object makes libbpf say so. */
static void make_it_speak(const char *name)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = name);

	assert_null(bpf_object__open_mem("no object at all", 16, &options));
}

static void take_line(void *ctx, int level, const char *line)
{
	struct strbuf *lines = ctx;

	strbuf__printf(lines, "%d:%s\n", level, line);
}

static void test_log__keeps_and_forwards(void **state)
{
	struct strbuf lines = STRBUF_INIT;
	struct library_log log = { .forward = take_line, .forward_ctx = &lines };

	(void)state;
	library_log__enter(&log);
	make_it_speak("x");
	library_log__leave(&log);
	assert_non_null(strstr(library_log__text(&log), "libbpf: "));
	assert_true(str_starts(strbuf__text(&lines), "0:libbpf: "));
	library_log__clear(&log);
	assert_string_equal(library_log__text(&log), "");
	strbuf__done(&lines);
	library_log__done(&log);
}

/* The verifier's: many lines in one message. */
static void test_log__forwards_long_messages_for_debugging(void **state)
{
	struct strbuf lines = STRBUF_INIT;
	struct library_log log = { .forward = take_line, .forward_ctx = &lines };

	(void)state;
	library_log__enter(&log);
	make_it_speak("two\nlines");
	library_log__leave(&log);
	assert_true(str_starts(strbuf__text(&lines), "2:libbpf: "));
	assert_non_null(strstr(strbuf__text(&lines), "\n2:lines"));
	assert_non_null(strstr(library_log__text(&log), "two\nlines"));
	strbuf__done(&lines);
	library_log__done(&log);
}

static void test_log__belongs_to_who_entered_last(void **state)
{
	struct library_log outer = { 0 }, inner = { 0 };

	(void)state;
	library_log__enter(&outer);
	library_log__enter(&inner);
	make_it_speak("inner");
	library_log__leave(&inner);
	assert_string_equal(library_log__text(&outer), "");
	assert_string_not_equal(library_log__text(&inner), "");
	make_it_speak("outer");
	library_log__leave(&outer);
	assert_string_not_equal(library_log__text(&outer), "");
	make_it_speak("nobody");
	library_log__done(&outer);
	library_log__done(&inner);
}

static void test_log__is_bounded(void **state)
{
	struct library_log log = { 0 };

	(void)state;
	library_log__enter(&log);
	for (int i = 0; i < 2000; i++)
		make_it_speak("x");
	library_log__leave(&log);
	assert_true(strlen(library_log__text(&log)) <= LIBRARY_LOG_BYTES);
	assert_true(strlen(library_log__text(&log)) > LIBRARY_LOG_BYTES / 2);
	library_log__done(&log);
}

static void test_errno__numbers_of_the_library(void **state)
{
	char text[128];

	(void)state;
	assert_int_equal(library_errno(-ENOENT), -ENOENT);
	assert_int_equal(library_errno(0), 0);
	assert_int_equal(library_errno(-LIBBPF_ERRNO__FORMAT), -EINVAL);
	assert_string_equal(library_error_text(-LIBBPF_ERRNO__FORMAT, text, sizeof(text)),
			    "BPF object format invalid");
	assert_string_equal(library_error_text(-ENOENT, text, sizeof(text)),
			    "No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log__keeps_and_forwards),
		cmocka_unit_test(test_log__forwards_long_messages_for_debugging),
		cmocka_unit_test(test_log__belongs_to_who_entered_last),
		cmocka_unit_test(test_log__is_bounded),
		cmocka_unit_test(test_errno__numbers_of_the_library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
