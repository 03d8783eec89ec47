/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_BASE_NUM_DIGITS_H
#define SRC_BASE_NUM_DIGITS_H

/*
 * Decimal digits of an integer whose number of digits is known: what the integer and the float
 * formatter share. It owns nothing. Only num_int.c and num_double.c use it.
 */

#include <stdint.h>

unsigned int num_count_digits(uint64_t value);
/* `digits` must be num_count_digits(value). */
void num_put_digits(char *buf, uint64_t value, unsigned int digits);

#endif
