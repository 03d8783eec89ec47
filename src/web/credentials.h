/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_WEB_CREDENTIALS_H
#define SRC_WEB_CREDENTIALS_H

/*
 * Name and password out of an Authorization header. They are texts without NUL bytes, so that nothing behind one is
 * silently left out of a comparison. Plain data on its owner's stack: auth.c reads, uses and wipes it.
 */

#include <stddef.h>

/* crypt(3) takes passwords of up to 511 bytes, bcrypt the first 72 of them. */
#define CREDENTIALS_MAX_USER_BYTES 255
#define CREDENTIALS_MAX_PASSWORD_BYTES 511

struct credentials {
	char user[CREDENTIALS_MAX_USER_BYTES + 1];
	size_t user_len;
	char password[CREDENTIALS_MAX_PASSWORD_BYTES + 1];
	size_t password_len;
};

/* "Basic dXNlcjpwYXNz". 0 or -EINVAL; what was read must be wiped in either case. */
int credentials__parse(struct credentials *credentials, const char *authorization);
void credentials__wipe(struct credentials *credentials);

#endif
