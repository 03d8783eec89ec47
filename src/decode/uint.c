/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/ops.h"

#include "base/mem.h"

static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t value = 0;

	(void)state;
	(void)env;
	(void)err;
	switch (len) {
	case sizeof(u8):
		memcpy(&u8, data, sizeof(u8));
		value = u8;
		break;
	case sizeof(u16):
		memcpy(&u16, data, sizeof(u16));
		value = u16;
		break;
	case sizeof(u32):
		memcpy(&u32, data, sizeof(u32));
		value = u32;
		break;
	case sizeof(value):
		memcpy(&value, data, sizeof(value));
		break;
	}
	strbuf__add_u64(out, value);
	return DECODE_OK;
}

static const uint32_t sizes[] = { 1, 2, 4, 8 };

const struct decoder_ops decode_uint_ops = {
	.input = DECODER_INPUT_RAW,
	.run = run,
	.sizes = sizes,
	.size_count = array_size(sizes),
};
