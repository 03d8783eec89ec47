/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "host/host.h"
#include "rows.h"

/* Index 1 is lo in every network namespace. */
static const struct decode_row rows[] = {
	ROW("\x01\0\0\0", DECODE_OK, "lo"),
	ROW("\0\0\0\0", DECODE_UNKNOWN, "unknown:0"),
	ROW("\x06\x00\x00\xa3", DECODE_UNKNOWN, "unknown:2734686214"),
	ROW("\xff\xff\xff\xff", DECODE_UNKNOWN, "unknown:4294967295"),
	ROW("\x01\0\0\0\xff\xff\xff\xff", DECODE_OK, "lo"), /* the first four bytes */
	ROW("\x01\0\0", -EINVAL, "decoder 'ifname' got 3 bytes; it takes at least 4"),
	ROW("", -EINVAL, "got 0 bytes"),
};

static void test_run__rows(void **state)
{
	struct decode_env env = { 0 };

	(void)state;
	assert_int_equal(host__open("/", &env.host, NULL), 0);
	assert_rows("ifname", &env, rows, array_size(rows));
	host__close(env.host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
