/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "pipeline/derive_maker.h"
#include "pipeline/stream_private.h"

#define REST_LEN_NOTE "ebpf.rest.len"

struct builder {
	struct stream *stream;
	struct field *fields;
	uint32_t *spec_fields;
	uint32_t len;
	uint32_t derived_count;
};

static void push(struct builder *builder, const struct field *field, uint32_t spec_field)
{
	builder->fields[builder->len] = *field;
	builder->spec_fields[builder->len++] = spec_field;
	builder->derived_count += (field->flags & FIELD_DERIVED) != 0;
}

/* ---- who it was ---------------------------------------------------------------------------------------- */

static void find_keys(struct stream *stream)
{
	static const enum field_role roles[DERIVE_KEY_COUNT] = {
		[DERIVE_KEY_CGROUP] = FIELD_ROLE_CGROUP_ID,
		[DERIVE_KEY_MNTNS] = FIELD_ROLE_MNTNS_ID,
		[DERIVE_KEY_NETNS] = FIELD_ROLE_NETNS_ID,
	};

	for (uint32_t k = 0; k < DERIVE_KEY_COUNT; k++) {
		for (uint32_t i = 0; i < stream->spec->field_count; i++) {
			const struct field_spec *field = &stream->spec->fields[i];

			if (field->role != roles[k] || field->source || field->is_foreign ||
			    field->count > 1 || (field->size != 4 && field->size != 8))
				continue;
			derive__set_key(stream->derive, (enum derive_key)k, field->offset,
					field->size);
			break; /* the first one counts */
		}
	}
}

static int add_words(struct builder *builder, struct err *err)
{
	const struct derive_word *word;

	for (uint32_t i = 0; (word = derive_word_at(i)); i++) {
		int place = derive__add_identity(builder->stream->derive, i, err);

		if (place < 0)
			return place;
		push(builder,
		     &(struct field){
			     .name = word->name,
			     .type = word->type,
			     .offset = (uint32_t)place,
			     .count = 1,
			     .parent = -1,
			     .flags = FIELD_DERIVED | FIELD_WHO |
				      (word->is_hidden ? FIELD_HIDDEN : 0),
		     },
		     SPEC_NONE);
	}
	return 0;
}

/* ---- fields of the spec -------------------------------------------------------------------------------- */

static const struct field_spec *find_spec(const struct stream_spec *spec, const char *name)
{
	for (uint32_t i = 0; i < spec->field_count; i++)
		if (str_eq(spec->fields[i].name, name))
			return &spec->fields[i];
	return NULL;
}

/* Somebody shows it as a text: then it is a time for people, too. */
static bool has_text(const struct stream_spec *spec, const struct field_spec *field)
{
	for (uint32_t i = 0; i < spec->field_count; i++)
		if (spec->fields[i].source && str_eq(spec->fields[i].source, field->name))
			return true;
	return false;
}

static int add_text(struct builder *builder, uint32_t index, struct err *err)
{
	const struct stream_spec *spec = builder->stream->spec;
	const struct field_spec *field = &spec->fields[index];
	const struct field_spec *source = field->source ? find_spec(spec, field->source) : NULL;
	int place = field->maker ? derive__add_made(builder->stream->derive, field, err)
		    : source     ? derive__add_text(builder->stream->derive, field, source, err)
				 : err__set(err, -ENOENT, &field->at,
					    "field '%s' shows field '%s', which is not there",
					    field->name, field->source);

	if (place == -ENOMEM)
		return place;
	if (place < 0) {
		log_err(LOG_WARN, err, "data source '%s': field '%s' is left out", spec->name,
			field->name);
		err__done(err);
		return 0;
	}
	push(builder,
	     &(struct field){
		     .name = field->name,
		     .type = field->maker ? derive_maker_find(field->maker)->type
					  : FIELD_TYPE_STRING,
		     .role = field->role,
		     .offset = (uint32_t)place,
		     .count = 1,
		     .parent = -1,
		     .flags = FIELD_DERIVED | (field->is_hidden ? FIELD_HIDDEN : 0),
	     },
	     index);
	return 0;
}

static int add_wall_time(struct builder *builder, uint32_t index, struct err *err)
{
	const struct field_spec *spec = &builder->stream->spec->fields[index];
	int place = derive__add_wall_time(builder->stream->derive, spec->offset, err);

	if (place < 0)
		return place;
	push(builder,
	     &(struct field){
		     .name = spec->name,
		     .type = spec->type,
		     .role = spec->role,
		     .offset = (uint32_t)place,
		     .count = 1,
		     .parent = -1,
		     .flags = FIELD_DERIVED | (spec->is_hidden ? FIELD_HIDDEN : 0),
	     },
	     index);
	return 0;
}

static bool is_rest(const struct stream_spec *stream, const struct field_spec *field)
{
	return field->size == 0 && field->type == FIELD_TYPE_BYTES &&
	       field->offset == stream->record_size;
}

static bool fits(const struct stream_spec *stream, const struct field_spec *field)
{
	uint32_t size;

	return !__builtin_mul_overflow(field->size, field->count ? field->count : 1, &size) &&
	       !__builtin_add_overflow(size, field->offset, &size) && size <= stream->record_size;
}

static void add_raw(struct builder *builder, uint32_t index)
{
	struct stream *stream = builder->stream;
	const struct field_spec *spec = &stream->spec->fields[index];
	uint32_t flags = spec->is_hidden ? FIELD_HIDDEN : 0;

	if (is_rest(stream->spec, spec)) {
		stream->rest_offset = spec->offset;
		flags |= FIELD_FLEXIBLE;
	} else if (!fits(stream->spec, spec)) {
		log_warn(
			"data source '%s': field '%s' ends beyond the %u bytes of a record, ignoring it",
			stream->spec->name, spec->name, stream->spec->record_size);
		return;
	}
	push(builder,
	     &(struct field){
		     .name = spec->name,
		     .type = spec->type,
		     .role = spec->role,
		     .offset = spec->offset,
		     .size = spec->size,
		     .count = spec->count ? spec->count : 1,
		     .parent = -1,
		     .flags = flags,
	     },
	     index);
}

static int add_field(struct builder *builder, uint32_t index, struct err *err)
{
	const struct stream_spec *stream = builder->stream->spec;
	const struct field_spec *field = &stream->fields[index];

	if (field->is_foreign)
		return 0; /* nobody brings it here */
	if (field->source || field->maker)
		return add_text(builder, index, err);
	if (field->role == FIELD_ROLE_TIMESTAMP && field->size == sizeof(uint64_t) &&
	    field->count <= 1 && fits(stream, field) && has_text(stream, field))
		return add_wall_time(builder, index, err);
	add_raw(builder, index);
	return 0;
}

/* ---- the whole ------------------------------------------------------------------------------------------ */

/* The struct that a field is a member of, by its name. */
static void set_parents(struct builder *builder)
{
	for (uint32_t i = 0; i < builder->len; i++) {
		const char *dot = strrchr(builder->fields[i].name, '.');
		size_t len = dot ? (size_t)(dot - builder->fields[i].name) : 0;

		for (uint32_t k = 0; dot && k < builder->len; k++)
			if (strlen(builder->fields[k].name) == len &&
			    memcmp(builder->fields[k].name, builder->fields[i].name, len) == 0)
				builder->fields[i].parent = (int32_t)k;
	}
}

static void find_rest_len(struct stream *stream)
{
	stream->rest_len_field = -1;
	for (uint32_t i = 0; stream->rest_offset && i < stream->spec->note_count; i++)
		if (str_eq(stream->spec->notes[i].key, REST_LEN_NOTE))
			stream->rest_len_field = schema__find(&stream->schema,
							      stream->spec->notes[i].value);
}

int stream_make_schema(struct stream *stream, struct err *err)
{
	struct builder builder = { .stream = stream };
	uint32_t most = stream->spec->field_count;
	int r = derive__new(stream->env.decode, &stream->derive, err);

	if (r < 0)
		return r;
	while (derive_word_at(most - stream->spec->field_count))
		most++;
	builder.fields = arena_array(&stream->arena, struct field, most);
	builder.spec_fields = arena_array(&stream->arena, uint32_t, most);
	if (!builder.fields || !builder.spec_fields)
		return err__set(err, -ENOMEM, NULL, "no memory for the fields of '%s'",
				stream->spec->name);
	find_keys(stream);
	if (derive__has_keys(stream->derive))
		r = add_words(&builder, err);
	for (uint32_t i = 0; r >= 0 && i < stream->spec->field_count; i++)
		r = add_field(&builder, i, err);
	if (r < 0)
		return r;
	set_parents(&builder);
	stream->spec_fields = builder.spec_fields;
	stream->schema = (struct schema){
		.name = stream->spec->name,
		.fields = builder.fields,
		.field_count = builder.len,
		.derived_count = builder.derived_count,
		.size = stream->spec->record_size,
	};
	find_rest_len(stream);
	return derive__bind(stream->derive, &stream->schema, err);
}
