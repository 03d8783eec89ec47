/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_BASE_GO_TIME_H
#define SRC_BASE_GO_TIME_H

/*
 * Moments written as a layout of Go's package time shows them: "2006-01-02 15:04:05.000". It owns nothing and formats only.
 * The decoder of times uses it where a gadget has a layout of its own.
 */

#include <stdint.h>
#include <time.h>
#include "base/str.h"

/* tm: broken down, with tm_gmtoff and tm_zone. What is no part of a layout stands as it is. */
void go_time_format(const char *layout, const struct tm *tm, uint32_t nanoseconds,
		    struct strbuf *out);

#endif
