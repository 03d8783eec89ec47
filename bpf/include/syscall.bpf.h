/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_INCLUDE_SYSCALL_BPF_H
#define BPF_INCLUDE_SYSCALL_BPF_H

/*
 * Arguments of the system call that the current task is in, or leaves: they are in its registers until it has left, so a
 * program on the way out needs none on the way in, nor a map in between. Only on tracepoints of one system call (or after is_32_bit_call()),
 * and not after an exec that succeeded, which clears them. Include kernel.bpf.h first.
 */

/* Of both architectures; the registers are what is below its top. */
#define KERNEL_STACK_BYTES 16384

/* Since 5.15. */
static __always_inline bool has_task_registers(void)
{
	return bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs);
}

/* FALLBACK: remove when the oldest kernel is 5.15. */
static __always_inline struct pt_regs *registers_on_stack(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	void *stack = BPF_CORE_READ(task, stack);

	return stack + KERNEL_STACK_BYTES - bpf_core_type_size(struct pt_regs);
}

/* Of the call that the current task is in; that of a thread that has made none yet means nothing. */
static __always_inline s64 current_syscall(void)
{
	return has_task_registers()
		       ? syscall_number((void *)bpf_task_pt_regs(bpf_get_current_task_btf()))
		       : syscall_number(registers_on_stack());
}

#if defined(__TARGET_ARCH_x86)
#define ARGUMENT_REGISTERS(X)                                                                      \
	X(0, di)                                                                                   \
	X(1, si)                                                                                   \
	X(2, dx)                                                                                   \
	X(3, r10)                                                                                  \
	X(4, r8)                                                                                   \
	X(5, r9)
#else
#define ARGUMENT_REGISTERS(X)                                                                      \
	X(0, orig_x0)                                                                              \
	X(1, regs[1])                                                                              \
	X(2, regs[2])                                                                              \
	X(3, regs[3])                                                                              \
	X(4, regs[4])                                                                              \
	X(5, regs[5])
#endif

/* `which` is a constant. */
static __always_inline u64 left_argument(u32 which)
{
	if (has_task_registers()) {
		struct pt_regs *registers = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());

		switch (which) {
#define READ(number, name)                                                                         \
	case number:                                                                               \
		return registers->name;
			ARGUMENT_REGISTERS(READ)
#undef READ
		}
	} else {
		struct pt_regs *registers = registers_on_stack();

		switch (which) {
#define READ(number, name)                                                                         \
	case number:                                                                               \
		return BPF_CORE_READ(registers, name);
			ARGUMENT_REGISTERS(READ)
#undef READ
		}
	}
	return 0;
}

#endif
