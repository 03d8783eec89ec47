/* SPDX-License-Identifier: Apache-2.0 */
#include "base/go_time.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char *const months[] = { "January",   "February", "March",    "April",
				      "May",       "June",     "July",     "August",
				      "September", "October",  "November", "December" };
static const char *const days[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
				    "Thursday", "Friday", "Saturday" };

#define SHORT_NAME 3
#define FRACTION_DIGITS 9

/* ---- parts ---------------------------------------------------------------------------------------------- */

struct moment {
	const struct tm *tm;
	uint32_t nanoseconds;
};

static int hour_of_12(const struct tm *tm)
{
	return tm->tm_hour % 12 ? tm->tm_hour % 12 : 12;
}

static void add_month(const struct moment *moment, size_t len, struct strbuf *out)
{
	const char *name = months[(size_t)moment->tm->tm_mon % array_size(months)];

	strbuf__add(out, name, len ? len : strlen(name));
}

static void add_day(const struct moment *moment, size_t len, struct strbuf *out)
{
	const char *name = days[(size_t)moment->tm->tm_wday % array_size(days)];

	strbuf__add(out, name, len ? len : strlen(name));
}

/* "+07", "+07:00", "+0700" and with seconds; Z where there is no offset, if that is asked for. */
static void add_zone(const struct moment *moment, const char *part, struct strbuf *out)
{
	long offset = labs(moment->tm->tm_gmtoff);
	const char *colon = strchr(part, ':') ? ":" : "";
	size_t digits = 0;

	if (part[0] == 'Z' && moment->tm->tm_gmtoff == 0) {
		strbuf__add_char(out, 'Z');
		return;
	}
	for (const char *at = part; *at; at++)
		digits += *at == '0' || *at == '7';
	strbuf__printf(out, "%c%02ld", moment->tm->tm_gmtoff < 0 ? '-' : '+', offset / 3600);
	if (digits > 2)
		strbuf__printf(out, "%s%02ld", colon, offset / 60 % 60);
	if (digits > 4)
		strbuf__printf(out, "%s%02ld", colon, offset % 60);
}

/* ---- layouts -------------------------------------------------------------------------------------------- */

enum part {
	PART_LONG_MONTH,
	PART_MONTH,
	PART_LONG_WEEKDAY,
	PART_WEEKDAY,
	PART_ZONE_NAME,
	PART_ZONE,
	PART_YEAR,
	PART_HALF,
	PART_LOWER_HALF,
	PART_NUMBER,
};

/* Numbers, by where they are in the moment. */
enum number {
	NUMBER_NONE,
	NUMBER_MONTH,
	NUMBER_DAY,
	NUMBER_DAY_OF_YEAR,
	NUMBER_HOUR,
	NUMBER_HOUR_OF_12,
	NUMBER_MINUTE,
	NUMBER_SECOND,
	NUMBER_SHORT_YEAR,
};

/* Longer ones before those that they begin with. */
static const struct {
	const char *text;
	enum part part;
	enum number number;
	int width;        /* of a number */
	char pad;         /* what fills it */
	bool ends_a_word; /* no small letter may follow */
} parts[] = {
	{ "January", PART_LONG_MONTH, NUMBER_NONE, 0, ' ', false },
	{ "Jan", PART_MONTH, NUMBER_NONE, 0, ' ', true },
	{ "Monday", PART_LONG_WEEKDAY, NUMBER_NONE, 0, ' ', false },
	{ "Mon", PART_WEEKDAY, NUMBER_NONE, 0, ' ', true },
	{ "MST", PART_ZONE_NAME, NUMBER_NONE, 0, ' ', false },
	{ "-07:00:00", PART_ZONE, NUMBER_NONE, 0, ' ', false },
	{ "-070000", PART_ZONE, NUMBER_NONE, 0, ' ', false },
	{ "-07:00", PART_ZONE, NUMBER_NONE, 0, ' ', false },
	{ "-0700", PART_ZONE, NUMBER_NONE, 0, ' ', false },
	{ "-07", PART_ZONE, NUMBER_NONE, 0, ' ', false },
	{ "Z07:00:00", PART_ZONE, NUMBER_NONE, 0, ' ', false },
	{ "Z070000", PART_ZONE, NUMBER_NONE, 0, ' ', false },
	{ "Z07:00", PART_ZONE, NUMBER_NONE, 0, ' ', false },
	{ "Z0700", PART_ZONE, NUMBER_NONE, 0, ' ', false },
	{ "Z07", PART_ZONE, NUMBER_NONE, 0, ' ', false },
	{ "2006", PART_YEAR, NUMBER_NONE, 0, ' ', false },
	{ "PM", PART_HALF, NUMBER_NONE, 0, ' ', false },
	{ "pm", PART_LOWER_HALF, NUMBER_NONE, 0, ' ', false },
	{ "002", PART_NUMBER, NUMBER_DAY_OF_YEAR, 3, '0', false },
	{ "__2", PART_NUMBER, NUMBER_DAY_OF_YEAR, 3, ' ', false },
	{ "01", PART_NUMBER, NUMBER_MONTH, 2, '0', false },
	{ "02", PART_NUMBER, NUMBER_DAY, 2, '0', false },
	{ "03", PART_NUMBER, NUMBER_HOUR_OF_12, 2, '0', false },
	{ "04", PART_NUMBER, NUMBER_MINUTE, 2, '0', false },
	{ "05", PART_NUMBER, NUMBER_SECOND, 2, '0', false },
	{ "06", PART_NUMBER, NUMBER_SHORT_YEAR, 2, '0', false },
	{ "15", PART_NUMBER, NUMBER_HOUR, 2, '0', false },
	{ "_2", PART_NUMBER, NUMBER_DAY, 2, ' ', false },
	{ "1", PART_NUMBER, NUMBER_MONTH, 1, ' ', false },
	{ "2", PART_NUMBER, NUMBER_DAY, 1, ' ', false },
	{ "3", PART_NUMBER, NUMBER_HOUR_OF_12, 1, ' ', false },
	{ "4", PART_NUMBER, NUMBER_MINUTE, 1, ' ', false },
	{ "5", PART_NUMBER, NUMBER_SECOND, 1, ' ', false },
};

static int number_of(const struct tm *tm, enum number number)
{
	switch (number) {
	case NUMBER_NONE:
		break;
	case NUMBER_MONTH:
		return tm->tm_mon + 1;
	case NUMBER_DAY:
		return tm->tm_mday;
	case NUMBER_DAY_OF_YEAR:
		return tm->tm_yday + 1;
	case NUMBER_HOUR:
		return tm->tm_hour;
	case NUMBER_HOUR_OF_12:
		return hour_of_12(tm);
	case NUMBER_MINUTE:
		return tm->tm_min;
	case NUMBER_SECOND:
		return tm->tm_sec;
	case NUMBER_SHORT_YEAR:
		return (tm->tm_year % 100 + 100) % 100;
	}
	return 0;
}

static void add_number(const struct moment *moment, size_t index, struct strbuf *out)
{
	int number = number_of(moment->tm, parts[index].number);

	if (parts[index].pad == '0')
		strbuf__printf(out, "%0*d", parts[index].width, number);
	else
		strbuf__printf(out, "%*d", parts[index].width, number);
}

static void add_part(const struct moment *moment, size_t index, struct strbuf *out)
{
	const struct tm *tm = moment->tm;

	switch (parts[index].part) {
	case PART_LONG_MONTH:
		add_month(moment, 0, out);
		break;
	case PART_MONTH:
		add_month(moment, SHORT_NAME, out);
		break;
	case PART_LONG_WEEKDAY:
		add_day(moment, 0, out);
		break;
	case PART_WEEKDAY:
		add_day(moment, SHORT_NAME, out);
		break;
	case PART_ZONE_NAME:
		strbuf__add_text(out, tm->tm_zone ? tm->tm_zone : "UTC");
		break;
	case PART_ZONE:
		add_zone(moment, parts[index].text, out);
		break;
	case PART_YEAR:
		strbuf__printf(out, "%04d", tm->tm_year + 1900);
		break;
	case PART_HALF:
		strbuf__add_text(out, tm->tm_hour < 12 ? "AM" : "PM");
		break;
	case PART_LOWER_HALF:
		strbuf__add_text(out, tm->tm_hour < 12 ? "am" : "pm");
		break;
	case PART_NUMBER:
		add_number(moment, index, out);
		break;
	}
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* ".000" shows so many digits, ".999" as many as are not 0 at the end. How long it is in the layout; 0: it is none. */
static size_t add_fraction(const char *layout, uint32_t nanoseconds, struct strbuf *out)
{
	char digits[FRACTION_DIGITS];
	size_t len, shown;

	if ((layout[0] != '.' && layout[0] != ',') || (layout[1] != '0' && layout[1] != '9'))
		return 0;
	len = strspn(layout + 1, layout[1] == '0' ? "0" : "9");
	if (is_digit(layout[1 + len]) || len > FRACTION_DIGITS)
		return 0;
	for (size_t i = FRACTION_DIGITS; i > 0; i--, nanoseconds /= 10)
		digits[i - 1] = (char)('0' + nanoseconds % 10);
	shown = len;
	while (layout[1] == '9' && shown > 0 && digits[shown - 1] == '0')
		shown--;
	if (shown > 0) {
		strbuf__add_char(out, layout[0]);
		strbuf__add(out, digits, shown);
	}
	return 1 + len;
}

/* -1: none begins here. */
static int find_part(const char *layout)
{
	/* A dash and a year, not a day. */
	if (str_starts(layout, "_2006"))
		return -1;
	for (size_t i = 0; i < array_size(parts); i++) {
		const char *behind = layout + strlen(parts[i].text);

		if (str_starts(layout, parts[i].text) &&
		    !(parts[i].ends_a_word && *behind >= 'a' && *behind <= 'z'))
			return (int)i;
	}
	return -1;
}

void go_time_format(const char *layout, const struct tm *tm, uint32_t nanoseconds,
		    struct strbuf *out)
{
	const struct moment moment = { tm, nanoseconds };

	while (*layout) {
		size_t len = add_fraction(layout, nanoseconds, out);
		int part = len ? -1 : find_part(layout);

		if (part >= 0) {
			add_part(&moment, (size_t)part, out);
			len = strlen(parts[part].text);
		} else if (!len) {
			strbuf__add_char(out, *layout);
			len = 1;
		}
		layout += len;
	}
}
