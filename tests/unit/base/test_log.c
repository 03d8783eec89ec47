/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

/* stderr into a pipe in packet mode: each read() returns what one write() brought. */
struct capture {
	int real_stderr;
	int from;
	char text[4096];
	size_t writes;
};

static void begin_capture(struct capture *capture)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_DIRECT | O_CLOEXEC), 0);
	capture->real_stderr = dup(STDERR_FILENO);
	capture->from = ends[0];
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	close(ends[1]);
}

static const char *end_capture(struct capture *capture)
{
	size_t len = 0;
	ssize_t got;

	dup2(capture->real_stderr, STDERR_FILENO); /* closes the last writing end */
	close(capture->real_stderr);
	capture->writes = 0;
	while ((got = read(capture->from, capture->text + len, sizeof(capture->text) - 1 - len)) >
	       0) {
		len += (size_t)got;
		capture->writes++;
	}
	assert_int_equal(got, 0);
	close(capture->from);
	capture->text[len] = '\0';
	return capture->text;
}

static void set_level(enum log_level level)
{
	log_setup(&(struct log_options){ .level = level, .has_no_timestamps = true });
}

static void test_log__starts_with_the_time(void **state)
{
	static const char form[] = "dddd/dd/dd dd:dd:dd text\n";
	struct capture capture;
	const char *line;

	(void)state;
	log_setup(&(struct log_options){ .level = LOG_INFO });
	begin_capture(&capture);
	log_info("text");
	line = end_capture(&capture);
	assert_int_equal(strlen(line), strlen(form));
	for (size_t i = 0; form[i]; i++) {
		if (form[i] == 'd')
			assert_true(isdigit((unsigned char)line[i]));
		else if (i < 20)
			assert_int_equal(line[i], form[i]);
	}
	assert_string_equal(line + 20, "text\n");
}

static void test_log__leaves_out_what_is_below_the_level(void **state)
{
	struct capture capture;

	(void)state;
	set_level(LOG_WARN);
	assert_true(log_is_on(LOG_ERROR));
	assert_true(log_is_on(LOG_WARN));
	assert_false(log_is_on(LOG_INFO));
	assert_false(log_is_on(LOG_DEBUG));
	begin_capture(&capture);
	log_debug("debug");
	log_info("info");
	log_err(LOG_INFO, NULL, "info");
	log_warn("warn %d", 1);
	log_error("error");
	assert_string_equal(end_capture(&capture), "warn 1\nerror\n");
}

static void test_log__names_the_position(void **state)
{
	struct capture capture;

	(void)state;
	set_level(LOG_INFO);
	begin_capture(&capture);
	log_at(LOG_INFO, &(struct loc){ "a.yaml", 3, 7 }, "x");
	log_at(LOG_INFO, &(struct loc){ "a.yaml", 3, 0 }, "x");
	log_at(LOG_INFO, &(struct loc){ "a\n.yaml", 0, 0 }, "x");
	log_at(LOG_INFO, &(struct loc){ NULL, 3, 7 }, "x");
	assert_string_equal(end_capture(&capture), "a.yaml:3:7: x\na.yaml:3: x\na\\n.yaml: x\nx\n");
}

static void test_log__escapes_what_would_break_the_line(void **state)
{
	struct capture capture;

	(void)state;
	set_level(LOG_INFO);
	begin_capture(&capture);
	log_info("a\nb\tc\rd\x1b[31m\x7f %s", "gr\xc3\xbc\xc3\x9f \xc2\x9b \xff\xe2\x82");
	assert_string_equal(end_capture(&capture), "a\\nb\\tc\\rd\\x1b[31m\\x7f gr\xc3\xbc\xc3\x9f "
						   "\\xc2\\x9b \\xff\\xe2\\x82\n");
}

static void test_log__is_one_write_per_message(void **state)
{
	struct err err = ERR_INIT;
	struct capture capture;
	char text[2000];

	(void)state;
	log_setup(&(struct log_options){ .level = LOG_INFO });
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	err__set(&err, -EINVAL, NULL, "bad");
	err__cause(&err, "one\ntwo\nthree");
	begin_capture(&capture);
	log_info("%s", text);
	log_err(LOG_ERROR, &err, "context");
	end_capture(&capture);
	assert_int_equal(capture.writes, 2);
	err__done(&err);
}

static void test_log_err__prints_the_chain_and_the_cause_below(void **state)
{
	struct err err = ERR_INIT;
	struct capture capture;

	(void)state;
	set_level(LOG_INFO);
	err__set(&err, -EINVAL, &(struct loc){ "x.yaml", 1, 2 }, "size 3\nis odd");
	err__cause(&err, "first line\nsecond\x1b line\n");
	begin_capture(&capture);
	log_err(LOG_ERROR, &err, "cannot load '%s'", "x");
	assert_string_equal(end_capture(&capture), "cannot load 'x': x.yaml:1:2: size 3\\nis odd\n"
						   "    first line\n    second\\x1b line\n");
	err__done(&err);
}

static void test_log_err__without_an_error_prints_the_context(void **state)
{
	const struct err err = ERR_INIT;
	struct capture capture;

	(void)state;
	set_level(LOG_INFO);
	begin_capture(&capture);
	log_err(LOG_ERROR, &err, "one");
	log_err(LOG_ERROR, NULL, "two");
	assert_string_equal(end_capture(&capture), "one\ntwo\n");
}

static void test_limit__lets_one_through_and_counts_the_rest(void **state)
{
	unsigned long before = log_suppressed();
	long last_s = 0;

	(void)state;
	assert_true(log_limit(&last_s, 1000000));
	assert_false(log_limit(&last_s, 1000000));
	assert_false(log_limit(&last_s, 1000000));
	assert_int_equal(log_suppressed() - before, 2);
	last_s -= 1000000;
	assert_true(last_s == 0 || log_limit(&last_s, 1000000));
	assert_true(log_limit(&last_s, 0));
	assert_int_equal(log_suppressed() - before, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log__starts_with_the_time),
		cmocka_unit_test(test_log__leaves_out_what_is_below_the_level),
		cmocka_unit_test(test_log__names_the_position),
		cmocka_unit_test(test_log__escapes_what_would_break_the_line),
		cmocka_unit_test(test_log__is_one_write_per_message),
		cmocka_unit_test(test_log_err__prints_the_chain_and_the_cause_below),
		cmocka_unit_test(test_log_err__without_an_error_prints_the_context),
		cmocka_unit_test(test_limit__lets_one_through_and_counts_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
