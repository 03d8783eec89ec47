/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_BASE_SHA256_H
#define SRC_BASE_SHA256_H

/*
 * SHA-256 of bytes in memory (FIPS 180-4), to check that a file is the one that was meant.
 * It owns nothing. Readers of images use it.
 */

#include <stddef.h>

#define SHA256_HEX_LEN 64

/* Lower-case hex with a NUL behind it. */
void sha256_hex(const void *data, size_t len, char ret_hex[SHA256_HEX_LEN + 1]);

#endif
