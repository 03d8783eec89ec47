/* SPDX-License-Identifier: Apache-2.0 */
#include "who_driver.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/host.h"
#include "program/program.h"
#include "source/source.h"

#define DRAIN_MS 5

static void on_sample(void *ctx, uint32_t cpu, const void *data, size_t len)
{
	struct who_driver *driver = ctx;
	struct who_header header;

	(void)cpu;
	(void)process_table__take(driver->table, data, len);
	if (len < sizeof(header) || !driver->other)
		return;
	memcpy(&header, data, sizeof(header));
	if (header.kind == WHO_RECORD_CGROUP_MADE || header.kind == WHO_RECORD_CGROUP_REMOVED)
		driver->other(driver->ctx, &header, data);
}

static int on_seed(void *ctx, const void *row)
{
	struct who_driver *driver = ctx;

	return process_table__take(driver->table, row, sizeof(struct who_seed));
}

static int open_ring(struct who_driver *driver, struct err *err)
{
	struct event_sink_fns fns = { .sample = on_sample, .ctx = driver };
	struct program_map map;
	int r = program__map(driver->program, "who_records", &map, err);
	struct map_info info;

	if (r < 0)
		return r;
	info = (struct map_info){
		.name = map.name, .fd = map.fd, .type = map.type, .max_entries = map.max_entries
	};
	return event_source__open(&info, 1, &fns, &driver->ring, err);
}

int who_driver__open(struct who_driver *driver, const struct process_options *options,
		     struct err *err)
{
	struct process_options with_host = *options;
	struct program_options program_options = { .is_strict = true };
	int r;

	driver->spec = (struct program_spec){ .name = "who",
					      .kind = OBJECT_KIND_BUILTIN,
					      .object = "who" };
	r = host__open("/", &driver->host, err);
	if (r < 0)
		return r;
	program_options.host = with_host.host = driver->host;
	r = program__open(&driver->spec, &program_options, &driver->program, err);
	if (r == 0)
		r = program__plan(driver->program, err);
	if (r == 0 && driver->wants_environment)
		r = program__add_constant(driver->program, "who_wants_environment", 1 /* true */,
					  err);
	if (r == 0)
		r = program__load(driver->program, err);
	if (r == 0)
		r = process_table__new(&with_host, &driver->table);
	if (r == 0)
		r = open_ring(driver, err);
	if (r == 0)
		r = program__attach(driver->program, err);
	if (r == 0)
		r = program__iterate(driver->program, "who_seed", sizeof(struct who_seed), on_seed,
				     driver, err);
	return r;
}

void who_driver__close(struct who_driver *driver)
{
	driver->ring = event_source__close(driver->ring);
	driver->table = process_table__free(driver->table);
	driver->program = program__close(driver->program);
	driver->host = host__close(driver->host);
}

int who_driver__drain(struct who_driver *driver)
{
	return event_source__drain(driver->ring);
}

int who_driver__wait(struct who_driver *driver, pid_t child)
{
	struct pollfd pidfd = { .fd = (int)syscall(SYS_pidfd_open, child, 0), .events = POLLIN };
	int status = -1;

	while (poll(&pidfd, 1, DRAIN_MS) == 0)
		(void)who_driver__drain(driver);
	(void)waitpid(child, &status, 0);
	(void)close(pidfd.fd);
	(void)who_driver__drain(driver);
	return status;
}

struct who_figures who_driver__figures(const struct who_driver *driver)
{
	struct who_figures figures = { 0 };
	struct program_map map;
	uint32_t zero = 0;

	if (program__map(driver->program, "who_figures", &map, NULL) == 0)
		(void)bpf_map_lookup_elem(map.fd, &zero, &figures);
	return figures;
}

int who_driver__kernel_process(const struct who_driver *driver, uint32_t tgid,
			       struct who_process *ret_process)
{
	struct program_map map;
	int r = program__map(driver->program, "who_processes", &map, NULL);

	return r < 0 ? r : bpf_map_lookup_elem(map.fd, &tgid, ret_process);
}
