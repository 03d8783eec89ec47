/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/event_sink.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "sink/ops.h"

static const struct {
	const char *name;
	const char *help;
	const struct event_sink_ops *ops;
} formats[] = {
#define EVENT_FORMAT(id, name, help) { #name, help, &sink_##name##_ops },
#include "sink/sink.def"
#undef EVENT_FORMAT
};

struct event_sink {
	const struct event_sink_ops *ops;
	const struct event_stream *streams; /* borrowed */
	uint32_t stream_count;
	void *state; /* owned, by the meaning of ops->close */
};

const char *event_format_name(enum event_format format)
{
	return format < EVENT_FORMAT_COUNT ? formats[format].name : NULL;
}

const char *event_format_help(enum event_format format)
{
	return format < EVENT_FORMAT_COUNT ? formats[format].help : NULL;
}

enum event_format event_format_find(const char *name)
{
	for (enum event_format i = 0; i < EVENT_FORMAT_COUNT; i++)
		if (str_eq(formats[i].name, name))
			return i;
	return EVENT_FORMAT_COUNT;
}

int event_sink__new(enum event_format format, const struct event_sink_options *options,
		    struct event_sink **ret_sink, struct err *err)
{
	struct event_sink *sink __cleanup(x_freep) = NULL;
	int r = 0;

	if (format >= EVENT_FORMAT_COUNT)
		return err__set(err, -EINVAL, NULL, "no output format has the number %u",
				(unsigned int)format);
	sink = new_zero(struct event_sink);
	if (!sink)
		return err__set(err, -ENOMEM, NULL, "no memory for an output");
	*sink = (struct event_sink){
		.ops = formats[format].ops,
		.streams = options->streams,
		.stream_count = options->stream_count,
	};
	if (sink->ops->open)
		r = sink->ops->open(options, &sink->state, err);
	if (r == -ENOMEM)
		return err__set(err, r, NULL, "no memory for an output");
	if (r < 0)
		return r;
	*ret_sink = take_ptr(sink);
	return 0;
}

struct event_sink *event_sink__free(struct event_sink *sink)
{
	if (sink && sink->ops->close)
		sink->ops->close(sink->state);
	free(sink);
	return NULL;
}

int event_sink__begin(struct event_sink *sink, struct strbuf *out)
{
	if (sink->ops->begin)
		sink->ops->begin(sink->state, out);
	return strbuf__status(out);
}

int event_sink__write(struct event_sink *sink, uint32_t stream, const struct record *records,
		      size_t count, struct strbuf *out)
{
	if (stream >= sink->stream_count)
		return -ERANGE;
	sink->ops->write(sink->state, stream, records, count, out);
	return strbuf__status(out);
}

void event_sink__resize(struct event_sink *sink, uint16_t columns, uint16_t rows)
{
	if (sink->ops->resize)
		sink->ops->resize(sink->state, columns, rows);
}

bool event_sink__reads(const struct event_sink *sink, uint32_t stream, uint32_t field)
{
	return stream < sink->stream_count && field < sink->streams[stream].schema->field_count &&
	       sink->ops->reads(sink->state, stream, field);
}
