/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/who_words.h"

#include <stddef.h>

#include "config/spec.h"
#include "decode/decoder.h"
#include "pipeline/who.h"

static bool find_cgroup(void *ctx, uint64_t id, struct identity_words *ret_words)
{
	const struct identity *identity = who__find(ctx, id);
	const struct container *container = identity ? identity->container : NULL;

	if (!identity)
		return false;
	*ret_words = (struct identity_words){ .unit = identity->unit };
	if (container) {
		ret_words->container_id = container->id;
		ret_words->container = container->name;
		ret_words->image = container->image;
		ret_words->is_told = container->is_told;
		ret_words->is_sandbox = container->is_sandbox;
	}
	if (identity->pod) {
		ret_words->pod_uid = identity->pod->uid;
		ret_words->pod = identity->pod->name;
		ret_words->namespace = identity->pod->namespace;
	}
	return true;
}

void who_words__init(struct identity_source *source, struct who *who)
{
	*source = (struct identity_source){ .find_cgroup = find_cgroup, .ctx = who };
}

/* ---- who asks ------------------------------------------------------------------------------------------ */

static bool are_in_steps(const struct step_spec *steps, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct decoder *decoder = decoder_find(steps[i].decoder);

		if (decoder && decoder->ops->needs_identity)
			return true;
	}
	return false;
}

static bool are_in_labels(const struct label_spec *labels, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (labels[i].identity_count > 0 ||
		    are_in_steps(labels[i].steps, labels[i].step_count))
			return true;
	return false;
}

static bool are_in_whens(const struct when_spec *whens, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (whens[i].label &&
		    are_in_steps(whens[i].label->steps, whens[i].label->step_count))
			return true;
	return false;
}

bool who_words_are_in(const struct spec *spec)
{
	for (uint32_t i = 0; i < spec->metric_count; i++) {
		const struct metric_spec *metric = &spec->metrics[i];

		if (are_in_labels(metric->labels, metric->label_count) ||
		    are_in_whens(metric->when, metric->when_count))
			return true;
	}
	for (uint32_t i = 0; i < spec->span_count; i++)
		if (are_in_labels(spec->spans[i].labels, spec->spans[i].label_count))
			return true;
	return false;
}
