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
	char *text; /* owned; NULL once only the compressed form is wanted */
	size_t text_len;
	char *gzip; /* owned; NULL until compressed */
	size_t gzip_len;
};

/* Makes the compressed form unless it is there. 0 or -ENOMEM. The plain bytes go when nobody else holds the body. */
int web_body__compress(struct web_body *body, struct libdeflate_compressor *compressor);

#endif
