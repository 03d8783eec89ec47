/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef SONDE_BPF_TRACING_H
#define SONDE_BPF_TRACING_H

/*
 * What libbpf's header of this name has since 1.2 and 1.3, and programs rely on.
 * FALLBACK: remove when the oldest libbpf is 1.3.
 */

#include <bpf/bpf_helpers.h>

#include_next <bpf/bpf_tracing.h>

/* The sixth argument of a function, and of a system call. */
#ifndef PT_REGS_PARM6
#if defined(bpf_target_x86) && !defined(__i386__)
#define PT_REGS_PARM6(x) (((const struct pt_regs *)(x))->r9)
#define PT_REGS_PARM6_CORE(x) BPF_CORE_READ((const struct pt_regs *)(x), r9)
#define PT_REGS_PARM6_SYSCALL(x) PT_REGS_PARM6(x)
#define PT_REGS_PARM6_CORE_SYSCALL(x) PT_REGS_PARM6_CORE(x)
#elif defined(bpf_target_arm64)
#define PT_REGS_PARM6(x) (((const struct user_pt_regs *)(x))->regs[5])
#define PT_REGS_PARM6_CORE(x) BPF_CORE_READ((const struct user_pt_regs *)(x), regs[5])
#define PT_REGS_PARM6_SYSCALL(x) PT_REGS_PARM6(x)
#define PT_REGS_PARM6_CORE_SYSCALL(x) PT_REGS_PARM6_CORE(x)
#endif
#endif

#ifndef ___bpf_kprobe_args6
#define ___bpf_kprobe_args6(x, args...) ___bpf_kprobe_args5(args), (void *)PT_REGS_PARM6(ctx)
#endif

/* A uprobe has the registers that a kprobe has. */
#ifndef BPF_UPROBE
#define BPF_UPROBE(name, args...) BPF_KPROBE(name, ##args)
#endif
#ifndef BPF_URETPROBE
#define BPF_URETPROBE(name, args...) BPF_KRETPROBE(name, ##args)
#endif

#endif
