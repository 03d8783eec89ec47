/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef SONDE_REGS_IP_BPF_H
#define SONDE_REGS_IP_BPF_H

/*
 * The address of a function out of the instruction pointer that its kprobe sees, for looking it up as a symbol.
 * On x86 the pointer has already moved past the breakpoint when the program runs.
 */

#if defined(__TARGET_ARCH_x86)
#define KPROBE_REGS_IP_FIX(ip) ((ip) - sizeof(kprobe_opcode_t))
#else
#define KPROBE_REGS_IP_FIX(ip) (ip)
#endif

#endif
