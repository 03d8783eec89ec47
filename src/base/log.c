/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"

static struct log_options current = { .level = LOG_INFO };
static atomic_ulong suppressed;

void log_setup(const struct log_options *options)
{
	current = *options;
}

bool log_is_on(enum log_level level)
{
	return level <= current.level;
}

unsigned long log_suppressed(void)
{
	return atomic_load_explicit(&suppressed, memory_order_relaxed);
}

bool log_limit(long *last_s, long interval_s)
{
	/* from 1, so that 0 in *last_s means never */
	long now_s = (long)(clock_monotonic_ns() / NS_PER_S) + 1;

	if (*last_s && now_s - *last_s < interval_s) {
		atomic_fetch_add_explicit(&suppressed, 1, memory_order_relaxed);
		return false;
	}
	*last_s = now_s;
	return true;
}

static void add_time(struct strbuf *line)
{
	time_t now = (time_t)(clock_wall_ns() / NS_PER_S);
	char text[sizeof("2006/01/02 15:04:05 ")];
	struct tm local;

	if (current.has_no_timestamps || !localtime_r(&now, &local))
		return;
	strbuf__add(line, text, strftime(text, sizeof(text), "%Y/%m/%d %H:%M:%S ", &local));
}

/* U+0080 to U+009F: terminals take some of them for the start of a control sequence. */
static bool is_high_control(const char *bytes, size_t step)
{
	return step == 2 && (uint8_t)bytes[0] == 0xc2 && (uint8_t)bytes[1] < 0xa0;
}

static void add_escape(struct strbuf *line, uint8_t c)
{
	static const char *const names[] = { ['\t'] = "\\t", ['\n'] = "\\n", ['\r'] = "\\r" };

	if (c < sizeof(names) / sizeof(names[0]) && names[c])
		strbuf__add_text(line, names[c]);
	else
		strbuf__printf(line, "\\x%02x", c);
}

/* Text from outside must neither break the line nor speak to the terminal. */
static void add_escaped(struct strbuf *line, const char *text, size_t len)
{
	while (len) {
		size_t step = str_utf8_step(text, len);
		uint8_t c = (uint8_t)*text;

		if (step > 1 && !is_high_control(text, step)) {
			strbuf__add(line, text, step);
		} else if (step == 1 && c >= 0x20 && c != 0x7f) {
			strbuf__add_char(line, *text);
		} else {
			step = step ? step : 1;
			for (size_t i = 0; i < step; i++)
				add_escape(line, (uint8_t)text[i]);
		}
		text += step;
		len -= step;
	}
}

static void add_position(struct strbuf *line, const struct loc *at)
{
	if (!at || !at->file)
		return;
	add_escaped(line, at->file, strlen(at->file));
	if (at->line)
		strbuf__printf(line, ":%u", at->line);
	if (at->line && at->column)
		strbuf__printf(line, ":%u", at->column);
	strbuf__add_text(line, ": ");
}

/* The lines of the cause, each indented; their ends are the only control characters that keep their
 * meaning. */
static void add_cause(struct strbuf *line, const char *cause)
{
	while (*cause) {
		size_t len = strcspn(cause, "\n");

		strbuf__add_text(line, "\n    ");
		add_escaped(line, cause, len);
		cause += len + (cause[len] == '\n');
	}
}

static void add_err(struct strbuf *line, const struct err *err)
{
	size_t len = err__format(err, NULL, 0);
	char *text;

	if (!err__is_set(err))
		return;
	strbuf__add_text(line, ": ");
	text = malloc(len + 1);
	if (text) {
		(void)err__format(err, text, len + 1); /* measured */
		add_escaped(line, text, len);
		free(text);
	} else {
		strbuf__add_text(line, strerror(-err->code));
	}
	if (err->cause)
		add_cause(line, err->cause);
}

static void add_formatted(struct strbuf *line, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void add_formatted(struct strbuf *line, const char *format, va_list args)
{
	struct strbuf text = STRBUF_INIT;

	strbuf__vprintf(&text, format, args);
	if (strbuf__status(&text) < 0)
		line->has_failed = true;
	add_escaped(line, text.data, text.len);
	strbuf__done(&text);
}

/* One write for the whole message, so that messages of several processes on one pipe do not mix. */
static void emit(struct strbuf *line)
{
	static const char no_memory[] = "a message was lost: no memory\n";

	strbuf__add_char(line, '\n');
	/* nobody is left to tell when stderr is gone */
	if (strbuf__status(line) < 0)
		(void)fd_write_all(STDERR_FILENO, no_memory, sizeof(no_memory) - 1);
	else
		(void)fd_write_all(STDERR_FILENO, line->data, line->len);
	strbuf__done(line);
}

void log_at(enum log_level level, const struct loc *at, const char *format, ...)
{
	struct strbuf line = STRBUF_INIT;
	va_list args;

	if (!log_is_on(level))
		return;
	add_time(&line);
	add_position(&line, at);
	va_start(args, format);
	add_formatted(&line, format, args);
	va_end(args);
	emit(&line);
}

void log_err(enum log_level level, const struct err *err, const char *format, ...)
{
	struct strbuf line = STRBUF_INIT;
	va_list args;

	if (!log_is_on(level))
		return;
	add_time(&line);
	va_start(args, format);
	add_formatted(&line, format, args);
	va_end(args);
	add_err(&line, err);
	emit(&line);
}
