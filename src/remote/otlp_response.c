/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/otlp_response.h"

#include <stdbool.h>

#define RESPONSE_PARTIAL_SUCCESS 1
#define PARTIAL_SUCCESS_REJECTED_SPANS 1

enum wire_type { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

struct cursor {
	const uint8_t *at, *end;
};

static bool take_varint(struct cursor *cursor, uint64_t *ret_value)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; shift < 64 && cursor->at < cursor->end; shift += 7) {
		uint8_t byte = *cursor->at++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*ret_value = value;
			return true;
		}
	}
	return false;
}

/* The next bytes; of a message that is cut off, what is there. */
static struct cursor take_bytes(struct cursor *cursor, uint64_t len)
{
	size_t left = (size_t)(cursor->end - cursor->at);
	struct cursor taken = { cursor->at, cursor->at + (len < left ? (size_t)len : left) };

	cursor->at = taken.end;
	return taken;
}

/* The first field of that number and type: its number, or its bytes. */
static bool find_field(struct cursor message, uint32_t wanted, enum wire_type type,
		       uint64_t *ret_value, struct cursor *ret_content)
{
	uint64_t tag;

	while (take_varint(&message, &tag)) {
		struct cursor content = { NULL, NULL };
		uint64_t value = 0;

		if ((tag & 7) == WIRE_VARINT || (tag & 7) == WIRE_BYTES) {
			if (!take_varint(&message, &value))
				return false;
			if ((tag & 7) == WIRE_BYTES)
				content = take_bytes(&message, value);
		} else if ((tag & 7) == WIRE_FIXED64 || (tag & 7) == WIRE_FIXED32) {
			(void)take_bytes(&message, (tag & 7) == WIRE_FIXED64 ? 8 : 4);
		} else {
			return false;
		}
		if (tag >> 3 != wanted || (tag & 7) != type)
			continue;
		*ret_value = value;
		*ret_content = content;
		return true;
	}
	return false;
}

uint64_t otlp_rejected_spans(const void *bytes, size_t len)
{
	struct cursor message = { bytes, (const uint8_t *)bytes + len }, partial, none;
	uint64_t value;

	if (!find_field(message, RESPONSE_PARTIAL_SUCCESS, WIRE_BYTES, &value, &partial) ||
	    !find_field(partial, PARTIAL_SUCCESS_REJECTED_SPANS, WIRE_VARINT, &value, &none))
		return 0;
	return value;
}
