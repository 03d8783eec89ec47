/* SPDX-License-Identifier: Apache-2.0 */
#include "hook_run.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/mem.h"
#include "host/host.h"
#include "program/hook_private.h"

#define LOG_BYTES (1u << 20)
#define LOG_END 4000u

static void need(int r, struct err *err)
{
	if (r < 0)
		fail_msg("%s\n%s", err->text ? err->text : strerror(-r),
			 err->cause ? err->cause : "");
}

void hook_run__open(struct hook_run *run)
{
	struct hook_engine_options options = { 0 };
	struct err err = { 0 };

	memset(run, 0, sizeof(*run));
	run->fd = -1;
	need(host__open("/", &run->host, &err), &err);
	options.host = run->host;
	need(hook_engine__open(&options, &run->engine, &err), &err);
	err__done(&err);
}

static void forget(struct hook_run *run)
{
	if (run->fd < 0)
		return;
	fd_closep(&run->fd);
	hook_engine__remove(run->engine, run->hook);
}

void hook_run__close(struct hook_run *run)
{
	forget(run);
	run->engine = hook_engine__close(run->engine);
	run->host = host__close(run->host);
}

static void fail_with_log(const struct hook_image *image, const char *log)
{
	struct strbuf text = STRBUF_INIT;
	size_t len = strlen(log);

	hook_image__format(image, &text);
	fail_msg("the kernel refuses it: %s\n%s", strbuf__text(&text),
		 log + (len > LOG_END ? len - LOG_END : 0));
}

static void load(struct hook_run *run, const struct hook_image *image)
{
	char *log = calloc(1, LOG_BYTES);
	struct linked_code linked = { 0 };
	struct err err = { 0 };
	LIBBPF_OPTS(bpf_prog_load_opts, options, .log_buf = log, .log_size = LOG_BYTES,
		    .log_level = 1);

	assert_non_null(log);
	need(hook_engine__link(run->engine, image, &linked, &err), &err);
	run->fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "test_hook", "GPL",
				linked.insns.items, linked.insns.len, &options);
	if (run->fd < 0)
		fail_with_log(image, log);
	vec_done(&linked.insns);
	free(log);
}

void hook_run__load(struct hook_run *run, struct hook_code *code, uint8_t switches)
{
	struct hook_emit_options options = {
		.has_exchange = hook_engine__features(run->engine)->has_exchange,
	};
	struct hook_image image = { 0 };
	struct err err = { 0 };

	forget(run);
	run->row_count = code->rule_count ? code->rule_count : 1;
	need(hook_engine__reserve(run->engine, code->rule_count, &run->hook, &run->first_row, &err),
	     &err);
	code->id = run->hook;
	code->first_figures = run->first_row;
	need(hook_emit(code, HOOK_END_ENTER, &options, &image, &err), &err);
	load(run, &image);
	hook_image__done(&image);
	hook_engine__set_switches(run->engine, run->hook, POLICY_SWITCH_ON | switches);
	err__done(&err);
}

uint32_t hook_run__call(const struct hook_run *run, const uint64_t *arguments, uint32_t count)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = arguments,
		    .ctx_size_in = (uint32_t)(count * sizeof(*arguments)));

	if (bpf_prog_test_run_opts(run->fd, &options) < 0)
		fail_msg("it cannot be run: %s", strerror(errno));
	return options.retval;
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
