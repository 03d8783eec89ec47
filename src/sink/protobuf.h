/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_SINK_PROTOBUF_H
#define SRC_SINK_PROTOBUF_H

/*
 * A streaming writer of protobuf messages into a strbuf: fields are appended in order, no message object is built.
 * It owns nothing. The OTLP sink writes spans with it, which is a hot path: a generated encoder (protobuf-c) wants a
 * tree of structs with a pointer per attribute first, and then walks it twice, once for sizes.
 */

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

#endif
