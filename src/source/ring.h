/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_SOURCE_RING_H
#define SRC_SOURCE_RING_H

/*
 * A BPF ring buffer, mapped once: libbpf maps the data of each twice, one behind the other, so that no record has an end at
 * the beginning, and the second half counts as memory of the process as the first one does.
 * It owns its mappings, an epoll descriptor, and room for the one record that is cut in two. event.c reads through it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring;

/* A record, until the next one; negative ends the reading, and the record counts as read. */
typedef int (*ring_record_fn)(void *ctx, void *bytes, size_t len);

/* data_bytes: the map's max_entries. -errno. */
int ring__open(int map_fd, uint32_t data_bytes, ring_record_fn record, void *ctx,
	       struct ring **ret_ring);
struct ring *ring__close(struct ring *ring);
/* Behind the last record that has been begun. */
unsigned long ring__end(const struct ring *ring);
/* Whether all before that end was read: a record that its CPU has not finished holds up those behind it. */
bool ring__has_read(const struct ring *ring, unsigned long end);
/* All up to that end; what the function returned when that was negative, -ENOMEM, or 0. */
int ring__consume(struct ring *ring, unsigned long end);
/* Readable when a record is there whose program asked to wake somebody up. */
int ring__fd(const struct ring *ring);

#endif
