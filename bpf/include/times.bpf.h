/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_INCLUDE_TIMES_BPF_H
#define BPF_INCLUDE_TIMES_BPF_H

/*
 * Since when something is going on, from one program to another: by thread id, or by the address of a kernel object.
 * An array of sets of four entries. Measured against a hash, in which an entry is made and freed each time, it takes a
 * tenth of the time; and unlike in an array with one entry for each number, there is room for four keys that meet.
 * Where a fifth comes, the time of one of the others is forgotten, and the caller counts that.
 * Include kernel.bpf.h first; the map is the program's own, with a power of two of sets:
 *
 *	struct {
 *		__uint(type, BPF_MAP_TYPE_ARRAY);
 *		__uint(max_entries, SETS);
 *		__type(key, u32);
 *		__type(value, struct time_set);
 *	} sleeping SEC(".maps");
 *
 * Two CPUs that take a free entry of one set in the same nanoseconds may take the same one: then the first key's time is
 * forgotten and nobody counts that. It takes two keys of one set out of thousands, at once.
 */

#define TIME_WAYS 4 /* a set is a cache line */
#define THREAD_TIME_SETS 16384
#define TIME_NOTE_BITS 16

struct time_entry {
	u64 since; /* ns */
	u64 owner; /* the key without its highest 16 bits, which are all alike, and a note of the program; 0: free */
};

struct time_set {
	struct time_entry ways[TIME_WAYS];
};

struct time_since {
	u64 since; /* ns */
	u32 note;
};

/* Neighbouring keys go to different sets. */
static __always_inline u32 spread_key(u64 key)
{
	return (key * 0x9e3779b97f4a7c15ULL) >> 32;
}

static __always_inline struct time_set *time_set_of(void *map, u32 sets, u64 key)
{
	u32 index = spread_key(key) % sets;

	return bpf_map_lookup_elem(map, &index);
}

/* NULL: there is none. */
static __always_inline struct time_entry *time_set__find(struct time_set *set, u64 owner)
{
#pragma unroll
	for (u32 way = 0; way < TIME_WAYS; way++)
		if (set->ways[way].owner >> TIME_NOTE_BITS == owner)
			return &set->ways[way];
	return NULL;
}

static __always_inline u64 owner_of(u64 key)
{
	return key << TIME_NOTE_BITS >> TIME_NOTE_BITS;
}

/* False when another one's time had to be forgotten for it. */
static __always_inline bool begin_time(void *map, u32 sets, u64 key, u64 now, u16 note)
{
	struct time_set *set = time_set_of(map, sets, key);
	struct time_entry *entry;
	bool has_room = true;

	if (!set)
		return true; /* cannot be: the index is below the size */
	entry = time_set__find(set, owner_of(key));
	if (!entry)
		entry = time_set__find(set, 0);
	if (!entry) {
		entry = &set->ways[spread_key(key) / sets % TIME_WAYS];
		has_room = false;
	}
	entry->owner = key << TIME_NOTE_BITS | note;
	entry->since = now;
	return has_room;
}

/* Frees the entry; false when there is none. */
static __always_inline bool end_time(void *map, u32 sets, u64 key, struct time_since *ret_time)
{
	struct time_set *set = time_set_of(map, sets, key);
	struct time_entry *entry = set ? time_set__find(set, owner_of(key)) : NULL;

	if (!entry)
		return false;
	ret_time->since = entry->since;
	ret_time->note = entry->owner & ((1u << TIME_NOTE_BITS) - 1);
	entry->owner = 0;
	return true;
}

#endif
