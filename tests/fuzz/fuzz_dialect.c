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
	struct fact_variable *variables = arena_array(arena, struct fact_variable,
						      spec->programs[0].rodata_count);

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
		};
	}
	for (uint32_t i = 0; i < spec->programs[0].rodata_count; i++)
		variables[i] = (struct fact_variable){ .name = spec->programs[0].rodata[i].name,
						       .size = 8 };
	*ret_facts = (struct object_facts){
		.path = "fuzz.bpf.o",
		.maps = maps,
		.map_count = mood & 4 ? 0 : spec->stream_count,
		.variables = variables,
		.variable_count = spec->programs[0].rodata_count,
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
