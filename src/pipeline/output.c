/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"
#include "config/spec.h"
#include "filter/event_filter.h"
#include "filter/order.h"
#include "pipeline/agent.h"
#include "pipeline/output_histogram.h"
#include "pipeline/output_style.h"
#include "pipeline/output_writer.h"
#include "pipeline/stream.h"

#define CLEAR_SCREEN "\033[H\033[2J"

struct output_filters { /* VEC() with a name */
	struct event_filter **items;
	size_t len, capacity;
};

/* One stream on its way out. */
struct output_stream {
	struct output *output;
	struct stream *stream;
	uint32_t index;                     /* of the sink's streams */
	struct output_filters filters;      /* owned; all have to hold */
	struct order *order;                /* owned; NULL: as they come */
	struct output_histogram *histogram; /* owned; NULL: it is no drawing */
	uint64_t max_entries;
	struct record *kept; /* owned; of a batch */
	size_t kept_capacity;
	uint64_t undecided; /* records of which a filter could not tell */
};

struct output {
	struct output_options options;
	struct arena arena;
	struct output_stream *streams; /* arena */
	uint32_t stream_count;
	struct event_stream *event_streams; /* arena */
	struct event_sink *sink;            /* owned */
	struct output_writer *writer;       /* owned */
	bool is_held;
	uint64_t missed; /* records that a port had no room for and was not told of */
};

/* ---- records ------------------------------------------------------------------------------------------- */

static bool is_wanted(struct output_stream *stream, const struct record *record)
{
	vec_for_each(&stream->filters, filter) {
		int r = event_filter__match(*filter, record);

		if (r < 0)
			stream->undecided++;
		if (r <= 0)
			return false;
	}
	return true;
}

static void hold(struct output *output, bool is_held)
{
	if (output->is_held == is_held || output->options.port)
		return;
	output->is_held = is_held;
	for (uint32_t i = 0; i < output->stream_count; i++)
		stream__hold(output->streams[i].stream, is_held);
}

static void write_records(struct output_stream *stream, const struct record *records, size_t count)
{
	struct output *output = stream->output;

	if (output->options.port && output_writer__is_full(output->writer))
		output_writer__flush(output->writer);
	if (output->options.port && output_writer__is_full(output->writer)) {
		output->missed += count;
		return;
	}
	/* Without memory for their text they are lost, which the sink's status tells. */
	if (event_sink__write(output->sink, stream->index, records, count,
			      output_writer__buffer(output->writer)) < 0)
		stream->undecided += count;
	if (output_writer__is_full(output->writer)) {
		output_writer__flush(output->writer);
		hold(output, output_writer__is_full(output->writer));
	}
}

static void draw(struct output_stream *stream, const struct record *records, size_t count)
{
	struct output *output = stream->output;
	struct strbuf *out = output_writer__buffer(output->writer);

	if (output_histogram__add(stream->histogram, records, count) < 0)
		stream->undecided += count;
	if (output->options.is_terminal)
		strbuf__add_text(out, CLEAR_SCREEN);
	output_histogram__draw(stream->histogram, output->options.columns,
			       output->options.is_colored, out);
}

static int keep(struct output_stream *stream, const struct record *records, size_t count,
		size_t *ret_kept)
{
	size_t kept = 0;

	if (count > stream->kept_capacity) {
		struct record *grown = reallocarray(stream->kept, count, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		stream->kept = grown;
		stream->kept_capacity = count;
	}
	for (size_t i = 0; i < count; i++)
		if (is_wanted(stream, &records[i]))
			stream->kept[kept++] = records[i];
	*ret_kept = kept;
	return 0;
}

static void take_batch(struct output_stream *stream, const struct record *records, size_t count)
{
	size_t kept;
	int r = keep(stream, records, count, &kept);

	if (r == 0 && stream->order)
		r = order__sort(stream->order, stream->kept, kept);
	if (r < 0) {
		stream->undecided += count;
		return;
	}
	if (kept > stream->max_entries)
		kept = (size_t)stream->max_entries;
	if (stream->histogram)
		draw(stream, stream->kept, kept);
	else
		write_records(stream, stream->kept, kept);
}

static void take_records(void *ctx, const struct record *records, size_t count, bool is_batch)
{
	struct output_stream *stream = ctx;

	if (is_batch) {
		take_batch(stream, records, count);
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (is_wanted(stream, &records[i])) /* STAGE_FILTER */
			write_records(stream, &records[i], 1);
}

static void take_end(void *ctx)
{
	struct output_stream *stream = ctx;

	struct output *output = stream->output;

	output_writer__flush(output->writer);
	if (output->missed > 0 && !output_writer__is_full(output->writer)) {
		output->options.port->missed(output->options.port->ctx, output->missed);
		output->missed = 0;
	}
	hold(output, output_writer__is_full(output->writer));
}

static void take_gone(void *ctx)
{
	struct output_stream *stream = ctx;
	struct output *output = stream->output;

	stream->stream = NULL;
	if (output->options.closed)
		output->options.closed(output->options.ctx, 0 /* no error */);
}

/* The reader took something, or has gone. */
static void take_room(void *ctx)
{
	struct output *output = ctx;

	hold(output, output_writer__is_full(output->writer));
}

/* ---- making one ---------------------------------------------------------------------------------------- */

/* "STREAM:text" is for that stream alone, when there is one of that name. NULL: for another one. */
static const char *text_for(const struct output *output, const struct output_stream *stream,
			    const char *text)
{
	const char *colon = strchr(text, ':');

	for (uint32_t i = 0; colon && i < output->stream_count; i++) {
		const char *name = stream__spec(output->streams[i].stream)->name;

		if (strlen(name) != (size_t)(colon - text) ||
		    memcmp(name, text, (size_t)(colon - text)) != 0)
			continue;
		return str_eq(stream__spec(stream->stream)->name, name) ? colon + 1 : NULL;
	}
	return text;
}

typedef int (*parse_fn)(const char *text, const struct loc *at, const struct schema *schema,
			struct event_filter **ret_filter, struct err *err);

static int add_filters(struct output *output, struct output_stream *stream,
		       const struct output_texts *texts, const char *flag, parse_fn parse,
		       struct err *err)
{
	const struct loc at = { .file = flag };

	for (size_t i = 0; i < texts->count; i++) {
		const char *text = text_for(output, stream, texts->items[i]);
		struct event_filter *filter;
		int r = text ? parse(text, &at, stream__schema(stream->stream), &filter, err) : 0;

		if (r < 0)
			return r;
		if (text && vec_push(&stream->filters, filter) < 0) {
			event_filter__free(filter);
			return err__set(err, -ENOMEM, NULL, "no memory for filters");
		}
	}
	return 0;
}

static bool is_live_table(const struct output *output, const struct stream *stream)
{
	const struct stream_spec *spec = stream__spec(stream);

	return output->options.is_terminal &&
	       output_note_is_true(spec->notes, spec->note_count, "cli.clear-screen-before");
}

/* As asked for; of a live table the top has to be at the top in any case. */
static const char *order_of(struct output *output, const struct stream *stream)
{
	if (output->options.order || !is_live_table(output, stream))
		return output->options.order;
	return output_default_order(stream, &output->arena);
}

static int bind_stream(struct output *output, struct output_stream *stream, struct err *err)
{
	const struct output_options *options = &output->options;
	const struct schema *schema = stream__schema(stream->stream);
	const char *name = schema->name;
	const char *order = order_of(output, stream->stream);
	const struct loc order_at = { .file = "--sort" }, limit_at = { .file = "--max-entries" };
	int r = add_filters(output, stream, &options->filters, "--filter", event_filter_parse, err);

	stream->max_entries = ORDER_NO_LIMIT;
	if (r == 0)
		r = add_filters(output, stream, &options->expressions, "--filter-expr",
				event_filter_parse_expression, err);
	if (r == 0 && order && stream__is_batch(stream->stream))
		r = order_parse(order, &order_at, name, schema, &stream->order, err);
	if (r == 0 && options->max_entries && stream__is_batch(stream->stream))
		r = max_entries_parse(options->max_entries, &limit_at, name, &stream->max_entries,
				      err);
	return r;
}

static int check_names(const struct output *output, struct err *err)
{
	const struct loc order_at = { .file = "--sort" }, limit_at = { .file = "--max-entries" };
	const struct output_options *options = &output->options;
	__cleanup(x_freep) const char **names = new_array(const char *, output->stream_count + 1);
	size_t count = 0;
	int r = 0;

	if (!names)
		return err__set(err, -ENOMEM, NULL, "no memory for the names of data sources");
	for (uint32_t i = 0; i < output->stream_count; i++)
		if (stream__is_batch(output->streams[i].stream))
			names[count++] = stream__spec(output->streams[i].stream)->name;
	if (count == 0 && (options->order || options->max_entries))
		return err__set(
			err, -EINVAL, NULL,
			"%s is for rows that come all at once; these data sources are events",
			options->order ? "--sort" : "--max-entries");
	if (options->order)
		r = order_check_streams(options->order, &order_at, ';', names, count, err);
	if (r == 0 && options->max_entries)
		r = order_check_streams(options->max_entries, &limit_at, ',', names, count, err);
	return r;
}

static bool is_shown(const struct output *output, uint32_t config, const struct stream *stream)
{
	const uint32_t *only = output->options.config;

	return stream && !stream__error(stream) && (!only || *only == config);
}

static int list_streams(struct output *output, struct err *err)
{
	struct agent *agent = output->options.agent;
	uint32_t most = 0;

	for (uint32_t config = 0; config < agent__config_count(agent); config++)
		most += agent__stream_count(agent, config);
	output->streams = arena_array(&output->arena, struct output_stream, (size_t)most + 1);
	output->event_streams = arena_array(&output->arena, struct event_stream, (size_t)most + 1);
	if (!output->streams || !output->event_streams)
		return err__set(err, -ENOMEM, NULL, "no memory for data sources");
	for (uint32_t config = 0; config < agent__config_count(agent); config++) {
		for (uint32_t i = 0; i < agent__stream_count(agent, config); i++) {
			struct stream *stream = agent__stream(agent, config, i);
			uint32_t index = output->stream_count;

			if (!is_shown(output, config, stream))
				continue;
			output->streams[index] = (struct output_stream){ .output = output,
									 .stream = stream,
									 .index = index };
			output->stream_count++;
		}
	}
	if (output->stream_count == 0)
		return err__set(err, -ENOENT, NULL, "there is nothing to show");
	return 0;
}

static int describe_streams(struct output *output, struct err *err)
{
	for (uint32_t i = 0; i < output->stream_count; i++) {
		const struct stream *stream = output->streams[i].stream;
		const struct stream_spec *spec = stream__spec(stream);
		const struct column_style *styles = output_styles(stream, output->options.has_pods,
								  &output->arena);

		if (!styles)
			return err__set(err, -ENOMEM, NULL, "no memory for columns");
		output->event_streams[i] = (struct event_stream){
			.name = spec->name,
			.schema = stream__schema(stream),
			.styles = styles,
			.is_batch = stream__is_batch(stream),
			.clears_screen = is_live_table(output, stream),
		};
	}
	return 0;
}

/* One stream alone may say how it is best shown. */
static enum event_format choose_format(const struct output *output)
{
	const struct stream_spec *spec = stream__spec(output->streams[0].stream);
	const char *name = output_note(spec->notes, spec->note_count, "cli.default-output-mode");
	enum event_format format;

	if (output->options.has_format || output->stream_count != 1 || !name)
		return output->options.format;
	format = event_format_find(name);
	return format == EVENT_FORMAT_COUNT ? output->options.format : format;
}

static int make_sink(struct output *output, struct err *err)
{
	const struct output_options *options = &output->options;
	const struct event_sink_options sink = {
		.streams = output->event_streams,
		.stream_count = output->stream_count,
		.fields = options->fields,
		.columns = options->columns,
		.rows = options->rows,
		.is_colored = options->is_colored,
		.names_streams = output->stream_count > 1,
	};

	enum event_format format = choose_format(output);
	int r = event_sink__new(format, &sink, &output->sink, err);

	/* Columns are for people, who see more in a drawing. */
	for (uint32_t i = 0; r == 0 && format == EVENT_FORMAT_COLUMNS && i < output->stream_count;
	     i++)
		r = output_histogram__new(output->streams[i].stream, &output->streams[i].histogram,
					  err);
	return r;
}

/* ---- between two sets of streams ---- */

static void pass_by(void *ctx, const struct record *records, size_t count, bool is_batch)
{
	(void)ctx;
	(void)records;
	(void)count;
	(void)is_batch;
}

/* A stream that nobody listens to is closed, and what comes until somebody does again would not be shown. */
static void wait_at(struct output *output, struct stream *stream)
{
	const struct stream_subscriber subscriber = { .records = pass_by, .ctx = output };

	(void)stream__subscribe(stream, &subscriber, NULL /* then it is closed for a moment */);
}

static void stop_waiting(struct output *output)
{
	struct agent *agent = output->options.agent;

	for (uint32_t config = 0; config < agent__config_count(agent); config++)
		for (uint32_t i = 0; i < agent__stream_count(agent, config); i++) {
			struct stream *stream = agent__stream(agent, config, i);

			if (stream)
				stream__unsubscribe(stream, output);
		}
}

static int subscribe(struct output *output, struct err *err)
{
	for (uint32_t i = 0; i < output->stream_count; i++) {
		const struct stream_subscriber subscriber = { .records = take_records,
							      .drained = take_end,
							      .gone = take_gone,
							      .ctx = &output->streams[i] };
		int r = stream__subscribe(output->streams[i].stream, &subscriber, err);

		if (r < 0)
			return r;
	}
	return 0;
}

int output__take_up(struct output *output, struct err *err)
{
	int r = list_streams(output, err);

	if (r == 0)
		r = check_names(output, err);
	for (uint32_t i = 0; r == 0 && i < output->stream_count; i++)
		r = bind_stream(output, &output->streams[i], err);
	if (r == 0)
		r = describe_streams(output, err);
	if (r == 0)
		r = make_sink(output, err);
	if (r == 0)
		r = subscribe(output, err);
	stop_waiting(output);
	return r;
}

static int make(struct output *output, struct err *err)
{
	const struct output_writer_options writer = {
		.loop = output->options.loop,
		.fd = output->options.fd,
		.port = output->options.port,
		.room = take_room,
		.ctx = output,
		.closed = output->options.closed,
		.closed_ctx = output->options.ctx,
	};
	int r = output_writer__new(&writer, &output->writer, err);

	return r == 0 ? output__take_up(output, err) : r;
}

int output__new(const struct output_options *options, struct output **ret_output, struct err *err)
{
	struct output *output = new_zero(struct output);
	int r;

	if (!output)
		return err__set(err, -ENOMEM, NULL, "no memory for the output");
	output->options = *options;
	r = make(output, err);
	if (r < 0) {
		output__free(output);
		return r;
	}
	*ret_output = output;
	return 0;
}

void output__begin(struct output *output)
{
	/* Without memory for it there is no header; records say the rest. */
	(void)event_sink__begin(output->sink, output_writer__buffer(output->writer));
	output_writer__flush(output->writer);
}

static void release_stream(struct output_stream *stream)
{
	if (stream->stream) /* it may have ended with its config */
		stream__unsubscribe(stream->stream, stream);
	vec_for_each(&stream->filters, filter)
		event_filter__free(*filter);
	vec_done(&stream->filters);
	order__free(stream->order);
	output_histogram__free(stream->histogram);
	free(stream->kept);
}

void output__let_go(struct output *output)
{
	hold(output, false);
	for (uint32_t i = 0; i < output->stream_count; i++) {
		struct stream *stream = output->streams[i].stream;

		/* What is in a ring is of now; rows of tables are not due. */
		if (stream && !stream__is_batch(stream))
			(void)stream__read(stream, NULL /* counted */);
		if (stream)
			wait_at(output, stream);
		release_stream(&output->streams[i]);
	}
	output->sink = event_sink__free(output->sink);
	output->streams = NULL;
	output->stream_count = 0;
	arena__reset(&output->arena);
}

struct output *output__free(struct output *output)
{
	if (!output)
		return NULL;
	for (uint32_t i = 0; i < output->stream_count; i++)
		release_stream(&output->streams[i]);
	event_sink__free(output->sink);
	output_writer__free(output->writer);
	arena__done(&output->arena);
	free(output);
	return NULL;
}

void output__finish(struct output *output, int64_t timeout_ns)
{
	output_writer__finish(output->writer, timeout_ns);
}

void output__resize(struct output *output, uint16_t columns, uint16_t rows)
{
	output->options.columns = columns;
	output->options.rows = rows;
	event_sink__resize(output->sink, columns, rows);
}
