/* SPDX-License-Identifier: Apache-2.0 */
/* What fields show, and what the text says of them. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "config/gadget/gadget.h"

#define RAW_SUFFIX "_raw"
#define SET_SUFFIX "_set"
#define HIDDEN_NOTE "columns.hidden"
#define JSON_SKIP_NOTE "json.skip"
#define REST_NOTE "ebpf.rest.name"
#define LAYOUT_NOTE "formatters.timestamp.format"
#define ENUM_NOTE "ebpf.formatter.enum"
#define SEPARATOR_NOTE "ebpf.formatter.bitfield.separator"

void gadget_fields__done(struct gadget_fields *fields)
{
	vec_done(&fields->list);
	vec_done(&fields->enums);
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
		r = gadget_notes__set_all(&notes, described->notes, described->note_count);
	if (r == 0)
		r = gadget_fields__take_notes(fields, &notes, &field);
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
	r = gadget_notes__set_all(&notes, source->notes, source->note_count);
	if (r == 0)
		r = gadget_notes__set(&notes, HIDDEN_NOTE, "true");
	if (r == 0)
		r = gadget_fields__take_notes(fields, &notes, source);
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
	const struct gadget_special *special = gadget_special_of(&source);
	struct derived derived = { .name = NULL };
	const char *annotation = NULL, *fallback = NULL;
	size_t before = fields->list.len;
	int r;

	if (gadget_is_endpoint(source.type_name))
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
	r = gadget_notes__set_all(&notes, field->notes, field->note_count);
	template = gadget_note(described->notes, described->note_count, "template");
	if (r == 0 && template) {
		r = gadget_template_apply(&notes, template);
		if (r == -ENOENT)
			r = gadget_writer__warn(fields->writer, &described->at,
						"there is no template '%s', ignoring it", template);
	}
	if (r == 0)
		r = gadget_notes__set_all(&notes, described->notes, described->note_count);
	if (r == 0)
		r = gadget_fields__take_notes(fields, &notes, field);
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
