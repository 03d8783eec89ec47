/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_BASE_RFC3339_H
#define SRC_BASE_RFC3339_H

/*
 * Moments as RFC 3339 writes them: "2006-01-02T15:04:05.999999999Z". It owns nothing and knows no time zones but those in
 * the text. Events of policies have them.
 */

#include <stddef.h>
#include <stdint.h>

/* The years 1 to 9999; seconds since the epoch. */
#define RFC3339_FIRST (-62135596800LL)
#define RFC3339_LAST 253402300799LL
#define RFC3339_MAX_LEN 30

enum rfc3339_digits {
	RFC3339_DIGITS_LEAST, /* 0, 3, 6 or 9 of them behind the point, as few as it takes */
	RFC3339_DIGITS_ALL,   /* 9 */
};

/*
 * In UTC. What lies outside the years is written as the first or last moment; `to` has RFC3339_MAX_LEN bytes, and nothing
 * terminates them. Returns how many it wrote.
 */
size_t rfc3339_format(char *to, int64_t seconds, uint32_t nanoseconds, enum rfc3339_digits digits);
/* 0, or -EINVAL. Digits beyond the ninth are dropped. */
int rfc3339_parse(const char *text, size_t len, int64_t *ret_seconds, uint32_t *ret_nanoseconds);

#endif
