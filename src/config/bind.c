/* SPDX-License-Identifier: Apache-2.0 */
#include "config/bind.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "config/bind_scalar.h"
#include "config/scalar.h"

/* A repeated map keeps its earlier pairs, as upstream does; a config of nothing but repeats must end. */
#define MAX_COPIED_PAIRS (4u * YAML_MAX_NODES)

const struct bind_type bind_text = { .kind = BIND_TEXT };
const struct bind_type bind_bool = { .kind = BIND_BOOL };
const struct bind_type bind_u32 = { .kind = BIND_U32 };
const struct bind_type bind_i64 = { .kind = BIND_I64 };
const struct bind_type bind_double = { .kind = BIND_DOUBLE };
const struct bind_type bind_duration = { .kind = BIND_DURATION };
const struct bind_type bind_pairs = { .kind = BIND_PAIRS };
const struct bind_type bind_node = { .kind = BIND_NODE };
const struct bind_type bind_texts = BIND_LIST_TYPE(&bind_text);
const struct bind_type bind_doubles = BIND_LIST_TYPE(&bind_double);

static int bind_value(struct binder *binder, const struct node *node, const struct target *target);

static size_t value_size(const struct bind_type *type)
{
	switch (type->kind) {
	case BIND_TEXT:
		return sizeof(struct spec_text);
	case BIND_BOOL:
		return sizeof(bool);
	case BIND_U32:
		return sizeof(uint32_t);
	case BIND_I64:
	case BIND_DURATION:
		return sizeof(int64_t);
	case BIND_DOUBLE:
		return sizeof(double);
	case BIND_WORD:
		return sizeof(int);
	case BIND_STRUCT:
		return type->size;
	case BIND_LIST:
	case BIND_PAIRS:
		return sizeof(struct bind_list);
	case BIND_NODE:
		return sizeof(const struct node *);
	case BIND_NUMBER:
		return sizeof(struct number_spec);
	case BIND_VALUE:
		return sizeof(struct value_spec);
	case BIND_NAME:
		return sizeof(struct bind_name);
	}
	return 0;
}

static void reset(const struct target *target)
{
	size_t size = value_size(target->type);

	if (target->start)
		memcpy(target->value, target->start, size);
	else
		memset(target->value, 0, size);
}

/* ---- structs -------------------------------------------------------------------------------- */

static int bind_node_value(struct binder *binder, const struct node *node,
			   const struct target *target)
{
	(void)binder;
	*(const struct node **)target->value = node;
	return 0;
}

static const struct bind_field *find_field(const struct bind_type *type, const char *key)
{
	for (size_t i = 0; i < type->field_count; i++)
		if (str_eq(type->fields[i].key, key))
			return &type->fields[i];
	return NULL;
}

static const char *article(const char *noun)
{
	return strchr("aeio", noun[0]) ? "an" : "a";
}

/* An error in a strict dialect; otherwise a warning, when anybody wants those. */
static int unknown_key(struct binder *binder, const struct node *key, const struct target *owner)
{
	const struct target target = { .key = key->text, .parent = owner };
	const struct bind_type *type = owner->type;
	const char *names[BIND_MAX_ENTRIES], *nearest;
	struct err_list *list = binder->is_strict ? binder->errors : binder->warnings;
	struct strbuf hint = STRBUF_INIT;

	if (!list)
		return 0;
	for (size_t i = 0; i < type->field_count; i++)
		names[i] = type->fields[i].key;
	nearest = list->len < ERR_LIST_MAX ? str_nearest(key->text, names, type->field_count)
					   : NULL;
	if (nearest)
		strbuf__printf(&hint, "; did you mean '%s'?", nearest);
	if (binder->is_strict)
		(void)bind_error(binder, &target, -EINVAL, &key->at, "%s %s has no key '%.64s'%s",
				 article(type->noun), type->noun, key->text, strbuf__text(&hint));
	else
		(void)err_list__set(list, -EINVAL, &key->at,
				    "%s %s has no key '%.64s', ignoring it%s", article(type->noun),
				    type->noun, key->text, strbuf__text(&hint));
	strbuf__done(&hint);
	return binder->is_strict ? -EINVAL : 0;
}

static int bind_pair(struct binder *binder, const struct node_pair *pair,
		     const struct target *target, uint64_t *seen)
{
	const struct bind_type *type = target->type;
	const struct bind_field *field;
	uint64_t bit;

	if (pair->key->kind != NODE_SCALAR)
		return bind_error(binder, target, -EINVAL, &pair->key->at,
				  "a key of %s %s is %s; it must be text", article(type->noun),
				  type->noun, node__describe(pair->key));
	field = find_field(type, pair->key->text);
	if (!field)
		return unknown_key(binder, pair->key, target);
	bit = UINT64_C(1) << (field - type->fields);
	if (binder->is_strict && !pair->is_merged && (*seen & bit))
		return bind_error(binder, &(struct target){ .key = field->key, .parent = target },
				  -EINVAL, &pair->key->at,
				  "key '%s' stands twice in one %s; keep one", field->key,
				  type->noun);
	*seen |= bit;
	return bind_value(
		binder, pair->value,
		&(struct target){
			.key = field->key,
			.type = field->type,
			.start = type->initial ? (const char *)type->initial + field->offset : NULL,
			.value = (char *)target->value + field->offset,
			.parent = target,
		});
}

/* A typed binder takes null for not there, whatever it is. */
static bool is_missing(const struct binder *binder, const struct bind_field *field,
		       const void *value, uint64_t seen, size_t index)
{
	const struct spec_text *text = value;

	if (field->type->kind == BIND_TEXT)
		return !text->text || text->text[0] == '\0';
	if (binder->is_typed && field->type->kind == BIND_STRUCT)
		return ((const struct loc *)value)->line == 0;
	if (binder->is_typed && field->type->kind == BIND_LIST)
		return !((const struct bind_list *)value)->is_set;
	if (binder->is_typed && field->type->kind == BIND_NAME)
		return !((const struct bind_name *)value)->written.text;
	if (binder->is_typed && field->type->kind == BIND_NUMBER)
		return ((const struct number_spec *)value)->at.line == 0;
	return !(seen & UINT64_C(1) << index);
}

static int check_required(struct binder *binder, const struct target *target, const struct loc *at,
			  uint64_t seen)
{
	const struct bind_type *type = target->type;
	int first = 0;

	for (size_t i = 0; i < type->field_count; i++) {
		const struct bind_field *field = &type->fields[i];

		if (!field->is_required ||
		    !is_missing(binder, field, (char *)target->value + field->offset, seen, i))
			continue;
		first = bind_error(binder, &(struct target){ .key = field->key, .parent = target },
				   -EINVAL, at, "'%s' is missing; every %s needs one", field->key,
				   type->noun);
	}
	return first;
}

static int bind_struct_value(struct binder *binder, const struct node *node,
			     const struct target *target)
{
	uint64_t seen = 0;
	int first = 0;

	assert(target->type->field_count <= BIND_MAX_ENTRIES);
	if (node->kind != NODE_MAP && !node__is_null(node))
		return bind_wrong_type(binder, node, target, "a map of keys");
	memcpy(target->value, &node->at, sizeof(node->at));
	for (uint32_t i = 0; node->kind == NODE_MAP && i < node->count; i++) {
		int r = bind_pair(binder, &node->pairs[i], target, &seen);

		if (r == -ENOMEM)
			return r;
		if (r < 0 && first == 0)
			first = r;
	}
	/* A key with a wrong value was reported already: it is not missing. */
	return first < 0 ? first : check_required(binder, target, &node->at, seen);
}

/* ---- lists ---------------------------------------------------------------------------------- */

static int bind_elements(struct binder *binder, const struct node *node,
			 const struct target *target, struct bind_list *list)
{
	const struct bind_type *element = target->type->element;
	size_t size = value_size(element);
	int first = 0;

	for (uint32_t i = 0; i < node->count; i++) {
		struct target item = {
			.key = target->key,
			.type = element,
			.start = element->initial,
			.value = (char *)list->items + i * size,
			.parent = target,
			.is_item = true,
			.index = i,
		};
		int r;

		reset(&item);
		/* A struct that is null has no keys, which its required ones then say. */
		if (element->kind == BIND_STRUCT)
			r = bind_struct_value(binder, node->items[i], &item);
		else if (binder->is_typed && node__is_null(node->items[i]))
			r = bind_error(binder, &item, -EINVAL, &node->items[i]->at,
				       "an item of '%s' is null; give it a value or leave it out",
				       target->key);
		else
			r = bind_value(binder, node->items[i], &item);
		if (r == -ENOMEM)
			return r;
		if (r < 0 && first == 0)
			first = r;
	}
	return first;
}

static int bind_list_value(struct binder *binder, const struct node *node,
			   const struct target *target)
{
	struct bind_list list = { .count = node->count, .is_set = true, .at = node->at };
	int r;

	if (node->kind != NODE_LIST)
		return bind_wrong_type(binder, node, target, "a list");
	list.items = arena__alloc_array(binder->arena, node->count,
					value_size(target->type->element));
	if (!list.items)
		return -ENOMEM;
	r = bind_elements(binder, node, target, &list);
	*(struct bind_list *)target->value = list;
	return r;
}

/* Adds or replaces one pair; `index` knows where each key is. */
static int add_pair(struct binder *binder, const struct node_pair *pair,
		    const struct target *target, struct map *index, struct bind_list *list)
{
	struct step_pair *pairs = list->items, *found;
	const char *key = pair->key->text, *value = pair->value->text;
	int r;

	r = bind_check_text(binder, pair->key, target);
	if (r == 0)
		r = bind_check_is_text(binder, pair->value, target);
	if (r < 0)
		return r;
	if (node__is_null(pair->key))
		key = "";
	if (node__is_null(pair->value))
		value = "";
	found = map__find(index, key, strlen(key));
	if (found && binder->is_strict && !pair->is_merged)
		return bind_error(binder, target, -EINVAL, &pair->key->at,
				  "key '%.64s' stands twice in '%s'; keep one", key, target->key);
	if (found) {
		found->value = value;
		return 0;
	}
	pairs[list->count] = (struct step_pair){ key, value };
	return map__set(index, key, strlen(key), &pairs[list->count++], NULL);
}

static int start_pairs(struct binder *binder, const struct node *node, const struct target *target,
		       struct map *index, struct bind_list *ret_list)
{
	const struct bind_list *old = target->value;
	struct step_pair *pairs = arena_array(binder->arena, struct step_pair,
					      (size_t)old->count + node->count);

	if (!pairs)
		return -ENOMEM;
	binder->copied_pairs += old->count;
	if (binder->copied_pairs > MAX_COPIED_PAIRS)
		return bind_error(binder, target, -E2BIG, &node->at,
				  "a map is repeated too often; write it once");
	*ret_list = (struct bind_list){
		.items = pairs, .count = old->count, .is_set = true, .at = node->at
	};
	for (uint32_t i = 0; i < old->count; i++) {
		pairs[i] = ((const struct step_pair *)old->items)[i];
		if (map__set(index, pairs[i].key, strlen(pairs[i].key), &pairs[i], NULL) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int bind_pairs_value(struct binder *binder, const struct node *node,
			    const struct target *target)
{
	struct bind_list *list = target->value;
	struct bind_list pairs;
	struct map index = MAP_INIT;
	int first;

	if (node->kind != NODE_MAP)
		return bind_wrong_type(binder, node, target, "a map of text to text");
	first = start_pairs(binder, node, target, &index, &pairs);
	for (uint32_t i = 0; first != -ENOMEM && first != -E2BIG && i < node->count; i++) {
		int r = add_pair(binder, &node->pairs[i], target, &index, &pairs);

		if (r == -ENOMEM || (r < 0 && first == 0))
			first = r;
	}
	map__done(&index, NULL);
	if (first == 0)
		*list = pairs;
	return first;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static int bind_value(struct binder *binder, const struct node *node, const struct target *target)
{
	static int (*const binds[])(struct binder * binder, const struct node *node,
				    const struct target *target) = {
		[BIND_TEXT] = bind_text_value,     [BIND_BOOL] = bind_bool_value,
		[BIND_U32] = bind_u32_value,       [BIND_I64] = bind_i64_value,
		[BIND_DOUBLE] = bind_double_value, [BIND_DURATION] = bind_duration_value,
		[BIND_WORD] = bind_word_value,     [BIND_STRUCT] = bind_struct_value,
		[BIND_LIST] = bind_list_value,     [BIND_PAIRS] = bind_pairs_value,
		[BIND_NODE] = bind_node_value,     [BIND_NUMBER] = bind_number_value,
		[BIND_NAME] = bind_name_value,     [BIND_VALUE] = bind_value_value,
	};

	if (node__is_null(node)) {
		reset(target);
		if (target->type->kind == BIND_TEXT)
			((struct spec_text *)target->value)->at = node->at;
		return 0;
	}
	return binds[target->type->kind](binder, node, target);
}

int binder__run(struct binder *binder, const struct node *node, const struct bind_type *type,
		void *ret_value)
{
	return bind_value(
		binder, node,
		&(struct target){ .type = type, .start = type->initial, .value = ret_value });
}
