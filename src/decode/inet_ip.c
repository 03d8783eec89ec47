/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/ops.h"

#include "base/mem.h"
#include "base/num.h"

#define GROUP_COUNT 8

struct zero_run {
	unsigned int start, len; /* in groups of 16 bits; len 0: none */
};

void decode_add_ipv4(struct strbuf *out, const uint8_t *bytes)
{
	strbuf__printf(out, "%u.%u.%u.%u", bytes[0], bytes[1], bytes[2], bytes[3]);
}

/* The longest run of at least two zero groups, the first of equals: what RFC 5952 writes as "::". */
static struct zero_run find_zero_run(const unsigned int *groups)
{
	struct zero_run longest = { 0, 0 };

	for (unsigned int i = 0; i < GROUP_COUNT; i++) {
		unsigned int end = i;

		while (end < GROUP_COUNT && groups[end] == 0)
			end++;
		if (end - i >= 2 && end - i > longest.len)
			longest = (struct zero_run){ i, end - i };
	}
	return longest;
}

/* By hand: inet_ntop() writes the low 32 bits of ::1.2.3.4 in dots, which RFC 5952 leaves to known prefixes. */
static void add_groups(struct strbuf *out, const uint8_t *bytes)
{
	unsigned int groups[GROUP_COUNT];
	struct zero_run zeros;

	for (unsigned int i = 0; i < GROUP_COUNT; i++)
		groups[i] = (unsigned int)bytes[2 * i] << 8 | bytes[2 * i + 1];
	zeros = find_zero_run(groups);
	for (unsigned int i = 0; i < GROUP_COUNT; i++) {
		if (zeros.len && i == zeros.start) {
			strbuf__add_text(out, "::");
			i += zeros.len - 1;
			continue;
		}
		strbuf__printf(out, "%s%x",
			       i == 0 || (zeros.len && i == zeros.start + zeros.len) ? "" : ":",
			       groups[i]);
	}
}

static bool is_mapped(const uint8_t *bytes)
{
	static const uint8_t prefix[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	return memcmp(bytes, prefix, sizeof(prefix)) == 0;
}

void decode_add_ipv6(struct strbuf *out, const uint8_t *bytes)
{
	if (is_mapped(bytes))
		decode_add_ipv4(out, bytes + 12);
	else
		add_groups(out, bytes);
}

/* Other sizes are shown as they are: "?" and hex digits, and "<nil>" for nothing. */
static void add_odd(struct strbuf *out, const uint8_t *bytes, size_t len)
{
	if (!len) {
		strbuf__add_text(out, "<nil>");
		return;
	}
	strbuf__add_char(out, '?');
	for (size_t i = 0; i < len; i++)
		strbuf__printf(out, "%02x", bytes[i]);
}

static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	const uint8_t *bytes = data;

	(void)state;
	(void)env;
	(void)err;
	if (len == 4)
		decode_add_ipv4(out, bytes);
	else if (len == 16)
		decode_add_ipv6(out, bytes);
	else
		add_odd(out, bytes, len);
	return DECODE_OK;
}

const struct decoder_ops decode_inet_ip_ops = {
	.input = DECODER_INPUT_RAW,
	.run = run,
};
