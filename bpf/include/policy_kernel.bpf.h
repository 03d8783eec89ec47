/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_INCLUDE_POLICY_KERNEL_BPF_H
#define BPF_INCLUDE_POLICY_KERNEL_BPF_H

/* The kernel's types that only policies look at, as kernel.bpf.h has the others. Include that first. */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

enum iter_type { /* the values are the running kernel's */
		 ITER_IOVEC,
		 ITER_KVEC,
		 ITER_UBUF, /* since 6.0 */
};

struct iov_iter {
	u8 iter_type;
	unsigned long iov_offset; /* in the first part */
	unsigned long count;      /* bytes that are left */
	const void *__iov;
	void *ubuf;
	unsigned long nr_segs;
};

struct iov_iter___before_6_4 {
	const void *iov;
};

struct iov_iter___before_5_14 {
	unsigned int type;
};

struct bpf_map {
	enum bpf_map_type map_type;
	u32 key_size, value_size, max_entries;
	char name[16];
};

struct bpf_prog_aux {
	char name[16];
};

struct bpf_prog {
	enum bpf_prog_type type;
	u32 len; /* instructions */
	struct bpf_prog_aux *aux;
};

struct perf_event_attr {
	u32 type;
	u64 config;
	u64 kprobe_func; /* address of the user's, in kprobes made by name */
	u64 probe_offset;
};

struct perf_event {
	struct perf_event_attr attr;
};

struct module {
	char name[56];
	unsigned long taints;
	bool sig_ok; /* not without signatures */
};

struct load_info {
	const char *name;
	struct module *mod;
	bool sig_ok;
};

#pragma clang attribute pop

#endif
