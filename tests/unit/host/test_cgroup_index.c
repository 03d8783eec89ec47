/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/str.h"
#include "host/cgroup_index.h"

#define SECOND 1000000000LL

/* What the listener was told, in order: "+1:/a -1:/a ". */
static struct strbuf told;

static void on_added(void *ctx, uint64_t id, const char *path)
{
	strbuf__printf(ctx, "+%u:%s ", (unsigned int)id, path);
}

static void on_removed(void *ctx, uint64_t id, const char *path)
{
	strbuf__printf(ctx, "-%u:%s ", (unsigned int)id, path);
}

static const struct cgroup_observer listener = { on_added, on_removed, &told };

static int set_up(void **state)
{
	static struct cgroup_index index;

	cgroup_index__init(&index, &listener);
	strbuf__reset(&told);
	*state = &index;
	return 0;
}

static int tear_down(void **state)
{
	cgroup_index__done(*state);
	strbuf__done(&told);
	return 0;
}

static void add(struct cgroup_index *index, uint64_t id, const char *path, int64_t now_ns)
{
	assert_int_equal(cgroup_index__add(index, id, path, now_ns), 0);
}

static void test_collect__forgets_the_dead(void **state)
{
	struct cgroup_index *index = *state;

	add(index, 1, "potato", 0);
	cgroup_index__remove(index, 1, 0);
	assert_string_equal(cgroup_index__find(index, 1, 0), "potato");
	assert_false(cgroup_index__is_live(index, 1));
	cgroup_index__collect(index, CGROUP_INDEX_DEAD_NS - 1);
	assert_string_equal(cgroup_index__find(index, 1, 0), "potato");
	cgroup_index__collect(index, CGROUP_INDEX_DEAD_NS);
	assert_null(cgroup_index__find(index, 1, 0));
	assert_int_equal(index->entries.len, 0);
	assert_int_equal(index->dead_count, 0);
}

static void test_find__renews_the_dead(void **state)
{
	struct cgroup_index *index = *state;

	add(index, 1, "asked", 0);
	add(index, 2, "not asked", 0);
	cgroup_index__remove(index, 1, 0);
	cgroup_index__remove(index, 2, 0);
	assert_non_null(cgroup_index__find(index, 1, 500 * SECOND));
	cgroup_index__collect(index, 700 * SECOND);
	assert_string_equal(cgroup_index__find(index, 1, 700 * SECOND), "asked");
	assert_null(cgroup_index__find(index, 2, 700 * SECOND));
}

/* The same id with another path, as it happens with small inode numbers. */
static void test_add__id_comes_back(void **state)
{
	struct cgroup_index *index = *state;

	add(index, 1, "potato", 0);
	cgroup_index__remove(index, 1, 0);
	add(index, 1, "tomato", SECOND);
	cgroup_index__collect(index, 10000 * SECOND);
	assert_string_equal(cgroup_index__find(index, 1, 10000 * SECOND), "tomato");
	assert_true(cgroup_index__is_live(index, 1));
	assert_int_equal(index->live_count, 1);
	assert_int_equal(index->dead_count, 0);
	assert_string_equal(strbuf__text(&told), "+1:potato -1:potato +1:tomato ");
}

static void test_add__another_path_while_alive(void **state)
{
	struct cgroup_index *index = *state;

	add(index, 1, "/a", 0);
	add(index, 1, "/a", 0);
	add(index, 1, "/b", 0);
	assert_string_equal(strbuf__text(&told), "+1:/a -1:/a +1:/b ");
	assert_int_equal(index->live_count, 1);
	assert_int_equal(index->dead_count, 0);
}

static void test_remove__unknown_or_twice(void **state)
{
	struct cgroup_index *index = *state;

	cgroup_index__remove(index, 7, 0);
	add(index, 1, "/a", 0);
	cgroup_index__remove(index, 1, 0);
	cgroup_index__remove(index, 1, 5);
	assert_string_equal(strbuf__text(&told), "+1:/a -1:/a ");
	assert_int_equal(index->dead_count, 1);
}

/* rmdir and mkdir of one path: two ids with the same path, of which one lives. */
static void test_add__same_path_again(void **state)
{
	struct cgroup_index *index = *state;

	add(index, 1, "/a", 0);
	cgroup_index__remove(index, 1, 0);
	add(index, 2, "/a", 0);
	assert_string_equal(cgroup_index__find(index, 1, 0), "/a");
	assert_string_equal(cgroup_index__find(index, 2, 0), "/a");
	assert_true(cgroup_index__is_live(index, 2));
}

static void test_walk__buries_what_it_did_not_see(void **state)
{
	struct cgroup_index *index = *state;

	add(index, 1, "/a", 0);
	add(index, 2, "/b", 0);
	cgroup_index__begin_walk(index);
	add(index, 2, "/b", 0);
	add(index, 3, "/c", 0);
	cgroup_index__end_walk(index, 0);
	assert_string_equal(strbuf__text(&told), "+1:/a +2:/b +3:/c -1:/a ");
	assert_int_equal(index->live_count, 2);
}

static void test_collect__bounds_the_dead(void **state)
{
	struct cgroup_index *index = *state;
	const uint64_t count = CGROUP_INDEX_MAX_DEAD + 10;

	for (uint64_t id = 1; id <= count; id++) {
		add(index, id, "/x", 0);
		cgroup_index__remove(index, id, (int64_t)id);
	}
	cgroup_index__collect(index, SECOND);
	assert_int_equal(index->dead_count, CGROUP_INDEX_MAX_DEAD);
	assert_int_equal(index->entries.len, CGROUP_INDEX_MAX_DEAD);
	assert_null(cgroup_index__find(index, 10, SECOND)); /* the oldest ten left */
	assert_non_null(cgroup_index__find(index, 11, SECOND));
}

static void test_add__bounds_the_live(void **state)
{
	struct cgroup_index *index = *state;

	for (uint64_t id = 1; id <= CGROUP_INDEX_MAX_LIVE; id++)
		add(index, id, "", 0);
	assert_int_equal(cgroup_index__add(index, CGROUP_INDEX_MAX_LIVE + 1, "", 0), -ENOSPC);
	add(index, 1, "", 0);
	cgroup_index__remove(index, 1, 0);
	add(index, CGROUP_INDEX_MAX_LIVE + 1, "", 0);
}

static void test_tell_all__the_living(void **state)
{
	struct cgroup_index *index = *state;

	add(index, 1, "/a", 0);
	add(index, 2, "/b", 0);
	cgroup_index__remove(index, 1, 0);
	strbuf__reset(&told);
	cgroup_index__tell_all(index, &listener);
	assert_string_equal(strbuf__text(&told), "+2:/b ");
}

static void test_add_dead__nobody_is_told(void **state)
{
	struct cgroup_index *index = *state;

	assert_int_equal(cgroup_index__add_dead(index, 1, "/a", 0), 0);
	assert_int_equal(cgroup_index__add_dead(index, 1, "/b", 0), 0);
	assert_string_equal(cgroup_index__find(index, 1, 0), "/a");
	assert_false(cgroup_index__is_live(index, 1));
	assert_string_equal(strbuf__text(&told), "");
	assert_int_equal(index->dead_count, 1);
	cgroup_index__collect(index, CGROUP_INDEX_DEAD_NS);
	assert_null(cgroup_index__find(index, 1, 0));
	add(index, 2, "/c", 0);
	assert_int_equal(cgroup_index__add_dead(index, 2, "/d", 0), 0);
	assert_true(cgroup_index__is_live(index, 2));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_collect__forgets_the_dead),
		TEST(test_find__renews_the_dead),
		TEST(test_add__id_comes_back),
		TEST(test_add__another_path_while_alive),
		TEST(test_remove__unknown_or_twice),
		TEST(test_add__same_path_again),
		TEST(test_walk__buries_what_it_did_not_see),
		TEST(test_collect__bounds_the_dead),
		TEST(test_add__bounds_the_live),
		TEST(test_add_dead__nobody_is_told),
		TEST(test_tell_all__the_living),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
