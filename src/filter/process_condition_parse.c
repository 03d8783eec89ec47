/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/mem.h"
#include "base/num.h"
#include "filter/label_selector.h"
#include "filter/process_condition.h"
#include "record/process_schema.h"

int process_condition_parse_patterns(struct filter_text *text, const json_t *value,
				     struct process_condition *condition)
{
	int r = filter_text__get_patterns(text, condition->key->name, value, &condition->patterns);

	condition->is_empty = condition->patterns.count == 0;
	return r;
}

int process_condition_parse_texts(struct filter_text *text, const json_t *value,
				  struct process_condition *condition)
{
	int r = filter_text__get_texts(text, condition->key->name, value, &condition->texts);

	condition->is_empty = condition->texts.count == 0;
	return r;
}

int process_condition_parse_kinds(struct filter_text *text, const json_t *value,
				  struct process_condition *condition)
{
	int r = filter_text__get_kinds(text, condition->key->name, value, &condition->kinds);

	condition->is_empty = condition->kinds == 0;
	return r;
}

int process_condition_parse_bool(struct filter_text *text, const json_t *value,
				 struct process_condition *condition)
{
	return filter_text__get_bool(text, condition->key->name, value, &condition->is_wanted);
}

static int parse_pid(const json_t *value, uint32_t *ret_pid)
{
	int64_t number = json_integer_value(value);

	if (json_is_string(value) &&
	    num_parse_i64(json_string_value(value), json_string_length(value), &number) < 0)
		return -EINVAL;
	if ((!json_is_integer(value) && !json_is_string(value)) || number < 0 ||
	    number > UINT32_MAX)
		return -EINVAL;
	*ret_pid = (uint32_t)number;
	return 0;
}

int process_condition_parse_pids(struct filter_text *text, const json_t *value,
				 struct process_condition *condition)
{
	const char *key = condition->key->name;
	size_t count = json_array_size(value);
	uint32_t *pids;

	if (!json_is_array(value))
		return filter_text__refuse(text, key, "it is no list");
	pids = arena_array(text->arena, uint32_t, count ? count : 1);
	if (!pids)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (parse_pid(json_array_get(value, i), &pids[i]) < 0)
			return filter_text__refuse(text, key, "value %zu is no pid", i + 1);
	condition->pids = (struct pid_list){ .pids = pids, .count = (uint32_t)count };
	condition->is_empty = count == 0;
	return 0;
}

int process_condition_parse_selectors(struct filter_text *text, const json_t *value,
				      struct process_condition *condition)
{
	struct selector_list *list = &condition->selectors;
	int r = process_condition_parse_texts(text, value, condition);

	if (r < 0)
		return r;
	list->selectors = arena_array(text->arena, const struct label_selector *,
				      condition->texts.count ? condition->texts.count : 1);
	if (!list->selectors)
		return -ENOMEM;
	for (; list->count < condition->texts.count; list->count++) {
		const struct text_view *source = &condition->texts.texts[list->count];

		r = label_selector_parse(source->len ? source->data : "", text->arena,
					 &list->selectors[list->count], text->err);
		if (r < 0)
			return err__wrap(text->err, r, text->at, "filter %u: '%s'", text->count,
					 condition->key->name);
	}
	return 0;
}

/* ---- capabilities ---- */

static int parse_capability_bits(struct filter_text *text, const char *key, const json_t *value,
				 uint64_t *ret_bits)
{
	uint64_t bits = 0;

	if (!json_is_array(value) || json_array_size(value) == 0)
		return filter_text__refuse(text, key, "it is no list of capabilities");
	for (size_t i = 0; i < json_array_size(value); i++) {
		const json_t *item = json_array_get(value, i);
		uint32_t bit;

		if (!json_is_string(item) ||
		    !event_names__find(&event_capability_names, json_string_value(item),
				       json_string_length(item), &bit))
			return filter_text__refuse(
				text, key, "value %zu is no capability; CAP_SYS_ADMIN is one",
				i + 1);
		bits |= 1ULL << bit;
	}
	*ret_bits = bits;
	return 0;
}

static int parse_capability_set(struct filter_text *text, json_t *value,
				struct capability_condition *set)
{
	static const struct {
		const char *name;
		enum capability_set kind;
	} kinds[] = { { "any", CAPABILITY_SET_ANY },
		      { "all", CAPABILITY_SET_ALL },
		      { "exactly", CAPABILITY_SET_EXACTLY },
		      { "none", CAPABILITY_SET_EMPTY } };
	const char *key;
	json_t *bits;

	json_object_foreach(value, key, bits)
	{
		size_t i = 0;
		int r;

		while (i < array_size(kinds) && strcmp(key, kinds[i].name) != 0)
			i++;
		if (i == array_size(kinds))
			return filter_text__refuse(text, key,
						   "it is none of any, all, exactly and none");
		if (set->kind != CAPABILITY_SET_NONE)
			return filter_text__refuse(text, key,
						   "a set of capabilities has one of any, all, "
						   "exactly and none");
		set->kind = kinds[i].kind;
		r = parse_capability_bits(text, key, bits, &set->bits);
		if (r < 0)
			return r;
	}
	return 0;
}

int process_condition_parse_capabilities(struct filter_text *text, const json_t *value,
					 struct process_condition *condition)
{
	const struct {
		const char *name;
		struct capability_condition *set;
	} sets[] = { { "permitted", &condition->permitted },
		     { "effective", &condition->effective },
		     { "inheritable", &condition->inheritable } };
	size_t found = 0;

	for (size_t i = 0; i < array_size(sets); i++) {
		json_t *set = json_object_get(value, sets[i].name);
		int r;

		if (!set)
			continue;
		found++;
		r = parse_capability_set(text, set, sets[i].set);
		if (r < 0)
			return r;
		if (sets[i].set->kind == CAPABILITY_SET_NONE)
			return filter_text__refuse(text, sets[i].name,
						   "one of any, all, exactly and none is missing");
	}
	if (!json_is_object(value) || found != json_object_size(value))
		return filter_text__refuse(
			text, condition->key->name,
			"it is no object of permitted, effective and inheritable");
	return 0;
}

int process_condition_refuse_expression(struct filter_text *text, const json_t *value,
					struct process_condition *condition)
{
	(void)value;
	(void)filter_text__refuse(text, condition->key->name,
				  "expressions of CEL are not understood; the other keys, and "
				  "filters of sonde's own, say most of what they can");
	return -EOPNOTSUPP;
}
