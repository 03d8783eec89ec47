// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* One program per way in which a hook cannot be had, and one that can. */
#include <linux/bpf.h>
#include <linux/errno.h>
#include <linux/ptrace.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_tracing.h>
#include <bpf/usdt.bpf.h>

#define HOOK(name, section)                                                                        \
	SEC(section) int name(void *ctx)                                                           \
	{                                                                                          \
		return 0;                                                                          \
	}

HOOK(good, "raw_tp/sys_enter")
HOOK(no_raw_tp, "raw_tp/sonde_no_such_tracepoint")
HOOK(near_kprobe, "kprobe/vfs_opne")
HOOK(near_raw_tp, "raw_tp/sched_swich")
HOOK(near_tp_btf, "tp_btf/sched_swich")
HOOK(no_fentry, "fentry/sonde_no_such_function")
HOOK(no_tp, "tp/sched/sonde_no_such_event")
HOOK(odd_tp, "tp/sched_switch")
HOOK(no_binary, "uprobe/sonde-no-such-binary:main")
HOOK(no_function, "uprobe//proc/self/exe:sonde_no_such_function")
HOOK(no_marker, "usdt//proc/self/exe:sonde:no_such_marker")
HOOK(odd_perf, "perf_event/type=1,config=0,rate=5")
HOOK(no_interface, "xdp/sonde-none0")
HOOK(no_target, "kprobe")
HOOK(odd_section, "sonde_no_such_section")
HOOK(bare_xdp, "xdp")

char LICENSE[] SEC("license") = "GPL";
