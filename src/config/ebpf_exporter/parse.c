/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/mem.h"
#include "base/pattern.h"
#include "base/str.h"
#include "config/dialect.h"
#include "config/ebpf_exporter/convert.h"

#define KERNEL_ADDRESS_PREFIX "kaddr_"

/* ---- program and feed ----------------------------------------------------------------------- */

static int convert_kernel_address(struct writer *writer, const struct spec_text *symbol,
				  struct rodata_spec *ret_rodata)
{
	const char *name = arena__printf(writer->arena, KERNEL_ADDRESS_PREFIX "%s",
					 text_or(symbol, ""));

	if (!name)
		return -ENOMEM;
	if (!symbol->text || !symbol->text[0])
		return err_list__set(writer->errors, -EINVAL, &symbol->at,
				     "an entry of 'kaddrs' is empty; name a kernel symbol");
	*ret_rodata = (struct rodata_spec){
		.at = symbol->at,
		.name = name,
		.kind = RODATA_KERNEL_ADDRESS,
		.symbol = symbol->text,
	};
	return 0;
}

static int convert_program(struct writer *writer, const struct config_text *config,
			   const char *object)
{
	struct program_spec *program = arena_new(writer->arena, struct program_spec);
	struct rodata_spec *rodata = arena_array(writer->arena, struct rodata_spec,
						 config->kaddrs.count);
	const struct spec_text *symbols = config->kaddrs.items;
	int r;

	if (!program || !rodata)
		return -ENOMEM;
	for (uint32_t i = 0; i < config->kaddrs.count; i++) {
		r = convert_kernel_address(writer, &symbols[i], &rodata[i]);

		if (r < 0)
			return r;
	}
	*program = (struct program_spec){
		.at = config->at,
		.name = writer->spec->name,
		.kind = OBJECT_KIND_PATH,
		.object = object ? object : "",
		.rodata = rodata,
		.rodata_count = config->kaddrs.count,
	};
	writer->spec->programs = program;
	writer->spec->program_count = 1;
	r = convert_attaches(writer, config, program);
	return r < 0 ? r : convert_alternatives(writer, config, program);
}

/* A feed runs from the start, so here upstream refuses a bad pattern at once. */
static int check_feed_patterns(struct writer *writer, const struct feed_spec *feed)
{
	int first = 0;

	for (uint32_t i = 0; i < feed->pattern_count; i++) {
		struct pattern *pattern = NULL;
		struct err err = ERR_INIT;
		int r = pattern__compile(feed->patterns[i].text, &feed->patterns[i].at, &pattern,
					 &err);

		if (r < 0)
			err_list__add(writer->errors, &err);
		if (first == 0)
			first = r;
		err__done(&err);
		pattern__free(pattern);
	}
	return first;
}

static int convert_feed(struct writer *writer, const struct cgroup_id_map_text *text)
{
	struct feed_spec *feed;

	if (!text->name.text || !text->name.text[0])
		return 0; /* upstream does nothing without a name either; a warning says so */
	feed = arena_new(writer->arena, struct feed_spec);
	if (!feed || convert_texts(writer, &text->regexps, &feed->patterns) < 0)
		return -ENOMEM;
	feed->at = text->at;
	feed->kind = FEED_KIND_CGROUP_ID;
	feed->map = text->name.text;
	feed->key = (enum feed_key)text->type;
	feed->pattern_count = text->regexps.count;
	writer->spec->feeds = feed;
	writer->spec->feed_count = 1;
	return check_feed_patterns(writer, feed);
}

/* ---- the whole ------------------------------------------------------------------------------ */

/* Converts every item; goes on after an error of the config so that all are told. */
#define CONVERT_ALL(writer, list, type, convert)                                                   \
	({                                                                                         \
		const type *convert_items = (list)->items;                                         \
		int convert_first = 0;                                                             \
		for (uint32_t i = 0; i < (list)->count && convert_first != -ENOMEM; i++) {         \
			int convert_result = convert((writer), &convert_items[i]);                 \
			if (convert_first == 0 || convert_result == -ENOMEM)                       \
				convert_first = convert_result;                                    \
		}                                                                                  \
		convert_first;                                                                     \
	})

static int convert_lists(struct writer *writer, const struct config_text *config)
{
	const struct bind_list *counters = &config->metrics.counters,
			       *gauges = &config->metrics.gauges,
			       *histograms = &config->metrics.histograms;
	const struct bind_list *spans = &config->tracing.spans;
	size_t metric_count = (size_t)counters->count + gauges->count + histograms->count;
	int results[4];

	writer->streams = arena_array(writer->arena, struct stream_spec,
				      metric_count + spans->count);
	writer->metrics = arena_array(writer->arena, struct metric_spec, metric_count);
	writer->spans = arena_array(writer->arena, struct span_spec, spans->count);
	if (!writer->streams || !writer->metrics || !writer->spans)
		return -ENOMEM;
	writer->spec->streams = writer->streams;
	writer->spec->metrics = writer->metrics;
	writer->spec->spans = writer->spans;
	results[0] = CONVERT_ALL(writer, counters, struct counter_text, convert_counter);
	results[1] = CONVERT_ALL(writer, gauges, struct gauge_text, convert_gauge);
	results[2] = CONVERT_ALL(writer, histograms, struct histogram_text, convert_histogram);
	results[3] = CONVERT_ALL(writer, spans, struct span_text, convert_span);
	for (size_t i = 0; i < array_size(results); i++)
		if (results[i] < 0)
			return results[i];
	return 0;
}

/* Asked for, and nothing there that could tell: a slip, not a wish for nothing. */
static int check_identity(struct writer *writer)
{
	if (writer->identity->count == 0 || writer->identified > 0)
		return 0;
	return err_list__set(
		writer->errors, -EINVAL, &writer->identity->at,
		"'identity' asks who cgroups are, but no label has the decoder 'cgroup'; give one to a label, or leave it out");
}

static int convert_config(struct writer *writer, const struct config_text *config,
			  const char *object)
{
	int first, r;

	if (!config->metrics.counters.is_set && !config->metrics.gauges.is_set &&
	    !config->metrics.histograms.is_set && !config->tracing.spans.is_set)
		return err_list__set(
			writer->errors, -EINVAL, &config->at,
			"the config asks for nothing; it needs metrics.counters, metrics.gauges, metrics.histograms or "
			"tracing.spans");
	writer->spec->help = text_or(&config->help, NULL);
	writer->identity = &config->identity;
	first = convert_params(writer, config);
	if (first == -ENOMEM)
		return first;
	r = convert_lists(writer, config);
	if (first == 0 || r == -ENOMEM)
		first = r;
	if (first == -ENOMEM)
		return first;
	r = check_identity(writer);
	if (first == 0)
		first = r;
	r = convert_only(writer, config);
	if (first == 0 || r == -ENOMEM)
		first = r;
	r = convert_program(writer, config, object);
	if (first == 0 || r == -ENOMEM)
		first = r;
	r = convert_feed(writer, &config->cgroup_id_map);
	return first < 0 ? first : r;
}

static void warn_about_feed(const struct config_text *config, struct err_list *warnings)
{
	const struct cgroup_id_map_text *feed = &config->cgroup_id_map;

	if (feed->at.line > 0 && !(feed->name.text && feed->name.text[0]))
		(void)err_list__set(
			warnings, -EINVAL, &feed->at,
			"'cgroup_id_map' has no name, ignoring it; name the map to fill");
}

int ebpf_exporter_parse(const struct dialect_input *input, struct spec *spec,
			struct err_list *errors)
{
	struct err_list warnings = { 0 };
	struct binder binder = { .arena = &spec->arena, .errors = errors, .warnings = &warnings };
	struct writer writer = { .spec = spec, .arena = &spec->arena, .errors = errors };
	struct config_text config = { .at = { .file = spec->origin } };
	const struct node *root;
	struct err err = ERR_INIT;
	int r;

	r = node_parse_yaml(input->text, input->len, spec->origin, &spec->arena, &root, &err);
	if (r < 0) {
		if (err__is_set(&err))
			err_list__add(errors, &err);
		return r;
	}
	r = binder__run(&binder, root, &config_text_type, &config);
	if (!config.at.file)
		config.at.file = spec->origin; /* the whole document is null */
	if (r == 0) {
		warn_about_feed(&config, &warnings);
		r = spec__keep_warnings(spec, &warnings);
	}
	if (r == 0)
		r = convert_config(&writer, &config, input->object);
	err_list__done(&warnings);
	return r;
}
