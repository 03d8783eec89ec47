/* SPDX-License-Identifier: Apache-2.0 */
#include "base/protobuf.h"

#include <endian.h>

#define VARINT_MAX_LEN 10

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

static void add_tag(struct strbuf *out, uint32_t field, enum protobuf_type type)
{
	add_number(out, (uint64_t)field << 3 | type);
}

void protobuf__add_varint(struct strbuf *out, uint32_t field, uint64_t value)
{
	add_tag(out, field, PROTOBUF_VARINT);
	add_number(out, value);
}

void protobuf__add_fixed32(struct strbuf *out, uint32_t field, uint32_t value)
{
	uint32_t bytes = htole32(value);

	add_tag(out, field, PROTOBUF_FIXED32);
	strbuf__add(out, &bytes, sizeof(bytes));
}

void protobuf__add_fixed64(struct strbuf *out, uint32_t field, uint64_t value)
{
	uint64_t bytes = htole64(value);

	add_tag(out, field, PROTOBUF_FIXED64);
	strbuf__add(out, &bytes, sizeof(bytes));
}

void protobuf__add_bytes(struct strbuf *out, uint32_t field, const void *bytes, size_t len)
{
	add_tag(out, field, PROTOBUF_BYTES);
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
	add_tag(out, field, PROTOBUF_BYTES);
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

/* ---- reading ------------------------------------------------------------------------------------------- */

struct protobuf_message protobuf__read(const void *bytes, size_t len)
{
	return (struct protobuf_message){ .at = bytes, .end = (const uint8_t *)bytes + len };
}

static bool take_number(struct protobuf_message *message, uint64_t *ret_value)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; shift < 64 && message->at < message->end; shift += 7) {
		uint8_t byte = *message->at++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*ret_value = value;
			return true;
		}
	}
	message->is_broken = true;
	return false;
}

static struct protobuf_message take_bytes(struct protobuf_message *message, uint64_t len)
{
	size_t left = (size_t)(message->end - message->at);
	struct protobuf_message taken = protobuf__read(message->at, left);

	if (len > left)
		message->is_broken = true;
	else
		taken.end = message->at + len;
	message->at = taken.end;
	return taken;
}

static bool take_fixed(struct protobuf_message *message, size_t len, uint64_t *ret_value)
{
	struct protobuf_message bytes = take_bytes(message, len);
	uint64_t value = 0;

	if (message->is_broken)
		return false;
	memcpy(&value, bytes.at, len);
	*ret_value = le64toh(value);
	return true;
}

bool protobuf__next(struct protobuf_message *message, struct protobuf_field *field)
{
	uint64_t tag;

	*field = (struct protobuf_field){ 0 };
	if (message->is_broken || message->at == message->end || !take_number(message, &tag))
		return false;
	field->number = tag >> 3;
	field->type = (enum protobuf_type)(tag & 7);
	switch (field->type) {
	case PROTOBUF_VARINT:
		return take_number(message, &field->value);
	case PROTOBUF_FIXED64:
		return take_fixed(message, sizeof(uint64_t), &field->value);
	case PROTOBUF_FIXED32:
		return take_fixed(message, sizeof(uint32_t), &field->value);
	case PROTOBUF_BYTES:
		if (!take_number(message, &field->value))
			return false;
		field->content = take_bytes(message, field->value);
		return true;
	}
	message->is_broken = true;
	return false;
}
