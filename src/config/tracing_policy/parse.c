/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"
#include "config/tracing_policy/tracing_policy.h"

#define API_VERSION "cilium.io/v1alpha1"
#define NAME_MAX_LEN 253
#define DEFAULT_NAMESPACE "default"
#define POLICIES_MAX 1024u /* in one file */

static const struct {
	const char *name;
	bool is_namespaced;
} kinds[] = {
	{ "TracingPolicy", false },
	{ "TracingPolicyNamespaced", true },
};

/* ---- the envelope --------------------------------------------------------------------------- */

static bool is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Lower-case letters and digits, with '-' and single dots between them. */
static bool is_sub_domain(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > NAME_MAX_LEN)
		return false;
	for (size_t i = 0; i < len; i++) {
		bool is_edge = i == 0 || i + 1 == len || name[i - 1] == '.' || name[i + 1] == '.';

		if (!is_name_byte(name[i]) && (is_edge || (name[i] != '-' && name[i] != '.')))
			return false;
	}
	return true;
}

static void check_metadata(struct reader *reader, const struct metadata_text *metadata)
{
	const char *kube_namespace = text_or_null(&metadata->namespace);

	if (!is_sub_domain(metadata->name.text))
		reader__complain(
			reader, &metadata->name.at, "metadata", "name",
			"'%.64s' is no name; write lower-case letters, digits, '-' and '.', with a letter or digit "
			"at both ends",
			metadata->name.text);
	if (reader->is_namespaced && !kube_namespace)
		reader__warn(reader, &metadata->at, "metadata", "namespace",
			     "none is named, taking '" DEFAULT_NAMESPACE "'");
	if (!reader->is_namespaced && kube_namespace)
		reader__complain(reader, &metadata->namespace.at, "metadata", "namespace",
				 "a TracingPolicy is of the whole cluster; remove it, or write a "
				 "TracingPolicyNamespaced");
}

/* What applies it to a cluster would say. */
static void set_namespace(const struct reader *reader, struct metadata_text *metadata)
{
	if (reader->is_namespaced && !text_or_null(&metadata->namespace))
		metadata->namespace = (struct spec_text){ .text = DEFAULT_NAMESPACE,
							  .at = metadata->at };
}

/* Of manifests with other things in them these are left to others. */
static void pass_over(struct reader *reader, const struct node *root, const struct node *kind)
{
	const char *names[array_size(kinds)], *nearest;
	const char *text = kind && kind->kind == NODE_SCALAR ? kind->text : "";

	for (size_t i = 0; i < array_size(kinds); i++)
		names[i] = kinds[i].name;
	nearest = str_nearest(text, names, array_size(names));
	if (text[0] && !nearest)
		(void)err_list__set(reader->warnings, -EINVAL, &kind->at,
				    "kind: '%.64s' is no policy, ignoring it", text);
	else if (nearest)
		(void)err_list__set(reader->errors, -EINVAL, &kind->at,
				    "kind: '%.64s' is no policy; did you mean '%s'?", text,
				    nearest);
	else
		(void)err_list__set(
			reader->errors, -EINVAL, &root->at,
			"kind: it is missing; 'TracingPolicy' and 'TracingPolicyNamespaced' are policies");
	if ((nearest || !text[0]) && reader->first == 0)
		reader->first = -EINVAL;
}

static bool is_policy(struct reader *reader, const struct node *root)
{
	const struct node *kind = node__find(root, "kind");

	for (size_t i = 0; kind && kind->kind == NODE_SCALAR && i < array_size(kinds); i++)
		if (str_eq(kinds[i].name, kind->text)) {
			reader->is_namespaced = kinds[i].is_namespaced;
			return true;
		}
	pass_over(reader, root, kind);
	return false;
}

static void check_version(struct reader *reader, const struct spec_text *version)
{
	if (!version->text || str_eq(version->text, API_VERSION))
		return;
	(void)err_list__set(reader->errors, -EINVAL, &version->at,
			    "apiVersion: '%.64s' is not known; write " API_VERSION, version->text);
	if (reader->first == 0)
		reader->first = -EINVAL;
}

/* ---- documents ------------------------------------------------------------------------------ */

/* Everything of the policy before is forgotten but the errors. */
static void begin_policy(struct reader *reader)
{
	reader->lists = NULL;
	reader->odd_calls = NULL;
	reader->list_count = 0;
	reader->macros = NULL;
	reader->macro_count = 0;
	reader->has_enforcers = false;
	reader->is_namespaced = false;
}

static bool read_document(struct reader *reader, const struct node *root,
			  struct policy_spec *policy)
{
	struct binder binder = { .arena = reader->arena,
				 .errors = reader->errors,
				 .is_strict = true,
				 .is_typed = true,
				 .path = "" };
	/* In the arena, for the policy borrows from it. */
	struct policy_text *text = arena_new(reader->arena, struct policy_text);
	int r;

	if (!text)
		return false;
	text->at = root->at;
	r = binder__run(&binder, root, &policy_text_type, text);
	if (r == -ENOMEM)
		return false;
	if (r < 0) {
		reader->first = reader->first ? reader->first : r;
		return true;
	}
	check_version(reader, &text->apiVersion);
	check_metadata(reader, &text->metadata);
	set_namespace(reader, &text->metadata);
	policy->at = root->at;
	policy->name = text->metadata.name.text;
	policy->kube_namespace = reader->is_namespaced ? text->metadata.namespace.text : NULL;
	return reader__policy(reader, text, policy);
}

static bool is_same(const struct policy_spec *a, const struct policy_spec *b)
{
	const char *of_a = a->kube_namespace ? a->kube_namespace : "";
	const char *of_b = b->kube_namespace ? b->kube_namespace : "";

	return a->name && b->name && str_eq(a->name, b->name) && str_eq(of_a, of_b);
}

static void check_unique(struct reader *reader, const struct policy_spec *policies, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++)
		for (uint32_t k = 0; k < i; k++)
			if (is_same(&policies[i], &policies[k]))
				reader__complain(
					reader, &policies[i].at, "metadata", "name",
					"there are two policies '%.64s' in the file, the other on line %u; "
					"rename one",
					policies[i].name, policies[k].at.line);
}

/* A "---" too many. */
static bool is_nothing(const struct node *root)
{
	return root->kind == NODE_SCALAR && !root->is_quoted && root->text_len == 0;
}

static bool read_documents(struct reader *reader, struct spec *spec,
			   const struct node *const *roots, uint32_t count)
{
	struct policy_spec *policies = arena_array(&spec->arena, struct policy_spec, count);

	if (!policies)
		return false;
	spec->policies = policies;
	for (uint32_t i = 0; i < count; i++) {
		begin_policy(reader);
		if (is_nothing(roots[i]) || !is_policy(reader, roots[i]))
			continue;
		if (spec->policy_count == POLICIES_MAX) {
			reader__complain(reader, &roots[i]->at, "metadata", "",
					 "more than %u policies in one file; split it",
					 POLICIES_MAX);
			return true;
		}
		if (!read_document(reader, roots[i], &policies[spec->policy_count++]))
			return false;
	}
	if (spec->policy_count == 0 && reader->first == 0) {
		(void)err_list__set(
			reader->errors, -EINVAL, &(struct loc){ .file = spec->origin },
			"there is no policy in it; one is a map with kind, metadata and spec");
		reader->first = -EINVAL;
	}
	check_unique(reader, policies, spec->policy_count);
	return true;
}

static int parse_nodes(const struct dialect_input *input, struct spec *spec,
		       struct err_list *errors, const struct node *const **ret_roots,
		       uint32_t *ret_count)
{
	struct err err = ERR_INIT;
	int r = node_parse_yaml_documents(input->text, input->len, spec->origin, &spec->arena,
					  ret_roots, ret_count, &err);

	if (r < 0 && err__is_set(&err))
		err_list__add(errors, &err);
	err__done(&err);
	return r;
}

int tracing_policy_parse(const struct dialect_input *input, struct spec *spec,
			 struct err_list *errors)
{
	struct err_list warnings = { 0 };
	struct reader reader = { .arena = &spec->arena, .errors = errors, .warnings = &warnings };
	const struct node *const *roots;
	uint32_t count;
	int r = parse_nodes(input, spec, errors, &roots, &count);

	if (r < 0)
		return r;
	if (!read_documents(&reader, spec, roots, count))
		reader.first = -ENOMEM;
	if (reader.first == 0)
		reader.first = spec__keep_warnings(spec, &warnings);
	err_list__done(&warnings);
	return reader.first;
}

int tracing_policy_complete(struct spec *spec, const struct object_facts *facts,
			    struct err_list *errors)
{
	(void)spec;
	(void)facts;
	(void)errors;
	return 0;
}
