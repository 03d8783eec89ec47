/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/str.h"

/* "PATH: text", or NULL: no memory. */
static char *say(const char *path, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));
static char *say(const char *path, const char *format, va_list args)
{
	struct strbuf text = STRBUF_INIT;

	if (path)
		strbuf__printf(&text, "%s: ", path);
	strbuf__vprintf(&text, format, args);
	if (strbuf__status(&text) < 0) {
		strbuf__done(&text);
		return NULL;
	}
	return strbuf__take(&text);
}

int policy_compile__refuse(struct policy_compile *compile, int code, const struct loc *at,
			   const char *path, const char *format, ...)
{
	__cleanup(x_freep) char *text = NULL;
	va_list args;

	va_start(args, format);
	text = say(path, format, args);
	va_end(args);
	if (!text)
		return policy_compile__no_memory(compile);
	if (compile->result == 0)
		compile->result = code;
	return err_list__set(compile->errors, code, at, "%s", text);
}

int policy_compile__no_memory(struct policy_compile *compile)
{
	compile->result = -ENOMEM;
	return err_list__set(compile->errors, -ENOMEM, &compile->policy->at,
			     "no memory for policy '%s'", compile->policy->name);
}

void policy_compile__warn(struct policy_compile *compile, const struct loc *at, const char *path,
			  const char *format, ...)
{
	__cleanup(x_freep) char *text = NULL;
	const char *copy;
	va_list args;

	va_start(args, format);
	text = say(path, format, args);
	va_end(args);
	copy = text ? arena__printf(compile->arena, "%s:%u:%u: %s", at->file ? at->file : "",
				    at->line, at->column, text)
		    : NULL;
	if (!copy || vec_push(&compile->warnings, copy) < 0)
		(void)policy_compile__no_memory(compile);
}

void policy_compile__done(struct policy_compile *compile)
{
	arena__done(&compile->types);
	vec_done(&compile->sets);
	vec_done(&compile->binaries);
	vec_done(&compile->scopes);
	vec_done(&compile->warnings);
}
