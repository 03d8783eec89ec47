/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/flags.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"

struct options {
	const char *dir;
	const char *names;
	bool is_checking;
	bool is_on;
	int64_t size;
};

static const struct flag flags[] = {
	{ .name = "config.dir",
	  .kind = FLAG_DIRECTORY,
	  .offset = offsetof(struct options, dir),
	  .help = "Where configs are.",
	  .is_required = true },
	{ .name = "config.names",
	  .kind = FLAG_TEXT,
	  .offset = offsetof(struct options, names),
	  .help = "Which ones.",
	  .is_required = true },
	{ .name = "check",
	  .kind = FLAG_BOOL,
	  .offset = offsetof(struct options, is_checking),
	  .help = "Check and end." },
	{ .name = "on",
	  .kind = FLAG_BOOL,
	  .offset = offsetof(struct options, is_on),
	  .help = "On unless told.",
	  .initial = "true" },
	{ .name = "size",
	  .kind = FLAG_I64,
	  .offset = offsetof(struct options, size),
	  .help = "How many.",
	  .initial = "7" },
};

static const struct flag_set without_arguments = {
	.program = "x exporter",
	.help = "Exports.",
	.flags = flags,
	.flag_count = array_size(flags),
};

static const struct flag_set with_arguments = {
	.program = "x check",
	.help = "Checks.",
	.arguments = "CONFIG…",
	.needs_arguments = true,
	.flags = flags + 2,
	.flag_count = array_size(flags) - 2,
};

#define MAX_WORDS 8

static int count_words(const char *const *argv)
{
	int count = 0;

	while (count < MAX_WORDS && argv[count])
		count++;
	return count;
}

static void test_parse__sets_defaults_and_values(void **state)
{
	static const struct {
		const char *argv[MAX_WORDS];
		struct options wanted;
	} rows[] = {
		{ { "--config.dir=/tmp", "--config.names=a,b" },
		  { "/tmp", "a,b", false, true, 7 } },
		{ { "--config.dir", "/tmp", "--config.names", "a" },
		  { "/tmp", "a", false, true, 7 } },
		{ { "--config.names=", "--config.dir=/" }, { "/", "", false, true, 7 } },
		{ { "--config.names=a=b", "--config.dir=/", "--check" },
		  { "/", "a=b", true, true, 7 } },
		{ { "--config.names=a", "--config.dir=/", "--no-check", "--no-on" },
		  { "/", "a", false, false, 7 } },
		{ { "--config.names", "--check", "--config.dir=/", "--size=-3" },
		  { "/", "--check", false, true, -3 } },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct flags_result result = FLAGS_RESULT_INIT;
		struct options options;

		assert_int_equal(flags__parse(&without_arguments, count_words(rows[i].argv),
					      rows[i].argv, &options, &result, NULL),
				 FLAGS_RUN);
		assert_string_equal(options.dir, rows[i].wanted.dir);
		assert_string_equal(options.names, rows[i].wanted.names);
		assert_int_equal(options.is_checking, rows[i].wanted.is_checking);
		assert_int_equal(options.is_on, rows[i].wanted.is_on);
		assert_int_equal(options.size, rows[i].wanted.size);
		assert_int_equal(result.arguments.len, 0);
		flags_result__done(&result);
	}
}

static void test_parse__lists_keep_their_order(void **state)
{
	static const struct flag list = { .name = "param", .kind = FLAG_LIST, .help = "Set one." };
	static const struct flag_set set = {
		.program = "x", .help = "Does.", .flags = &list, .flag_count = 1
	};
	static const char *const argv[] = { "--param=b", "--param", "a", "--param=b" };
	struct flags_result result = FLAGS_RESULT_INIT;
	struct flag_list got = { .count = 9 };
	struct strbuf help = STRBUF_INIT;

	(void)state;
	assert_int_equal(flags__parse(&set, 0, argv, &got, &result, NULL), FLAGS_RUN);
	assert_int_equal(got.count, 0);
	assert_int_equal(flags__parse(&set, 4, argv, &got, &result, NULL), FLAGS_RUN);
	assert_int_equal(got.count, 3);
	assert_string_equal(got.items[0], "b");
	assert_string_equal(got.items[1], "a");
	assert_string_equal(got.items[2], "b");
	flags__format_help(&set, 0, &help);
	assert_non_null(strstr(strbuf__text(&help), "--param=TEXT  Set one. May be repeated."));
	strbuf__done(&help);
	flags_result__done(&result);
}

static void test_parse__says_what_is_wrong(void **state)
{
	static const struct {
		const char *argv[MAX_WORDS];
		const char *text;
	} rows[] = {
		{ { NULL }, "required flag(s) '--config.dir', '--config.names' not provided" },
		{ { "--config.dir=/" }, "required flag(s) '--config.names' not provided" },
		{ { "--foobarbaz" }, "unknown long flag '--foobarbaz'" },
		{ { "--config.di=/" },
		  "unknown long flag '--config.di', did you mean '--config.dir'" },
		{ { "--no-config.dir=/" },
		  "unknown long flag '--no-config.dir', did you mean '--config.dir'" },
		{ { "--no-no-check" }, "unknown long flag '--no-no-check'" },
		{ { "-x" }, "unknown short flag '-x'" },
		{ { "-xyz" }, "unknown short flag '-x'" },
		{ { "extra" }, "unexpected extra" },
		{ { "--", "--check" }, "unexpected --check" },
		{ { "--check=true" }, "unexpected true; write --check or --no-check" },
		{ { "--check", "--no-check" }, "flag 'check' cannot be repeated" },
		{ { "--config.dir=/", "--config.dir=/" }, "flag 'config.dir' cannot be repeated" },
		{ { "--config.names" }, "expected argument for flag '--config.names'" },
		{ { "--size=x" }, "--size: 'x' is no whole number" },
		{ { "--size=99999999999999999999" },
		  "--size: '99999999999999999999' is no whole number" },
		{ { "--config.dir=/nonexistent", "--config.names=a" },
		  "path '/nonexistent' does not exist" },
		{ { "--config.dir=/dev/null", "--config.names=a" },
		  "'/dev/null' is a file; it has to be a directory" },
		{ { "--help", "--foobarbaz" }, "unknown long flag '--foobarbaz'" },
		{ { "@/nonexistent" },
		  "failed to open arguments file \"/nonexistent\": No such file or directory" },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct flags_result result = FLAGS_RESULT_INIT;
		struct options options;
		struct err err = ERR_INIT;

		assert_true(flags__parse(&without_arguments, count_words(rows[i].argv),
					 rows[i].argv, &options, &result, &err) < 0);
		assert_string_equal(err.text, rows[i].text);
		err__done(&err);
		flags_result__done(&result);
	}
}

static void test_parse__answers_before_it_requires(void **state)
{
	static const struct {
		const char *argv[MAX_WORDS];
		int answer;
	} rows[] = {
		{ { "--help" }, FLAGS_HELP },
		{ { "-h" }, FLAGS_HELP },
		{ { "--config.dir=/nonexistent", "-h" }, FLAGS_HELP },
		{ { "--version" }, FLAGS_VERSION },
		{ { "--version", "--help" }, FLAGS_HELP },
		{ { "--no-help", "--version" }, FLAGS_VERSION },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct flags_result result = FLAGS_RESULT_INIT;
		struct options options;

		assert_int_equal(flags__parse(&without_arguments, count_words(rows[i].argv),
					      rows[i].argv, &options, &result, NULL),
				 rows[i].answer);
		flags_result__done(&result);
	}
}

static void test_parse__takes_arguments(void **state)
{
	static const char *const argv[] = { "a", "--check", "b", "-", "--", "--size" };
	static const char *const wanted[] = { "a", "b", "-", "--size" };
	struct flags_result result = FLAGS_RESULT_INIT;
	struct options options;

	(void)state;
	assert_int_equal(
		flags__parse(&with_arguments, array_size(argv), argv, &options, &result, NULL),
		FLAGS_RUN);
	assert_true(options.is_checking);
	assert_int_equal(result.arguments.len, array_size(wanted));
	for (size_t i = 0; i < array_size(wanted); i++)
		assert_string_equal(result.arguments.items[i], wanted[i]);
	flags_result__done(&result);
}

static void test_parse__needs_arguments(void **state)
{
	static const char *const argv[] = { "--check" };
	struct flags_result result = FLAGS_RESULT_INIT;
	struct options options;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(flags__parse(&with_arguments, 1, argv, &options, &result, &err), -EINVAL);
	assert_string_equal(err.text, "required argument CONFIG… not provided");
	err__done(&err);
	flags_result__done(&result);
}

static void test_format_help__wraps(void **state)
{
	struct flag_set set = with_arguments;
	struct strbuf out = STRBUF_INIT;

	(void)state;
	set.help = "Says of each of them what it is and what it is not.";
	flags__format_help(&set, 30, &out);
	assert_non_null(
		strstr(strbuf__text(&out),
		       "\n\nSays of each of them what it\nis and what it is not.\n\nFlags:\n"));
	strbuf__done(&out);
}

static void test_format_help__lists_the_flags(void **state)
{
	struct strbuf out = STRBUF_INIT;

	(void)state;
	flags__format_help(&without_arguments, 0, &out);
	assert_string_equal(strbuf__text(&out),
			    "usage: x exporter --config.dir=… --config.names=… [flags]\n"
			    "\n"
			    "Exports.\n"
			    "\n"
			    "Flags:\n"
			    "  --config.dir=DIR     Where configs are. Required.\n"
			    "  --config.names=TEXT  Which ones. Required.\n"
			    "  --[no-]check         Check and end.\n"
			    "  --[no-]on            On unless told. Default: true.\n"
			    "  --size=NUMBER        How many. Default: 7.\n"
			    "  --help               Show this help (also -h).\n"
			    "  --version            Show the version.\n");
	strbuf__reset(&out);
	flags__format_help(&with_arguments, 0, &out);
	assert_non_null(strstr(strbuf__text(&out), "usage: x check [flags] CONFIG…\n"));
	strbuf__done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse__sets_defaults_and_values),
		cmocka_unit_test(test_parse__lists_keep_their_order),
		cmocka_unit_test(test_parse__says_what_is_wrong),
		cmocka_unit_test(test_parse__answers_before_it_requires),
		cmocka_unit_test(test_parse__takes_arguments),
		cmocka_unit_test(test_parse__needs_arguments),
		cmocka_unit_test(test_format_help__wraps),
		cmocka_unit_test(test_format_help__lists_the_flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
