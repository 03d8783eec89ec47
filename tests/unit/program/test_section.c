/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/bpf.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "program/attach.h"
#include "program/kernel_abi.h"
#include "program/section.h"

static const struct {
	const char *name;
	const char *prefix; /* NULL: it means nothing to us */
	const char *rest;
} rows[] = {
	{ "kprobe/vfs_open", "kprobe", "vfs_open" },
	{ "kprobe", "kprobe", NULL },
	{ "kprobe.multi/vfs_*", "kprobe.multi", "vfs_*" },
	{ "kprobe.session/vfs_open", "kprobe.session", "vfs_open" },
	{ "kprobes/x", NULL, NULL },
	{ "uprobe.multi.s/libc.so.6:malloc", "uprobe.multi.s", "libc.so.6:malloc" },
	{ "uprobe//proc/self/exe:post_attach_mark", "uprobe", "/proc/self/exe:post_attach_mark" },
	{ "xdp/eth0", "xdp", "eth0" },
	{ "xdp", "xdp", NULL },
	{ "xdp/devmap", NULL, NULL },
	{ "xdp/cpumap", NULL, NULL },
	{ "xdp.frags", NULL, NULL },
	{ "perf_event/type=0,config=3,frequency=1", "perf_event", "type=0,config=3,frequency=1" },
	{ "tcx/ingress", "tcx/ingress", NULL },
	{ "tcx/egress/eth0", "tcx/egress", "eth0" },
	{ "tc", "tc", NULL },
	{ "tc/ingress", "tc/ingress", NULL },
	{ "lsm/file_open", "lsm", "file_open" },
	{ "lsm.s/file_open", "lsm.s", "file_open" },
	{ "lsm_cgroup/socket_bind", "lsm_cgroup", "socket_bind" },
	{ "cgroup/connect4", "cgroup/connect4", NULL },
	{ "cgroup/sock", "cgroup/sock", NULL },
	{ "cgroup/sock_create", "cgroup/sock_create", NULL },
	{ "netkit/primary", "netkit/primary", NULL },
	{ "tp/sched/sched_switch", "tp", "sched/sched_switch" },
	{ "raw_tp.w/x", "raw_tp.w", "x" },
	{ "", NULL, NULL },
	{ "struct_ops/x", NULL, NULL },
};

static void test_find__table(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		const char *rest = NULL;
		const struct section *section = section_find(rows[i].name, &rest);

		if (!section != !rows[i].prefix ||
		    (section && !str_eq(section->prefix, rows[i].prefix)))
			fail_msg("%s: %s", rows[i].name, section ? section->prefix : "nothing");
		if (section && (!rest != !rows[i].rest || (rest && !str_eq(rest, rows[i].rest))))
			fail_msg("%s: rest %s", rows[i].name, rest ? rest : "nothing");
	}
}

static void test_find__types(void **state)
{
	const char *rest;

	(void)state;
	assert_int_equal(section_find("uprobe.session/a:b", &rest)->attach_type,
			 KERNEL_ATTACH_UPROBE_SESSION);
	assert_int_equal(section_find("netfilter", &rest)->program_type,
			 KERNEL_PROG_TYPE_NETFILTER);
	assert_int_equal(section_find("fexit.s/x", &rest)->flags,
			 SECTION_BTF | SECTION_RETURN | SECTION_SLEEPABLE);
	assert_ptr_equal(section_find("xdp/lo", &rest)->family, &attach_xdp);
	assert_true(section_is_network(section_find("xdp/lo", &rest)));
	assert_false(section_is_network(section_find("cgroup_skb/egress", &rest)));
	assert_false(section_is_network(section_find("kprobe/x", &rest)));
}

static void test_register__twice(void **state)
{
	(void)state;
	assert_int_equal(section_register(NULL), 0);
	assert_int_equal(section_register(NULL), 0);
}

/* ---- what stands behind the slash ---- */

static int parse(const char *name, struct attach_request *request, struct arena *arena,
		 struct err *err)
{
	const char *rest = NULL;

	*request = (struct attach_request){ .section = section_find(name, &rest) };
	return request->section->family->parse(request, rest, arena, err);
}

static void test_parse__requests(void **state)
{
	struct arena arena = ARENA_INIT;
	struct attach_request request;

	(void)state;
	assert_int_equal(parse("kprobe/vfs_read+0x10", &request, &arena, NULL), 0);
	assert_string_equal(request.target, "vfs_read");
	assert_int_equal(request.offset, 16);
	assert_int_equal(parse("uprobe/./a:b/c:main+8", &request, &arena, NULL), 0);
	assert_string_equal(request.target, "./a:b/c");
	assert_string_equal(request.symbol, "main");
	assert_int_equal(request.offset, 8);
	assert_int_equal(
		parse("usdt/python3:python:import__find__load__start", &request, &arena, NULL), 0);
	assert_string_equal(request.target, "python3");
	assert_string_equal(request.group, "python");
	assert_string_equal(request.symbol, "import__find__load__start");
	assert_int_equal(parse("tp/sched/sched_switch", &request, &arena, NULL), 0);
	assert_string_equal(request.group, "sched");
	assert_string_equal(request.target, "sched_switch");
	assert_int_equal(parse("uprobe.multi/libc.so.6:mall*", &request, &arena, NULL), 0);
	assert_string_equal(request.symbol, "mall*");
	arena__done(&arena);
}

static const struct {
	const char *name, *text;
} bad_rows[] = {
	{ "kprobe/+1", "names no function" },
	{ "kprobe/vfs_read+x", "offset 'x' is not a number" },
	{ "kretprobe/vfs_read+1", "a return probe takes no offset" },
	{ "uprobe/libc.so.6", "is not BINARY:FUNCTION[+OFFSET]" },
	{ "uprobe/:main", "is not BINARY:FUNCTION[+OFFSET]" },
	{ "uprobe.multi/libc.so.6:", "is not BINARY:PATTERN" },
	{ "usdt/a:b", "is not BINARY:PROVIDER:NAME" },
	{ "usdt/a:b:c:d", "is not BINARY:PROVIDER:NAME" },
	{ "usdt/a::c", "is not BINARY:PROVIDER:NAME" },
	{ "tp/sched_switch", "is not CATEGORY/EVENT" },
	{ "tp/a/b/c", "is not CATEGORY/EVENT" },
	{ "xdp/", "names nothing after the slash" },
	{ "perf_event/type=1,config", "'config' is not NAME=NUMBER" },
	{ "perf_event/type=x,config=1,frequency=1", "perf_event type 'x' is not a number" },
	{ "perf_event/type=1,speed=1", "item 'speed' is unknown" },
	{ "perf_event/type=4294967296", "type 4294967296 is not one" },
	{ "cgroup/connect4/x", "is not known" },
	{ "lsm_cgroup/socket_bind", "names no cgroup" },
};

static void test_parse__names_what_is_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(bad_rows); i++) {
		struct arena arena = ARENA_INIT;
		struct attach_request request;
		struct err err = ERR_INIT;

		if (parse(bad_rows[i].name, &request, &arena, &err) != -EINVAL)
			fail_msg("%s is taken", bad_rows[i].name);
		if (!strstr(err.text, bad_rows[i].text))
			fail_msg("%s: %s", bad_rows[i].name, err.text);
		err__done(&err);
		arena__done(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find__table),
		cmocka_unit_test(test_find__types),
		cmocka_unit_test(test_register__twice),
		cmocka_unit_test(test_parse__requests),
		cmocka_unit_test(test_parse__names_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
