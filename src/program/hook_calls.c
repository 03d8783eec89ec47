/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "program/hook_private.h"

/*
 * System calls where nothing can hang on their functions: one program at each end of every call looks by its number for
 * the first hook, which calls the next one of the same call when it is done. User space keeps both tables.
 */

/* In bpf/policy.bpf.c, by enum hook_end. */
static const struct {
	const char *program, *tracepoint, *first, *next;
} names[] = {
	{ "policy_sys_enter", "sys_enter", "policy_calls_enter", "policy_chain_enter" },
	{ "policy_sys_exit", "sys_exit", "policy_calls_exit", "policy_chain_exit" },
};

#define NUMBERS 1024u /* of each of the two tables of system calls */

static uint32_t row_of(uint32_t number)
{
	return number & POLICY_SYSCALL_32 ? NUMBERS + (number & ~POLICY_SYSCALL_32) : number;
}

/* fd -1: nobody. */
static int set_row(const struct hook_engine *engine, const char *name, uint32_t row, int fd)
{
	struct program_map map;
	int r = program__map(engine->program, name, &map, NULL);

	if (r < 0)
		return r;
	if (fd >= 0)
		return bpf_map_update_elem(map.fd, &row, &fd, BPF_ANY) < 0 ? -errno : 0;
	return bpf_map_delete_elem(map.fd, &row) < 0 && errno != ENOENT ? -errno : 0;
}

/* Whoever comes before the call at `at` and has the same number goes on with this program, -1: with none. */
static int set_before(const struct hook_engine *engine, enum hook_end end, size_t at, int fd)
{
	const struct hook_call *calls = engine->calls[end].calls.items;
	uint32_t number = calls[at].number;

	for (size_t i = at; i > 0; i--)
		if (calls[i - 1].number == number)
			return set_row(engine, names[end].next, calls[i - 1].hook, fd);
	return set_row(engine, names[end].first, row_of(number), fd);
}

/* The program that comes behind it; -1: none does. */
static int fd_behind(const struct hook_calls *calls, size_t at)
{
	for (size_t i = at + 1; i < calls->calls.len; i++)
		if (calls->calls.items[i].number == calls->calls.items[at].number)
			return calls->calls.items[i].fd;
	return -1;
}

/* Tail calls of one run: the kernel ends what would be more without a word. */
#define CHAIN_MAX 32

static size_t count_calls(const struct hook_calls *calls, uint32_t number)
{
	size_t count = 0;

	vec_for_each(&calls->calls, call)
		count += call->number == number;
	return count;
}

static int attach_shared(struct hook_engine *engine, enum hook_end end, struct err *err)
{
	const struct program_part *part = program__find_part(engine->program, names[end].program);
	int fd;

	if (engine->calls[end].links.links.len)
		return 0;
	if (!part || part->view.fd < 0)
		return err__set(err, -EOPNOTSUPP, NULL, "system calls cannot be seen: %s",
				part && part->view.reason ? part->view.reason
							  : "the program for it is not there");
	fd = bpf_raw_tracepoint_open(names[end].tracepoint, part->view.fd);
	if (fd < 0)
		return err__set(err, -errno, NULL, "tracepoint %s: %s", names[end].tracepoint,
				strerror(errno));
	return link_set__add_fd(&engine->calls[end].links, fd);
}

int hook_engine__add_call(struct hook_engine *engine, enum hook_end end, struct hook_call call,
			  struct err *err)
{
	struct hook_calls *calls = &engine->calls[end];
	int r = row_of(call.number) < 2 * NUMBERS ? 0 : -EINVAL;

	if (count_calls(calls, call.number) >= CHAIN_MAX)
		return err__set(
			err, -ENOSPC, NULL,
			"system call %u has %d hooks already, and no more can share a program: "
			"this kernel has neither kprobes nor fentry",
			call.number & ~POLICY_SYSCALL_32, CHAIN_MAX);
	if (r == 0)
		r = vec_push(&calls->calls, call);
	if (r == 0)
		r = set_before(engine, end, calls->calls.len - 1, call.fd);
	if (r < 0)
		return err__set(err, r, NULL, "system call %u cannot be hooked: %s", call.number,
				strerror(-r));
	return attach_shared(engine, end, err);
}

/* A row that cannot be written names a program that is still there. */
static void remove_call(struct hook_engine *engine, enum hook_end end, size_t at)
{
	struct hook_calls *calls = &engine->calls[end];
	uint32_t hook = calls->calls.items[at].hook;

	(void)set_before(engine, end, at, fd_behind(calls, at));
	(void)set_row(engine, names[end].next, hook, -1);
	memmove(calls->calls.items + at, calls->calls.items + at + 1,
		(calls->calls.len - at - 1) * sizeof(*calls->calls.items));
	calls->calls.len--;
}

void hook_engine__remove_calls(struct hook_engine *engine, uint32_t hook)
{
	for (int end = HOOK_END_ENTER; end <= HOOK_END_LEAVE; end++) {
		struct hook_calls *calls = &engine->calls[end];

		for (size_t i = calls->calls.len; i > 0; i--)
			if (calls->calls.items[i - 1].hook == hook)
				remove_call(engine, (enum hook_end)end, i - 1);
		if (calls->calls.len == 0)
			link_set__done(&calls->links);
	}
}

void hook_engine__end_calls(struct hook_engine *engine)
{
	for (int end = HOOK_END_ENTER; end <= HOOK_END_LEAVE; end++) {
		link_set__done(&engine->calls[end].links);
		vec_done(&engine->calls[end].calls);
	}
}
