/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_DECODE_ENUMERATORS_H
#define SRC_DECODE_ENUMERATORS_H

/*
 * The names of an enum's values, as a step says them: pairs of decimal number and name. Its list is the owner of nothing
 * but itself; names are the spec's. The decoders of enums and of sets of bits open one each.
 */

#include "decode/decoder.h"

struct enumerator {
	uint64_t value; /* its low bytes are compared, as many as the field has */
	const char *name;
};

struct enumerators {
	const char *separator; /* borrowed from the spec */
	uint32_t count;
	struct enumerator items[];
};

/* -EINVAL for a pair whose key is no number. */
int enumerators_open(const struct step_spec *step, struct enumerators **ret_enumerators,
		     struct err *err);

/* All bits of a number of so many bytes. */
static inline uint64_t enumerators_mask(size_t size)
{
	return size >= sizeof(uint64_t) ? UINT64_MAX : (1ULL << 8 * size) - 1;
}

#endif
