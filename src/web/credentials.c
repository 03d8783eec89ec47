/* SPDX-License-Identifier: Apache-2.0 */
#include "web/credentials.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define SCHEME "Basic "
#define MAX_BYTES (CREDENTIALS_MAX_USER_BYTES + 1 + CREDENTIALS_MAX_PASSWORD_BYTES)

static int digit_of(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* Four digits to three bytes; padding at the end alone. Number of bytes or -EINVAL. */
static int decode_group(const char *group, char *ret_bytes)
{
	int len = group[3] != '=' ? 3 : group[2] != '=' ? 2 : 1;
	uint32_t bits = 0;

	for (int i = 0; i < 4; i++) {
		int digit = i <= len ? digit_of(group[i]) : 0;

		if (digit < 0 || (i > len && group[i] != '='))
			return -EINVAL;
		bits = bits << 6 | (uint32_t)digit;
	}
	for (int i = 0; i < len; i++)
		ret_bytes[i] = (char)(bits >> (16 - 8 * i));
	return len;
}

/* Length or -EINVAL. */
static int decode(const char *text, char *ret_bytes, size_t max)
{
	size_t text_len = strlen(text), len = 0;

	if (text_len % 4 != 0 || text_len / 4 * 3 > max)
		return -EINVAL;
	for (size_t i = 0; i < text_len; i += 4) {
		int r = decode_group(text + i, ret_bytes + len);

		if (r < 0 || (r < 3 && i + 4 < text_len))
			return -EINVAL;
		len += (size_t)r;
	}
	return (int)len;
}

static int copy(char *to, size_t max, size_t *ret_len, const char *from, size_t len)
{
	if (len > max || memchr(from, '\0', len))
		return -EINVAL;
	memcpy(to, from, len);
	to[len] = '\0';
	*ret_len = len;
	return 0;
}

static int split(struct credentials *credentials, const char *bytes, size_t len)
{
	const char *colon = memchr(bytes, ':', len);

	if (!colon)
		return -EINVAL;

	size_t user_len = (size_t)(colon - bytes);

	if (copy(credentials->user, CREDENTIALS_MAX_USER_BYTES, &credentials->user_len, bytes,
		 user_len) < 0)
		return -EINVAL;
	return copy(credentials->password, CREDENTIALS_MAX_PASSWORD_BYTES,
		    &credentials->password_len, colon + 1, len - user_len - 1);
}

int credentials__parse(struct credentials *credentials, const char *authorization)
{
	char bytes[MAX_BYTES + 2]; /* whole groups of three */

	*credentials = (struct credentials){ .user_len = 0 };
	if (strncasecmp(authorization, SCHEME, strlen(SCHEME)) != 0)
		return -EINVAL;

	int len = decode(authorization + strlen(SCHEME), bytes, sizeof(bytes));
	int r = len < 0 ? len : split(credentials, bytes, (size_t)len);

	explicit_bzero(bytes, sizeof(bytes));
	return r;
}

void credentials__wipe(struct credentials *credentials)
{
	explicit_bzero(credentials, sizeof(*credentials));
}
