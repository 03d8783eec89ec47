/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "config/tracing_policy/tracing_policy.h"

/* Lists that a selector and its macros may have one of between them. */
static const struct {
	const char *field;
	size_t offset;
} lists[] = {
#define FIELD(field_)                                                                              \
	{                                                                                          \
		.field = #field_, .offset = offsetof(struct selector_text, field_)                 \
	}
	FIELD(matchPIDs),         FIELD(matchArgs),
	FIELD(matchData),         FIELD(matchReturnArgs),
	FIELD(matchBinaries),     FIELD(matchParentBinaries),
	FIELD(matchNamespaces),   FIELD(matchNamespaceChanges),
	FIELD(matchCapabilities), FIELD(matchCapabilityChanges),
	FIELD(matchActions),      FIELD(matchReturnActions),
#undef FIELD
};

/* A rule in the making. */
struct rule_draft {
	struct reader *reader;
	const struct hook_spec *hook;
	struct rule_spec *rule;
	bool has_list[array_size(lists)]; /* so far */
};

static uint32_t length_at(const struct selector_text *text, size_t offset)
{
	return ((const struct bind_list *)(const void *)((const char *)text + offset))->count;
}

static bool has_workloads(const struct selector_text *text)
{
	return text->matchWorkloads.at.line > 0;
}

/* A few lines of text must not stand for millions of filters. */
static bool is_within_bounds(struct rule_draft *draft, const struct spec_text *name,
			     const struct macro *macro)
{
	uint32_t more = 1;

	for (size_t i = 0; i < array_size(lists); i++)
		more += length_at(&macro->selector, lists[i].offset);
	if (more <= YAML_MAX_NODES - draft->reader->expanded) {
		draft->reader->expanded += more;
		return true;
	}
	reader__complain(draft->reader, &name->at, draft->rule->path, "macros",
			 "macros stand for more than %u filters; split the policy", YAML_MAX_NODES);
	return false;
}

/* As the original has it: what stands in two places is not joined but refused. */
static void check_macro(struct rule_draft *draft, const struct spec_text *name,
			const struct macro *macro)
{
	const char *path = draft->rule->path;

	if (macro->selector.macros.count > 0)
		reader__complain(draft->reader, &name->at, path, "macros",
				 "macro '%.64s' has macros itself; write their filters out",
				 name->text);
	for (size_t i = 0; i < array_size(lists); i++)
		if (length_at(&macro->selector, lists[i].offset) > 0 && draft->has_list[i])
			reader__complain(
				draft->reader, &name->at, path, "macros",
				"'%s' stands in macro '%.64s' and in the selector or in another macro; "
				"keep one",
				lists[i].field, name->text);
	if (has_workloads(&macro->selector) && draft->rule->scope)
		reader__complain(
			draft->reader, &name->at, path, "macros",
			"'matchWorkloads' stands in macro '%.64s' and in the selector or in another macro; "
			"keep one",
			name->text);
}

static bool add_selector(struct rule_draft *draft, const struct selector_text *text,
			 const char *path)
{
	struct rule_spec *rule = draft->rule;
	const char *workloads;

	for (size_t i = 0; i < array_size(lists); i++)
		draft->has_list[i] |= length_at(text, lists[i].offset) > 0;
	if (!rule->label)
		rule->label = text_or_null(&text->label);
	if (!reader__matches(draft->reader, text, path, draft->hook, rule) ||
	    !reader__actions(draft->reader, text, path, draft->hook, rule))
		return false;
	if (!has_workloads(text))
		return true;
	workloads = arena__printf(draft->reader->arena, "%s.matchWorkloads", path);
	return workloads && reader__scope(draft->reader, &text->matchWorkloads, workloads,
					  NULL /* kube_namespace */, &rule->scope);
}

static const struct macro *find_macro(const struct reader *reader, const char *name)
{
	for (uint32_t i = 0; i < reader->macro_count; i++)
		if (str_eq(reader->macros[i].name, name))
			return &reader->macros[i];
	return NULL;
}

static bool add_macros(struct rule_draft *draft, const struct bind_list *list)
{
	const struct spec_text *names = list->items;

	for (uint32_t i = 0; i < list->count; i++) {
		const struct macro *macro = find_macro(draft->reader, names[i].text);

		if (!macro) {
			reader__complain(draft->reader, &names[i].at, draft->rule->path, "macros",
					 "there is no macro '%.64s'; define it in "
					 "spec.selectorsMacros",
					 names[i].text);
			continue;
		}
		if (macro->is_broken)
			continue;
		check_macro(draft, &names[i], macro);
		if (!is_within_bounds(draft, &names[i], macro))
			return true;
		if (!add_selector(draft, &macro->selector, macro->path))
			return false;
	}
	return true;
}

static bool read_rule(struct reader *reader, const struct selector_text *text,
		      const struct hook_spec *hook, const char *path, struct rule_spec *rule)
{
	struct rule_draft draft = { .reader = reader, .hook = hook, .rule = rule };

	*rule = (struct rule_spec){ .at = text->at, .path = path };
	return path && add_selector(&draft, text, path) && add_macros(&draft, &text->macros);
}

bool reader__rules(struct reader *reader, const struct hook_text *text, struct hook_spec *hook)
{
	const struct selector_text *texts = text->selectors.items;
	struct rule_spec *rules = arena_array(reader->arena, struct rule_spec,
					      text->selectors.count);

	if (!rules)
		return false;
	for (uint32_t i = 0; i < text->selectors.count; i++)
		if (!read_rule(reader, &texts[i], hook,
			       reader__item_path(reader, hook->path, "selectors", i), &rules[i]))
			return false;
	hook->rules = rules;
	hook->rule_count = text->selectors.count;
	return true;
}
