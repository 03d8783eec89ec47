/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/resolve.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"

#define NESTING_MAX 16 /* of structs without a name in one another */

struct walk {
	struct policy_compile *compile;
	const struct loc *at;
	const char *path, *members;
	struct policy_way *way;
};

int policy_way__end_step(struct policy_way *way, bool is_followed)
{
	struct hook_step *last = way->steps.len ? &way->steps.items[way->steps.len - 1] : NULL;

	if (way->offset > INT32_MAX || way->offset < INT32_MIN)
		return -E2BIG;
	if (last && !last->is_followed) { /* one addition is enough */
		if (__builtin_add_overflow(last->offset, (int32_t)way->offset, &last->offset))
			return -E2BIG;
		last->is_followed = is_followed;
	} else {
		if (way->steps.len == POLICY_STEPS_MAX)
			return -E2BIG;
		if (vec_push(&way->steps, ((struct hook_step){ .offset = (int32_t)way->offset,
							       .is_followed = is_followed })) < 0)
			return -ENOMEM;
	}
	way->offset = 0;
	return 0;
}

static int step(struct walk *walk)
{
	int r = policy_way__end_step(walk->way, true);

	if (r == -E2BIG)
		return policy_compile__refuse(walk->compile, -EINVAL, walk->at, walk->path,
					      "'%s' follows more than %d pointers, or goes too far",
					      walk->members, POLICY_STEPS_MAX);
	return r < 0 ? policy_compile__no_memory(walk->compile) : 0;
}

/* Of structs that were only named, as they are behind pointers, the members. */
static const struct fact_type *whole(struct walk *walk, const struct fact_type *type)
{
	const struct btf_view *view = walk->way->view ? walk->way->view
						      : walk->compile->context->types;

	if (!type || type->id == 0 || type->member_count)
		return type;
	return view->expand(view->ctx, type, &walk->compile->types);
}

static const struct fact_member *find_member(const struct fact_type *type, const char *name,
					     size_t len, uint32_t *offset_bits, int depth)
{
	for (uint32_t i = 0; i < type->member_count && depth < NESTING_MAX; i++) {
		const struct fact_member *member = &type->members[i];
		const struct fact_member *inner;

		if (strlen(member->name) == len && memcmp(member->name, name, len) == 0) {
			*offset_bits += member->offset_bits;
			return member;
		}
		if (*member->name || (member->type->kind != FACT_TYPE_STRUCT &&
				      member->type->kind != FACT_TYPE_UNION))
			continue;
		inner = find_member(member->type, name, len, offset_bits, depth + 1);
		if (inner) {
			*offset_bits += member->offset_bits;
			return inner;
		}
	}
	return NULL;
}

static int refuse_member(struct walk *walk, const struct fact_type *type, const char *name,
			 size_t len)
{
	if (!type || (type->kind != FACT_TYPE_STRUCT && type->kind != FACT_TYPE_UNION))
		return policy_compile__refuse(walk->compile, -EINVAL, walk->at, walk->path,
					      "'%s': '%.*s' is asked of what is no struct",
					      walk->members, (int)len, name);
	return policy_compile__refuse(walk->compile, -EINVAL, walk->at, walk->path,
				      "'%s': struct '%s' of this kernel has no member '%.*s'",
				      walk->members, type->name, (int)len, name);
}

static int take_member(struct walk *walk, const char *name, size_t len)
{
	struct policy_way *way = walk->way;
	const struct fact_member *member = NULL;
	const struct fact_type *type;
	uint32_t offset_bits = 0;
	int r = 0;

	if (way->type && way->type->kind == FACT_TYPE_POINTER) {
		r = step(walk);
		way->type = way->type->element;
	}
	if (r < 0)
		return r;
	type = whole(walk, way->type);
	if (type && (type->kind == FACT_TYPE_STRUCT || type->kind == FACT_TYPE_UNION))
		member = find_member(type, name, len, &offset_bits, 0);
	if (!member)
		return refuse_member(walk, type, name, len);
	way->offset += offset_bits / 8;
	way->type = member->type;
	way->is_bit_field = member->size_bits != 0;
	way->bit_offset = (uint8_t)(offset_bits % 8);
	way->bit_size = (uint8_t)member->size_bits;
	return 0;
}

static int take_element(struct walk *walk, uint64_t index)
{
	struct policy_way *way = walk->way;
	const struct fact_type *type = way->type;
	int64_t distance;
	int r = 0;

	if (!type || (type->kind != FACT_TYPE_ARRAY && type->kind != FACT_TYPE_POINTER) ||
	    !type->element)
		return policy_compile__refuse(walk->compile, -EINVAL, walk->at, walk->path,
					      "'%s': [%llu] is asked of what is no array",
					      walk->members, (unsigned long long)index);
	/* An array of no elements ends a struct: there may be any number. */
	if (type->kind == FACT_TYPE_ARRAY && type->element_count && index >= type->element_count)
		return policy_compile__refuse(walk->compile, -EINVAL, walk->at, walk->path,
					      "'%s': there are %u elements, [%llu] is none",
					      walk->members, type->element_count,
					      (unsigned long long)index);
	if (type->kind == FACT_TYPE_POINTER)
		r = step(walk);
	if (r < 0)
		return r;
	if (__builtin_mul_overflow(index, type->element->size, &distance) ||
	    __builtin_add_overflow(way->offset, distance, &way->offset))
		return policy_compile__refuse(walk->compile, -EINVAL, walk->at, walk->path,
					      "'%s': [%llu] is too far", walk->members,
					      (unsigned long long)index);
	way->type = type->element;
	return 0;
}

static int refuse_text(struct walk *walk)
{
	return policy_compile__refuse(walk->compile, -EINVAL, walk->at, walk->path,
				      "'%s' is no way through members; one is a.b[2].c",
				      walk->members);
}

/* "[2][3]" behind a name. */
static int take_elements(struct walk *walk, const char **text)
{
	while (**text == '[') {
		size_t len = strcspn(*text, "]");
		uint64_t index;
		int r;

		if ((*text)[len] != ']' || num_parse_u64(*text + 1, len - 1, &index) < 0)
			return refuse_text(walk);
		r = take_element(walk, index);
		if (r < 0)
			return r;
		*text += len + 1;
	}
	return 0;
}

int policy_resolve(struct policy_compile *compile, const struct loc *at, const char *path,
		   const char *members, struct policy_way *way)
{
	struct walk walk = { compile, at, path, members, way };
	const char *text = members;

	for (;;) {
		size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					  "0123456789_");
		int r;

		if (len == 0 && *text != '[')
			return refuse_text(&walk);
		if (way->is_bit_field)
			return refuse_member(&walk, NULL, text, len);
		r = len ? take_member(&walk, text, len) : 0;
		text += len;
		if (r == 0)
			r = take_elements(&walk, &text);
		if (r < 0)
			return r;
		if (*text == '\0')
			return 0;
		if (*text++ != '.')
			return refuse_text(&walk);
	}
}
