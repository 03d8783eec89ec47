/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef SONDE_GADGET_BUFFER_H
#define SONDE_GADGET_BUFFER_H

/*
 * Records to user space through a ring buffer, or through a perf buffer where the kernel has no rings (before 5.8): which
 * one is decided when the object is loaded, and user space then makes the map of that kind. What finds no room is counted.
 * Include vmlinux.h first.
 */

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include <gadget/types.h>

/* The largest record that can be reserved, unless the gadget has said so. */
#ifndef GADGET_MAX_EVENT_SIZE
#define GADGET_MAX_EVENT_SIZE 10240
#endif

/* The map, and where its losses are counted. */
#define GADGET_TRACER_MAP(name, size)                                                              \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_RINGBUF);                                                \
		__uint(max_entries, size);                                                         \
	} name SEC(".maps");                                                                       \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);                                           \
		__uint(max_entries, 1);                                                            \
		__type(key, __u32);                                                                \
		__type(value, __u64);                                                              \
	} name##_lost_samples SEC(".maps");                                                        \
	const void *gadget_map_tracer_##name __attribute__((unused))

static __always_inline bool gadget_has_ring(void)
{
	return bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_ringbuf_reserve);
}

static __always_inline void gadget_count_loss(void *losses)
{
	__u32 zero = 0;
	__u64 *count = bpf_map_lookup_elem(losses, &zero);

	if (count)
		*count += 1; /* the CPU's own */
}

/* Writes a record that is elsewhere. 0, or a negative error that has been counted. */
/* `map` is the address of a map, as written: its losses have a name made of that. */
#define gadget_output_buf(ctx, map, buf, size)                                                     \
	gadget_output_buf_(ctx, map, map##_lost_samples, buf, size)

static __always_inline long gadget_output_buf_(void *ctx, void *map, void *losses, void *buf,
					       __u64 size)
{
	long r = gadget_has_ring() ? bpf_ringbuf_output(map, buf, size, 0)
				   : bpf_perf_event_output(ctx, map, BPF_F_CURRENT_CPU, buf, size);

	if (r < 0)
		gadget_count_loss(losses);
	return r;
}

#ifndef GADGET_NO_BUF_RESERVE

/* Where a record is put together for a perf buffer. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, GADGET_MAX_EVENT_SIZE);
} gadget_heap SEC(".maps");

/* Room for a record: NULL when there is none, which has been counted. Ends by submitting or discarding it. */
#define gadget_reserve_buf(map, size) gadget_reserve_buf_(map, map##_lost_samples, size)

static __always_inline void *gadget_reserve_buf_(void *map, void *losses, __u64 size)
{
	__u32 zero = 0;
	void *buf;

	if (!gadget_has_ring())
		return bpf_map_lookup_elem(&gadget_heap, &zero);
	buf = bpf_ringbuf_reserve(map, size, 0);
	if (!buf)
		gadget_count_loss(losses);
	return buf;
}

static __always_inline void gadget_discard_buf(void *buf)
{
	if (gadget_has_ring())
		bpf_ringbuf_discard(buf, 0);
}

/* Losses of a perf buffer are told by the kernel. */
static __always_inline long gadget_submit_buf(void *ctx, void *map, void *buf, __u64 size)
{
	if (!gadget_has_ring())
		return bpf_perf_event_output(ctx, map, BPF_F_CURRENT_CPU, buf, size);
	bpf_ringbuf_submit(buf, 0);
	return 0;
}

#endif

#endif
