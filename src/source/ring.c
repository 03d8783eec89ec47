/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"

struct ring {
	unsigned long *consumed; /* mapped: up to where we have read; ours to write */
	const uint8_t
		*produced; /* mapped: a page with up to where there is something, then the data */
	size_t page, data_bytes;
	int epoll_fd;
	ring_record_fn record;
	void *ctx;
	uint8_t *whole; /* owned; a record that is cut in two by the end of the data */
	size_t whole_room;
};

static int map_pages(struct ring *ring, int map_fd)
{
	void *consumed = mmap(NULL, ring->page, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd,
			      0 /* offset */);
	void *produced;

	if (consumed == MAP_FAILED)
		return -errno;
	ring->consumed = consumed;
	produced = mmap(NULL, ring->page + ring->data_bytes, PROT_READ, MAP_SHARED, map_fd,
			(off_t)ring->page);
	if (produced == MAP_FAILED)
		return -errno;
	ring->produced = produced;
	return 0;
}

static int wait_for(struct ring *ring, int map_fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	ring->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (ring->epoll_fd < 0)
		return -errno;
	return epoll_ctl(ring->epoll_fd, EPOLL_CTL_ADD, map_fd, &event) < 0 ? -errno : 0;
}

int ring__open(int map_fd, uint32_t data_bytes, ring_record_fn record, void *ctx,
	       struct ring **ret_ring)
{
	struct ring *ring = new_zero(struct ring);
	int r;

	if (!ring)
		return -ENOMEM;
	ring->page = (size_t)sysconf(_SC_PAGESIZE);
	ring->data_bytes = data_bytes;
	ring->epoll_fd = -1;
	ring->record = record;
	ring->ctx = ctx;
	r = map_pages(ring, map_fd);
	if (r == 0)
		r = wait_for(ring, map_fd);
	if (r < 0) {
		ring__close(ring);
		return r;
	}
	*ret_ring = ring;
	return 0;
}

struct ring *ring__close(struct ring *ring)
{
	if (!ring)
		return NULL;
	if (ring->consumed)
		(void)munmap(ring->consumed, ring->page);
	if (ring->produced)
		(void)munmap((void *)(uintptr_t)ring->produced, ring->page + ring->data_bytes);
	if (ring->epoll_fd >= 0)
		(void)close(ring->epoll_fd);
	free(ring->whole);
	free(ring);
	return NULL;
}

/* The bytes of a record from there on in one piece. NULL: no memory. */
static void *in_one_piece(struct ring *ring, size_t at, size_t len)
{
	const uint8_t *data = ring->produced + ring->page;
	size_t before_end = ring->data_bytes - at;

	if (len <= before_end)
		return (void *)(uintptr_t)(data + at);
	if (len > ring->whole_room) {
		uint8_t *whole = realloc(ring->whole, len);

		if (!whole)
			return NULL;
		ring->whole = whole;
		ring->whole_room = len;
	}
	memcpy(ring->whole, data + at, before_end);
	memcpy(ring->whole + before_end, data, len - before_end);
	return ring->whole;
}

/* header: of the record at that position. *ret_next: the position after it. */
static int take_record(struct ring *ring, unsigned long position, uint32_t header,
		       unsigned long *ret_next)
{
	uint32_t len = header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
	size_t at = (position + BPF_RINGBUF_HDR_SZ) & (ring->data_bytes - 1);
	void *bytes;

	*ret_next = position + (((size_t)len + BPF_RINGBUF_HDR_SZ + 7) & ~(size_t)7);
	if (header & BPF_RINGBUF_DISCARD_BIT)
		return 0;
	/* The kernel lets no record be as large as that; a length is believed by nobody all the same. */
	if (len > ring->data_bytes)
		return -EBADMSG;
	bytes = in_one_piece(ring, at, len);
	return bytes ? ring->record(ring->ctx, bytes, len) : -ENOMEM;
}

unsigned long ring__end(const struct ring *ring)
{
	return __atomic_load_n((const unsigned long *)(const void *)ring->produced,
			       __ATOMIC_ACQUIRE);
}

bool ring__has_read(const struct ring *ring, unsigned long end)
{
	return __atomic_load_n(ring->consumed, __ATOMIC_ACQUIRE) >= end;
}

/*
 * Headers are eight bytes at positions that are multiples of eight, so none of them is cut in two. The kernel publishes
 * each record by its header, and takes what is consumed for room: both are ordered as the kernel's own reader has it
 * (kernel/bpf/ringbuf.c).
 */
int ring__consume(struct ring *ring, unsigned long end)
{
	unsigned long position = __atomic_load_n(ring->consumed, __ATOMIC_ACQUIRE);
	int r = 0;

	while (r >= 0 && position < end && position < ring__end(ring)) {
		const uint32_t *at =
			(const uint32_t *)(const void *)(ring->produced + ring->page +
							 (position & (ring->data_bytes - 1)));
		uint32_t header = __atomic_load_n(at, __ATOMIC_ACQUIRE);

		if (header & BPF_RINGBUF_BUSY_BIT)
			break; /* somebody is still filling it */
		r = take_record(ring, position, header, &position);
		__atomic_store_n(ring->consumed, position, __ATOMIC_RELEASE);
	}
	return r < 0 ? r : 0;
}

int ring__fd(const struct ring *ring)
{
	return ring->epoll_fd;
}
