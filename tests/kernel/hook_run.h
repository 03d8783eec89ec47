/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_KERNEL_HOOK_RUN_H
#define TESTS_KERNEL_HOOK_RUN_H

/*
 * Programs of hooks run by the test itself: linked with the engine's routines and loaded as raw tracepoints, which the
 * kernel calls with the arguments that the test says (BPF_PROG_TEST_RUN). Nothing is attached.
 * It owns the engine and one program at a time. Every step that fails fails the test.
 */

#include <stdbool.h>
#include <stdint.h>
#include "emit/hook.h"
#include "program/hook.h"

struct ring_buffer;

struct hook_run {
	struct host *host;          /* owned */
	struct hook_engine *engine; /* owned */
	uint32_t hook, first_row, row_count;
	int fd, leave_fd;         /* the programs, or -1 */
	struct ring_buffer *ring; /* owned */
	/* The last record that was heard. */
	uint8_t heard[POLICY_FRAME_BYTES];
	size_t heard_size;
	uint32_t heard_count;
};

void hook_run__open(struct hook_run *run);
void hook_run__close(struct hook_run *run);
/* Takes the place of the hook before, with switches that say POLICY_SWITCH_ON and `switches`. The code's id and rows are
 * filled in. */
void hook_run__load(struct hook_run *run, struct hook_code *code, uint8_t switches);
/* Only whether the kernel takes it where arguments are pointers with types, as those of that tracepoint are. */
void hook_run__load_typed(struct hook_run *run, const struct hook_code *code,
			  const char *tracepoint);
void hook_run__switch(const struct hook_run *run, uint8_t switches);
/* Calls it once; what it returned. */
uint32_t hook_run__call(const struct hook_run *run, const uint64_t *arguments, uint32_t count);
/* The program at the end of the call. */
uint32_t hook_run__leave(const struct hook_run *run, const uint64_t *arguments, uint32_t count);
/* Of one rule, all CPUs together. */
struct policy_figures hook_run__figures(const struct hook_run *run, uint32_t rule);
int hook_run__map(const struct hook_run *run, const char *name);

/* How many records came since; the last of them is kept. */
uint32_t hook_run__drain(struct hook_run *run);
const struct policy_record *hook_run__record(const struct hook_run *run);
union policy_word hook_run__word(const struct hook_run *run, uint32_t index);
/* Of a value that is no number. */
const void *hook_run__bytes(const struct hook_run *run, uint32_t index, uint32_t *ret_size);
/* `skip`: bytes of it that stand before the text. */
void hook_run__assert_text(const struct hook_run *run, uint32_t index, uint32_t skip,
			   const char *expected);

/* The address of a copy that is in memory for sure, for the two calls that follow: nothing is paged in for a program. */
uint64_t hook_run__present(const char *text);
/* Where a member is in a struct of this kernel. */
int32_t hook_run__offset_of(const char *name, const char *member);
/* The same, for whoever asks often. */
struct btf;
int32_t hook_run__member(const struct btf *btf, const char *name, const char *member);
bool hook_run__has_member(const struct btf *btf, const char *name, const char *member);

#endif
