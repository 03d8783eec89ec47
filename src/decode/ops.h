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

/* Sizes of numbers, and how many they are: for decoders of raw ones. */
#define DECODE_NUMBER_SIZE_COUNT 4
extern const uint32_t decode_number_sizes[DECODE_NUMBER_SIZE_COUNT];
/* A raw number of one of these sizes, as the kernel left it; with a sign or without. */
uint64_t decode_raw_uint(const void *data, size_t len);
int64_t decode_raw_int(const void *data, size_t len);

/* 4 and 16 bytes in network order, as RFC 5952 writes them; IPv4-mapped addresses in dots. */
void decode_add_ipv4(struct strbuf *out, const uint8_t *bytes);
void decode_add_ipv6(struct strbuf *out, const uint8_t *bytes);

/* NULL: it has no name. */
const char *decode_error_name(int64_t number);
/* As the kernel calls it, or ebpf_exporter; NULL: it has no name. */
const char *decode_syscall_name(int64_t number, bool is_of_kernel);
/* The same of calls of 32 bits, of which the kernel's names are known. */
const char *decode_syscall_name_32(int64_t number);

/* Decimal text, which is what a "uint" before this decoder leaves. -EINVAL or -ERANGE with err set. */
int decode_number(const void *data, size_t len, int64_t *ret_value, struct err *err);

#endif
