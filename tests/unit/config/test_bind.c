/* SPDX-License-Identifier: Apache-2.0 */
#include "config/bind.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"

/* A table with every kind of value. */
struct inner {
	struct loc at;
	struct spec_text name;
	uint32_t size;
};

enum colour { COLOUR_RED, COLOUR_GREEN };

struct outer {
	struct loc at;
	struct spec_text text;
	bool flag;
	uint32_t number;
	int64_t wide;
	double real;
	int64_t duration;
	int colour;
	struct inner inner;
	struct bind_list inners;
	struct bind_list texts;
	struct bind_list doubles;
	struct bind_list pairs;
	const struct node *node;
	struct number_spec bounded;
	struct bind_name shade;
};

static const struct bind_field inner_fields[] = {
	BIND_REQUIRED(struct inner, name, &bind_text),
	BIND_FIELD(struct inner, size, &bind_u32),
};
static const struct inner inner_initial = { .size = 7 };
static const struct bind_type inner_type = {
	.kind = BIND_STRUCT,
	.noun = "thing",
	.size = sizeof(struct inner),
	.initial = &inner_initial,
	.fields = inner_fields,
	.field_count = array_size(inner_fields),
};
static const struct bind_type inners_type = BIND_LIST_TYPE(&inner_type);
static const struct bind_word colour_words[] = { { "red", COLOUR_RED }, { "green", COLOUR_GREEN } };
static const struct bind_type colour_type = {
	.kind = BIND_WORD,
	.noun = "colour",
	.words = colour_words,
	.word_count = array_size(colour_words),
};
static const struct bind_type bounded_type = { .kind = BIND_NUMBER,
					       .least = -5,
					       .most = UINT64_MAX };
static const struct bind_type shade_type = {
	.kind = BIND_NAME,
	.noun = "shade",
	.words = colour_words,
	.word_count = array_size(colour_words),
};
static const struct bind_field outer_fields[] = {
	BIND_FIELD(struct outer, text, &bind_text),
	BIND_FIELD(struct outer, flag, &bind_bool),
	BIND_FIELD(struct outer, number, &bind_u32),
	BIND_FIELD(struct outer, wide, &bind_i64),
	BIND_FIELD(struct outer, real, &bind_double),
	BIND_FIELD(struct outer, duration, &bind_duration),
	BIND_FIELD(struct outer, colour, &colour_type),
	BIND_FIELD(struct outer, inner, &inner_type),
	BIND_FIELD(struct outer, inners, &inners_type),
	BIND_FIELD(struct outer, texts, &bind_texts),
	BIND_FIELD(struct outer, doubles, &bind_doubles),
	BIND_FIELD(struct outer, pairs, &bind_pairs),
	BIND_FIELD(struct outer, node, &bind_node),
	BIND_FIELD(struct outer, bounded, &bounded_type),
	BIND_FIELD(struct outer, shade, &shade_type),
};
static const struct bind_type outer_type = BIND_STRUCT_TYPE("config", struct outer, outer_fields);

struct fixture {
	struct arena arena;
	struct err_list errors, warnings;
	struct outer outer;
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
	err_list__done(&fixture->errors);
	err_list__done(&fixture->warnings);
	free(fixture);
	return 0;
}

static int bind(struct fixture *fixture, const char *text, bool is_strict)
{
	struct binder binder = {
		.arena = &fixture->arena,
		.errors = &fixture->errors,
		.warnings = &fixture->warnings,
		.is_strict = is_strict,
	};
	const struct node *root;

	fixture->outer = (struct outer){ 0 };
	assert_int_equal(
		node_parse_yaml(text, strlen(text), "x.yaml", &fixture->arena, &root, NULL), 0);
	return binder__run(&binder, root, &outer_type, &fixture->outer);
}

static const struct outer *bind_good(struct fixture *fixture, const char *text)
{
	if (bind(fixture, text, false) != 0)
		fail_msg("%s: %s", text, fixture->errors.items[0].text);
	return &fixture->outer;
}

static void test_number__within_its_bounds_and_where(void **state)
{
	static const struct {
		const char *yaml;
		uint64_t want;
	} rows[] = {
		{ "bounded: 0x10", 16 },
		{ "bounded: -5", (uint64_t)-5 },
		{ "bounded: 18446744073709551615", UINT64_MAX },
	};
	static const char *const bad[] = { "bounded: -6", "bounded: 1.0", "bounded: '1'",
					   "bounded: 18446744073709551616" };

	for (size_t i = 0; i < array_size(rows); i++) {
		assert_int_equal(bind_good(*state, rows[i].yaml)->bounded.value, rows[i].want);
		assert_int_equal(bind_good(*state, rows[i].yaml)->bounded.at.column, 10);
	}
	for (size_t i = 0; i < array_size(bad); i++)
		assert_int_equal(bind(*state, bad[i], false), -EINVAL);
}

static void test_name__word_and_where(void **state)
{
	const struct outer *outer = bind_good(*state, "shade: green");

	assert_int_equal(outer->shade.value, COLOUR_GREEN);
	assert_string_equal(outer->shade.written.text, "green");
	assert_int_equal(outer->shade.written.at.column, 8);
	assert_null(bind_good(*state, "shade: ~")->shade.written.text);
	assert_int_equal(bind(*state, "shade: gren", false), -EINVAL);
}

static void test_typed__text_is_text(void **state)
{
	static const char *const good[] = { "text: 'yes'", "text: a", "text: 1:5", "pairs: {1: a}",
					    "text: ~" };
	static const struct {
		const char *yaml, *want;
	} bad[] = {
		{ "text: 5",
		  "hooks[2].text: 'text' is the number 5; it must be text: put it in quotes" },
		{ "text: yes",
		  "hooks[2].text: 'text' is the truth value yes; it must be text: put it in quotes" },
		{ "texts: [a, 0x1]",
		  "hooks[2].texts[1]: 'texts' is the number 0x1; it must be text: put it in quotes" },
		{ "texts: [a, ~]",
		  "hooks[2].texts[1]: an item of 'texts' is null; give it a value or leave it out" },
		{ "pairs: {a: 1}",
		  "hooks[2].pairs: 'pairs' is the number 1; it must be text: put it in quotes" },
		{ "inners: [{name: a}, {size: 1}]",
		  "hooks[2].inners[1].name: 'name' is missing; every thing needs one" },
		{ "inner: {nam: a}",
		  "hooks[2].inner.nam: a thing has no key 'nam'; did you mean 'name'?" },
		{ "inner: {name: a, name: b}",
		  "hooks[2].inner.name: key 'name' stands twice in one thing; keep one" },
	};
	struct fixture *fixture = *state;
	struct binder binder = { .arena = &fixture->arena,
				 .errors = &fixture->errors,
				 .is_strict = true,
				 .is_typed = true,
				 .path = "hooks[2]" };
	const struct node *root;

	for (size_t i = 0; i < array_size(good) + array_size(bad); i++) {
		bool is_good = i < array_size(good);
		const char *yaml = is_good ? good[i] : bad[i - array_size(good)].yaml;

		fixture->outer = (struct outer){ 0 };
		assert_int_equal(
			node_parse_yaml(yaml, strlen(yaml), "x", &fixture->arena, &root, NULL), 0);
		assert_int_equal(binder__run(&binder, root, &outer_type, &fixture->outer),
				 is_good ? 0 : -EINVAL);
		if (!is_good)
			assert_string_equal(fixture->errors.items[0].text,
					    bad[i - array_size(good)].want);
		err_list__done(&fixture->errors);
	}
}

static void test_text__raw_whatever_it_looks_like(void **state)
{
	static const struct {
		const char *yaml, *want;
	} rows[] = {
		{ "text: 0x10", "0x10" },
		{ "text: yes", "yes" },
		{ "text: 1.50", "1.50" },
		{ "text: 'a b'", "a b" },
		{ "text: \"~\"", "~" },
		{ "text: !!str 5", "5" },
		{ "text: 2001-12-14", "2001-12-14" },
	};

	for (size_t i = 0; i < array_size(rows); i++)
		assert_string_equal(bind_good(*state, rows[i].yaml)->text.text, rows[i].want);
	assert_int_equal(bind_good(*state, "\ntext: x")->text.at.line, 2);
}

static void test_null__is_the_start_value(void **state)
{
	static const char *const forms[] = { "", "~", "null" };

	for (size_t i = 0; i < array_size(forms); i++) {
		__cleanup(x_freep) char *yaml = str_printf(
			"text: %s\nflag: %s\nnumber: %s\nreal: %s\nduration: %s\ninners: %s\npairs: %s\nnode: %s\n",
			forms[i], forms[i], forms[i], forms[i], forms[i], forms[i], forms[i],
			forms[i]);
		const struct outer *outer = bind_good(*state, yaml);

		assert_null(outer->text.text);
		assert_false(outer->flag);
		assert_int_equal(outer->number, 0);
		assert_false(outer->inners.is_set);
		assert_false(outer->pairs.is_set);
		assert_null(outer->node);
	}
	/* a start value of its own, and null after a value */
	assert_int_equal(bind_good(*state, "inner: {name: a, size: 5, size: ~}")->inner.size, 7);
	assert_int_equal(bind_good(*state, "number: 5\nnumber: ~")->number, 0);
}

static void test_numbers__as_go_reads_them(void **state)
{
	assert_int_equal(bind_good(*state, "number: 0x10")->number, 16);
	assert_int_equal(bind_good(*state, "number: 010")->number, 8);
	assert_int_equal(bind_good(*state, "number: 1_000")->number, 1000);
	assert_int_equal(bind_good(*state, "number: 4.9")->number, 4);
	assert_int_equal(bind_good(*state, "number: 4294967295")->number, UINT32_MAX);
	assert_int_equal(bind_good(*state, "wide: -1.9")->wide, -1);
	assert_int_equal(bind_good(*state, "wide: -9223372036854775808")->wide, INT64_MIN);
	assert_true(bind_good(*state, "real: 3")->real == 3);
	assert_true(bind_good(*state, "real: 1e-6")->real == 1e-6);
	assert_true(bind_good(*state, "real: 18446744073709551615")->real == 0x1p64);
}

static void test_duration__texts_and_bare_nanoseconds(void **state)
{
	assert_int_equal(bind_good(*state, "duration: 90s")->duration, 90000000000);
	assert_int_equal(bind_good(*state, "duration: '1h30m'")->duration, 5400000000000);
	assert_int_equal(bind_good(*state, "duration: 500")->duration, 500);
	assert_int_equal(bind_good(*state, "duration: -5s")->duration, -5000000000);
}

static void test_lists__elements_and_presence(void **state)
{
	const struct outer *outer = bind_good(
		*state,
		"inners: [{name: a}, {name: b, size: 2}]\ntexts: [x, 0x1]\ndoubles: [1, 2.5]\n");
	const struct inner *inners = outer->inners.items;
	const struct spec_text *texts = outer->texts.items;
	const double *doubles = outer->doubles.items;

	assert_int_equal(outer->inners.count, 2);
	assert_int_equal(inners[0].size, 7);
	assert_int_equal(inners[1].size, 2);
	assert_int_equal(inners[1].at.column, 21);
	assert_string_equal(texts[1].text, "0x1");
	assert_true(doubles[1] == 2.5);
	outer = bind_good(*state, "inners: []\n");
	assert_true(outer->inners.is_set);
	assert_int_equal(outer->inners.count, 0);
}

static void test_repeated__last_wins_structs_and_maps_merge(void **state)
{
	const struct outer *outer = bind_good(
		*state, "inner: {name: a}\ninner: {size: 9, name: b}\ntexts: [x, y]\ntexts: [z]\n"
			"pairs: {a: 1, b: 2}\npairs: {b: 3, c: 4}\n");
	const struct step_pair *pairs = outer->pairs.items;

	assert_string_equal(outer->inner.name.text, "b");
	assert_int_equal(outer->inner.size, 9);
	assert_int_equal(outer->texts.count, 1);
	assert_int_equal(outer->pairs.count, 3);
	assert_string_equal(pairs[1].key, "b");
	assert_string_equal(pairs[1].value, "3");
}

static void test_pairs__texts_nulls_and_repeats(void **state)
{
	const struct outer *outer = bind_good(*state,
					      "pairs: {0x10: foo, ~: none, yes: ~, 1: a, 1: b}\n");
	const struct step_pair *pairs = outer->pairs.items;

	assert_int_equal(outer->pairs.count, 4);
	assert_string_equal(pairs[0].key, "0x10");
	assert_string_equal(pairs[1].key, "");
	assert_string_equal(pairs[2].value, "");
	assert_string_equal(pairs[3].value, "b");
}

static const struct error_row {
	const char *yaml;
	uint32_t line, column;
	const char *message;
} error_rows[] = {
	{ "text: [x]", 1, 7, "'text' is a list; it must be text" },
	{ "text: {a: x}", 1, 7, "'text' is a map; it must be text" },
	{ "text: \"a\\0b\"", 1, 7, "'text' holds a NUL byte" },
	{ "text: !!binary aGk=", 1, 7, "'text' has the tag !!binary" },
	{ "flag: \"true\"", 1, 7,
	  "'flag' is the quoted text \"true\"; it must be true or false, without quotes" },
	{ "flag: 1", 1, 7, "'flag' is \"1\"; it must be true or false" },
	{ "number: four", 1, 9,
	  "'number' is \"four\"; it must be a whole number from 0 to 4294967295" },
	{ "number: \"4\"", 1, 9, "'number' is the quoted text \"4\"" },
	{ "number: -1", 1, 9, "'number' is \"-1\"" },
	{ "number: 4294967296", 1, 9, "a whole number from 0 to 4294967295" },
	{ "number: .nan", 1, 9, "a whole number" },
	{ "number: .inf", 1, 9, "a whole number" },
	{ "number: !!int x", 1, 9, "has the tag of a whole number" },
	{ "wide: 9223372036854775808", 1, 7, "'wide' is \"9223372036854775808\"" },
	{ "wide: 1:30", 1, 7, "a whole number" },
	{ "real: x", 1, 7, "'real' is \"x\"; it must be a number" },
	{ "real: [1]", 1, 7, "'real' is a list" },
	{ "duration: 5 minutes", 1, 11, "a duration such as 90s" },
	{ "duration: yes", 1, 11, "a duration such as 90s" },
	{ "colour: gren", 1, 9, "which is no colour; did you mean 'green'?" },
	{ "inner: x", 1, 8, "'inner' is \"x\"; it must be a map of keys" },
	{ "inner: [x]", 1, 8, "'inner' is a list; it must be a map of keys" },
	{ "inner: {size: 4}", 1, 8, "'name' is missing; every thing needs one" },
	{ "inner: {name: ''}", 1, 8, "'name' is missing" },
	{ "inners: [{name: a}, ~]", 1, 21, "'name' is missing" },
	{ "inners: {name: a}", 1, 9, "'inners' is a map; it must be a list" },
	{ "inners: a", 1, 9, "it must be a list" },
	{ "doubles: [1, x]", 1, 14, "'doubles' is \"x\"; it must be a number" },
	{ "texts: [a, [b]]", 1, 12, "'texts' is a list; it must be text" },
	{ "pairs: [a]", 1, 8, "'pairs' is a list; it must be a map of text to text" },
	{ "pairs: {a: [1]}", 1, 12, "'pairs' is a list; it must be text" },
	{ "pairs: {[a]: 1}", 1, 9, "'pairs' is a list; it must be text" },
	{ "? [a]\n: 1", 1, 3, "a key of a config is a list; it must be text" },
	{ "- 1", 1, 1, "'config' is a list; it must be a map of keys" },
};

static void test_errors__have_position_and_what_would_be_right(void **state)
{
	for (size_t i = 0; i < array_size(error_rows); i++) {
		const struct error_row *row = &error_rows[i];
		struct fixture *fixture = *state;
		int r = bind(fixture, row->yaml, false);
		const struct err *err = &fixture->errors.items[0];

		if (r != -EINVAL || fixture->errors.len != 1 || err->at.line != row->line ||
		    err->at.column != row->column || !strstr(err->text, row->message))
			fail_msg("%s: %d, %zu errors, %u:%u %s", row->yaml, r, fixture->errors.len,
				 err->at.line, err->at.column, err->text ? err->text : "-");
		err_list__done(&fixture->errors);
	}
}

static void test_errors__are_collected(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(
		bind(fixture,
		     "flag: 3\nnumber: x\ninner: {size: -1}\ninners: [{name: [a]}, {size: y}]\n",
		     false),
		-EINVAL);
	assert_int_equal(fixture->errors.len, 5);
	assert_int_equal(fixture->errors.items[4].at.line, 4);
}

static void test_errors__beyond_the_list_are_counted(void **state)
{
	struct fixture *fixture = *state;
	struct strbuf text = STRBUF_INIT;

	strbuf__add_text(&text, "doubles: [");
	for (unsigned int i = 0; i < ERR_LIST_MAX + 5; i++)
		strbuf__add_text(&text, "x, ");
	strbuf__add_text(&text, "]\n");
	assert_int_equal(bind(fixture, strbuf__text(&text), false), -EINVAL);
	assert_int_equal(fixture->errors.len, ERR_LIST_MAX);
	assert_int_equal(fixture->errors.dropped, 5);
	strbuf__done(&text);
}

static void test_unknown_key__is_a_warning_or_an_error(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(bind(fixture, "nubmer: 1\nzzzzzzzz: 2\n", false), 0);
	assert_int_equal(fixture->warnings.len, 2);
	assert_string_equal(fixture->warnings.items[0].text,
			    "a config has no key 'nubmer', ignoring it; did you mean 'number'?");
	assert_string_equal(fixture->warnings.items[1].text,
			    "a config has no key 'zzzzzzzz', ignoring it");
	assert_int_equal(bind(fixture, "nubmer: 1\n", true), -EINVAL);
	assert_string_equal(fixture->errors.items[0].text,
			    "a config has no key 'nubmer'; did you mean 'number'?");
}

static void test_strict__repeated_keys_are_errors_unless_merged(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(bind(fixture, "number: 1\nnumber: 2\n", true), -EINVAL);
	assert_string_equal(fixture->errors.items[0].text,
			    "key 'number' stands twice in one config; keep one");
	err_list__done(&fixture->errors);
	assert_int_equal(bind(fixture, "pairs: {a: 1, a: 2}\n", true), -EINVAL);
	err_list__done(&fixture->errors);
	assert_int_equal(bind(fixture, "number: 1\n<<: {number: 2}\n", true), 0);
	assert_int_equal(fixture->outer.number, 2);
}

static void test_pairs__repeats_without_end_are_refused(void **state)
{
	struct fixture *fixture = *state;
	struct strbuf text = STRBUF_INIT;

	for (unsigned int i = 0; i < 5000; i++)
		strbuf__printf(&text, "pairs: {k%u: v}\n", i);
	assert_int_equal(bind(fixture, strbuf__text(&text), false), -E2BIG);
	strbuf__done(&text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_number__within_its_bounds_and_where),
		TEST(test_name__word_and_where),
		TEST(test_typed__text_is_text),
		TEST(test_text__raw_whatever_it_looks_like),
		TEST(test_null__is_the_start_value),
		TEST(test_numbers__as_go_reads_them),
		TEST(test_duration__texts_and_bare_nanoseconds),
		TEST(test_lists__elements_and_presence),
		TEST(test_repeated__last_wins_structs_and_maps_merge),
		TEST(test_pairs__texts_nulls_and_repeats),
		TEST(test_errors__have_position_and_what_would_be_right),
		TEST(test_errors__are_collected),
		TEST(test_errors__beyond_the_list_are_counted),
		TEST(test_unknown_key__is_a_warning_or_an_error),
		TEST(test_strict__repeated_keys_are_errors_unless_merged),
		TEST(test_pairs__repeats_without_end_are_refused),
	};

	return cmocka_run_group_tests_name("config/bind", tests, NULL, NULL);
}
