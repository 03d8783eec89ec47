/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load.h"

#include <errno.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

struct checker {
	const struct spec *spec;
	struct err_list *errors;
	int first; /* code of the first error */
};

#define complain(checker, code, ...)                                                               \
	do {                                                                                       \
		int complained = err_list__set((checker)->errors, (code), __VA_ARGS__);            \
		if ((checker)->first == 0)                                                         \
			(checker)->first = complained;                                             \
	} while (0)

/* Names that may not repeat. Those of things that are never there at the same time may. */
struct holder {
	struct loc at;
	const struct condition_spec *condition; /* or NULL */
	struct holder *previous;                /* of the same name, or NULL; never more than one */
};

struct names {
	struct map map; /* name to its newest holder */
	struct arena arena;
};

static void names_done(struct names *names)
{
	map__done(&names->map, NULL);
	arena__done(&names->arena);
}

static bool can_both_be(const struct condition_spec *a, const struct condition_spec *b)
{
	return !a || !b || a->param != b->param || a->is_negated == b->is_negated;
}

/* The first holder of the name that may be there together with something under this condition, or NULL. */
static const struct holder *find_rival(const struct names *names, const char *name,
				       const struct condition_spec *condition)
{
	const struct holder *holder = map__find(&names->map, name, strlen(name));

	while (holder && !can_both_be(holder->condition, condition))
		holder = holder->previous;
	return holder;
}

static int add_holder(struct names *names, const char *name, const struct holder *new)
{
	struct holder *holder = arena__memdup(&names->arena, new, sizeof(*new));

	if (!holder)
		return -ENOMEM;
	holder->previous = map__find(&names->map, name, strlen(name));
	return map__set(&names->map, name, strlen(name), holder, NULL);
}

/* What stands where, to be told apart by name. */
struct named {
	const char *name;
	const struct loc *at;
	const struct condition_spec *condition; /* or NULL */
};

/* Adds a name to a set; a second one is an error that says where the first is. */
static void check_unique(struct checker *checker, struct names *names, const struct named *named,
			 const char *noun, const char *owner)
{
	const struct holder holder = { .at = *named->at, .condition = named->condition };
	const struct holder *rival = find_rival(names, named->name, named->condition);

	if (rival)
		complain(checker, -EEXIST, named->at,
			 "%s has two %ss '%s', the other on line %u; rename one", owner, noun,
			 named->name, rival->at.line);
	else if (add_holder(names, named->name, &holder) < 0)
		complain(checker, -ENOMEM, named->at, "no memory to check names");
}

/* A bug of a dialect if anything, but an index out of range must not leave this folder. */
static void check_index(struct checker *checker, uint32_t index, uint32_t count,
			const struct loc *at, const char *what)
{
	if (index >= count)
		complain(checker, -ERANGE, at, "index %u of a %s is out of range, there are %u",
			 index, what, count);
}

static void check_streams(struct checker *checker)
{
	const struct spec *spec = checker->spec;

	for (uint32_t i = 0; i < spec->stream_count; i++) {
		const struct stream_spec *stream = &spec->streams[i];

		if (stream->program != SPEC_NONE)
			check_index(checker, stream->program, spec->program_count, &stream->at,
				    "program");
		if ((!stream->map || !stream->map[0]) && !stream->is_foreign &&
		    stream->iterator_count == 0)
			complain(checker, -EINVAL, &stream->at, "stream '%s' has no map; name one",
				 stream->name);
	}
	for (uint32_t i = 0; i < spec->feed_count; i++)
		check_index(checker, spec->feeds[i].program, spec->program_count,
			    &spec->feeds[i].at, "program");
}

/* Prometheus takes any UTF-8 name, escaping it as the scraper wants; "__" is its own, "le" is the bucket's. */
static void check_label_name(struct checker *checker, const struct metric_spec *metric,
			     const struct label_spec *label)
{
	if (label->name[0] == '\0')
		complain(checker, -EINVAL, &label->at,
			 "a label of metric '%s' has no name; give it one", metric->name);
	else if (str_starts(label->name, "__"))
		complain(
			checker, -EINVAL, &label->at,
			"label '%s' of metric '%s' is reserved, as all that begin with '__'; rename it",
			label->name, metric->name);
	else if (metric->kind == METRIC_KIND_HISTOGRAM && str_eq(label->name, "le"))
		complain(
			checker, -EINVAL, &label->at,
			"label 'le' of histogram '%s' is the one that Prometheus puts on its buckets; rename it",
			metric->name);
}

static void check_labels(struct checker *checker, const struct metric_spec *metric,
			 uint32_t field_count)
{
	/* The label that is the bucket is not exported: it may be called anything. */
	uint32_t exported = metric->label_count -
			    (metric->value == VALUE_KIND_KEY_BUCKET && metric->label_count > 0);
	__cleanup(names_done) struct names names = { .map = MAP_INIT };

	for (uint32_t i = 0; i < metric->label_count; i++) {
		const struct label_spec *label = &metric->labels[i];

		if (label->field != SPEC_NONE)
			check_index(checker, label->field, field_count, &label->at, "field");
		if (i >= exported)
			continue;
		check_label_name(checker, metric, label);
		check_unique(checker, &names,
			     &(struct named){ label->name, &label->at, label->condition }, "label",
			     metric->name);
	}
}

static const struct stream_spec *stream_of(const struct spec *spec, uint32_t stream)
{
	return stream < spec->stream_count ? &spec->streams[stream] : NULL;
}

static uint32_t field_count_of(const struct spec *spec, uint32_t stream)
{
	return stream < spec->stream_count ? spec->streams[stream].field_count : 0;
}

/* A histogram exports x_bucket, x_sum and x_count: nobody else may. */
static void check_suffixes(struct checker *checker, const struct names *names,
			   const struct metric_spec *histogram)
{
	static const char *const suffixes[] = { "_bucket", "_count", "_sum" };

	for (size_t i = 0; i < array_size(suffixes); i++) {
		__cleanup(x_freep) char *name = str_printf("%s%s", histogram->name, suffixes[i]);
		const struct holder *other = name ? find_rival(names, name, histogram->condition)
						  : NULL;

		if (!name)
			complain(checker, -ENOMEM, &histogram->at, "no memory to check names");
		else if (other)
			complain(
				checker, -EEXIST, &other->at,
				"metric '%s' is also what histogram '%s' on line %u exports; rename one",
				name, histogram->name, histogram->at.line);
	}
}

static void check_metrics(struct checker *checker)
{
	const struct spec *spec = checker->spec;
	__cleanup(names_done) struct names names = { .map = MAP_INIT };

	for (uint32_t i = 0; i < spec->metric_count; i++) {
		const struct metric_spec *metric = &spec->metrics[i];

		if (metric->name[0] == '\0')
			complain(checker, -EINVAL, &metric->at,
				 "a metric has no name; give it one");
		else if (!str_is_utf8(metric->name, strlen(metric->name)))
			complain(checker, -EINVAL, &metric->at,
				 "the name of a metric is not UTF-8; rename it");
		check_unique(checker, &names,
			     &(struct named){ metric->name, &metric->at, metric->condition },
			     "metric", spec->name);
		check_index(checker, metric->stream, spec->stream_count, &metric->at, "stream");
		check_labels(checker, metric, field_count_of(spec, metric->stream));
	}
	for (uint32_t i = 0; i < spec->metric_count; i++)
		if (spec->metrics[i].kind == METRIC_KIND_HISTOGRAM)
			check_suffixes(checker, &names, &spec->metrics[i]);
}

/* Records whose size the spec says are handed out to all who want them; other bytes go to whoever reads them. */
static bool is_read_by_one(const struct stream_spec *stream)
{
	return stream && stream->mode == STREAM_MODE_EVENTS && stream->record_size == 0;
}

/* What comes through a ring comes once: a metric that reads it shares it with nobody. */
static bool check_reader(struct checker *checker, const struct names *names,
			 const struct stream_spec *stream, const struct holder *reader)
{
	const struct holder *rival = find_rival(names, stream->map, reader->condition);

	if (rival)
		complain(
			checker, -EEXIST, &reader->at,
			"ring '%s' is read by the metric on line %u already; a ring has one reader",
			stream->map, rival->at.line);
	return !rival;
}

static void check_readers(struct checker *checker)
{
	const struct spec *spec = checker->spec;
	__cleanup(names_done) struct names names = { .map = MAP_INIT };

	for (uint32_t i = 0; i < spec->metric_count; i++) {
		const struct metric_spec *metric = &spec->metrics[i];
		const struct stream_spec *stream = stream_of(spec, metric->stream);
		const struct holder reader = { .at = metric->at, .condition = metric->condition };

		if (is_read_by_one(stream) && check_reader(checker, &names, stream, &reader) &&
		    add_holder(&names, stream->map, &reader) < 0)
			complain(checker, -ENOMEM, &metric->at, "no memory to check rings");
	}
	for (uint32_t i = 0; i < spec->span_count; i++) {
		const struct span_spec *span = &spec->spans[i];
		const struct stream_spec *stream = stream_of(spec, span->stream);
		const struct holder reader = { .at = span->at, .condition = span->condition };

		if (stream)
			check_reader(checker, &names, stream, &reader);
	}
}

static void check_params(struct checker *checker)
{
	const struct spec *spec = checker->spec;
	__cleanup(names_done) struct names names = { .map = MAP_INIT };
	int r;

	for (uint32_t i = 0; i < spec->param_count; i++)
		check_unique(checker, &names,
			     &(struct named){ spec->params[i].name, &spec->params[i].at, NULL },
			     "parameter", spec->name);
	r = spec__check_params(spec, checker->errors);
	if (checker->first == 0)
		checker->first = r;
}

static void check_spans(struct checker *checker)
{
	const struct spec *spec = checker->spec;

	for (uint32_t i = 0; i < spec->span_count; i++) {
		const struct span_spec *span = &spec->spans[i];

		check_index(checker, span->stream, spec->stream_count, &span->at, "stream");
		for (uint32_t k = 0; k < span->label_count; k++)
			check_index(checker, span->labels[k].field,
				    field_count_of(spec, span->stream), &span->labels[k].at,
				    "field");
	}
}

static void check_identity(struct checker *checker)
{
	int r = spec__check_identity(checker->spec, checker->errors);

	if (checker->first == 0)
		checker->first = r;
}

int spec__check(const struct spec *spec, struct err_list *errors)
{
	struct checker checker = { .spec = spec, .errors = errors };

	check_params(&checker);
	check_streams(&checker);
	check_metrics(&checker);
	check_spans(&checker);
	check_identity(&checker);
	check_readers(&checker);
	return checker.first;
}
