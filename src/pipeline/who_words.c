/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/who_words.h"

#include <stddef.h>

#include "config/spec.h"
#include "decode/decoder.h"
#include "pipeline/who.h"

static void set_container(struct identity_words *words, const struct container *container)
{
	words->container_id = container->id;
	words->container = container->name;
	words->image = container->image;
	words->image_digest = container->image_digest;
	words->runtime = container->runtime;
	words->labels = container->labels;
	words->label_count = container->label_count;
	words->container_pid = container->pid;
	words->started_ns = container->started_ns;
	words->is_told = container->is_told;
	words->is_sandbox = container->is_sandbox;
	words->is_host_network = container->is_host_network;
}

static void set_pod(struct identity_words *words, const struct pod *pod)
{
	words->pod_uid = pod->uid;
	words->pod = pod->name;
	words->namespace = pod->namespace;
}

static bool set_words(const struct identity *identity, struct identity_words *ret_words)
{
	if (!identity)
		return false;
	*ret_words = (struct identity_words){ .unit = identity->unit };
	if (identity->container)
		set_container(ret_words, identity->container);
	if (identity->pod)
		set_pod(ret_words, identity->pod);
	return true;
}

static bool find_cgroup(void *ctx, uint64_t id, struct identity_words *ret_words)
{
	return set_words(who__find(ctx, id), ret_words);
}

static bool find_mntns(void *ctx, uint64_t id, struct identity_words *ret_words)
{
	return set_words(who__find_mntns(ctx, id), ret_words);
}

static bool find_netns(void *ctx, uint64_t id, struct identity_words *ret_words)
{
	const struct identity *identity = who__find_netns(ctx, id);

	if (!identity || !identity->pod)
		return set_words(identity, ret_words);
	*ret_words = (struct identity_words){ .unit = "" };
	set_pod(ret_words, identity->pod);
	return true;
}

static bool find_pid(void *ctx, uint64_t pid, struct identity_words *ret_words)
{
	return pid <= UINT32_MAX && set_words(who__find_pid(ctx, (uint32_t)pid), ret_words);
}

static bool is_host_mntns(void *ctx, uint64_t id)
{
	return who__is_host_mntns(ctx, id);
}

void who_words__init(struct identity_source *source, struct who *who)
{
	*source = (struct identity_source){
		.find_cgroup = find_cgroup,
		.find_mntns = find_mntns,
		.find_netns = find_netns,
		.find_pid = find_pid,
		.is_host_mntns = is_host_mntns,
		.ctx = who,
	};
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
