/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file_watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/mem.h"

#define ROUNDS 100
#define ROUND_MS 100

static char folder[] = "watched.XXXXXX";
static struct loop *loop;
static struct file_watch *watch;
static int changes;

static void count_change(void *ctx)
{
	(void)ctx;
	changes++;
}

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* Each begins with a file, a directory with one more, and something like a ConfigMap; all three are watched. */
static int set_up(void **state)
{
	(void)state;
	strcpy(folder, "watched.XXXXXX");
	if (!mkdtemp(folder) || chdir(folder) < 0)
		return -1;
	put("file.yaml", "1");
	assert_int_equal(mkdir("directory", 0700), 0);
	put("directory/one.yaml", "1");
	assert_int_equal(mkdir("map", 0700), 0);
	assert_int_equal(mkdir("map/..1", 0700), 0);
	put("map/..1/mapped.yaml", "1");
	assert_int_equal(symlink("..1", "map/..data"), 0);
	assert_int_equal(symlink("..data/mapped.yaml", "map/mapped.yaml"), 0);
	changes = 0;
	assert_int_equal(loop__new(&loop, NULL), 0);
	assert_int_equal(file_watch__new(loop, ".yaml", count_change, NULL, &watch, NULL), 0);
	assert_int_equal(file_watch__add(watch, "file.yaml", NULL), 0);
	assert_int_equal(file_watch__add(watch, "directory/", NULL), 0);
	assert_int_equal(file_watch__add(watch, "map/mapped.yaml", NULL), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	watch = file_watch__free(watch);
	loop = loop__free(loop);
	if (chdir("..") < 0)
		return -1;
	return system("rm -r watched.*");
}

static bool is_told(int wanted)
{
	for (int i = 0; i < ROUNDS && changes < wanted; i++)
		assert_true(loop__run_once(loop, ROUND_MS) >= 0);
	return changes == wanted;
}

/* Long enough for what was not to be told; a slow machine only makes it find less. */
static bool is_quiet(void)
{
	int before = changes;

	for (int i = 0; i < 4; i++)
		assert_true(loop__run_once(loop, ROUND_MS) >= 0);
	return changes == before;
}

static void test_change__in_place(void **state)
{
	(void)state;
	put("file.yaml", "2");
	assert_true(is_told(1));
	put("directory/one.yaml", "2");
	assert_true(is_told(2));
}

static void test_change__by_another_that_takes_its_name(void **state)
{
	(void)state;
	put("new", "2");
	assert_true(is_quiet());
	assert_int_equal(rename("new", "file.yaml"), 0);
	assert_true(is_told(1));
	put("file.yaml", "3");
	assert_true(is_told(2));
}

static void test_change__of_what_is_in_a_directory(void **state)
{
	(void)state;
	put("directory/notes.txt", "1");
	put("other.yaml", "1");
	assert_true(is_quiet());
	put("directory/two.yaml", "1");
	assert_true(is_told(1));
	assert_int_equal(unlink("directory/two.yaml"), 0);
	assert_true(is_told(2));
}

static void test_change__of_the_link_of_a_config_map(void **state)
{
	(void)state;
	assert_int_equal(mkdir("map/..2", 0700), 0);
	put("map/..2/mapped.yaml", "2");
	assert_int_equal(symlink("..2", "map/..data_tmp"), 0);
	assert_true(is_quiet());
	assert_int_equal(rename("map/..data_tmp", "map/..data"), 0);
	assert_true(is_told(1));
	put("map/..2/mapped.yaml", "3");
	assert_true(is_told(2));
}

static void test_change__of_a_directory_that_comes_back(void **state)
{
	(void)state;
	assert_int_equal(rename("directory", "gone"), 0);
	assert_true(is_told(1));
	assert_int_equal(mkdir("directory", 0700), 0);
	assert_true(is_told(2));
	put("directory/one.yaml", "2");
	assert_true(is_told(3));
}

static void test_add__until_there_are_too_many(void **state)
{
	char name[32];
	int r = 0;

	(void)state;
	assert_int_equal(file_watch__add(watch, "file.yaml", NULL), 0);
	for (int i = 0; i <= FILE_WATCH_MAX && r == 0; i += 2) {
		(void)snprintf(name, sizeof(name), "none/%d.yaml", i);
		r = file_watch__add(watch, name, NULL);
	}
	assert_int_equal(r, -ENOSPC);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_change__in_place),
		TEST(test_change__by_another_that_takes_its_name),
		TEST(test_change__of_what_is_in_a_directory),
		TEST(test_change__of_the_link_of_a_config_map),
		TEST(test_change__of_a_directory_that_comes_back),
		TEST(test_add__until_there_are_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
