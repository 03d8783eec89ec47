/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "decode/stack_source.h"
#include "host/host.h"
#include "rows.h"
#include "tree.h"

/* As struct gadget_user_stack: older gadgets end before the last two members. */
struct stack {
	uint32_t major, minor;
	uint64_t inode, mtime_s;
	uint32_t mtime_ns, base_hash;
	int32_t id;
	uint32_t tgid, pid, pidns, pid1, pidns1;
};

static int find_frames(void *ctx, uint32_t id, struct user_frame *ret_frames, size_t max)
{
	(void)ctx;
	assert_true(max >= 2);
	if (id == 9)
		return -EIO;
	if (id != 5)
		return 0;
	ret_frames[0] = (struct user_frame){ .status = STACK_FRAME_BUILD_ID,
					     .build_id = { 0xab, 0xcd, [19] = 1 },
					     .offset = 0x1f04 };
	ret_frames[1] = (struct user_frame){ .status = STACK_FRAME_ADDRESS, .offset = 0x20 };
	return 2;
}

static const struct stack_source stacks = { .find_frames = find_frames };

static const struct {
	struct stack stack;
	int result;
	const char *text;
} rows[] = {
	{ { .inode = 77, .id = 5, .tgid = 7 },
	  DECODE_OK,
	  "abcd000000000000000000000000000000000001 +1f04; 20" },
	{ { .inode = 77, .id = 6, .tgid = 7 }, DECODE_UNKNOWN, "" }, /* lost */
	{ { .inode = 77, .id = -14, .tgid = 7 }, DECODE_UNKNOWN, "" },
	{ { .inode = 0, .id = 5, .tgid = 7 }, DECODE_UNKNOWN, "" }, /* nobody asked for stacks */
	{ { .inode = 77, .id = 9, .tgid = 7 },
	  -EIO,
	  "cannot read the files of stack 9: Input/output error" },
};

static void test_run__rows(void **state)
{
	static const struct decode_row short_row = ROW("0123", -EINVAL,
						       "got 4 bytes; it takes at least 52");
	struct decode_env env = { .stacks = &stacks };
	struct tree tree;

	(void)state;
	tree_make(&tree);
	tree_write(&tree, "proc/7/maps",
		   "00401000-00402000 r-xp 00001000 08:01 77  /usr/bin/app\n");
	assert_int_equal(host__open(tree.root, &env.host, NULL), 0);
	for (size_t i = 0; i < array_size(rows); i++) {
		char bytes[sizeof(struct stack) + 16] = { 0 }; /* of a newer gadget */
		const struct decode_row row = { bytes, sizeof(bytes), rows[i].result,
						rows[i].text };

		memcpy(bytes, &rows[i].stack, sizeof(rows[i].stack));
		assert_rows("ustack_buildid", &env, &row, 1);
	}
	assert_rows("ustack_buildid", &env, &short_row, 1);
	host__close(env.host);
	tree_remove(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
