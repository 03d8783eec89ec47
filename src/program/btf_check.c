/* SPDX-License-Identifier: Apache-2.0 */
#include "program/btf_check.h"

#include <errno.h>
#include <linux/btf.h>
#include <string.h>

#include "base/mem.h"

/* Longer chains of typedefs, qualifiers and arrays of arrays do not come from a compiler. */
#define CHAIN_MAX 64

/* Bytes behind the fixed part of a type: fixed + count * each. */
static const struct {
	bool is_known;
	uint8_t fixed, each;
} kind_sizes[] = {
	[BTF_KIND_INT] = { true, 4, 0 },
	[BTF_KIND_PTR] = { true, 0, 0 },
	[BTF_KIND_ARRAY] = { true, sizeof(struct btf_array), 0 },
	[BTF_KIND_STRUCT] = { true, 0, sizeof(struct btf_member) },
	[BTF_KIND_UNION] = { true, 0, sizeof(struct btf_member) },
	[BTF_KIND_ENUM] = { true, 0, sizeof(struct btf_enum) },
	[BTF_KIND_FWD] = { true, 0, 0 },
	[BTF_KIND_TYPEDEF] = { true, 0, 0 },
	[BTF_KIND_VOLATILE] = { true, 0, 0 },
	[BTF_KIND_CONST] = { true, 0, 0 },
	[BTF_KIND_RESTRICT] = { true, 0, 0 },
	[BTF_KIND_FUNC] = { true, 0, 0 },
	[BTF_KIND_FUNC_PROTO] = { true, 0, sizeof(struct btf_param) },
	[BTF_KIND_VAR] = { true, sizeof(struct btf_var), 0 },
	[BTF_KIND_DATASEC] = { true, 0, sizeof(struct btf_var_secinfo) },
	[BTF_KIND_FLOAT] = { true, 0, 0 },
	[BTF_KIND_DECL_TAG] = { true, sizeof(struct btf_decl_tag), 0 },
	[BTF_KIND_TYPE_TAG] = { true, 0, 0 },
	[BTF_KIND_ENUM64] = { true, 0, sizeof(struct btf_enum64) },
};

static int refuse(struct err *err, const char *what)
{
	return err__set(err, -EINVAL, NULL,
			"its type information (BTF) is damaged: %s; build it again", what);
}

int btf_walk__init(struct btf_walk *walk, const void *data, size_t len, struct err *err)
{
	struct btf_header header;
	size_t room;

	if (len < sizeof(header))
		return refuse(err, "it is cut short");
	memcpy(&header, data, sizeof(header));
	if (header.magic != BTF_MAGIC || header.version != BTF_VERSION ||
	    header.hdr_len < sizeof(header) || header.hdr_len > len)
		return refuse(err, "its header is not one");
	room = len - header.hdr_len;
	if (header.type_off > room || header.type_len > room - header.type_off ||
	    header.str_off > room || header.str_len > room - header.str_off || header.type_off % 4)
		return refuse(err, "it is cut short");
	*walk = (struct btf_walk){
		.types = (const unsigned char *)data + header.hdr_len + header.type_off,
		.types_len = header.type_len,
		.strings = (const char *)data + header.hdr_len + header.str_off,
		.strings_len = header.str_len,
	};
	if (header.str_len == 0 || walk->strings[header.str_len - 1] != '\0')
		return refuse(err, "its names have no end");
	return 0;
}

int btf_walk__next(struct btf_walk *walk, struct btf_item *ret_item)
{
	size_t room = walk->types_len - walk->at;
	struct btf_type type;
	uint32_t kind, count;
	size_t rest;

	if (room == 0)
		return 0;
	if (room < sizeof(type))
		return -EINVAL;
	memcpy(&type, walk->types + walk->at, sizeof(type));
	kind = BTF_INFO_KIND(type.info);
	count = BTF_INFO_VLEN(type.info);
	if (kind >= array_size(kind_sizes) || !kind_sizes[kind].is_known)
		return -EINVAL;
	rest = kind_sizes[kind].fixed + (size_t)count * kind_sizes[kind].each;
	if (rest > room - sizeof(type))
		return -EINVAL;
	*ret_item = (struct btf_item){
		.kind = kind,
		.count = count,
		.name = type.name_off,
		.type_or_size = type.type,
		.rest = walk->types + walk->at + sizeof(type),
	};
	walk->at += sizeof(type) + rest;
	return 1;
}

const char *btf_walk__name(const struct btf_walk *walk, uint32_t offset)
{
	if (offset < walk->strings_base || offset - walk->strings_base >= walk->strings_len)
		return NULL;
	return walk->strings + (offset - walk->strings_base);
}

/* ---- the check ---- */

struct checker {
	struct btf_walk walk;
	uint32_t *
		next; /* owned; by type id: what it stands for (modifier, typedef, array element), or 0 */
	uint8_t *kinds; /* owned; by type id */
	uint32_t count; /* ids are below */
};

static bool is_name(const struct checker *checker, uint32_t offset)
{
	return offset < checker->walk.strings_len;
}

static uint32_t word_at(const struct btf_item *item, size_t offset)
{
	uint32_t word;

	memcpy(&word, item->rest + offset, sizeof(word));
	return word;
}

static bool has_reference(uint32_t kind)
{
	switch (kind) {
	case BTF_KIND_PTR:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_FUNC_PROTO:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
	case BTF_KIND_TYPE_TAG:
		return true;
	default:
		return false;
	}
}

/* Names and types of members, parameters, values. `type_at`: offset of the type in each, SIZE_MAX: none. */
static bool check_each(const struct checker *checker, const struct btf_item *item, size_t size,
		       size_t type_at)
{
	bool has_name = item->kind != BTF_KIND_DATASEC;

	for (uint32_t i = 0; i < item->count; i++) {
		if (has_name && !is_name(checker, word_at(item, i * size)))
			return false;
		if (type_at != SIZE_MAX && word_at(item, i * size + type_at) >= checker->count)
			return false;
	}
	return true;
}

static bool check_rest(const struct checker *checker, const struct btf_item *item)
{
	switch (item->kind) {
	case BTF_KIND_ARRAY:
		return word_at(item, 0) < checker->count && word_at(item, 4) < checker->count;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return check_each(checker, item, sizeof(struct btf_member),
				  offsetof(struct btf_member, type));
	case BTF_KIND_FUNC_PROTO:
		return check_each(checker, item, sizeof(struct btf_param),
				  offsetof(struct btf_param, type));
	case BTF_KIND_DATASEC:
		return check_each(checker, item, sizeof(struct btf_var_secinfo),
				  offsetof(struct btf_var_secinfo, type));
	case BTF_KIND_ENUM:
		return check_each(checker, item, sizeof(struct btf_enum), SIZE_MAX);
	case BTF_KIND_ENUM64:
		return check_each(checker, item, sizeof(struct btf_enum64), SIZE_MAX);
	default:
		return true;
	}
}

/* First pass: how many there are, and what each is. */
static int collect(struct checker *checker)
{
	struct btf_walk walk = checker->walk;
	struct btf_item item;
	size_t capacity = checker->walk.types_len / sizeof(struct btf_type) + 1;
	int r;

	checker->next = new_array(uint32_t, capacity);
	checker->kinds = new_array(uint8_t, capacity);
	if (!checker->next || !checker->kinds)
		return -ENOMEM;
	checker->count = 1; /* id 0 is void */
	while ((r = btf_walk__next(&walk, &item)) > 0) {
		bool is_pointer = item.kind == BTF_KIND_PTR || item.kind == BTF_KIND_FUNC_PROTO;

		checker->kinds[checker->count] = (uint8_t)item.kind;
		if (item.kind == BTF_KIND_ARRAY)
			checker->next[checker->count] = word_at(&item, 0);
		else if (has_reference(item.kind) && !is_pointer)
			checker->next[checker->count] = item.type_or_size;
		checker->count++;
	}
	return r;
}

static bool ends(const struct checker *checker, uint32_t id)
{
	for (int step = 0; step < CHAIN_MAX; step++) {
		id = checker->next[id];
		if (id == 0)
			return true;
	}
	return false;
}

/* Second pass: every reference, now that the count is known. */
static int check_items(struct checker *checker, struct err *err)
{
	struct btf_walk walk = checker->walk;
	struct btf_item item;

	while (btf_walk__next(&walk, &item) > 0) {
		if (!is_name(checker, item.name))
			return refuse(err, "a name lies outside");
		if (has_reference(item.kind) && item.type_or_size >= checker->count)
			return refuse(err, "a type refers to one that is not there");
		if (!check_rest(checker, &item))
			return refuse(err, "a member lies outside, or its type is not there");
		if (item.kind == BTF_KIND_FUNC &&
		    checker->kinds[item.type_or_size] != BTF_KIND_FUNC_PROTO)
			return refuse(err, "a function has no prototype");
	}
	for (uint32_t id = 1; id < checker->count; id++)
		if (!ends(checker, id))
			return refuse(err, "a type stands for itself");
	return 0;
}

int btf_check(const void *data, size_t len, struct err *err)
{
	struct checker checker = { 0 };
	int r = btf_walk__init(&checker.walk, data, len, err);

	if (r < 0)
		return r;
	r = collect(&checker);
	if (r == -ENOMEM)
		(void)err__set(err, r, NULL, "no memory to check type information");
	else if (r < 0)
		(void)refuse(err, "a type is cut short or of an unknown kind");
	else
		r = check_items(&checker, err);
	free(checker.next);
	free(checker.kinds);
	return r;
}
