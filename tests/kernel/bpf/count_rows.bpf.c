// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* A map iterator with many keys: calls of the test's fire(what, value) by the number and by its two lowest bits. */
#include "gadget.bpf.h"

#define SLOTS 27

struct key {
	u32 what;
	u8 kind;
};

struct row {
	gadget_counter__u64 calls;
	gadget_histogram_slot__u64 size[SLOTS];
	u64 size_sum;
	gadget_gauge__u32 last;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct key);
	__type(value, struct row);
} rows SEC(".maps");

GADGET_MAPITER(rows, rows);

/* The value is how many of its slot are counted at once: what & 31 is the slot. */
SEC("uprobe/./trigger:fire")
int BPF_KPROBE(on_fire, u64 what, u64 value)
{
	static const struct row zero;
	struct key key;
	struct row *row;
	u32 slot = what & 31;

	__builtin_memset(&key, 0, sizeof(key));
	key.what = what;
	key.kind = what & 3;
	row = bpf_map_lookup_elem(&rows, &key);
	if (!row) {
		bpf_map_update_elem(&rows, &key, &zero, BPF_NOEXIST);
		row = bpf_map_lookup_elem(&rows, &key);
	}
	if (!row)
		return 0;
	__sync_fetch_and_add(&row->calls, 1);
	if (slot < SLOTS)
		__sync_fetch_and_add(&row->size[slot], value);
	__sync_fetch_and_add(&row->size_sum, value * 3);
	row->last = value;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
