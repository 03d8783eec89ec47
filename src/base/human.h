/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_BASE_HUMAN_H
#define SRC_BASE_HUMAN_H

/*
 * Numbers for people: three digits and a unit, never more than six characters wide, so that columns stay narrow. It
 * owns nothing; texts are written into the caller's buffer and terminated. Pages and tables for terminals use it.
 */

#include <stddef.h>

#define HUMAN_MAX 16 /* bytes of the buffer; "µ" has two */

/* What is not known (NAN) is "-", in all of them. Each returns its buffer. */
/* 7, 9999, 12.3k, 1.05M */
const char *human_count(char buf[HUMAN_MAX], double count);
/* 0B, 960B, 4.00K, 1.21M: by 1024 */
const char *human_bytes(char buf[HUMAN_MAX], double bytes);
/* 0, 85.0ns, 1.23µs, 45.6ms, 2.00s */
const char *human_time(char buf[HUMAN_MAX], double ns);
/* 0.0%, 12.5%, 100% */
const char *human_ratio(char buf[HUMAN_MAX], double ratio);

#endif
