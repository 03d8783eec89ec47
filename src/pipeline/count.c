/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/count.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "decode/decoder.h"
#include "filter/event_filter.h"
#include "pipeline/agent.h"
#include "pipeline/derive_maker.h"
#include "pipeline/stream_private.h"

/* ---- which bytes ------------------------------------------------------------------------------------ */

/* What is known of bytes that a label needs. */
struct need {
	uint32_t offset, size;
	enum field_type type;
};

static bool is_number_size(uint32_t size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

static int add_piece(struct count *count, const struct need *need, struct err *err)
{
	bool is_signed = need->type >= FIELD_TYPE_S8 && need->type <= FIELD_TYPE_S64;
	struct count_piece *piece;

	if (need->offset + need->size <= count->head_size)
		return 0;
	for (uint32_t i = 0; i < count->piece_count; i++)
		if (count->pieces[i].from == need->offset && count->pieces[i].size == need->size)
			return 0;
	if (count->piece_count == COUNT_PIECES_MAX)
		return err__set(err, -EOPNOTSUPP, &count->metric->at,
				"labels and conditions need more than %u fields", COUNT_PIECES_MAX);
	piece = &count->pieces[count->piece_count++];
	*piece = (struct count_piece){
		.from = need->offset,
		.size = need->size,
		.to = count->key_size,
		.is_text = need->type == FIELD_TYPE_STRING,
		.is_signed = is_signed,
		.is_number = is_number_size(need->size) && need->type >= FIELD_TYPE_U8 &&
			     need->type <= FIELD_TYPE_S64,
	};
	count->key_size += need->size;
	if (count->key_size > ROUTE_KEY_MAX)
		return err__set(err, -E2BIG, &count->metric->at,
				"labels and conditions need more than %u bytes of a record",
				ROUTE_KEY_MAX);
	return 0;
}

static int need_spec_field(struct count *count, const struct field_spec *field, struct err *err)
{
	struct need need = { .offset = field->offset, .type = field->type };

	if (__builtin_mul_overflow(field->size, field->count ? field->count : 1, &need.size) ||
	    need.size == 0 || need.size > ROUTE_KEY_MAX)
		return err__set(err, -EOPNOTSUPP, &count->metric->at,
				"field '%s' has no fixed size, or too large a one", field->name);
	if (field->count)
		need.type = FIELD_TYPE_BYTES;
	return add_piece(count, &need, err);
}

/* The ids by which the deriver asks who it was. */
static int need_who(struct count *count, struct err *err)
{
	static const enum field_role roles[] = { FIELD_ROLE_CGROUP_ID, FIELD_ROLE_MNTNS_ID,
						 FIELD_ROLE_NETNS_ID };
	const struct stream_spec *stream = stream__spec(count->stream);
	uint32_t found = 0;

	count->says_who = true;
	for (size_t k = 0; k < array_size(roles); k++) {
		for (uint32_t i = 0; i < stream->field_count; i++) {
			const struct field_spec *field = &stream->fields[i];
			int r;

			if (field->role != roles[k] || field->source || field->is_foreign ||
			    field->count > 1)
				continue;
			found++;
			r = need_spec_field(count, field, err);
			if (r < 0)
				return r;
			break;
		}
	}
	return found ? 0
		     : err__set(err, -EOPNOTSUPP, &count->metric->at,
				"records of '%s' do not say whose they are", stream->name);
}

static const struct field_spec *find_spec(const struct stream_spec *stream, const char *name)
{
	for (uint32_t i = 0; i < stream->field_count; i++)
		if (str_eq(stream->fields[i].name, name))
			return &stream->fields[i];
	return NULL;
}

/* What a field is made of, and its own bytes. */
static int need_made(struct count *count, const struct field_spec *field, struct err *err)
{
	const struct derive_maker *maker = derive_maker_find(field->maker);
	int r = field->size ? need_spec_field(count, field, err) : 0;

	for (size_t i = 0; r == 0 && i < DERIVE_MAKER_INPUTS && maker && maker->inputs[i]; i++) {
		const struct field_spec *input = find_spec(stream__spec(count->stream),
							   maker->inputs[i]);

		r = input ? need_spec_field(count, input, err)
			  : err__set(err, -ENOENT, &field->at,
				     "there is no field '%s' to make '%s'", maker->inputs[i],
				     field->name);
	}
	return r;
}

static int need_field(struct count *count, uint32_t index, struct err *err)
{
	const struct stream_spec *stream = stream__spec(count->stream);
	const struct field_spec *field = stream__field_spec(count->stream, index);
	const struct field_spec *source;

	if (!field)
		return need_who(count, err);
	if (field->maker)
		return need_made(count, field, err);
	if (!field->source)
		return need_spec_field(count, field, err);
	source = find_spec(stream, field->source);
	return source ? need_spec_field(count, source, err)
		      : err__set(err, -ENOENT, &field->at, "field '%s' shows nothing", field->name);
}

/* ---- labels ----------------------------------------------------------------------------------------- */

static bool makes_text(enum field_type type)
{
	return type != FIELD_TYPE_BYTES && type != FIELD_TYPE_STRUCT;
}

static int open_label(struct count *count, uint32_t index, struct err *err)
{
	const struct stream_spec *stream = stream__spec(count->stream);
	const struct schema *schema = stream__schema(count->stream);
	const struct label_spec *label = &count->metric->labels[index];
	const char *name;
	int field;

	if (label->constant)
		return 0;
	name = stream->fields[label->field].name;
	field = schema__find(schema, name);
	if (field < 0)
		return err__set(err, -EOPNOTSUPP, &label->at,
				"label '%s' is of field '%s', which nobody brings here",
				label->name, name);
	if (!makes_text(schema->fields[field].type) || schema->fields[field].count > 1)
		return err__set(err, -EOPNOTSUPP, &label->at,
				"label '%s' is of field '%s', which is no number and no text",
				label->name, name);
	count->fields[index] = (uint32_t)field;
	return need_field(count, (uint32_t)field, err);
}

static int open_labels(struct count *count, struct err *err)
{
	if (count->metric->label_count > ROUTE_LABELS_MAX)
		return err__set(err, -E2BIG, &count->metric->at,
				"%u labels; at most %u are possible", count->metric->label_count,
				ROUTE_LABELS_MAX);
	for (uint32_t i = 0; i < count->metric->label_count; i++) {
		int r = open_label(count, i, err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- conditions ------------------------------------------------------------------------------------- */

/* Plain numbers of a table's value, and those that types call measures, grow; all others say what the row is about. */
static bool is_measure(const struct field_spec *field)
{
	static const char *const types[] = { "gadget_bytes", "gadget_counter", "gadget_duration",
					     "gadget_gauge", "gadget_histogram" };

	if (field->is_key || field->source || field->type < FIELD_TYPE_U8 ||
	    field->type > FIELD_TYPE_F64)
		return false;
	for (size_t i = 0; field->type_name && i < array_size(types); i++)
		if (str_starts(field->type_name, types[i]))
			return true;
	return !field->type_name && field->role == FIELD_ROLE_NONE;
}

/* Under another key a row would be counted once more. */
static int check_stays(const struct count *count, uint32_t index, const struct loc *at,
		       struct err *err)
{
	const struct field_spec *field = stream__field_spec(count->stream, index);

	if (stream__spec(count->stream)->mode != STREAM_MODE_TABLE || !field || !is_measure(field))
		return 0;
	return err__set(
		err, -EOPNOTSUPP, at,
		"field '%s' changes while it is counted, so there can be no condition on it",
		field->name);
}

/* What records can be asked is asked of them; the rest is asked of the key, so the key must say it. */
static int place_filter(struct count *count, struct count_filter *filter, struct err *err)
{
	const struct schema *schema = stream__schema(count->stream);
	const struct filter_condition *conditions;
	uint32_t condition_count, i;
	bool is_whole;
	int r = 0;

	conditions = event_filter__conditions(filter->filter, &condition_count, &is_whole);
	if (count->aggregate && count->aggregate->has_layout && is_whole &&
	    count_aggregate__add_conditions(count->aggregate, schema, conditions,
					    condition_count)) {
		filter->is_asked_before = true;
		return 0;
	}
	for (i = 0; r == 0 && i < schema->field_count; i++) {
		uint32_t before = count->piece_count;

		if (!event_filter__reads(filter->filter, i))
			continue;
		r = check_stays(count, i, filter->at, err);
		if (r == 0)
			r = need_field(count, i, err);
		if (count->piece_count > before)
			count->needs_more = schema->fields[i].name;
	}
	return r;
}

/* Takes the filter. */
static int add_filter(struct count *count, struct event_filter *filter, const struct loc *at,
		      struct err *err)
{
	struct count_filter *filters = reallocarray(count->filters, count->filter_count + 1,
						    sizeof(*filters));

	if (!filters) {
		event_filter__free(filter);
		return err__set(err, -ENOMEM, NULL, "no memory for conditions");
	}
	count->filters = filters;
	filters[count->filter_count] = (struct count_filter){ .filter = filter, .at = at };
	return place_filter(count, &filters[count->filter_count++], err);
}

/* "STREAM:rest" is the rest for that stream, and NULL for all others of the config. */
static const char *text_for(const struct count_options *options, const char *text)
{
	const char *colon = strchr(text, ':');

	for (uint32_t i = 0; colon && i < options->spec->stream_count; i++) {
		const char *name = options->spec->streams[i].name;

		if (strlen(name) == (size_t)(colon - text) &&
		    strncmp(name, text, strlen(name)) == 0)
			return str_eq(stream__spec(options->stream)->name, name) ? colon + 1 : NULL;
	}
	return text;
}

typedef int (*parse_fn)(const char *text, const struct loc *at, const struct schema *schema,
			struct event_filter **ret_filter, struct err *err);

static int add_texts_of_user(struct count *count, const struct count_options *options,
			     const char *const *texts, size_t text_count, const struct loc *at,
			     parse_fn parse, struct err *err)
{
	for (size_t i = 0; i < text_count; i++) {
		const char *text = text_for(options, texts[i]);
		struct event_filter *filter;
		int r = text ? parse(text, at, stream__schema(count->stream), &filter, err) : 0;

		if (r == 0 && text)
			r = add_filter(count, filter, at, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int open_filters(struct count *count, const struct count_options *options, struct err *err)
{
	static const struct loc condition_at = { .file = "--filter" };
	static const struct loc expression_at = { .file = "--filter-expr" };
	const struct metric_spec *metric = count->metric;
	const struct record_filters *filters = options->filters;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < metric->when_count; i++) {
		struct event_filter *filter;

		r = event_filter_bind(&metric->when[i], 1, stream__schema(count->stream), &filter,
				      err);
		if (r == 0)
			r = add_filter(count, filter, &metric->when[i].at, err);
	}
	if (r == 0 && filters)
		r = add_texts_of_user(count, options, filters->conditions, filters->condition_count,
				      &condition_at, event_filter_parse, err);
	if (r == 0 && filters)
		r = add_texts_of_user(count, options, filters->expressions,
				      filters->expression_count, &expression_at,
				      event_filter_parse_expression, err);
	return r;
}

/* ---- life ------------------------------------------------------------------------------------------- */

static int open_buffers(struct count *count)
{
	const struct schema *schema = stream__schema(count->stream);

	count->key = calloc(1, count->key_size + 1);
	count->record = calloc(1, schema->size + 1);
	count->derived = new_array(struct derived_value, schema->derived_count + 1);
	return count->key && count->record && count->derived ? 0 : -ENOMEM;
}

static int open_all(struct count *count, const struct count_options *options, struct err *err)
{
	int r = open_labels(count, err);

	if (r == 0)
		r = open_filters(count, options, err);
	if (r == 0 && count->aggregate)
		r = count_aggregate__finish(count->aggregate, count, err);
	if (r == 0 && open_buffers(count) < 0)
		r = err__set(err, -ENOMEM, NULL, "no memory for metric '%s'", count->metric->name);
	return r;
}

static int make(const struct count_options *options, bool has_layout, struct count **ret_count,
		struct err *err)
{
	struct count *count = new_zero(struct count);
	int r = count ? 0 : -ENOMEM;

	if (count) {
		count->metric = options->metric;
		count->stream = options->stream;
		count->head_size = count->key_size = options->head_size;
	}
	if (r == 0 && stream__spec(options->stream)->mode == STREAM_MODE_EVENTS) {
		count->aggregate = count_aggregate__new();
		if (count->aggregate)
			count->aggregate->has_layout = has_layout;
		else
			r = -ENOMEM;
	}
	if (r < 0)
		(void)err__set(err, r, NULL, "no memory for metric '%s'", options->metric->name);
	else
		r = open_all(count, options, err);
	if (r < 0)
		count__free(count);
	else
		*ret_count = count;
	return r;
}

/* Without memory for the reason the plan says less. */
static void explain(struct count *count, const struct err *reason)
{
	char text[256];

	if (reason) {
		err__format(reason, text, sizeof(text));
		count->why_user_space = strdup(text);
	} else if (count->aggregate && count->needs_more) {
		count->why_user_space = str_printf(
			"a condition on '%s' cannot be asked in the kernel, and no label has it",
			count->needs_more);
	}
}

int count__new(const struct count_options *options, struct count **ret_count, struct err *err)
{
	bool is_of_events = stream__spec(options->stream)->mode == STREAM_MODE_EVENTS;
	struct err reason = ERR_INIT;
	int r;

	if (stream__error(options->stream))
		return err__set(err, -EOPNOTSUPP, &options->metric->at, "%s",
				stream__error(options->stream));
	r = make(options, true, ret_count, is_of_events ? &reason : err);
	if (r == 0)
		explain(*ret_count, NULL);
	if (r == 0 || !is_of_events)
		return r;
	/* What is too large for the key of a map may still be counted here. */
	r = make(options, false, ret_count, err);
	if (r == 0)
		explain(*ret_count, &reason);
	err__done(&reason);
	return r;
}

struct count *count__free(struct count *count)
{
	if (!count)
		return NULL;
	for (uint32_t i = 0; i < count->filter_count; i++)
		event_filter__free(count->filters[i].filter);
	free(count->filters);
	count_aggregate__free(count->aggregate);
	free(count->why_user_space);
	free(count->key);
	free(count->record);
	free(count->derived);
	free(count);
	return NULL;
}

void count__prepare(struct count *count)
{
	derive__prepare(count->stream->derive);
}

/* ---- keys ------------------------------------------------------------------------------------------- */

static bool is_empty(const uint8_t *bytes, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		if (bytes[i])
			return false;
	return true;
}

static void pack_piece(uint8_t *to, const uint8_t *from, const struct count_piece *piece)
{
	size_t len = piece->is_text ? strnlen((const char *)from, piece->size) : piece->size;

	memcpy(to, from, len);
	memset(to + len, 0, piece->size - len);
}

const uint8_t *count__pack(struct count *count, const uint8_t *key, const uint8_t *value,
			   uint32_t cell_count, uint32_t cell_stride)
{
	if (key)
		memcpy(count->key, key, count->head_size);
	for (uint32_t i = 0; i < count->piece_count; i++) {
		const struct count_piece *piece = &count->pieces[i];
		const uint8_t *bytes = value + piece->from - count->head_size;

		for (uint32_t cpu = 1; cpu < cell_count && is_empty(bytes, piece->size); cpu++)
			bytes += cell_stride;
		pack_piece(count->key + piece->to, bytes, piece);
	}
	return count->key;
}

static void unpack(struct count *count, const uint8_t *key)
{
	memcpy(count->record, key, count->head_size);
	for (uint32_t i = 0; i < count->piece_count; i++) {
		const struct count_piece *piece = &count->pieces[i];

		memcpy(count->record + piece->from, key + piece->to, piece->size);
	}
}

/* ---- texts ------------------------------------------------------------------------------------------ */

static void add_value(const struct value *value, struct strbuf *texts)
{
	char text[NUM_DOUBLE_MAX_LEN];

	switch (value->type) {
	case FIELD_TYPE_BOOL:
		strbuf__add_text(texts, value->u64 ? "true" : "false");
		break;
	case FIELD_TYPE_U64:
		strbuf__add_u64(texts, value->u64);
		break;
	case FIELD_TYPE_S64:
		strbuf__add(texts, text, num_format_i64(text, value->s64));
		break;
	case FIELD_TYPE_F64:
		strbuf__add(texts, text, num_format_double(text, value->f64));
		break;
	default: /* of the widest types only strings are left: count__new() has looked */
		strbuf__add(texts, value->bytes.data, value->bytes.len);
		break;
	}
}

static int add_texts(struct count *count, const struct record *record, struct strbuf *texts,
		     size_t *offsets, struct err *err)
{
	uint32_t i;

	for (i = 0; i < count->metric->label_count; i++) {
		const struct label_spec *label = &count->metric->labels[i];
		struct value value;
		int r;

		offsets[i] = texts->len;
		if (label->constant) {
			strbuf__add_text(texts, label->constant);
			continue;
		}
		r = record__get(record, count->fields[i], &value);
		if (r < 0)
			return err__set(err, r, &label->at, "label '%s' cannot be read",
					label->name);
		add_value(&value, texts);
	}
	offsets[i] = texts->len;
	return strbuf__status(texts) < 0 ? err__set(err, -ENOMEM, NULL, "no memory for label texts")
					 : 0;
}

int count__texts(struct count *count, const uint8_t *key, struct strbuf *texts, size_t *offsets,
		 struct err *err)
{
	const struct schema *schema = stream__schema(count->stream);
	struct derive *derive = count->stream->derive;
	const struct record record = {
		.schema = schema,
		.cpu = UINT32_MAX,
		.raw = count->record,
		.raw_len = schema->size,
		.deriver = derive__deriver(derive),
		.derived = count->derived,
	};
	bool is_wanted = true, is_open;
	int r = 0;

	unpack(count, key);
	derive__begin(derive);
	for (uint32_t i = 0; i < schema->derived_count; i++)
		count->derived[i].is_made = false;
	for (uint32_t i = 0; is_wanted && i < count->filter_count; i++) {
		if (count->filters[i].is_asked_before)
			continue;
		r = event_filter__match(count->filters[i].filter, &record);
		if (r < 0)
			return err__set(err, r, count->filters[i].at, "a condition cannot be told");
		is_wanted = r > 0;
	}
	strbuf__reset(texts);
	r = is_wanted ? add_texts(count, &record, texts, offsets, err) : 0;
	if (r < 0)
		return r;
	is_open = count->says_who && derive__is_open(derive, &record);
	if (!is_wanted)
		return is_open ? DECODE_SKIP_UNKNOWN : DECODE_SKIP;
	return is_open ? DECODE_UNKNOWN : DECODE_OK;
}
