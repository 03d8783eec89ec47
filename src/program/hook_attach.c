/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/bpf.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "host/host.h"
#include "program/binary.h"
#include "program/explain.h"
#include "program/feature.h"
#include "program/hook_private.h"

#define PROGRAM_NAME "sonde_hook"
#define VERIFIER_LOG_BYTES (1u << 20)

/* ---- loading ---- */

static int load(const struct hook_target *target, const struct linked_code *code, char *log,
		size_t log_size)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options,
		    .expected_attach_type = (enum bpf_attach_type)target->kind->attach_type,
		    .attach_btf_id = target->kind->is_bound ? target->btf_id : 0,
		    .prog_flags = target->kind->sleeps ? BPF_F_SLEEPABLE : 0, .log_buf = log,
		    .log_size = (uint32_t)log_size, .log_level = log ? 1 : 0);
	int fd = bpf_prog_load((enum bpf_prog_type)target->kind->program_type, PROGRAM_NAME, "GPL",
			       code->insns.items, code->insns.len, &options);

	return fd < 0 ? -errno : fd;
}

/* Once more for the verifier's words, which a load that goes well does not pay for. */
static int explain(const struct hook_target *target, const struct linked_code *code, int r,
		   struct err *err)
{
	const struct explain_subject subject = { .hook = target->kind->how,
						 .target = target->name,
						 .is_btf = target->kind->is_bound };
	__cleanup(x_freep) char *log = calloc(1, VERIFIER_LOG_BYTES);
	int fd;

	/* Too many steps; too many ways that wait to be gone. Its words would take as long again, and say nothing. */
	if (r == -E2BIG || r == -EFAULT)
		return err__set(
			err, -E2BIG, NULL,
			"%s %s: it asks more than the verifier of this kernel goes through; "
			"fewer selectors, or fewer values of SubString and "
			"SubStringIgnCase, are less",
			target->kind->how, target->name);
	if (!log)
		return err__set(err, r, NULL, "%s %s: the kernel refuses the program: %s",
				target->kind->how, target->name, strerror(-r));
	fd = load(target, code, log, VERIFIER_LOG_BYTES);
	fd_closep(&fd);
	return explain_program(log, r, &subject, err);
}

/* ---- events of perf, on which programs of probes and classic tracepoints hang ---- */

static int read_number(struct hook_engine *engine, const char *path, uint64_t *ret_number)
{
	char text[32];
	ssize_t len = fd_read_small(host__root_fd(engine->options.host), path, text, sizeof(text));

	if (len < 0)
		return (int)len;
	return num_parse_u64(text, strcspn(text, "\n"), ret_number);
}

/* "config:0" in its format: that bit makes it a probe of the end of a function. */
static int fill_probe(struct hook_engine *engine, const char *type, bool is_return,
		      struct perf_event_attr *attr)
{
	char path[128], text[32];
	uint64_t number;
	ssize_t len;
	int r;

	(void)snprintf(path, sizeof(path), "sys/bus/event_source/devices/%s/type", type);
	r = read_number(engine, path, &number);
	if (r < 0)
		return r;
	attr->type = (uint32_t)number;
	if (!is_return)
		return 0;
	(void)snprintf(path, sizeof(path), "sys/bus/event_source/devices/%s/format/retprobe", type);
	len = fd_read_small(host__root_fd(engine->options.host), path, text, sizeof(text));
	if (len < 0 || !str_starts(text, "config:"))
		return len < 0 ? (int)len : -EPROTO;
	r = num_parse_u64(text + strlen("config:"), strcspn(text + strlen("config:"), "\n"),
			  &number);
	if (r < 0 || number > 63)
		return -EPROTO;
	attr->config |= 1ull << number;
	return 0;
}

static int fill_tracepoint(struct hook_engine *engine, const struct hook_place *place,
			   struct perf_event_attr *attr, struct err *err)
{
	int tracefs = features__tracefs(engine->program->features, err);
	char path[512], text[32];
	uint64_t id;
	ssize_t len;

	if (tracefs < 0)
		return tracefs;
	(void)snprintf(path, sizeof(path), "events/%s/%s/id", place->subsystem, place->name);
	len = fd_read_small(tracefs, path, text, sizeof(text));
	if (len < 0 || num_parse_u64(text, strcspn(text, "\n"), &id) < 0)
		return err__set(err, len < 0 ? (int)len : -EPROTO, NULL,
				"tracepoint '%s/%s' is not in this kernel", place->subsystem,
				place->name);
	attr->type = PERF_TYPE_TRACEPOINT;
	attr->config = id;
	return 0;
}

#define REFERENCE_COUNTER_SHIFT 32 /* of PMU uprobe's format "ref_ctr_offset": config:32-63 */

/* In the file; of a symbol from where it begins. */
static int find_offset(const struct hook_place *place, const char *path, uint64_t *ret_offset,
		       struct err *err)
{
	struct binary_symbols symbols;
	int r;

	*ret_offset = place->offset;
	if (place->kind != HOOK_PLACE_UPROBE || !place->name)
		return 0;
	r = binary_find_functions(path, place->name, &symbols, err);
	if (r < 0)
		return r;
	*ret_offset += symbols.offsets.items[0];
	binary_symbols__done(&symbols);
	return 0;
}

static int fill_event(struct hook_engine *engine, const struct hook_place *place,
		      const struct hook_target *target, enum hook_end end, const char *path,
		      struct perf_event_attr *attr, struct err *err)
{
	bool is_user = place->kind == HOOK_PLACE_UPROBE || place->kind == HOOK_PLACE_USDT;
	uint64_t offset = 0;
	int r;

	if (target->kind->context == HOOK_CONTEXT_TRACEPOINT)
		return fill_tracepoint(engine, place, attr, err);
	r = fill_probe(engine, is_user ? "uprobe" : "kprobe", end == HOOK_END_LEAVE, attr);
	if (r < 0)
		return err__set(err, r, NULL, "%s: this kernel does not tell how: %s",
				target->kind->how, strerror(-r));
	if (is_user) {
		if (place->semaphore_offset > UINT32_MAX)
			return err__set(err, -E2BIG, NULL,
					"the counter at 0x%" PRIx64 " of '%s' is behind the first "
					"4 GiB",
					place->semaphore_offset, place->path);
		attr->config |= place->semaphore_offset << REFERENCE_COUNTER_SHIFT;
		attr->config1 = (uint64_t)(uintptr_t)path;
		r = find_offset(place, path, &offset, err);
	} else {
		attr->config1 = (uint64_t)(uintptr_t)target->name;
		offset = end == HOOK_END_ENTER ? place->offset : 0;
	}
	attr->config2 = offset;
	return r;
}

static int refuse(const struct hook_target *target, const struct hook_place *place, uint64_t offset,
		  int r, struct err *err)
{
	if (place->overrides && r == -EINVAL)
		return err__set(err, -EOPNOTSUPP, NULL,
				"%s %s: errors may not be injected into this function "
				"(it is not on the kernel's list of error injection)",
				target->kind->how, target->name);
	if (place->path && r == -EINVAL)
		return err__set(err, r, NULL,
				"%s at 0x%" PRIx64 " of '%s': the kernel refuses it; is there no "
				"instruction, or a probe with another counter (refCtrOffsets)?",
				target->kind->how, offset, place->path);
	if (target->kind->is_bound && r == -E2BIG)
		return err__set(
			err, r, NULL,
			"%s %s: the kernel lets at most 38 programs be at one function, and "
			"all of them are there",
			target->kind->how, target->name);
	return err__set(err, r, NULL, "%s %s: %s", target->kind->how, target->name, strerror(-r));
}

static int attach_event(struct hook_engine *engine, const struct hook_place *place,
			const struct hook_target *target, enum hook_end end,
			struct hook_loaded *loaded, struct err *err)
{
	struct perf_event_attr attr = { .size = sizeof(attr) };
	char path[PATH_MAX];
	int r = 0;
	long fd;

	if (place->path)
		r = binary_find(place->path, path, sizeof(path), err);
	if (r == 0)
		r = fill_event(engine, place, target, end, path, &attr, err);
	if (r < 0)
		return r;
	/* A probe or tracepoint fires on every CPU whichever one the event is opened on. */
	fd = syscall(__NR_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return refuse(target, place, attr.config2, -errno, err);
	if (ioctl((int)fd, PERF_EVENT_IOC_SET_BPF, loaded->fd) < 0 ||
	    ioctl((int)fd, PERF_EVENT_IOC_ENABLE, 0) < 0) {
		r = -errno;
		(void)close((int)fd);
		return refuse(target, place, attr.config2, r, err);
	}
	return link_set__add_fd(&loaded->links, (int)fd);
}

/* ---- programs that the kernel calls by themselves ---- */

static int attach_raw(const struct hook_place *place, const struct hook_target *target,
		      struct hook_loaded *loaded, struct err *err)
{
	const char *event = target->kind->is_bound ? NULL : target->name;
	int fd = bpf_raw_tracepoint_open(event, loaded->fd);

	if (fd < 0)
		return refuse(target, place, 0, -errno, err);
	return link_set__add_fd(&loaded->links, fd);
}

static bool is_event(const struct hook_manner *kind)
{
	return kind->program_type == BPF_PROG_TYPE_KPROBE ||
	       kind->program_type == BPF_PROG_TYPE_TRACEPOINT;
}

int hook_engine__attach(struct hook_engine *engine, const struct hook_place *place,
			const struct hook_target *target, enum hook_end end,
			const struct linked_code *code, struct hook_loaded *ret_loaded,
			struct err *err)
{
	struct hook_loaded loaded = { .end = end, .instructions = (uint32_t)code->insns.len };
	int r;

	loaded.fd = load(target, code, NULL, 0);
	if (loaded.fd < 0)
		return explain(target, code, loaded.fd, err);
	if (target->is_chained)
		r = 0; /* whoever keeps the shared program takes it from here */
	else if (is_event(target->kind))
		r = attach_event(engine, place, target, end, &loaded, err);
	else
		r = attach_raw(place, target, &loaded, err);
	if (r < 0) {
		hook_loaded__done(&loaded);
		return r;
	}
	*ret_loaded = loaded;
	return 0;
}

void hook_loaded__done(struct hook_loaded *loaded)
{
	link_set__done(&loaded->links);
	fd_closep(&loaded->fd);
}
