/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The number parsers and layouts of times over any text, and the formatters over any 8 bytes: what is printed reads back
 * to the same value, and Go's base 0 agrees with plain decimal where both accept the text.
 */
#include <stdlib.h>
#include <string.h>

#include "base/go_time.h"
#include "base/num.h"

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static void check_texts(const char *text, size_t len)
{
	uint64_t plain = 0, based = 0;
	int64_t plain_signed = 0, based_signed = 0, ns = 0;
	double value = 0;
	int r = num_parse_u64(text, len, &plain);

	/* a leading 0 is octal there */
	if (r == 0 && (len == 1 || text[0] != '0'))
		require(num_parse_u64_go(text, len, &based) == 0 && based == plain);
	if (r == 0)
		require(num_parse_double(text, len, &value) == 0 || len >= 1000);
	(void)num_parse_u64_go(text, len, &based);
	if (num_parse_i64(text, len, &plain_signed) == 0 && r == 0)
		require((uint64_t)plain_signed == plain);
	if (num_parse_i64_go(text, len, &based_signed) == 0 && based_signed >= 0 &&
	    text[0] != '-' && text[0] != '+')
		require(num_parse_u64_go(text, len, &based) == 0 &&
			based == (uint64_t)based_signed);
	(void)num_parse_double(text, len, &value);
	(void)num_parse_duration(text, len, &ns);
	if (r == 0)
		require(num_parse_bytes(text, len, &based) == 0 && based == plain);
	else
		(void)num_parse_bytes(text, len, &based);
}

/* Any text is a layout of times. */
static void check_layout(const char *text, size_t len)
{
	static const struct tm moment = {
		.tm_year = 104, .tm_mon = 5, .tm_mday = 3, .tm_gmtoff = -5400
	};
	struct strbuf out = STRBUF_INIT;
	char *layout = strndup(text, len);

	require(layout);
	go_time_format(layout, &moment, 120000000, &out);
	require(strbuf__status(&out) == 0);
	/* No part is shown in more than 15 characters. */
	require(out.len <= 15 * strlen(layout));
	strbuf__done(&out);
	free(layout);
}

static void check_integer(uint64_t bits)
{
	char text[NUM_U64_MAX_LEN];
	char float_text[NUM_DOUBLE_MAX_LEN];
	uint64_t number;
	int64_t signed_number;
	double value;
	size_t len = num_format_u64(text, bits);

	require(num_parse_u64(text, len, &number) == 0 && number == bits);
	len = num_format_i64(text, (int64_t)bits);
	require(num_parse_i64(text, len, &signed_number) == 0 && signed_number == (int64_t)bits);
	len = num_format_u64_as_double(float_text, bits);
	require(num_parse_double(float_text, len, &value) == 0 && value == (double)bits);
}

static void check_double(uint64_t bits)
{
	char text[NUM_DOUBLE_MAX_LEN];
	double value, again;
	size_t len;

	memcpy(&value, &bits, sizeof(value));
	len = num_format_double(text, value);
	require(len <= sizeof(text));
	require(num_parse_double(text, len, &again) == 0);
	/* every NaN is the same one in text */
	require(value != value ? again != again : memcmp(&value, &again, sizeof(value)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t bits;

	check_texts((const char *)data, size);
	check_layout((const char *)data, size);
	if (size >= sizeof(bits)) {
		memcpy(&bits, data, sizeof(bits));
		check_integer(bits);
		check_double(bits);
	}
	return 0;
}
