/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tar.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BLOCK 512

struct archive {
	char data[16 * BLOCK];
	size_t len;
};

static void seal(char *header)
{
	unsigned int sum = 0;
	char text[12];

	memset(header + 148, ' ', 8);
	for (size_t i = 0; i < BLOCK; i++)
		sum += (unsigned char)header[i];
	(void)snprintf(text, sizeof(text), "%06o", sum & 0777777u);
	memcpy(header + 148, text, 7);
}

static char *add(struct archive *archive, char type, const char *name, const char *content,
		 size_t len)
{
	char *header = archive->data + archive->len;
	char size[16];

	memset(header, 0, BLOCK);
	memcpy(header, name, strlen(name));
	(void)snprintf(size, sizeof(size), "%011o", (unsigned int)len);
	memcpy(header + 124, size, 12);
	header[156] = type;
	memcpy(header + 257,
	       "ustar\0"
	       "00",
	       8);
	seal(header);
	memcpy(header + BLOCK, content, len);
	archive->len += BLOCK + (len + BLOCK - 1) / BLOCK * BLOCK;
	return header;
}

static int find(const struct archive *archive, const char *name, struct tar_file *ret_file)
{
	return tar_find(archive->data, archive->len, name, ret_file);
}

static void test_find__among_others(void **state)
{
	struct archive archive = { .len = 0 };
	struct tar_file file;

	(void)state;
	(void)add(&archive, '5', "blobs/", "", 0);
	(void)add(&archive, '0', "./index.json", "{}", 2);
	(void)add(&archive, '2', "link", "", 0);
	(void)add(&archive, '0', "blobs/x", "abc", 3);
	assert_int_equal(find(&archive, "index.json", &file), 0);
	assert_int_equal(file.len, 2);
	assert_int_equal(find(&archive, "blobs/x", &file), 0);
	assert_memory_equal(file.data, "abc", 3);
	assert_int_equal(find(&archive, "link", &file), -ENOENT);
	assert_int_equal(find(&archive, "/etc/passwd", &file), -ENOENT);
}

static void test_find__long_names(void **state)
{
	struct archive archive = { .len = 0 };
	struct tar_file file;
	char *header;

	(void)state;
	(void)add(&archive, 'L', "././@LongLink", "a/long/one", 11);
	(void)add(&archive, '0', "cut", "1", 1);
	(void)add(&archive, 'x', "pax", "19 path=paxed/name\n", 19);
	(void)add(&archive, '0', "cut", "2", 1);
	header = add(&archive, '0', "name", "3", 1);
	memcpy(header + 345, "prefix", 6);
	seal(header);
	assert_int_equal(find(&archive, "a/long/one", &file), 0);
	assert_memory_equal(file.data, "1", 1);
	assert_int_equal(find(&archive, "paxed/name", &file), 0);
	assert_memory_equal(file.data, "2", 1);
	assert_int_equal(find(&archive, "prefix/name", &file), 0);
	assert_memory_equal(file.data, "3", 1);
}

static void test_next__broken(void **state)
{
	struct archive archive = { .len = 0 };
	struct tar_file file;
	char *header;

	(void)state;
	assert_int_equal(find(&archive, "a", &file), -ENOENT);
	header = add(&archive, '0', "a", "1234", 4);
	header[0] = 'b';
	assert_int_equal(find(&archive, "b", &file), -EINVAL); /* the checksum */
	seal(header);
	assert_int_equal(find(&archive, "b", &file), 0);
	memcpy(header + 124, "77777777777", 11);
	seal(header);
	assert_int_equal(find(&archive, "b", &file), -EINVAL); /* longer than the archive */
	memcpy(header + 124, "zzz", 3);
	seal(header);
	assert_int_equal(find(&archive, "b", &file), -EINVAL);
}

static void test_next__broken_pax(void **state)
{
	static const char *const texts[] = { "x", "999 path=a\n", "0 path=a\n", "2 path=a\n" };
	struct tar_file file;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct archive archive = { .len = 0 };

		(void)add(&archive, 'x', "pax", texts[i], strlen(texts[i]));
		(void)add(&archive, '0', "a", "", 0);
		assert_int_equal(find(&archive, "a", &file), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find__among_others),
		cmocka_unit_test(test_find__long_names),
		cmocka_unit_test(test_next__broken),
		cmocka_unit_test(test_next__broken_pax),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
