/* SPDX-License-Identifier: Apache-2.0 */
#include "config/yaml.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"

struct fixture {
	struct arena arena;
	struct err err;
	const struct node *root;
};

static int set_up(void **state)
{
	*state = new_zero(struct fixture);
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	arena__done(&fixture->arena);
	err__done(&fixture->err);
	free(fixture);
	return 0;
}

static int parse_bytes(struct fixture *fixture, const char *text, size_t len)
{
	return node_parse_yaml(text, len, "x.yaml", &fixture->arena, &fixture->root, &fixture->err);
}

static int parse(struct fixture *fixture, const char *text)
{
	return parse_bytes(fixture, text, strlen(text));
}

static const struct node *parse_good(struct fixture *fixture, const char *text)
{
	int r = parse(fixture, text);

	if (r < 0)
		fail_msg("%s: %s", text, fixture->err.text ? fixture->err.text : "?");
	return fixture->root;
}

static const char *text_of(const struct node *map, const char *key)
{
	const struct node *value = node__find(map, key);

	return value && value->kind == NODE_SCALAR ? value->text : NULL;
}

static void test_parse__keeps_raw_text_quoting_tag_and_position(void **state)
{
	const struct node *root = parse_good(*state,
					     "a: 0x10\nb: \"yes\"\nc: !!int '5'\nd: |\n  text\n");

	assert_int_equal(root->kind, NODE_MAP);
	assert_int_equal(root->count, 4);
	assert_string_equal(text_of(root, "a"), "0x10");
	assert_false(node__find(root, "a")->is_quoted);
	assert_string_equal(text_of(root, "b"), "yes");
	assert_true(node__find(root, "b")->is_quoted);
	assert_string_equal(node__find(root, "c")->tag, "tag:yaml.org,2002:int");
	assert_string_equal(text_of(root, "d"), "text\n");
	assert_true(node__find(root, "d")->is_quoted);
	assert_string_equal(node__find(root, "b")->at.file, "x.yaml");
	assert_int_equal(node__find(root, "b")->at.line, 2);
	assert_int_equal(node__find(root, "b")->at.column, 4);
}

static void test_parse__last_of_repeated_keys_wins(void **state)
{
	const struct node *root = parse_good(*state, "a: 1\na: 2\n");

	assert_int_equal(root->count, 2);
	assert_string_equal(text_of(root, "a"), "2");
}

static void test_parse__only_the_first_document(void **state)
{
	const struct node *root = parse_good(*state, "a: 1\n---\n]: broken\n");

	assert_string_equal(text_of(root, "a"), "1");
}

static void test_documents__all_of_them(void **state)
{
	static const char text[] = "a: &x 1\n---\n---\nb: [2]\n...\n# nothing\n---\nc: *x\n";
	struct fixture *fixture = *state;
	const struct node *const *roots;
	uint32_t count;

	/* Up to the alias, whose anchor is of another document. */
	assert_int_equal(node_parse_yaml_documents(text, strstr(text, "c:") - text, "x.yaml",
						   &fixture->arena, &roots, &count, &fixture->err),
			 0);
	assert_int_equal(count, 4);
	assert_string_equal(text_of(roots[0], "a"), "1");
	assert_int_equal(roots[1]->kind, NODE_SCALAR);
	assert_int_equal(node__find(roots[2], "b")->at.line, 4);
	assert_int_equal(roots[3]->text_len, 0);
	assert_int_equal(node_parse_yaml_documents(text, strlen(text), "x.yaml", &fixture->arena,
						   &roots, &count, &fixture->err),
			 -EINVAL);
	assert_int_equal(fixture->err.at.line, 8);
}

static void test_documents__none(void **state)
{
	struct fixture *fixture = *state;
	const struct node *const *roots;
	uint32_t count;

	assert_int_equal(node_parse_yaml_documents("# a\n", 4, "x.yaml", &fixture->arena, &roots,
						   &count, &fixture->err),
			 -ENODATA);
}

static void test_parse__no_document(void **state)
{
	static const char *const texts[] = { "", "\n\n", "# only a comment\n" };

	for (size_t i = 0; i < array_size(texts); i++)
		assert_int_equal(parse(*state, texts[i]), -ENODATA);
}

static void test_parse__document_that_is_null(void **state)
{
	const struct node *root = parse_good(*state, "---\n");

	assert_int_equal(root->kind, NODE_SCALAR);
	assert_int_equal(root->text_len, 0);
}

static void test_parse__collections_without_children(void **state)
{
	assert_int_equal(parse_good(*state, "[]")->count, 0);
	assert_int_equal(parse_good(*state, "{}")->count, 0);
	assert_int_equal(parse_good(*state, "[[], {}]")->count, 2);
}

static void test_merge__is_overridden_by_what_follows(void **state)
{
	const struct node *root =
		parse_good(*state, "base: &base {a: 1, b: 2}\nx:\n  <<: *base\n  a: 3\n  c: 4\n");
	const struct node *map = node__find(root, "x");

	assert_string_equal(text_of(map, "a"), "3");
	assert_string_equal(text_of(map, "b"), "2");
	assert_string_equal(text_of(map, "c"), "4");
	assert_true(map->pairs[0].is_merged);
	assert_false(map->pairs[2].is_merged);
}

/* go-yaml v2 merges where "<<" stands, unlike YAML's own text: upstream's users see this. */
static void test_merge__overrides_what_stands_before(void **state)
{
	const struct node *root = parse_good(*state,
					     "base: &base {a: 1}\nx:\n  a: 3\n  <<: *base\n");

	assert_string_equal(text_of(node__find(root, "x"), "a"), "1");
}

static void test_merge__first_of_several_maps_wins(void **state)
{
	const struct node *root = parse_good(
		*state, "one: &one {a: 1}\ntwo: &two {a: 2, b: 2}\nx:\n  <<: [*one, *two]\n");

	assert_string_equal(text_of(node__find(root, "x"), "a"), "1");
	assert_string_equal(text_of(node__find(root, "x"), "b"), "2");
}

static void test_merge__of_nothing(void **state)
{
	const struct node *root = parse_good(*state, "x:\n  <<: {}\n  a: 1\ny:\n  <<: []\n");

	assert_int_equal(node__find(root, "x")->count, 1);
	assert_int_equal(node__find(root, "y")->count, 0);
}

static void test_merge__quoted_is_a_plain_key(void **state)
{
	const struct node *root = parse_good(*state, "'<<': {a: 1}\n");

	assert_non_null(node__find(root, "<<"));
	assert_null(node__find(root, "a"));
}

static const struct bad_row {
	const char *text;
	int code;
	uint32_t line, column;
	const char *message; /* part of it */
} bad_rows[] = {
	{ "a: [1, 2\n", -EINVAL, 2, 1, "did not find expected ',' or ']'" },
	{ "a: b: c\n", -EINVAL, 1, 5, "mapping values are not allowed" },
	{ "a:\n\t- x\n", -EINVAL, 2, 1, "cannot start any token" },
	{ "a: *nowhere\n", -EINVAL, 1, 4, "no anchor '&nowhere'" },
	{ "a: &a [*a]\n", -EINVAL, 1, 8, "contains itself" },
	{ "x:\n  <<: 5\n", -EINVAL, 2, 7, "'<<' merges text" },
	{ "x:\n  <<: [5]\n", -EINVAL, 2, 7, "'<<' merges a list" },
	{ "a: 1\nb: \xff\n", -EINVAL, 2, 4, "UTF-8" },
	{ "a: 1\n\nb: \x01\n", -EINVAL, 3, 4, "control characters" },
	{ "%YAML 3.0\n---\na: 1\n", -EINVAL, 1, 1, "incompatible YAML document" },
	{ "a: \"\\q\"\n", -EINVAL, 1, 5, "unknown escape character" },
	{ "a: 'open\n", -EINVAL, 2, 1, "unexpected end of stream" },
};

static void test_parse__bad_text_has_position_and_reason(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < array_size(bad_rows); i++) {
		const struct bad_row *row = &bad_rows[i];
		int r = parse(fixture, row->text);
		const struct err *err = &fixture->err;

		if (r != row->code || err->at.line != row->line || err->at.column != row->column ||
		    !strstr(err->text, row->message))
			fail_msg("%s: %d %u:%u %s", row->text, r, err->at.line, err->at.column,
				 err->text ? err->text : "-");
	}
}

static void test_parse__nul_byte_in_a_scalar_is_kept(void **state)
{
	const struct node *root = parse_good(*state, "a: \"x\\0y\"\n");
	const struct node *value = node__find(root, "a");

	assert_int_equal(value->text_len, 3);
	assert_memory_equal(value->text, "x\0y", 4);
}

static char *nested(size_t depth)
{
	char *text = calloc(1, 2 * depth + 1);

	assert_non_null(text);
	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	return text;
}

static void test_parse__depth_is_bounded(void **state)
{
	struct fixture *fixture = *state;
	__cleanup(x_freep) char *deepest = nested(YAML_MAX_DEPTH);
	__cleanup(x_freep) char *deeper = nested(YAML_MAX_DEPTH + 1);

	parse_good(fixture, deepest);
	assert_int_equal(fixture->root->height, YAML_MAX_DEPTH);
	assert_int_equal(parse(fixture, deeper), -E2BIG);
	assert_int_equal(fixture->err.at.column, YAML_MAX_DEPTH + 1);
}

static void test_parse__depth_counts_through_aliases(void **state)
{
	struct fixture *fixture = *state;
	__cleanup(x_freep) char *half = nested(YAML_MAX_DEPTH / 2);
	__cleanup(x_freep) char *text = str_printf("- &a %s\n- &b [[%.*s*a%s]]\n", half,
						   (int)(YAML_MAX_DEPTH / 2), half,
						   half + YAML_MAX_DEPTH / 2);

	assert_int_equal(parse(fixture, text), -E2BIG);
	assert_int_equal(fixture->err.at.line, 2);
}

static void test_parse__nodes_are_bounded(void **state)
{
	struct fixture *fixture = *state;
	struct strbuf text = STRBUF_INIT;

	for (uint32_t i = 0; i < YAML_MAX_NODES - 1; i++)
		strbuf__add_text(&text, "-\n");
	assert_int_equal(parse_bytes(fixture, text.data, text.len), 0);
	assert_int_equal(fixture->root->weight, YAML_MAX_NODES);
	strbuf__add_text(&text, "-\n");
	assert_int_equal(parse_bytes(fixture, text.data, text.len), -E2BIG);
	strbuf__done(&text);
}

/* Nine lines that would be a billion values: refused before they cost anything. */
static void test_parse__aliases_of_aliases_are_bounded(void **state)
{
	struct fixture *fixture = *state;
	struct strbuf text = STRBUF_INIT;

	strbuf__add_text(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (unsigned int i = 1; i < 10; i++) {
		strbuf__printf(&text, "a%u: &a%u [", i, i);
		for (unsigned int k = 0; k < 10; k++)
			strbuf__printf(&text, "*a%u, ", i - 1);
		strbuf__add_text(&text, "]\n");
	}
	assert_int_equal(parse_bytes(fixture, text.data, text.len), -E2BIG);
	assert_true(fixture->arena.used_bytes < (1u << 20));
	strbuf__done(&text);
}

static void test_parse__weight_counts_aliases_written_out(void **state)
{
	const struct node *root = parse_good(*state, "- &a [1, 2]\n- *a\n");

	assert_int_equal(root->weight, 7);
	assert_int_equal(root->height, 3);
	assert_ptr_equal(root->items[0], root->items[1]);
}

static void test_parse__bytes_are_bounded(void **state)
{
	struct fixture *fixture = *state;
	__cleanup(x_freep) char *text = calloc(1, YAML_MAX_BYTES + 1);

	assert_non_null(text);
	memset(text, '\n', YAML_MAX_BYTES + 1);
	assert_int_equal(parse_bytes(fixture, text, YAML_MAX_BYTES), -ENODATA);
	assert_int_equal(parse_bytes(fixture, text, YAML_MAX_BYTES + 1), -E2BIG);
}

static void test_find__not_a_map_or_not_there(void **state)
{
	const struct node *root = parse_good(*state, "- a\n");

	assert_null(node__find(root, "a"));
	root = parse_good(*state, "? [a]\n: 1\nb: 2\n");
	assert_null(node__find(root, "a"));
	assert_string_equal(node__describe(root), "a map");
	assert_string_equal(node__describe(node__find(root, "b")), "text");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_parse__keeps_raw_text_quoting_tag_and_position),
		TEST(test_parse__last_of_repeated_keys_wins),
		TEST(test_parse__only_the_first_document),
		TEST(test_documents__all_of_them),
		TEST(test_documents__none),
		TEST(test_parse__no_document),
		TEST(test_parse__document_that_is_null),
		TEST(test_parse__collections_without_children),
		TEST(test_merge__is_overridden_by_what_follows),
		TEST(test_merge__overrides_what_stands_before),
		TEST(test_merge__first_of_several_maps_wins),
		TEST(test_merge__of_nothing),
		TEST(test_merge__quoted_is_a_plain_key),
		TEST(test_parse__bad_text_has_position_and_reason),
		TEST(test_parse__nul_byte_in_a_scalar_is_kept),
		TEST(test_parse__depth_is_bounded),
		TEST(test_parse__depth_counts_through_aliases),
		TEST(test_parse__nodes_are_bounded),
		TEST(test_parse__aliases_of_aliases_are_bounded),
		TEST(test_parse__weight_counts_aliases_written_out),
		TEST(test_parse__bytes_are_bounded),
		TEST(test_find__not_a_map_or_not_there),
	};

	return cmocka_run_group_tests_name("config/yaml", tests, NULL, NULL);
}
