// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * In which sets of policies a process is, worked out once for each execution and inherited by fork: hooks test a bit. And
 * what its namespaces and capabilities were then, for those who ask whether they have changed.
 */
#include "kernel.bpf.h"

#include "bpf/abi/policy.h"
#include "bpf/abi/policy_hash.h"
#include "bpf/abi/who.h"

#include "path.bpf.h"
#include "task.bpf.h"

/* That of bpf/policy.bpf.c, too. */
const volatile u64 policy_seed[POLICY_SEED_WORDS] = { 0 };

/* That of bpf/policy.bpf.c takes its place. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct policy_process);
} policy_processes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct policy_text_key);
	__type(value, struct policy_mask);
} mask_texts SEC(".maps");

#define AFFIX_MAP(name)                                                                            \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_LPM_TRIE);                                               \
		__uint(max_entries, 4096);                                                         \
		__uint(map_flags, BPF_F_NO_PREALLOC);                                              \
		__type(key, struct policy_affix_key);                                              \
		__type(value, struct policy_mask);                                                 \
	} name SEC(".maps")

AFFIX_MAP(mask_prefixes);
AFFIX_MAP(mask_postfixes);

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct policy_mask);
} mask_follows SEC(".maps");

/* Processes for which there was no room: they are in no set. */
volatile u64 mask_processes_full = 0;

#define TEXT_SIZE PATH_SIZE /* with its NUL, and zeros behind */

struct mask_scratch {
	struct policy_process process;
	struct policy_affix_key affix;
	struct policy_text_key text_key;
	char text[TEXT_SIZE + sizeof(u64)];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct mask_scratch);
} mask_scratches SEC(".maps");

static __always_inline void add_mask(struct policy_process *process, const struct policy_mask *mask)
{
	if (!mask)
		return;
	for (u32 i = 0; i < POLICY_MASK_WORDS; i++)
		process->binaries[i] |= mask->words[i];
}

/* By words, as the sets' keys are hashed: behind the text there are zeros. */
static __noinline int find_text(struct mask_scratch *scratch, u32 size)
{
	struct policy_hash hash;

	if (!scratch)
		return 0;
	policy_hash_begin(&hash, policy_seed);
	for (u32 i = 0; i < TEXT_SIZE / sizeof(u64); i++) {
		if (i * sizeof(u64) >= size)
			break;
		policy_hash_add(&hash, *(u64 *)(scratch->text + i * sizeof(u64)));
	}
	scratch->text_key.hash = policy_hash_end(&hash, size);
	scratch->text_key.set = 0;
	scratch->text_key.size = size;
	add_mask(&scratch->process, bpf_map_lookup_elem(&mask_texts, &scratch->text_key));
	return 0;
}

#define AFFIX_SIZE sizeof(((struct policy_affix_key *)0)->text)
#define BITS_OF_SET 32

static __noinline int find_prefix(struct mask_scratch *scratch, u32 size)
{
	if (!scratch)
		return 0;
	if (size > AFFIX_SIZE)
		size = AFFIX_SIZE;
	scratch->affix.bits = BITS_OF_SET + 8 * size;
	scratch->affix.set = 0;
	__builtin_memcpy(scratch->affix.text, scratch->text, AFFIX_SIZE);
	add_mask(&scratch->process, bpf_map_lookup_elem(&mask_prefixes, &scratch->affix));
	return 0;
}

#define POSTFIX_MAX 128

static __noinline int find_postfix(struct mask_scratch *scratch, u32 size)
{
	u32 i;

	if (!scratch)
		return 0;
	for (i = 0; i < POSTFIX_MAX; i++) {
		if (i >= size)
			break;
		scratch->affix.text[i] = scratch->text[(size - 1 - i) & (TEXT_SIZE - 1)];
	}
	scratch->affix.bits = BITS_OF_SET + 8 * i;
	scratch->affix.set = 0;
	add_mask(&scratch->process, bpf_map_lookup_elem(&mask_postfixes, &scratch->affix));
	return 0;
}

static __always_inline void put(u32 tgid, const struct policy_process *process)
{
	if (bpf_map_update_elem(&policy_processes, &tgid, process, BPF_ANY) < 0)
		__sync_fetch_and_add(&mask_processes_full, 1);
}

static __always_inline void fill_rest(struct policy_process *process, struct task_struct *task)
{
	struct who_credentials credentials;
	u32 unused;

	fill_namespaces(process->namespaces, task);
	(void)own_pid_of(task, &unused);
	process->namespaces[WHO_NAMESPACE_PID] = unused;
	fill_credentials(&credentials, task);
	process->capabilities[POLICY_CAPABILITIES_EFFECTIVE] = credentials.effective;
	process->capabilities[POLICY_CAPABILITIES_INHERITABLE] = credentials.inheritable;
	process->capabilities[POLICY_CAPABILITIES_PERMITTED] = credentials.permitted;
}

/* What stays from the image before: sets that are followed. */
static __always_inline void begin_process(struct policy_process *process, u32 tgid)
{
	struct policy_process *before = bpf_map_lookup_elem(&policy_processes, &tgid);
	u32 zero = 0;
	struct policy_mask *follows = bpf_map_lookup_elem(&mask_follows, &zero);

	for (u32 i = 0; i < POLICY_MASK_WORDS; i++)
		process->binaries[i] = before && follows ? before->binaries[i] & follows->words[i]
							 : 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(mask_exec, struct task_struct *task, u32 old_pid, struct linux_binprm *bprm)
{
	u32 zero = 0, tgid = task->tgid;
	struct mask_scratch *scratch = bpf_map_lookup_elem(&mask_scratches, &zero);
	long size;

	if (!scratch)
		return 0;
	begin_process(&scratch->process, tgid);
	fill_rest(&scratch->process, task);
	__builtin_memset(scratch->text, 0, sizeof(scratch->text));
	size = write_file_path(0, BPF_CORE_READ(task, mm, exe_file), scratch->text, TEXT_SIZE);
	if (size > 1) {
		size--;
		find_text(scratch, size);
		find_prefix(scratch, size);
		find_postfix(scratch, size);
	}
	put(tgid, &scratch->process);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(mask_fork, struct task_struct *parent, struct task_struct *child)
{
	struct policy_process *before;
	u32 tgid = parent->tgid;

	if (child->pid != child->tgid)
		return 0;
	before = bpf_map_lookup_elem(&policy_processes, &tgid);
	if (before)
		put(child->tgid, before);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(mask_exit, struct task_struct *task)
{
	u32 tgid = task->tgid;

	if (task->signal->live.counter == 0)
		bpf_map_delete_elem(&policy_processes, &tgid);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
