/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "program/hook_private.h"

/* A program of bpf/policy.bpf.c that is there only so that libbpf relocates the routine it calls. */
#define CARRIER_PREFIX "carry_"

/* ---- routines ---- */

static bool is_call(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_CALL;
}

/* libbpf leaves a call of nothing where the kernel has no such function, and not every carrier is refused for it. */
static bool is_whole(const struct hook_routine *routine)
{
	for (uint32_t i = 0; i < routine->count; i++) {
		const struct bpf_insn *insn = &routine->insns[i];

		if (insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_KFUNC_CALL &&
		    insn->imm == 0)
			return false;
	}
	return true;
}

/* libbpf puts functions behind the program in the order in which they are called first: the routine is where the
 * carrier's own code ends. */
static int take_routine(struct hook_engine *engine, const char *name,
			const struct bpf_program *carrier, struct err *err)
{
	const struct bpf_insn *insns = bpf_program__insns(carrier);
	size_t count = bpf_program__insn_cnt(carrier);
	struct hook_routine routine = { .name = name };

	for (size_t i = 0; i < count; i++) {
		size_t target = i + 1 + (size_t)insns[i].imm;

		if (!is_call(&insns[i]))
			continue;
		if (target <= i || target >= count)
			break;
		routine.insns = insns + target;
		routine.count = (uint32_t)(count - target);
		if (!is_whole(&routine))
			return 0;
		return vec_push(&engine->routines, routine) < 0
			       ? err__set(err, -ENOMEM, NULL, "no memory for routines")
			       : 0;
	}
	return err__set(err, -EPROTO, NULL, "program '%s' carries no routine", name);
}

int hook_engine__collect_routines(struct hook_engine *engine, struct err *err)
{
	int r = 0;

	for (uint32_t i = 0; i < engine->program->part_count && r == 0; i++) {
		const struct program_part *part = &engine->program->parts[i];

		if (part->view.fd >= 0 && str_starts(part->view.name, CARRIER_PREFIX))
			r = take_routine(engine, part->view.name + strlen(CARRIER_PREFIX),
					 part->library, err);
	}
	return r;
}

static bool has_routine(const struct hook_engine *engine, const char *name)
{
	for (size_t i = 0; i < engine->routines.len; i++)
		if (str_eq(engine->routines.items[i].name, name))
			return true;
	return false;
}

struct hook_emit_options hook_engine__emit_options(const struct hook_engine *engine)
{
	return (struct hook_emit_options){
		.has_exchange = engine->features.has_exchange,
		.finds_parts = has_routine(engine, "text_has_by_kernel"),
	};
}

/* ---- linking ---- */

static int append(struct linked_code *code, const struct bpf_insn *insns, size_t count)
{
	int r = vec_reserve(&code->insns, code->insns.len + count);

	if (r < 0)
		return r;
	if (count)
		memcpy(code->insns.items + code->insns.len, insns, count * sizeof(*insns));
	code->insns.len += count;
	return 0;
}

/* Where each routine begins in the code that is being made; 0: it is not in it. */
struct placement {
	VEC(uint32_t) begins;
};

static int append_routine(const struct hook_engine *engine, const char *name,
			  struct placement *placement, struct linked_code *code,
			  uint32_t *ret_begin, struct err *err)
{
	for (size_t i = 0; i < engine->routines.len; i++) {
		const struct hook_routine *routine = &engine->routines.items[i];

		if (!str_eq(routine->name, name))
			continue;
		if (placement->begins.items[i] == 0) {
			placement->begins.items[i] = (uint32_t)code->insns.len;
			if (append(code, routine->insns, routine->count) < 0)
				return err__set(err, -ENOMEM, NULL, "no memory for a program");
		}
		*ret_begin = placement->begins.items[i];
		return 0;
	}
	return err__set(err, -EOPNOTSUPP, NULL,
			"this kernel refuses the routine '%s', which the hook needs", name);
}

static int find_map(const struct hook_engine *engine, const char *name, struct program_map *ret_map,
		    struct err *err)
{
	if (engine->scopes && program__map(engine->scopes, name, ret_map, NULL) == 0)
		return 0;
	return program__map(engine->program, name, ret_map, err);
}

static int link_map(const struct hook_engine *engine, const struct hook_relocation *relocation,
		    struct bpf_insn *insn, struct err *err)
{
	struct program_map map;
	int r = find_map(engine, relocation->name, &map, err);

	if (r < 0)
		return r;
	insn->src_reg = relocation->kind == HOOK_RELOCATION_MAP ? BPF_PSEUDO_MAP_FD
								: BPF_PSEUDO_MAP_VALUE;
	insn->imm = map.fd;
	return 0;
}

static int link_one(const struct hook_engine *engine, const struct hook_relocation *relocation,
		    struct placement *placement, struct linked_code *code, struct err *err)
{
	uint32_t begin, at = relocation->at;
	int r;

	if (relocation->kind != HOOK_RELOCATION_ROUTINE)
		return link_map(engine, relocation, &code->insns.items[at], err);
	r = append_routine(engine, relocation->name, placement, code, &begin, err);
	if (r < 0)
		return r;
	code->insns.items[at].src_reg = BPF_PSEUDO_CALL;
	code->insns.items[at].imm = (int32_t)(begin - at - 1);
	return 0;
}

int hook_engine__link(const struct hook_engine *engine, const struct hook_image *image,
		      struct linked_code *ret_code, struct err *err)
{
	struct linked_code code = { 0 };
	struct placement placement = { 0 };
	int r = append(&code, image->insns.items, image->insns.len);

	for (size_t i = 0; i < engine->routines.len && r >= 0; i++)
		r = vec_push(&placement.begins, 0u);
	if (r < 0)
		(void)err__set(err, r, NULL, "no memory for a program");
	vec_for_each(&image->relocations, relocation)
		if (r >= 0)
			r = link_one(engine, relocation, &placement, &code, err);
	vec_done(&placement.begins);
	if (r < 0)
		vec_done(&code.insns);
	else
		*ret_code = code;
	return r < 0 ? r : 0;
}
