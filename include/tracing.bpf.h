/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef SONDE_TRACING_BPF_H
#define SONDE_TRACING_BPF_H

/*
 * Spans through a ring buffer, with the layout and names that programs for ebpf_exporter use.
 * Include vmlinux.h and bpf_helpers.h first. The ids are kept in the byte order user space has them in.
 */

struct span_parent_t {
	u64 trace_id_hi;
	u64 trace_id_lo;
	u64 span_id;
};

/* The first member of every span, named span_base. A span_id of 0 is drawn at random by user space. */
struct span_base_t {
	struct span_parent_t parent;
	u64 span_id;
	u64 span_monotonic_timestamp_ns;
	u64 span_duration_ns;
};

/* The same with a number that user space gave along with the parent. */
struct span_parent_tagged_t {
	u64 trace_id_hi;
	u64 trace_id_lo;
	u64 span_id;
	u64 example_userspace_tag;
};

struct span_base_tagged_t {
	struct span_parent_tagged_t parent;
	u64 span_id;
	u64 span_monotonic_timestamp_ns;
	u64 span_duration_ns;
};

/* A span that begins now and has no length yet. */
#define _begin_span(base, from)                                                                    \
	do {                                                                                       \
		(base)->parent = *(from);                                                          \
		(base)->span_monotonic_timestamp_ns = bpf_ktime_get_ns();                          \
		(base)->span_duration_ns = 0;                                                      \
	} while (0)

static inline void fill_span_base(struct span_base_t *base, struct span_parent_t *parent)
{
	_begin_span(base, parent);
}

static inline void fill_span_base_tagged(struct span_base_tagged_t *base,
					 struct span_parent_tagged_t *parent)
{
	_begin_span(base, parent);
}

/* Reserves a span of the given type, runs the statements that fill its own members (`span` points to it) and submits
 * it. When the ring is full, the calling function returns 0. */
#define _submit_span(map, type, parent, fill_base, ...)                                            \
	do {                                                                                       \
		type *span = bpf_ringbuf_reserve((map), sizeof(type), 0);                          \
                                                                                                   \
		if (!span)                                                                         \
			return 0;                                                                  \
		fill_base(&span->span_base, (parent));                                             \
		__VA_ARGS__;                                                                       \
		bpf_ringbuf_submit(span, 0);                                                       \
	} while (0)

#define submit_span(map, type, parent, ...)                                                        \
	_submit_span(map, type, parent, fill_span_base, __VA_ARGS__)

#define submit_span_tagged_base(map, type, parent, ...)                                            \
	_submit_span(map, type, parent, fill_span_base_tagged, __VA_ARGS__)

#endif
