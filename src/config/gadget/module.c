/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What modules (WebAssembly) of well-known gadgets do to their records, said in words of the spec, so that no module is
 * needed: arguments of a program are words, a call is made of its parts.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "config/gadget/gadget.h"

static const struct {
	const char *
		gadget; /* as it calls itself, with "_" for blanks; its folder is called so as well */
	const char *stream, *field;
	const char *decoder; /* shows the field's own bytes, or NULL */
	const char *maker;   /* makes the field, or NULL */
	enum field_type type;
	const char *beside; /* a field that tells it is that gadget; or NULL */
} stand_ins[] = {
	{ "trace_dns", "dns", "addresses", NULL, "dns_addresses", FIELD_TYPE_STRING, NULL },
	{ "trace_dns", "dns", "id", NULL, "dns_id", FIELD_TYPE_STRING, NULL },
	{ "trace_dns", "dns", "name", NULL, "dns_name", FIELD_TYPE_STRING, NULL },
	{ "trace_dns", "dns", "num_answers", NULL, "dns_num_answers", FIELD_TYPE_S32, NULL },
	{ "trace_dns", "dns", "qr", NULL, "dns_qr", FIELD_TYPE_STRING, NULL },
	{ "trace_dns", "dns", "qr_raw", NULL, "dns_qr_raw", FIELD_TYPE_BOOL, NULL },
	{ "trace_dns", "dns", "qtype", NULL, "dns_qtype", FIELD_TYPE_STRING, NULL },
	{ "trace_dns", "dns", "qtype_raw", NULL, "dns_qtype_raw", FIELD_TYPE_U16, NULL },
	{ "trace_dns", "dns", "ra", NULL, "dns_ra", FIELD_TYPE_BOOL, NULL },
	{ "trace_dns", "dns", "rcode", NULL, "dns_rcode", FIELD_TYPE_STRING, NULL },
	{ "trace_dns", "dns", "rcode_raw", NULL, "dns_rcode_raw", FIELD_TYPE_U16, NULL },
	{ "trace_dns", "dns", "rd", NULL, "dns_rd", FIELD_TYPE_BOOL, NULL },
	{ "trace_dns", "dns", "tc", NULL, "dns_tc", FIELD_TYPE_BOOL, NULL },
	{ "trace_exec", "exec", "args", "words", NULL, FIELD_TYPE_STRING, "args_size" },
	{ "trace_mount", "mount", "call", NULL, "mount_call", FIELD_TYPE_STRING, NULL },
};

static bool is_called(const char *name, const char *wanted)
{
	for (; *name && *wanted; name++, wanted++)
		if (*name != *wanted && !(*name == ' ' && *wanted == '_'))
			return false;
	return !*name && !*wanted;
}

static bool is_gadget(const struct gadget_writer *writer, const char *wanted)
{
	const char *name = gadget_note(writer->notes.items, (uint32_t)writer->notes.len, "name");

	return is_called(writer->spec->name, wanted) || (name && is_called(name, wanted));
}

static int set_steps(struct gadget_writer *writer, struct field_spec *field, const char *decoder)
{
	struct step_spec *step = arena_new(writer->arena, struct step_spec);

	if (!step)
		return -ENOMEM;
	*step = (struct step_spec){ .at = field->at, .decoder = decoder };
	field->steps = step;
	field->step_count = 1;
	return 0;
}

static bool has_field(const struct stream_spec *stream, const char *name)
{
	for (uint32_t i = 0; i < stream->field_count; i++)
		if (strcasecmp(stream->fields[i].name, name) == 0)
			return true;
	return false;
}

/* Fields are const in the stream; this is before it is complete. 1: there is such a field. */
static int stand_in(struct gadget_writer *writer, struct stream_spec *stream, size_t index)
{
	struct field_spec *fields = arena__memdup(writer->arena, stream->fields,
						  stream->field_count * sizeof(*fields));

	if (!fields)
		return -ENOMEM;
	for (uint32_t i = 0; i < stream->field_count; i++) {
		struct field_spec *field = &fields[i];
		int r = 0;

		/* Gadgets of the same name may need no module: then the field is of the record, or nothing is beside it. */
		if (strcasecmp(field->name, stand_ins[index].field) != 0 ||
		    (stand_ins[index].maker && !field->is_foreign) ||
		    (stand_ins[index].beside && !has_field(stream, stand_ins[index].beside)))
			continue;
		if (stand_ins[index].decoder && field->type == FIELD_TYPE_STRING)
			r = set_steps(writer, field, stand_ins[index].decoder);
		if (stand_ins[index].maker) {
			field->maker = stand_ins[index].maker;
			field->type = stand_ins[index].type;
			field->is_foreign = false;
		}
		stream->fields = fields;
		return r < 0 ? r : 1;
	}
	return 0;
}

int gadget_stand_in(struct gadget_writer *writer)
{
	bool is_known = false;
	size_t kept = 0;

	for (size_t i = 0; i < array_size(stand_ins); i++) {
		if (!is_gadget(writer, stand_ins[i].gadget))
			continue;
		vec_for_each(&writer->streams, stream) {
			int r = str_eq(stream->name, stand_ins[i].stream)
					? stand_in(writer, stream, i)
					: 0;

			if (r < 0)
				return r;
			is_known |= r > 0;
		}
	}
	for (size_t i = 0; i < writer->needs.len; i++)
		if (!is_known || !str_starts(writer->needs.items[i].text, GADGET_MODULE_NEED))
			writer->needs.items[kept++] = writer->needs.items[i];
	writer->needs.len = kept;
	return 0;
}
