/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "filter/condition.h"
#include "filter/field_name.h"

#define MAX_SHOWN 64

struct order_field {
	uint32_t index;
	bool is_falling;
};

/* A row, and where it stood: so that a sort that is not stable becomes one. */
struct row {
	struct record record;
	size_t place;
	struct value
		values[]; /* order->field_count of them; what cannot be read is BYTES of length 0 */
};

struct order {
	struct order_field fields[ORDER_MAX_FIELDS];
	uint32_t field_count;
	struct row **rows; /* owned; into memory */
	char *memory;      /* owned; of the rows themselves */
	size_t capacity;   /* of both, in rows */
};

/* ---- texts for several streams -------------------------------------------------------------- */

/* What one stream, or all of them, is told. */
struct part {
	const char *text; /* behind the name */
	size_t len;
	const char *stream; /* NULL: all */
	size_t stream_len;
	struct loc at;        /* of the text */
	struct loc stream_at; /* of the name */
};

/* The next part; false at the end. */
static bool next_part(const char *whole, const struct loc *at, char separator, size_t *position,
		      struct part *ret_part)
{
	const char separators[] = { separator, '\0' };
	struct part part = { .text = whole + *position, .at = loc_behind(at, *position) };
	const char *colon;

	if (*position > strlen(whole))
		return false;
	part.len = strcspn(part.text, separators);
	*position += part.len + 1;
	colon = memchr(part.text, ':', part.len);
	part.stream_at = part.at;
	if (colon) {
		part.stream = part.text;
		part.stream_len = (size_t)(colon - part.text);
		part.text = colon + 1;
		part.len -= part.stream_len + 1;
		part.at = loc_behind(&part.at, part.stream_len + 1);
	}
	*ret_part = part;
	return true;
}

static bool is_for(const struct part *part, const char *stream)
{
	return !part->stream || (strlen(stream) == part->stream_len &&
				 memcmp(stream, part->stream, part->stream_len) == 0);
}

static int unknown_stream(const struct part *part, const char *const *streams, size_t count,
			  struct err *err)
{
	char name[MAX_SHOWN + 1];
	size_t len = part->stream_len < MAX_SHOWN ? part->stream_len : MAX_SHOWN;
	const char *nearest;

	memcpy(name, part->stream, len);
	name[len] = '\0';
	nearest = str_nearest(name, streams, count);
	return err__set(err, -EINVAL, &part->stream_at,
			"there is no data source '%s'; did you mean '%s'?", name,
			nearest     ? nearest
			: count > 0 ? streams[0]
				    : "none");
}

int order_check_streams(const char *text, const struct loc *at, char separator,
			const char *const *streams, size_t count, struct err *err)
{
	struct part part;
	size_t position = 0;

	while (next_part(text, at, separator, &position, &part)) {
		bool is_known = false;

		for (size_t i = 0; i < count && !is_known; i++)
			is_known = is_for(&part, streams[i]);
		if (!is_known && part.stream)
			return unknown_stream(&part, streams, count, err);
	}
	return 0;
}

/* ---- orders --------------------------------------------------------------------------------- */

static int add_field(struct order *order, const struct schema *schema, const char *name, size_t len,
		     const struct loc *at, struct err *err)
{
	bool is_falling = len > 0 && *name == '-';
	struct loc name_at = loc_behind(at, is_falling);
	uint32_t index;
	int r;

	if (order->field_count == ORDER_MAX_FIELDS)
		return err__set(err, -EINVAL, at, "more than %u fields to sort by",
				ORDER_MAX_FIELDS);
	r = field_name_find(schema, name + is_falling, len - is_falling, FIELD_CASE_EXACT, &name_at,
			    &index, err);
	if (r < 0)
		return r;
	if (field_widest_type(&schema->fields[index]) == FIELD_TYPE_BYTES)
		return field_refuse_bytes(schema, index, &name_at, err);
	order->fields[order->field_count++] = (struct order_field){ index, is_falling };
	return 0;
}

static int add_fields(struct order *order, const struct schema *schema, const struct part *part,
		      struct err *err)
{
	for (size_t from = 0; from <= part->len;) {
		const char *comma = memchr(part->text + from, ',', part->len - from);
		size_t len = comma ? (size_t)(comma - part->text) - from : part->len - from;
		struct loc at = loc_behind(&part->at, from);
		int r = add_field(order, schema, part->text + from, len, &at, err);

		if (r < 0)
			return r;
		from += len + 1;
	}
	return 0;
}

int order_parse(const char *text, const struct loc *at, const char *stream,
		const struct schema *schema, struct order **ret_order, struct err *err)
{
	struct order *order = new_zero(struct order);
	struct part part;
	size_t position = 0;
	int r = 0;

	if (!order)
		return err__set(err, -ENOMEM, at, "no memory for an order");
	while (r == 0 && *text && next_part(text, at, ';', &position, &part))
		if (is_for(&part, stream))
			r = add_fields(order, schema, &part, err);
	if (r < 0 || order->field_count == 0)
		order = order__free(order);
	if (r == 0)
		*ret_order = order;
	return r;
}

struct order *order__free(struct order *order)
{
	if (order) {
		free(order->rows);
		free(order->memory);
	}
	free(order);
	return NULL;
}

/* ---- sorting -------------------------------------------------------------------------------- */

static size_t row_size(const struct order *order)
{
	return sizeof(struct row) + order->field_count * sizeof(struct value);
}

static int make_room(struct order *order, size_t count)
{
	size_t bytes;

	if (count <= order->capacity)
		return 0;
	if (num_mul_size(count, row_size(order), &bytes))
		return -ENOMEM;
	order->capacity = 0;
	free(order->rows);
	free(order->memory);
	order->rows = new_array(struct row *, count);
	order->memory = malloc(bytes);
	if (!order->rows || !order->memory)
		return -ENOMEM;
	order->capacity = count;
	return 0;
}

/* Fields are read once for each row, not for each comparison: derived ones may cost. */
static void read_row(const struct order *order, const struct record *record, size_t place,
		     struct row *row)
{
	row->record = *record;
	row->place = place;
	for (uint32_t i = 0; i < order->field_count; i++)
		if (record__get(record, order->fields[i].index, &row->values[i]) < 0)
			row->values[i] = (struct value){ .type = FIELD_TYPE_BYTES };
}

static int compare_values(const struct value *a, const struct value *b)
{
	int order = value_compare(a, b);

	if (order != 2)
		return order;
	/* One could not be read, or is no number. */
	if (a->type != b->type)
		return a->type == FIELD_TYPE_BYTES ? -1 : 1;
	return a->f64 == a->f64 ? 1 : b->f64 == b->f64 ? -1 : 0;
}

static int compare_rows(const void *a, const void *b, void *ctx)
{
	const struct row *left = *(struct row *const *)a, *right = *(struct row *const *)b;
	const struct order *order = ctx;

	for (uint32_t i = 0; i < order->field_count; i++) {
		int r = compare_values(&left->values[i], &right->values[i]);

		if (r != 0)
			return order->fields[i].is_falling ? -r : r;
	}
	return left->place < right->place ? -1 : left->place > right->place;
}

int order__sort(struct order *order, struct record *records, size_t count)
{
	size_t size = row_size(order);

	if (count < 2)
		return 0;
	if (make_room(order, count) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		order->rows[i] = (struct row *)(void *)(order->memory + i * size);
		read_row(order, &records[i], i, order->rows[i]);
	}
	qsort_r(order->rows, count, sizeof(*order->rows), compare_rows, order);
	for (size_t i = 0; i < count; i++)
		records[i] = order->rows[i]->record;
	return 0;
}

/* ---- limits --------------------------------------------------------------------------------- */

int max_entries_parse(const char *text, const struct loc *at, const char *stream,
		      uint64_t *ret_limit, struct err *err)
{
	uint64_t limit = ORDER_NO_LIMIT;
	struct part part;
	size_t position = 0;

	while (*text && next_part(text, at, ',', &position, &part)) {
		int64_t number;

		if (num_parse_i64(part.text, part.len, &number) < 0 || number < -1)
			return err__set(err, -EINVAL, &part.at,
					"'%.*s' is no number of entries; write 10, source:10, or "
					"-1 for all",
					part.len > MAX_SHOWN ? MAX_SHOWN : (int)part.len,
					part.text);
		if (is_for(&part, stream))
			limit = number < 0 ? ORDER_NO_LIMIT : (uint64_t)number;
	}
	*ret_limit = limit;
	return 0;
}
