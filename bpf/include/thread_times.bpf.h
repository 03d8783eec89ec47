/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_INCLUDE_THREAD_TIMES_BPF_H
#define BPF_INCLUDE_THREAD_TIMES_BPF_H

/*
 * Since when a thread is at something, from one program to another: an array of sets of four entries, the set by thread
 * id. Measured against a hash, in which an entry is made and freed each time, it takes a tenth of the time; and unlike an
 * array with one entry for each number, threads whose ids agree modulo its size have places for four of them.
 * Where a fifth comes, the time of one of the others is forgotten, and the caller counts that.
 * Include kernel.bpf.h first; the map is the program's own:
 *
 *	struct {
 *		__uint(type, BPF_MAP_TYPE_ARRAY);
 *		__uint(max_entries, THREAD_SETS);
 *		__type(key, u32);
 *		__type(value, struct thread_set);
 *	} sleeping SEC(".maps");
 *
 * Two CPUs that take a free entry of one set in the same nanoseconds may take the same one: then the first thread's time
 * is forgotten and nobody counts that. It takes two threads out of 16,384, at once.
 */

#define THREAD_SETS 16384 /* a power of two */
#define THREAD_WAYS 4     /* a set is a cache line */

struct thread_time {
	u64 since; /* ns */
	u32 tid;   /* 0: free */
	u32 note;  /* the program's own */
};

struct thread_set {
	struct thread_time ways[THREAD_WAYS];
};

static __always_inline struct thread_set *thread_set_of(void *map, u32 tid)
{
	u32 index = tid % THREAD_SETS;

	return bpf_map_lookup_elem(map, &index);
}

/* NULL: no time is known of it. */
static __always_inline struct thread_time *thread_set__find(struct thread_set *set, u32 tid)
{
#pragma unroll
	for (u32 way = 0; way < THREAD_WAYS; way++)
		if (set->ways[way].tid == tid)
			return &set->ways[way];
	return NULL;
}

/* False when another one's time had to be forgotten for it. */
static __always_inline bool begin_thread_time(void *map, u32 tid, u64 now, u32 note)
{
	struct thread_set *set = thread_set_of(map, tid);
	struct thread_time *time;
	bool has_room = true;

	if (!set)
		return true; /* cannot be: the index is below the size */
	time = thread_set__find(set, tid);
	if (!time)
		time = thread_set__find(set, 0);
	if (!time) {
		time = &set->ways[tid / THREAD_SETS % THREAD_WAYS];
		has_room = false;
	}
	time->tid = tid;
	time->note = note;
	time->since = now;
	return has_room;
}

/* Frees the entry; false when there is none. */
static __always_inline bool end_thread_time(void *map, u32 tid, struct thread_time *ret_time)
{
	struct thread_set *set = thread_set_of(map, tid);
	struct thread_time *time = set ? thread_set__find(set, tid) : NULL;

	if (!time)
		return false;
	*ret_time = *time;
	time->tid = 0;
	return true;
}

#endif
