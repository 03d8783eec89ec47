/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/ops.h"

#include <inttypes.h>

#include "host/host.h"

/* A name may be given at any time. */
static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	uint64_t id = decode_raw_uint(data, len);
	const char *name = id <= UINT32_MAX ? host__group_name(env->host, (uint32_t)id) : NULL;

	(void)state;
	(void)err;
	if (!name) {
		strbuf__printf(out, "gid:%" PRIu64, id);
		return DECODE_UNKNOWN;
	}
	strbuf__add_text(out, name);
	return DECODE_OK;
}

const struct decoder_ops decode_group_name_ops = {
	.input = DECODER_INPUT_RAW,
	.run = run,
	.sizes = decode_number_sizes,
	.size_count = DECODE_NUMBER_SIZE_COUNT,
};
