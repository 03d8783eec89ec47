/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/family_text.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
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
	const struct family_text_options *options;
	struct strbuf *out;   /* borrowed */
	bool rewrites_labels; /* some label name is not plain */
	struct strbuf labels; /* the rewritten ones */
	struct line_form created;

	/* histograms; others have only `count` */
	struct line_form bucket, sum, count;
	struct strbuf bounds; /* `,le="0.5"} ` one after another, the last one for +Inf */
	size_t *bound_ends;   /* owned */
	uint32_t bound_count;
	uint64_t *cumulative; /* owned; by slot, of the series at hand */
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

static size_t put_zero(char *to, const char *zero)
{
	size_t len = strlen(zero);

	memcpy(to, zero, len);
	return len;
}

/* As client_golang's writer of the text format does: it has no negative zero. */
static size_t put_plain_number(char *to, double number)
{
	return number == 0 ? put_zero(to, "0") : num_format_double(to, number);
}

/* As its writer of OpenMetrics does, which are the canonical numbers there: a float looks like one. */
static size_t put_float(char *to, double number)
{
	size_t len = num_format_double(to, number);

	if (number == 0)
		return put_zero(to, "0.0");
	if (!isfinite(number) || memchr(to, '.', len) || memchr(to, 'e', len))
		return len;
	memcpy(to + len, ".0", 2);
	return len + 2;
}

static inline size_t put_number(char *to, double number, bool is_openmetrics)
{
	return is_openmetrics ? put_float(to, number) : put_plain_number(to, number);
}

/* Text format 0.0.4 knows floats only; in OpenMetrics all digits of an integer count. */
static inline size_t put_count(char *to, uint64_t count, bool is_openmetrics)
{
	return is_openmetrics ? num_format_u64(to, count) : num_format_u64_as_double(to, count);
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

/* Seconds since the epoch, in milliseconds. */
static size_t put_time(char *to, int64_t ns)
{
	uint64_t ms = ns > 0 ? (uint64_t)ns / NS_PER_MS : 0;
	size_t len = num_format_u64(to, ms / 1000);

	to[len++] = '.';
	to[len++] = (char)('0' + ms / 100 % 10);
	to[len++] = (char)('0' + ms / 10 % 10);
	to[len++] = (char)('0' + ms % 10);
	return len;
}

/* ` # {labels} value time`, on the line that has just been written. */
static void add_exemplar(struct family_writer *writer, uint32_t series, uint32_t line)
{
	const struct exemplar_source *source = writer->options->exemplars;
	struct strbuf *out = writer->out;
	struct exemplar exemplar;
	char *to;

	if (!source || !source->find(source->ctx, writer->family, series, line, &exemplar) ||
	    exemplar.labels_len > EXEMPLAR_LABELS_MAX_LEN)
		return;
	out->len--; /* the newline */
	strbuf__add_text(out, " # {");
	strbuf__add(out, exemplar.labels, exemplar.labels_len);
	strbuf__add_text(out, "} ");
	to = strbuf__reserve(out, 2 * NUM_DOUBLE_MAX_LEN + 2);
	if (!to)
		return;
	to += put_float(to, exemplar.value);
	if (exemplar.time_ns) {
		*to++ = ' ';
		to += put_time(to, exemplar.time_ns);
	}
	end_line(writer, to);
}

static inline void write_value(struct family_writer *writer, const struct line_form *form,
			       const struct series_view *series, bool is_openmetrics)
{
	char *to = begin_line(writer, form, series);

	if (!to)
		return;
	if (series->is_number)
		to += put_number(to, series->number, is_openmetrics);
	else
		to += put_count(to, series->count, is_openmetrics);
	end_line(writer, to);
}

static void write_created(struct family_writer *writer, const struct series_view *series)
{
	int64_t created_ns = family__created_ns(writer->family, series->series);
	char *to;

	if (!writer->options->created_name || created_ns == 0)
		return;
	to = begin_line(writer, &writer->created, series);
	if (!to)
		return;
	to += put_time(to, created_ns);
	end_line(writer, to);
}

static inline void write_bucket(struct family_writer *writer, const struct series_view *series,
				uint32_t line, uint64_t count, bool is_openmetrics)
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
	to += put_count(to, count, is_openmetrics);
	end_line(writer, to);
	if (is_openmetrics)
		add_exemplar(writer, series->series, line);
}

static inline void write_histogram(struct family_writer *writer, const struct series_view *series,
				   bool is_openmetrics)
{
	const struct bucket_layout *buckets = family__buckets(writer->family);
	struct series_view value = *series;
	uint64_t total = 0;

	for (uint32_t i = 0; i < buckets->slot_count; i++)
		writer->cumulative[i] = total += series->slots[i];
	for (uint32_t line = 0; line < buckets->line_count; line++) {
		uint32_t end = buckets->ends ? buckets->ends[line] : line + 1;

		write_bucket(writer, series, line, writer->cumulative[end - 1], is_openmetrics);
	}
	if (writer->bound_count > buckets->line_count)
		write_bucket(writer, series, buckets->line_count, total, is_openmetrics);
	if (!buckets->has_no_sum) {
		value.is_number = true;
		value.number = (double)series->slots[buckets->sum_slot] * buckets->sum_scale;
		write_value(writer, &writer->sum, &value, is_openmetrics);
	} else if (is_openmetrics) {
		return; /* there a count comes with its sum or not at all */
	}
	value.is_number = false;
	value.count = total;
	write_value(writer, &writer->count, &value, is_openmetrics);
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
		name_add(&writer->labels, name, writer->options->escaping);
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

void family_text__write_line(const char *keyword, const char *name, enum name_escaping escaping,
			     const char *text, const char *escaped, struct strbuf *out)
{
	strbuf__printf(out, "# %s ", keyword);
	name_add(out, name, escaping);
	strbuf__add_char(out, ' ');
	for (const char *at = text; *at; at++) {
		if (*at == '\n') {
			strbuf__add_text(out, "\\n");
			continue;
		}
		if (strchr(escaped, *at))
			strbuf__add_char(out, '\\');
		strbuf__add_char(out, *at);
	}
	strbuf__add_char(out, '\n');
}

static void add_bound(struct family_writer *writer, double bound)
{
	char text[NUM_DOUBLE_MAX_LEN];

	strbuf__add_text(&writer->bounds, ",le=\"");
	strbuf__add(&writer->bounds, text,
		    put_number(text, bound, writer->options->is_openmetrics));
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
	make_suffixed_form(&writer->bucket, name, "_bucket", writer->options->escaping);
	make_suffixed_form(&writer->sum, name, "_sum", writer->options->escaping);
	make_suffixed_form(&writer->count, name, "_count", writer->options->escaping);
	return strbuf__status(&writer->bounds) | strbuf__status(&writer->bucket.open) |
	       strbuf__status(&writer->sum.bare) | strbuf__status(&writer->count.bare) |
	       strbuf__status(&writer->created.bare);
}

static int prepare_value(struct family_writer *writer)
{
	make_form(&writer->count, family__name(writer->family), writer->options->escaping);
	return strbuf__status(&writer->count.open) | strbuf__status(&writer->count.bare) |
	       strbuf__status(&writer->created.bare);
}

static void writer_done(struct family_writer *writer)
{
	form_done(&writer->bucket);
	form_done(&writer->sum);
	form_done(&writer->count);
	form_done(&writer->created);
	strbuf__done(&writer->labels);
	strbuf__done(&writer->bounds);
	free(writer->bound_ends);
	free(writer->cumulative);
}

/* The format is a constant here, so that it is not asked for again with every line. */
static inline __attribute__((always_inline)) void write_all_series(struct family_writer *writer,
								   bool is_openmetrics)
{
	bool is_histogram = family__kind(writer->family) == FAMILY_KIND_HISTOGRAM;
	struct family_cursor cursor = { 0 };
	struct series_view series;

	while (family__next(writer->family, &cursor, &series)) {
		if (writer->rewrites_labels)
			rewrite_labels(writer, &series);
		if (is_histogram) {
			write_histogram(writer, &series, is_openmetrics);
		} else {
			write_value(writer, &writer->count, &series, is_openmetrics);
			if (is_openmetrics)
				add_exemplar(writer, series.series, 0);
		}
		if (is_openmetrics)
			write_created(writer, &series);
	}
}

static int prepare(struct family_writer *writer)
{
	const struct family_text_options *options = writer->options;

	if (options->created_name)
		make_form(&writer->created, options->created_name, options->escaping);
	if (family__kind(writer->family) == FAMILY_KIND_HISTOGRAM)
		return prepare_histogram(writer);
	return prepare_value(writer);
}

void family_text__write_series(const struct family *family,
			       const struct family_text_options *options, struct strbuf *out)
{
	struct family_writer writer = {
		.family = family,
		.options = options,
		.out = out,
		.rewrites_labels = has_odd_label(family),
	};

	if (prepare(&writer) < 0)
		out->has_failed = true;
	else if (options->is_openmetrics)
		write_all_series(&writer, true);
	else
		write_all_series(&writer, false);
	writer_done(&writer);
}
