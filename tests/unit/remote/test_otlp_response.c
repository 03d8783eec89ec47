/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "remote/otlp_response.h"

static void test_rejected_spans__rows(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		uint64_t rejected;
	} rows[] = {
		{ "", 0, 0 },
		{ "\x0a\x00", 2, 0 },
		{ "\x0a\x02\x08\x05", 4, 5 },
		{ "\x0a\x03\x08\xac\x02", 5, 300 },
		/* behind a field that is not known yet, of every type */
		{ "\x10\x07\x19"
		  "12345678\x25"
		  "1234\x32\x01x\x0a\x02\x08\x05",
		  23, 5 },
		/* with the reason, and with the reason first */
		{ "\x0a\x06\x08\x05\x12\x02no", 8, 5 },
		{ "\x0a\x06\x12\x02no\x08\x05", 8, 5 },
		{ "\x0a\x04\x12\x02no", 6, 0 },
		/* the reason is cut off: the number stands before it */
		{ "\x0a\x66\x08\x05\x12\x62no", 8, 5 },
		/* cut off before the number, a number without an end, a type that there is not */
		{ "\x0a", 1, 0 },
		{ "\x0a\x02\x08", 3, 0 },
		{ "\x0a\x0c\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 14, 0 },
		{ "\x0f\x0a\x02\x08\x05", 5, 0 },
		/* the field is a message, not a number; text instead of protobuf */
		{ "\x08\x05", 2, 0 },
		{ "{\"partialSuccess\":{}}", 21, 0 },
		{ "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x08\x05", 13, 5 },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++)
		assert_int_equal(otlp_rejected_spans(rows[i].bytes, rows[i].len), rows[i].rejected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rejected_spans__rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
