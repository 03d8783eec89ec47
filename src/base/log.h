/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_BASE_LOG_H
#define SRC_BASE_LOG_H

/*
 * One line per message on stderr, in the form "2006/01/02 15:04:05 text" that existing set-ups
 * parse. The level and the form are the only mutable globals of the program. Stages do not log
 * above debug; pipeline/ and cmd/ log once with the whole error.
 */

#include <stdbool.h>
#include "base/err.h"
#include "base/loc.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log_options {
	enum log_level level;
	bool has_no_timestamps;
};

void log_setup(const struct log_options *options);
bool log_is_on(enum log_level level);
/* How many messages were suppressed by the rate limit since start (a self-metric). */
unsigned long log_suppressed(void);

/* `at` may be NULL. Control characters in the text are escaped, so that one message stays one
 * line. */
void log_at(enum log_level level, const struct loc *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* "context: <err>" and, indented below it, the cause. */
void log_err(enum log_level level, const struct err *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define log_error(...) log_at(LOG_ERROR, NULL, __VA_ARGS__)
#define log_warn(...) log_at(LOG_WARN, NULL, __VA_ARGS__)
#define log_info(...) log_at(LOG_INFO, NULL, __VA_ARGS__)
#define log_debug(...) log_at(LOG_DEBUG, NULL, __VA_ARGS__)

/* At most one message of this kind in interval_s seconds; the rest is counted. `last_s` is kept by
 * the caller. */
bool log_limit(long *last_s, long interval_s);

#endif
