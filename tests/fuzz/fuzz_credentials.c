/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Authorization header: whatever it is, what comes out of it are texts within their bounds, or nothing.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "web/credentials.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct credentials credentials;
	char *header = strndup((const char *)data, len);

	if (!header)
		abort();
	if (credentials__parse(&credentials, header) == 0 &&
	    (strlen(credentials.user) != credentials.user_len ||
	     strlen(credentials.password) != credentials.password_len ||
	     strchr(credentials.user, ':')))
		abort();
	credentials__wipe(&credentials);
	free(header);
	return 0;
}
