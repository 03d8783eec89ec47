/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/ops.h"

#include <fcntl.h>

#include "base/mem.h"

/* libc hides the kernel's where off_t is wide anyway. Of include/uapi/asm-generic/fcntl.h and arm64's own. */
#if defined(__aarch64__)
#define LARGE_FILE 0400000
#else
#define LARGE_FILE 0100000
#endif

static const char *const access_modes[] = {
	[O_RDONLY] = "O_RDONLY",
	[O_WRONLY] = "O_WRONLY",
	[O_RDWR] = "O_RDWR",
};

/* The order in which Inspektor Gadget names them. */
static const struct {
	uint32_t bit;
	const char *name;
} flags[] = {
	{ O_CREAT, "O_CREAT" },        { O_EXCL, "O_EXCL" },           { O_NOCTTY, "O_NOCTTY" },
	{ O_TRUNC, "O_TRUNC" },        { O_APPEND, "O_APPEND" },       { O_NONBLOCK, "O_NONBLOCK" },
	{ O_DSYNC, "O_DSYNC" },        { O_ASYNC, "O_FASYNC" },        { O_DIRECT, "O_DIRECT" },
	{ LARGE_FILE, "O_LARGEFILE" }, { O_DIRECTORY, "O_DIRECTORY" }, { O_NOFOLLOW, "O_NOFOLLOW" },
	{ O_NOATIME, "O_NOATIME" },    { O_CLOEXEC, "O_CLOEXEC" },
};

static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	uint64_t value = decode_raw_uint(data, len);
	uint64_t access = value & O_ACCMODE;
	size_t start = out->len;

	(void)state;
	(void)env;
	(void)err;
	if (access < array_size(access_modes))
		strbuf__add_text(out, access_modes[access]);
	for (size_t i = 0; i < array_size(flags); i++) {
		if (!(value & flags[i].bit))
			continue;
		if (out->len > start)
			strbuf__add_char(out, '|');
		strbuf__add_text(out, flags[i].name);
	}
	return DECODE_OK;
}

const struct decoder_ops decode_file_flags_ops = {
	.input = DECODER_INPUT_RAW,
	.run = run,
	.sizes = decode_number_sizes,
	.size_count = DECODE_NUMBER_SIZE_COUNT,
};
