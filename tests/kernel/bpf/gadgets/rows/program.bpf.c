// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Rows of a hash, with a counter, a gauge and a histogram. */
#include <vmlinux.h>

#include <bpf/bpf_helpers.h>

#define GADGET_NO_BUF_RESERVE
#include <gadget/bits.bpf.h>
#include <gadget/buffer.h>
#include <gadget/macros.h>
#include <gadget/maps.bpf.h>
#include <gadget/types.h>

struct row_key {
	gadget_mntns_id mntns_id;
	__u32 cpu;
	__u32 pad;
};

struct row_value {
	gadget_counter__u64 calls;
	gadget_gauge__u32 last;
	gadget_histogram_slot__u32 sizes[27];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, struct row_key);
	__type(value, struct row_value);
} counts SEC(".maps");

GADGET_MAPITER(rows, counts);

SEC("raw_tp/sys_enter")
int on_enter(void *ctx)
{
	static const struct row_value zero;
	struct row_key key = { .cpu = bpf_get_smp_processor_id() };
	struct row_value *value = bpf_map_lookup_or_try_init(&counts, &key, &zero);
	__u64 slot = get_slot_idx(bpf_get_prandom_u32());

	if (!value)
		return 0;
	__sync_fetch_and_add(&value->calls, 1);
	if (slot < 27)
		__sync_fetch_and_add(&value->sizes[slot], 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
