/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_INCLUDE_POLICY_OBJECT_BPF_H
#define BPF_INCLUDE_POLICY_OBJECT_BPF_H

/*
 * Other things of the kernel that hooks see: credentials, eBPF's own, events of perf, modules. Only policy.bpf.c includes it,
 * after policy_process.bpf.h.
 */

/* A struct of that type at the end of the record, cleared; NULL: no room. */
#define BEGIN_OBJECT(frame, index, type)                                                           \
	({                                                                                         \
		u64 begin_at = find_room(frame, index, sizeof(type));                              \
		type *begun = (type *)((frame)->data + begin_at);                                  \
		if (begin_at)                                                                      \
			__builtin_memset(begun, 0, sizeof(type));                                  \
		begin_at ? begun : NULL;                                                           \
	})
#define KEEP_OBJECT(frame, index, object) keep_bytes(frame, index, (frame)->used, sizeof(*(object)))

/* ---- hashes of files ---- */

/* By IMA, which may have to read the file: of programs that may sleep. `file` is a pointer with its type. */
ROUTINE u64 capture_image_hash(struct policy_frame *frame, struct file *file)
{
	u64 at = frame->used;
	long algorithm;

	if (at > POLICY_FRAME_BYTES - POLICY_IMAGE_HASH_MAX) {
		frame->record.flags |= POLICY_FLAG_CUT;
		return 0;
	}
	BOUND(at, POLICY_FRAME_BYTES - POLICY_IMAGE_HASH_MAX);
	__builtin_memset(frame->data + at, 0, POLICY_IMAGE_HASH_MAX);
	algorithm = bpf_ima_file_hash(file, frame->data + at, POLICY_IMAGE_HASH_MAX);
	if (algorithm < 0)
		return 0;
	frame->record.image_hash_algorithm = algorithm;
	frame->record.image_hash_offset = at;
	frame->used = at + POLICY_IMAGE_HASH_MAX;
	return 0;
}
FRAME_CARRIER(capture_image_hash, capture_image_hash(frame, (struct file *)a[0]))

/* ---- credentials ---- */

static __always_inline void fill_user_namespace(struct policy_user_namespace *to,
						struct user_namespace *from)
{
	to->level = BPF_CORE_READ(from, level);
	to->owner = BPF_CORE_READ(from, owner.val);
	to->group = BPF_CORE_READ(from, group.val);
	to->inode = BPF_CORE_READ(from, ns.inum);
}

struct whole_credentials {
	struct who_credentials credentials;
	struct policy_user_namespace user_namespace;
};

/* A struct cred. Whose login it is is the task's. */
ROUTINE u64 capture_credentials(struct policy_frame *frame, u64 index, u64 address)
{
	struct cred *cred = (struct cred *)address;
	struct whole_credentials *to = BEGIN_OBJECT(frame, index, struct whole_credentials);

	if (!to)
		return 0;
	to->credentials.uid = BPF_CORE_READ(cred, uid.val);
	to->credentials.gid = BPF_CORE_READ(cred, gid.val);
	to->credentials.euid = BPF_CORE_READ(cred, euid.val);
	to->credentials.egid = BPF_CORE_READ(cred, egid.val);
	to->credentials.suid = BPF_CORE_READ(cred, suid.val);
	to->credentials.sgid = BPF_CORE_READ(cred, sgid.val);
	to->credentials.fsuid = BPF_CORE_READ(cred, fsuid.val);
	to->credentials.fsgid = BPF_CORE_READ(cred, fsgid.val);
	to->credentials.securebits = BPF_CORE_READ(cred, securebits);
	to->credentials.auid = WHO_UID_UNSET;
	to->credentials.permitted = capability_set(cred, POLICY_CAPABILITIES_PERMITTED);
	to->credentials.effective = capability_set(cred, POLICY_CAPABILITIES_EFFECTIVE);
	to->credentials.inheritable = capability_set(cred, POLICY_CAPABILITIES_INHERITABLE);
	fill_user_namespace(&to->user_namespace, BPF_CORE_READ(cred, user_ns));
	return KEEP_OBJECT(frame, index, to);
}
FRAME_CARRIER(capture_credentials, capture_credentials(frame, a[0], a[1]))

ROUTINE u64 capture_user_namespace(struct policy_frame *frame, u64 index, u64 address)
{
	struct policy_user_namespace *to = BEGIN_OBJECT(frame, index, struct policy_user_namespace);

	if (!to)
		return 0;
	fill_user_namespace(to, (struct user_namespace *)address);
	return KEEP_OBJECT(frame, index, to);
}
FRAME_CARRIER(capture_user_namespace, capture_user_namespace(frame, a[0], a[1]))

/* ---- eBPF ---- */

/* A union bpf_attr of BPF_PROG_LOAD, copied by the kernel. */
ROUTINE u64 capture_bpf_attributes(struct policy_frame *frame, u64 index, u64 address)
{
	union bpf_attr *attributes = (union bpf_attr *)address;
	struct policy_bpf *to = BEGIN_OBJECT(frame, index, struct policy_bpf);

	if (!to)
		return 0;
	bpf_probe_read_kernel(&to->type, sizeof(to->type), &attributes->prog_type);
	bpf_probe_read_kernel(&to->instruction_count, sizeof(to->instruction_count),
			      &attributes->insn_cnt);
	bpf_probe_read_kernel_str(to->name, sizeof(to->name), attributes->prog_name);
	return KEEP_OBJECT(frame, index, to);
}
FRAME_CARRIER(capture_bpf_attributes, capture_bpf_attributes(frame, a[0], a[1]))

ROUTINE u64 capture_bpf_map(struct policy_frame *frame, u64 index, u64 address)
{
	struct bpf_map *map = (struct bpf_map *)address;
	struct policy_bpf *to = BEGIN_OBJECT(frame, index, struct policy_bpf);

	if (!to)
		return 0;
	to->type = BPF_CORE_READ(map, map_type);
	to->key_size = BPF_CORE_READ(map, key_size);
	to->value_size = BPF_CORE_READ(map, value_size);
	to->max_entries = BPF_CORE_READ(map, max_entries);
	bpf_probe_read_kernel_str(to->name, sizeof(to->name), map->name);
	return KEEP_OBJECT(frame, index, to);
}
FRAME_CARRIER(capture_bpf_map, capture_bpf_map(frame, a[0], a[1]))

ROUTINE u64 capture_bpf_program(struct policy_frame *frame, u64 index, u64 address)
{
	struct bpf_prog *program = (struct bpf_prog *)address;
	struct policy_bpf *to = BEGIN_OBJECT(frame, index, struct policy_bpf);
	struct bpf_prog_aux *aux = BPF_CORE_READ(program, aux);

	if (!to)
		return 0;
	to->type = BPF_CORE_READ(program, type);
	to->instruction_count = BPF_CORE_READ(program, len);
	bpf_probe_read_kernel_str(to->name, sizeof(to->name), aux->name);
	return KEEP_OBJECT(frame, index, to);
}
FRAME_CARRIER(capture_bpf_program, capture_bpf_program(frame, a[0], a[1]))

/* ---- events of perf, modules ---- */

ROUTINE u64 capture_perf_event(struct policy_frame *frame, u64 index, u64 address)
{
	struct perf_event *event = (struct perf_event *)address;
	struct policy_perf_event *to = BEGIN_OBJECT(frame, index, struct policy_perf_event);

	if (!to)
		return 0;
	to->type = BPF_CORE_READ(event, attr.type);
	to->config = BPF_CORE_READ(event, attr.config);
	to->probe_offset = BPF_CORE_READ(event, attr.probe_offset);
	/* What it is besides the name of a function, an address of the user's, cannot be read here, or is no text. */
	bpf_probe_read_user_str(to->function, sizeof(to->function),
				(void *)BPF_CORE_READ(event, attr.kprobe_func));
	return KEEP_OBJECT(frame, index, to);
}
FRAME_CARRIER(capture_perf_event, capture_perf_event(frame, a[0], a[1]))

ROUTINE u64 capture_module(struct policy_frame *frame, u64 index, u64 address)
{
	struct module *module = (struct module *)address;
	struct policy_module *to = BEGIN_OBJECT(frame, index, struct policy_module);

	if (!to)
		return 0;
	if (!bpf_core_field_exists(module->taints))
		return fail_value(frame, index, NOT_THERE);
	to->taints = BPF_CORE_READ(module, taints);
	if (bpf_core_field_exists(module->sig_ok)) {
		to->has_signature = 1;
		to->is_signed = BPF_CORE_READ(module, sig_ok);
	}
	bpf_probe_read_kernel_str(to->name, sizeof(to->name), module->name);
	return KEEP_OBJECT(frame, index, to);
}
FRAME_CARRIER(capture_module, capture_module(frame, a[0], a[1]))

/* A struct load_info: of a module that is being loaded. */
ROUTINE u64 capture_load_info(struct policy_frame *frame, u64 index, u64 address)
{
	struct load_info *info = (struct load_info *)address;
	struct policy_module *to = BEGIN_OBJECT(frame, index, struct policy_module);

	if (!to)
		return 0;
	if (!bpf_core_field_exists(info->name))
		return fail_value(frame, index, NOT_THERE);
	if (bpf_core_field_exists(info->mod))
		to->taints = BPF_CORE_READ(info, mod, taints);
	if (bpf_core_field_exists(info->sig_ok)) {
		to->has_signature = 1;
		to->is_signed = BPF_CORE_READ(info, sig_ok);
	}
	bpf_probe_read_kernel_str(to->name, sizeof(to->name), BPF_CORE_READ(info, name));
	return KEEP_OBJECT(frame, index, to);
}
FRAME_CARRIER(capture_load_info, capture_load_info(frame, a[0], a[1]))

#endif
