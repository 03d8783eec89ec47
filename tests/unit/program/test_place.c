/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "program/place.h"
#include "program/program.h"
#include "program/section.h"

static struct attach_place file(uint64_t device, uint64_t number, uint64_t changed_ns,
				bool is_layered)
{
	return (struct attach_place){ .kind = PLACE_BINARY,
				      .fd = -1,
				      .number = number,
				      .device = device,
				      .size = 4096,
				      .changed_ns = changed_ns,
				      .is_layered = is_layered };
}

static void test_equals__files(void **state)
{
	const struct attach_place plain = file(1, 7, 100, false), image = file(40, 7, 100, true);
	const struct {
		struct attach_place other;
		bool is_plain, is_image;
	} rows[] = {
		{ file(1, 7, 100, false), true, true },
		{ file(41, 7, 100, true), true, true },  /* another mount of the layers */
		{ file(2, 7, 100, false), false, true }, /* a copy of the file system */
		{ file(1, 8, 100, false), false, false },
		{ file(41, 7, 101, true), false, false }, /* copied up and changed */
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		assert_int_equal(attach_place__equals(&plain, &rows[i].other), rows[i].is_plain);
		assert_int_equal(attach_place__equals(&image, &rows[i].other), rows[i].is_image);
	}
}

static void test_equals__namespaces(void **state)
{
	const struct attach_place one = { .kind = PLACE_NETNS, .fd = -1, .number = 7 };
	const struct attach_place same = { .kind = PLACE_NETNS, .fd = -1, .number = 7, .size = 1 };
	const struct attach_place other = { .kind = PLACE_NETNS, .fd = -1, .number = 8 };
	const struct attach_place binary = file(1, 7, 0, false);

	(void)state;
	assert_true(attach_place__equals(&one, &same));
	assert_false(attach_place__equals(&one, &other));
	assert_false(attach_place__equals(&one, &binary));
}

static struct attach_request request_for(const char *section, const char *target)
{
	const char *rest;

	return (struct attach_request){ .section = section_find(section, &rest), .target = target };
}

static void test_open__namespace(void **state)
{
	const struct attach_request request = request_for("socket", NULL);
	struct program_target target = { .name = "test", .root_fd = -1, .netns_fd = -1 };
	struct attach_place place = ATTACH_PLACE_INIT;
	struct stat status;

	(void)state;
	assert_int_equal(attach_place__open(&target, &request, &place, NULL), -ENOENT);
	target.netns_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	assert_int_equal(fstat(target.netns_fd, &status), 0);
	assert_int_equal(attach_place__open(&target, &request, &place, NULL), 0);
	assert_int_equal(place.number, status.st_ino);
	assert_int_equal(place.kind, PLACE_NETNS);
	(void)close(target.netns_fd);
	attach_place__done(&place);
}

static void test_open__binary(void **state)
{
	const struct attach_request here = request_for("uprobe", "/proc/self/exe");
	const struct attach_request nowhere = request_for("uprobe", "/not/there");
	char path[PLACE_PATH_SIZE], exe[4096];
	struct program_target target = { .name = "test", .root_fd = -1, .netns_fd = -1 };
	struct attach_place place = ATTACH_PLACE_INIT;
	struct attach_request own = here;
	struct stat wanted, found;
	ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	(void)state;
	assert_true(len > 0);
	exe[len] = '\0';
	own.target = exe;
	assert_int_equal(attach_place__open(&target, &own, &place, NULL), -ENOENT);
	target.root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(attach_place__open(&target, &nowhere, &place, NULL), -ENOENT);
	/* A magic link is another's own affair. */
	assert_int_equal(attach_place__open(&target, &here, &place, NULL), -ENOENT);
	assert_int_equal(attach_place__open(&target, &own, &place, NULL), 0);
	assert_int_equal(stat(attach_place__path(&place, path), &found), 0);
	assert_int_equal(stat(exe, &wanted), 0);
	assert_int_equal(found.st_ino, wanted.st_ino);
	(void)close(target.root_fd);
	attach_place__done(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equals__files),
		cmocka_unit_test(test_equals__namespaces),
		cmocka_unit_test(test_open__namespace),
		cmocka_unit_test(test_open__binary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
