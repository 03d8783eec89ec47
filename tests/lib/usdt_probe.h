/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_LIB_USDT_PROBE_H
#define TESTS_LIB_USDT_PROBE_H

/*
 * USDT probes for tests: an instruction that does nothing, and the note that tells of it, as <sys/sdt.h> makes them, but
 * with operands as the test writes them.
 * It owns nothing; test programs are compiled with it.
 */

/* `semaphore` is the name of a variable, or 0. `operands` may name what follows: "8@%0 -4@%k1". */
#define USDT_PROBE(provider, name, semaphore, operands, ...)                                       \
	__asm__ volatile("990: nop\n"                                                              \
			 ".pushsection .note.stapsdt,\"\",\"note\"\n"                              \
			 ".balign 4\n"                                                             \
			 ".4byte 992f-991f, 994f-993f, 3\n"                                        \
			 "991: .asciz \"stapsdt\"\n"                                               \
			 "992: .balign 4\n"                                                        \
			 "993: .8byte 990b, 0, " #semaphore "\n"                                   \
			 ".asciz \"" provider "\"\n"                                               \
			 ".asciz \"" name "\"\n"                                                   \
			 ".asciz \"" operands "\"\n"                                               \
			 "994: .balign 4\n"                                                        \
			 ".popsection\n"                                                           \
			 :                                                                         \
			 : __VA_ARGS__                                                             \
			 : "memory")

/* The kernel adds one for each that listens. Not in .bss, which is no part of the file. */
#define USDT_SEMAPHORE(name)                                                                       \
	volatile unsigned short name __attribute__((section(".probes"), used)) = 0

#endif
