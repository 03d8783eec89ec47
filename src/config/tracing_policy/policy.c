/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/pattern.h"
#include "base/str.h"
#include "config/tracing_policy/tracing_policy.h"

/* Names are looked for one after the other. */
#define NAMED_MAX 1024u

/* ---- lists ---------------------------------------------------------------------------------- */

/* "sys_read", or the same with an ABI before it: "i386/sys_read". */
static void check_syscall(struct reader *reader, const struct spec_text *value, const char *path)
{
	static const char *const abis[] = { "arm32", "arm64", "i386", "x64" };
	const char *slash = strchr(value->text, '/');
	char abi[8] = "";

	if (slash && (size_t)(slash - value->text) < sizeof(abi))
		memcpy(abi, value->text, (size_t)(slash - value->text));
	for (size_t i = 0; slash && i < array_size(abis); i++)
		if (str_eq(abis[i], abi) && slash[1] && !strchr(slash + 1, '/'))
			return;
	if (!slash && value->text[0])
		return;
	reader__complain(
		reader, &value->at, path, "values",
		"'%.64s' is no system call; write sys_NAME, or with x64/, i386/, arm64/ or arm32/ "
		"before it",
		value->text);
}

static void check_pattern(struct reader *reader, const struct list_spec *list)
{
	struct pattern *pattern = NULL;
	struct err err = ERR_INIT;

	if (list->pattern.text &&
	    pattern__compile(list->pattern.text, &list->pattern.at, &pattern, &err) < 0)
		reader__complain(reader, &list->pattern.at, list->path, "pattern", "%s",
				 err.text ? err.text : "no memory");
	pattern__free(pattern);
	err__done(&err);
}

static void check_list(struct reader *reader, const struct list_text *text,
		       const struct list_spec *list)
{
	bool is_generated = list->kind == LIST_KIND_ALL_SYSCALLS ||
			    list->kind == LIST_KIND_MATCHING_FUNCTIONS;

	if (is_generated && list->value_count > 0)
		reader__complain(reader, &text->values.at, list->path, "values",
				 "sonde fills a list of type '%s'; remove them",
				 text->type.written.text);
	if (list->kind == LIST_KIND_MATCHING_FUNCTIONS && !text_or_null(&text->pattern))
		reader__complain(
			reader, &text->at, list->path, "pattern",
			"a list of type 'generated_ftrace' needs a regular expression for the names of "
			"functions");
	check_pattern(reader, list);
	if (list->kind != LIST_KIND_MATCHING_FUNCTIONS && text->pattern.text)
		reader__warn(reader, &text->pattern.at, list->path, "pattern",
			     "only a list of type 'generated_ftrace' has one, ignoring it");
	for (uint32_t i = 0; list->kind == LIST_KIND_SYSCALLS && i < list->value_count; i++)
		check_syscall(reader, &list->values[i], list->path);
}

/* "sys_read", "i386/sys_read", "__x64_sys_read". */
static bool is_function(const char *call)
{
	const char *slash = strchr(call, '/');
	const char *name = slash ? slash + 1 : call;

	return str_starts(name, "sys_") || (str_starts(name, "__") && strstr(name, "_sys_"));
}

static const struct spec_text *find_odd_call(const struct list_spec *list)
{
	for (uint32_t i = 0; list->kind == LIST_KIND_SYSCALLS && i < list->value_count; i++)
		if (!is_function(list->values[i].text))
			return &list->values[i];
	return NULL;
}

static bool read_list(struct reader *reader, const struct list_text *text, uint32_t index,
		      struct list_spec *list)
{
	*list = (struct list_spec){
		.at = text->at,
		.path = reader__item_path(reader, "spec", "lists", index),
		.name = text->name.text,
		.kind = (enum list_kind)text->type.value,
		.values = text->values.items,
		.value_count = text->values.count,
	};
	if (!list->path)
		return false;
	if (list->kind == LIST_KIND_MATCHING_FUNCTIONS && text_or_null(&text->pattern))
		list->pattern = text->pattern;
	for (uint32_t i = 0; i < index; i++)
		if (str_eq(reader->lists[i].name, list->name))
			reader__complain(
				reader, &text->name.at, list->path, "name",
				"there are two lists '%.64s', the other on line %u; rename one",
				list->name, reader->lists[i].at.line);
	check_list(reader, text, list);
	reader->odd_calls[index] = find_odd_call(list);
	return true;
}

static bool is_too_long(struct reader *reader, const struct loc *at, const char *field,
			uint32_t count)
{
	if (count > NAMED_MAX)
		reader__complain(reader, at, "spec", field, "%u of them; at most %u can be", count,
				 NAMED_MAX);
	return count > NAMED_MAX;
}

static bool read_lists(struct reader *reader, const struct bind_list *texts)
{
	struct list_spec *lists = arena_array(reader->arena, struct list_spec, texts->count);

	if (!lists)
		return false;
	reader->odd_calls = arena_array(reader->arena, const struct spec_text *, texts->count);
	if (!reader->odd_calls)
		return false;
	if (is_too_long(reader, &texts->at, "lists", texts->count))
		return true;
	reader->lists = lists;
	for (uint32_t i = 0; i < texts->count; i++)
		if (!read_list(reader, &((const struct list_text *)texts->items)[i], i, &lists[i]))
			return false;
	reader->list_count = texts->count;
	return true;
}

/* ---- macros --------------------------------------------------------------------------------- */

static bool read_macro(struct reader *reader, const struct node_pair *pair, struct macro *macro)
{
	struct binder binder = { .arena = reader->arena,
				 .errors = reader->errors,
				 .is_strict = true,
				 .is_typed = true };
	int r;

	if (pair->key->kind != NODE_SCALAR || strlen(pair->key->text) != pair->key->text_len) {
		reader__complain(reader, &pair->key->at, "spec", "selectorsMacros",
				 "the name of a macro is %s; it must be text",
				 pair->key->kind == NODE_SCALAR ? "broken"
								: node__describe(pair->key));
		return true;
	}
	macro->name = pair->key->text;
	macro->path = arena__printf(reader->arena, "spec.selectorsMacros.%s", macro->name);
	if (!macro->path)
		return false;
	binder.path = macro->path;
	r = binder__run(&binder, pair->value, &selector_text_type, &macro->selector);
	macro->is_broken = r < 0;
	if (reader->first == 0)
		reader->first = r;
	return r != -ENOMEM;
}

static bool read_macros(struct reader *reader, const struct node *node)
{
	struct macro *macros;

	if (!node)
		return true;
	if (node->kind != NODE_MAP) {
		reader__complain(reader, &node->at, "spec", "selectorsMacros",
				 "it is %s; it must be a map of names to selectors",
				 node__describe(node));
		return true;
	}
	if (is_too_long(reader, &node->at, "selectorsMacros", node->count))
		return true;
	macros = arena_array(reader->arena, struct macro, node->count);
	if (!macros)
		return false;
	for (uint32_t i = 0; i < node->count; i++) {
		struct macro *macro = &macros[reader->macro_count];

		if (!read_macro(reader, &node->pairs[i], macro))
			return false;
		for (uint32_t k = 0; macro->name && k < reader->macro_count; k++)
			if (str_eq(macros[k].name, macro->name))
				reader__complain(reader, &node->pairs[i].key->at, macro->path, "",
						 "there are two macros of this name; keep one");
		reader->macro_count += macro->name != NULL;
	}
	reader->macros = macros;
	return true;
}

/* ---- options -------------------------------------------------------------------------------- */

static bool parse_bool(const char *text, bool *ret_truth)
{
	static const struct {
		const char *text;
		bool truth;
	} words[] = {
		{ "1", true },    { "t", true },      { "T", true },      { "true", true },
		{ "TRUE", true }, { "True", true },   { "0", false },     { "f", false },
		{ "F", false },   { "false", false }, { "FALSE", false }, { "False", false },
	};

	for (size_t i = 0; i < array_size(words); i++)
		if (str_eq(words[i].text, text)) {
			*ret_truth = words[i].truth;
			return true;
		}
	return false;
}

static bool set_no_kprobe_multi(const char *value, struct policy_spec *policy)
{
	return parse_bool(value, &policy->has_no_kprobe_multi);
}

static bool set_no_uprobe_multi(const char *value, struct policy_spec *policy)
{
	return parse_bool(value, &policy->has_no_uprobe_multi);
}

static bool set_override_method(const char *value, struct policy_spec *policy)
{
	if (str_eq(value, "fmod-ret"))
		policy->override_method = OVERRIDE_METHOD_FMOD_RET;
	else if (str_eq(value, "override-return"))
		policy->override_method = OVERRIDE_METHOD_RETURN;
	else
		return false;
	return true;
}

static bool set_mode(const char *value, struct policy_spec *policy)
{
	if (!str_eq(value, "enforce") && !str_eq(value, "monitor"))
		return false;
	policy->mode = str_eq(value, "monitor") ? POLICY_MODE_MONITOR : POLICY_MODE_ENFORCE;
	return true;
}

/* Room that the original keeps for strings of uprobes; sonde needs none of its own. */
static bool check_preload_size(const char *value, struct policy_spec *policy)
{
	int64_t size;

	(void)policy;
	return num_parse_i64(value, strlen(value), &size) == 0 && size > 0 && size <= INT32_MAX;
}

static const struct {
	const char *name;
	const char *wanted;
	bool (*set)(const char *value, struct policy_spec *policy);
} options[] = {
	{ "disable-kprobe-multi", "\"true\" or \"false\"", set_no_kprobe_multi },
	{ "disable-uprobe-multi", "\"true\" or \"false\"", set_no_uprobe_multi },
	{ "override-method", "'fmod-ret' or 'override-return'", set_override_method },
	{ "policy-mode", "'enforce' or 'monitor'", set_mode },
	{ "sleepable-preload-size", "a number above 0", check_preload_size },
};

/* As in the original, options that nobody knows are none of our business; a later one wins. */
static void apply_option(struct reader *reader, const struct option_text *text, const char *path,
			 struct policy_spec *policy)
{
	const char *names[array_size(options)], *nearest;
	const char *value = text->value.text ? text->value.text : "";

	for (size_t i = 0; i < array_size(options); i++) {
		names[i] = options[i].name;
		if (!str_eq(options[i].name, text->name.text))
			continue;
		if (!options[i].set(value, policy))
			reader__complain(reader, text->value.text ? &text->value.at : &text->at,
					 path, "value", "'%.32s' is no value of '%s'; it is %s",
					 value, options[i].name, options[i].wanted);
		return;
	}
	nearest = str_nearest(text->name.text, names, array_size(names));
	reader__warn(reader, &text->name.at, path, "name",
		     "there is no option '%.64s', ignoring it%s%s%s", text->name.text,
		     nearest ? "; did you mean '" : "", nearest ? nearest : "",
		     nearest ? "'?" : "");
}

static bool read_options(struct reader *reader, const struct bind_list *list,
			 struct policy_spec *policy)
{
	const struct option_text *texts = list->items;
	struct option_spec *made = arena_array(reader->arena, struct option_spec, list->count);

	if (!made)
		return false;
	for (uint32_t i = 0; i < list->count; i++) {
		const char *path = reader__item_path(reader, "spec", "options", i);

		if (!path)
			return false;
		made[i] = (struct option_spec){ .at = texts[i].at,
						.name = texts[i].name.text,
						.value = texts[i].value.text ? texts[i].value.text
									     : "" };
		apply_option(reader, &texts[i], path, policy);
	}
	policy->options = made;
	policy->option_count = list->count;
	return true;
}

/* ---- enforcers ------------------------------------------------------------------------------ */

/* "sys_read", "security_file_open", or a system call with the prefix of its architecture. */
static bool can_enforce(const char *call)
{
	static const char *const prefixes[] = { "sys_", "security_", "__x64_sys_", "__ia32_sys_",
						"__arm64_sys_" };

	for (size_t i = 0; i < array_size(prefixes); i++)
		if (str_starts(call, prefixes[i]))
			return true;
	return false;
}

static void check_calls(struct reader *reader, const struct enforcer_spec *enforcer)
{
	for (uint32_t i = 0; i < enforcer->call_count; i++) {
		const struct value_spec *call = &enforcer->calls[i];

		if (call->list != SPEC_NONE)
			reader__check_calls(reader, call, enforcer->path, "calls");
		else if (!str_starts(call->text, "list:") && !can_enforce(call->text))
			reader__complain(
				reader, &call->at, enforcer->path, "calls",
				"'%.64s' cannot be stopped; a system call (sys_…) or a security hook "
				"(security_…) can",
				call->text);
	}
}

static bool read_enforcers(struct reader *reader, const struct bind_list *list,
			   struct policy_spec *policy)
{
	const struct enforcer_text *texts = list->items;
	struct enforcer_spec *enforcers = arena_array(reader->arena, struct enforcer_spec,
						      list->count);

	if (!enforcers)
		return false;
	for (uint32_t i = 0; i < list->count; i++) {
		struct enforcer_spec *enforcer = &enforcers[i];

		enforcer->at = texts[i].at;
		enforcer->path = reader__item_path(reader, "spec", "enforcers", i);
		if (!enforcer->path)
			return false;
		reader__resolve_all(reader, &texts[i].calls, enforcer->path, "calls");
		enforcer->calls = texts[i].calls.items;
		enforcer->call_count = texts[i].calls.count;
		check_calls(reader, enforcer);
	}
	policy->enforcers = enforcers;
	policy->enforcer_count = list->count;
	reader->has_enforcers = list->count > 0;
	return true;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static bool read_scopes(struct reader *reader, const struct policy_text *text,
			struct policy_spec *policy)
{
	const struct body_text *body = &text->spec;
	const struct workloads_text workloads = { .at = body->at,
						  .podSelector = body->podSelector,
						  .containerSelector = body->containerSelector,
						  .hostSelector = body->hostSelector };

	return reader__scope(reader, &workloads, "spec",
			     reader->is_namespaced ? &text->metadata.namespace : NULL,
			     &policy->scope) &&
	       reader__nodes(reader, &body->nodeSelector, "spec", &policy->nodes,
			     &policy->node_count);
}

bool reader__policy(struct reader *reader, const struct policy_text *text,
		    struct policy_spec *policy)
{
	const struct body_text *body = &text->spec;

	if (!read_lists(reader, &body->lists) || !read_macros(reader, body->selectorsMacros) ||
	    !read_options(reader, &body->options, policy) ||
	    !read_enforcers(reader, &body->enforcers, policy) ||
	    !read_scopes(reader, text, policy) || !reader__hooks(reader, body, policy))
		return false;
	policy->lists = reader->lists;
	policy->list_count = reader->list_count;
	policy->wants_library_loads = body->loader;
	if (policy->hook_count == 0 && !policy->wants_library_loads)
		reader__warn(reader, &text->at, "spec", "", "there is no hook in it");
	return true;
}
