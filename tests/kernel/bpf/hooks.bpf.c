// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * One program per kind of hook, each counting in its own slot, and only for the process that the test names.
 * The slots are those of enum hook_slot in test_program.c. What a kernel cannot do is left out by itself.
 */
#include <linux/bpf.h>
#include <linux/errno.h>
#include <linux/ptrace.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_tracing.h>
#include <bpf/usdt.bpf.h>

const volatile __u32 own_tgid = 0;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} hits SEC(".maps");

static __always_inline int count(__u32 slot)
{
	__u64 *value = bpf_map_lookup_elem(&hits, &slot);

	if (value)
		__sync_fetch_and_add(value, 1);
	return 0;
}

static __always_inline int count_own(__u32 slot)
{
	return bpf_get_current_pid_tgid() >> 32 == own_tgid ? count(slot) : 0;
}

#define HOOK(name, section, slot)                                                                  \
	SEC(section) int name(void *ctx)                                                           \
	{                                                                                          \
		return count_own(slot);                                                            \
	}

HOOK(raw_tp, "raw_tp/sys_enter", 0)
HOOK(tp_btf, "tp_btf/sys_enter", 1)
HOOK(tp, "tp/raw_syscalls/sys_enter", 2)
HOOK(tracepoint, "tracepoint/raw_syscalls/sys_exit", 3)
HOOK(kprobe, "kprobe/vfs_open", 4)
HOOK(kretprobe, "kretprobe/vfs_open", 5)
HOOK(ksyscall, "ksyscall/getppid", 6)
HOOK(kretsyscall, "kretsyscall/getppid", 7)
HOOK(fentry, "fentry/vfs_open", 8)
HOOK(fexit, "fexit/vfs_open", 9)
HOOK(lsm, "lsm/file_open", 10)
HOOK(uprobe, "uprobe//proc/self/exe:probed_function", 11)
HOOK(uretprobe, "uretprobe//proc/self/exe:probed_function", 12)
HOOK(uprobe_multi, "uprobe.multi//proc/self/exe:probed_*", 13)
HOOK(uretprobe_multi, "uretprobe.multi//proc/self/exe:probed_*", 14)
HOOK(uprobe_session, "uprobe.session//proc/self/exe:probed_function", 15)
HOOK(usdt, "usdt//proc/self/exe:sonde:marker", 16)
HOOK(perf_event, "perf_event/type=1,config=0,frequency=997", 17)
HOOK(kprobe_multi, "kprobe.multi/vfs_open", 18)
HOOK(kretprobe_multi, "kretprobe.multi/vfs_open", 19)
HOOK(kprobe_session, "kprobe.session/vfs_open", 20)
HOOK(fentry_s, "fentry.s/vfs_open", 21)
HOOK(uprobe_s, "uprobe.s//proc/self/exe:probed_function", 22)
HOOK(kprobe_multi_glob, "kprobe.multi/vfs_ope?", 23)

/* Packets have no process: the test has a network namespace of its own. */
SEC("xdp/lo")
int xdp(struct xdp_md *ctx)
{
	count(30);
	return XDP_PASS;
}

SEC("tcx/ingress")
int tcx(struct __sk_buff *ctx)
{
	count(31);
	return -1; /* TCX_NEXT: whoever is there too */
}

SEC("tcx/egress/lo")
int tcx_by_name(struct __sk_buff *ctx)
{
	count(36);
	return -1;
}

SEC("tc")
int clsact(struct __sk_buff *ctx)
{
	count(32);
	return -1; /* TC_ACT_UNSPEC: likewise */
}

SEC("socket")
int socket_filter(struct __sk_buff *ctx)
{
	count(33);
	return 0;
}

SEC("cgroup_skb/egress")
int cgroup_skb(struct __sk_buff *ctx)
{
	count(34);
	return 1;
}

SEC("netfilter")
int nf_out(void *ctx)
{
	count(35);
	return 1; /* NF_ACCEPT */
}

SEC("iter/task")
int iter(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
