/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_BASE_NUM_H
#define SRC_BASE_NUM_H

/*
 * Numbers: checked arithmetic, strict parsing, and the text of integers and floats on the hot path.
 * It owns nothing. Formatters write into the caller's buffer, never terminate it, and return the
 * length.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NUM_U64_MAX_LEN 20
#define NUM_DOUBLE_MAX_LEN 32

/* Each returns true when the result does not fit; *ret_sum is then unspecified. */
static inline bool num_add_size(size_t a, size_t b, size_t *ret_sum)
{
	return __builtin_add_overflow(a, b, ret_sum);
}
static inline bool num_mul_size(size_t a, size_t b, size_t *ret_product)
{
	return __builtin_mul_overflow(a, b, ret_product);
}

size_t num_format_u64(char *buf, uint64_t value);
size_t num_format_i64(char *buf, int64_t value);
/* Lower-case hex of bytes in memory order: 2 * len characters. */
size_t num_format_hex(char *buf, const void *bytes, size_t len);

/*
 * Shortest digits that read back to the same double, laid out as Go's strconv.AppendFloat(v, 'g',
 * -1, 64), which is what Prometheus' expfmt prints: exponent form when the decimal exponent is < -4
 * or >= 6, at least two exponent digits with sign; NaN, +Inf, -Inf, -0. (999999, 1e+06,
 * 1.287408e+06, 9.999999999999999e-05.)
 */
size_t num_format_double(char *buf, double value);
/* The same text for an unsigned integer: as if it had been converted to double first. */
size_t num_format_u64_as_double(char *buf, uint64_t value);

/* Whole-text parsers: 0, -EINVAL (not a number) or -ERANGE. `len` bytes, no NUL needed, no blanks
 * allowed. */
int num_parse_u64(const char *text, size_t len, uint64_t *ret_value); /* decimal digits only */
int num_parse_i64(const char *text, size_t len, int64_t *ret_value);  /* decimal, optional sign */
/* Go's ParseUint/ParseInt(s, 0, 64): 0x 0b 0o and leading-0 octal, '_' between digits. */
int num_parse_u64_go(const char *text, size_t len, uint64_t *ret_value);
int num_parse_i64_go(const char *text, size_t len, int64_t *ret_value);
/* Decimal, or inf, infinity, nan in any case; what is too small to be told from 0 is 0. */
int num_parse_double(const char *text, size_t len, double *ret_value);
/* A number of bytes: decimal, with K, M or G behind it for so many times 1024, 1024², 1024³. */
int num_parse_bytes(const char *text, size_t len, uint64_t *ret_value);
/* Go's time.ParseDuration ("1h30m", "500ms", "1.5s"); nanoseconds. */
int num_parse_duration(const char *text, size_t len, int64_t *ret_ns);

#endif
