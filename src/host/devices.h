/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_HOST_DEVICES_H
#define SRC_HOST_DEVICES_H

/*
 * Names of block devices, from /proc/partitions.
 * It owns the list, which is read on first use and again (rate-limited) when a device is not in it.
 * Only host.c has one; everybody else asks host__device_name().
 */

#include <stddef.h>
#include <stdint.h>
#include "host/rate_limit.h"

struct block_device;

struct device_list {
	struct block_device *items; /* owned */
	size_t len, capacity;
	struct rate_limit read_limit;
	int error; /* of the last reading: 0 or -errno */
};

void device_list__init(struct device_list *list);
void device_list__done(struct device_list *list);
/* Copies the name: its length, -ENOENT, -ENOBUFS, or another -errno when the file cannot be read. */
int device_list__find(struct device_list *list, int root_fd, uint32_t major, uint32_t minor,
		      char *buf, size_t size);

#endif
