/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_INCLUDE_POLICY_MAPS_BPF_H
#define BPF_INCLUDE_POLICY_MAPS_BPF_H

/*
 * The maps that all policies share: on two CPUs 1.9 MiB together, 5.8 where hash maps take their memory at once. Only
 * policy.bpf.c includes it, after kernel.bpf.h.
 * What user space writes and reads of them is in bpf/abi/policy.h.
 */

#include "bpf/abi/policy.h"
#include "bpf/abi/policy_hash.h"
#include "bpf/abi/who.h"

#define COUNTS_MAX 16384
#define CALLS_MAX 2048 /* two tables of system calls: the machine's own, and that of 32 bits */

struct policy_switches {
	u8 of[POLICY_HOOKS_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct policy_switches);
} policy_switches SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, POLICY_FIGURES_MAX);
	__type(key, u32);
	__type(value, struct policy_figures);
} policy_figures SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, COUNTS_MAX);
	__type(key, struct policy_count_key);
	__type(value, u64);
} policy_counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, POLICY_CALL_TABLES);
	__type(key, u32);
	__type(value, struct policy_call_counts);
} policy_call_counts SEC(".maps");

/* As large as user space says. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 17);
} policy_records SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, POLICY_FRAMES);
	__type(key, u32);
	__type(value, struct policy_frame);
} policy_frames SEC(".maps");

/* Who.bpf.c's own takes its place. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct who_process);
} who_processes SEC(".maps");

/* What texts are hashed with: of chance, and known to user space alone. */
const volatile u64 policy_seed[POLICY_SEED_WORDS] = { 0 };

/* Sets of numbers, of which the values mean nothing. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct policy_number_key);
	__type(value, u8);
} policy_numbers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct policy_text_key);
	__type(value, u8);
} policy_texts SEC(".maps");

/* Tries: an entry takes memory only when it is there. */
#define TRIE_MAP(name, key_type)                                                                   \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_LPM_TRIE);                                               \
		__uint(max_entries, 8192);                                                         \
		__uint(map_flags, BPF_F_NO_PREALLOC);                                              \
		__type(key, key_type);                                                             \
		__type(value, u8);                                                                 \
	} name SEC(".maps")

TRIE_MAP(policy_prefixes, struct policy_affix_key);
TRIE_MAP(policy_postfixes, struct policy_affix_key);
TRIE_MAP(policy_networks, struct policy_network_key);

/* Those that came last stay. */
#define RECENT_MAP(name, entries, key_type, value_type)                                            \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_LRU_HASH);                                               \
		__uint(max_entries, entries);                                                      \
		__type(key, key_type);                                                             \
		__type(value, value_type);                                                         \
	} name SEC(".maps")

RECENT_MAP(policy_rates, 2048, struct policy_rate_key, u64);
RECENT_MAP(policy_sockets, 4096, struct policy_socket_key, struct policy_owner);
RECENT_MAP(policy_notes, 512, struct policy_note_key, struct policy_note);
RECENT_MAP(policy_pending, 2048, struct policy_pending_key, struct policy_pending);

#define STACK_DEPTH 127 /* the most that the kernel tells */
struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 256);
	__uint(key_size, sizeof(u32));
	__uint(value_size, STACK_DEPTH * sizeof(u64));
} policy_stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, u32);
	__type(value, struct policy_process);
} policy_processes SEC(".maps");

/* Of whom nothing is known. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct policy_process);
} policy_nobody SEC(".maps");

/* The first hook of a system call by its number, and the next one by the number of the hook that is done. */
#define CALLS_MAP(name, entries)                                                                   \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_PROG_ARRAY);                                             \
		__uint(max_entries, entries);                                                      \
		__uint(key_size, sizeof(u32));                                                     \
		__uint(value_size, sizeof(u32));                                                   \
	} name SEC(".maps")

CALLS_MAP(policy_calls_enter, CALLS_MAX);
CALLS_MAP(policy_calls_exit, CALLS_MAX);
CALLS_MAP(policy_chain_enter, POLICY_HOOKS_MAX);
CALLS_MAP(policy_chain_exit, POLICY_HOOKS_MAX);

#endif
