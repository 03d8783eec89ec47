/* SPDX-License-Identifier: Apache-2.0 */
#include "program/hook_targets.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "program/feature.h"
#include "program/kernel_targets.h"
#include "program/private.h"
#include "program/section.h"

/* How the kernel's types name what a section names, and what a person calls it. Without a row: a function. */
static const struct {
	uint32_t attach_type;
	const char *prefix;
	uint32_t kind;
	const char *word;
} target_names[] = {
	{ BPF_TRACE_RAW_TP, "btf_trace_", BTF_KIND_TYPEDEF, "tracepoint" },
	{ BPF_LSM_MAC, "bpf_lsm_", BTF_KIND_FUNC, "security hook" },
	{ BPF_LSM_CGROUP, "bpf_lsm_", BTF_KIND_FUNC, "security hook" },
	{ BPF_TRACE_ITER, "bpf_iter_", BTF_KIND_FUNC, "iterator" },
};

struct target_name {
	const char *prefix;
	uint32_t kind;
	const char *word;
};

static struct target_name name_of(uint32_t attach_type)
{
	for (size_t i = 0; i < array_size(target_names); i++)
		if (target_names[i].attach_type == attach_type)
			return (struct target_name){ target_names[i].prefix, target_names[i].kind,
						     target_names[i].word };
	return (struct target_name){ "", BTF_KIND_FUNC, "function" };
}

static bool is_bound(const struct program_part *part)
{
	return part->view.state == PART_STATE_PLANNED && part->is_wanted && part->section &&
	       part->section->flags & SECTION_BTF && part->btf_target;
}

static int check_target(const struct program *program, const struct program_part *part,
			const struct kernel_target *target, struct err *err)
{
	struct target_name name = name_of(part->section->attach_type);

	if (target->btf_id && target->module)
		return 0; /* asking the kernel would need the module's descriptor: the load will show */
	if (target->btf_id)
		return features__tracing(program->features, part->section->program_type,
					 part->section->attach_type, target->btf_id,
					 part->section->prefix, err);
	if (target->nearest)
		return err__set(err, -ESRCH, NULL,
				"%s '%s' is not in this kernel's BTF; nearest is '%s'", name.word,
				part->btf_target, target->nearest + strlen(name.prefix));
	return err__set(err, -ESRCH, NULL, "%s '%s' is not in this kernel's BTF", name.word,
			part->btf_target);
}

static int collect(struct program *program, struct kernel_target *targets,
		   struct program_part **parts)
{
	int count = 0;

	for (uint32_t i = 0; i < program->part_count; i++) {
		struct program_part *part = &program->parts[i];
		struct target_name name;

		if (!is_bound(part))
			continue;
		name = name_of(part->section->attach_type);
		parts[count] = part;
		targets[count].kind = name.kind;
		targets[count].name = arena__printf(&program->arena, "%s%s", name.prefix,
						    part->btf_target);
		if (!targets[count].name)
			return -ENOMEM;
		count++;
	}
	return count;
}

static void leave_out_all(struct program *program, struct program_part *const *parts, int count,
			  const struct err *reason)
{
	for (int i = 0; i < count; i++) {
		__cleanup(err__done) struct err copy = ERR_INIT;

		(void)err__set(&copy, reason->code, NULL, "%s", reason->text ? reason->text : "");
		program_part__fail(program, parts[i], PART_STATE_LEFT_OUT, &copy);
		parts[i]->is_wanted = false;
	}
}

int program__check_targets(struct program *program, struct err *err)
{
	__cleanup(x_freep) struct kernel_target *targets = new_array(struct kernel_target,
								     program->part_count);
	__cleanup(x_freep) struct program_part **parts = new_array(struct program_part *,
								   program->part_count);
	__cleanup(err__done) struct err reason = ERR_INIT;
	int count, r;

	if (!targets || !parts)
		return err__set(err, -ENOMEM, NULL, "no memory for the hooks of %u programs",
				program->part_count);
	count = collect(program, targets, parts);
	if (count <= 0)
		return count;
	r = kernel_targets_find(program->options.host, targets, (size_t)count, &program->arena,
				&reason);
	if (r == -ENOMEM)
		return err__set(err, r, NULL, "no memory for the kernel's types");
	if (r < 0)
		leave_out_all(program, parts, count, &reason);
	for (int i = 0; r == 0 && i < count; i++) {
		if (check_target(program, parts[i], &targets[i], &reason) == 0)
			continue;
		program_part__fail(program, parts[i], PART_STATE_LEFT_OUT, &reason);
		parts[i]->is_wanted = false;
	}
	return 0;
}
