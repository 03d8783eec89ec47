/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/bpf.h>

#include "base/mem.h"
#include "config/facts.h"
#include "program/explain_map.h"

static const struct {
	struct fact_map map;
	bool has_type;
	int code;
	const char *text;
} rows[] = {
	{ { "m", BPF_MAP_TYPE_ARRAY, 8, 8, 1, 0, NULL, NULL },
	  true,
	  -EINVAL,
	  "map 'm' cannot be made: keys of an array have 4 bytes" },
	{ { "m", BPF_MAP_TYPE_HASH, 8, 8, 0, 0, NULL, NULL },
	  true,
	  -EINVAL,
	  "map 'm' cannot be made: max_entries is 0" },
	{ { "m", BPF_MAP_TYPE_HASH, 0, 8, 1, 0, NULL, NULL },
	  true,
	  -EINVAL,
	  "map 'm' cannot be made: it has no key" },
	{ { "m", BPF_MAP_TYPE_PERCPU_HASH, 8, 32769, 1, 0, NULL, NULL },
	  true,
	  -EINVAL,
	  "map 'm' cannot be made: a value of a per-CPU map has at most 32768 bytes" },
	{ { "m", BPF_MAP_TYPE_RINGBUF, 0, 0, 1000, 0, NULL, NULL },
	  true,
	  -EINVAL,
	  "map 'm' cannot be made: the size of a ring buffer (max_entries) is a power of two and whole pages" },
	{ { "m", BPF_MAP_TYPE_TASK_STORAGE, 4, 8, 0, 0, NULL, NULL },
	  true,
	  -EINVAL,
	  "map 'm' cannot be made: storage maps have max_entries 0 and BPF_F_NO_PREALLOC" },
	{ { "m", BPF_MAP_TYPE_HASH, 8, 8, 1, 0x8000, NULL, NULL },
	  true,
	  -EINVAL,
	  "map 'm' of type kind cannot be made: Invalid argument; flags 0x8000 may be newer than this kernel" },
	{ { "m", BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0, NULL, NULL },
	  false,
	  -EINVAL,
	  "map 'm' cannot be made: this kernel has no maps of type kind" },
	{ { "m", BPF_MAP_TYPE_HASH, 8, 8, 4000000000u, 0, NULL, NULL },
	  true,
	  -E2BIG,
	  "map 'm' cannot be made: 4000000000 entries of 8 + 8 bytes are too many (Argument list too long)" },
	{ { "m", BPF_MAP_TYPE_HASH, 8, 8, 1, 0, NULL, NULL },
	  true,
	  -EPERM,
	  "map 'm' may not be made; CAP_BPF is needed (CAP_SYS_RESOURCE too before 5.11)" },
};

static void test_explain__table(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(
			explain_map(&rows[i].map, "kind", rows[i].has_type, rows[i].code, &err),
			rows[i].code);
		assert_string_equal(err.text, rows[i].text);
		err__done(&err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_explain__table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
