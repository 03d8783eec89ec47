/* SPDX-License-Identifier: Apache-2.0 */
#include "hook_run.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/mem.h"
#include "host/host.h"
#include "program/hook_private.h"

#define LOG_BYTES (1u << 20)
#define LOG_END 800u

static void need(int r, struct err *err)
{
	if (r < 0)
		fail_msg("%s\n%s", err->text ? err->text : strerror(-r),
			 err->cause ? err->cause : "");
}

static int hear(void *ctx, void *data, size_t size)
{
	struct hook_run *run = ctx;

	assert_true(size <= sizeof(run->heard));
	memcpy(run->heard, data, size);
	run->heard_size = size;
	run->heard_count++;
	return 0;
}

void hook_run__open(struct hook_run *run)
{
	struct hook_engine_options options = { 0 };
	struct err err = { 0 };

	memset(run, 0, sizeof(*run));
	run->fd = run->leave_fd = -1;
	need(host__open("/", &run->host, &err), &err);
	options.host = run->host;
	need(hook_engine__open(&options, &run->engine, &err), &err);
	need(hook_engine__open_scopes(run->engine, &err), &err);
	run->ring = ring_buffer__new(hook_run__map(run, "policy_records"), hear, run, NULL);
	assert_non_null(run->ring);
	err__done(&err);
}

static void forget(struct hook_run *run)
{
	if (run->fd < 0)
		return;
	fd_closep(&run->fd);
	fd_closep(&run->leave_fd);
	hook_engine__remove(run->engine, run->hook);
}

void hook_run__close(struct hook_run *run)
{
	forget(run);
	ring_buffer__free(run->ring);
	run->engine = hook_engine__close(run->engine);
	run->host = host__close(run->host);
}

static int load_linked(const struct linked_code *linked, char *log)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .log_buf = log, .log_size = log ? LOG_BYTES : 0,
		    .log_level = log ? 1 : 0);

	return bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "test_hook", "GPL", linked->insns.items,
			     linked->insns.len, &options);
}

/* Once more for the verifier's words: of what loads they may be more than there is room for. */
static void fail_with_log(const struct hook_image *image, const struct linked_code *linked)
{
	char *log = calloc(1, LOG_BYTES);
	struct strbuf text = STRBUF_INIT;
	size_t len;

	assert_non_null(log);
	hook_image__format(image, &text);
	print_message("%s", strbuf__text(&text));
	(void)load_linked(linked, log);
	len = strlen(log);
	fail_msg("the kernel refuses it: %s", log + (len > LOG_END ? len - LOG_END : 0));
}

static int load(struct hook_run *run, const struct hook_image *image)
{
	struct linked_code linked = { 0 };
	struct err err = { 0 };
	int fd;

	need(hook_engine__link(run->engine, image, &linked, &err), &err);
	fd = load_linked(&linked, NULL);
	if (fd < 0)
		fail_with_log(image, &linked);
	vec_done(&linked.insns);
	err__done(&err);
	return fd;
}

static int emit_and_load(struct hook_run *run, const struct hook_code *code, enum hook_end end)
{
	const struct hook_emit_options options = hook_engine__emit_options(run->engine);
	struct hook_image image = { 0 };
	struct err err = { 0 };
	int fd;

	need(hook_emit(code, end, &options, &image, &err), &err);
	fd = load(run, &image);
	hook_image__done(&image);
	err__done(&err);
	return fd;
}

void hook_run__load(struct hook_run *run, struct hook_code *code, uint8_t switches)
{
	struct err err = { 0 };

	forget(run);
	run->row_count = code->rule_count ? code->rule_count : 1;
	need(hook_engine__reserve(run->engine, code->rule_count, &run->hook, &run->first_row, &err),
	     &err);
	code->id = run->hook;
	code->first_figures = run->first_row;
	run->fd = emit_and_load(run, code, HOOK_END_ENTER);
	if (code->has_return)
		run->leave_fd = emit_and_load(run, code, HOOK_END_LEAVE);
	hook_run__switch(run, switches);
	err__done(&err);
}

void hook_run__load_typed(struct hook_run *run, const struct hook_code *code,
			  const char *tracepoint)
{
	struct btf *btf = btf__load_vmlinux_btf();
	const struct hook_emit_options options = hook_engine__emit_options(run->engine);
	LIBBPF_OPTS(bpf_prog_load_opts, load_options, .expected_attach_type = BPF_TRACE_RAW_TP);
	struct linked_code linked = { 0 };
	struct hook_image image = { 0 };
	struct err err = { 0 };
	char name[64];
	int fd;

	(void)snprintf(name, sizeof(name), "btf_trace_%s", tracepoint);
	load_options.attach_btf_id = (uint32_t)btf__find_by_name_kind(btf, name, BTF_KIND_TYPEDEF);
	need(hook_emit(code, HOOK_END_ENTER, &options, &image, &err), &err);
	need(hook_engine__link(run->engine, &image, &linked, &err), &err);
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "test_hook", "GPL", linked.insns.items,
			   linked.insns.len, &load_options);
	if (fd < 0)
		fail_msg("the kernel refuses it: %s", strerror(errno));
	(void)close(fd);
	vec_done(&linked.insns);
	hook_image__done(&image);
	btf__free(btf);
	err__done(&err);
}

void hook_run__switch(const struct hook_run *run, uint8_t switches)
{
	hook_engine__set_switches(run->engine, run->hook, POLICY_SWITCH_ON | switches);
}

static uint32_t call(int fd, const uint64_t *arguments, uint32_t count)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = arguments,
		    .ctx_size_in = (uint32_t)(count * sizeof(*arguments)));

	if (bpf_prog_test_run_opts(fd, &options) < 0)
		fail_msg("it cannot be run: %s", strerror(errno));
	return options.retval;
}

uint32_t hook_run__call(const struct hook_run *run, const uint64_t *arguments, uint32_t count)
{
	return call(run->fd, arguments, count);
}

uint32_t hook_run__leave(const struct hook_run *run, const uint64_t *arguments, uint32_t count)
{
	return call(run->leave_fd, arguments, count);
}

struct policy_figures hook_run__figures(const struct hook_run *run, uint32_t rule)
{
	uint32_t cpus = host__possible_cpus(run->host), row = run->first_row + rule;
	struct policy_figures *all = calloc(cpus, sizeof(*all)), sum = { 0 };

	assert_non_null(all);
	assert_int_equal(bpf_map_lookup_elem(hook_run__map(run, "policy_figures"), &row, all), 0);
	for (uint32_t cpu = 0; cpu < cpus; cpu++) {
		sum.matched += all[cpu].matched;
		sum.posted += all[cpu].posted;
		sum.not_posted += all[cpu].not_posted;
		sum.limited += all[cpu].limited;
		sum.lost += all[cpu].lost;
		sum.enforced += all[cpu].enforced;
		sum.monitored += all[cpu].monitored;
		sum.uncounted += all[cpu].uncounted;
	}
	free(all);
	return sum;
}

int hook_run__map(const struct hook_run *run, const char *name)
{
	struct program_map map = { .fd = -1 };

	assert_int_equal(hook_engine__map(run->engine, name, &map, NULL), 0);
	return map.fd;
}

/* ---- records ---- */

uint32_t hook_run__drain(struct hook_run *run)
{
	run->heard_count = 0;
	assert_true(ring_buffer__consume(run->ring) >= 0);
	return run->heard_count;
}

const struct policy_record *hook_run__record(const struct hook_run *run)
{
	return (const struct policy_record *)(const void *)run->heard;
}

union policy_word hook_run__word(const struct hook_run *run, uint32_t index)
{
	union policy_word found;

	memcpy(&found, run->heard + sizeof(struct policy_record) + index * sizeof(found),
	       sizeof(found));
	return found;
}

const void *hook_run__bytes(const struct hook_run *run, uint32_t index, uint32_t *ret_size)
{
	struct policy_place place = hook_run__word(run, index).place;

	if (place.offset == 0 || place.size < 0)
		fail_msg("value %u is not there: %d", index, place.size);
	assert_true(place.offset + (uint32_t)place.size <= run->heard_size);
	*ret_size = (uint32_t)place.size;
	return run->heard + place.offset;
}

void hook_run__assert_text(const struct hook_run *run, uint32_t index, uint32_t skip,
			   const char *expected)
{
	uint32_t size;
	const char *text = hook_run__bytes(run, index, &size);

	assert_true(size >= skip);
	text += skip;
	size -= skip;
	if (size != strlen(expected) || memcmp(text, expected, size) != 0)
		fail_msg("value %u is '%.*s' and not '%s'", index, (int)size, text, expected);
}

/* ---- arguments ---- */

uint64_t hook_run__present(const char *text)
{
	static char copies[2][4096];
	static uint32_t turn;

	turn ^= 1;
	(void)snprintf(copies[turn], sizeof(copies[turn]), "%s", text);
	return (uint64_t)(uintptr_t)copies[turn];
}

static int32_t find_member(const struct btf *btf, const struct btf_type *type, const char *member)
{
	for (uint16_t i = 0; i < btf_vlen(type); i++) {
		const struct btf_member *at = &btf_members(type)[i];
		const struct btf_type *inner = btf__type_by_id(btf, at->type);
		int32_t offset = (int32_t)(btf_member_bit_offset(type, i) / 8);
		int32_t below;

		if (strcmp(btf__name_by_offset(btf, at->name_off), member) == 0)
			return offset;
		/* A struct or union without a name. */
		below = at->name_off == 0 && btf_is_composite(inner)
				? find_member(btf, inner, member)
				: -1;
		if (below >= 0)
			return offset + below;
	}
	return -1;
}

int32_t hook_run__member(const struct btf *btf, const char *name, const char *member)
{
	int32_t id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);
	int32_t offset;

	if (id <= 0)
		fail_msg("no struct %s", name);
	offset = find_member(btf, btf__type_by_id(btf, (uint32_t)id), member);
	if (offset < 0)
		fail_msg("no %s.%s", name, member);
	return offset;
}

bool hook_run__has_member(const struct btf *btf, const char *name, const char *member)
{
	int32_t id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);

	return id > 0 && find_member(btf, btf__type_by_id(btf, (uint32_t)id), member) >= 0;
}

int32_t hook_run__offset_of(const char *name, const char *member)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int32_t offset = hook_run__member(btf, name, member);

	btf__free(btf);
	return offset;
}
