/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rfc3339.h"

#include <errno.h>
#include <stdbool.h>

#define SECONDS_PER_DAY 86400
#define NANOSECONDS 1000000000u

static char *put_digits(char *to, uint32_t number, unsigned int count)
{
	for (unsigned int i = count; i > 0; i--) {
		to[i - 1] = (char)('0' + number % 10);
		number /= 10;
	}
	return to + count;
}

/* Years begin in March here, so that the leap day is the last of its year; days are counted from 0000-03-01. */
#define DAYS_TO_EPOCH 719468
#define DAYS_PER_ERA 146097 /* 400 years */

struct date {
	uint32_t year, month, day;
};

static struct date date_of(int64_t days)
{
	uint32_t since = (uint32_t)(days + DAYS_TO_EPOCH); /* from the year 1 on: not negative */
	uint32_t era = since / DAYS_PER_ERA, day = since % DAYS_PER_ERA;
	uint32_t year = (day - day / 1460 + day / 36524 - day / (DAYS_PER_ERA - 1)) / 365;
	uint32_t month;

	day -= 365 * year + year / 4 - year / 100;
	month = (5 * day + 2) / 153; /* 0: March */
	return (struct date){ .year = year + era * 400 + (month >= 10),
			      .month = month < 10 ? month + 3 : month - 9,
			      .day = day - (153 * month + 2) / 5 + 1 };
}

static int64_t days_of(const struct date *date)
{
	uint32_t year = date->year - (date->month <= 2);
	uint32_t month = date->month > 2 ? date->month - 3 : date->month + 9;
	uint32_t era = year / 400, of_era = year % 400;
	uint32_t day = (153 * month + 2) / 5 + date->day - 1;

	return (int64_t)era * DAYS_PER_ERA + of_era * 365 + of_era / 4 - of_era / 100 + day -
	       DAYS_TO_EPOCH;
}

size_t rfc3339_format(char *to, int64_t seconds, uint32_t nanoseconds, enum rfc3339_digits digits)
{
	char *start = to;
	bool is_all = digits == RFC3339_DIGITS_ALL;
	struct date date;
	uint32_t of_day;
	int64_t days;

	if (seconds < RFC3339_FIRST)
		seconds = RFC3339_FIRST;
	if (seconds > RFC3339_LAST)
		seconds = RFC3339_LAST;
	nanoseconds %= NANOSECONDS;
	days = seconds / SECONDS_PER_DAY - (seconds % SECONDS_PER_DAY < 0);
	of_day = (uint32_t)(seconds - days * SECONDS_PER_DAY);
	date = date_of(days);
	to = put_digits(to, date.year, 4);
	*to++ = '-';
	to = put_digits(to, date.month, 2);
	*to++ = '-';
	to = put_digits(to, date.day, 2);
	*to++ = 'T';
	to = put_digits(to, of_day / 3600, 2);
	*to++ = ':';
	to = put_digits(to, of_day / 60 % 60, 2);
	*to++ = ':';
	to = put_digits(to, of_day % 60, 2);
	if (nanoseconds != 0 || is_all) {
		*to++ = '.';
		to = put_digits(to, nanoseconds / 1000000, 3);
		if (nanoseconds % 1000000 != 0 || is_all)
			to = put_digits(to, nanoseconds / 1000 % 1000, 3);
		if (nanoseconds % 1000 != 0 || is_all)
			to = put_digits(to, nanoseconds % 1000, 3);
	}
	*to++ = 'Z';
	return (size_t)(to - start);
}

struct cursor {
	const char *at, *end;
};

static bool take(struct cursor *cursor, char c)
{
	if (cursor->at == cursor->end || *cursor->at != c)
		return false;
	cursor->at++;
	return true;
}

static bool take_digit(struct cursor *cursor, uint32_t *ret_digit)
{
	if (cursor->at == cursor->end || *cursor->at < '0' || *cursor->at > '9')
		return false;
	*ret_digit = (uint32_t)(*cursor->at++ - '0');
	return true;
}

static bool take_number(struct cursor *cursor, unsigned int count, uint32_t first, uint32_t last,
			uint32_t *ret_number)
{
	uint32_t number = 0, digit;

	for (; count > 0; count--) {
		if (!take_digit(cursor, &digit))
			return false;
		number = number * 10 + digit;
	}
	*ret_number = number;
	return number >= first && number <= last;
}

static bool take_date(struct cursor *cursor, int64_t *ret_days)
{
	struct date date, again;

	if (!take_number(cursor, 4, 1, 9999, &date.year) || !take(cursor, '-') ||
	    !take_number(cursor, 2, 1, 12, &date.month) || !take(cursor, '-') ||
	    !take_number(cursor, 2, 1, 31, &date.day))
		return false;
	*ret_days = days_of(&date);
	again = date_of(*ret_days); /* the 30th of February is another day */
	return again.day == date.day;
}

static bool take_time(struct cursor *cursor, uint32_t *ret_of_day)
{
	uint32_t hour, minute, second;

	if (!take_number(cursor, 2, 0, 23, &hour) || !take(cursor, ':') ||
	    !take_number(cursor, 2, 0, 59, &minute) || !take(cursor, ':') ||
	    !take_number(cursor, 2, 0, 59, &second))
		return false;
	*ret_of_day = hour * 3600 + minute * 60 + second;
	return true;
}

static bool take_fraction(struct cursor *cursor, uint32_t *ret_nanoseconds)
{
	uint32_t unit = NANOSECONDS / 10, digit;

	*ret_nanoseconds = 0;
	if (!take(cursor, '.'))
		return true;
	if (!take_digit(cursor, &digit))
		return false;
	do {
		*ret_nanoseconds += digit * unit;
		unit /= 10;
	} while (take_digit(cursor, &digit));
	return true;
}

/* How far it is ahead of UTC. */
static bool take_zone(struct cursor *cursor, int32_t *ret_seconds)
{
	bool is_behind = cursor->at < cursor->end && *cursor->at == '-';
	uint32_t hours, minutes;

	*ret_seconds = 0;
	if (take(cursor, 'Z'))
		return true;
	if ((!take(cursor, '+') && !take(cursor, '-')) || !take_number(cursor, 2, 0, 23, &hours) ||
	    !take(cursor, ':') || !take_number(cursor, 2, 0, 59, &minutes))
		return false;
	*ret_seconds = (int32_t)(hours * 3600 + minutes * 60) * (is_behind ? -1 : 1);
	return true;
}

int rfc3339_parse(const char *text, size_t len, int64_t *ret_seconds, uint32_t *ret_nanoseconds)
{
	struct cursor cursor = { .at = text, .end = text + len };
	uint32_t of_day, nanoseconds;
	int64_t days, seconds;
	int32_t ahead;

	if (!take_date(&cursor, &days) || !take(&cursor, 'T') || !take_time(&cursor, &of_day) ||
	    !take_fraction(&cursor, &nanoseconds) || !take_zone(&cursor, &ahead) ||
	    cursor.at != cursor.end)
		return -EINVAL;
	seconds = days * SECONDS_PER_DAY + of_day - ahead;
	if (seconds < RFC3339_FIRST || seconds > RFC3339_LAST)
		return -EINVAL;
	*ret_seconds = seconds;
	*ret_nanoseconds = nanoseconds;
	return 0;
}
