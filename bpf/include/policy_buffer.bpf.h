/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_INCLUDE_POLICY_BUFFER_BPF_H
#define BPF_INCLUDE_POLICY_BUFFER_BPF_H

/*
 * Bytes of hooks: buffers, lists of buffers, and what the kernel iterates over. Only policy.bpf.c includes it, after
 * policy_socket.bpf.h.
 */

/* ---- one buffer ---- */

/* Room for the bytes of a buffer; they follow what is there already. */
static __always_inline u64 begin_bytes(struct policy_frame *frame, u64 index, u64 original)
{
	u64 at = find_room(frame, index,
			   sizeof(struct policy_bytes) + POLICY_BYTES_MAX + sizeof(u64));
	struct policy_bytes *bytes;

	if (!at)
		return 0;
	bytes = (struct policy_bytes *)(frame->data + at);
	bytes->size = 0;
	bytes->original_size = original;
	return at;
}

/* What was taken, with zeros up to the end of the word, by which it is hashed. */
static __always_inline u64 end_bytes(struct policy_frame *frame, u64 index, u64 at)
{
	struct policy_bytes *bytes = (struct policy_bytes *)(frame->data + at);
	u64 size = bytes->size;

	BOUND(size, POLICY_BYTES_MAX);
	*(u64 *)(frame->data + at + sizeof(*bytes) + size) = 0;
	return keep_bytes(frame, index, at, sizeof(*bytes) + size);
}

/* More of them; false: they cannot be read, or it is full. */
static __always_inline bool add_bytes(struct policy_frame *frame, u64 at, u64 address, u64 size,
				      u64 most, bool is_user)
{
	struct policy_bytes *bytes = (struct policy_bytes *)(frame->data + at);
	u64 there = bytes->size, room;

	BOUND(most, POLICY_BYTES_MAX);
	if (there >= most)
		return false;
	room = most - there;
	if (size > room)
		size = room;
	BOUND(there, POLICY_BYTES_MAX);
	BOUND(size, POLICY_BYTES_MAX);
	if (size > 0 &&
	    read_any(frame->data + at + sizeof(*bytes) + there, size, address, is_user) < 0)
		return false;
	bytes->size = there + size;
	return true;
}

static __always_inline u64 put_bytes(struct policy_frame *frame, u64 index, u64 address, u64 size,
				     u64 most, bool is_user)
{
	u64 at;

	/* A call that failed has no bytes to show. */
	if ((s64)size < 0)
		size = 0;
	at = begin_bytes(frame, index, size);
	if (!at)
		return 0;
	if (!add_bytes(frame, at, address, size, most, is_user))
		return fail_value(frame, index, BAD_ADDRESS);
	return end_bytes(frame, index, at);
}

ROUTINE u64 capture_bytes(struct policy_frame *frame, u64 index, u64 address, u64 size, u64 most)
{
	return put_bytes(frame, index, address, size, most, false);
}
FRAME_CARRIER(capture_bytes, capture_bytes(frame, a[0], a[1], a[2], a[3]))

ROUTINE u64 capture_user_bytes(struct policy_frame *frame, u64 index, u64 address, u64 size,
			       u64 most)
{
	return put_bytes(frame, index, address, size, most, true);
}
FRAME_CARRIER(capture_user_bytes, capture_user_bytes(frame, a[0], a[1], a[2], a[3]))

ROUTINE u64 capture_any_bytes(struct policy_frame *frame, u64 index, u64 address, u64 size,
			      u64 most)
{
	return IS_KERNEL_ADDRESS(address) ? put_bytes(frame, index, address, size, most, false)
					  : put_bytes(frame, index, address, size, most, true);
}
FRAME_CARRIER(capture_any_bytes, capture_any_bytes(frame, a[0], a[1], a[2], a[3]))

/* ---- lists of buffers ---- */

#define VECTOR_MOST 8 /* buffers that are looked at */

struct vector_part { /* struct iovec and struct kvec alike */
	u64 address, size;
};

struct vector {
	u64 parts, count; /* address of them, and how many */
	u64 skip, left;   /* bytes at the beginning that are not of it; that are, behind them */
	bool is_user_list, is_user; /* the parts themselves, and their bytes */
};

/* What the loop keeps from round to round: in memory, so that the verifier goes through it once per round. */
#define WALK_SKIP 0
#define WALK_LEFT 1
#define WALK_SUM 2

static __always_inline bool add_part(struct policy_frame *frame, u64 at, u64 number,
				     const struct vector *vector, u64 most)
{
	u64 skip = frame->walk[WALK_SKIP], left = frame->walk[WALK_LEFT];
	struct vector_part part;

	if (number >= vector->count || left == 0)
		return false;
	if (read_any(&part, sizeof(part), vector->parts + number * sizeof(part),
		     vector->is_user_list) < 0)
		return false;
	part.address += skip;
	part.size -= skip;
	if (part.size > left)
		part.size = left;
	frame->walk[WALK_SKIP] = 0;
	frame->walk[WALK_LEFT] = left - part.size;
	frame->walk[WALK_SUM] += part.size;
	/* When it is full, how much there would have been is still of interest. */
	add_bytes(frame, at, part.address, part.size, most, vector->is_user);
	return true;
}

static __always_inline u64 put_vector(struct policy_frame *frame, u64 index,
				      const struct vector *vector, u64 most)
{
	u64 at = begin_bytes(frame, index, 0 /* known at the end */);

	if (!at)
		return 0;
	frame->walk[WALK_SKIP] = vector->skip;
	frame->walk[WALK_LEFT] = vector->left;
	frame->walk[WALK_SUM] = 0;
	for (u32 i = 0; i < VECTOR_MOST; i++) {
		barrier();
		if (!add_part(frame, at, i, vector, most))
			break;
	}
	((struct policy_bytes *)(frame->data + at))->original_size = frame->walk[WALK_SUM];
	return end_bytes(frame, index, at);
}

/* An array of struct iovec, as system calls are given it: the bytes are the user's. */
static __always_inline u64 put_list(struct policy_frame *frame, u64 index, u64 address, u64 count,
				    u64 most, bool is_user)
{
	struct vector vector = { .parts = address, .count = count, .left = ~0ull };

	vector.is_user_list = is_user;
	vector.is_user = true;
	return put_vector(frame, index, &vector, most);
}

ROUTINE u64 capture_vector(struct policy_frame *frame, u64 index, u64 address, u64 count, u64 most)
{
	return put_list(frame, index, address, count, most, false);
}
FRAME_CARRIER(capture_vector, capture_vector(frame, a[0], a[1], a[2], a[3]))

ROUTINE u64 capture_user_vector(struct policy_frame *frame, u64 index, u64 address, u64 count,
				u64 most)
{
	return put_list(frame, index, address, count, most, true);
}
FRAME_CARRIER(capture_user_vector, capture_user_vector(frame, a[0], a[1], a[2], a[3]))

ROUTINE u64 capture_any_vector(struct policy_frame *frame, u64 index, u64 address, u64 count,
			       u64 most)
{
	return IS_KERNEL_ADDRESS(address) ? put_list(frame, index, address, count, most, false)
					  : put_list(frame, index, address, count, most, true);
}
FRAME_CARRIER(capture_any_vector, capture_any_vector(frame, a[0], a[1], a[2], a[3]))

/* ---- what the kernel iterates over ---- */

static __always_inline u64 iterator_kind(struct iov_iter *iterator)
{
	struct iov_iter___before_5_14 *old = (void *)iterator;

	if (bpf_core_field_exists(iterator->iter_type))
		return BPF_CORE_READ(iterator, iter_type);
	return BPF_CORE_READ(old, type) & ~1u; /* the direction */
}

static __always_inline u64 iterator_list(struct iov_iter *iterator)
{
	struct iov_iter___before_6_4 *old = (void *)iterator;

	if (bpf_core_field_exists(iterator->__iov))
		return (u64)BPF_CORE_READ(iterator, __iov);
	return (u64)BPF_CORE_READ(old, iov);
}

/* A struct iov_iter; one over pages tells nothing. */
ROUTINE u64 capture_iterator(struct policy_frame *frame, u64 index, u64 address, u64 unused,
			     u64 most)
{
	struct iov_iter *iterator = (struct iov_iter *)address;
	u64 kind = iterator_kind(iterator);
	struct vector vector = { .parts = iterator_list(iterator),
				 .count = BPF_CORE_READ(iterator, nr_segs),
				 .skip = BPF_CORE_READ(iterator, iov_offset),
				 .left = BPF_CORE_READ(iterator, count) };
	u64 size = vector.left;

	if (bpf_core_enum_value_exists(enum iter_type, ITER_UBUF) &&
	    kind == bpf_core_enum_value(enum iter_type, ITER_UBUF))
		return put_bytes(frame, index, (u64)BPF_CORE_READ(iterator, ubuf) + vector.skip,
				 size, most, true);
	if (kind == bpf_core_enum_value(enum iter_type, ITER_IOVEC)) {
		vector.is_user = true;
		return put_vector(frame, index, &vector, most);
	}
	if (kind == bpf_core_enum_value(enum iter_type, ITER_KVEC))
		return put_vector(frame, index, &vector, most);
	return fail_value(frame, index, NOT_THERE);
}
FRAME_CARRIER(capture_iterator, capture_iterator(frame, a[0], a[1], a[2], a[3]))

/* ---- what is behind the bytes that a record has (maxData): records of their own, before it ---- */

#define PIECE_BYTES 4096
#define PIECES_MOST ((POLICY_DATA_MAX - POLICY_BYTES_MAX + PIECE_BYTES - 1) / PIECE_BYTES)
_Static_assert(sizeof(struct policy_data) + PIECE_BYTES + sizeof(u64) <=
		       sizeof(((struct policy_frame *)0)->path),
	       "a piece is made where paths are put together");

/* What the loop keeps, in memory, as above. */
#define WALK_ADDRESS 0
#define WALK_AT 1
#define WALK_END 2

static __always_inline bool send_piece(struct policy_frame *frame, bool is_user)
{
	struct policy_data *data = (struct policy_data *)frame->path;
	u64 at = frame->walk[WALK_AT], end = frame->walk[WALK_END], size = end - at;

	if (at >= end)
		return false;
	BOUND(size, PIECE_BYTES);
	if (read_any(data + 1, size, frame->walk[WALK_ADDRESS] + at, is_user) < 0)
		return false;
	*(u64 *)((u8 *)(data + 1) + size) = 0;
	data->offset = at;
	data->size = size;
	data->header.time_ns = bpf_ktime_get_ns();
	frame->walk[WALK_AT] = at + size;
	size = (sizeof(*data) + size + 7) & ~7ull;
	BOUND(size, sizeof(*data) + PIECE_BYTES);
	data->header.size = size;
	return bpf_ringbuf_output(&policy_records, data, size, BPF_RB_NO_WAKEUP) == 0;
}

/* Up to what cannot be read, or the ring has no room for: what is there then is told as cut. */
static __always_inline u64 send_pieces(struct policy_frame *frame, u64 index, u64 address, u64 size,
				       u64 most, bool is_user)
{
	struct policy_data *data = (struct policy_data *)frame->path;

	if (word_of(frame, index)->place.offset == 0 || (s64)size < 0)
		return 0;
	__builtin_memset(data, 0, sizeof(*data));
	data->header.kind = POLICY_RECORD_DATA;
	data->header.version = POLICY_VERSION;
	data->entry_time_ns = frame->record.entry_time_ns;
	data->tid = frame->record.tid;
	data->hook = frame->record.hook;
	data->value = index;
	frame->walk[WALK_ADDRESS] = address;
	frame->walk[WALK_AT] = POLICY_BYTES_MAX;
	frame->walk[WALK_END] = size < most ? size : most;
	for (u32 i = 0; i < PIECES_MOST; i++) {
		barrier();
		if (!send_piece(frame, is_user))
			break;
	}
	return 0;
}

ROUTINE u64 send_bytes(struct policy_frame *frame, u64 index, u64 address, u64 size, u64 most)
{
	return send_pieces(frame, index, address, size, most, false);
}
FRAME_CARRIER(send_bytes, send_bytes(frame, a[0], a[1], a[2], a[3]))

ROUTINE u64 send_user_bytes(struct policy_frame *frame, u64 index, u64 address, u64 size, u64 most)
{
	return send_pieces(frame, index, address, size, most, true);
}
FRAME_CARRIER(send_user_bytes, send_user_bytes(frame, a[0], a[1], a[2], a[3]))

ROUTINE u64 send_any_bytes(struct policy_frame *frame, u64 index, u64 address, u64 size, u64 most)
{
	return IS_KERNEL_ADDRESS(address) ? send_pieces(frame, index, address, size, most, false)
					  : send_pieces(frame, index, address, size, most, true);
}
FRAME_CARRIER(send_any_bytes, send_any_bytes(frame, a[0], a[1], a[2], a[3]))

/* Of what is in one piece of memory, as writes of one buffer are. */
ROUTINE u64 send_iterator(struct policy_frame *frame, u64 index, u64 address, u64 unused, u64 most)
{
	struct iov_iter *iterator = (struct iov_iter *)address;
	u64 kind = iterator_kind(iterator), size = BPF_CORE_READ(iterator, count);
	u64 skip = BPF_CORE_READ(iterator, iov_offset);
	struct vector_part part = { 0 };

	if (bpf_core_enum_value_exists(enum iter_type, ITER_UBUF) &&
	    kind == bpf_core_enum_value(enum iter_type, ITER_UBUF))
		return send_pieces(frame, index, (u64)BPF_CORE_READ(iterator, ubuf) + skip, size,
				   most, true);
	if (kind != bpf_core_enum_value(enum iter_type, ITER_IOVEC) ||
	    BPF_CORE_READ(iterator, nr_segs) != 1 ||
	    bpf_probe_read_kernel(&part, sizeof(part), (void *)iterator_list(iterator)) < 0)
		return 0;
	return send_pieces(frame, index, part.address + skip, size, most, true);
}
FRAME_CARRIER(send_iterator, send_iterator(frame, a[0], a[1], a[2], a[3]))

#endif
