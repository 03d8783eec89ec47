// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Map iterators: calls of the test's fire(what, value) counted under a key of one byte, and by CPU. */
#include "gadget.bpf.h"

struct key {
	u8 what;
};

struct row {
	u64 calls;
	u64 sum;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 300);
	__type(key, struct key);
	__type(value, struct row);
} rows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 300);
	__type(key, struct key);
	__type(value, struct row);
} cpu_rows SEC(".maps");

GADGET_MAPITER(rows, rows);
GADGET_MAPITER(by_cpu, cpu_rows);

static __always_inline void count(void *map, u8 what, u64 value)
{
	static const struct row zero;
	struct key key = { .what = what };
	struct row *row = bpf_map_lookup_elem(map, &key);

	if (!row) {
		bpf_map_update_elem(map, &key, &zero, BPF_NOEXIST);
		row = bpf_map_lookup_elem(map, &key);
	}
	if (!row)
		return;
	__sync_fetch_and_add(&row->calls, 1);
	__sync_fetch_and_add(&row->sum, value);
}

SEC("uprobe/./trigger:fire")
int BPF_KPROBE(on_fire, u64 what, u64 value)
{
	count(&rows, what, value);
	count(&cpu_rows, what, value);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
