/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/expand.h"

#include <errno.h>
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
#include "base/mem.h"
#include "base/str.h"

/* A file with that text; its path stays in `path`. */
static void make_file(char *path, const char *text)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	close(fd);
}

/* The words, joined by '|', those that can be no flags marked by '!'. */
static void assert_expands(int argc, const char *const *argv, const char *wanted)
{
	struct arena arena = ARENA_INIT;
	struct expansion words;
	struct strbuf joined = STRBUF_INIT;

	assert_int_equal(expand_arguments(argc, argv, &arena, &words, NULL), 0);
	vec_for_each(&words, word)
		strbuf__printf(&joined, "%s%s|", word->is_no_flag ? "!" : "", word->text);
	assert_string_equal(strbuf__text(&joined), wanted);
	strbuf__done(&joined);
	vec_done(&words);
	arena__done(&arena);
}

static void test_expand__leaves_words_alone(void **state)
{
	static const char *const argv[] = { "--a=@b", "", "@", "-", "c" };

	(void)state;
	assert_expands(array_size(argv), argv, "--a=@b||@|-|c|");
}

static void test_expand__stops_at_two_dashes(void **state)
{
	static const char *const argv[] = { "a", "--", "@nowhere", "--", "-x" };

	(void)state;
	assert_expands(array_size(argv), argv, "a|!@nowhere|!--|!-x|");
}

static void test_expand__reads_files(void **state)
{
	char path[] = "/tmp/sonde-expand-XXXXXX";
	char word[64];
	const char *const argv[] = { "first", word, "last" };

	(void)state;
	make_file(path, "# a comment\n--config.dir\n/a b\n\n--x\n--\n@y");
	(void)snprintf(word, sizeof(word), "@%s", path);
	assert_expands(array_size(argv), argv, "first|--config.dir|/a b|--x|!@y|!last|");
	unlink(path);
}

static void assert_fails(const char *word, int code, const char *text)
{
	struct arena arena = ARENA_INIT;
	struct expansion words;
	struct err err = ERR_INIT;

	assert_int_equal(expand_arguments(1, &word, &arena, &words, &err), code);
	assert_non_null(strstr(err.text, text));
	err__done(&err);
	vec_done(&words);
	arena__done(&arena);
}

static void test_expand__of_files_that_are_not_good(void **state)
{
	char path[] = "/tmp/sonde-expand-XXXXXX";
	char word[64];

	(void)state;
	assert_fails("@/nonexistent", -ENOENT,
		     "failed to open arguments file \"/nonexistent\": No such file");
	assert_fails("@/dev/zero", -EFBIG,
		     "failed to open arguments file \"/dev/zero\": File too large");
	(void)snprintf(word, sizeof(word), "@%s", path);
	make_file(path, "");
	(void)snprintf(word, sizeof(word), "@%s", path);

	FILE *file = fopen(path, "we");

	assert_non_null(file);
	(void)fprintf(file, "%s\n", word);
	assert_int_equal(fclose(file), 0);
	assert_fails(word, -ELOOP, "is the 8th that names another one");
	unlink(path);
}

static void test_expand__bounds_the_number_of_words(void **state)
{
	char path[] = "/tmp/sonde-expand-XXXXXX";
	char word[64];
	struct strbuf text = STRBUF_INIT;

	(void)state;
	for (int i = 0; i < 70000; i++)
		strbuf__add_text(&text, "a\n");
	make_file(path, strbuf__text(&text));
	(void)snprintf(word, sizeof(word), "@%s", path);
	assert_fails(word, -E2BIG, "more than 65536 arguments");
	strbuf__done(&text);
	unlink(path);
}

static void test_keep__words_of_files(void **state)
{
	static const char *const argv[] = { "--config", "@/no/such/file", "--", "-x" };
	struct expansion words;

	(void)state;
	assert_int_equal(keep_arguments(4, argv, &words, NULL), 0);
	assert_int_equal(words.len, 3);
	assert_string_equal(words.items[1].text, "@/no/such/file");
	assert_false(words.items[1].is_no_flag);
	assert_string_equal(words.items[2].text, "-x");
	assert_true(words.items[2].is_no_flag);
	vec_done(&words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expand__leaves_words_alone),
		cmocka_unit_test(test_expand__stops_at_two_dashes),
		cmocka_unit_test(test_expand__reads_files),
		cmocka_unit_test(test_expand__of_files_that_are_not_good),
		cmocka_unit_test(test_expand__bounds_the_number_of_words),
		cmocka_unit_test(test_keep__words_of_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
