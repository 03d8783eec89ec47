/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_BASE_BASE64_H
#define SRC_BASE_BASE64_H

/*
 * Bytes as base64 with padding, and back. It owns nothing; both write into the caller's buffer and return how much they
 * wrote. Events of policies have them: ids of processes, buffers, ids of builds.
 */

#include <stddef.h>
#include <sys/types.h>

#define BASE64_LEN(len) (((len) + 2) / 3 * 4)

/* `to` has BASE64_LEN(len) bytes; nothing terminates them. */
size_t base64_format(char *to, const void *bytes, size_t len);
/* Of the usual digits and of those for URLs, with or without padding; `to` has len / 4 * 3 + 2 bytes. -EINVAL: it is none. */
ssize_t base64_parse(void *to, const char *text, size_t len);

#endif
