/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "host/library_cache.h"

/* A cache of two libraries as glibc 2.36 lays it out: a header of 48 bytes, entries of 24, texts. */
#define HEADER_BYTES 48u
#define ENTRY_BYTES 24u

struct made {
	char *bytes; /* a block of exactly that size, so that a byte too far is seen */
	size_t len;
};

static void put(char *bytes, size_t at, uint32_t value)
{
	memcpy(bytes + at, &value, sizeof(value));
}

static struct made make(size_t before)
{
	static const char texts[] = "libc.so.6\0/lib/libc.so.6\0libssl.so.3\0/usr/lib/libssl.so.3";
	const uint32_t begin = HEADER_BYTES + 2 * ENTRY_BYTES;
	struct made made = { .len = before + begin + sizeof(texts) };

	made.bytes = calloc(1, made.len);
	assert_non_null(made.bytes);
	memcpy(made.bytes + before, "glibc-ld.so.cache1.1", 20);
	put(made.bytes + before, 20, 2);
	put(made.bytes + before, 24, sizeof(texts));
	put(made.bytes + before, HEADER_BYTES + 4, begin);
	put(made.bytes + before, HEADER_BYTES + 8, begin + 10);
	put(made.bytes + before, HEADER_BYTES + ENTRY_BYTES + 4, begin + 25);
	put(made.bytes + before, HEADER_BYTES + ENTRY_BYTES + 8, begin + 37);
	memcpy(made.bytes + before + begin, texts, sizeof(texts));
	return made;
}

struct answer {
	const char *wanted;
	char path[64];
	int seen;
};

static int on_entry(void *ctx, const char *name, const char *path)
{
	struct answer *answer = ctx;

	answer->seen++;
	if (!str_eq(name, answer->wanted))
		return 0;
	(void)snprintf(answer->path, sizeof(answer->path), "%s", path);
	return 1;
}

static void test_find__entries_in_order(void **state)
{
	struct answer answer = { .wanted = "libssl.so.3" };
	struct made made = make(0);

	(void)state;
	assert_int_equal(library_cache_find(made.bytes, made.len, on_entry, &answer), 1);
	assert_string_equal(answer.path, "/usr/lib/libssl.so.3");
	assert_int_equal(answer.seen, 2);
	free(made.bytes);
}

static void test_find__nothing_of_that_name(void **state)
{
	struct answer answer = { .wanted = "libm.so.6" };
	struct made made = make(0);

	(void)state;
	assert_int_equal(library_cache_find(made.bytes, made.len, on_entry, &answer), 0);
	assert_int_equal(answer.seen, 2);
	free(made.bytes);
}

/* One old entry before it: 11 + pad, a count, 12 bytes, then aligned to 8. */
static void test_find__behind_an_old_cache(void **state)
{
	struct answer answer = { .wanted = "libc.so.6" };
	struct made made = make(32);

	(void)state;
	memcpy(made.bytes, "ld.so-1.7.0", 11);
	put(made.bytes, 12, 1);
	assert_int_equal(library_cache_find(made.bytes, made.len, on_entry, &answer), 1);
	assert_string_equal(answer.path, "/lib/libc.so.6");
	free(made.bytes);
}

static void test_find__no_cache(void **state)
{
	struct answer answer = { .wanted = "" };
	struct made made = make(0);

	(void)state;
	assert_int_equal(library_cache_find("", 0, on_entry, &answer), -EBADMSG);
	made.bytes[0] = 'G';
	assert_int_equal(library_cache_find(made.bytes, made.len, on_entry, &answer), -EBADMSG);
	assert_int_equal(answer.seen, 0);
	free(made.bytes);
}

static void test_find__more_entries_than_bytes(void **state)
{
	struct answer answer = { .wanted = "" };
	struct made made = make(0);

	(void)state;
	put(made.bytes, 20, UINT32_MAX);
	assert_int_equal(library_cache_find(made.bytes, made.len, on_entry, &answer), -EBADMSG);
	free(made.bytes);
}

static void test_find__texts_outside_are_passed_over(void **state)
{
	struct answer answer = { .wanted = "libssl.so.3" };
	struct made made = make(0);

	(void)state;
	put(made.bytes, HEADER_BYTES + 4, UINT32_MAX);
	made.bytes[made.len - 1] = 'x'; /* the last one does not end */
	assert_int_equal(library_cache_find(made.bytes, made.len, on_entry, &answer), 0);
	assert_int_equal(answer.seen, 0);
	free(made.bytes);
}

static void test_find__cut_anywhere(void **state)
{
	struct made made = make(0);

	(void)state;
	for (size_t len = 0; len < made.len; len++) {
		struct answer answer = { .wanted = "libssl.so.3" };
		char *cut = malloc(len + 1);

		assert_non_null(cut);
		memcpy(cut, made.bytes, len);
		assert_true(library_cache_find(cut, len, on_entry, &answer) <= 0);
		free(cut);
	}
	free(made.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find__entries_in_order),
		cmocka_unit_test(test_find__nothing_of_that_name),
		cmocka_unit_test(test_find__behind_an_old_cache),
		cmocka_unit_test(test_find__no_cache),
		cmocka_unit_test(test_find__more_entries_than_bytes),
		cmocka_unit_test(test_find__texts_outside_are_passed_over),
		cmocka_unit_test(test_find__cut_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
