/* SPDX-License-Identifier: Apache-2.0 */
/* Counters that count nothing: that they are there makes the kernel tell of files that processes map. */
#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/host.h"
#include "program/hook_private.h"

/* What counters of others do not have: their mappings are told to the same function. */
static int make_mark(struct hook_engine *engine, struct err *err)
{
	if (engine->mapping_mark)
		return 0;
	if (getrandom(&engine->mapping_mark, sizeof(engine->mapping_mark), 0) !=
	    (ssize_t)sizeof(engine->mapping_mark))
		return err__set(err, -errno, NULL, "no random number: %s", strerror(errno));
	return 0;
}

/* -ENODEV: the processor is not there. */
static int open_counter(struct hook_engine *engine, uint32_t cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
		.config2 = engine->mapping_mark,
		.mmap = 1,
		.mmap2 = 1,
		.build_id = 1,
	};
	long fd = syscall(__NR_perf_event_open, &attr, -1, (int)cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : link_set__add_fd(&engine->mappings, (int)fd);
}

static int open_counters(struct hook_engine *engine, struct err *err)
{
	uint32_t cpus = host__possible_cpus(engine->options.host);

	for (uint32_t cpu = 0; cpu < cpus; cpu++) {
		int r = open_counter(engine, cpu);

		if (r == -ENODEV)
			continue;
		if (r == -EINVAL)
			return err__set(err, -EOPNOTSUPP, NULL,
					"this kernel tells no build ids of files that are mapped "
					"(Linux 5.12)");
		if (r < 0)
			return err__set(err, r, NULL, "files that are mapped cannot be watched: %s",
					strerror(-r));
	}
	return 0;
}

int hook_engine__watch_mappings(struct hook_engine *engine, struct err *err)
{
	int r = make_mark(engine, err);

	if (r == 0 && engine->mapping_users == 0)
		r = open_counters(engine, err);
	if (r < 0) {
		link_set__done(&engine->mappings);
		return r;
	}
	engine->mapping_users++;
	return 0;
}

void hook_engine__unwatch_mappings(struct hook_engine *engine)
{
	if (--engine->mapping_users == 0)
		link_set__done(&engine->mappings);
}

uint64_t hook_engine__mapping_mark(const struct hook_engine *engine)
{
	return engine->mapping_mark;
}
