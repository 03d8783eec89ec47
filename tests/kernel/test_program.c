/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects opened, loaded and attached on the kernel at hand. What fires is the test's own doing: its calls, its
 * packets in a network namespace of its own, its cgroup.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "host/host.h"
#include "program/program.h"

#define FIRE_SECONDS 20 /* emulated processors are slow; nothing waits that long where it works */

/* The slots of bpf/hooks.bpf.c. */
enum hook_slot {
	SLOT_PERF_EVENT = 17,
	SLOT_XDP = 30,
	SLOT_TCX,
	SLOT_CLSACT,
	SLOT_SOCKET_FILTER,
	SLOT_CGROUP,
	SLOT_NETFILTER,
	SLOT_TCX_BY_NAME,
};

enum hook_need {
	NEED_ALWAYS, /* everywhere */
	NEED_IN_VM,  /* Debian's kernels have it; the host's may not */
	NEED_NEVER,  /* newer kernels, or a module: its reason is printed */
};

static const struct {
	const char *program;
	uint32_t slot;
	enum hook_need need;
} hooks[] = {
	{ "raw_tp", 0, NEED_ALWAYS },
	{ "tp_btf", 1, NEED_ALWAYS },
	{ "tp", 2, NEED_ALWAYS },
	{ "tracepoint", 3, NEED_ALWAYS },
	{ "kprobe", 4, NEED_IN_VM },
	{ "kretprobe", 5, NEED_IN_VM },
	{ "ksyscall", 6, NEED_IN_VM },
	{ "kretsyscall", 7, NEED_IN_VM },
	{ "fentry", 8, NEED_IN_VM },
	{ "fexit", 9, NEED_IN_VM },
	{ "lsm", 10, NEED_NEVER },
	{ "uprobe", 11, NEED_ALWAYS },
	{ "uretprobe", 12, NEED_ALWAYS },
	{ "uprobe_multi", 13, NEED_NEVER },
	{ "uretprobe_multi", 14, NEED_NEVER },
	{ "uprobe_session", 15, NEED_NEVER },
	{ "usdt", 16, NEED_NEVER },
	{ "perf_event", SLOT_PERF_EVENT, NEED_ALWAYS },
	{ "kprobe_multi", 18, NEED_NEVER },
	{ "kretprobe_multi", 19, NEED_NEVER },
	{ "kprobe_session", 20, NEED_NEVER },
	{ "fentry_s", 21, NEED_NEVER },
	{ "uprobe_s", 22, NEED_NEVER },
	{ "kprobe_multi_glob", 23, NEED_NEVER },
	{ "xdp", SLOT_XDP, NEED_ALWAYS },
	{ "tcx", SLOT_TCX, NEED_NEVER },
	{ "tcx_by_name", SLOT_TCX_BY_NAME, NEED_NEVER },
	{ "clsact", SLOT_CLSACT, NEED_NEVER },
	{ "socket_filter", SLOT_SOCKET_FILTER, NEED_ALWAYS },
	{ "cgroup_skb", SLOT_CGROUP, NEED_NEVER },
	{ "nf_out", SLOT_NETFILTER, NEED_NEVER },
};

/* ---- what is probed ---- */

/* Called through a volatile pointer, so that it stays a function. */
int probed_function(int value);
int probed_other(int value);

__attribute__((noinline)) int probed_function(int value)
{
	__asm__ volatile("" ::: "memory");
	return value + 1;
}

__attribute__((noinline)) int probed_other(int value)
{
	__asm__ volatile("" ::: "memory");
	return value + 2;
}

/* A static marker sonde:marker without arguments, as sys/sdt.h would write it. */
static void fire_marker(void)
{
	__asm__ volatile("990: nop\n"
			 ".pushsection .note.stapsdt,\"\",\"note\"\n"
			 ".balign 4\n"
			 ".4byte 992f-991f, 994f-993f, 3\n"
			 "991: .asciz \"stapsdt\"\n"
			 "992: .balign 4\n"
			 "993: .8byte 990b, 0, 0\n"
			 ".asciz \"sonde\"\n"
			 ".asciz \"marker\"\n"
			 ".asciz \"\"\n"
			 "994: .balign 4\n"
			 ".popsection\n");
}

static void send_packet(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(9) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	(void)sendto(fd, "x", 1, 0, (struct sockaddr *)&address, sizeof(address));
	close(fd);
}

static void fire_everything(void)
{
	int (*volatile call)(int) = probed_function;
	int (*volatile other)(int) = probed_other;
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);

	close(fd);
	(void)syscall(SYS_getppid);
	call(1);
	other(1);
	fire_marker();
	send_packet();
}

/* ---- set-up ---- */

struct bench {
	struct host *host;
	struct program *program;
	struct program_spec spec;
	char object[256];
	char cgroup[256];
};

static void fail_with(const struct err *err)
{
	char text[1024];

	err__format(err, text, sizeof(text));
	fail_msg("%s\n%s", text, err->cause ? err->cause : "");
}

static void bench__open(struct bench *bench, const char *object, bool is_strict)
{
	struct program_options options = { .host = bench->host, .is_strict = is_strict };
	struct err err = ERR_INIT;

	snprintf(bench->object, sizeof(bench->object), "%s/%s.bpf.o", getenv("SONDE_TEST_BPF"),
		 object);
	bench->spec.name = object;
	bench->spec.kind = OBJECT_KIND_PATH;
	bench->spec.object = bench->object;
	if (program__open(&bench->spec, &options, &bench->program, &err) < 0)
		fail_with(&err);
}

static void bench__run(struct bench *bench)
{
	struct err err = ERR_INIT;

	if (program__plan(bench->program, &err) < 0 || program__load(bench->program, &err) < 0 ||
	    program__attach(bench->program, &err) < 0)
		fail_with(&err);
}

static const struct part *bench__part(const struct bench *bench, const char *name)
{
	for (uint32_t i = 0; i < program__part_count(bench->program); i++)
		if (str_eq(program__part(bench->program, i)->name, name))
			return program__part(bench->program, i);
	fail_msg("there is no program '%s'", name);
	return NULL;
}

static void assert_reason(const struct part *part, const char *text)
{
	if (!part->reason || !strstr(part->reason, text))
		fail_msg("%s: %s\n%s", part->name, part->reason ? part->reason : "no reason",
			 part->cause ? part->cause : "");
}

static uint64_t bench__read(const struct bench *bench, const char *map_name, uint32_t slot)
{
	struct program_map map;
	uint64_t value = 0;

	assert_int_equal(program__map(bench->program, map_name, &map, NULL), 0);
	assert_int_equal(bpf_map_lookup_elem(map.fd, &slot, &value), 0);
	return value;
}

static int set_up(void **state)
{
	struct bench *bench = new_zero(struct bench);

	assert_non_null(bench);
	assert_int_equal(host__open("/", &bench->host, NULL), 0);
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	program__close(bench->program);
	host__close(bench->host);
	if (bench->cgroup[0])
		rmdir(bench->cgroup);
	free(bench);
	return 0;
}

static bool is_in_vm(void)
{
	return getenv("SONDE_IN_VM") != NULL;
}

/* Loopback of our own, up: packets in it are ours. Stays for the process's life, which is short. */
static void enter_own_network(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	assert_int_equal(unshare(CLONE_NEWNET), 0);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	close(fd);
}

/* A cgroup of our own below the v2 root; "" when there is no v2 hierarchy. */
static void make_cgroup(struct bench *bench)
{
	char line[512], type[64], path[256];
	FILE *mounts = fopen("/proc/self/mounts", "re");

	while (mounts && fgets(line, sizeof(line), mounts)) {
		if (sscanf(line, "%*s %255s %63s", path, type) != 2 || !str_eq(type, "cgroup2"))
			continue;
		snprintf(bench->cgroup, sizeof(bench->cgroup), "%.200s/sonde-test-%d", path,
			 (int)getpid());
		if (mkdir(bench->cgroup, 0755) < 0)
			bench->cgroup[0] = '\0';
		break;
	}
	if (mounts)
		fclose(mounts);
}

/* Sends a packet as a member of the cgroup: a child, so that the cgroup is empty again afterwards. */
static void send_from_cgroup(const struct bench *bench)
{
	pid_t child = fork();
	char path[320];

	if (child == 0) {
		FILE *file;

		snprintf(path, sizeof(path), "%s/cgroup.procs", bench->cgroup);
		file = fopen(path, "we");
		if (file) {
			fprintf(file, "0\n");
			fclose(file);
		}
		send_packet();
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

/* Fires until the slot has moved; the processor of a perf event has to be busy for a while. */
static uint64_t fire_until_hit(const struct bench *bench, uint32_t slot)
{
	time_t end = time(NULL) + FIRE_SECONDS;
	uint64_t hits;

	do {
		fire_everything();
		if (slot == SLOT_CGROUP)
			send_from_cgroup(bench);
		hits = bench__read(bench, "hits", slot);
	} while (hits == 0 && time(NULL) < end);
	return hits;
}

/* ---- every kind of hook ---- */

static void test_attach__every_kind_of_hook(void **state)
{
	struct bench *bench = *state;
	uint32_t tgid = (uint32_t)getpid();
	const struct rodata_spec constant = {
		.name = "own_tgid", .kind = RODATA_VALUE, .value = &tgid, .value_size = sizeof(tgid)
	};
	struct attach_spec attaches[] = {
		{ .program = "tcx", .kind = ATTACH_KIND_TC, .target = "lo" },
		{ .program = "clsact", .kind = ATTACH_KIND_TC, .target = "lo" },
		{ .program = "socket_filter", .kind = ATTACH_KIND_SOCKET_FILTER },
		{ .program = "cgroup_skb", .kind = ATTACH_KIND_CGROUP, .target = bench->cgroup },
		{ .program = "nf_out", .kind = ATTACH_KIND_NETFILTER, .target = "local_out" },
	};

	enter_own_network();
	make_cgroup(bench);
	bench->spec.rodata = &constant;
	bench->spec.rodata_count = 1;
	bench->spec.attaches = attaches;
	bench->spec.attach_count = array_size(attaches);
	bench__open(bench, "hooks", false);
	bench__run(bench);
	for (size_t i = 0; i < array_size(hooks); i++) {
		const struct part *part = bench__part(bench, hooks[i].program);
		bool is_needed = hooks[i].need == NEED_ALWAYS ||
				 (hooks[i].need == NEED_IN_VM && is_in_vm());

		if (part->state == PART_STATE_ATTACHED) {
			assert_true(part->id > 0 && strlen(part->tag) == 16 &&
				    part->link_count > 0);
			if (fire_until_hit(bench, hooks[i].slot) == 0)
				fail_msg("%s (%s) is attached and did not fire", part->name,
					 part->hook);
			continue;
		}
		assert_non_null(part->reason);
		if (is_needed)
			fail_msg("%s (%s): %s\n%s", part->name, part->hook, part->reason,
				 part->cause ? part->cause : "");
		printf("# not here: %s: %s\n", part->hook, part->reason);
	}
	assert_int_equal(bench__part(bench, "iter")->state, PART_STATE_ATTACHED);
	/* One link for every CPU that is online. */
	assert_int_equal(bench__part(bench, "perf_event")->link_count,
			 sysconf(_SC_NPROCESSORS_ONLN));
}

static void test_close__detaches_everything(void **state)
{
	struct bench *bench = *state;
	const char *const programs[] = { "raw_tp", "uprobe", "perf_event" };
	uint32_t ids[array_size(programs)];

	bench__open(bench, "hooks", false);
	bench__run(bench);
	for (size_t i = 0; i < array_size(programs); i++) {
		assert_int_equal(bench__part(bench, programs[i])->state, PART_STATE_ATTACHED);
		ids[i] = bench__part(bench, programs[i])->id;
	}
	bench->program = program__close(bench->program);
	for (size_t i = 0; i < array_size(programs); i++) {
		time_t end = time(NULL) + FIRE_SECONDS;
		int fd;

		/* Freed after a grace period. */
		while ((fd = bpf_prog_get_fd_by_id(ids[i])) >= 0 && time(NULL) < end)
			close(fd);
		assert_true(fd < 0);
	}
}

/* ---- what cannot be had ---- */

static const struct {
	const char *program;
	enum part_state state;
	const char *reason; /* a part of it */
} refusals[] = {
	{ "good", PART_STATE_ATTACHED, NULL },
	{ "no_raw_tp", PART_STATE_NOT_ATTACHED,
	  "tracepoint 'sonde_no_such_tracepoint' is not in this kernel" },
	/* Where there are no kprobes at all, that is the reason. */
	{ "near_kprobe", PART_STATE_NOT_ATTACHED, "" },
	{ "near_raw_tp", PART_STATE_NOT_ATTACHED,
	  "tracepoint 'sched_swich' is not in this kernel; nearest is 'sched_switch'" },
	{ "near_tp_btf", PART_STATE_LEFT_OUT,
	  "tracepoint 'sched_swich' is not in this kernel's BTF; nearest is 'sched_switch'" },
	{ "no_fentry", PART_STATE_LEFT_OUT,
	  "function 'sonde_no_such_function' is not in this kernel's BTF" },
	{ "no_tp", PART_STATE_NOT_ATTACHED,
	  "tracepoint 'sched/sonde_no_such_event' is not in this kernel" },
	{ "odd_tp", PART_STATE_NOT_ATTACHED, "tracepoint 'sched_switch' is not CATEGORY/EVENT" },
	{ "no_binary", PART_STATE_NOT_ATTACHED,
	  "binary 'sonde-no-such-binary' was not found; looked in /" },
	{ "no_function", PART_STATE_NOT_ATTACHED, "matches 'sonde_no_such_function'" },
	{ "no_marker", PART_STATE_NOT_ATTACHED, "has no marker sonde:no_such_marker" },
	{ "odd_perf", PART_STATE_NOT_ATTACHED, "perf_event item 'rate' is unknown" },
	{ "no_interface", PART_STATE_NOT_ATTACHED, "there is no interface 'sonde-none0'" },
	{ "no_target", PART_STATE_NOT_ATTACHED, "SEC(\"kprobe\") names nothing to attach to" },
	{ "odd_section", PART_STATE_LEFT_OUT, "its section is none that is known" },
	{ "bare_xdp", PART_STATE_NOT_ATTACHED, "SEC(\"xdp\") names nothing to attach to" },
};

static void test_load__leaves_out_what_cannot_be_had(void **state)
{
	struct bench *bench = *state;

	bench__open(bench, "missing", false);
	bench__run(bench);
	for (size_t i = 0; i < array_size(refusals); i++) {
		const struct part *part = bench__part(bench, refusals[i].program);

		if (part->state != refusals[i].state)
			fail_msg("%s: state %d: %s", part->name, (int)part->state,
				 part->reason ? part->reason : "");
		if (refusals[i].reason)
			assert_reason(part, refusals[i].reason);
	}
}

static void test_attach__near_functions_are_named(void **state)
{
	struct bench *bench = *state;
	const struct part *part;

	bench__open(bench, "missing", false);
	bench__run(bench);
	part = bench__part(bench, "near_kprobe");
	if (strstr(part->reason, "kprobe events are not supported")) {
		printf("# skip: %s\n", part->reason);
		skip();
	}
	assert_reason(part, "function 'vfs_opne' is not in this kernel; nearest is 'vfs_open'");
}

static void test_load__verifier_says_why(void **state)
{
	struct bench *bench = *state;
	const struct part *part;

	bench__open(bench, "refused", false);
	bench__run(bench);
	part = bench__part(bench, "refused");
	assert_int_equal(part->state, PART_STATE_LEFT_OUT);
	assert_reason(part, "the verifier refuses it: ");
	assert_non_null(part->cause);
	assert_true(strlen(part->cause) > 10);
	assert_int_equal(bench__part(bench, "second")->state, PART_STATE_ATTACHED);
	assert_int_equal(bench__part(bench, "third")->state, PART_STATE_ATTACHED);
}

static void test_load__strict_fails_the_object(void **state)
{
	struct bench *bench = *state;
	struct err err = ERR_INIT;

	bench__open(bench, "refused", true);
	assert_int_equal(program__plan(bench->program, &err), 0);
	assert_true(program__load(bench->program, &err) < 0);
	assert_non_null(strstr(err.text, "prog 'refused'"));
	assert_non_null(err.cause);
	err__done(&err);
	bench->program = program__close(bench->program);

	bench__open(bench, "missing", true);
	assert_int_equal(program__plan(bench->program, &err), 0);
	assert_true(program__load(bench->program, &err) < 0);
	assert_non_null(strstr(err.text, "is not in this kernel's BTF"));
	err__done(&err);
}

static void test_load__alternatives(void **state)
{
	const char *const names[] = { "refused", "second", "third" };
	const struct alternative_spec group = { .programs = names,
						.program_count = array_size(names) };
	struct bench *bench = *state;

	bench->spec.alternatives = &group;
	bench->spec.alternative_count = 1;
	/* That the first cannot load is no loss, also when strict. */
	bench__open(bench, "refused", true);
	bench__run(bench);
	assert_int_equal(bench__part(bench, "refused")->state, PART_STATE_LEFT_OUT);
	assert_true(bench__part(bench, "refused")->is_stood_in_for);
	assert_int_equal(bench__part(bench, "second")->state, PART_STATE_ATTACHED);
	assert_false(bench__part(bench, "second")->is_stood_in_for);
	assert_int_equal(bench__part(bench, "third")->state, PART_STATE_LEFT_OUT);
	assert_string_equal(bench__part(bench, "third")->reason, "prog 'second' does its work");
	assert_int_equal(bench__part(bench, "third")->fd, -1);
}

/* Of a hook that had another name before, the kernel has one. */
static void test_attach__the_hook_that_is_there(void **state)
{
	static const struct attach_spec attaches[] = {
		{ .program = "good",
		  .kind = ATTACH_KIND_RAW_TRACEPOINT,
		  .target = "sonde_no_such_tracepoint",
		  .is_optional = true },
		{ .program = "good",
		  .kind = ATTACH_KIND_RAW_TRACEPOINT,
		  .target = "sched_process_exit",
		  .is_optional = true },
		{ .program = "no_tp",
		  .kind = ATTACH_KIND_TRACEPOINT,
		  .module = "sched",
		  .target = "sonde_no_such_event",
		  .is_optional = true },
	};
	struct bench *bench = *state;
	const struct part *part;

	bench->spec.attaches = attaches;
	bench->spec.attach_count = array_size(attaches);
	bench__open(bench, "missing", false);
	bench__run(bench);
	part = bench__part(bench, "good");
	assert_int_equal(part->state, PART_STATE_ATTACHED);
	assert_int_equal(part->link_count, 1);
	assert_string_equal(part->hook, "raw_tracepoint sched_process_exit");
	part = bench__part(bench, "no_tp");
	assert_int_equal(part->state, PART_STATE_NOT_ATTACHED);
	assert_reason(part, "tracepoint 'sched/sonde_no_such_event' is not in this kernel");
}

static void test_load__map_that_cannot_be_made(void **state)
{
	struct bench *bench = *state;
	struct err err = ERR_INIT;

	bench__open(bench, "badmap", false);
	assert_int_equal(program__plan(bench->program, &err), 0);
	assert_true(program__load(bench->program, &err) < 0);
	assert_non_null(
		strstr(err.text, "map 'impossible' cannot be made: keys of an array have 4 bytes"));
	err__done(&err);
}

static void test_load__kernel_functions_that_are_not_there(void **state)
{
	struct bench *bench = *state;
	struct err err = ERR_INIT;

	bench__open(bench, "kfunc", false);
	bench__run(bench);
	assert_int_equal(bench__part(bench, "plain")->state, PART_STATE_ATTACHED);
	assert_int_equal(bench__part(bench, "caller")->state, PART_STATE_LEFT_OUT);
	assert_int_equal(bench__part(bench, "other_caller")->state, PART_STATE_LEFT_OUT);
	assert_reason(bench__part(bench, "caller"), "it calls kernel function (kfunc) '");
	assert_reason(bench__part(bench, "caller"), "sonde_no_such_kfunc");
	bench->program = program__close(bench->program);

	bench__open(bench, "kfunc", true);
	assert_int_equal(program__plan(bench->program, &err), 0);
	assert_true(program__load(bench->program, &err) < 0);
	assert_non_null(strstr(err.text, "kernel function (kfunc) 'sonde_no_such_"));
	err__done(&err);
}

/* ---- constants and maps ---- */

static void test_load__constants(void **state)
{
	static const uint64_t seven = 7, forty = 40;
	const struct rodata_spec constants[] = {
		{ .name = "given",
		  .kind = RODATA_VALUE,
		  .value = &seven,
		  .value_size = sizeof(seven) },
		{ .name = "from_data",
		  .kind = RODATA_VALUE,
		  .value = &forty,
		  .value_size = sizeof(forty) },
		{ .name = "kaddr_schedule", .kind = RODATA_KERNEL_ADDRESS, .symbol = "schedule" },
	};
	struct bench *bench = *state;

	bench->spec.rodata = constants;
	bench->spec.rodata_count = array_size(constants);
	bench__open(bench, "refused", false);
	bench__run(bench);
	(void)syscall(SYS_getppid);
	assert_int_equal(bench__read(bench, "values", 0), 7);
	assert_int_equal(bench__read(bench, "values", 1), 42);
	assert_true(bench__read(bench, "values", 2) >> 48 == 0xffff);
}

static void test_load__constants_that_do_not_fit(void **state)
{
	static const uint64_t seven = 7;
	const struct {
		struct rodata_spec constant;
		const char *text;
	} rows[] = {
		{ { .at = { "x.yaml", 3, 5 },
		    .name = "givn",
		    .kind = RODATA_VALUE,
		    .value = &seven,
		    .value_size = 8 },
		  "has no variable 'givn' in .rodata or .data; nearest is 'given'" },
		{ { .at = { "x.yaml", 3, 5 },
		    .name = "given_short",
		    .kind = RODATA_VALUE,
		    .value = &seven,
		    .value_size = 8 },
		  "variable 'given_short' has 4 bytes, its value has 8" },
		{ { .at = { "x.yaml", 3, 5 },
		    .name = "kaddr_schedule",
		    .kind = RODATA_KERNEL_ADDRESS,
		    .symbol = "sonde_no_such" },
		  "kernel symbol 'sonde_no_such' is not in this kernel" },
	};
	struct bench *bench = *state;

	for (size_t i = 0; i < array_size(rows); i++) {
		struct err err = ERR_INIT;
		char text[512];

		bench->spec.rodata = &rows[i].constant;
		bench->spec.rodata_count = 1;
		bench__open(bench, "refused", false);
		assert_int_equal(program__plan(bench->program, &err), 0);
		assert_true(program__load(bench->program, &err) < 0);
		err__format(&err, text, sizeof(text));
		assert_true(str_starts(text, "x.yaml:3:5: "));
		if (!strstr(text, rows[i].text))
			fail_msg("%s", text);
		err__done(&err);
		bench->program = program__close(bench->program);
	}
}

static void test_map__size_of_a_ring(void **state)
{
	static const struct {
		uint32_t wanted, set, expected; /* 0: not said */
	} rows[] = {
		{ 0, 0, 65536 },          { 4096, 0, 65536 },    { 100000, 0, 131072 },
		{ 300000, 32768, 32768 }, { 0, 300000, 524288 },
	};
	struct bench *bench = *state;

	for (size_t i = 0; i < array_size(rows); i++) {
		struct err err = ERR_INIT;
		struct program_map map;

		bench__open(bench, "counted_often", false);
		if (rows[i].wanted)
			assert_int_equal(program__want_ring(bench->program, "ring", rows[i].wanted),
					 0);
		if (rows[i].set)
			assert_int_equal(program__set_ring(bench->program, "ring", rows[i].set), 0);
		assert_int_equal(program__plan(bench->program, &err), 0);
		assert_int_equal(program__load(bench->program, &err), 0);
		assert_int_equal(program__map(bench->program, "ring", &map, &err), 0);
		assert_int_equal(map.max_entries, rows[i].expected);
		bench->program = program__close(bench->program);
	}
}

static void test_map__mmap_flag_and_memory(void **state)
{
	struct bench *bench = *state;
	struct program_map map;
	struct map_figures figures;
	bool is_there = false;
	struct err err = ERR_INIT;

	bench__open(bench, "refused", false);
	assert_int_equal(program__want_mmap(bench->program, "values"), 0);
	assert_int_equal(program__want_mmap(bench->program, "no_such"), -ENOENT);
	bench__run(bench);
	assert_int_equal(program__map(bench->program, "values", &map, NULL), 0);
	assert_string_equal(map.name, "values");
	assert_int_equal(map.type, BPF_MAP_TYPE_ARRAY);
	assert_int_equal(map.key_size, 4);
	assert_int_equal(map.value_size, 8);
	assert_int_equal(map.max_entries, 4);
	assert_true(map.flags & BPF_F_MMAPABLE);
	for (uint32_t i = 0; i < program__map_count(bench->program); i++) {
		program__map_figures(bench->program, i, &figures);
		is_there |= strcmp(figures.name, "values") == 0 && !figures.is_variables &&
			    figures.id > 0 && figures.memory_bytes >= 4 * 8 &&
			    program__map_memory(bench->program, i) == figures.memory_bytes;
	}
	assert_true(is_there);
	assert_int_equal(program__map(bench->program, "value", &map, &err), -ENOENT);
	assert_non_null(strstr(err.text, "has no map 'value'; nearest is 'values'"));
	err__done(&err);
}

static void test_figures__runs_are_counted(void **state)
{
	struct bench *bench = *state;
	struct part_figures figures;
	int statistics;

	bench__open(bench, "refused", false);
	bench__run(bench);
	assert_int_equal(program__figures(bench->program, 0, &figures), -ENOENT); /* left out */
	assert_true(program__part_memory(bench->program, 1) > 0);
	statistics = program_enable_statistics(NULL); /* until it is closed */
	if (statistics < 0) {
		printf("# skip: BPF statistics may not be enabled here\n");
		skip();
	}
	(void)syscall(SYS_getppid);
	assert_int_equal(program__figures(bench->program, 1, &figures), 0);
	assert_true(figures.run_count > 0);
	close(statistics);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_load__leaves_out_what_cannot_be_had),
		TEST(test_attach__near_functions_are_named),
		TEST(test_load__verifier_says_why),
		TEST(test_load__strict_fails_the_object),
		TEST(test_load__alternatives),
		TEST(test_attach__the_hook_that_is_there),
		TEST(test_load__map_that_cannot_be_made),
		TEST(test_load__kernel_functions_that_are_not_there),
		TEST(test_load__constants),
		TEST(test_load__constants_that_do_not_fit),
		TEST(test_map__size_of_a_ring),
		TEST(test_map__mmap_flag_and_memory),
		TEST(test_figures__runs_are_counted),
		TEST(test_close__detaches_everything),
		/* Last: it leaves the network namespace. */
		TEST(test_attach__every_kind_of_hook),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
