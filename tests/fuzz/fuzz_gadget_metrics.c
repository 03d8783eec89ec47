/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics of gadgets: any text ends in a spec with uses, or in errors with positions; each use is laid over a gadget with
 * some fields, which ends in metrics that pass the checks, or in errors again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

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

static const struct field_spec fields[] = {
	{ .name = "proc.comm", .type = FIELD_TYPE_STRING, .size = 16 },
	{ .name = "proc.pid", .type = FIELD_TYPE_U32, .offset = 16, .size = 4 },
	{ .name = "proc.mntns_id",
	  .type = FIELD_TYPE_U64,
	  .role = FIELD_ROLE_MNTNS_ID,
	  .offset = 24,
	  .size = 8 },
	{ .name = "error_raw", .type = FIELD_TYPE_S32, .offset = 32, .size = 4 },
	{ .name = "error", .source = "error_raw" },
	{ .name = "latency_ns_raw", .type = FIELD_TYPE_U64, .offset = 40, .size = 8 },
	{ .name = "blob", .type = FIELD_TYPE_U8, .offset = 48, .size = 1, .count = 8 },
};

static void lay_over(const struct use_spec *use)
{
	const struct stream_spec stream = { .name = "events",
					    .map = "events",
					    .mode = use->mode,
					    .program = SPEC_NONE,
					    .record_size = 56,
					    .fields = fields,
					    .field_count = array_size(fields) };
	struct spec *spec = new_zero(struct spec);
	const struct object_facts facts = { .path = "fuzz.bpf.o" };
	struct err_list errors = { 0 };
	struct strbuf out = STRBUF_INIT;
	int r;

	require(spec);
	spec->name = spec->origin = "gadget";
	spec->dialect = dialect_find("gadget");
	spec->streams = &stream;
	spec->stream_count = 1;
	require(spec__set_overlay(spec, use) == 0);
	r = spec__apply_overlay(spec, &facts, &errors);
	if (r == 0)
		r = spec__check(spec, &errors);
	if (r == 0)
		spec__format(spec, &out);
	check_errors(r, &errors);
	strbuf__done(&out);
	spec__free(spec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = malloc(len + 1);
	struct err_list errors = { 0 };
	struct spec *spec = NULL;
	int r;

	require(text);
	memcpy(text, data, len);
	text[len] = '\0';
	r = config_load_text(
		dialect_find("gadget_metrics"),
		&(struct dialect_input){
			.name = "fuzz", .origin = "fuzz.yaml", .text = text, .len = len },
		&spec, &errors);
	check_errors(r, &errors);
	for (uint32_t i = 0; spec && i < spec->use_count; i++)
		lay_over(&spec->uses[i]);
	spec__free(spec);
	free(text);
	return 0;
}
