/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/ops.h"

#include <inttypes.h>

#include "base/clock.h"

#define NS_PER_US 1000LL
#define S_PER_MINUTE 60
#define S_PER_HOUR 3600

/* Whole and hundredths of a unit, rounded to nearest. */
static void add_hundredths(struct strbuf *out, uint64_t ns, uint64_t unit_ns, const char *unit)
{
	uint64_t hundredths = (ns * 100 + unit_ns / 2) / unit_ns;

	strbuf__printf(out, "%" PRIu64 ".%02" PRIu64 "%s", hundredths / 100, hundredths % 100,
		       unit);
}

/* From a second on as Go's time.Duration writes it: 1m30.5s, without zeros at the end of the fraction. */
static void add_long(struct strbuf *out, uint64_t ns)
{
	uint64_t seconds = ns / NS_PER_S;
	uint64_t fraction = ns % NS_PER_S;
	int digits = 9;

	if (seconds >= S_PER_HOUR)
		strbuf__printf(out, "%" PRIu64 "h", seconds / S_PER_HOUR);
	if (seconds >= S_PER_MINUTE)
		strbuf__printf(out, "%" PRIu64 "m", seconds % S_PER_HOUR / S_PER_MINUTE);
	strbuf__printf(out, "%" PRIu64, seconds % S_PER_MINUTE);
	for (; fraction && fraction % 10 == 0; digits--)
		fraction /= 10;
	if (fraction)
		strbuf__printf(out, ".%0*" PRIu64, digits, fraction);
	strbuf__add_char(out, 's');
}

static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	uint64_t ns = decode_raw_uint(data, len);

	(void)state;
	(void)env;
	(void)err;
	if (ns < NS_PER_US)
		strbuf__printf(out, "%" PRIu64 "ns", ns);
	else if (ns < NS_PER_MS)
		add_hundredths(out, ns, NS_PER_US, "µs");
	else if (ns < NS_PER_S)
		add_hundredths(out, ns, NS_PER_MS, "ms");
	else
		add_long(out, ns);
	return DECODE_OK;
}

const struct decoder_ops decode_duration_ops = {
	.input = DECODER_INPUT_RAW,
	.run = run,
	.sizes = decode_number_sizes,
	.size_count = DECODE_NUMBER_SIZE_COUNT,
};
