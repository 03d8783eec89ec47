/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/policy_pieces.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define VALUE 2

struct piece {
	struct policy_data data;
	char bytes[4096];
};

static struct policy_pieces pieces;
static struct arena arena;

static int tear_down(void **state)
{
	(void)state;
	policy_pieces__done(&pieces);
	arena__done(&arena);
	memset(&pieces, 0, sizeof(pieces));
	memset(&arena, 0, sizeof(arena));
	return 0;
}

static const struct policy_record record = { .entry_time_ns = 77, .tid = 5, .hook = 3 };

static struct piece make_piece(uint32_t offset, const char *text)
{
	struct piece piece = { .data = { .header = { .version = POLICY_VERSION,
						     .kind = POLICY_RECORD_DATA },
					 .entry_time_ns = 77,
					 .tid = 5,
					 .hook = 3,
					 .value = VALUE,
					 .offset = offset,
					 .size = (uint32_t)strlen(text) } };

	memcpy(piece.bytes, text, piece.data.size);
	piece.data.header.size = (uint32_t)(sizeof(piece.data) + piece.data.size + 7) & ~7u;
	return piece;
}

static void add(struct piece piece)
{
	assert_int_equal(policy_pieces__add(&pieces, &piece.data, piece.data.header.size), 0);
}

static void assert_joined(const char *expected)
{
	const struct text_view begin = text_view_of("begin,");
	struct text_view joined = policy_pieces__join(&pieces, &record, VALUE, begin, &arena);

	assert_int_equal(joined.len, strlen(expected));
	assert_memory_equal(joined.data, expected, joined.len);
}

static void test_join__in_order(void **state)
{
	struct piece other = make_piece(6, "another thread's");

	(void)state;
	other.data.tid++;
	assert_joined("begin,");
	add(make_piece(6, "middle,"));
	add(other);
	add(make_piece(13, "end"));
	assert_joined("begin,middle,end");
	assert_joined("begin,"); /* once */
	assert_int_equal(pieces.held.len, other.data.header.size);
}

static void test_join__stops_at_a_gap(void **state)
{
	(void)state;
	add(make_piece(6, "middle,"));
	add(make_piece(20, "end"));
	assert_joined("begin,middle,");
	assert_int_equal(pieces.held.len, 0);
}

static void test_add__refuses_what_is_not_sound(void **state)
{
	struct piece piece = make_piece(6, "some");

	(void)state;
	assert_int_equal(policy_pieces__add(&pieces, &piece.data, sizeof(piece.data) - 1), -EPROTO);
	assert_int_equal(policy_pieces__add(&pieces, &piece.data, piece.data.header.size - 1),
			 -EPROTO);
	piece.data.size = 9;
	assert_int_equal(policy_pieces__add(&pieces, &piece.data, piece.data.header.size), -EPROTO);
	piece.data.size = UINT32_MAX;
	assert_int_equal(policy_pieces__add(&pieces, &piece.data, piece.data.header.size), -EPROTO);
	piece = make_piece(6, "some");
	piece.data.hook = POLICY_HOOKS_MAX;
	assert_int_equal(policy_pieces__add(&pieces, &piece.data, piece.data.header.size), -EPROTO);
	piece = make_piece(6, "some");
	piece.data.header.version++;
	assert_int_equal(policy_pieces__add(&pieces, &piece.data, piece.data.header.size), -EPROTO);
}

static void test_add__is_bounded(void **state)
{
	struct piece piece = make_piece(6, "x");
	uint32_t count = 2 * POLICY_PIECES_MAX / sizeof(piece);

	(void)state;
	piece.data.header.size = sizeof(piece);
	for (uint32_t i = 0; i < count; i++) {
		piece.data.entry_time_ns = i;
		add(piece);
		assert_true(pieces.held.len <= POLICY_PIECES_MAX);
	}
	assert_true(pieces.dropped > 0);
	assert_int_equal(pieces.dropped + pieces.held.len / sizeof(piece), count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_join__in_order, tear_down),
		cmocka_unit_test_teardown(test_join__stops_at_a_gap, tear_down),
		cmocka_unit_test_teardown(test_add__refuses_what_is_not_sound, tear_down),
		cmocka_unit_test_teardown(test_add__is_bounded, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
