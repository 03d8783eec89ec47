/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/enumerators.h"

#include <stdlib.h>

#include "decode/ops.h"

static int open_names(const struct step_spec *step, const struct decode_env *env, void **ret_state,
		      struct err *err)
{
	struct enumerators *enumerators = NULL;
	int r = enumerators_open(step, &enumerators, err);

	(void)env;
	if (r == 0)
		*ret_state = enumerators;
	return r;
}

static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	const struct enumerators *enumerators = state;
	uint64_t value = decode_raw_uint(data, len);
	uint64_t mask = enumerators_mask(len);

	(void)env;
	(void)err;
	for (uint32_t i = 0; i < enumerators->count; i++) {
		if (((enumerators->items[i].value ^ value) & mask) != 0)
			continue;
		strbuf__add_text(out, enumerators->items[i].name);
		return DECODE_OK;
	}
	strbuf__add_text(out, "UNKNOWN");
	return DECODE_OK;
}

const struct decoder_ops decode_enum_ops = {
	.input = DECODER_INPUT_RAW,
	.open = open_names,
	.run = run,
	.close = free,
	.sizes = decode_number_sizes,
	.size_count = DECODE_NUMBER_SIZE_COUNT,
};
