/* SPDX-License-Identifier: Apache-2.0 */
#include "program/library.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

/* libbpf's print hook has no context argument: the log that is entered stands here. */
static struct library_log *entered;

/* Keeps the newest bytes: of a verifier log of megabytes, the end says why. */
static void keep(struct library_log *log, const char *text, size_t len)
{
	if (len > LIBRARY_LOG_BYTES) {
		text += len - LIBRARY_LOG_BYTES;
		len = LIBRARY_LOG_BYTES;
	}
	if (log->text.len + len > LIBRARY_LOG_BYTES) {
		size_t drop = log->text.len + len - LIBRARY_LOG_BYTES;

		memmove(log->text.data, log->text.data + drop, log->text.len - drop);
		log->text.len -= drop;
	}
	strbuf__add(&log->text, text, len);
}

/*
 * A message of many lines is a verifier's log. Its program is left out with a reason of one line, or ends the load with
 * the log's end in the error: whole, it is for who asked for more.
 */
static void forward_lines(const struct library_log *log, int level, char *text)
{
	char *rest = text;
	char *line = strchr(text, '\n');

	if (line && line[1])
		level = LIBBPF_DEBUG;
	while ((line = strsep(&rest, "\n")))
		if (*line)
			log->forward(log->forward_ctx, level, line);
}

__attribute__((format(printf, 2, 0))) static int take_message(enum libbpf_print_level level,
							      const char *format, va_list args)
{
	struct library_log *log = entered;
	/* Debug lines come by the thousand: they are made only when somebody sees them. */
	bool is_wanted = level != LIBBPF_DEBUG || (log && log->forward && log_is_on(LOG_DEBUG));
	char *text;
	int len;

	if (!log || !is_wanted)
		return 0;
	len = vasprintf(&text, format, args);
	if (len < 0)
		return 0;
	if (level == LIBBPF_WARN)
		keep(log, text, (size_t)len);
	if (log->forward)
		forward_lines(log, (int)level, text);
	free(text);
	return 0;
}

void library_log__enter(struct library_log *log)
{
	log->outer = entered;
	entered = log;
	libbpf_set_print(take_message);
}

void library_log__leave(struct library_log *log)
{
	entered = log->outer;
	log->outer = NULL;
}

void library_log__add(struct library_log *log, const char *lines)
{
	keep(log, lines, strlen(lines));
}

void library_log__clear(struct library_log *log)
{
	strbuf__reset(&log->text);
}

const char *library_log__text(struct library_log *log)
{
	return strbuf__text(&log->text);
}

void library_log__done(struct library_log *log)
{
	strbuf__done(&log->text);
}

int library_errno(int error)
{
	return error <= -__LIBBPF_ERRNO__START ? -EINVAL : error;
}

const char *library_error_text(int error, char *buf, size_t size)
{
	(void)libbpf_strerror(error, buf, size); /* for a number that nobody knows it says so */
	return buf;
}
