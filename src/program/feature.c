/* SPDX-License-Identifier: Apache-2.0 */
#include "program/feature.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "host/host.h"

enum { UNTRIED = 1 };                                 /* beside 0 and -errno */
#define MAP_TYPE_USER_RINGBUF ((enum bpf_map_type)31) /* headers before 6.1 have no name for it */

struct features {
	struct host *host; /* borrowed */
	int tracefs_fd;    /* owned; -1 until somebody asked */
	int lsm;           /* UNTRIED, 0 or -errno */
	int fentry; /* UNTRIED, or -EPERM: this kernel refuses all of them, whatever the function */
	int load;   /* UNTRIED, 0, or why not even the plainest tracing program may be loaded */
	int exchange;    /* UNTRIED, 0 or -errno */
	int sparse_maps; /* likewise */
};

int features__new(struct host *host, struct features **ret_features, struct err *err)
{
	struct features *features = new_zero(struct features);

	if (!features)
		return err__set(err, -ENOMEM, NULL, "no memory for features");
	features->host = host;
	features->tracefs_fd = -1;
	features->lsm = UNTRIED;
	features->fentry = UNTRIED;
	features->load = UNTRIED;
	features->exchange = UNTRIED;
	features->sparse_maps = UNTRIED;
	*ret_features = features;
	return 0;
}

struct features *features__free(struct features *features)
{
	if (!features)
		return NULL;
	fd_closep(&features->tracefs_fd);
	free(features);
	return NULL;
}

/* A file system of which the kernel has one instance, mounted for ourselves: no path leads to it. */
static int mount_unseen(const char *type)
{
	__cleanup(fd_closep) int context = fsopen(type, FSOPEN_CLOEXEC);
	int fd;

	if (context < 0)
		return -errno;
	if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	fd = fsmount(context, FSMOUNT_CLOEXEC,
		     MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	return fd < 0 ? -errno : fd;
}

static int open_dir_with(int root_fd, const char *dir, const char *file)
{
	__cleanup(fd_closep) int fd = openat(root_fd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (faccessat(fd, file, F_OK, 0) < 0)
		return -errno;
	return take_fd(fd);
}

int features__tracefs(struct features *features, struct err *err)
{
	int root_fd = host__root_fd(features->host);
	int fd = features->tracefs_fd;

	if (fd >= 0)
		return fd;
	fd = open_dir_with(root_fd, "sys/kernel/tracing", "events");
	if (fd < 0)
		fd = open_dir_with(root_fd, "sys/kernel/debug/tracing", "events");
	if (fd == -EACCES || fd == -EPERM)
		return err__set(err, fd, NULL, "tracefs may not be read: %s", strerror(-fd));
	if (fd < 0 && str_eq(host__root(features->host), "/"))
		fd = mount_unseen("tracefs");
	if (fd < 0)
		return err__set(
			err, fd, NULL,
			"tracefs is not mounted; `mount -t tracefs none /sys/kernel/tracing` gives it");
	features->tracefs_fd = fd;
	return fd;
}

static bool has_event_source(const struct features *features, const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "sys/bus/event_source/devices/%s/type", name);
	return faccessat(host__root_fd(features->host), path, F_OK, 0) == 0;
}

int features__kprobes(struct features *features, struct err *err)
{
	if (has_event_source(features, "kprobe"))
		return 0;
	return err__set(err, -EOPNOTSUPP, NULL,
			"kprobe events are not supported by this kernel (CONFIG_KPROBE_EVENTS)");
}

int features__uprobes(struct features *features, struct err *err)
{
	if (has_event_source(features, "uprobe"))
		return 0;
	return err__set(err, -EOPNOTSUPP, NULL,
			"uprobe events are not supported by this kernel (CONFIG_UPROBE_EVENTS)");
}

/* The list of active security modules names bpf: 0, -EOPNOTSUPP when it does not, another
 * -errno when it cannot be read. */
static int try_lsm(const struct features *features)
{
	__cleanup(fd_closep) int dir = -1;
	char list[256] = ",";
	ssize_t len = fd_read_small(host__root_fd(features->host), "sys/kernel/security/lsm",
				    list + 1, sizeof(list) - 2);

	if (len == -ENOENT && str_eq(host__root(features->host), "/")) {
		dir = mount_unseen("securityfs");
		len = dir < 0 ? dir : fd_read_small(dir, "lsm", list + 1, sizeof(list) - 2);
	}
	if (len < 0)
		return (int)len;
	len += list[len] == '\n' ? 0 : 1;
	list[len] = ',';
	list[len + 1] = '\0';
	return strstr(list, ",bpf,") ? 0 : -EOPNOTSUPP;
}

int features__lsm(struct features *features, struct err *err)
{
	if (features->lsm == UNTRIED)
		features->lsm = try_lsm(features);
	/* Such a program would load, attach and never fire (seen on 5.10). */
	if (features->lsm == -EOPNOTSUPP)
		return err__set(err, -EOPNOTSUPP, NULL,
				"the BPF security module is not active; boot with lsm=...,bpf");
	return 0; /* active, or the list cannot be read: the kernel will say */
}

static int try_load(uint32_t program_type, const struct bpf_insn *insns, size_t count,
		    const struct bpf_prog_load_opts *options)
{
	int fd = bpf_prog_load(program_type, NULL, "GPL", insns, count, options);

	if (fd < 0)
		return -errno;
	(void)close(fd);
	return 0;
}

static int load_nothing(uint32_t program_type, uint32_t attach_type, uint32_t btf_id)
{
	static const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = attach_type,
		    .attach_btf_id = btf_id);

	return try_load(program_type, nothing, array_size(nothing), &options);
}

bool features__exchange(struct features *features)
{
	static const struct bpf_insn exchange[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_STX | BPF_MEM | BPF_DW,
		  .dst_reg = BPF_REG_10,
		  .src_reg = BPF_REG_0,
		  .off = -8 },
		{ .code = BPF_STX | BPF_ATOMIC | BPF_DW,
		  .dst_reg = BPF_REG_10,
		  .src_reg = BPF_REG_0,
		  .off = -8,
		  .imm = BPF_XCHG },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	if (features->exchange == UNTRIED)
		features->exchange = try_load(BPF_PROG_TYPE_SOCKET_FILTER, exchange,
					      array_size(exchange), NULL);
	return features->exchange == 0;
}

bool features__sparse_maps(struct features *features)
{
	/* Nothing tells of the allocator; this kind of map came with it. */
	if (features->sparse_maps == UNTRIED) {
		__cleanup(fd_closep) int fd = bpf_map_create(MAP_TYPE_USER_RINGBUF, NULL, 0, 0,
							     (uint32_t)sysconf(_SC_PAGESIZE), NULL);

		features->sparse_maps = fd < 0 ? fd : 0;
	}
	return features->sparse_maps == 0;
}

static bool needs_trampoline(uint32_t attach_type)
{
	return attach_type != BPF_TRACE_RAW_TP && attach_type != BPF_TRACE_ITER;
}

/* Without the privilege to load anything, nothing can be learned about one kind of program. */
static bool may_load(struct features *features)
{
	if (features->load == UNTRIED)
		features->load = load_nothing(BPF_PROG_TYPE_RAW_TRACEPOINT, 0, 0);
	return features->load == 0;
}

int features__tracing(struct features *features, uint32_t program_type, uint32_t attach_type,
		      uint32_t btf_id, const char *name, struct err *err)
{
	int r = 0;

	if (!needs_trampoline(attach_type) || !may_load(features))
		return 0;
	if (features->fentry == UNTRIED)
		r = load_nothing(program_type, attach_type, btf_id);
	if (r == -EPERM)
		features->fentry = r;
	if (features->fentry == -EPERM)
		return err__set(err, -EPERM, NULL, "%s is refused by this kernel (EPERM)", name);
	return 0; /* any other answer may be about this function: the verifier will say it better */
}
