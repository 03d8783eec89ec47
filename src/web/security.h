/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_WEB_SECURITY_H
#define SRC_WEB_SECURITY_H

/*
 * What a server demands of those who ask, and what it sends along: neutral data, borrowed for the call that takes it.
 * It owns nothing. pipeline/ fills it from the web file, server.c copies what it needs.
 */

#include <stddef.h>
#include <stdint.h>
#include "web/auth.h"
#include "web/tls.h"

struct web_header {
	const char *name, *value;
};

struct web_security {
	const struct tls_options *tls; /* NULL: plain HTTP */
	const struct auth_user *users; /* none: everybody may ask */
	size_t user_count;
	const struct web_header *headers; /* of every reply */
	size_t header_count;
	int64_t rate_interval_ns; /* between two requests; 0: no limit */
	uint32_t rate_burst;
};

#endif
