/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/ops.h"

#include <inttypes.h>

#include "base/mem.h"

/* By 1000, with one digit behind the point where there is one before it; rounded to nearest. */
static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
	uint64_t bytes = decode_raw_uint(data, len);
	uint64_t divisor = 1, tenths;
	size_t unit = 0;

	(void)state;
	(void)env;
	(void)err;
	for (; bytes / divisor >= 1000; unit++)
		divisor *= 1000;
	if (unit == 0) {
		strbuf__printf(out, "%" PRIu64 " B", bytes);
		return DECODE_OK;
	}
	/* Half a tenth is added to the rest of the division, which cannot overflow. */
	tenths = bytes / divisor * 10 + (bytes % divisor * 10 + divisor / 2) / divisor;
	if (tenths < 100)
		strbuf__printf(out, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10,
			       units[unit]);
	else
		strbuf__printf(out, "%" PRIu64 " %s", (tenths + 5) / 10, units[unit]);
	return DECODE_OK;
}

const struct decoder_ops decode_bytes_ops = {
	.input = DECODER_INPUT_RAW,
	.run = run,
	.sizes = decode_number_sizes,
	.size_count = DECODE_NUMBER_SIZE_COUNT,
};
