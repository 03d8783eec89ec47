/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "config/gadget/gadget.h"

#define MAX_DEPTH 8
#define RAW_SUFFIX "_raw"
#define SET_SUFFIX "_set"
#define HIDDEN_NOTE "columns.hidden"
#define JSON_SKIP_NOTE "json.skip"
#define REST_NOTE "ebpf.rest.name"
#define LAYOUT_NOTE "formatters.timestamp.format"
#define ENUM_NOTE "ebpf.formatter.enum"
#define SEPARATOR_NOTE "ebpf.formatter.bitfield.separator"
#define ADDRESS "gadget_ip_addr_t"

void gadget_fields__done(struct gadget_fields *fields)
{
	vec_done(&fields->list);
	vec_done(&fields->enums);
}

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

static const struct gadget_special *special_of(const struct field_spec *field)
{
	return field->type_name ? gadget_special_find(field->type_name) : NULL;
}

/* ---- notes ---------------------------------------------------------------------------------- */

static int take_notes(struct gadget_fields *fields, const gadget_notes *notes,
		      struct field_spec *field)
{
	const char *hidden = gadget_note(notes->items, (uint32_t)notes->len, HIDDEN_NOTE);

	field->notes = arena__memdup(fields->writer->arena, notes->items,
				     notes->len * sizeof(*notes->items));
	field->note_count = (uint32_t)notes->len;
	field->is_hidden = hidden && strcasecmp(hidden, "true") == 0;
	return field->notes ? 0 : -ENOMEM;
}

static int set_all(gadget_notes *notes, const struct note_spec *from, uint32_t count)
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

static bool is_endpoint(const char *name)
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
	const struct gadget_special *special = special_of(field);

	if (str_eq(place->type->name, "gadget_parent"))
		return FIELD_ROLE_NONE;
	if (special)
		return special->role;
	if (field->type_name && str_eq(field->type_name, ADDRESS))
		return FIELD_ROLE_ADDR;
	if (is_endpoint(place->type->name) && str_eq(member, "port"))
		return FIELD_ROLE_PORT;
	if (is_endpoint(place->type->name) && str_eq(member, "proto_raw"))
		return FIELD_ROLE_L4PROTO;
	return FIELD_ROLE_NONE;
}

/* How a member is shown because of what it is and where it stands. */
static int note_member(struct gadget_fields *fields, struct field_spec *field,
		       const struct place *place, const char *member)
{
	gadget_notes notes = VEC_INIT;
	int r = add_type_notes(&notes, special_of(field));

	if (r == 0 && is_group(place->type->name))
		r = gadget_notes__set(&notes, "columns.alias", member);
	if (r == 0 && (is_group(field->type_name) || is_endpoint(place->type->name) ||
		       is_whole(place->type->name)))
		r = gadget_notes__set(&notes, HIDDEN_NOTE, "true");
	/* The bytes of an address, whose text is beside it. */
	if (r == 0 && is_endpoint(place->type->name) && field->role == FIELD_ROLE_ADDR)
		r = gadget_notes__set(&notes, JSON_SKIP_NOTE, "true");
	if (r == 0 && is_endpoint(field->type_name))
		r = gadget_notes__set(&notes, "columns.replace",
				      arena__printf(fields->writer->arena, "%s.%s", field->name,
						    str_eq(field->type_name, "gadget_l3endpoint_t")
							    ? "addr"
							    : "endpoint"));
	if (r == 0)
		r = take_notes(fields, &notes, field);
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

/* ---- texts that are made of fields ---------------------------------------------------------- */

static const struct field_spec *find(const struct field_spec *items, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(items[i].name, name) == 0)
			return &items[i];
	return NULL;
}

static const struct field_spec *describe(const struct stream_spec *text, const char *name)
{
	return text ? find(text->fields, text->field_count, name) : NULL;
}

/* What the text says beyond the decoder's name. */
static int add_pattern(struct gadget_fields *fields, const struct field_spec *source,
		       const char *annotation, struct step_spec *step)
{
	const char *value = gadget_note(source->notes, source->note_count, annotation);
	struct spec_text *text;

	if (!value || !value[0])
		return 0;
	text = arena_new(fields->writer->arena, struct spec_text);
	if (!text)
		return -ENOMEM;
	*text = (struct spec_text){ .text = value, .at = source->at };
	step->patterns = text;
	step->pattern_count = 1;
	return 0;
}

/* Values and their names, for the decoders of enums. */
static int name_values(struct gadget_fields *fields, const struct field_spec *source,
		       struct step_spec *step)
{
	struct arena *arena = fields->writer->arena;
	const struct fact_type *type = NULL;
	struct step_pair *pairs;

	vec_for_each(&fields->enums, found)
		if (str_eq(found->field, source->name))
			type = found->type;
	if (!type)
		return 0;
	pairs = arena_array(arena, struct step_pair, type->member_count);
	for (uint32_t i = 0; pairs && i < type->member_count; i++) {
		pairs[i].key = arena__printf(arena, "%" PRId64, type->enumerators[i].value);
		pairs[i].value = arena__strdup(arena, type->enumerators[i].name);
		if (!pairs[i].key || !pairs[i].value)
			return -ENOMEM;
	}
	if (add_pattern(fields, source, SEPARATOR_NOTE, step) < 0)
		return -ENOMEM;
	step->pairs = pairs;
	step->pair_count = type->member_count;
	step->has_pairs = type->member_count > 0;
	return pairs ? 0 : -ENOMEM;
}

/* A field that shows another one by a decoder. */
struct derived {
	const char *name;
	const char *decoder;
	const char *template; /* or NULL */
	bool is_hidden;
	bool is_skipped_in_json;
};

static int push_derived(struct gadget_fields *fields, const struct stream_spec *text,
			const struct field_spec *source, const struct derived *derived)
{
	struct step_spec *step = arena_new(fields->writer->arena, struct step_spec);
	const struct field_spec *described = describe(text, derived->name);
	struct field_spec field = {
		.at = source->at,
		.name = derived->name,
		.role = FIELD_ROLE_NONE,
		.type = FIELD_TYPE_STRING,
		.source = source->name,
		.is_key = source->is_key,
		.steps = step,
		.step_count = 1,
	};
	const char *template =
		described ? gadget_note(described->notes, described->note_count, "template") : NULL;
	gadget_notes notes = VEC_INIT;
	int r = 0;

	if (!step || !derived->name)
		return -ENOMEM;
	*step = (struct step_spec){ .at = source->at, .decoder = derived->decoder };
	if (find(fields->list.items, fields->list.len, derived->name))
		return 0; /* the record has one of its own */
	r = name_values(fields, source, step);
	if (r == 0 && source->role == FIELD_ROLE_TIMESTAMP)
		r = add_pattern(fields, source, LAYOUT_NOTE, step);
	if (r == 0 && derived->template)
		r = gadget_template_apply(&notes, derived->template);
	if (r == 0 && derived->is_hidden)
		r = gadget_notes__set(&notes, HIDDEN_NOTE, "true");
	if (r == 0 && derived->is_skipped_in_json)
		r = gadget_notes__set(&notes, JSON_SKIP_NOTE, "true");
	if (r == 0 && template && gadget_template_apply(&notes, template) == -ENOMEM)
		r = -ENOMEM;
	if (r == 0 && described)
		r = set_all(&notes, described->notes, described->note_count);
	if (r == 0)
		r = take_notes(fields, &notes, &field);
	vec_done(&notes);
	return r < 0 ? r : vec_push(&fields->list, field);
}

/* The name beside the source: by its annotation, else without "_raw", else the fallback; NULL: none, so nothing is
 * derived. */
static const char *target_name(struct gadget_fields *fields, const struct field_spec *source,
			       const char *annotation, const char *fallback)
{
	const char *target = annotation ? gadget_note(source->notes, source->note_count, annotation)
					: NULL;
	const char *dot = strrchr(source->name, '.');
	int prefix = dot ? (int)(dot - source->name) + 1 : 0;

	if (target && target[0])
		return arena__printf(fields->writer->arena, "%.*s%s", prefix, source->name, target);
	if (!str_ends(source->name, RAW_SUFFIX))
		return fallback ? arena__printf(fields->writer->arena, "%.*s%s", prefix,
						source->name, fallback)
				: NULL;
	return arena__strndup(fields->writer->arena, source->name,
			      strlen(source->name) - strlen(RAW_SUFFIX));
}

/* A source that has become a text is hidden, unless the gadget says otherwise. */
static int hide_source(struct gadget_fields *fields, size_t index, const struct stream_spec *text)
{
	struct field_spec *source = &fields->list.items[index];
	const struct field_spec *described = describe(text, source->name);
	gadget_notes notes = VEC_INIT;
	int r;

	if (described && gadget_note(described->notes, described->note_count, HIDDEN_NOTE))
		return 0;
	r = set_all(&notes, source->notes, source->note_count);
	if (r == 0)
		r = gadget_notes__set(&notes, HIDDEN_NOTE, "true");
	if (r == 0)
		r = take_notes(fields, &notes, source);
	vec_done(&notes);
	return r;
}

static int derive_endpoint(struct gadget_fields *fields, const struct stream_spec *text,
			   const struct field_spec *source)
{
	struct arena *arena = fields->writer->arena;
	bool is_l3 = str_eq(source->type_name, "gadget_l3endpoint_t");
	struct derived addr = { .name = arena__printf(arena, "%s.addr", source->name),
				.decoder = is_l3 ? "l3endpoint_addr" : "endpoint_addr",
				.is_hidden = true };
	struct derived proto = { .name = arena__printf(arena, "%s.proto", source->name),
				 .decoder = "l4proto",
				 .is_hidden = true };
	struct derived whole = { .name = arena__printf(arena, "%s.endpoint", source->name),
				 .decoder = "endpoint",
				 .is_hidden = true,
				 .is_skipped_in_json = true };
	const char *raw = arena__printf(arena, "%s.proto_raw", source->name);
	const struct field_spec *proto_raw;
	struct field_spec copy;
	int r = push_derived(fields, text, source, &addr);

	if (r < 0 || is_l3)
		return r;
	proto_raw = raw ? find(fields->list.items, fields->list.len, raw) : NULL;
	if (proto_raw) {
		copy = *proto_raw; /* the list may move */
		r = push_derived(fields, text, &copy, &proto);
	}
	return r < 0 ? r : push_derived(fields, text, source, &whole);
}

/* The frames, twice: the gadget has no more than a number for them. */
static int derive_stack(struct gadget_fields *fields, const struct stream_spec *text,
			const struct field_spec *source)
{
	struct arena *arena = fields->writer->arena;
	const struct derived addresses = { .name = arena__printf(arena, "%s.addresses",
								 source->name),
					   .decoder = "ustack_addresses",
					   .is_hidden = true };
	const struct derived files = { .name = arena__printf(arena, "%s.buildid", source->name),
				       .decoder = "ustack_buildid",
				       .is_hidden = true };
	const struct derived symbols = { .name = arena__printf(arena, "%s.symbols", source->name),
					 .decoder = "ustack_symbols",
					 .is_hidden = true };
	int r = push_derived(fields, text, source, &addresses);

	if (r == 0)
		r = push_derived(fields, text, source, &files);
	return r < 0 ? r : push_derived(fields, text, source, &symbols);
}

static int derive(struct gadget_fields *fields, size_t index, const struct stream_spec *text)
{
	const struct field_spec source = fields->list.items[index];
	const struct gadget_special *special = special_of(&source);
	struct derived derived = { .name = NULL };
	const char *annotation = NULL, *fallback = NULL;
	size_t before = fields->list.len;
	int r;

	if (is_endpoint(source.type_name))
		return derive_endpoint(fields, text, &source);
	if (source.role == FIELD_ROLE_USTACK && source.type == FIELD_TYPE_STRUCT)
		return derive_stack(fields, text, &source);
	if (special) {
		derived.decoder = special->decoder;
		derived.template = special->template;
		derived.is_hidden = special->fallback;
		annotation = special->target;
		fallback = special->fallback;
	} else if (source.type_name && source.type != FIELD_TYPE_STRUCT &&
		   source.type != FIELD_TYPE_BYTES) {
		derived.decoder = str_ends(source.type_name, SET_SUFFIX) ? "bits" : "enum";
		annotation = ENUM_NOTE;
	}
	if (!derived.decoder || source.count > 0)
		return 0;
	derived.name = target_name(fields, &source, annotation, fallback);
	if (!derived.name)
		return 0;
	r = push_derived(fields, text, &source, &derived);
	return r < 0 || fields->list.len == before ? r : hide_source(fields, index, text);
}

/* ---- what the text says --------------------------------------------------------------------- */

/* Built-in, then the template that the text names, then what the text says in so many words. */
static int annotate(struct gadget_fields *fields, struct field_spec *field,
		    const struct stream_spec *text)
{
	const struct field_spec *described = describe(text, field->name);
	const char *template;
	gadget_notes notes = VEC_INIT;
	int r;

	if (!described)
		return 0;
	field->at = described->at;
	r = set_all(&notes, field->notes, field->note_count);
	template = gadget_note(described->notes, described->note_count, "template");
	if (r == 0 && template) {
		r = gadget_template_apply(&notes, template);
		if (r == -ENOENT)
			r = gadget_writer__warn(fields->writer, &described->at,
						"there is no template '%s', ignoring it", template);
	}
	if (r == 0)
		r = set_all(&notes, described->notes, described->note_count);
	if (r == 0)
		r = take_notes(fields, &notes, field);
	vec_done(&notes);
	return r;
}

/* Fields that are known to come from elsewhere: identities, and symbols of stacks. */
static bool comes_from_elsewhere(const struct gadget_fields *fields, const char *name)
{
	if (str_starts(name, "k8s.") || str_starts(name, "runtime.") || strstr(name, ".k8s."))
		return true;
	vec_for_each(&fields->list, field) {
		size_t len = strlen(field->name);

		if (field->role == FIELD_ROLE_USTACK && strncmp(name, field->name, len) == 0 &&
		    name[len] == '.')
			return true;
	}
	return false;
}

static int add_described(struct gadget_fields *fields, const struct stream_spec *text,
			 const struct field_spec *described)
{
	const char *names[GADGET_MAX_FIELDS], *nearest;
	size_t count = 0;

	if (find(fields->list.items, fields->list.len, described->name))
		return 0;
	if (fields->writer->needs.len > 0 || comes_from_elsewhere(fields, described->name) ||
	    gadget_makes(fields->writer, text->name, described->name))
		return vec_push(&fields->list, *described);
	vec_for_each(&fields->list, field)
		if (count < array_size(names))
			names[count++] = field->name;
	nearest = str_nearest(described->name, names, count);
	return gadget_writer__warn(fields->writer, &described->at,
				   "data source '%s' has no field '%s', ignoring it%s%s%s",
				   text->name, described->name, nearest ? "; did you mean '" : "",
				   nearest ? nearest : "", nearest ? "'?" : "");
}

/* Every text stands behind the field it is of. */
static int put_in_order(struct gadget_fields *fields, size_t count)
{
	VEC(struct field_spec) list = VEC_INIT;

	if (vec_reserve(&list, fields->list.len) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		(void)vec_push(&list, fields->list.items[i]); /* there is room */
		for (size_t k = count; k < fields->list.len; k++)
			if (str_eq(fields->list.items[k].source, fields->list.items[i].name))
				(void)vec_push(&list, fields->list.items[k]);
	}
	if (fields->list.len > 0)
		memcpy(fields->list.items, list.items, fields->list.len * sizeof(*list.items));
	vec_done(&list);
	return 0;
}

/* What follows the struct in a record of a perf buffer, if the text gives it a name. */
static int add_rest(struct gadget_fields *fields, const struct stream_spec *described,
		    uint32_t record_size)
{
	struct field_spec field = { .role = FIELD_ROLE_NONE,
				    .type = FIELD_TYPE_BYTES,
				    .offset = record_size };

	field.name = described ? gadget_note(described->notes, described->note_count, REST_NOTE)
			       : NULL;
	if (!field.name || !field.name[0] || find(fields->list.items, fields->list.len, field.name))
		return 0;
	field.at = described->at;
	return vec_push(&fields->list, field);
}

int gadget_fields__annotate(struct gadget_fields *fields, const struct stream_spec *described,
			    uint32_t record_size)
{
	int r = add_rest(fields, described, record_size);
	size_t count = fields->list.len;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = annotate(fields, &fields->list.items[i], described);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = derive(fields, i, described);
	if (r == 0)
		r = put_in_order(fields, count);
	for (uint32_t i = 0; r == 0 && described && i < described->field_count; i++)
		r = add_described(fields, described, &described->fields[i]);
	return r;
}
