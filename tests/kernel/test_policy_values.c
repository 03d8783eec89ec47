/* SPDX-License-Identifier: Apache-2.0 */
/* What hooks of policies see of sockets and buffers, and what they ask of the process that they are in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "bpf/abi/who.h"
#include "hook_run.h"

#define SET 91

static struct hook_run run;

static int open_engine(void **state)
{
	(void)state;
	hook_run__open(&run);
	return 0;
}

static int close_engine(void **state)
{
	(void)state;
	hook_run__close(&run);
	return 0;
}

/* Whether the test holds: one rule of it alone. */
static bool holds(const struct hook_test *test, const struct hook_value *value,
		  const uint64_t *arguments, uint32_t argument_count)
{
	const struct hook_rule rule = { .tests = test, .test_count = 1 };
	struct hook_code code = { .context = HOOK_CONTEXT_RAW_TRACEPOINT,
				  .values = value,
				  .value_count = value ? 1 : 0,
				  .rules = &rule,
				  .rule_count = 1 };
	uint64_t matched;

	hook_run__load(&run, &code, 0);
	hook_run__call(&run, arguments, argument_count);
	matched = hook_run__figures(&run, 0).matched;
	assert_true(matched <= 1);
	assert_int_equal(hook_run__figures(&run, 0).lost, 0);
	return matched == 1;
}

/* ---- sockets ---- */

static void put_network(const char *text, int family, uint32_t bits)
{
	struct policy_network_key key = { .bits = 32 + bits };
	uint8_t none = 0;

	key.set = htonl(2 * SET + (family == AF_INET6));
	assert_int_equal(inet_pton(family, text, key.address), 1);
	assert_int_equal(
		bpf_map_update_elem(hook_run__map(&run, "policy_networks"), &key, &none, 0), 0);
}

/* From the current task to the struct sock of an open descriptor. */
#define SOCKET_STEPS 6
static void find_steps(int descriptor, struct hook_step *steps)
{
	const struct hook_step way[SOCKET_STEPS] = {
		{ hook_run__offset_of("task_struct", "files"), true },
		{ hook_run__offset_of("files_struct", "fdt"), true },
		{ hook_run__offset_of("fdtable", "fd"), true },
		{ descriptor * (int32_t)sizeof(void *), true },
		{ hook_run__offset_of("file", "private_data"), true },
		{ hook_run__offset_of("socket", "sk"), true },
	};

	memcpy(steps, way, sizeof(way));
}

static void test_value__socket(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				       .sin_port = htons(9) };
	int descriptor = socket(AF_INET, SOCK_DGRAM, 0 /* UDP */);
	struct hook_step steps[SOCKET_STEPS];
	struct hook_value value = { .base = HOOK_BASE_TASK,
				    .class = POLICY_CLASS_SOCKET,
				    .steps = steps,
				    .step_count = SOCKET_STEPS,
				    .is_captured = true };
	struct hook_code code = { .context = HOOK_CONTEXT_RAW_TRACEPOINT,
				  .values = &value,
				  .value_count = 1,
				  .can_have_events = true };
	struct policy_socket seen;
	uint32_t size;

	(void)state;
	assert_int_equal(connect(descriptor, (struct sockaddr *)&address, sizeof(address)), 0);
	find_steps(descriptor, steps);
	hook_run__load(&run, &code, POLICY_SWITCH_EVENTS);
	hook_run__call(&run, NULL, 0);
	assert_int_equal(hook_run__drain(&run), 1);
	memcpy(&seen, hook_run__bytes(&run, 0, &size), sizeof(seen));
	assert_int_equal(size, sizeof(seen));
	assert_int_equal(seen.family, AF_INET);
	assert_int_equal(seen.type, SOCK_DGRAM);
	assert_int_equal(seen.protocol, IPPROTO_UDP);
	assert_int_equal(seen.destination_port, 9);
	assert_memory_equal(seen.destination, &address.sin_addr, 4);
	assert_memory_equal(seen.source, &address.sin_addr, 4);
	assert_true(seen.source_port != 0 && seen.cookie != 0);
	(void)close(descriptor);
}

static void test_value__parts_of_sockets(void **state)
{
	static const struct hook_range udp = { IPPROTO_UDP, IPPROTO_UDP }, nine = { 1, 9 };
	static const struct hook_range inet = { AF_INET, AF_INET };
	static const struct {
		enum policy_socket_part part;
		bool is_negated, holds, holds_on_unix;
		const struct hook_range *range;
	} cases[] = {
		{ POLICY_SOCKET_DESTINATION_ADDRESS, false, true, false, NULL },
		{ POLICY_SOCKET_DESTINATION_ADDRESS, true, false, false, NULL },
		{ POLICY_SOCKET_DESTINATION_PORT, false, true, false, &nine },
		{ POLICY_SOCKET_DESTINATION_PORT, true, false, false, &nine },
		{ POLICY_SOCKET_SOURCE_PORT, false, false, false, &nine },
		{ POLICY_SOCKET_PROTOCOL, false, true, false, &udp },
		{ POLICY_SOCKET_FAMILY, false, true, false, &inet },
		{ POLICY_SOCKET_FAMILY, true, false, true, &inet },
	};
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				       .sin_port = htons(9) };
	int inet_fd = socket(AF_INET, SOCK_DGRAM, 0), unix_fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct hook_step inet_steps[SOCKET_STEPS], unix_steps[SOCKET_STEPS];
	struct hook_value value = { .base = HOOK_BASE_TASK,
				    .class = POLICY_CLASS_SOCKET,
				    .step_count = SOCKET_STEPS };

	(void)state;
	put_network("127.0.0.0", AF_INET, 8);
	assert_int_equal(connect(inet_fd, (struct sockaddr *)&address, sizeof(address)), 0);
	find_steps(inet_fd, inet_steps);
	find_steps(unix_fd, unix_steps);
	for (size_t i = 0; i < array_size(cases); i++) {
		const struct hook_test test = { .kind = HOOK_TEST_SOCKET,
						.index = cases[i].part,
						.set = SET,
						.is_negated = cases[i].is_negated,
						.ranges = cases[i].range,
						.range_count = cases[i].range ? 1 : 0 };

		value.steps = inet_steps;
		if (holds(&test, &value, NULL, 0) != cases[i].holds)
			fail_msg("case %zu", i);
		value.steps = unix_steps;
		if (holds(&test, &value, NULL, 0) != cases[i].holds_on_unix)
			fail_msg("case %zu on a unix socket", i);
	}
	(void)close(inet_fd);
	(void)close(unix_fd);
}

static void test_value__addresses(void **state)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(443) };
	struct sockaddr_un named = { .sun_family = AF_UNIX, .sun_path = "/run/some.sock" };
	const struct hook_value value = { .class = POLICY_CLASS_ADDRESS,
					  .is_user = true,
					  .is_captured = true };
	struct hook_code code = { .context = HOOK_CONTEXT_RAW_TRACEPOINT,
				  .values = &value,
				  .value_count = 1,
				  .can_have_events = true };
	uint64_t argument = (uint64_t)(uintptr_t)&v6;
	struct policy_address seen;
	uint32_t size;

	(void)state;
	assert_int_equal(inet_pton(AF_INET6, "2001:db8::7", &v6.sin6_addr), 1);
	hook_run__load(&run, &code, POLICY_SWITCH_EVENTS);
	hook_run__call(&run, &argument, 1);
	assert_int_equal(hook_run__drain(&run), 1);
	memcpy(&seen, hook_run__bytes(&run, 0, &size), sizeof(seen));
	assert_int_equal(seen.family, AF_INET6);
	assert_int_equal(seen.port, 443);
	assert_memory_equal(seen.address, &v6.sin6_addr, 16);
	argument = (uint64_t)(uintptr_t)&named;
	hook_run__call(&run, &argument, 1);
	assert_int_equal(hook_run__drain(&run), 1);
	hook_run__assert_text(&run, 0, sizeof(struct policy_address), "/run/some.sock");
}

/* ---- buffers ---- */

static void test_value__buffers(void **state)
{
	char one[] = "first,", other[] = "second";
	struct iovec parts[] = { { one, sizeof(one) - 1 }, { other, sizeof(other) - 1 } };
	const struct hook_value values[] = {
		{ .class = POLICY_CLASS_BYTES,
		  .is_user = true,
		  .is_captured = true,
		  .size_value = 2 },
		{ .class = POLICY_CLASS_BYTES,
		  .index = 1,
		  .form = HOOK_FORM_VECTOR,
		  .is_user = true,
		  .is_captured = true,
		  .size_value = 2 },
		{ .class = POLICY_CLASS_NUMBER, .index = 2, .size = 8 },
		{ .class = POLICY_CLASS_BYTES,
		  .is_user = true,
		  .is_captured = true,
		  .size_value = HOOK_NONE,
		  .max_size = 5 },
	};
	struct hook_code code = { .context = HOOK_CONTEXT_RAW_TRACEPOINT,
				  .values = values,
				  .value_count = 4,
				  .can_have_events = true };
	const uint64_t arguments[] = { (uint64_t)(uintptr_t)one, (uint64_t)(uintptr_t)parts, 2 };
	struct policy_bytes seen;
	uint32_t size;

	(void)state;
	hook_run__load(&run, &code, POLICY_SWITCH_EVENTS);
	hook_run__call(&run, arguments, array_size(arguments));
	assert_int_equal(hook_run__drain(&run), 1);
	hook_run__assert_text(&run, 0, sizeof(seen), "fi");
	hook_run__assert_text(&run, 1, sizeof(seen), "first,second");
	hook_run__assert_text(&run, 3, sizeof(seen), "first");
	memcpy(&seen, hook_run__bytes(&run, 1, &size), sizeof(seen));
	assert_int_equal(seen.size, 12);
	assert_int_equal(seen.original_size, 12);
}

/* What a record has no room for comes before it, in records of its own. */
static void test_value__long_buffers(void **state)
{
	enum { SIZE = 20000, SHORT = 100 };
	static char bytes[SIZE];
	const struct hook_value values[] = {
		{ .class = POLICY_CLASS_BYTES,
		  .is_user = true,
		  .is_captured = true,
		  .size_value = 1,
		  .max_size = POLICY_DATA_MAX },
		{ .class = POLICY_CLASS_NUMBER, .index = 1, .size = 8, .size_value = HOOK_NONE },
	};
	struct hook_code code = { .context = HOOK_CONTEXT_RAW_TRACEPOINT,
				  .values = values,
				  .value_count = 2,
				  .can_have_events = true };
	uint64_t arguments[] = { (uint64_t)(uintptr_t)bytes, SIZE };
	struct policy_bytes seen;
	uint32_t size;

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	hook_run__load(&run, &code, POLICY_SWITCH_EVENTS);
	hook_run__call(&run, arguments, array_size(arguments));
	assert_int_equal(hook_run__drain(&run), 1 + (SIZE - POLICY_BYTES_MAX + 4095) / 4096);
	memcpy(&seen, hook_run__bytes(&run, 0, &size), sizeof(seen));
	assert_int_equal(seen.size, POLICY_BYTES_MAX);
	assert_int_equal(seen.original_size, SIZE);
	arguments[1] = SHORT;
	hook_run__call(&run, arguments, array_size(arguments));
	assert_int_equal(hook_run__drain(&run), 1);
	/* What is below zero is what a call that failed returns. */
	arguments[1] = (uint64_t)-14;
	hook_run__call(&run, arguments, array_size(arguments));
	assert_int_equal(hook_run__drain(&run), 1);
}

/* ---- both ends of a function, in registers ---- */

/* Its first argument has something else in it when it returns. */
static __attribute__((noinline)) long traced(char *text, long number)
{
	memcpy(text, "written", 7);
	__asm__ volatile("" : : "r"(text) : "memory");
	return number / 2;
}

/* Where it is in the file that is mapped there. */
static uint64_t file_offset(const void *function)
{
	uint64_t at = (uint64_t)(uintptr_t)function, begin, end, offset;
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %*s %lx", &begin, &end, &offset) != 3 || at < begin ||
		    at >= end)
			continue;
		(void)fclose(maps);
		return offset + at - begin;
	}
	fail_msg("it is mapped nowhere");
	return 0;
}

static void add_to_function(struct hook_code *code, const void *function)
{
	const struct hook_emit_options options = hook_engine__emit_options(run.engine);
	const struct hook_place place = { .kind = HOOK_PLACE_UPROBE,
					  .path = "/proc/self/exe",
					  .offset = file_offset(function) };
	struct hook_image enter = { 0 }, leave = { 0 };
	struct err err = ERR_INIT;

	assert_int_equal(hook_engine__reserve(run.engine, code->rule_count, &code->id,
					      &code->first_figures, NULL),
			 0);
	assert_int_equal(hook_emit(code, HOOK_END_ENTER, &options, &enter, NULL), 0);
	assert_int_equal(hook_emit(code, HOOK_END_LEAVE, &options, &leave, NULL), 0);
	if (hook_engine__add(run.engine, code->id, &place, 1, &enter, &leave, &err) < 0)
		fail_msg("%s\n%s", err.text, err.cause ? err.cause : "");
	hook_engine__set_switches(run.engine, code->id, POLICY_SWITCH_ON | POLICY_SWITCH_EVENTS);
	hook_image__done(&enter);
	hook_image__done(&leave);
}

static void test_value__both_ends_of_a_function(void **state)
{
	const struct hook_value values[] = {
		{ .class = POLICY_CLASS_TEXT,
		  .is_user = true,
		  .is_captured = true,
		  .size_value = HOOK_NONE },
		{ .index = 1, .class = POLICY_CLASS_NUMBER, .size = 8, .is_captured = true },
		{ .class = POLICY_CLASS_BYTES,
		  .is_user = true,
		  .is_captured = true,
		  .size_value = 3,
		  .is_at_return = true },
		{ .base = HOOK_BASE_RETURN,
		  .class = POLICY_CLASS_NUMBER,
		  .size = 8,
		  .is_captured = true,
		  .is_at_return = true },
	};
	struct hook_code code = { .context = HOOK_CONTEXT_REGISTERS,
				  .is_preemptible = true,
				  .has_return = true,
				  .values = values,
				  .value_count = 4,
				  .can_have_events = true };
	char text[] = "before, and more";

	(void)state;
	if (!hook_engine__features(run.engine)->has_uprobes) {
		print_message("no uprobes here\n");
		skip();
	}
	add_to_function(&code, (const void *)(uintptr_t)traced);
	assert_int_equal(traced(text, 8), 4);
	assert_int_equal(hook_run__drain(&run), 2);
	assert_int_equal(hook_run__record(&run)->header.kind, POLICY_RECORD_RETURN);
	assert_int_equal(hook_run__word(&run, 3).number, 4);
	hook_run__assert_text(&run, 2, sizeof(struct policy_bytes), "writ");
	hook_engine__remove(run.engine, code.id);
}

/* ---- the process ---- */

static uint64_t inode_of(const char *path)
{
	struct stat found;

	assert_int_equal(stat(path, &found), 0);
	return found.st_ino;
}

static void test_value__pid(void **state)
{
	const struct hook_range own = { (uint64_t)getpid(), (uint64_t)getpid() };
	const struct hook_range parent = { (uint64_t)getppid(), (uint64_t)getppid() };
	struct hook_test test = { .kind = HOOK_TEST_PID, .ranges = &own, .range_count = 1 };

	(void)state;
	assert_true(holds(&test, NULL, NULL, 0));
	test.is_negated = true;
	assert_false(holds(&test, NULL, NULL, 0));
	test.ranges = &parent;
	assert_true(holds(&test, NULL, NULL, 0));
	test.follows_forks = true;
	assert_false(holds(&test, NULL, NULL, 0));
	test.is_negated = false;
	assert_true(holds(&test, NULL, NULL, 0));
}

static void test_value__namespace(void **state)
{
	const struct hook_range net = { inode_of("/proc/self/ns/net"),
					inode_of("/proc/self/ns/net") };
	const struct hook_range pid = { inode_of("/proc/self/ns/pid"),
					inode_of("/proc/self/ns/pid") };
	struct hook_test test = { .kind = HOOK_TEST_NAMESPACE,
				  .index = WHO_NAMESPACE_NET,
				  .ranges = &net,
				  .range_count = 1 };

	(void)state;
	assert_true(holds(&test, NULL, NULL, 0));
	test.is_negated = true;
	assert_false(holds(&test, NULL, NULL, 0));
	test.index = WHO_NAMESPACE_PID;
	assert_true(holds(&test, NULL, NULL, 0));
	test.ranges = &pid;
	assert_false(holds(&test, NULL, NULL, 0));
}

#define CAP_SYS_ADMIN 21

static void test_value__capability(void **state)
{
	struct hook_test test = { .kind = HOOK_TEST_CAPABILITY,
				  .index = POLICY_CAPABILITIES_EFFECTIVE,
				  .mask = 1ull << CAP_SYS_ADMIN };

	(void)state;
	assert_true(holds(&test, NULL, NULL, 0));
	test.is_negated = true;
	assert_false(holds(&test, NULL, NULL, 0));
	test.mask = 1ull << 63;
	assert_true(holds(&test, NULL, NULL, 0));
}

static void put_process(const struct policy_process *process)
{
	uint32_t tgid = (uint32_t)getpid();

	assert_int_equal(
		bpf_map_update_elem(hook_run__map(&run, "policy_processes"), &tgid, process, 0), 0);
}

static void test_value__masks(void **state)
{
	struct policy_process process = { .binaries = { 0, 1ull << 6 } };
	struct hook_test binary = { .kind = HOOK_TEST_BINARY, .index = 70 };
	uint32_t tgid = (uint32_t)getpid();

	(void)state;
	assert_false(holds(&binary, NULL, NULL, 0));
	put_process(&process);
	assert_true(holds(&binary, NULL, NULL, 0));
	binary.index = 71;
	assert_false(holds(&binary, NULL, NULL, 0));
	binary.is_negated = true;
	assert_true(holds(&binary, NULL, NULL, 0));
	assert_int_equal(bpf_map_delete_elem(hook_run__map(&run, "policy_processes"), &tgid), 0);
}

/* Of the cgroup that the test is in. */
static bool find_own_cgroup(uint64_t *ret_id)
{
	char line[512] = "", path[600];
	FILE *file = fopen("/proc/self/cgroup", "re");
	bool is_unified = false;
	struct stat status;

	while (file && !is_unified && fgets(line, sizeof(line), file))
		is_unified = strncmp(line, "0::", 3) == 0;
	if (file)
		(void)fclose(file);
	if (!is_unified)
		return false;
	line[strcspn(line, "\n")] = '\0';
	(void)snprintf(path, sizeof(path), "/sys/fs/cgroup/unified%s", line + 3);
	if (stat(path, &status) < 0) {
		(void)snprintf(path, sizeof(path), "/sys/fs/cgroup%s", line + 3);
		if (stat(path, &status) < 0)
			return false;
	}
	*ret_id = status.st_ino;
	return true;
}

static void test_value__scopes_of_the_cgroup(void **state)
{
	const struct policy_mask mask = { .words = { 1ull << 63, 1ull << 6 } };
	struct hook_test scope = { .kind = HOOK_TEST_SCOPE, .index = 63 };
	uint64_t cgroup_id;

	(void)state;
	if (!find_own_cgroup(&cgroup_id)) {
		print_message("# skip: cgroups v2 are not mounted\n");
		skip();
	}
	assert_false(holds(&scope, NULL, NULL, 0));
	assert_int_equal(hook_engine__write_scopes(run.engine, cgroup_id, &mask), 0);
	assert_true(holds(&scope, NULL, NULL, 0));
	scope.index = 70;
	assert_true(holds(&scope, NULL, NULL, 0));
	scope.index = 71;
	assert_false(holds(&scope, NULL, NULL, 0));
	scope.index = 70;
	assert_int_equal(hook_engine__write_scopes(run.engine, cgroup_id, NULL), 0);
	assert_false(holds(&scope, NULL, NULL, 0));
}

/* Masks of the process and of its cgroup are in one register: a selector that asked for the other one last is no reason to
 * take it for the first. */
static void test_value__scopes_behind_binaries(void **state)
{
	const struct policy_mask mask = { .words = { 1ull << 5 } };
	const struct policy_process process = { .binaries = { 1ull << 6 } };
	const struct hook_test first[] = { { .kind = HOOK_TEST_SCOPE, .index = 5 },
					   { .kind = HOOK_TEST_BINARY, .index = 7 } };
	const struct hook_test second = { .kind = HOOK_TEST_SCOPE, .index = 5 };
	const struct hook_rule rules[] = { { .tests = first, .test_count = 2 },
					   { .tests = &second, .test_count = 1 } };
	struct hook_code code = { .context = HOOK_CONTEXT_RAW_TRACEPOINT,
				  .rules = rules,
				  .rule_count = 2 };
	uint32_t tgid = (uint32_t)getpid();
	uint64_t cgroup_id;

	(void)state;
	if (!find_own_cgroup(&cgroup_id)) {
		print_message("# skip: cgroups v2 are not mounted\n");
		skip();
	}
	put_process(&process);
	assert_int_equal(hook_engine__write_scopes(run.engine, cgroup_id, &mask), 0);
	hook_run__load(&run, &code, 0);
	hook_run__call(&run, NULL, 0);
	assert_int_equal(hook_run__figures(&run, 0).matched, 0);
	assert_int_equal(hook_run__figures(&run, 1).matched, 1);
	assert_int_equal(hook_engine__write_scopes(run.engine, cgroup_id, NULL), 0);
	assert_int_equal(bpf_map_delete_elem(hook_run__map(&run, "policy_processes"), &tgid), 0);
}

static void test_value__changes(void **state)
{
	struct policy_process process = { 0 };
	struct hook_test spaces = { .kind = HOOK_TEST_NAMESPACE_CHANGE,
				    .mask = 1ull << WHO_NAMESPACE_NET };
	struct hook_test capabilities = { .kind = HOOK_TEST_CAPABILITY_CHANGE,
					  .index = POLICY_CAPABILITIES_EFFECTIVE,
					  .mask = 1ull << 63 };
	uint32_t tgid = (uint32_t)getpid();

	(void)state;
	assert_false(holds(&spaces, NULL, NULL, 0));
	process.namespaces[WHO_NAMESPACE_MNT] = (uint32_t)inode_of("/proc/self/ns/mnt");
	process.namespaces[WHO_NAMESPACE_NET] = (uint32_t)inode_of("/proc/self/ns/net");
	put_process(&process);
	assert_false(holds(&spaces, NULL, NULL, 0));
	process.namespaces[WHO_NAMESPACE_NET]++;
	put_process(&process);
	assert_true(holds(&spaces, NULL, NULL, 0));
	assert_false(holds(&capabilities, NULL, NULL, 0));
	capabilities.is_negated = true; /* others changed */
	assert_true(holds(&capabilities, NULL, NULL, 0));
	assert_int_equal(bpf_map_delete_elem(hook_run__map(&run, "policy_processes"), &tgid), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_value__socket),
		cmocka_unit_test(test_value__parts_of_sockets),
		cmocka_unit_test(test_value__addresses),
		cmocka_unit_test(test_value__buffers),
		cmocka_unit_test(test_value__long_buffers),
		cmocka_unit_test(test_value__both_ends_of_a_function),
		cmocka_unit_test(test_value__pid),
		cmocka_unit_test(test_value__namespace),
		cmocka_unit_test(test_value__capability),
		cmocka_unit_test(test_value__masks),
		cmocka_unit_test(test_value__scopes_of_the_cgroup),
		cmocka_unit_test(test_value__scopes_behind_binaries),
		cmocka_unit_test(test_value__changes),
	};

	return cmocka_run_group_tests(tests, open_engine, close_engine);
}
