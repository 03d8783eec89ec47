/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Memory may be short exactly when an error is made: a missing text falls back to the errno's
 * own. */

static char *vformat(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

static char *vformat(const char *format, va_list args)
{
	char *text;

	return vasprintf(&text, format, args) < 0 ? NULL : text;
}

static const char *message(const struct err *err)
{
	return err->text ? err->text : strerror(-err->code);
}

static void set_position(struct err *err, const struct loc *at)
{
	char *file = at->file ? strdup(at->file) : NULL;

	free(err->file);
	err->file = file;
	err->at = file ? (struct loc){ file, at->line, at->column } : (struct loc){ 0 };
}

static void replace(struct err *err, int code, const struct loc *at, char *text)
{
	free(err->text);
	free(err->cause);
	err->code = code;
	err->text = text;
	err->cause = NULL;
	set_position(err, at ? at : &(struct loc){ 0 });
}

int err__set(struct err *err, int code, const struct loc *at, const char *format, ...)
{
	va_list args;

	if (!err)
		return code;
	va_start(args, format);
	replace(err, code, at, vformat(format, args));
	va_end(args);
	return code;
}

int err__wrap(struct err *err, int code, const struct loc *at, const char *format, ...)
{
	__cleanup(x_freep) char *context = NULL;
	char *text = NULL;
	va_list args;

	if (!err)
		return code;
	err->code = code;
	va_start(args, format);
	context = vformat(format, args);
	va_end(args);
	if (context && asprintf(&text, "%s: %s", context, message(err)) >= 0) {
		free(err->text);
		err->text = text;
	}
	if (at && !err->at.file)
		set_position(err, at);
	return code;
}

void err__cause(struct err *err, const char *text)
{
	char *copy;

	if (!err || !text)
		return;
	copy = strdup(text);
	free(err->cause);
	err->cause = copy;
}

bool err__is_set(const struct err *err)
{
	return err && err->code != 0;
}

static int format_position(const struct loc *at, char *buf, size_t size)
{
	if (!at->file)
		return 0;
	if (!at->line)
		return snprintf(buf, size, "%s: ", at->file);
	if (!at->column)
		return snprintf(buf, size, "%s:%u: ", at->file, at->line);
	return snprintf(buf, size, "%s:%u:%u: ", at->file, at->line, at->column);
}

size_t err__format(const struct err *err, char *buf, size_t size)
{
	int position;
	int text;

	if (size)
		buf[0] = '\0';
	if (!err__is_set(err))
		return 0;
	position = format_position(&err->at, buf, size);
	if (position < 0)
		position = 0;
	if ((size_t)position < size)
		text = snprintf(buf + position, size - (size_t)position, "%s", message(err));
	else
		text = (int)strlen(message(err));
	return (size_t)position + (text < 0 ? 0 : (size_t)text);
}

void err__done(struct err *err)
{
	if (!err)
		return;
	free(err->text);
	free(err->cause);
	free(err->file);
	*err = (struct err)ERR_INIT;
}

void err_list__add(struct err_list *list, struct err *err)
{
	if (!list || !err__is_set(err)) {
		err__done(err);
	} else if (list->len == ERR_LIST_MAX) {
		list->dropped++;
		err__done(err);
	} else {
		list->items[list->len++] = *err;
		*err = (struct err)ERR_INIT;
	}
}

int err_list__set(struct err_list *list, int code, const struct loc *at, const char *format, ...)
{
	struct err err = ERR_INIT;
	va_list args;

	va_start(args, format);
	replace(&err, code, at, vformat(format, args));
	va_end(args);
	err_list__add(list, &err);
	return code;
}

void err_list__done(struct err_list *list)
{
	for (size_t i = 0; i < list->len; i++)
		err__done(&list->items[i]);
	list->len = 0;
	list->dropped = 0;
}
