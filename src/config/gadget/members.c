/* SPDX-License-Identifier: Apache-2.0 */
/* Members of a struct become fields. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "config/gadget/gadget.h"

#define MAX_DEPTH 8
#define HIDDEN_NOTE "columns.hidden"
#define JSON_SKIP_NOTE "json.skip"
#define ADDRESS "gadget_ip_addr_t"

/* ---- types ---------------------------------------------------------------------------------- */

static enum field_type integer_type(uint32_t size, bool is_signed)
{
	static const struct {
		uint32_t size;
		enum field_type unsigned_type, signed_type;
	} types[] = {
		{ 1, FIELD_TYPE_U8, FIELD_TYPE_S8 },
		{ 2, FIELD_TYPE_U16, FIELD_TYPE_S16 },
		{ 4, FIELD_TYPE_U32, FIELD_TYPE_S32 },
		{ 8, FIELD_TYPE_U64, FIELD_TYPE_S64 },
	};

	for (size_t i = 0; i < array_size(types); i++)
		if (types[i].size == size)
			return is_signed ? types[i].signed_type : types[i].unsigned_type;
	return FIELD_TYPE_BYTES;
}

static enum field_type type_of(const struct fact_type *type)
{
	switch (type->kind) {
	case FACT_TYPE_INT:
	case FACT_TYPE_CHAR:
	case FACT_TYPE_ENUM:
		return integer_type(type->size, type->is_signed);
	case FACT_TYPE_POINTER:
		return FIELD_TYPE_U64;
	case FACT_TYPE_BOOL:
		return FIELD_TYPE_BOOL;
	case FACT_TYPE_FLOAT:
		return type->size == 8 ? FIELD_TYPE_F64 : FIELD_TYPE_F32;
	case FACT_TYPE_STRUCT:
	case FACT_TYPE_UNION:
		return FIELD_TYPE_STRUCT;
	case FACT_TYPE_ARRAY:
	case FACT_TYPE_OTHER:
		break;
	}
	return FIELD_TYPE_BYTES;
}

static const char *special_name(const struct fact_type *type)
{
	for (uint32_t i = 0; i < type->typedef_count; i++)
		if (gadget_special_find(type->typedefs[i]))
			return type->typedefs[i];
	return NULL;
}

/* The special name on the way to the type, else what a struct or enum is called. */
static const char *type_name(const struct fact_type *type)
{
	const char *name = special_name(type);

	if (!name && type->kind == FACT_TYPE_ARRAY && type->element)
		name = special_name(type->element);
	if (name)
		return name;
	if (type->kind == FACT_TYPE_STRUCT || type->kind == FACT_TYPE_UNION ||
	    type->kind == FACT_TYPE_ENUM)
		return type->name[0] ? type->name : NULL;
	return NULL;
}

const struct gadget_special *gadget_special_of(const struct field_spec *field)
{
	return field->type_name ? gadget_special_find(field->type_name) : NULL;
}

/* ---- notes ---------------------------------------------------------------------------------- */

int gadget_fields__take_notes(struct gadget_fields *fields, const gadget_notes *notes,
			      struct field_spec *field)
{
	const char *hidden = gadget_note(notes->items, (uint32_t)notes->len, HIDDEN_NOTE);

	field->notes = arena__memdup(fields->writer->arena, notes->items,
				     notes->len * sizeof(*notes->items));
	field->note_count = (uint32_t)notes->len;
	field->is_hidden = hidden && strcasecmp(hidden, "true") == 0;
	return field->notes ? 0 : -ENOMEM;
}

int gadget_notes__set_all(gadget_notes *notes, const struct note_spec *from, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (gadget_notes__set(notes, from[i].key, from[i].value) < 0)
			return -ENOMEM;
	return 0;
}

/* What the type says of how the field is shown. */
static int add_type_notes(gadget_notes *notes, const struct gadget_special *special)
{
	static const char *const metrics[] = {
		[GADGET_METRIC_COUNTER] = "counter",
		[GADGET_METRIC_GAUGE] = "gauge",
		[GADGET_METRIC_SLOTS] = "histogram",
	};

	if (special && special->template && gadget_template_apply(notes, special->template) < 0)
		return -ENOMEM;
	if (special && special->metric != GADGET_METRIC_NONE)
		return gadget_notes__set(notes, "metrics.type", metrics[special->metric]);
	return 0;
}

/* ---- members -------------------------------------------------------------------------------- */

/* Structs that are only a group: their members have columns of their own, by their own names. */
static const char *const groups[] = { "gadget_creds", "gadget_parent", "gadget_process" };

static bool is_group(const char *name)
{
	for (size_t i = 0; name && i < array_size(groups); i++)
		if (str_eq(groups[i], name))
			return true;
	return false;
}

/* Structs that are one thing to a person, who sees a text instead of their members. */
static bool is_whole(const char *name)
{
	const struct gadget_special *special = name ? gadget_special_find(name) : NULL;

	return special && special->role == FIELD_ROLE_USTACK;
}

bool gadget_is_endpoint(const char *name)
{
	return name && (str_eq(name, "gadget_l3endpoint_t") || str_eq(name, "gadget_l4endpoint_t"));
}

/* A struct that members are read from, and where it is. */
struct place {
	const struct fact_type *type;
	const char *prefix; /* "proc." or "" */
	uint32_t offset;
	bool is_key;
	int depth;
};

static int add_members(struct gadget_fields *fields, const struct place *place);

static enum field_role role_of(const struct field_spec *field, const struct place *place,
			       const char *member)
{
	const struct gadget_special *special = gadget_special_of(field);

	if (str_eq(place->type->name, "gadget_parent"))
		return FIELD_ROLE_NONE;
	if (special)
		return special->role;
	if (field->type_name && str_eq(field->type_name, ADDRESS))
		return FIELD_ROLE_ADDR;
	if (gadget_is_endpoint(place->type->name) && str_eq(member, "port"))
		return FIELD_ROLE_PORT;
	if (gadget_is_endpoint(place->type->name) && str_eq(member, "proto_raw"))
		return FIELD_ROLE_L4PROTO;
	return FIELD_ROLE_NONE;
}

/* How a member is shown because of what it is and where it stands. */
static int note_member(struct gadget_fields *fields, struct field_spec *field,
		       const struct place *place, const char *member)
{
	gadget_notes notes = VEC_INIT;
	int r = add_type_notes(&notes, gadget_special_of(field));

	if (r == 0 && is_group(place->type->name))
		r = gadget_notes__set(&notes, "columns.alias", member);
	if (r == 0 && (is_group(field->type_name) || gadget_is_endpoint(place->type->name) ||
		       is_whole(place->type->name)))
		r = gadget_notes__set(&notes, HIDDEN_NOTE, "true");
	/* The bytes of an address, whose text is beside it. */
	if (r == 0 && gadget_is_endpoint(place->type->name) && field->role == FIELD_ROLE_ADDR)
		r = gadget_notes__set(&notes, JSON_SKIP_NOTE, "true");
	if (r == 0 && gadget_is_endpoint(field->type_name))
		r = gadget_notes__set(&notes, "columns.replace",
				      arena__printf(fields->writer->arena, "%s.%s", field->name,
						    str_eq(field->type_name, "gadget_l3endpoint_t")
							    ? "addr"
							    : "endpoint"));
	if (r == 0)
		r = gadget_fields__take_notes(fields, &notes, field);
	vec_done(&notes);
	return r;
}

/* Sets type, size and count. False: no field can be made of it. */
static bool set_type(const struct fact_type *type, struct field_spec *field)
{
	const struct fact_type *element = type->element;

	field->size = type->size;
	field->type = type_of(type);
	if (type->kind != FACT_TYPE_ARRAY)
		return type->kind != FACT_TYPE_OTHER && type->size > 0;
	if (!element || element->size == 0 || type->element_count == 0)
		return false;
	if (element->kind == FACT_TYPE_CHAR && element->size == 1) {
		field->type = FIELD_TYPE_STRING;
		return true;
	}
	field->type = type_of(element);
	field->size = element->size;
	field->count = type->element_count;
	return field->type != FIELD_TYPE_STRUCT && element->kind != FACT_TYPE_ARRAY;
}

static int ignore_member(struct gadget_fields *fields, const struct field_spec *field,
			 const char *why)
{
	return gadget_writer__warn(fields->writer, &field->at, "field '%s' is %s, ignoring it",
				   field->name, why);
}

static int add_children(struct gadget_fields *fields, const struct field_spec *field,
			const struct place *place, const struct fact_type *type, bool is_named)
{
	const struct place inner = {
		.type = type,
		.prefix = is_named ? arena__printf(fields->writer->arena, "%s.", field->name)
				   : place->prefix,
		.offset = field->offset,
		.is_key = place->is_key,
		.depth = place->depth + 1,
	};

	return inner.prefix ? add_members(fields, &inner) : -ENOMEM;
}

static int add_member(struct gadget_fields *fields, const struct place *place,
		      const struct fact_member *member)
{
	struct field_spec field = { .at = { .file = fields->writer->spec->origin },
				    .offset = place->offset + member->offset_bits / 8,
				    .is_key = place->is_key };
	int r;

	if (++fields->visited > GADGET_MAX_MEMBERS)
		return err_list__set(fields->writer->errors, -E2BIG, &field.at,
				     "struct '%s' has more than %d members", place->type->name,
				     GADGET_MAX_MEMBERS);
	if (str_starts(member->name, "__"))
		return 0;
	field.name = arena__printf(fields->writer->arena, "%s%s", place->prefix, member->name);
	if (!field.name)
		return -ENOMEM;
	if (member->size_bits)
		return ignore_member(fields, &field, "a bit-field");
	if (!set_type(member->type, &field))
		return ignore_member(fields, &field, "of a type that cannot be shown");
	field.type_name = type_name(member->type);
	if (!member->name[0])
		return field.type == FIELD_TYPE_STRUCT
			       ? add_children(fields, &field, place, member->type, false)
			       : 0;
	if (field.type_name && str_eq(field.type_name, ADDRESS))
		field.type = FIELD_TYPE_BYTES;
	field.role = role_of(&field, place, member->name);
	r = note_member(fields, &field, place, member->name);
	if (r == 0 && fields->list.len >= GADGET_MAX_FIELDS)
		r = err_list__set(fields->writer->errors, -E2BIG, &field.at,
				  "struct '%s' has more than %d fields", place->type->name,
				  GADGET_MAX_FIELDS);
	if (r == 0)
		r = vec_push(&fields->list, field);
	if (r == 0 && member->type->kind == FACT_TYPE_ENUM)
		r = vec_push(&fields->enums,
			     ((struct gadget_enum){ .field = field.name, .type = member->type }));
	if (r < 0 || field.type != FIELD_TYPE_STRUCT)
		return r;
	return add_children(fields, &field, place, member->type, true);
}

static int add_members(struct gadget_fields *fields, const struct place *place)
{
	if (place->depth > MAX_DEPTH)
		return 0;
	for (uint32_t i = 0; place->type->members && i < place->type->member_count; i++) {
		int r = add_member(fields, place, &place->type->members[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

int gadget_fields__add(struct gadget_fields *fields, const struct fact_type *type, uint32_t offset,
		       bool is_key)
{
	const struct place place = {
		.type = type, .prefix = "", .offset = offset, .is_key = is_key
	};

	return add_members(fields, &place);
}
