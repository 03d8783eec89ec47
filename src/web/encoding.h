/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_WEB_ENCODING_H
#define SRC_WEB_ENCODING_H

/*
 * Which encodings of a body the client takes, from its Accept-Encoding header.
 * Plain functions; they own nothing. server.c asks before it compresses.
 */

#include <stdbool.h>

/* Whether gzip is named (by itself or by "*") with a quality above 0. NULL: no header, no. */
bool encoding_accepts_gzip(const char *accept_encoding);

#endif
