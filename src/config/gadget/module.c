/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What modules (WebAssembly) of well-known gadgets do to their records, said in words of the spec, so that no module is
 * needed: arguments of a program are words, a call is made of its parts. What they say of hooks is in module_hooks.c.
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
	const char *maker; /* makes the field */
	enum field_type type;
	bool is_of_record; /* of the field's own bytes; otherwise the record has no such field */
} stand_ins[] = {
	{ "trace_dns", "dns", "addresses", "dns_addresses", FIELD_TYPE_STRING, false },
	{ "trace_dns", "dns", "id", "dns_id", FIELD_TYPE_STRING, false },
	{ "trace_dns", "dns", "name", "dns_name", FIELD_TYPE_STRING, false },
	{ "trace_dns", "dns", "num_answers", "dns_num_answers", FIELD_TYPE_S32, false },
	{ "trace_dns", "dns", "qr", "dns_qr", FIELD_TYPE_STRING, false },
	{ "trace_dns", "dns", "qr_raw", "dns_qr_raw", FIELD_TYPE_BOOL, false },
	{ "trace_dns", "dns", "qtype", "dns_qtype", FIELD_TYPE_STRING, false },
	{ "trace_dns", "dns", "qtype_raw", "dns_qtype_raw", FIELD_TYPE_U16, false },
	{ "trace_dns", "dns", "ra", "dns_ra", FIELD_TYPE_BOOL, false },
	{ "trace_dns", "dns", "rcode", "dns_rcode", FIELD_TYPE_STRING, false },
	{ "trace_dns", "dns", "rcode_raw", "dns_rcode_raw", FIELD_TYPE_U16, false },
	{ "trace_dns", "dns", "rd", "dns_rd", FIELD_TYPE_BOOL, false },
	{ "trace_dns", "dns", "tc", "dns_tc", FIELD_TYPE_BOOL, false },
	{ "trace_exec", "exec", "args", "exec_args", FIELD_TYPE_STRING, true },
	{ "trace_mount", "mount", "call", "mount_call", FIELD_TYPE_STRING, false },
};

static bool is_called(const char *name, const char *wanted)
{
	for (; *name && *wanted; name++, wanted++)
		if (*name != *wanted && !(*name == ' ' && *wanted == '_'))
			return false;
	return !*name && !*wanted;
}

bool gadget_is_called(const struct gadget_writer *writer, const char *wanted)
{
	const char *name = gadget_note(writer->notes.items, (uint32_t)writer->notes.len, "name");

	return is_called(writer->spec->name, wanted) || (name && is_called(name, wanted));
}

bool gadget_makes(const struct gadget_writer *writer, const char *stream, const char *field)
{
	for (size_t i = 0; i < array_size(stand_ins); i++)
		if (!stand_ins[i].is_of_record && str_eq(stand_ins[i].stream, stream) &&
		    strcasecmp(stand_ins[i].field, field) == 0 &&
		    gadget_is_called(writer, stand_ins[i].gadget))
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

		/* Gadgets of the same name may need no module: then the field is of the record. */
		if (strcasecmp(field->name, stand_ins[index].field) != 0 ||
		    field->is_foreign == stand_ins[index].is_of_record ||
		    (stand_ins[index].is_of_record && field->type != stand_ins[index].type))
			continue;
		field->maker = stand_ins[index].maker;
		field->type = stand_ins[index].type;
		field->is_foreign = false;
		stream->fields = fields;
		return 1;
	}
	return 0;
}

int gadget_stand_in(struct gadget_writer *writer, const struct object_facts *facts)
{
	bool is_known = gadget_has_choices(writer, facts);
	size_t kept = 0;

	for (size_t i = 0; i < array_size(stand_ins); i++) {
		if (!gadget_is_called(writer, stand_ins[i].gadget))
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
