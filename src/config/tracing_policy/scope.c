/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "config/tracing_policy/tracing_policy.h"

/* What the original calls the namespace among the labels of a pod. */
#define NAMESPACE_LABEL "k8s:io.kubernetes.pod.namespace"
#define LABEL_MAX_LEN 63

/* Whose selector it is, and what the text calls it. */
struct selector_kind {
	const char *field;
	enum selector_subject subject;
};

static const struct selector_kind pod_kind = { "podSelector", SELECTOR_POD };
static const struct selector_kind container_kind = { "containerSelector", SELECTOR_CONTAINER };
static const struct selector_kind node_kind = { "nodeSelector", SELECTOR_NODE };

/* What the requirements of one scope are gathered in. */
struct gatherer {
	struct reader *reader;
	const char *path;                 /* of what holds the selectors */
	const struct selector_kind *kind; /* of the one at hand */
	VEC(struct selector_spec) requirements;
};

static bool is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* What Kubernetes takes for the value of a label: empty, or letters and digits with "-_." between them. */
static bool is_label_value(const char *text)
{
	size_t len = strlen(text);

	if (len == 0)
		return true;
	if (len > LABEL_MAX_LEN || !is_alphanumeric(text[0]) || !is_alphanumeric(text[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_alphanumeric(text[i]) && !strchr("-_.", text[i]))
			return false;
	return true;
}

static void check_key(const struct gatherer *gatherer, const struct loc *at, const char *key)
{
	static const char *const names[] = { "name", "repo" };
	const char *nearest;

	if (gatherer->kind->subject != SELECTOR_CONTAINER || str_eq(key, names[0]) ||
	    str_eq(key, names[1]))
		return;
	nearest = str_nearest(key, names, 2);
	reader__complain(gatherer->reader, at, gatherer->path, gatherer->kind->field,
			 "a container has no '%.64s'; it has 'name' and 'repo'%s%s", key,
			 nearest ? ": did you mean " : "", nearest ? nearest : "");
}

static bool add_requirement(struct gatherer *gatherer, struct selector_spec requirement)
{
	check_key(gatherer, &requirement.at, requirement.key);
	requirement.subject = gatherer->kind->subject;
	if (requirement.subject == SELECTOR_POD && str_eq(requirement.key, NAMESPACE_LABEL)) {
		requirement.subject = SELECTOR_NAMESPACE;
		requirement.key = NULL;
	}
	return vec_push(&gatherer->requirements, requirement) == 0;
}

static bool add_label(struct gatherer *gatherer, const struct loc *at, const struct step_pair *pair)
{
	struct spec_text *value = arena_new(gatherer->reader->arena, struct spec_text);

	if (!value)
		return false;
	*value = (struct spec_text){ .text = pair->value, .at = *at };
	if (!is_label_value(pair->value))
		reader__complain(
			gatherer->reader, at, gatherer->path, gatherer->kind->field,
			"'%.80s' is no value of a label; it has at most %d letters, digits, '-', '_' and '.', and "
			"begins and ends with a letter or digit",
			pair->value, LABEL_MAX_LEN);
	return add_requirement(gatherer, (struct selector_spec){ .at = *at,
								 .key = pair->key,
								 .op = SELECTOR_IN,
								 .values = value,
								 .value_count = 1 });
}

static bool add_selector(struct gatherer *gatherer, const struct selector_kind *kind,
			 const struct label_selector_text *text)
{
	const struct step_pair *pairs = text->matchLabels.items;
	const struct requirement_text *requirements = text->matchExpressions.items;

	gatherer->kind = kind;
	for (uint32_t i = 0; i < text->matchLabels.count; i++)
		if (!add_label(gatherer, &text->matchLabels.at, &pairs[i]))
			return false;
	for (uint32_t i = 0; i < text->matchExpressions.count; i++) {
		const struct requirement_text *requirement = &requirements[i];

		if (!add_requirement(gatherer,
				     (struct selector_spec){
					     .at = requirement->at,
					     .key = requirement->key.text,
					     .op = (enum selector_op)requirement->operator.value,
					     .values = requirement->values.items,
					     .value_count = requirement->values.count }))
			return false;
	}
	return true;
}

/* Those of a namespace come first. */
static bool add_namespace(struct gatherer *gatherer, const struct spec_text *kube_namespace)
{
	return !kube_namespace || vec_push(&gatherer->requirements,
					   ((struct selector_spec){ .at = kube_namespace->at,
								    .subject = SELECTOR_NAMESPACE,
								    .op = SELECTOR_IN,
								    .values = kube_namespace,
								    .value_count = 1 })) == 0;
}

static bool keep(struct gatherer *gatherer, const struct selector_spec **ret_requirements,
		 uint32_t *ret_count)
{
	size_t count = gatherer->requirements.len;
	const struct selector_spec *requirements = arena__memdup(gatherer->reader->arena,
								 gatherer->requirements.items,
								 count * sizeof(*requirements));

	if (count > 0 && !requirements)
		return false;
	*ret_requirements = count > 0 ? requirements : NULL;
	*ret_count = (uint32_t)count;
	return true;
}

static bool is_given(const struct label_selector_text *text)
{
	return text->at.line > 0;
}

static bool is_empty(const struct label_selector_text *text)
{
	return text->matchLabels.count + text->matchExpressions.count == 0;
}

static bool fill_scope(struct reader *reader, const struct workloads_text *text,
		       const struct spec_text *kube_namespace, struct scope_spec *scope)
{
	struct gatherer gatherer = { .reader = reader, .path = scope->path };
	bool is_good = add_namespace(&gatherer, kube_namespace) &&
		       add_selector(&gatherer, &pod_kind, &text->podSelector) &&
		       add_selector(&gatherer, &container_kind, &text->containerSelector) &&
		       keep(&gatherer, &scope->requirements, &scope->requirement_count);

	vec_done(&gatherer.requirements);
	return is_good;
}

static void check_host(struct reader *reader, const struct label_selector_text *text,
		       const char *path)
{
	if (!is_given(text))
		return;
	if (reader->is_namespaced)
		reader__complain(reader, &text->at, path, "hostSelector",
				 "a policy of a namespace is about pods only; remove the key, or "
				 "write a TracingPolicy");
	else if (!is_empty(text))
		reader__complain(
			reader, &text->at, path, "hostSelector",
			"the host has no labels; write {} for its processes, or remove the key");
}

/* All three are {}. One of the two about containers that is absent is like {} beside the other, but not here. */
static bool means_everybody(const struct workloads_text *text)
{
	return is_given(&text->podSelector) && is_empty(&text->podSelector) &&
	       is_given(&text->containerSelector) && is_empty(&text->containerSelector) &&
	       is_given(&text->hostSelector);
}

bool reader__scope(struct reader *reader, const struct workloads_text *text, const char *path,
		   const struct spec_text *kube_namespace, const struct scope_spec **ret_scope)
{
	bool has_containers = is_given(&text->podSelector) || is_given(&text->containerSelector) ||
			      kube_namespace;
	bool has_host = is_given(&text->hostSelector);
	struct scope_spec *scope;

	check_host(reader, &text->hostSelector, path);
	if ((!has_host && !has_containers) || (!kube_namespace && means_everybody(text)))
		return true;
	scope = arena_new(reader->arena, struct scope_spec);
	if (!scope)
		return false;
	*scope = (struct scope_spec){
		.at = text->at, .path = path, .has_host = has_host, .has_containers = has_containers
	};
	*ret_scope = scope;
	return fill_scope(reader, text, kube_namespace, scope);
}

bool reader__nodes(struct reader *reader, const struct label_selector_text *text, const char *path,
		   const struct selector_spec **ret_nodes, uint32_t *ret_count)
{
	struct gatherer gatherer = { .reader = reader, .path = path };
	bool is_good = add_selector(&gatherer, &node_kind, text) &&
		       keep(&gatherer, ret_nodes, ret_count);

	vec_done(&gatherer.requirements);
	return is_good;
}
