/* SPDX-License-Identifier: Apache-2.0 */
#include "program/place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "program/container_binary.h"
#include "program/program.h"
#include "program/section.h"

static int describe_file(struct attach_place *place, struct err *err)
{
	struct statfs system;
	struct stat status;

	if (fstat(place->fd, &status) < 0 || fstatfs(place->fd, &system) < 0)
		return err__set(err, -errno, NULL, "a binary cannot be looked at: %s",
				strerror(errno));
	place->device = status.st_dev;
	place->number = status.st_ino;
	place->size = (uint64_t)status.st_size;
	place->changed_ns = (uint64_t)status.st_ctim.tv_sec * NS_PER_S +
			    (uint64_t)status.st_ctim.tv_nsec;
	place->is_layered = system.f_type == OVERLAYFS_SUPER_MAGIC;
	return 0;
}

static int open_netns(const struct program_target *target, struct attach_place *place,
		      struct err *err)
{
	struct stat status;

	if (target->netns_fd < 0)
		return err__set(err, -ENOENT, NULL, "the network namespace of %s is not known",
				target->name);
	place->fd = fcntl(target->netns_fd, F_DUPFD_CLOEXEC, 0);
	if (place->fd < 0 || fstat(place->fd, &status) < 0)
		return err__set(err, -errno, NULL, "the network namespace of %s: %s", target->name,
				strerror(errno));
	place->number = status.st_ino;
	return 0;
}

static int open_binary(const struct program_target *target, const struct attach_request *request,
		       struct attach_place *place, struct err *err)
{
	if (target->root_fd < 0)
		return err__set(err, -ENOENT, NULL, "the root directory of %s is not known",
				target->name);
	place->fd = container_binary_open(target->root_fd, request->target, err);
	return place->fd < 0 ? place->fd : describe_file(place, err);
}

int attach_place__open(const struct program_target *target, const struct attach_request *request,
		       struct attach_place *ret_place, struct err *err)
{
	struct attach_place place = { .kind = request->section->family->follows,
				      .is_host = target->is_host,
				      .fd = -1 };
	int r = place.kind == PLACE_NETNS ? open_netns(target, &place, err)
					  : open_binary(target, request, &place, err);

	if (r < 0) {
		attach_place__done(&place);
		return r;
	}
	*ret_place = place;
	return 0;
}

void attach_place__done(struct attach_place *place)
{
	fd_closep(&place->fd);
	place->fd = -1;
}

/*
 * overlayfs shows a file with the inode number, size and times of the layer it is in, but with a device of its own for
 * each mount, and nothing tells the layer's device. The same file is there in many containers, and a program that hung
 * on it twice would run twice. Two different files that agree in all three, the time in nanoseconds, are of two copies
 * of one file system: then the devices differ, and neither is overlayfs.
 */
bool attach_place__equals(const struct attach_place *a, const struct attach_place *b)
{
	if (a->kind != b->kind || a->number != b->number)
		return false;
	if (a->kind == PLACE_NETNS)
		return true;
	return a->size == b->size && a->changed_ns == b->changed_ns &&
	       (a->device == b->device || a->is_layered || b->is_layered);
}

const char *attach_place__path(const struct attach_place *place, char buf[PLACE_PATH_SIZE])
{
	(void)snprintf(buf, PLACE_PATH_SIZE, "/proc/self/fd/%d", place->fd);
	return buf;
}
