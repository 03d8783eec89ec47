/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "config/load.h"

/* Decoders that say something of a cgroup id; those behind the first one can be named beside it. */
static const char *const words[] = { "cgroup", "container", "image", "namespace", "pod", "unit" };

static bool tells_cgroup(const char *decoder)
{
	for (size_t i = 0; i < array_size(words); i++)
		if (str_eq(words[i], decoder))
			return true;
	return false;
}

/* The steps before that give the id as text. SPEC_NONE: the label is of something else. */
static uint32_t steps_before_cgroup(const struct label_spec *label)
{
	for (uint32_t i = 0; i < label->step_count; i++)
		if (tells_cgroup(label->steps[i].decoder))
			return i;
	return SPEC_NONE;
}

/* ---- checks --------------------------------------------------------------------------------- */

static int check_word(const struct label_spec *label, const struct spec_text *word,
		      struct err_list *errors)
{
	if (tells_cgroup(word->text) && !str_eq(word->text, words[0]))
		return 0;
	return err_list__set(
		errors, -EINVAL, &word->at,
		"'identity' of label '%s' names '%.64s'; it can be container, image, namespace, pod or unit",
		label->name, word->text);
}

static int check_label(const struct label_spec *label, struct err_list *errors)
{
	int first = 0;

	if (label->identity_count > 0 && steps_before_cgroup(label) == SPEC_NONE)
		return err_list__set(
			errors, -EINVAL, &label->identity[0].at,
			"'identity' stands at label '%s', which has no decoder 'cgroup'; only a cgroup tells who somebody is",
			label->name);
	for (uint32_t i = 0; i < label->identity_count; i++) {
		int r = check_word(label, &label->identity[i], errors);

		if (first == 0)
			first = r;
	}
	return first;
}

static int check_labels(const struct label_spec *labels, uint32_t count, struct err_list *errors)
{
	int first = 0;

	for (uint32_t i = 0; i < count; i++) {
		int r = check_label(&labels[i], errors);

		if (first == 0)
			first = r;
	}
	return first;
}

int spec__check_identity(const struct spec *spec, struct err_list *errors)
{
	int first = 0;

	for (uint32_t i = 0; i < spec->metric_count; i++) {
		int r = check_labels(spec->metrics[i].labels, spec->metrics[i].label_count, errors);

		if (first == 0)
			first = r;
	}
	for (uint32_t i = 0; i < spec->span_count; i++) {
		int r = check_labels(spec->spans[i].labels, spec->spans[i].label_count, errors);

		if (first == 0)
			first = r;
	}
	return first;
}

/* ---- what they mean: labels ------------------------------------------------------------------ */

/* A label of its own: the same bytes through another decoder, which bears its name. */
static int make_label(struct spec *spec, const struct label_spec *label,
		      const struct spec_text *word, struct label_spec *ret_label)
{
	uint32_t before = steps_before_cgroup(label);
	struct step_spec *steps = arena_array(&spec->arena, struct step_spec, (size_t)before + 1);

	if (!steps)
		return -ENOMEM;
	if (before > 0)
		memcpy(steps, label->steps, before * sizeof(*steps));
	steps[before] = (struct step_spec){ .at = word->at, .decoder = word->text };
	*ret_label = (struct label_spec){
		.at = word->at,
		.name = word->text,
		.field = label->field,
		.steps = steps,
		.step_count = before + 1,
		.condition = label->condition,
	};
	return 0;
}

static uint32_t count_labels(const struct label_spec *labels, uint32_t count)
{
	uint32_t all = count;

	for (uint32_t i = 0; i < count; i++)
		all += labels[i].identity_count;
	return all;
}

static int expand(struct spec *spec, const struct label_spec **labels, uint32_t *count)
{
	uint32_t most = count_labels(*labels, *count), len = 0;
	struct label_spec *all;

	if (most == *count)
		return 0;
	all = arena_array(&spec->arena, struct label_spec, most);
	if (!all)
		return -ENOMEM;
	for (uint32_t i = 0; i < *count; i++) {
		const struct label_spec *label = &(*labels)[i];

		if (!label->is_replaced) {
			all[len] = *label;
			all[len++].identity_count = 0;
		}
		for (uint32_t k = 0; k < label->identity_count; k++)
			if (make_label(spec, label, &label->identity[k], &all[len++]) < 0)
				return -ENOMEM;
	}
	*labels = all;
	*count = len;
	return 0;
}

int spec__apply_identity(struct spec *spec)
{
	struct metric_spec *metrics = arena__memdup(&spec->arena, spec->metrics,
						    spec->metric_count * sizeof(*metrics));
	struct span_spec *spans = arena__memdup(&spec->arena, spec->spans,
						spec->span_count * sizeof(*spans));
	int r = metrics && spans ? 0 : -ENOMEM;

	for (uint32_t i = 0; i < spec->metric_count && r == 0; i++)
		r = expand(spec, &metrics[i].labels, &metrics[i].label_count);
	for (uint32_t i = 0; i < spec->span_count && r == 0; i++)
		r = expand(spec, &spans[i].labels, &spans[i].label_count);
	if (r < 0)
		return r;
	spec->metrics = metrics;
	spec->spans = spans;
	return 0;
}

/* ---- what the command line says ------------------------------------------------------------- */

static bool is_bucket(const struct metric_spec *metric, uint32_t label)
{
	return metric->value == VALUE_KIND_KEY_BUCKET && label + 1 == metric->label_count;
}

static int replace_in_metric(struct spec *spec, struct metric_spec *metric,
			     const struct spec_text *identity, uint32_t count)
{
	struct label_spec *labels = arena__memdup(&spec->arena, metric->labels,
						  metric->label_count * sizeof(*labels));

	struct when_spec *whens = arena__memdup(&spec->arena, metric->when,
						metric->when_count * sizeof(*whens));

	if (!labels || !whens)
		return -ENOMEM;
	for (uint32_t i = 0; i < metric->when_count; i++)
		if (whens[i].label)
			whens[i].label = labels + (whens[i].label - metric->labels);
	for (uint32_t i = 0; i < metric->label_count; i++) {
		if (steps_before_cgroup(&labels[i]) == SPEC_NONE || is_bucket(metric, i))
			continue;
		labels[i].identity = identity;
		labels[i].identity_count = count;
		labels[i].is_replaced = true;
	}
	metric->labels = labels;
	metric->when = whens;
	return 0;
}

int spec__replace_cgroups(struct spec *spec, const char *const *identity, uint32_t count,
			  struct err *err)
{
	struct spec_text *texts = arena_array(&spec->arena, struct spec_text, count);
	struct metric_spec *metrics = arena__memdup(&spec->arena, spec->metrics,
						    spec->metric_count * sizeof(*metrics));
	int r = texts && metrics ? 0 : -ENOMEM;

	for (uint32_t i = 0; i < count && r == 0; i++)
		texts[i] = (struct spec_text){ .text = identity[i],
					       .at = { .file = spec->origin } };
	for (uint32_t i = 0; i < spec->metric_count && r == 0; i++)
		r = replace_in_metric(spec, &metrics[i], texts, count);
	if (r < 0)
		return err__set(err, r, NULL, "no memory for the labels of '%s'", spec->name);
	spec->metrics = metrics;
	return 0;
}
