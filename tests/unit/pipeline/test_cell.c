/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/cell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"

static void test_read__sizes_and_signs(void **state)
{
	/* From the lowest byte on: little-endian, as both machines are that sonde runs on. */
	static const uint8_t bytes[] = { 0x01, 0x80, 0xff, 0x7f, 0xff, 0xff,
					 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff };
	static const struct {
		struct value_cell cell;
		uint64_t wanted;
	} rows[] = {
		{ { 0, 1, false }, 0x01 },
		{ { 0, 1, true }, 0x01 },
		{ { 1, 1, false }, 0x80 },
		{ { 1, 1, true }, (uint64_t)-128 },
		{ { 0, 2, false }, 0x8001 },
		{ { 0, 2, true }, (uint64_t)-32767 },
		{ { 2, 2, true }, 0x7fff },
		{ { 0, 4, false }, 0x7fff8001 },
		{ { 0, 4, true }, 0x7fff8001 },
		{ { 8, 4, false }, 0xfffffffe },
		{ { 8, 4, true }, (uint64_t)-2 },
		{ { 0, 8, false }, 0xffffffff7fff8001 },
		{ { 0, 8, true }, 0xffffffff7fff8001 },
		{ { 4, 8, true }, 0xfffffffeffffffff },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++)
		if (value_cell__read(&rows[i].cell, bytes) != rows[i].wanted)
			fail_msg("row %zu: %llx", i,
				 (unsigned long long)value_cell__read(&rows[i].cell, bytes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read__sizes_and_signs),
	};

	return cmocka_run_group_tests_name("cell", tests, NULL, NULL);
}
