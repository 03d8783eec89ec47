/* SPDX-License-Identifier: Apache-2.0 */
#include "base/human.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include "base/mem.h"

struct unit {
	const char *name;
	double size;
};

static const char *put_unknown(char *buf)
{
	(void)snprintf(buf, HUMAN_MAX, "-");
	return buf;
}

/* Three digits: as many behind the point as there is room for. */
static int digits_behind(double value)
{
	if (value >= 99.95)
		return 0;
	return value >= 9.995 ? 1 : 2;
}

/* The largest unit that leaves at least 1; rounding up to the next one's 1 counts as reaching it. */
static const char *put_with_unit(char *buf, double value, const struct unit *units, size_t count)
{
	const struct unit *unit = &units[0];

	for (size_t i = 1; i < count; i++)
		if (value >= units[i].size * 0.9995)
			unit = &units[i];
	(void)snprintf(buf, HUMAN_MAX, "%.*f%s", digits_behind(value / unit->size),
		       value / unit->size, unit->name);
	return buf;
}

const char *human_count(char buf[HUMAN_MAX], double count)
{
	static const struct unit units[] = {
		{ "", 1 },     { "k", 1e3 },  { "M", 1e6 },  { "G", 1e9 },
		{ "T", 1e12 }, { "P", 1e15 }, { "E", 1e18 },
	};

	if (!isfinite(count) || count < 0)
		return put_unknown(buf);
	if (count >= 9999.5)
		return put_with_unit(buf, count, units, array_size(units));
	(void)snprintf(buf, HUMAN_MAX,
		       count == (double)(uint64_t)count || count >= 99.95 ? "%.0f" : "%.1f", count);
	return buf;
}

const char *human_bytes(char buf[HUMAN_MAX], double bytes)
{
	static const struct unit units[] = {
		{ "B", 1 },
		{ "K", 1024.0 },
		{ "M", 1024.0 * 1024 },
		{ "G", 1024.0 * 1024 * 1024 },
		{ "T", 1024.0 * 1024 * 1024 * 1024 },
		{ "P", 1024.0 * 1024 * 1024 * 1024 * 1024 },
	};

	if (!isfinite(bytes) || bytes < 0)
		return put_unknown(buf);
	if (bytes >= 999.5)
		return put_with_unit(buf, bytes < 1024 ? 1024 : bytes, units, array_size(units));
	(void)snprintf(buf, HUMAN_MAX, "%.0fB", bytes);
	return buf;
}

const char *human_time(char buf[HUMAN_MAX], double ns)
{
	static const struct unit units[] = {
		{ "ns", 1 }, { "µs", 1e3 }, { "ms", 1e6 }, { "s", 1e9 }
	};

	if (!isfinite(ns) || ns < 0)
		return put_unknown(buf);
	if (ns == 0) {
		(void)snprintf(buf, HUMAN_MAX, "0");
		return buf;
	}
	if (ns < 9.995) {
		(void)snprintf(buf, HUMAN_MAX, "%.1fns", ns);
		return buf;
	}
	return put_with_unit(buf, ns, units, array_size(units));
}

const char *human_ratio(char buf[HUMAN_MAX], double ratio)
{
	if (!isfinite(ratio) || ratio < 0)
		return put_unknown(buf);
	(void)snprintf(buf, HUMAN_MAX, ratio < 0.9995 ? "%.1f%%" : "%.0f%%", ratio * 100);
	return buf;
}
