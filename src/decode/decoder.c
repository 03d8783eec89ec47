/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/decoder.h"

#include "base/mem.h"
#include "decode/ops.h"

static const struct decoder decoders[] = {
#define DECODER(name, help) { #name, help, &decode_##name##_ops },
#include "decode/decode.def"
#undef DECODER
};

const struct decoder *decoder_list(size_t *ret_count)
{
	*ret_count = array_size(decoders);
	return decoders;
}

const struct decoder *decoder_find(const char *name)
{
	for (size_t i = 0; i < array_size(decoders); i++) {
		if (str_eq(decoders[i].name, name))
			return &decoders[i];
	}
	return NULL;
}
