/* SPDX-License-Identifier: Apache-2.0 */
#include "emit/splice.h"

#include <errno.h>
#include <string.h>

#include "emit/flow.h"
#include "emit/insn.h"

#define RECORD_MAX_BYTES 252u /* the kernel's own bound */

static int check_records(const struct splice_records *records, uint32_t smallest, const char *what,
			 struct err *err)
{
	if (records->count == 0)
		return 0;
	if (!records->records || records->size < smallest || records->size > RECORD_MAX_BYTES ||
	    records->count > FLOW_MAX_INSNS)
		return err__set(err, -EINVAL, NULL, "%u %s records of %u bytes cannot be",
				records->count, what, records->size);
	return 0;
}

/* Bytes of a vector of bytes. */
#define add_bytes(vec, data, size)                                                                 \
	({                                                                                         \
		int add_result = (size) ? vec_reserve((vec), (vec)->len + (size)) : 0;             \
		if (add_result == 0 && (size)) {                                                   \
			memcpy((vec)->items + (vec)->len, (data), (size));                         \
			(vec)->len += (size);                                                      \
		}                                                                                  \
		add_result;                                                                        \
	})

static int copy(struct splice *splice, const struct splice_source *source)
{
	size_t function_bytes = (size_t)source->functions.count * source->functions.size;
	size_t line_bytes = (size_t)source->lines.count * source->lines.size;
	int r = vec_reserve(&splice->insns, source->insn_count);

	if (r < 0)
		return r;
	memcpy(splice->insns.items, source->insns, source->insn_count * sizeof(*source->insns));
	splice->insns.len = splice->source_count = source->insn_count;
	splice->function_size = source->functions.count ? source->functions.size : 0;
	splice->line_size = source->lines.count ? source->lines.size : 0;
	r = add_bytes(&splice->functions, source->functions.records, function_bytes);
	return r < 0 ? r : add_bytes(&splice->lines, source->lines.records, line_bytes);
}

int splice__init(struct splice *splice, const struct splice_source *source, struct err *err)
{
	int r;

	*splice = (struct splice){ .source_count = 0 };
	if (source->insn_count == 0 || source->insn_count > FLOW_MAX_INSNS)
		return err__set(err, -EINVAL, NULL, "a program of %u instructions cannot be",
				source->insn_count);
	r = check_records(&source->functions, sizeof(struct bpf_func_info), "function", err);
	if (r == 0)
		r = check_records(&source->lines, sizeof(struct bpf_line_info), "line", err);
	if (r < 0)
		return r;
	r = copy(splice, source);
	if (r < 0) {
		splice__done(splice);
		return err__set(err, r, NULL, "no memory for %u instructions", source->insn_count);
	}
	return 0;
}

void splice__done(struct splice *splice)
{
	vec_done(&splice->insns);
	vec_done(&splice->functions);
	vec_done(&splice->lines);
	vec_done(&splice->subprograms);
}

static int add_function_record(struct splice *splice, uint32_t start, uint32_t type_id)
{
	struct bpf_func_info info = { .insn_off = start, .type_id = type_id };
	uint8_t record[RECORD_MAX_BYTES] = { 0 };

	memcpy(record, &info, sizeof(info));
	return add_bytes(&splice->functions, record, splice->function_size);
}

/* The kernel wants a line where each function begins: it gets the program's last one. */
static int add_line_record(struct splice *splice, uint32_t start)
{
	uint8_t record[RECORD_MAX_BYTES];

	if (splice->line_size == 0)
		return 0;
	memcpy(record, splice->lines.items + splice->lines.len - splice->line_size,
	       splice->line_size);
	memcpy(record, &start, sizeof(start));
	return add_bytes(&splice->lines, record, splice->line_size);
}

int splice__add(struct splice *splice, const struct code *code, uint32_t type_id,
		uint32_t *ret_subprogram, struct err *err)
{
	uint32_t start = (uint32_t)splice->insns.len;
	size_t count = code->insns.len;
	int r;

	if (count == 0 || start + count > FLOW_MAX_INSNS)
		return err__set(err, -E2BIG, NULL, "%zu instructions do not fit behind %u", count,
				start);
	r = vec_reserve(&splice->insns, start + count);
	if (r == 0)
		r = vec_push(&splice->subprograms, start);
	if (r == 0)
		r = add_function_record(splice, start, type_id);
	if (r == 0)
		r = add_line_record(splice, start);
	if (r < 0)
		return err__set(err, r, NULL, "no memory for a subprogram");
	memcpy(splice->insns.items + start, code->insns.items, count * sizeof(*code->insns.items));
	splice->insns.len = start + count;
	*ret_subprogram = (uint32_t)splice->subprograms.len - 1;
	return 0;
}

/* The second half of a wide load has any bits: only what is reached as an instruction is one. */
static bool is_second_half(const struct splice *splice, uint32_t at)
{
	bool is_half = false;

	for (uint32_t i = 0; i < at; i++)
		is_half = !is_half && insn_is_load_imm64(&splice->insns.items[i]);
	return is_half;
}

int splice__call(struct splice *splice, uint32_t at, uint32_t subprogram, struct err *err)
{
	struct bpf_insn *insn;

	if (at >= splice->source_count || subprogram >= splice->subprograms.len ||
	    is_second_half(splice, at) || !insn_is_call(&splice->insns.items[at]))
		return err__set(err, -EINVAL, NULL, "instruction %u is no call to redirect", at);
	insn = &splice->insns.items[at];
	insn->src_reg = BPF_PSEUDO_CALL;
	insn->dst_reg = 0;
	insn->off = 0;
	insn->imm = (int32_t)splice->subprograms.items[subprogram] - (int32_t)at - 1;
	return 0;
}

uint32_t splice__function_count(const struct splice *splice)
{
	return splice->function_size ? (uint32_t)(splice->functions.len / splice->function_size)
				     : 0;
}

uint32_t splice__line_count(const struct splice *splice)
{
	return splice->line_size ? (uint32_t)(splice->lines.len / splice->line_size) : 0;
}
