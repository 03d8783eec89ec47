/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/protobuf.h"

#include <endian.h>

#define VARINT_MAX_LEN 10

enum wire_type { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

static size_t put_varint(char *to, uint64_t value)
{
	size_t len = 0;

	while (value >= 0x80) {
		to[len++] = (char)(value | 0x80);
		value >>= 7;
	}
	to[len++] = (char)value;
	return len;
}

static void add_number(struct strbuf *out, uint64_t value)
{
	char *to = strbuf__reserve(out, VARINT_MAX_LEN);

	if (to)
		out->len += put_varint(to, value);
}

static void add_tag(struct strbuf *out, uint32_t field, enum wire_type type)
{
	add_number(out, (uint64_t)field << 3 | type);
}

void protobuf__add_varint(struct strbuf *out, uint32_t field, uint64_t value)
{
	add_tag(out, field, WIRE_VARINT);
	add_number(out, value);
}

void protobuf__add_fixed32(struct strbuf *out, uint32_t field, uint32_t value)
{
	uint32_t bytes = htole32(value);

	add_tag(out, field, WIRE_FIXED32);
	strbuf__add(out, &bytes, sizeof(bytes));
}

void protobuf__add_fixed64(struct strbuf *out, uint32_t field, uint64_t value)
{
	uint64_t bytes = htole64(value);

	add_tag(out, field, WIRE_FIXED64);
	strbuf__add(out, &bytes, sizeof(bytes));
}

void protobuf__add_bytes(struct strbuf *out, uint32_t field, const void *bytes, size_t len)
{
	add_tag(out, field, WIRE_BYTES);
	add_number(out, len);
	strbuf__add(out, bytes, len);
}

void protobuf__add_text(struct strbuf *out, uint32_t field, const char *text, size_t len)
{
	size_t start;

	if (str_is_utf8(text, len)) {
		protobuf__add_bytes(out, field, text, len);
		return;
	}
	start = protobuf__begin(out, field);
	(void)str_add_utf8(out, text, len); /* that it was repaired shows in the text */
	protobuf__end(out, start);
}

/* Most lengths are below 128 and fit the one byte that is kept free; the content of others moves on by the few bytes
 * that are missing. */
size_t protobuf__begin(struct strbuf *out, uint32_t field)
{
	add_tag(out, field, WIRE_BYTES);
	strbuf__add_char(out, 0);
	return out->len;
}

void protobuf__end(struct strbuf *out, size_t start)
{
	char length[VARINT_MAX_LEN];
	size_t len = out->len - start, length_len = put_varint(length, len), more = length_len - 1;

	/* A failed buffer has holes: positions mean nothing, and its owner throws it away. */
	if (strbuf__status(out) < 0 || !strbuf__reserve(out, more + 1))
		return;
	if (more > 0)
		memmove(out->data + start + more, out->data + start, len);
	memcpy(out->data + start - 1, length, length_len);
	out->len += more;
}
