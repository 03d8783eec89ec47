/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CONFIG_FACTS_H
#define SRC_CONFIG_FACTS_H

/*
 * Facts about an opened object, as neutral plain data: sections, programs, maps, variables, types.
 * program/facts.c fills them from an ELF file without loading anything; dialects read them in complete().
 * They live in the arena they were made in. No libbpf word is in here, no dialect word either.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"

enum fact_type_kind {
	FACT_TYPE_INT,
	FACT_TYPE_BOOL,
	FACT_TYPE_CHAR,
	FACT_TYPE_FLOAT,
	FACT_TYPE_ENUM,
	FACT_TYPE_STRUCT,
	FACT_TYPE_UNION,
	FACT_TYPE_ARRAY,
	FACT_TYPE_POINTER,
	FACT_TYPE_OTHER,
};

/* A type after modifiers are stripped; the typedefs passed on the way are kept by name, outermost first. */
struct fact_type {
	enum fact_type_kind kind;
	const char *name; /* "" when anonymous */
	uint32_t size;
	bool is_signed;
	const char *const *typedefs;
	uint32_t typedef_count;
	const struct fact_member *members; /* struct, union */
	const struct fact_enumerator *enumerators;
	uint32_t member_count;           /* members or enumerators */
	const struct fact_type *element; /* array, pointer (NULL: void or too deep) */
	uint32_t element_count;          /* array */
	uint32_t
		id; /* of a kernel type whose members were left out, for btf_view.expand(); 0: all is here */
};

struct fact_member {
	const char *name; /* "" when anonymous */
	uint32_t offset_bits;
	uint32_t size_bits; /* of a bit-field; 0: a whole member */
	const struct fact_type *type;
};

struct fact_enumerator {
	const char *name;
	int64_t value;
};

struct fact_variable {
	const char *name;
	const char *section; /* .rodata, .data, .bss, or "" */
	uint32_t offset;     /* in the section */
	uint32_t size;
	const struct fact_type *type;
	const void *initial; /* bytes of the object's image; NULL for .bss */
};

struct fact_map {
	const char *name;
	uint32_t type; /* kernel's enum bpf_map_type */
	uint32_t key_size, value_size, max_entries, flags;
	const struct fact_type *key, *value; /* or NULL: no BTF */
};

struct fact_program {
	const char *name;
	const char *section;
};

struct object_facts {
	const char *path;
	bool wants_kernel_types; /* programs are fitted to the running kernel's types when loaded */
	const struct fact_program *programs;
	uint32_t program_count;
	const struct fact_map *maps;
	uint32_t map_count;
	const struct fact_variable *variables;
	uint32_t variable_count;
	const struct fact_type *const *types; /* named structs and enums, for lookup by name */
	uint32_t type_count;
};

/* Each NULL when there is none of that name. */
const struct fact_map *object_facts__find_map(const struct object_facts *facts, const char *name);
const struct fact_variable *object_facts__find_variable(const struct object_facts *facts,
							const char *name);
const struct fact_type *object_facts__find_type(const struct object_facts *facts, const char *name);

struct fact_function {
	const char *name;
	const struct fact_type *const
		*parameters;                /* each NULL: void, or a type that is not known */
	const char *const *parameter_names; /* "" when it has none */
	uint32_t parameter_count;
	const struct fact_type *result; /* NULL: void */
};

/*
 * The same for the running kernel's types, for policies (argument types, resolve): looked up one by one,
 * because the whole is large. For the same reason structs and unions behind pointers are only named: expand() tells their
 * members. Implemented in program/, handed in by pipeline/. What is found is in the caller's arena; NULL: no such.
 */
struct btf_view {
	void *ctx;
	const struct fact_function *(*find_function)(void *ctx, const char *name,
						     struct arena *arena);
	/* Of a raw tracepoint: what its TP_PROTO says. */
	const struct fact_function *(*find_tracepoint)(void *ctx, const char *name,
						       struct arena *arena);
	/* module: whose types are asked beside the kernel's own, or NULL. */
	const struct fact_type *(*find_type)(void *ctx, const char *module, const char *name,
					     struct arena *arena);
	const struct fact_type *(*expand)(void *ctx, const struct fact_type *type,
					  struct arena *arena);
};

#endif
