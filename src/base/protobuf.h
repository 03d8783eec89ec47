/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_BASE_PROTOBUF_H
#define SRC_BASE_PROTOBUF_H

/*
 * Protobuf messages without generated code: a writer that appends fields to a strbuf, and a reader that walks the
 * fields of bytes that somebody else wrote. It owns nothing and allocates nothing but the strbuf. The OTLP sink writes
 * spans with it, which is a hot path (protobuf-c wants a tree of structs with a pointer per attribute first, and then
 * walks it twice, once for sizes); the clients of remote/ read answers, of which they want few fields of many.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/str.h"

void protobuf__add_varint(struct strbuf *out, uint32_t field, uint64_t value);
void protobuf__add_fixed32(struct strbuf *out, uint32_t field, uint32_t value);
void protobuf__add_fixed64(struct strbuf *out, uint32_t field, uint64_t value);
void protobuf__add_bytes(struct strbuf *out, uint32_t field, const void *bytes, size_t len);
/* Readers refuse a whole message for one invalid byte of UTF-8, so each becomes U+FFFD. */
void protobuf__add_text(struct strbuf *out, uint32_t field, const char *text, size_t len);

/* A message in a field: what is written between begin and end (with the position that begin gave) is its content. */
size_t protobuf__begin(struct strbuf *out, uint32_t field);
void protobuf__end(struct strbuf *out, size_t start);

/* Bytes that are left to read. */
struct protobuf_message {
	const uint8_t *at, *end; /* borrowed */
	bool is_broken;          /* cut off, or no protobuf: what was read before stands */
};

enum protobuf_type {
	PROTOBUF_VARINT = 0,
	PROTOBUF_FIXED64 = 1,
	PROTOBUF_BYTES = 2,
	PROTOBUF_FIXED32 = 5,
};

struct protobuf_field {
	uint64_t number;
	enum protobuf_type type;
	uint64_t value;                  /* of all types but bytes */
	struct protobuf_message content; /* of bytes: text, or a message to be read in turn */
};

struct protobuf_message protobuf__read(const void *bytes, size_t len);
/* The next field. False: there is none, or the message is broken. Bytes that are cut off come as far as they are
 * there, and the message is broken then. */
bool protobuf__next(struct protobuf_message *message, struct protobuf_field *field);

#endif
