/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_HANDLER_H
#define SRC_PROGRAM_HANDLER_H

/*
 * What libbpf asks us while it opens and loads a program: the section's flags, its target, and the last word on its
 * instructions. It owns nothing; while a program (of ours) is entered, the programs that libbpf loads are its parts.
 * section.c registers these for every section of its table, load.c enters and leaves.
 */

#include <stdbool.h>

struct bpf_prog_load_opts;
struct bpf_program;
struct program;

/* As libbpf wants them; the cookie is the section's flags. */
int handler_set_up(struct bpf_program *library, long cookie);
int handler_prepare_load(struct bpf_program *library, struct bpf_prog_load_opts *options,
			 long cookie);

void handler_enter(struct program *program);
void handler_leave(void);

#endif
