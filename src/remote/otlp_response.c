/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/otlp_response.h"

#include "base/protobuf.h"

#define RESPONSE_PARTIAL_SUCCESS 1
#define PARTIAL_SUCCESS_REJECTED_SPANS 1

/* The first field of that number and type. An answer that is cut off is read as far as it is there. */
static bool find_field(struct protobuf_message message, uint64_t number, enum protobuf_type type,
		       struct protobuf_field *ret_field)
{
	struct protobuf_field field;

	while (protobuf__next(&message, &field)) {
		if (field.number != number || field.type != type)
			continue;
		*ret_field = field;
		return true;
	}
	return false;
}

uint64_t otlp_rejected_spans(const void *bytes, size_t len)
{
	struct protobuf_field partial, rejected;

	if (!find_field(protobuf__read(bytes, len), RESPONSE_PARTIAL_SUCCESS, PROTOBUF_BYTES,
			&partial) ||
	    !find_field(partial.content, PARTIAL_SUCCESS_REJECTED_SPANS, PROTOBUF_VARINT,
			&rejected))
		return 0;
	return rejected.value;
}
