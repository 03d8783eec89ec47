/* SPDX-License-Identifier: Apache-2.0 */
#include "host/cgroup_events.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"

/* Since 5.17; glibc 2.36 has it, linux/fanotify.h of older systems has not. */
#ifndef FAN_REPORT_TARGET_FID
#define FAN_REPORT_TARGET_FID 0x00001000
#endif

#define READ_BYTES 16384
/* A flood must not keep the loop for itself: the rest is read when the descriptor is polled again. */
#define MAX_READS 64

struct reason {
	int code;
	const char *text;
};

static const struct reason reasons[] = {
	{ EINVAL, "fanotify of this kernel does not tell names and ids (5.17 does)" },
	{ ENODEV, "fanotify of this kernel cannot watch cgroups (6.6 can)" },
	{ ENOSYS, "this kernel has no fanotify" },
	{ EOPNOTSUPP, "fanotify of this kernel cannot watch cgroups (6.6 can)" },
	{ EPERM, "fanotify needs CAP_SYS_ADMIN" },
};

static int refuse(int code, struct err *err)
{
	const char *text = strerror(code);

	for (size_t i = 0; i < array_size(reasons); i++) {
		if (reasons[i].code == code)
			text = reasons[i].text;
	}
	return err__set(err, -EOPNOTSUPP, NULL, "the kernel does not tell changes of cgroups: %s",
			text);
}

int cgroup_events__open(const struct cgroup_mount *mount, struct err *err)
{
	__cleanup(fd_closep) int fd = -1;

	/* Other filesystems take the mark too (the tmpfs around the hierarchies of a hybrid host), and then tell
	 * nothing about cgroups. */
	if (!mount->is_real)
		return err__set(err, -EOPNOTSUPP, NULL,
				"the kernel does not tell changes of cgroups: '%s' is no cgroup2",
				mount->path);
	fd = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK | FAN_REPORT_DFID_NAME |
				   FAN_REPORT_FID | FAN_REPORT_TARGET_FID,
			   O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return refuse(errno, err);
	if (fanotify_mark(fd, FAN_MARK_ADD | FAN_MARK_FILESYSTEM,
			  FAN_CREATE | FAN_DELETE | FAN_ONDIR, mount->fd, NULL /* itself */) < 0)
		return refuse(errno, err);
	return take_fd(fd);
}

/* The id in a file handle of kernfs at data; the bytes it took, or 0. */
static size_t read_handle(const char *data, size_t len, uint64_t *ret_id)
{
	struct file_handle handle;

	if (len < sizeof(handle) + KERNFS_HANDLE_BYTES)
		return 0;
	memcpy(&handle, data, sizeof(handle));
	if (handle.handle_bytes != KERNFS_HANDLE_BYTES || handle.handle_type != KERNFS_HANDLE_TYPE)
		return 0;
	memcpy(ret_id, data + sizeof(handle), sizeof(*ret_id));
	return sizeof(handle) + KERNFS_HANDLE_BYTES;
}

/* One information record: a handle, and for the directory the name behind it. */
static void read_info(uint8_t type, const char *data, size_t len, struct cgroup_event *event)
{
	const size_t head = offsetof(struct fanotify_event_info_fid, handle);
	uint64_t id;
	size_t used;

	if (len < head)
		return;
	used = read_handle(data + head, len - head, &id);
	if (!used)
		return;
	if (type == FAN_EVENT_INFO_TYPE_FID) {
		event->id = id;
	} else if (type == FAN_EVENT_INFO_TYPE_DFID_NAME) {
		const char *name = data + head + used;

		if (!memchr(name, '\0', len - head - used))
			return;
		event->parent_id = id;
		event->name = name;
	}
}

static void read_infos(const char *data, size_t len, struct cgroup_event *event)
{
	struct fanotify_event_info_header header;

	while (len >= sizeof(header)) {
		memcpy(&header, data, sizeof(header));
		if (header.len < sizeof(header) || header.len > len)
			return;
		read_info(header.info_type, data, header.len, event);
		data += header.len;
		len -= header.len;
	}
}

static void handle_event(const struct fanotify_event_metadata *metadata, const char *infos,
			 size_t len, const struct cgroup_event_handler *handler)
{
	struct cgroup_event event = { 0 };

	if (metadata->mask & FAN_Q_OVERFLOW) {
		handler->overflowed(handler->ctx);
		return;
	}
	if (!(metadata->mask & FAN_ONDIR))
		return;
	read_infos(infos, len, &event);
	if (!event.name)
		return;
	/* Both may stand in one event: those of one name are merged, and creation came first. */
	if (metadata->mask & FAN_CREATE)
		handler->created(handler->ctx, &event);
	if (metadata->mask & FAN_DELETE)
		handler->removed(handler->ctx, &event);
}

static int handle_events(const char *buf, size_t len, const struct cgroup_event_handler *handler)
{
	struct fanotify_event_metadata event;

	while (len >= sizeof(event)) {
		memcpy(&event, buf, sizeof(event));
		if (event.vers != FANOTIFY_METADATA_VERSION || event.event_len > len ||
		    event.metadata_len < sizeof(event) || event.event_len < event.metadata_len)
			return -EPROTO;
		handle_event(&event, buf + event.metadata_len, event.event_len - event.metadata_len,
			     handler);
		buf += event.event_len;
		len -= event.event_len;
	}
	return 0;
}

int cgroup_events__read(int fd, const struct cgroup_event_handler *handler)
{
	char buf[READ_BYTES];

	for (unsigned int i = 0; i < MAX_READS;) {
		ssize_t len = read(fd, buf, sizeof(buf));
		int r;

		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return errno == EAGAIN ? 0 : -errno;
		r = handle_events(buf, (size_t)len, handler);
		if (r < 0)
			return r;
		i++;
	}
	return 0;
}
