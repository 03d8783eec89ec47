/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "config/tracing_policy/tracing_policy.h"
#include "record/kernel_name.h"

#define HOST_NAMESPACE "host_ns"

/* Which filters of a selector are being read, and for which hook. */
struct filters {
	struct reader *reader;
	const struct hook_spec *hook;
	const char *path;  /* of the selector */
	const char *field; /* "matchArgs" */
	enum match_subject subject;
	struct match_spec *matches; /* of the rule: the next ones go behind the last */
	uint32_t count;
};

/* Starts the match that text is about; NULL: no memory. */
static struct match_spec *add_match(struct filters *filters, uint32_t index, const struct loc *at,
				    const struct bind_name *operator)
{
	struct match_spec *match = &filters->matches[filters->count++];

	*match = (struct match_spec){
		.at = *at,
		.path = reader__item_path(filters->reader, filters->path, filters->field, index),
		.subject = filters->subject,
		.op_at = operator->written.at,
		.op = OPERATOR_OP(operator->value),
		.end = OPERATOR_END(operator->value),
	};
	return match->path ? match : NULL;
}

static void set_values(struct filters *filters, const struct bind_list *values,
		       struct match_spec *match)
{
	reader__resolve_all(filters->reader, values, match->path, "values");
	match->values = values->items;
	match->value_count = values->count;
}

/* ---- processes ------------------------------------------------------------------------------ */

static bool read_pids(struct filters *filters, const struct bind_list *list)
{
	const struct match_pids_text *texts = list->items;

	for (uint32_t i = 0; i < list->count; i++) {
		const struct match_pids_text *text = &texts[i];
		struct match_spec *match = add_match(filters, i, &text->at, &text->operator);

		if (!match)
			return false;
		match->pids = text->values.items;
		match->pid_count = text->values.count;
		match->is_namespace_pid = text->isNamespacePID;
		match->follow_forks = text->followForks;
	}
	return true;
}

/* As in the original, a filter of no binaries is no filter. */
static bool read_binaries(struct filters *filters, const struct bind_list *list)
{
	const struct match_binaries_text *texts = list->items;

	for (uint32_t i = 0; i < list->count; i++) {
		const struct match_binaries_text *text = &texts[i];
		struct match_spec *match = add_match(filters, i, &text->at, &text->operator);

		if (!match)
			return false;
		set_values(filters, &text->values, match);
		match->follow_children = text->followChildren;
		if (text->values.count == 0) {
			reader__warn(filters->reader, &text->at, match->path, "values",
				     "there is none, ignoring this filter");
			filters->count--;
		}
	}
	return true;
}

/* ---- namespaces ----------------------------------------------------------------------------- */

static void check_inodes(struct filters *filters, const struct match_spec *match)
{
	for (uint32_t i = 0; i < match->value_count; i++) {
		const struct value_spec *value = &match->values[i];
		uint64_t inode;

		if (str_eq(value->text, HOST_NAMESPACE) ||
		    (num_parse_u64(value->text, strlen(value->text), &inode) == 0 &&
		     inode <= UINT32_MAX))
			continue;
		reader__complain(filters->reader, &value->at, match->path, "values",
				 "'%.64s' is no namespace; write the number of its inode, or "
				 "'" HOST_NAMESPACE "'",
				 value->text);
	}
}

static bool read_namespaces(struct filters *filters, const struct bind_list *list)
{
	const struct match_namespaces_text *texts = list->items;

	for (uint32_t i = 0; i < list->count; i++) {
		const struct match_namespaces_text *text = &texts[i];
		struct match_spec *match = add_match(filters, i, &text->at, &text->operator);

		if (!match)
			return false;
		set_values(filters, &text->values, match);
		match->namespace_kinds = 1u << text->namespace.value;
		check_inodes(filters, match);
	}
	return true;
}

/* The original takes these names in any case here. */
static uint32_t find_namespace(struct filters *filters, const struct match_spec *match,
			       const struct value_spec *value)
{
	const struct bind_type *type = &namespace_text_type;
	const char *names[NAMESPACE_KIND_COUNT], *nearest;

	for (size_t i = 0; i < type->word_count; i++) {
		names[i] = type->words[i].text;
		if (strcasecmp(names[i], value->text) == 0)
			return 1u << type->words[i].value;
	}
	nearest = str_nearest(value->text, names, type->word_count);
	reader__complain(filters->reader, &value->at, match->path, "values",
			 "'%.64s' is no kind of namespace; did you mean '%s'?", value->text,
			 nearest ? nearest : names[0]);
	return 0;
}

static bool read_namespace_changes(struct filters *filters, const struct bind_list *list)
{
	const struct match_namespaces_text *texts = list->items;

	for (uint32_t i = 0; i < list->count; i++) {
		const struct match_namespaces_text *text = &texts[i];
		struct match_spec *match = add_match(filters, i, &text->at, &text->operator);

		if (!match)
			return false;
		set_values(filters, &text->values, match);
		for (uint32_t k = 0; k < match->value_count; k++)
			match->namespace_kinds |= find_namespace(filters, match, &match->values[k]);
	}
	return true;
}

/* ---- capabilities --------------------------------------------------------------------------- */

static uint64_t find_capability(struct filters *filters, const struct match_spec *match,
				const struct value_spec *value)
{
	const char *text = value->text + strspn(value->text, " \t"), *nearest;
	size_t len = strlen(text);
	uint32_t number;

	while (len > 0 && strchr(" \t", text[len - 1]))
		len--;
	if (kernel_name_find(KERNEL_NAMES_CAPABILITIES, text, len, &number) == 0)
		return UINT64_C(1) << number;
	nearest = kernel_name_nearest(KERNEL_NAMES_CAPABILITIES, text);
	reader__complain(filters->reader, &value->at, match->path, "values",
			 "'%.64s' is no capability; did you mean '%s'?", value->text,
			 nearest ? nearest : "CAP_SYS_ADMIN");
	return 0;
}

static bool read_capabilities(struct filters *filters, const struct bind_list *list)
{
	const struct match_capabilities_text *texts = list->items;

	for (uint32_t i = 0; i < list->count; i++) {
		const struct match_capabilities_text *text = &texts[i];
		struct match_spec *match = add_match(filters, i, &text->at, &text->operator);

		if (!match)
			return false;
		set_values(filters, &text->values, match);
		match->capability_set = (enum capability_set)text->type.value;
		match->is_namespace_capability = text->isNamespaceCapability;
		for (uint32_t k = 0; k < match->value_count; k++)
			match->capabilities |= find_capability(filters, match, &match->values[k]);
	}
	return true;
}

/* ---- arguments ------------------------------------------------------------------------------ */

/* What operators are about: how many arguments, and how many values. */
enum value_rule { VALUES_ANY, VALUES_ONE, VALUES_NONE };

static enum value_rule value_rule_of(enum match_op op)
{
	if (op == MATCH_OP_EXPRESSION)
		return VALUES_ONE;
	if (op == MATCH_OP_PRIVILEGED_PORT || op == MATCH_OP_NOT_PRIVILEGED_PORT ||
	    op == MATCH_OP_CAPABILITIES_GAINED)
		return VALUES_NONE;
	return VALUES_ANY;
}

static void check_value_count(struct filters *filters, const struct match_args_text *text,
			      const struct match_spec *match)
{
	enum value_rule rule = value_rule_of(match->op);

	if (rule == VALUES_ONE && match->value_count != 1)
		reader__complain(filters->reader, &text->at, match->path, "values",
				 "there are %u expressions; write one", match->value_count);
	if (rule == VALUES_NONE && match->value_count > 0)
		reader__warn(filters->reader, &text->values.at, match->path, "values",
			     "'%s' compares with none, ignoring them", text->operator.written.text);
}

/* Arguments that a filter may name: those of a list, by position; or by the index that they have in the call. */
struct candidates {
	const struct argument_spec *arguments;
	uint32_t count;
	const char *list; /* what the text calls it */
};

static struct candidates candidates_of(const struct filters *filters)
{
	const struct hook_spec *hook = filters->hook;

	if (filters->subject == MATCH_SUBJECT_DATA)
		return (struct candidates){ hook->data, hook->data_count, "data" };
	if (filters->subject == MATCH_SUBJECT_RETURN)
		return (struct candidates){ hook->ret, hook->ret ? 1 : 0, "returnArg" };
	return (struct candidates){ hook->args, hook->arg_count, "args" };
}

static void set_positions(struct filters *filters, const struct match_args_text *text,
			  const struct candidates *candidates, struct match_spec *match)
{
	const struct number_spec *args = text->args.items;
	uint32_t wanted = match->op == MATCH_OP_CAPABILITIES_GAINED ? 2 : 1;

	if (text->args.count > wanted)
		reader__warn(filters->reader, &args[wanted].at, match->path, "args",
			     "'%s' is about %u, ignoring the others", text->operator.written.text,
			     wanted);
	for (uint32_t i = 0; i < wanted && i < text->args.count; i++) {
		if (args[i].value >= candidates->count)
			reader__complain(filters->reader, &args[i].at, match->path, "args",
					 "there is no %s[%llu], there are %u", candidates->list,
					 (unsigned long long)args[i].value, candidates->count);
		else
			match->args[match->arg_count++] = (uint32_t)args[i].value;
	}
}

static void set_index(struct filters *filters, const struct match_args_text *text,
		      const struct candidates *candidates, struct match_spec *match)
{
	const struct loc *at = text->index.at.line > 0 ? &text->index.at : &text->at;
	bool is_position = filters->subject == MATCH_SUBJECT_DATA;
	bool is_tracepoint = filters->hook->kind == HOOK_KIND_TRACEPOINT ||
			     filters->hook->kind == HOOK_KIND_RAW_TRACEPOINT;

	for (uint32_t i = 0; i < candidates->count && match->arg_count == 0; i++)
		if ((is_position ? i : candidates->arguments[i].index) == text->index.value)
			match->args[match->arg_count++] = i;
	/* Of a tracepoint the original takes either. */
	if (match->arg_count == 0 && is_tracepoint && text->index.value < candidates->count)
		match->args[match->arg_count++] = (uint32_t)text->index.value;
	if (match->arg_count == 0 && is_position)
		reader__complain(filters->reader, at, match->path, "index",
				 "there is no data[%llu], there are %u",
				 (unsigned long long)text->index.value, candidates->count);
	else if (match->arg_count == 0)
		reader__complain(filters->reader, at, match->path, "index",
				 "no argument in '%s' has the index %llu; add it there",
				 candidates->list, (unsigned long long)text->index.value);
}

static void set_arguments(struct filters *filters, const struct match_args_text *text,
			  struct match_spec *match)
{
	const struct candidates candidates = candidates_of(filters);

	if (match->op == MATCH_OP_EXPRESSION)
		return; /* it names them itself */
	if (match->op == MATCH_OP_CAPABILITIES_GAINED && text->args.count < 2)
		reader__complain(
			filters->reader, &text->at, match->path, "args",
			"'CapabilitiesGained' compares two; write [new, old] as positions in '%s'",
			candidates.list);
	else if (text->args.count > 0)
		set_positions(filters, text, &candidates, match);
	else
		set_index(filters, text, &candidates, match);
}

static bool read_args(struct filters *filters, const struct bind_list *list)
{
	const struct match_args_text *texts = list->items;

	if (list->count > 0 && filters->subject == MATCH_SUBJECT_RETURN && !filters->hook->ret) {
		reader__complain(
			filters->reader, &list->at, filters->path, filters->field,
			"nothing is known of what the call returns; it needs 'return: true' and a "
			"returnArg, which kprobes, fentries and uprobes have");
		return true;
	}
	for (uint32_t i = 0; i < list->count; i++) {
		const struct match_args_text *text = &texts[i];
		struct match_spec *match = add_match(filters, i, &text->at, &text->operator);

		if (!match)
			return false;
		set_values(filters, &text->values, match);
		check_value_count(filters, text, match);
		set_arguments(filters, text, match);
	}
	return true;
}

/* ---- all ------------------------------------------------------------------------------------ */

/* In the order in which the original looks at them. */
static const struct {
	const char *field;
	size_t offset; /* of the list in struct selector_text */
	enum match_subject subject;
	bool (*read)(struct filters *filters, const struct bind_list *list);
} kinds[] = {
#define FILTERS(field_, subject_, read_)                                                           \
	{                                                                                          \
		.field = #field_, .offset = offsetof(struct selector_text, field_),                \
		.subject = MATCH_SUBJECT_##subject_, .read = (read_)                               \
	}
	FILTERS(matchPIDs, PID, read_pids),
	FILTERS(matchNamespaces, NAMESPACE, read_namespaces),
	FILTERS(matchCapabilities, CAPABILITY, read_capabilities),
	FILTERS(matchNamespaceChanges, NAMESPACE_CHANGE, read_namespace_changes),
	FILTERS(matchCapabilityChanges, CAPABILITY_CHANGE, read_capabilities),
	FILTERS(matchBinaries, BINARY, read_binaries),
	FILTERS(matchParentBinaries, PARENT_BINARY, read_binaries),
	FILTERS(matchArgs, ARG, read_args),
	FILTERS(matchData, DATA, read_args),
	FILTERS(matchReturnArgs, RETURN, read_args),
#undef FILTERS
};

static const struct bind_list *list_at(const struct selector_text *text, size_t offset)
{
	return (const struct bind_list *)(const void *)((const char *)text + offset);
}

bool reader__matches(struct reader *reader, const struct selector_text *text, const char *path,
		     const struct hook_spec *hook, struct rule_spec *rule)
{
	struct filters filters = {
		.reader = reader, .hook = hook, .path = path, .count = rule->match_count
	};
	size_t more = 0;

	for (size_t i = 0; i < array_size(kinds); i++)
		more += list_at(text, kinds[i].offset)->count;
	filters.matches = arena_array(reader->arena, struct match_spec, rule->match_count + more);
	if (!filters.matches)
		return false;
	if (rule->match_count > 0)
		memcpy(filters.matches, rule->matches, rule->match_count * sizeof(*rule->matches));
	for (size_t i = 0; i < array_size(kinds); i++) {
		filters.field = kinds[i].field;
		filters.subject = kinds[i].subject;
		if (!kinds[i].read(&filters, list_at(text, kinds[i].offset)))
			return false;
	}
	rule->matches = filters.matches;
	rule->match_count = filters.count;
	return true;
}
