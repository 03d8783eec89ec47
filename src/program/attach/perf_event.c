/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "host/host.h"
#include "program/attach.h"

/* SEC("perf_event/type=T,config=C,frequency=F"): ebpf_exporter's own notation. A name needs a frequency from the spec. */
struct perf_items {
	uint64_t type, config, frequency;
};

/* As perf calls them. */
static const struct {
	const char *name;
	uint32_t type;
	uint64_t config;
} named_events[] = {
	{ "alignment-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_ALIGNMENT_FAULTS },
	{ "branch-instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_INSTRUCTIONS },
	{ "branch-misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES },
	{ "bus-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BUS_CYCLES },
	{ "cache-misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES },
	{ "cache-references", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_REFERENCES },
	{ "context-switches", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES },
	{ "cpu-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK },
	{ "cpu-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES },
	{ "cpu-migrations", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS },
	{ "instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS },
	{ "major-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MAJ },
	{ "minor-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MIN },
	{ "page-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS },
	{ "ref-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_REF_CPU_CYCLES },
	{ "task-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK },
};

static bool find_event(const char *name, struct perf_items *items)
{
	for (size_t i = 0; i < array_size(named_events); i++) {
		if (!str_eq(named_events[i].name, name))
			continue;
		items->type = named_events[i].type;
		items->config = named_events[i].config;
		return true;
	}
	return false;
}

static int read_item(char *item, struct perf_items *items, struct err *err)
{
	const struct {
		const char *name;
		uint64_t *value;
	} known[] = {
		{ "config", &items->config },
		{ "frequency", &items->frequency },
		{ "type", &items->type },
	};
	char *equals = strchr(item, '=');

	if (!equals)
		return err__set(err, -EINVAL, NULL, "perf_event item '%s' is not NAME=NUMBER",
				item);
	*equals = '\0';
	for (size_t i = 0; i < array_size(known); i++) {
		if (!str_eq(item, known[i].name))
			continue;
		if (num_parse_u64(equals + 1, strlen(equals + 1), known[i].value) < 0)
			return err__set(err, -EINVAL, NULL, "perf_event %s '%s' is not a number",
					item, equals + 1);
		return 0;
	}
	return err__set(err, -EINVAL, NULL,
			"perf_event item '%s' is unknown; type, config and frequency are known",
			item);
}

static int read_items(const char *text, struct perf_items *items, struct err *err)
{
	__cleanup(x_freep) char *copy = strdup(text);
	char *rest = copy;
	char *item;

	if (!copy)
		return -ENOMEM;
	if (find_event(text, items))
		return 0;
	while ((item = strsep(&rest, ","))) {
		int r = read_item(item, items, err);

		if (r < 0)
			return r;
	}
	if (items->type > UINT32_MAX)
		return err__set(err, -EINVAL, NULL, "perf_event type %llu is not one",
				(unsigned long long)items->type);
	return 0;
}

static int open_on_cpu(const struct perf_items *items, uint32_t cpu)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = (uint32_t)items->type,
		.config = items->config,
		.sample_freq = items->frequency,
		.freq = 1,
	};
	long fd = syscall(__NR_perf_event_open, &attr, -1 /* every process */, (int)cpu,
			  -1 /* no group */, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

static int refuse(const struct attach_request *request, const struct perf_items *items, int code,
		  struct err *err)
{
	bool is_hardware = items->type == PERF_TYPE_HARDWARE || items->type == PERF_TYPE_HW_CACHE ||
			   items->type == PERF_TYPE_RAW;

	if ((code == -ENOENT || code == -EOPNOTSUPP) && is_hardware)
		return err__set(
			err, code, NULL,
			"perf_event %s: there are no such hardware counters here (a virtual machine often has none)",
			request->target);
	if (code == -EACCES || code == -EPERM)
		return err__set(
			err, code, NULL,
			"perf_event %s: needs CAP_PERFMON, or kernel.perf_event_paranoid at 0 or below",
			request->target);
	return attach_refuse(request, code, err);
}

static int parse(struct attach_request *request, const char *rest, struct arena *arena,
		 struct err *err)
{
	struct perf_items items = { 0 };
	int r = attach_parse_target(request, rest, arena, err);

	if (r == 0)
		r = read_items(request->target, &items, err);
	if (r == 0 && find_event(request->target, &items))
		return err__set(
			err, -EINVAL, NULL,
			"perf_event '%s' has no frequency; type=…,config=…,frequency=… says all",
			request->target);
	return r;
}

static int attach(struct attach_context *context, const struct attach_request *request,
		  struct err *err)
{
	__cleanup(x_freep) uint32_t *cpus = NULL;
	struct perf_items items = { 0 };
	int count;
	int r = read_items(request->target, &items, err);

	if (r < 0)
		return r;
	if (request->frequency_hz)
		items.frequency = request->frequency_hz;
	count = host__online_cpus(context->host, &cpus, err);
	if (count < 0)
		return count;
	for (int i = 0; i < count; i++) {
		int fd = open_on_cpu(&items, cpus[i]);

		/* A CPU may go offline between the two looks. */
		if (fd == -ENODEV && i > 0)
			continue;
		if (fd < 0)
			return refuse(request, &items, fd, err);
		r = attach_perf_event_fd(context, request, fd, err);
		if (r < 0)
			return r;
	}
	return 0;
}

const struct attach_family attach_perf_event = {
	.name = "perf_event",
	.parse = parse,
	.attach = attach,
};
