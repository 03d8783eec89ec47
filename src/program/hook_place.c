/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "host/host.h"
#include "host/kallsyms.h"
#include "program/feature.h"
#include "program/hook_private.h"
#include "program/kernel_targets.h"

#define SYSCALL_UNKNOWN UINT32_MAX
#define TRACEPOINT_PREFIX "btf_trace_"
#define LSM_PREFIX "bpf_lsm_"

/* ---- kinds, in the order in which they are tried ---- */

enum { ENTER = HOOK_END_ENTER, LEAVE = HOOK_END_LEAVE, ENDS };

#define BOUND(word, program, attach)                                                               \
	.how = (word), .program_type = BPF_PROG_TYPE_##program, .attach_type = (attach),           \
	.context = HOOK_CONTEXT_CALL, .is_bound = true, .is_preemptible = true

static const struct hook_manner bound_kinds[ENDS] = {
	{ BOUND("fentry", TRACING, BPF_TRACE_FENTRY) },
	{ BOUND("fexit", TRACING, BPF_TRACE_FEXIT) },
};
static const struct hook_manner probe_kinds[ENDS] = {
	{ .how = "kprobe",
	  .program_type = BPF_PROG_TYPE_KPROBE,
	  .context = HOOK_CONTEXT_REGISTERS },
	{ .how = "kretprobe",
	  .program_type = BPF_PROG_TYPE_KPROBE,
	  .context = HOOK_CONTEXT_REGISTERS },
};
static const struct hook_manner replacing_kinds[ENDS] = {
	{ BOUND("fmod_ret", TRACING, BPF_MODIFY_RETURN) },
	{ BOUND("fexit", TRACING, BPF_TRACE_FEXIT) },
};
static const struct hook_manner lsm_kinds[ENDS] = {
	{ BOUND("lsm", LSM, BPF_LSM_MAC) },
	{ BOUND("fexit", TRACING, BPF_TRACE_FEXIT) },
};
static const struct hook_manner sleeping_kinds[ENDS] = {
	{ BOUND("lsm", LSM, BPF_LSM_MAC), .sleeps = true },
	{ BOUND("fexit", TRACING, BPF_TRACE_FEXIT) },
};
static const struct hook_manner call_kinds[ENDS] = {
	{ .how = "shared sys_enter",
	  .program_type = BPF_PROG_TYPE_RAW_TRACEPOINT,
	  .context = HOOK_CONTEXT_SYSCALL_ENTER },
	{ .how = "shared sys_exit",
	  .program_type = BPF_PROG_TYPE_RAW_TRACEPOINT,
	  .context = HOOK_CONTEXT_SYSCALL_EXIT },
};
static const struct hook_manner raw_kind = { .how = "raw tracepoint",
					     .program_type = BPF_PROG_TYPE_RAW_TRACEPOINT,
					     .context = HOOK_CONTEXT_RAW_TRACEPOINT };
/* The two classic tracepoints of which what they record is in the raw ones, at less than half the cost. */
static const struct {
	const char *name;
	struct hook_manner kind;
} call_tracepoints[] = {
	{ "sys_enter",
	  { .how = "raw tracepoint",
	    .program_type = BPF_PROG_TYPE_RAW_TRACEPOINT,
	    .context = HOOK_CONTEXT_SYSCALL_ENTER } },
	{ "sys_exit",
	  { .how = "raw tracepoint",
	    .program_type = BPF_PROG_TYPE_RAW_TRACEPOINT,
	    .context = HOOK_CONTEXT_SYSCALL_EXIT } },
};
static const struct hook_manner tracepoint_kind = { .how = "tracepoint",
						    .program_type = BPF_PROG_TYPE_TRACEPOINT,
						    .context = HOOK_CONTEXT_TRACEPOINT };
static const struct hook_manner uprobe_kinds[ENDS] = {
	{ .how = "uprobe",
	  .program_type = BPF_PROG_TYPE_KPROBE,
	  .context = HOOK_CONTEXT_REGISTERS,
	  .is_preemptible = true },
	{ .how = "uretprobe",
	  .program_type = BPF_PROG_TYPE_KPROBE,
	  .context = HOOK_CONTEXT_REGISTERS,
	  .is_preemptible = true },
};

/* ---- names ---- */

static bool is_function(const struct hook_place *place)
{
	return place->kind == HOOK_PLACE_FUNCTION || place->kind == HOOK_PLACE_SYSCALL;
}

/* "sys_read", also with the prefix of a table in front: "i386/sys_read". */
static const char *syscall_function(struct hook_engine *engine, const struct hook_place *place)
{
	const char *slash = strrchr(place->name, '/');
	const char *name = slash ? slash + 1 : place->name;
	bool is_32 = place->syscall != SYSCALL_UNKNOWN && place->syscall & POLICY_SYSCALL_32;
	const char *prefix = is_32 ? HOOK_SYSCALL_PREFIX_32 : HOOK_SYSCALL_PREFIX;

	return str_starts(name, "__") ? arena__strdup(&engine->texts, name)
				      : arena__printf(&engine->texts, "%s%s", prefix, name);
}

/* What the kernel's types call it; NULL: no memory. */
static const char *type_name(struct hook_engine *engine, const struct hook_place *place)
{
	switch (place->kind) {
	case HOOK_PLACE_SYSCALL:
		return syscall_function(engine, place);
	case HOOK_PLACE_RAW_TRACEPOINT:
		return arena__printf(&engine->texts, TRACEPOINT_PREFIX "%s", place->name);
	case HOOK_PLACE_LSM:
		return arena__printf(&engine->texts, LSM_PREFIX "%s", place->name);
	default:
		return arena__strdup(&engine->texts, place->name ? place->name : "");
	}
}

/* ---- one place ---- */

/* Not reading: its two instructions alone. */
static bool loads_bound(const struct hook_manner *kind, uint32_t btf_id, bool reads)
{
	static const struct bpf_insn looks[] = {
		{ .code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_1 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options,
		    .expected_attach_type = (enum bpf_attach_type)kind->attach_type,
		    .attach_btf_id = btf_id, .prog_flags = kind->sleeps ? BPF_F_SLEEPABLE : 0);
	int fd = bpf_prog_load((enum bpf_prog_type)kind->program_type, NULL, "GPL", looks + !reads,
			       array_size(looks) - !reads, &options);
	bool is_bound = fd >= 0;

	fd_closep(&fd);
	return is_bound;
}

static enum hook_bond try_bond(const struct hook_manner *kind, uint32_t btf_id)
{
	if (loads_bound(kind, btf_id, true))
		return HOOK_BOND_WHOLE;
	return loads_bound(kind, btf_id, false) ? HOOK_BOND_BLIND : HOOK_BOND_NONE;
}

/*
 * Of a system call, also whether the pointer to its arguments can be loaded: where struct pt_regs is only declared in the file
 * that the call's function is in (sys_connect of 5.10), its type has no members, and the verifier refuses it.
 */
static enum hook_bond find_bond(struct hook_engine *engine, const struct hook_manner *kind,
				const struct kernel_target *target)
{
	enum hook_bond bond;

	if (hook_engine__knows_bond(engine, target, kind->attach_type, &bond))
		return bond;
	bond = try_bond(kind, target->btf_id);
	hook_engine__note_bond(engine, target, kind->attach_type, bond);
	return bond;
}

static void set_both(struct hook_target (*target)[2], const struct hook_manner kinds[ENDS],
		     const char *name, uint32_t btf_id)
{
	for (int end = 0; end < ENDS; end++)
		(*target)[end] =
			(struct hook_target){ .kind = &kinds[end], .name = name, .btf_id = btf_id };
}

/* False: this kernel does not bind such programs to it. */
static bool bind_both(struct hook_engine *engine, const struct hook_manner kinds[ENDS],
		      const struct kernel_target *found, struct hook_target (*target)[2])
{
	enum hook_bond bond = find_bond(engine, &kinds[ENTER], found);

	if (bond == HOOK_BOND_NONE)
		return false;
	set_both(target, kinds, found->name, found->btf_id);
	(*target)[ENTER].hides_registers = bond == HOOK_BOND_BLIND;
	return true;
}

static int no_function(const struct kernel_target *found, struct err *err)
{
	return err__set(err, -ENOENT, NULL, "function '%s' is not in this kernel%s%s%s",
			found->name, found->nearest ? "; nearest is '" : "",
			found->nearest ? found->nearest : "", found->nearest ? "'" : "");
}

/* Functions that the compiler changed have no type, and can be probed all the same. */
static bool is_symbol(struct hook_engine *engine, const char *name)
{
	struct err reason = { 0 };
	struct kallsyms *symbols = host__kallsyms(engine->options.host, &reason);
	uint64_t address;
	bool is_there = symbols && kallsyms__find_address(symbols, name, &address) == 0;

	err__done(&reason);
	return is_there;
}

bool hook_engine__has_image_hash(struct hook_engine *engine)
{
	return is_symbol(engine, "bpf_ima_file_hash") && is_symbol(engine, "ima_file_hash");
}

static int find_replaced(struct hook_engine *engine, const struct kernel_target *found,
			 struct hook_target (*target)[2], struct err *err)
{
	if (found->btf_id && !found->module && engine->features.has_modify_return &&
	    bind_both(engine, replacing_kinds, found, target))
		return 0;
	if (engine->features.has_kprobes && engine->features.has_override) {
		set_both(target, probe_kinds, found->name, 0);
		return 0;
	}
	return err__set(err, -EOPNOTSUPP, NULL,
			"what '%s' returns cannot be replaced here: this kernel allows it for "
			"security functions%s and where errors may be injected "
			"(CONFIG_BPF_KPROBE_OVERRIDE)",
			found->name,
			engine->features.has_modify_call ? ", system calls of 64 bits" : "");
}

/* Of a system call, where nothing can hang on its function. */
static bool is_number_enough(const struct hook_engine *engine, const struct hook_place *place)
{
	return place->kind == HOOK_PLACE_SYSCALL && place->syscall != SYSCALL_UNKNOWN &&
	       !engine->features.has_kprobes && !engine->features.has_fentry;
}

static int find_function(struct hook_engine *engine, const struct hook_place *place,
			 const struct kernel_target *found, struct hook_target (*target)[2],
			 struct err *err)
{
	bool is_bound = found->btf_id && !found->module && engine->features.has_fentry;

	if (!found->btf_id && !is_number_enough(engine, place) && !is_symbol(engine, found->name))
		return no_function(found, err);
	if (place->overrides)
		return find_replaced(engine, found, target, err);
	if (is_bound && bind_both(engine, bound_kinds, found, target))
		return 0;
	if (engine->features.has_kprobes) {
		set_both(target, probe_kinds, found->name, 0);
		return 0;
	}
	if (place->kind == HOOK_PLACE_SYSCALL) {
		set_both(target, call_kinds, found->name, 0);
		(*target)[ENTER].is_chained = (*target)[LEAVE].is_chained = true;
		return 0;
	}
	return err__set(err, -EOPNOTSUPP, NULL,
			"function '%s' cannot be hooked: this kernel refuses fentry and has no "
			"kprobes (CONFIG_KPROBE_EVENTS)",
			found->name);
}

static int find_lsm(struct hook_engine *engine, const struct hook_place *place,
		    const struct kernel_target *found, struct hook_target (*target)[2],
		    struct err *err)
{
	int r = features__lsm(engine->program->features, err);

	if (r < 0)
		return r;
	if (!found->btf_id)
		return err__set(
			err, -ENOENT, NULL, "security hook '%s' is not in this kernel%s%s%s",
			found->name + strlen(LSM_PREFIX), found->nearest ? "; nearest is '" : "",
			found->nearest ? found->nearest + strlen(LSM_PREFIX) : "",
			found->nearest ? "'" : "");
	if (!bind_both(engine, lsm_kinds, found, target))
		return err__set(err, -EOPNOTSUPP, NULL,
				"this kernel refuses programs on security hooks (CONFIG_BPF_LSM)");
	if (place->sleeps && !loads_bound(&sleeping_kinds[ENTER], found->btf_id, false))
		return err__set(err, -EOPNOTSUPP, NULL,
				"programs on security hook '%s' may not sleep, as they do while a "
				"file is read for its hash",
				found->name + strlen(LSM_PREFIX));
	if (place->sleeps)
		set_both(target, sleeping_kinds, found->name, found->btf_id);
	return 0;
}

static int find_raw_tracepoint(const struct hook_place *place, const struct kernel_target *found,
			       struct hook_target (*target)[2], struct err *err)
{
	if (!found->btf_id)
		return err__set(err, -ENOENT, NULL, "tracepoint '%s' is not in this kernel%s%s%s",
				place->name, found->nearest ? "; nearest is '" : "",
				found->nearest ? found->nearest + strlen(TRACEPOINT_PREFIX) : "",
				found->nearest ? "'" : "");
	(*target)[ENTER] = (struct hook_target){ .kind = &raw_kind,
						 .name = found->name + strlen(TRACEPOINT_PREFIX) };
	return 0;
}

static int find_tracepoint(const struct hook_place *place, const char *name,
			   struct hook_target (*target)[2])
{
	(*target)[ENTER] = (struct hook_target){ .kind = &tracepoint_kind, .name = name };
	for (size_t i = 0; i < array_size(call_tracepoints); i++)
		if (str_eq(place->subsystem, "raw_syscalls") &&
		    str_eq(place->name, call_tracepoints[i].name))
			(*target)[ENTER].kind = &call_tracepoints[i].kind;
	return 0;
}

static int find_user(struct hook_engine *engine, const char *name, struct hook_target (*target)[2],
		     struct err *err)
{
	int r = features__uprobes(engine->program->features, err);

	if (r == 0)
		set_both(target, uprobe_kinds, name, 0);
	return r;
}

static int find_one(struct hook_engine *engine, const struct hook_place *place,
		    const struct kernel_target *found, struct hook_target (*target)[2],
		    struct err *err)
{
	switch (place->kind) {
	case HOOK_PLACE_FUNCTION:
	case HOOK_PLACE_SYSCALL:
		return find_function(engine, place, found, target, err);
	case HOOK_PLACE_RAW_TRACEPOINT:
		return find_raw_tracepoint(place, found, target, err);
	case HOOK_PLACE_LSM:
		return find_lsm(engine, place, found, target, err);
	case HOOK_PLACE_TRACEPOINT:
		return find_tracepoint(place, found->name, target);
	case HOOK_PLACE_UPROBE:
	case HOOK_PLACE_USDT:
		return find_user(engine, found->name, target, err);
	}
	return -EINVAL;
}

/* ---- all ---- */

static uint32_t type_kind(const struct hook_place *place)
{
	if (place->kind == HOOK_PLACE_RAW_TRACEPOINT)
		return BTF_KIND_TYPEDEF;
	return is_function(place) || place->kind == HOOK_PLACE_LSM ? BTF_KIND_FUNC : BTF_KIND_UNKN;
}

/* Places that are no types of the kernel have a name all the same. */
static bool is_asked(const struct hook_engine *engine, const struct hook_place *place,
		     struct kernel_target *target)
{
	if (target->kind == BTF_KIND_UNKN || (is_number_enough(engine, place) && !place->overrides))
		return false;
	return !hook_engine__knows(engine, target);
}

static int look_up(struct hook_engine *engine, const struct hook_place *places, size_t count,
		   struct kernel_target *targets, struct err *err)
{
	__cleanup(x_freep) struct kernel_target *asked = calloc(count + 1, sizeof(*asked));
	size_t asked_count = 0;
	int r = 0;

	if (!asked)
		return err__set(err, -ENOMEM, NULL, "no memory for hooks");
	for (size_t i = 0; i < count; i++) {
		targets[i] = (struct kernel_target){ .name = type_name(engine, &places[i]),
						     .kind = type_kind(&places[i]) };
		if (!targets[i].name)
			return err__set(err, -ENOMEM, NULL, "no memory for hooks");
		if (is_asked(engine, &places[i], &targets[i]))
			asked[asked_count++] = targets[i];
	}
	if (asked_count)
		r = kernel_targets_find(engine->options.host, asked, asked_count, &engine->texts,
					err);
	for (size_t i = 0, next = 0; i < count && r == 0; i++) {
		if (!is_asked(engine, &places[i], &targets[i]))
			continue;
		targets[i] = asked[next++];
	}
	for (size_t i = 0; i < asked_count && r == 0; i++)
		hook_engine__note(engine, &asked[i]);
	return r;
}

int hook_engine__find(struct hook_engine *engine, const struct hook_place *places, size_t count,
		      struct hook_target (*ret_targets)[2], size_t *ret_index, struct err *err)
{
	__cleanup(x_freep) struct kernel_target *targets = calloc(count + 1, sizeof(*targets));
	int r;

	*ret_index = 0;
	if (!targets)
		return err__set(err, -ENOMEM, NULL, "no memory for hooks");
	r = look_up(engine, places, count, targets, err);
	memset(ret_targets, 0, count * sizeof(*ret_targets));
	for (size_t i = 0; i < count && r == 0; i++) {
		*ret_index = i;
		r = find_one(engine, &places[i], &targets[i], &ret_targets[i], err);
		if (r == -ENOENT && places[i].is_optional) {
			err__done(err);
			r = 0;
		}
	}
	return r;
}

int hook_engine__resolve(struct hook_engine *engine, const struct hook_place *places, size_t count,
			 struct hook_attach *ret_attaches, size_t *ret_index, struct err *err)
{
	struct hook_target(*targets)[2] = calloc(count + 1, sizeof(*targets));
	int r;

	arena__reset(&engine->texts);
	if (!targets)
		return err__set(err, -ENOMEM, NULL, "no memory for hooks");
	r = hook_engine__find(engine, places, count, targets, ret_index, err);
	for (size_t i = 0; i < count && r == 0; i++) {
		const struct hook_target *ends = targets[i];

		ret_attaches[i] = (struct hook_attach){ 0 };
		if (!ends[ENTER].kind)
			continue;
		ret_attaches[i] = (struct hook_attach){
			.how = ends[ENTER].kind->how,
			.where = ends[ENTER].name,
			.context = ends[ENTER].kind->context,
			.return_context = ends[LEAVE].kind ? ends[LEAVE].kind->context
							   : ends[ENTER].kind->context,
			.is_preemptible = ends[ENTER].kind->is_preemptible,
			.is_chained = ends[ENTER].is_chained,
			.hides_registers = ends[ENTER].hides_registers,
		};
	}
	free(targets);
	return r;
}
