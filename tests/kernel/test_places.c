/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where programs are attached whose spec says more than their section: places of targets that come and go, maps, what
 * replaces a section's name. All packets and sockets are in two network namespaces of the test's own.
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
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "host/host.h"
#include "network.h"
#include "program/program.h"

#define FIRE_SECONDS 20 /* emulated processors are slow; nothing waits that long where it works */
#define OUR_PORT 40001
#define OTHER_PORT 40002
#define ELEMENTS 5
#define FRAMES 3

/* As in bpf/places.bpf.c. */
enum { FIRED_SAMPLER, FIRED_MOVED, FIRED_OFF };

static const struct attach_spec attaches[] = {
	{ .program = "dump_udp", .scope = ATTACH_SCOPE_EACH_NETNS },
	{ .program = "dump_elements", .map = "elements" },
	{ .program = "on_ingress", .scope = ATTACH_SCOPE_EACH_NETNS },
	{ .program = "on_egress", .scope = ATTACH_SCOPE_EACH_NETNS },
	{ .program = "on_stream", .map = "sockets" },
	{ .program = "on_message", .map = "sockets" },
	{ .program = "on_sockops", .kind = ATTACH_KIND_CGROUP },
	{ .program = "on_sample",
	  .kind = ATTACH_KIND_PERF_EVENT,
	  .target = "cpu-clock",
	  .frequency_hz = 97 },
	{ .program = "moved", .target = "sys_enter" },
	{ .program = "off", .is_off = true },
};

/* ---- the object ---- */

struct opened {
	struct program_spec spec;
	struct host *host;
	struct program *program;
};

static void need(int r, struct err *err)
{
	char text[1024];

	if (r >= 0)
		return;
	err__format(err, text, sizeof(text));
	printf("# %s\n", text);
	errno = -r;
	NEED(r >= 0);
}

static void open_all(struct opened *opened)
{
	struct program_options options = { 0 };
	char path[512];
	struct err err = ERR_INIT;

	(void)snprintf(path, sizeof(path), "%s/places.bpf.o", getenv("SONDE_TEST_BPF"));
	opened->spec = (struct program_spec){
		.name = "places",
		.kind = OBJECT_KIND_PATH,
		.object = strdup(path),
		.attaches = attaches,
		.attach_count = array_size(attaches),
	};
	need(host__open("/", &opened->host, &err), &err);
	options.host = opened->host;
	need(program__open(&opened->spec, &options, &opened->program, &err), &err);
	need(program__plan(opened->program, &err), &err);
	need(program__load(opened->program, &err), &err);
	need(program__attach(opened->program, &err), &err);
}

static void close_all(struct opened *opened)
{
	program__close(opened->program);
	host__close(opened->host);
	free((char *)(uintptr_t)opened->spec.object);
}

static const struct part *find_part(const struct opened *opened, const char *name)
{
	const struct part *part;

	for (uint32_t i = 0; (part = program__part(opened->program, i)); i++)
		if (str_eq(part->name, name))
			return part;
	NEED(!"the program is there");
	return NULL;
}

static int map_fd(const struct opened *opened, const char *name)
{
	struct program_map map;
	struct err err = ERR_INIT;

	need(program__map(opened->program, name, &map, &err), &err);
	return map.fd;
}

static uint64_t value_of(const struct opened *opened, const char *map, uint64_t key)
{
	uint64_t value = 0;

	(void)bpf_map_lookup_elem(map_fd(opened, map), &key, &value);
	return value;
}

static bool is_late(time_t begin)
{
	return time(NULL) - begin > FIRE_SECONDS;
}

/* ---- the other namespace: of a child that waits until it is ended ---- */

struct other {
	pid_t pid;
	int netns_fd;
	uint64_t netns;
	int commands; /* a byte: send frames */
	int answers;
};

static int bind_udp(uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(port),
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	NEED(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	return fd;
}

/* Of a protocol that nobody knows, so that nothing answers. */
static void send_frames(const char *device)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET,
				       .sll_ifindex = (int)if_nametoindex(device) };
	unsigned char frame[64] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5 };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	NEED(fd >= 0);
	for (int i = 0; i < FRAMES; i++)
		NEED(sendto(fd, frame, sizeof(frame), 0, (struct sockaddr *)&address,
			    sizeof(address)) == sizeof(frame));
	close(fd);
}

static void live(int commands, int answers)
{
	char byte = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	NEED(unshare(CLONE_NEWNET) == 0);
	network_set_up("lo");
	(void)bind_udp(OTHER_PORT);
	NEED(write(answers, &byte, 1) == 1);
	while (read(commands, &byte, 1) == 1) {
		network_set_up("there");
		send_frames("there");
		NEED(write(answers, &byte, 1) == 1);
	}
	_exit(0);
}

static void ask(const struct other *other)
{
	char byte = 0;

	NEED(write(other->commands, &byte, 1) == 1 && read(other->answers, &byte, 1) == 1);
}

static struct other make_other(void)
{
	struct other other = { .netns_fd = -1 };
	int commands[2], answers[2];
	struct stat status;
	char path[64], byte;

	NEED(pipe2(commands, O_CLOEXEC) == 0 && pipe2(answers, O_CLOEXEC) == 0);
	other.pid = fork();
	NEED(other.pid >= 0);
	if (other.pid == 0) {
		close(commands[1]);
		close(answers[0]);
		live(commands[0], answers[1]);
	}
	close(commands[0]);
	close(answers[1]);
	other.commands = commands[1];
	other.answers = answers[0];
	NEED(read(other.answers, &byte, 1) == 1);
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", other.pid);
	other.netns_fd = open(path, O_RDONLY | O_CLOEXEC);
	NEED(other.netns_fd >= 0 && fstat(other.netns_fd, &status) == 0);
	other.netns = status.st_ino;
	return other;
}

static void end_other(struct other *other)
{
	close(other->commands);
	close(other->answers);
	close(other->netns_fd);
	(void)waitpid(other->pid, NULL, 0);
}

static void add_target(const struct opened *opened, uint64_t id, int netns_fd, bool is_host)
{
	const struct program_target target = { .id = id,
					       .name = is_host ? "host" : "other",
					       .root_fd = -1,
					       .netns_fd = netns_fd,
					       .is_host = is_host };
	struct err err = ERR_INIT;

	need(program__add_target(opened->program, &target, &err), &err);
}

static void add_own(const struct opened *opened)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	NEED(fd >= 0);
	add_target(opened, 1, fd, true);
	close(fd);
}

static void need_places(const struct opened *opened, uint64_t targets, uint64_t places)
{
	struct target_figures figures;

	program__target_figures(opened->program, &figures);
	NEED(figures.targets == targets && figures.places == places && figures.failed == 0);
}

/* ---- iterators ---- */

struct seen {
	unsigned ours, others, rows;
	uint64_t sum;
};

static int on_row(void *ctx, const void *row)
{
	struct seen *seen = ctx;
	uint64_t value;

	memcpy(&value, row, sizeof(value));
	seen->ours += value == OUR_PORT;
	seen->others += value == OTHER_PORT;
	seen->sum += value;
	seen->rows++;
	return 0;
}

static struct seen iterate(const struct opened *opened, const char *name)
{
	struct seen seen = { 0 };
	struct err err = ERR_INIT;

	need(program__iterate(opened->program, name, sizeof(uint64_t), on_row, &seen, &err), &err);
	return seen;
}

static void iterate_sockets(void)
{
	struct opened opened;
	struct other other = make_other();
	struct seen seen;

	(void)bind_udp(OUR_PORT);
	open_all(&opened);
	seen = iterate(&opened, "dump_udp"); /* nothing is followed yet: here */
	NEED(seen.ours == 1 && seen.others == 0);
	add_own(&opened);
	add_target(&opened, 2, other.netns_fd, false);
	add_target(&opened, 3, other.netns_fd, false); /* of one pod: not twice */
	seen = iterate(&opened, "dump_udp");
	NEED(seen.ours == 1 && seen.others == 1);
	program__remove_target(opened.program, 2);
	seen = iterate(&opened, "dump_udp");
	NEED(seen.others == 1);
	program__remove_target(opened.program, 3);
	seen = iterate(&opened, "dump_udp");
	NEED(seen.ours == 1 && seen.others == 0);
	need_places(&opened, 1, 1);
	end_other(&other);
	close_all(&opened);
}

static void iterate_map(void)
{
	struct opened opened;
	struct seen seen;

	open_all(&opened);
	for (uint64_t i = 1; i <= ELEMENTS; i++)
		NEED(bpf_map_update_elem(map_fd(&opened, "elements"), &i, &i, BPF_ANY) == 0);
	seen = iterate(&opened, "dump_elements");
	NEED(seen.rows == ELEMENTS && seen.sum == ELEMENTS * (ELEMENTS + 1) / 2);
	close_all(&opened);
}

/* ---- interfaces ---- */

static void follow_interfaces(void)
{
	struct opened opened;
	struct other other = make_other();
	uint64_t in = other.netns, out = other.netns | 1ull << 32, before;

	network_add_veth_to("here", "there", other.pid);
	open_all(&opened);
	add_own(&opened);
	add_target(&opened, 2, other.netns_fd, false);
	need_places(&opened, 2, 4);
	ask(&other);
	NEED(value_of(&opened, "packets", out) >= FRAMES);
	before = value_of(&opened, "packets", in);
	send_frames("here");
	NEED(value_of(&opened, "packets", in) >= before + FRAMES);
	program__remove_target(opened.program, 2);
	need_places(&opened, 1, 1);
	before = value_of(&opened, "packets", out) + value_of(&opened, "packets", in);
	ask(&other);
	send_frames("here");
	NEED(value_of(&opened, "packets", out) + value_of(&opened, "packets", in) == before);
	end_other(&other);
	close_all(&opened);
}

/* ---- what the spec says of one place ---- */

static void attach_elsewhere(void)
{
	static const char *const names[] = { "on_stream", "on_message", "on_sample", "moved" };
	time_t begin = time(NULL);
	struct opened opened;

	open_all(&opened);
	for (size_t i = 0; i < array_size(names); i++) {
		const struct part *part = find_part(&opened, names[i]);

		if (part->state != PART_STATE_ATTACHED)
			printf("# %s: %s\n", names[i], part->reason ? part->reason : "");
		NEED(part->state == PART_STATE_ATTACHED);
	}
	NEED(find_part(&opened, "off")->state == PART_STATE_LOADED);
	NEED(find_part(&opened, "off")->is_stood_in_for);
	while (value_of(&opened, "fired", FIRED_SAMPLER) == 0 && !is_late(begin))
		(void)getppid();
	NEED(value_of(&opened, "fired", FIRED_SAMPLER) > 0);
	NEED(value_of(&opened, "fired", FIRED_MOVED) > 0);
	NEED(value_of(&opened, "fired", FIRED_OFF) == 0);
	/* After that another may be put onto the map. */
	program__detach(opened.program);
	NEED(find_part(&opened, "on_stream")->link_count == 0);
	close_all(&opened);
}

/* On the root of the cgroups everybody passes by, but the program only nods. */
static void attach_sockops(void)
{
	struct opened opened;
	const struct part *part;

	open_all(&opened);
	part = find_part(&opened, "on_sockops");
	if (part->state != PART_STATE_ATTACHED)
		printf("# on_sockops: %s\n", part->reason ? part->reason : "");
	NEED(part->state == PART_STATE_ATTACHED || !getenv("SONDE_IN_VM"));
	close_all(&opened);
}

/* ---- the tests ---- */

static void run(void (*activity)(void))
{
	int status = network_run(activity);

	if (status < 0) {
		printf("# skip: no network namespace can be made here\n");
		skip();
	}
	assert_int_equal(status, 0);
}

static void test_iterate__sockets_of_each_namespace(void **state)
{
	(void)state;
	run(iterate_sockets);
}

static void test_iterate__elements_of_a_map(void **state)
{
	(void)state;
	run(iterate_map);
}

static void test_follow__interfaces_of_a_container(void **state)
{
	(void)state;
	network_load_module("veth");
	run(follow_interfaces);
}

static void test_attach__as_the_spec_says(void **state)
{
	(void)state;
	run(attach_elsewhere);
}

static void test_attach__to_the_root_of_the_cgroups(void **state)
{
	(void)state;
	run(attach_sockops);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_iterate__sockets_of_each_namespace),
		cmocka_unit_test(test_iterate__elements_of_a_map),
		cmocka_unit_test(test_follow__interfaces_of_a_container),
		cmocka_unit_test(test_attach__as_the_spec_says),
		cmocka_unit_test(test_attach__to_the_root_of_the_cgroups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
