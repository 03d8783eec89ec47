/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every dialect, from text to a spec completed by an object: a config is either refused with positions, or makes
 * a spec that passes the checks, prints, and still does after complete() with an object that has its maps. The
 * first byte chooses the dialect, the second what the object is like.
 */
#include <linux/bpf.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "config/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define HEADER_BYTES 2

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_errors(int r, struct err_list *errors)
{
	require(r < 0 ? errors->len > 0 : errors->len == 0);
	for (size_t i = 0; i < errors->len; i++)
		require(errors->items[i].text && errors->items[i].at.file);
	err_list__done(errors);
}

static void check_print(const struct spec *spec)
{
	struct strbuf out = STRBUF_INIT;

	spec__format(spec, &out);
	require(strbuf__status(&out) == 0 && out.len > 0);
	strbuf__done(&out);
}

static uint32_t key_size(const struct stream_spec *stream)
{
	uint32_t size = 0;

	for (uint32_t i = 0; i < stream->field_count; i++)
		size += stream->fields[i].size + stream->fields[i].padding;
	return size;
}

/* struct v { u32 a; s64 b; struct { u16 c; }; u64 d[4]; }: what names in 'value' may mean. */
static const struct fact_type u16_type = { .kind = FACT_TYPE_INT, .name = "u16", .size = 2 };
static const struct fact_type u32_type = { .kind = FACT_TYPE_INT, .name = "u32", .size = 4 };
static const struct fact_type u64_type = { .kind = FACT_TYPE_INT, .name = "u64", .size = 8 };
static const struct fact_type s64_type = {
	.kind = FACT_TYPE_INT, .name = "s64", .size = 8, .is_signed = true
};
static const struct fact_type array_type = {
	.kind = FACT_TYPE_ARRAY, .name = "", .size = 32, .element = &u64_type, .element_count = 4
};
static const struct fact_member inner_members[] = { { .name = "c", .type = &u16_type } };
static const struct fact_type inner_type = {
	.kind = FACT_TYPE_STRUCT, .name = "", .size = 8, .members = inner_members, .member_count = 1
};
static const struct fact_member members[] = {
	{ .name = "a", .type = &u32_type },
	{ .name = "b", .offset_bits = 64, .type = &s64_type },
	{ .name = "", .offset_bits = 128, .type = &inner_type },
	{ .name = "d", .offset_bits = 192, .type = &array_type },
	{ .name = "e", .offset_bits = 448, .size_bits = 3, .type = &u32_type },
	{ .name = "f", .offset_bits = 480 },
};
static const struct fact_type value_type = {
	.kind = FACT_TYPE_STRUCT, .name = "v", .size = 64, .members = members, .member_count = 6
};
static const struct fact_type *const types_of_records[] = { &value_type };

static uint32_t size_of_param(const struct param_spec *param)
{
	static const struct {
		const char *type;
		uint32_t size;
	} sizes[] = { { "bool", 1 }, { "u32", 4 }, { "u64", 8 } };

	for (size_t i = 0; i < array_size(sizes); i++)
		if (str_eq(sizes[i].type, param->type))
			return sizes[i].size;
	return 16;
}

/* A map for each stream, of a type that the mood byte picks; now and then one that does not fit. */
static void make_facts(const struct spec *spec, uint8_t mood, struct arena *arena,
		       struct object_facts *ret_facts)
{
	static const uint32_t types[] = {
		BPF_MAP_TYPE_HASH,
		BPF_MAP_TYPE_ARRAY,
		BPF_MAP_TYPE_PERCPU_HASH,
		BPF_MAP_TYPE_PERCPU_ARRAY,
		BPF_MAP_TYPE_LRU_PERCPU_HASH,
		BPF_MAP_TYPE_PERF_EVENT_ARRAY,
		BPF_MAP_TYPE_RINGBUF,
	};
	struct fact_map *maps = arena_array(arena, struct fact_map, spec->stream_count);
	uint32_t variable_count = spec->program_count > 0 ? spec->programs[0].rodata_count : 0;
	uint32_t rodata_count = variable_count;
	struct fact_variable *variables = arena_array(arena, struct fact_variable,
						      variable_count + spec->param_count);

	require(maps && variables);
	for (uint32_t i = 0; i < spec->stream_count; i++) {
		const struct stream_spec *stream = &spec->streams[i];
		bool is_perf = stream->transport == STREAM_TRANSPORT_PERFBUF;

		maps[i] = (struct fact_map){
			.name = stream->map,
			.type = stream->mode == STREAM_MODE_TABLE
					? types[(mood + i) % array_size(types)]
				: is_perf ? BPF_MAP_TYPE_PERF_EVENT_ARRAY
					  : BPF_MAP_TYPE_RINGBUF,
			.key_size = key_size(stream) - (mood & 2),
			.value_size = mood & 1 ? 8 : mood,
			.value = mood & 8 ? &value_type : NULL,
		};
	}
	for (uint32_t i = 0; i < rodata_count; i++)
		variables[i] = (struct fact_variable){ .name = spec->programs[0].rodata[i].name,
						       .size = 8 };
	for (uint32_t i = 0; i < spec->param_count; i++)
		if (spec->params[i].constant)
			variables[variable_count++] = (struct fact_variable){
				.name = spec->params[i].constant,
				.section = ".rodata",
				.size = size_of_param(&spec->params[i]),
			};
	*ret_facts = (struct object_facts){
		.path = "fuzz.bpf.o",
		.maps = maps,
		.map_count = mood & 4 ? 0 : spec->stream_count,
		.variables = variables,
		.variable_count = variable_count,
		.types = types_of_records,
		.type_count = array_size(types_of_records),
	};
}

static void check_completion(struct spec *spec, uint8_t mood)
{
	struct arena arena = ARENA_INIT;
	struct err_list errors = { 0 };
	struct object_facts facts;
	int r;

	make_facts(spec, mood, &arena, &facts);
	r = spec__complete(spec, &facts, &errors);
	if (r == 0)
		check_print(spec);
	check_errors(r, &errors);
	arena__done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t dialect_count;
	const struct dialect *dialects = dialect_list(&dialect_count);
	struct err_list errors = { 0 };
	struct spec *spec = NULL;
	char *text;
	int r;

	if (len < HEADER_BYTES)
		return 0;
	text = malloc(len - HEADER_BYTES + 1);
	require(text);
	memcpy(text, data + HEADER_BYTES, len - HEADER_BYTES);
	text[len - HEADER_BYTES] = '\0';
	r = config_load_text(&dialects[data[0] % dialect_count],
			     &(struct dialect_input){
				     .name = "fuzz",
				     .origin = "fuzz.yaml",
				     .object = "fuzz.bpf.o",
				     .text = text,
				     .len = len - HEADER_BYTES,
			     },
			     &spec, &errors);
	check_errors(r, &errors);
	if (spec) {
		check_print(spec);
		check_completion(spec, data[1]);
	}
	spec__free(spec);
	free(text);
	return 0;
}
