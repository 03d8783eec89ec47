/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML and the binder: whatever the text is, the tree keeps its bounds and every scalar has a meaning; binding it
 * by a table with every kind of value, leniently and strictly, reports each failure with a text.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "config/bind.h"
#include "config/scalar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* ---- a table of everything ------------------------------------------------------------------ */

struct inner {
	struct loc at;
	struct spec_text name;
	uint32_t size;
	struct bind_list texts;
};

struct outer {
	struct loc at;
	struct spec_text text;
	bool flag;
	uint32_t number;
	int64_t wide;
	double real;
	int64_t duration;
	int word;
	struct inner inner;
	struct bind_list inners, doubles, pairs;
	const struct node *node;
};

static const struct bind_field inner_fields[] = {
	BIND_REQUIRED(struct inner, name, &bind_text),
	BIND_FIELD(struct inner, size, &bind_u32),
	BIND_FIELD(struct inner, texts, &bind_texts),
};
static const struct inner inner_initial = { .size = 1 };
static const struct bind_type inner_type = {
	.kind = BIND_STRUCT,
	.noun = "thing",
	.size = sizeof(struct inner),
	.initial = &inner_initial,
	.fields = inner_fields,
	.field_count = array_size(inner_fields),
};
static const struct bind_type inners_type = BIND_LIST_TYPE(&inner_type);
static const struct bind_word words[] = { { "one", 1 }, { "two", 2 } };
static const struct bind_type word_type = {
	.kind = BIND_WORD,
	.noun = "word",
	.words = words,
	.word_count = array_size(words),
};
static const struct bind_field outer_fields[] = {
	BIND_FIELD(struct outer, text, &bind_text),
	BIND_FIELD(struct outer, flag, &bind_bool),
	BIND_FIELD(struct outer, number, &bind_u32),
	BIND_FIELD(struct outer, wide, &bind_i64),
	BIND_FIELD(struct outer, real, &bind_double),
	BIND_FIELD(struct outer, duration, &bind_duration),
	BIND_FIELD(struct outer, word, &word_type),
	BIND_FIELD(struct outer, inner, &inner_type),
	BIND_FIELD(struct outer, inners, &inners_type),
	BIND_FIELD(struct outer, doubles, &bind_doubles),
	BIND_FIELD(struct outer, pairs, &bind_pairs),
	BIND_FIELD(struct outer, node, &bind_node),
};
static const struct bind_type outer_type = BIND_STRUCT_TYPE("config", struct outer, outer_fields);

/* ---- what must hold ------------------------------------------------------------------------- */

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_scalar(const struct node *node)
{
	struct err err = ERR_INIT;
	struct scalar scalar;
	int r = scalar_parse(node, &scalar, &err);

	require(r == 0 || err__is_set(&err));
	require(!node->is_quoted || scalar.kind == SCALAR_TEXT);
	require(node->text[node->text_len] == '\0');
	err__done(&err);
}

/* Walks the tree with aliases written out, which its weight says it can afford. */
static uint32_t check_tree(const struct node *node, uint32_t depth)
{
	uint32_t weight = 1;

	require(depth <= YAML_MAX_DEPTH && node->at.line > 0 && node->at.column > 0);
	if (node->kind == NODE_SCALAR)
		check_scalar(node);
	for (uint32_t i = 0; node->kind == NODE_LIST && i < node->count; i++)
		weight += check_tree(node->items[i], depth + 1);
	for (uint32_t i = 0; node->kind == NODE_MAP && i < node->count; i++)
		weight += check_tree(node->pairs[i].key, depth + 1) +
			  check_tree(node->pairs[i].value, depth + 1);
	/* Keys of merged maps stand in their own map and in this one: counted once, in the alias. */
	require(weight <= node->weight && node->weight <= YAML_MAX_NODES);
	return node->weight;
}

static void check_binding(const struct node *root, struct arena *arena, bool is_strict)
{
	struct err_list errors = { 0 }, warnings = { 0 };
	struct binder binder = { .arena = arena,
				 .errors = &errors,
				 .warnings = &warnings,
				 .is_strict = is_strict,
				 .is_typed = is_strict,
				 .path = is_strict ? "" : NULL };
	struct outer outer = { 0 };
	int r = binder__run(&binder, root, &outer_type, &outer);

	require(r < 0 ? errors.len > 0 : errors.len == 0);
	for (size_t i = 0; i < errors.len; i++)
		require(errors.items[i].text && errors.items[i].at.line > 0);
	require(!is_strict || warnings.len == 0);
	err_list__done(&errors);
	err_list__done(&warnings);
}

/* The first of all is the one that is parsed alone. */
static void check_documents(const uint8_t *data, size_t len, const struct node *first)
{
	struct arena arena = ARENA_INIT;
	const struct node *const *roots;
	uint32_t count;

	if (node_parse_yaml_documents((const char *)data, len, "fuzz.yaml", &arena, &roots, &count,
				      NULL) == 0) {
		require(first && count > 0 && roots[0]->weight == first->weight);
		for (uint32_t i = 0; i < count; i++)
			check_tree(roots[i], 1);
	}
	arena__done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena arena = ARENA_INIT;
	struct err err = ERR_INIT;
	const struct node *root = NULL;

	if (node_parse_yaml((const char *)data, len, "fuzz.yaml", &arena, &root, &err) == 0) {
		check_tree(root, 1);
		check_binding(root, &arena, false);
		check_binding(root, &arena, true);
	} else {
		require(err__is_set(&err));
	}
	check_documents(data, len, root);
	err__done(&err);
	arena__done(&arena);
	return 0;
}
