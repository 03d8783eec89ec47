/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/prometheus.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"

/* How the lines of one name begin. */
struct line_form {
	struct strbuf open; /* before labels: `name{`, or `{"na.me",` */
	struct strbuf bare; /* without labels: `name `, or `{"na.me"} ` */
};

/* The texts that all series of a family share, made once per family. */
struct family_writer {
	const struct family *family;
	struct strbuf *out; /* borrowed */
	enum name_escaping escaping;
	bool rewrites_labels; /* some label name is not plain */
	struct strbuf labels; /* the rewritten ones */

	/* histograms */
	struct line_form bucket, sum, count;
	struct strbuf bounds; /* `,le="0.5"} ` one after another, the last one for +Inf */
	size_t *bound_ends;   /* owned */
	uint32_t bound_count;
	uint64_t *cumulative; /* owned; by slot, of the series at hand */
};

static const char *const kind_words[] = {
	[FAMILY_KIND_COUNTER] = "counter",
	[FAMILY_KIND_GAUGE] = "gauge",
	[FAMILY_KIND_HISTOGRAM] = "histogram",
};

/* ---- names and numbers ----------------------------------------------------------------------- */

static void make_form(struct line_form *form, const char *name, enum name_escaping escaping)
{
	bool is_quoted = escaping == NAME_ESCAPING_ALLOW_UTF8 && !name_is_plain(name);

	strbuf__add_text(&form->open, is_quoted ? "{" : "");
	name_add(&form->open, name, escaping);
	strbuf__add(&form->bare, form->open.data, form->open.len);
	strbuf__add_text(&form->open, is_quoted ? "," : "{");
	strbuf__add_text(&form->bare, is_quoted ? "} " : " ");
}

static void form_done(struct line_form *form)
{
	strbuf__done(&form->open);
	strbuf__done(&form->bare);
}

/* The suffix belongs to the name, so it is inside the quotes, but outside of what a scheme
 * escapes. */
static void make_suffixed_form(struct line_form *form, const char *name, const char *suffix,
			       enum name_escaping escaping)
{
	struct strbuf whole = STRBUF_INIT;

	if (escaping == NAME_ESCAPING_ALLOW_UTF8)
		strbuf__add_text(&whole, name);
	else
		name_add(&whole, name, escaping);
	strbuf__add_text(&whole, suffix);
	make_form(form, strbuf__text(&whole), escaping);
	strbuf__done(&whole);
}

static size_t put_number(char *to, double number)
{
	if (number == 0) { /* Go's writer has no negative zero */
		*to = '0';
		return 1;
	}
	return num_format_double(to, number);
}

/* ---- lines ----------------------------------------------------------------------------------- */

static inline char *put(char *to, const void *bytes, size_t len)
{
	memcpy(to, bytes, len);
	return to + len;
}

/* Everything up to the number, and room for that. NULL without memory. */
static inline char *begin_line(struct family_writer *writer, const struct line_form *form,
			       const struct series_view *series)
{
	char *to = strbuf__reserve(writer->out, form->open.len + form->bare.len +
							series->labels_len + 2 +
							NUM_DOUBLE_MAX_LEN + 1);

	if (!to)
		return NULL;
	if (series->labels_len == 0)
		return put(to, form->bare.data, form->bare.len);
	to = put(to, form->open.data, form->open.len);
	to = put(to, series->labels, series->labels_len);
	return put(to, "} ", 2);
}

static inline void end_line(struct family_writer *writer, char *to)
{
	*to++ = '\n';
	writer->out->len = (size_t)(to - writer->out->data);
}

static void write_value(struct family_writer *writer, const struct line_form *form,
			const struct series_view *series)
{
	char *to = begin_line(writer, form, series);

	if (!to)
		return;
	if (series->is_number)
		to += put_number(to, series->number);
	else
		to += num_format_u64_as_double(to, series->count);
	end_line(writer, to);
}

static void write_bucket(struct family_writer *writer, const struct series_view *series,
			 uint32_t line, uint64_t count)
{
	const struct strbuf *open = &writer->bucket.open;
	size_t start = line ? writer->bound_ends[line - 1] : 0;
	size_t len = writer->bound_ends[line] - start;
	const char *bound = writer->bounds.data + start;
	char *to = strbuf__reserve(writer->out,
				   open->len + series->labels_len + len + NUM_DOUBLE_MAX_LEN + 1);

	if (!to)
		return;
	to = put(to, open->data, open->len);
	to = put(to, series->labels, series->labels_len);
	if (series->labels_len == 0) { /* no comma before the only label */
		bound++;
		len--;
	}
	to = put(to, bound, len);
	to += num_format_u64_as_double(to, count);
	end_line(writer, to);
}

static void write_histogram(struct family_writer *writer, const struct series_view *series)
{
	const struct bucket_layout *buckets = family__buckets(writer->family);
	struct series_view value = *series;
	uint64_t total = 0;

	for (uint32_t i = 0; i < buckets->slot_count; i++)
		writer->cumulative[i] = total += series->slots[i];
	for (uint32_t line = 0; line < buckets->line_count; line++) {
		uint32_t end = buckets->ends ? buckets->ends[line] : line + 1;

		write_bucket(writer, series, line, writer->cumulative[end - 1]);
	}
	if (writer->bound_count > buckets->line_count)
		write_bucket(writer, series, buckets->line_count, total);
	value.is_number = true;
	value.number = (double)series->slots[buckets->sum_slot] * buckets->sum_scale;
	write_value(writer, &writer->sum, &value);
	value.is_number = false;
	value.count = total;
	write_value(writer, &writer->count, &value);
}

/* ---- labels with other names ----------------------------------------------------------------- */

static bool has_odd_label(const struct family *family)
{
	for (uint32_t i = 0; i < family__label_count(family); i++) {
		if (!name_is_plain(family__label_name(family, i)))
			return true;
	}
	return false;
}

/* Length of an escaped value up to its closing quote. */
static size_t value_len(const char *text)
{
	size_t len = 0;

	while (text[len] != '"')
		len += text[len] == '\\' ? 2 : 1;
	return len;
}

/* The family's texts hold names as they are; here they get the form that was asked for. */
static void rewrite_labels(struct family_writer *writer, struct series_view *series)
{
	const char *from = series->labels;

	strbuf__reset(&writer->labels);
	for (uint32_t i = 0; i < family__label_count(writer->family); i++) {
		const char *name = family__label_name(writer->family, i);
		size_t len;

		from += (i ? strlen(",") : 0) + strlen(name) + strlen("=\"");
		len = value_len(from);
		strbuf__add_text(&writer->labels, i ? "," : "");
		name_add(&writer->labels, name, writer->escaping);
		strbuf__add_text(&writer->labels, "=\"");
		strbuf__add(&writer->labels, from, len + 1);
		from += len + 1;
	}
	series->labels = writer->labels.data;
	series->labels_len = writer->labels.len;
	if (strbuf__status(&writer->labels) < 0)
		writer->out->has_failed = true;
}

/* ---- families -------------------------------------------------------------------------------- */

static void write_header(const struct family *family, enum name_escaping escaping,
			 struct strbuf *out)
{
	strbuf__add_text(out, "# HELP ");
	name_add(out, family__name(family), escaping);
	strbuf__add_char(out, ' ');
	for (const char *at = family__help(family); *at; at++) {
		if (*at == '\\')
			strbuf__add_text(out, "\\\\");
		else if (*at == '\n')
			strbuf__add_text(out, "\\n");
		else
			strbuf__add_char(out, *at);
	}
	strbuf__add_text(out, "\n# TYPE ");
	name_add(out, family__name(family), escaping);
	strbuf__add_char(out, ' ');
	strbuf__add_text(out, kind_words[family__kind(family)]);
	strbuf__add_char(out, '\n');
}

static void add_bound(struct family_writer *writer, double bound)
{
	char text[NUM_DOUBLE_MAX_LEN];

	strbuf__add_text(&writer->bounds, ",le=\"");
	strbuf__add(&writer->bounds, text, put_number(text, bound));
	strbuf__add_text(&writer->bounds, "\"} ");
	writer->bound_ends[writer->bound_count++] = writer->bounds.len;
}

static int prepare_histogram(struct family_writer *writer)
{
	const struct bucket_layout *buckets = family__buckets(writer->family);
	uint32_t lines = buckets->line_count;
	const char *name = family__name(writer->family);

	writer->bound_ends = new_array(size_t, (size_t)lines + 1);
	writer->cumulative = new_array(uint64_t, (size_t)buckets->slot_count + 1);
	if (!writer->bound_ends || !writer->cumulative)
		return -1;
	for (uint32_t i = 0; i < lines; i++)
		add_bound(writer, buckets->bounds[i]);
	if (lines == 0 || buckets->bounds[lines - 1] != INFINITY)
		add_bound(writer, INFINITY);
	make_suffixed_form(&writer->bucket, name, "_bucket", writer->escaping);
	make_suffixed_form(&writer->sum, name, "_sum", writer->escaping);
	make_suffixed_form(&writer->count, name, "_count", writer->escaping);
	return strbuf__status(&writer->bounds) | strbuf__status(&writer->bucket.open) |
	       strbuf__status(&writer->sum.bare) | strbuf__status(&writer->count.bare);
}

static int prepare_value(struct family_writer *writer)
{
	make_form(&writer->count, family__name(writer->family), writer->escaping);
	return strbuf__status(&writer->count.open) | strbuf__status(&writer->count.bare);
}

static void writer_done(struct family_writer *writer)
{
	form_done(&writer->bucket);
	form_done(&writer->sum);
	form_done(&writer->count);
	strbuf__done(&writer->labels);
	strbuf__done(&writer->bounds);
	free(writer->bound_ends);
	free(writer->cumulative);
}

static void write_all_series(struct family_writer *writer)
{
	bool is_histogram = family__kind(writer->family) == FAMILY_KIND_HISTOGRAM;
	struct family_cursor cursor = { 0 };
	struct series_view series;

	while (family__next(writer->family, &cursor, &series)) {
		if (writer->rewrites_labels)
			rewrite_labels(writer, &series);
		if (is_histogram)
			write_histogram(writer, &series);
		else
			write_value(writer, &writer->count, &series);
	}
}

void prometheus__write_family(const struct family *family, enum name_escaping escaping,
			      struct strbuf *out)
{
	struct family_writer writer = {
		.family = family,
		.out = out,
		.escaping = escaping,
		.rewrites_labels = has_odd_label(family),
	};
	int r;

	write_header(family, escaping, out);
	r = family__kind(family) == FAMILY_KIND_HISTOGRAM ? prepare_histogram(&writer)
							  : prepare_value(&writer);
	if (r == 0)
		write_all_series(&writer);
	else
		out->has_failed = true;
	writer_done(&writer);
}

void prometheus__write(const struct registry *registry, enum name_escaping escaping,
		       struct strbuf *out)
{
	const struct family *family;
	size_t cursor = 0;

	while ((family = registry__next(registry, &cursor))) {
		if (family__shown_count(family) > 0)
			prometheus__write_family(family, escaping, out);
	}
}
