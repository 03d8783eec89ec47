/* SPDX-License-Identifier: Apache-2.0 */
#include "program/fact_types.h"

#include <bpf/btf.h>

#include "base/mem.h"
#include "base/vec.h"

/* Deeper nesting is cut: a pointer then leads to NULL, a member to a type of kind OTHER. */
#define DEPTH_MAX 32

struct fact_types {
	const struct btf *btf;    /* borrowed */
	struct arena *arena;      /* borrowed */
	struct fact_type **by_id; /* owned; the facts are the arena's */
	uint32_t count;
	int depth;
	bool is_shallow;
	uint32_t mark; /* of ids that facts carry */
};

struct fact_types *fact_types__new(const struct btf *btf, struct arena *arena)
{
	struct fact_types *types = new_zero(struct fact_types);

	if (!types)
		return NULL;
	types->btf = btf;
	types->arena = arena;
	types->count = btf__type_cnt(btf);
	types->by_id = new_array(struct fact_type *, types->count);
	if (!types->by_id)
		return fact_types__free(types);
	return types;
}

struct fact_types *fact_types__new_shallow(const struct btf *btf, uint32_t mark,
					   struct arena *arena)
{
	struct fact_types *types = fact_types__new(btf, arena);

	if (!types)
		return NULL;
	types->is_shallow = true;
	types->mark = mark;
	return types;
}

struct fact_types *fact_types__free(struct fact_types *types)
{
	if (!types)
		return NULL;
	free(types->by_id);
	free(types);
	return NULL;
}

static const char *name_at(const struct fact_types *types, uint32_t offset)
{
	const char *name = btf__name_by_offset(types->btf, offset);
	char *copy = name && *name ? arena__strdup(types->arena, name) : NULL;

	return copy ? copy : "";
}

static const struct fact_type *member_type(struct fact_types *types, uint32_t id)
{
	static const struct fact_type unknown = { .kind = FACT_TYPE_OTHER, .name = "" };
	const struct fact_type *type = fact_types__get(types, id);

	return type ? type : &unknown;
}

static void fill_members(struct fact_types *types, const struct btf_type *source,
			 struct fact_type *type)
{
	const struct btf_member *members = btf_members(source);
	uint32_t count = btf_vlen(source);
	struct fact_member *copy = arena_array(types->arena, struct fact_member, count);

	if (!copy)
		return;
	for (uint32_t i = 0; i < count; i++) {
		copy[i].name = name_at(types, members[i].name_off);
		copy[i].offset_bits = btf_member_bit_offset(source, i);
		copy[i].size_bits = btf_member_bitfield_size(source, i);
		copy[i].type = member_type(types, members[i].type);
	}
	type->members = copy;
	type->member_count = count;
}

static int64_t enum_value(const struct btf_type *source, uint32_t index)
{
	if (btf_kind(source) == BTF_KIND_ENUM64) {
		const struct btf_enum64 *value = btf_enum64(source) + index;

		return (int64_t)((uint64_t)value->val_hi32 << 32 | value->val_lo32);
	}
	return btf_kflag(source) ? btf_enum(source)[index].val
				 : (int64_t)(uint32_t)btf_enum(source)[index].val;
}

static void fill_enumerators(struct fact_types *types, const struct btf_type *source,
			     struct fact_type *type)
{
	uint32_t count = btf_vlen(source);
	struct fact_enumerator *copy = arena_array(types->arena, struct fact_enumerator, count);

	if (!copy)
		return;
	for (uint32_t i = 0; i < count; i++) {
		/* Both kinds of enumerators begin with the name. */
		uint32_t name = btf_kind(source) == BTF_KIND_ENUM64 ? btf_enum64(source)[i].name_off
								    : btf_enum(source)[i].name_off;

		copy[i].name = name_at(types, name);
		copy[i].value = enum_value(source, i);
	}
	type->enumerators = copy;
	type->member_count = count;
	type->is_signed = btf_kflag(source);
}

static void fill_int(const struct btf_type *source, struct fact_type *type)
{
	uint8_t encoding = btf_int_encoding(source);

	type->is_signed = encoding & BTF_INT_SIGNED;
	if (encoding & BTF_INT_BOOL || strcmp(type->name, "_Bool") == 0)
		type->kind = FACT_TYPE_BOOL;
	else if (encoding & BTF_INT_CHAR || strcmp(type->name, "char") == 0)
		type->kind = FACT_TYPE_CHAR;
	else
		type->kind = FACT_TYPE_INT;
}

static void fill_array(struct fact_types *types, const struct btf_type *source,
		       struct fact_type *type)
{
	const struct btf_array *array = btf_array(source);
	uint32_t size;

	type->kind = FACT_TYPE_ARRAY;
	type->element = fact_types__get(types, array->type);
	type->element_count = array->nelems;
	if (type->element && !__builtin_mul_overflow(type->element->size, array->nelems, &size))
		type->size = size;
}

/* Passes typedefs and qualifiers; the names of typedefs go into the type. The id they end at; 0: void. */
static uint32_t strip(struct fact_types *types, uint32_t id, struct fact_type *type)
{
	VEC(const char *) names = VEC_INIT;
	const struct btf_type *source = btf__type_by_id(types->btf, id);

	while (source && (btf_is_mod(source) || btf_is_typedef(source))) {
		if (btf_is_typedef(source))
			(void)vec_push(&names, name_at(types, source->name_off));
		id = source->type;
		source = btf__type_by_id(types->btf, id);
	}
	type->typedefs = arena__memdup(types->arena, names.items, names.len * sizeof(*names.items));
	type->typedef_count = type->typedefs ? (uint32_t)names.len : 0;
	vec_done(&names);
	return id;
}

/* What a pointer leads to. */
static const struct fact_type *pointed_type(struct fact_types *types, uint32_t id)
{
	struct fact_type *type;
	const struct btf_type *source;

	if (!types->is_shallow || id == 0)
		return fact_types__get(types, id);
	type = arena_new(types->arena, struct fact_type);
	if (!type)
		return NULL;
	id = strip(types, id, type);
	source = btf__type_by_id(types->btf, id);
	if (!source || !btf_is_composite(source))
		return fact_types__get(types, id);
	type->kind = btf_is_struct(source) ? FACT_TYPE_STRUCT : FACT_TYPE_UNION;
	type->name = name_at(types, source->name_off);
	type->size = source->size;
	type->id = types->mark + id;
	return type;
}

static void fill(struct fact_types *types, const struct btf_type *source, struct fact_type *type)
{
	type->name = name_at(types, source->name_off);
	switch (btf_kind(source)) {
	case BTF_KIND_INT:
		type->size = source->size;
		fill_int(source, type);
		break;
	case BTF_KIND_FLOAT:
		type->size = source->size;
		type->kind = FACT_TYPE_FLOAT;
		break;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		type->size = source->size;
		type->kind = FACT_TYPE_ENUM;
		fill_enumerators(types, source, type);
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		type->size = source->size;
		type->kind = btf_is_struct(source) ? FACT_TYPE_STRUCT : FACT_TYPE_UNION;
		fill_members(types, source, type);
		break;
	case BTF_KIND_PTR:
		type->size = sizeof(uint64_t);
		type->kind = FACT_TYPE_POINTER;
		type->element = pointed_type(types, source->type);
		break;
	case BTF_KIND_ARRAY:
		fill_array(types, source, type);
		break;
	default:
		type->kind = FACT_TYPE_OTHER;
		break;
	}
}

const struct fact_type *fact_types__get(struct fact_types *types, uint32_t id)
{
	const struct btf_type *source;
	struct fact_type *type;

	if (id == 0 || id >= types->count || types->depth >= DEPTH_MAX)
		return NULL;
	if (types->by_id[id])
		return types->by_id[id];
	type = arena_new(types->arena, struct fact_type);
	if (!type)
		return NULL;
	source = btf__type_by_id(types->btf, strip(types, id, type));
	if (!source || btf_is_void(source))
		return NULL;
	types->by_id[id] = type; /* before its members: they may lead back here */
	types->depth++;
	fill(types, source, type);
	types->depth--;
	return type;
}
