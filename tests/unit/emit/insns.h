/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_EMIT_INSNS_H
#define TESTS_UNIT_EMIT_INSNS_H

/*
 * Instructions for tables in tests, and programs as text for a person. They own nothing.
 * The tests of src/emit write programs with the first and compare with the second.
 */

#include <linux/bpf.h>
#include <stddef.h>

#define I_MOVE(dst, src)                                                                           \
	{                                                                                          \
		BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0                                        \
	}
#define I_MOVE32(dst, src)                                                                         \
	{                                                                                          \
		BPF_ALU | BPF_MOV | BPF_X, dst, src, 0, 0                                          \
	}
#define I_SET(dst, value)                                                                          \
	{                                                                                          \
		BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, value                                      \
	}
#define I_SET32(dst, value)                                                                        \
	{                                                                                          \
		BPF_ALU | BPF_MOV | BPF_K, dst, 0, 0, value                                        \
	}
#define I_ALU(op, dst, src)                                                                        \
	{                                                                                          \
		BPF_ALU64 | (op) | BPF_X, dst, src, 0, 0                                           \
	}
#define I_ALU_IMM(op, dst, value)                                                                  \
	{                                                                                          \
		BPF_ALU64 | (op) | BPF_K, dst, 0, 0, value                                         \
	}
#define I_ALU32_IMM(op, dst, value)                                                                \
	{                                                                                          \
		BPF_ALU | (op) | BPF_K, dst, 0, 0, value                                           \
	}
#define I_WIDE(dst, kind, low, high)                                                               \
	{ INSN_LOAD_IMM64, dst, kind, 0, low },                                                    \
	{                                                                                          \
		0, 0, 0, 0, high                                                                   \
	}
#define I_MAP(dst, fd) I_WIDE(dst, BPF_PSEUDO_MAP_FD, fd, 0)
#define I_LOAD(size, dst, base, offset)                                                            \
	{                                                                                          \
		BPF_LDX | BPF_MEM | (size), dst, base, offset, 0                                   \
	}
#define I_STORE(size, base, offset, src)                                                           \
	{                                                                                          \
		BPF_STX | BPF_MEM | (size), base, src, offset, 0                                   \
	}
#define I_STORE_IMM(size, base, offset, value)                                                     \
	{                                                                                          \
		BPF_ST | BPF_MEM | (size), base, 0, offset, value                                  \
	}
#define I_ATOMIC(base, offset, src, op)                                                            \
	{                                                                                          \
		BPF_STX | BPF_ATOMIC | BPF_DW, base, src, offset, op                               \
	}
#define I_IF(op, reg, value, distance)                                                             \
	{                                                                                          \
		BPF_JMP | (op) | BPF_K, reg, 0, distance, value                                    \
	}
#define I_IF32(op, reg, value, distance)                                                           \
	{                                                                                          \
		BPF_JMP32 | (op) | BPF_K, reg, 0, distance, value                                  \
	}
#define I_IF_REG(op, reg, other, distance)                                                         \
	{                                                                                          \
		BPF_JMP | (op) | BPF_X, reg, other, distance, 0                                    \
	}
#define I_GOTO(distance)                                                                           \
	{                                                                                          \
		BPF_JMP | BPF_JA, 0, 0, distance, 0                                                \
	}
#define I_HELPER(number)                                                                           \
	{                                                                                          \
		INSN_CALL, 0, 0, 0, number                                                         \
	}
#define I_CALL(distance)                                                                           \
	{                                                                                          \
		INSN_CALL, 0, BPF_PSEUDO_CALL, 0, distance                                         \
	}
#define I_EXIT                                                                                     \
	{                                                                                          \
		INSN_EXIT, 0, 0, 0, 0                                                              \
	}

/* One line per instruction: "3: r1 = *(u8 *)(r6 + 8)". */
void insns_format(const struct bpf_insn *insns, size_t count, char *text, size_t size);
/* Fails the test and prints both when they differ. */
void assert_listing(const struct bpf_insn *insns, size_t count, const char *expected);

#endif
