/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/ops.h"

#include <errno.h>

#include "base/num.h"
#include "record/record.h"

#define SHOWN_BYTES 32

int decode_number(const void *data, size_t len, int64_t *ret_value, struct err *err)
{
	const unsigned char *bytes = data;
	char shown[SHOWN_BYTES + 1];
	size_t shown_len = len < SHOWN_BYTES ? len : SHOWN_BYTES;
	int r = num_parse_i64(data, len, ret_value);

	if (r == 0)
		return 0;
	for (size_t i = 0; i < shown_len; i++)
		shown[i] = bytes[i] >= ' ' && bytes[i] < 0x7f ? (char)bytes[i] : '?';
	shown[shown_len] = '\0';
	if (r == -ERANGE)
		return err__set(err, r, NULL, "'%s' does not fit a signed 64-bit number", shown);
	return err__set(err, r, NULL, "'%s' is no decimal number; put 'uint' before this decoder",
			shown);
}

const uint32_t decode_number_sizes[DECODE_NUMBER_SIZE_COUNT] = { 1, 2, 4, 8 };

uint64_t decode_raw_uint(const void *data, size_t len)
{
	uint64_t value = 0;

	(void)bytes_get_uint(data, len, &value); /* the chain has checked the size */
	return value;
}

int64_t decode_raw_int(const void *data, size_t len)
{
	int64_t value = 0;

	(void)bytes_get_int(data, len, &value); /* the chain has checked the size */
	return value;
}
