/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract of gadgets: names of variables, a line each, up to an empty line; behind it the gadget.yaml. The object has
 * some structs, maps and programs that names may hit. Completing ends in a spec that can be printed, or in errors.
 */
#include <linux/bpf.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/vec.h"
#include "config/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MAX_VARIABLES 64

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* ---- the object ----------------------------------------------------------------------------- */

#define INT(size_, signed_)                                                                        \
	{                                                                                          \
		.kind = FACT_TYPE_INT, .name = "int", .size = (size_), .is_signed = (signed_)      \
	}

static const char *const errno_names[] = { "gadget_errno" };
static const char *const comm_names[] = { "gadget_comm" };
static const struct fact_type pointer = { .kind = FACT_TYPE_POINTER, .name = "", .size = 8 };
static const struct fact_type u16_type = INT(2, false), s64_type = INT(8, true);
static const struct fact_type errno_type = {
	.kind = FACT_TYPE_INT, .name = "int", .size = 4, .typedefs = errno_names, .typedef_count = 1
};
static const struct fact_type comm_type = { .kind = FACT_TYPE_CHAR,
					    .name = "char",
					    .size = 1,
					    .typedefs = comm_names,
					    .typedef_count = 1 };
static const struct fact_type text_type = {
	.kind = FACT_TYPE_ARRAY, .name = "", .size = 16, .element = &comm_type, .element_count = 16
};
static const struct fact_type enum_type = { .kind = FACT_TYPE_ENUM, .name = "e_set", .size = 4 };
static const struct fact_member endpoint_members[] = {
	{ .name = "port", .offset_bits = 128, .type = &u16_type },
	{ .name = "proto_raw", .offset_bits = 144, .type = &u16_type },
};
static const struct fact_type endpoint_type = { .kind = FACT_TYPE_STRUCT,
						.name = "gadget_l4endpoint_t",
						.size = 32,
						.members = endpoint_members,
						.member_count = 2 };
static const struct fact_member event_members[] = {
	{ .name = "error_raw", .type = &errno_type },
	{ .name = "comm", .offset_bits = 32, .type = &text_type },
	{ .name = "kind_raw", .offset_bits = 160, .type = &enum_type },
	{ .name = "", .offset_bits = 192, .type = &endpoint_type },
	{ .name = "src", .offset_bits = 192, .type = &endpoint_type },
	{ .name = "bits", .offset_bits = 448, .size_bits = 3, .type = &errno_type },
	{ .name = "__hidden", .offset_bits = 480, .type = &errno_type },
};
static const struct fact_type event_type = { .kind = FACT_TYPE_STRUCT,
					     .name = "event",
					     .size = 64,
					     .members = event_members,
					     .member_count = 7 };
static const struct fact_type *const types[] = { &enum_type, &endpoint_type, &event_type };
static const struct fact_map maps[] = {
	{ .name = "ring", .type = BPF_MAP_TYPE_RINGBUF, .max_entries = 4096 },
	{ .name = "ring_lost_samples",
	  .type = BPF_MAP_TYPE_PERCPU_ARRAY,
	  .key_size = 4,
	  .value_size = 8 },
	{ .name = "hash",
	  .type = BPF_MAP_TYPE_HASH,
	  .key_size = 32,
	  .value_size = 64,
	  .key = &endpoint_type,
	  .value = &event_type },
	{ .name = "gadget_sockets", .type = BPF_MAP_TYPE_HASH, .key_size = 4, .value_size = 8 },
};
static const struct fact_program programs[] = { { "walk", "iter/task" },
						{ "hook", "classifier/ingress/x" } };
static const uint8_t initial[16] = { 0xff, 0xfe, 3 };

/* Constants that parameters may be of, and then the names of the input. */
static const struct fact_variable constants[] = {
	{ .name = "number",
	  .section = ".rodata",
	  .size = 8,
	  .type = &s64_type,
	  .initial = initial },
	{ .name = "text", .section = ".rodata", .size = 16, .type = &text_type },
	{ .name = "thing", .section = ".rodata", .size = 64, .type = &event_type },
};

typedef VEC(struct fact_variable) variables;

static void add_variable(variables *list, const char *name, const struct fact_type *type)
{
	const struct fact_variable variable = {
		.name = name, .section = ".bss", .size = 8, .type = type
	};

	require(vec_push(list, variable) == 0);
}

/* Takes the names off the text; what is left of it. */
static char *take_names(char *text, variables *list)
{
	for (size_t i = 0; i < array_size(constants); i++)
		require(vec_push(list, constants[i]) == 0);
	while (text && *text && *text != '\n' && list->len < MAX_VARIABLES) {
		char *end = strchr(text, '\n');

		add_variable(list, text, &pointer);
		if (end)
			*end = '\0';
		text = end ? end + 1 : NULL;
	}
	return text ? text : NULL;
}

/* ---- one input ------------------------------------------------------------------------------ */

static void check_errors(int r, struct err_list *errors)
{
	require(r < 0 ? errors->len > 0 : errors->len == 0);
	for (size_t i = 0; i < errors->len; i++)
		require(errors->items[i].text && errors->items[i].at.file);
	err_list__done(errors);
}

static void complete(struct spec *spec, const variables *list, size_t len)
{
	const struct object_facts facts = {
		.path = "fuzz.bpf.o",
		.programs = programs,
		.program_count = array_size(programs),
		.maps = maps,
		.map_count = array_size(maps),
		.variables = list->items,
		.variable_count = (uint32_t)list->len,
		.types = types,
		.type_count = array_size(types),
	};
	struct err_list errors = { 0 };
	struct strbuf out = STRBUF_INIT;
	int r;

	/* Metrics of every wish, by both names, as the length has it. */
	spec->metric_wish = (enum metric_wish)(len % 3);
	spec->keeps_original_names = len % 7 == 0;
	r = spec__complete(spec, &facts, &errors);

	if (r == 0) {
		spec__format(spec, &out);
		require(strbuf__status(&out) == 0);
	}
	strbuf__done(&out);
	check_errors(r, &errors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = malloc(len + 1), *yaml;
	variables list = VEC_INIT;
	struct err_list errors = { 0 };
	struct spec *spec = NULL;
	int r;

	require(text);
	memcpy(text, data, len);
	text[len] = '\0';
	yaml = take_names(text, &list);
	r = config_load_text(dialect_find("gadget"),
			     &(struct dialect_input){ .name = "fuzz",
						      .origin = "gadget.yaml",
						      .object = "fuzz.bpf.o",
						      .text = yaml ? yaml : "",
						      .len = yaml ? strlen(yaml) : 0,
						      .has_module = len & 1 },
			     &spec, &errors);
	check_errors(r, &errors);
	if (spec)
		complete(spec, &list, len);
	spec__free(spec);
	vec_done(&list);
	free(text);
	return 0;
}
