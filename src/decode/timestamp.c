/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/ops.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/go_time.h"
#include "base/mem.h"

#define SECONDS_SIZE 32
#define ZONE_SIZE 8
#define NS_DIGITS 9

struct timestamps {
	char *layout;           /* owned; NULL: the usual one */
	struct wall_offset own; /* where there is none to be shared */
	/* The text of the last second and of its zone: events come in order, and asking for them is dear. */
	int64_t second;
	char second_text[SECONDS_SIZE];
	size_t second_len;
	char zone_text[ZONE_SIZE];
};

static int open_clock(const struct step_spec *step, const struct decode_env *env, void **ret_state,
		      struct err *err)
{
	struct timestamps *timestamps = new_zero(struct timestamps);

	(void)env;
	if (timestamps && step->pattern_count > 0)
		timestamps->layout = strdup(step->patterns[0].text);
	if (!timestamps || (step->pattern_count > 0 && !timestamps->layout)) {
		free(timestamps);
		return err__set(err, -ENOMEM, &step->at, "no memory for a clock");
	}
	timestamps->second = -1;
	*ret_state = timestamps;
	return 0;
}

static void close_clock(void *state)
{
	struct timestamps *timestamps = state;

	free(timestamps->layout);
	free(timestamps);
}

static int add_by_layout(const char *layout, int64_t wall_ns, struct strbuf *out, struct err *err)
{
	time_t second = (time_t)(wall_ns / NS_PER_S);
	struct tm tm;

	if (!localtime_r(&second, &tm))
		return err__set(err, -EOVERFLOW, NULL, "%lld s is no time", (long long)second);
	go_time_format(layout, &tm, (uint32_t)(wall_ns % NS_PER_S), out);
	return DECODE_OK;
}

static void format_zone(const struct tm *tm, char text[ZONE_SIZE])
{
	long minutes = tm->tm_gmtoff / 60;

	if (minutes == 0)
		memcpy(text, "Z", sizeof("Z"));
	else
		(void)snprintf(text, ZONE_SIZE, "%c%02u:%02u", minutes < 0 ? '-' : '+',
			       (unsigned int)(labs(minutes) / 60) % 100,
			       (unsigned int)(labs(minutes) % 60));
}

static int format_second(struct timestamps *timestamps, int64_t second, struct err *err)
{
	time_t time = (time_t)second;
	struct tm tm;
	size_t len = 0;

	if (second == timestamps->second)
		return 0;
	if (localtime_r(&time, &tm))
		len = strftime(timestamps->second_text, SECONDS_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	if (len == 0)
		return err__set(err, -EOVERFLOW, NULL, "%" PRId64 " s is no time", second);
	format_zone(&tm, timestamps->zone_text);
	timestamps->second = second;
	timestamps->second_len = len;
	return 0;
}

/* By hand: printf() would take longer than all else that is done for an event. */
static void add_time(const struct timestamps *timestamps, uint32_t fraction_ns, struct strbuf *out)
{
	size_t zone_len = strlen(timestamps->zone_text);
	char *to = strbuf__reserve(out, SECONDS_SIZE + 1 + NS_DIGITS + ZONE_SIZE);

	if (!to)
		return;
	memcpy(to, timestamps->second_text, timestamps->second_len);
	to += timestamps->second_len;
	*to = '.';
	for (int i = NS_DIGITS; i > 0; i--, fraction_ns /= 10)
		to[i] = (char)('0' + fraction_ns % 10);
	memcpy(to + 1 + NS_DIGITS, timestamps->zone_text, zone_len);
	out->len += timestamps->second_len + 1 + NS_DIGITS + zone_len;
}

/* RFC 3339 in the local zone, with all nine digits, unless there is a layout. */
static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	struct timestamps *timestamps = state;
	uint64_t since_boot_ns = decode_raw_uint(data, len);
	int64_t offset_ns, wall_ns;
	int r;

	if (since_boot_ns == 0) /* nobody took the time */
		return DECODE_OK;
	offset_ns = wall_offset__get_ns(env->wall ? env->wall : &timestamps->own);
	if (since_boot_ns > INT64_MAX ||
	    __builtin_add_overflow((int64_t)since_boot_ns, offset_ns, &wall_ns) || wall_ns < 0)
		return err__set(err, -EOVERFLOW, NULL, "%" PRIu64 " ns since boot is no time",
				since_boot_ns);
	if (timestamps->layout)
		return add_by_layout(timestamps->layout, wall_ns, out, err);
	r = format_second(timestamps, wall_ns / NS_PER_S, err);
	if (r < 0)
		return r;
	add_time(timestamps, (uint32_t)(wall_ns % NS_PER_S), out);
	return DECODE_OK;
}

static const uint32_t sizes[] = { sizeof(uint64_t) };

const struct decoder_ops decode_timestamp_ops = {
	.input = DECODER_INPUT_RAW,
	.open = open_clock,
	.run = run,
	.close = close_clock,
	.sizes = sizes,
	.size_count = 1,
};
