/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>

#include "base/str.h"
#include "config/gadget/gadget.h"

void gadget_writer__done(struct gadget_writer *writer)
{
	vec_done(&writer->streams);
	vec_done(&writer->params);
	vec_done(&writer->warnings);
	vec_done(&writer->needs);
	vec_done(&writer->notes);
	vec_done(&writer->attaches);
	vec_done(&writer->alternatives);
}

#define KEEP(writer, from, to, to_count)                                                           \
	({                                                                                         \
		(writer)->spec->to =                                                               \
			arena__memdup((writer)->arena, (writer)->from.items,                       \
				      (writer)->from.len * sizeof(*(writer)->from.items));         \
		(writer)->spec->to_count = (uint32_t)(writer)->from.len;                           \
		(writer)->spec->to ? 0 : -ENOMEM;                                                  \
	})

int gadget_writer__finish(struct gadget_writer *writer)
{
	if (KEEP(writer, streams, streams, stream_count) < 0 ||
	    KEEP(writer, params, params, param_count) < 0 ||
	    KEEP(writer, warnings, warnings, warning_count) < 0 ||
	    KEEP(writer, needs, needs, need_count) < 0 ||
	    KEEP(writer, notes, notes, note_count) < 0)
		return -ENOMEM;
	return 0;
}

int gadget_writer__warn(struct gadget_writer *writer, const struct loc *at, const char *format, ...)
{
	struct strbuf text = STRBUF_INIT;
	struct spec_text warning = { .at = *at };
	va_list args;

	if (writer->warnings.len >= GADGET_MAX_WARNINGS)
		return 0;
	va_start(args, format);
	strbuf__vprintf(&text, format, args);
	va_end(args);
	warning.text = arena__strdup(writer->arena, strbuf__text(&text));
	strbuf__done(&text);
	return warning.text ? vec_push(&writer->warnings, warning) : -ENOMEM;
}

int gadget_writer__need(struct gadget_writer *writer, const struct loc *at, const char *text)
{
	struct spec_text need = { .text = text, .at = *at };

	return vec_push(&writer->needs, need);
}

int gadget_notes__set(gadget_notes *notes, const char *key, const char *value)
{
	struct note_spec note = { .key = key, .value = value };

	if (!key || !value)
		return -ENOMEM;
	vec_for_each(notes, old) {
		if (!str_eq(old->key, key))
			continue;
		old->value = value;
		return 0;
	}
	return vec_push(notes, note);
}

const char *gadget_note(const struct note_spec *notes, uint32_t count, const char *key)
{
	for (uint32_t i = 0; i < count; i++)
		if (str_eq(notes[i].key, key))
			return notes[i].value;
	return NULL;
}
