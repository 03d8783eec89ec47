/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/derive_dns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/mem.h"

#define HEADER_BYTES 12
#define RESOURCE_BYTES 10 /* behind the name: type, class, time to live, length */
#define NAME_MAX_BYTES 255
#define POINTERS_MAX 10
#define TYPE_A 1
#define TYPE_AAAA 28

static uint16_t read_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* ---- names ---------------------------------------------------------------------------------------------- */

/* Where the bytes behind the name begin; out: gets the text, or NULL. -EINVAL. */
static int64_t walk_name(const struct dns_message *message, size_t at, struct strbuf *out)
{
	size_t begin = out ? out->len : 0, total = 0;
	unsigned int pointers = 0;
	int64_t end = -1;

	for (;;) {
		uint8_t len;

		if (at >= message->len)
			return -EINVAL;
		len = message->bytes[at++];
		if (len == 0)
			break;
		if ((len & 0xc0) == 0xc0) { /* what follows stands elsewhere */
			if (at >= message->len || ++pointers > POINTERS_MAX)
				return -EINVAL;
			if (end < 0)
				end = (int64_t)at + 1;
			at = (size_t)(len & 0x3f) << 8 | message->bytes[at];
			continue;
		}
		total += (size_t)len + 1;
		if (len & 0xc0 || len > message->len - at || total > NAME_MAX_BYTES)
			return -EINVAL;
		if (out) {
			strbuf__add(out, message->bytes + at, len);
			strbuf__add_char(out, '.');
		}
		at += len;
	}
	if (out && out->len == begin)
		strbuf__add_char(out, '.');
	return end < 0 ? (int64_t)at : end;
}

void dns_message_add_name(const struct dns_message *message, struct strbuf *out)
{
	if (message->name)
		(void)walk_name(message, message->name, out); /* it was walked when it was parsed */
}

/* ---- resources ------------------------------------------------------------------------------------------ */

struct resource {
	uint16_t type, len;
	size_t data; /* where it begins */
};

/* Where the next one begins, or -EINVAL. */
static int64_t read_resource(const struct dns_message *message, size_t at,
			     struct resource *ret_resource)
{
	int64_t end = walk_name(message, at, NULL);
	const uint8_t *bytes;

	if (end < 0 || message->len - (size_t)end < RESOURCE_BYTES)
		return -EINVAL;
	bytes = message->bytes + end;
	*ret_resource = (struct resource){ .type = read_u16(bytes),
					   .len = read_u16(bytes + 8),
					   .data = (size_t)end + RESOURCE_BYTES };
	if (ret_resource->len > message->len - ret_resource->data)
		return -EINVAL;
	return (int64_t)(ret_resource->data + ret_resource->len);
}

void dns_message_add_addresses(const struct dns_message *message, struct strbuf *out)
{
	static const struct {
		uint16_t type, len;
		int family;
	} kinds[] = { { TYPE_A, 4, AF_INET }, { TYPE_AAAA, 16, AF_INET6 } };
	size_t at = message->answers, begin = out->len;

	for (uint32_t i = 0; i < message->answer_count; i++) {
		struct resource resource;
		int64_t next = read_resource(message, at, &resource);
		char text[INET6_ADDRSTRLEN];

		if (next < 0)
			return;
		for (size_t k = 0; k < array_size(kinds); k++)
			if (resource.type == kinds[k].type && resource.len == kinds[k].len &&
			    inet_ntop(kinds[k].family, message->bytes + resource.data, text,
				      sizeof(text)))
				strbuf__printf(out, "%s%s", out->len > begin ? "," : "", text);
		at = (size_t)next;
	}
}

/* ---- the whole ------------------------------------------------------------------------------------------ */

static void read_header(struct dns_message *message)
{
	const uint8_t *bytes = message->bytes;

	message->id = read_u16(bytes);
	message->is_response = bytes[2] & 0x80;
	message->is_truncated = bytes[2] & 0x02;
	message->wants_recursion = bytes[2] & 0x01;
	message->has_recursion = bytes[3] & 0x80;
	message->code = bytes[3] & 0x0f;
	message->question_count = read_u16(bytes + 4);
	message->answer_count = read_u16(bytes + 6);
	message->authority_count = read_u16(bytes + 8);
	message->additional_count = read_u16(bytes + 10);
}

int dns_message_parse(const void *bytes, size_t len, struct dns_message *ret_message)
{
	struct dns_message message = { .bytes = bytes, .len = len };
	struct resource resource;
	int64_t at = HEADER_BYTES;
	uint32_t rest;

	if (len < HEADER_BYTES)
		return -EINVAL;
	read_header(&message);
	for (uint32_t i = 0; i < message.question_count; i++) {
		size_t name = (size_t)at;

		at = walk_name(&message, name, NULL);
		if (at < 0 || len - (size_t)at < 4)
			return -EINVAL;
		if (i == 0) {
			message.name = name;
			message.type = read_u16(message.bytes + at);
		}
		at += 4; /* type and class */
	}
	message.answers = (size_t)at;
	rest = (uint32_t)message.answer_count + message.authority_count + message.additional_count;
	for (uint32_t i = 0; i < rest; i++) {
		at = read_resource(&message, (size_t)at, &resource);
		if (at < 0)
			return -EINVAL;
	}
	*ret_message = message;
	return 0;
}

/* ---- names of numbers ----------------------------------------------------------------------------------- */

void dns_add_type(uint16_t type, struct strbuf *out)
{
	static const struct {
		uint16_t type;
		const char *name;
	} types[] = {
		{ 1, "A" },     { 2, "NS" },     { 5, "CNAME" },  { 6, "SOA" },    { 11, "WKS" },
		{ 12, "PTR" },  { 13, "HINFO" }, { 14, "MINFO" }, { 15, "MX" },    { 16, "TXT" },
		{ 28, "AAAA" }, { 33, "SRV" },   { 41, "OPT" },   { 252, "AXFR" }, { 255, "ALL" },
	};

	for (size_t i = 0; i < array_size(types); i++) {
		if (types[i].type == type) {
			strbuf__add_text(out, types[i].name);
			return;
		}
	}
	strbuf__add_u64(out, type);
}

void dns_add_code(uint8_t code, struct strbuf *out)
{
	static const char *const codes[] = { "Success",   "FormatError",    "ServerFailure",
					     "NameError", "NotImplemented", "Refused" };

	if (code < array_size(codes))
		strbuf__add_text(out, codes[code]);
	else
		strbuf__add_u64(out, code);
}
