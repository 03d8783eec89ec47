/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_DECODE_ENDPOINT_H
#define SRC_DECODE_ENDPOINT_H

/*
 * Ends of connections as records of gadgets have them: an address of 16 bytes, and behind it what makes it an end of
 * layer 3 or 4. It owns nothing. The decoders of them include it.
 */

#include "base/str.h"

#define ENDPOINT_SIZE 32

enum {
	ENDPOINT_ADDRESS = 0, /* network order; IPv4 in the first four bytes */
	L3ENDPOINT_VERSION = 16,
	L4ENDPOINT_PORT = 16, /* u16, host order */
	L4ENDPOINT_VERSION = 20,
};

/* Nothing when the version is neither 4 nor 6: false. */
bool endpoint_add_address(struct strbuf *out, const void *endpoint, size_t version_at);

#endif
