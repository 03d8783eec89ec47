/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_WEB_BODY_H
#define SRC_WEB_BODY_H

/*
 * The inside of a web_body: bytes shared by several replies, plain and, once somebody asked, compressed.
 * It owns both copies; the last web_body__unref() frees them. Only web/ looks in here.
 */

#include <stddef.h>
#include "web/server.h"

struct libdeflate_compressor;

struct web_body {
	unsigned int reference_count;
	unsigned int
		compressed_count; /* of the references: those who want the compressed form alone */
	char *text;               /* owned; NULL once that is all of them */
	size_t text_len;
	char *gzip; /* owned; NULL until compressed */
	size_t gzip_len;
	unsigned int reply_count; /* on their way */
	size_t reply_bytes;
	size_t *account; /* borrowed while there are replies: of the bytes of all bodies on their way */
};

/* A reply with it begins or ends: however many there are, its bytes count once. */
void web_body__begin_reply(struct web_body *body, size_t *account);
void web_body__end_reply(struct web_body *body);

/* Makes the compressed form unless it is there, and the reference one to it: web_body__unref_compressed() ends it.
 * 0 or -ENOMEM, then it stays what it was. */
int web_body__compress(struct web_body *body, struct libdeflate_compressor *compressor);
struct web_body *web_body__unref_compressed(struct web_body *body); /* returns NULL */

#endif
