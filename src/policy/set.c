/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/set.h"

#include <errno.h>
#include <string.h>

#define BITS_MAX (POLICY_MASK_WORDS * 64u)

static bool is_same_value(const struct policy_set_value *a, const struct policy_set_value *b)
{
	return a->number == b->number && a->size == b->size && a->bits == b->bits &&
	       (a->size == 0 || memcmp(a->bytes, b->bytes, a->size) == 0);
}

static bool are_same_values(const struct policy_set_value *a, uint32_t a_count,
			    const struct policy_set_value *b, uint32_t b_count)
{
	if (a_count != b_count)
		return false;
	for (uint32_t i = 0; i < a_count; i++)
		if (!is_same_value(&a[i], &b[i]))
			return false;
	return true;
}

int policy_sets__add(struct policy_compile *compile, enum policy_set_kind kind,
		     const struct policy_set_value *values, uint32_t count, uint32_t *ret_set)
{
	struct policy_set set = { .kind = kind, .value_count = count };

	vec_for_each(&compile->sets, known) {
		if (known->kind != kind ||
		    !are_same_values(known->values, known->value_count, values, count))
			continue;
		*ret_set = known->id;
		return 0;
	}
	set.id = compile->context->next_set + (uint32_t)compile->sets.len;
	set.values = arena__memdup(compile->arena, values, count * sizeof(*values));
	if ((count && !set.values) || vec_push(&compile->sets, set) < 0)
		return -ENOMEM;
	*ret_set = set.id;
	return 0;
}

static bool has_bit(const struct policy_bits *bits, uint32_t bit)
{
	return bits->words[bit / 64] >> bit % 64 & 1;
}

static void set_bit(struct policy_bits *bits, uint32_t bit)
{
	bits->words[bit / 64] |= UINT64_C(1) << bit % 64;
}

static int find_free(const struct policy_bits *taken, uint32_t *ret_bit)
{
	for (uint32_t bit = 0; bit < BITS_MAX; bit++)
		if (!has_bit(taken, bit)) {
			*ret_bit = bit;
			return 0;
		}
	return -ENOSPC;
}

int policy_binaries__add(struct policy_compile *compile, const struct policy_binaries *binaries,
			 uint32_t *ret_bit)
{
	struct policy_bits taken = compile->context->binaries;
	struct policy_binaries added = *binaries;
	int r;

	vec_for_each(&compile->binaries, known) {
		set_bit(&taken, known->bit);
		if (known->op != binaries->op ||
		    known->follows_children != binaries->follows_children ||
		    !are_same_values(known->values, known->value_count, binaries->values,
				     binaries->value_count))
			continue;
		*ret_bit = known->bit;
		return 0;
	}
	r = find_free(&taken, &added.bit);
	if (r < 0)
		return r;
	if (vec_push(&compile->binaries, added) < 0)
		return -ENOMEM;
	*ret_bit = added.bit;
	return 0;
}

static bool is_same_text(const char *a, const char *b)
{
	return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

static bool is_same_requirement(const struct selector_spec *a, const struct selector_spec *b)
{
	if (a->subject != b->subject || a->op != b->op || a->value_count != b->value_count ||
	    !is_same_text(a->key, b->key))
		return false;
	for (uint32_t i = 0; i < a->value_count; i++)
		if (!is_same_text(a->values[i].text, b->values[i].text))
			return false;
	return true;
}

static bool is_same_scope(const struct scope_spec *a, const struct scope_spec *b)
{
	if (a == b)
		return true;
	if (a->has_host != b->has_host || a->has_containers != b->has_containers ||
	    a->requirement_count != b->requirement_count)
		return false;
	for (uint32_t i = 0; i < a->requirement_count; i++)
		if (!is_same_requirement(&a->requirements[i], &b->requirements[i]))
			return false;
	return true;
}

/* The first free bit, or that of another policy's scope which is the same. */
static int find_scope_bit(struct policy_compile *compile, const struct scope_spec *scope,
			  uint32_t *ret_bit)
{
	const struct policy_context *context = compile->context;
	struct policy_bits taken = { 0 };

	for (uint32_t i = 0; i < context->scope_count; i++) {
		set_bit(&taken, context->scopes[i].bit);
		if (!is_same_scope(context->scopes[i].scope, scope))
			continue;
		*ret_bit = context->scopes[i].bit;
		return 0;
	}
	vec_for_each(&compile->scopes, known)
		set_bit(&taken, known->bit);
	return find_free(&taken, ret_bit);
}

int policy_scopes__add(struct policy_compile *compile, const struct scope_spec *scope,
		       uint32_t *ret_bit)
{
	struct policy_scope added = { .scope = scope };
	int r;

	vec_for_each(&compile->scopes, known) {
		if (!is_same_scope(known->scope, scope))
			continue;
		*ret_bit = known->bit;
		return 0;
	}
	r = find_scope_bit(compile, scope, &added.bit);
	if (r < 0)
		return r;
	if (vec_push(&compile->scopes, added) < 0)
		return -ENOMEM;
	*ret_bit = added.bit;
	return 0;
}

/* Texts end at their NUL; whoever writes it out means the same. */
static size_t length_of(const struct value_spec *value, bool has_nuls)
{
	size_t len = value->len;

	while (!has_nuls && len && value->text[len - 1] == '\0')
		len--;
	return len;
}

int policy_texts__parse(struct policy_compile *compile, const struct match_spec *match,
			uint32_t max, bool has_nuls, const struct policy_set_value **ret_values)
{
	struct policy_set_value *values = arena_array(compile->arena, struct policy_set_value,
						      match->value_count + 1);
	int result = 0;

	if (!values)
		return policy_compile__no_memory(compile);
	if (match->value_count == 0)
		return policy_compile__refuse(compile, -EINVAL, &match->at, match->path,
					      "there are no values to compare with");
	for (uint32_t i = 0; i < match->value_count; i++) {
		const struct value_spec *value = &match->values[i];
		size_t len = length_of(value, has_nuls);

		if (len == 0 || len > max)
			result = policy_compile__refuse(
				compile, -EINVAL, &value->at, match->path,
				len ? "values[%u]: it is longer than %u bytes"
				    : "values[%u]: it is empty; there have to be 1 to %u bytes",
				i, max);
		values[i].bytes = (const uint8_t *)value->text;
		values[i].size = (uint32_t)len;
	}
	*ret_values = values;
	return result;
}
