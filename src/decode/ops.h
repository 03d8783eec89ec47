/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_DECODE_OPS_H
#define SRC_DECODE_OPS_H

/*
 * What the decoders share: the declaration of every row of decode.def, and the reading of decimal input.
 * It owns nothing. Only the files of decode/ include it.
 */

#include "decode/decoder.h"

#define DECODER(name, help) extern const struct decoder_ops decode_##name##_ops;
#include "decode/decode.def"
#undef DECODER

/* Decimal text, which is what a "uint" before this decoder leaves. -EINVAL or -ERANGE with err set. */
int decode_number(const void *data, size_t len, int64_t *ret_value, struct err *err);

#endif
