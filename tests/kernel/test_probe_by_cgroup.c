/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probes whose numbers are told by cgroup when their parameter says so: a child does known things in a cgroup in which
 * there is nobody else, so nearly every number is exact on every machine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <linux/futex.h>
#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "network.h"
#include "probe.h"

#define CALLS 500
#define FAILURES 40
#define PAGES 200
#define SLEEPS 30
#define READS 70
#define SLEEP_NS 2000000
#define WAITS 10
#define WAIT_NS 2000000
#define EXTRA_CALLS 3 /* of the sanitizers, at the end */
#define PREFIX "ebpf_exporter_"

/* Of version 2, which alone has names. */
struct group {
	char dir[256];
	char label[300]; /* cgroup="dir" */
};

static bool make_group(struct group *group)
{
	static const char *const roots[] = { "/sys/fs/cgroup/unified", "/sys/fs/cgroup" };

	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		char procs[300];

		snprintf(group->dir, sizeof(group->dir), "%s/sonde-by-cgroup-%d", roots[i],
			 (int)getpid());
		if (mkdir(group->dir, 0755) < 0)
			continue;
		snprintf(procs, sizeof(procs), "%s/cgroup.procs", group->dir);
		if (access(procs, W_OK) == 0) {
			snprintf(group->label, sizeof(group->label), "cgroup=\"%s\"", group->dir);
			return true;
		}
		rmdir(group->dir);
	}
	return false;
}

static void do_known_things(char *pages, int file)
{
	const struct timespec time = { .tv_nsec = SLEEP_NS };
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char byte;

	for (int i = 0; i < CALLS; i++)
		(void)syscall(SYS_getppid);
	for (int i = 0; i < FAILURES; i++)
		(void)syscall(SYS_ioprio_set, 99, 0, 0);
	for (int i = 0; i < READS; i++)
		(void)!pread(file, &byte, 1, 0);
	for (size_t i = 0; i < PAGES; i++)
		*(volatile char *)(pages + i * page) = 1;
	for (int i = 0; i < SLEEPS; i++)
		(void)syscall(SYS_nanosleep, &time, NULL);
}

static void run_child(const struct group *group)
{
	size_t size = PAGES * (size_t)sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int status, fd, file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	char procs[300];
	pid_t child;

	assert_true(pages != MAP_FAILED);
	(void)madvise(pages, size, MADV_NOHUGEPAGE);
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", group->dir);
	fd = open(procs, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0 && file >= 0);
	child = fork();
	if (child == 0) {
		if (write(fd, "0", 1) != 1)
			_exit(1);
		do_known_things(pages, file);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	close(fd);
	close(file);
	munmap(pages, size);
}

static void observe(struct probe *probe, const char *name, const struct group *group)
{
	probe__begin_by_cgroup(probe, name);
	run_child(group);
	probe__end(probe);
}

static void assert_between(const struct probe *probe, const char *name, const char *labels,
			   double least, double most)
{
	char series[512];
	double moved;

	snprintf(series, sizeof(series), PREFIX "%s{%s}", name, labels);
	moved = probe__moved(probe, series);
	if (moved < least || moved > most)
		fail_msg("%s moved by %g, not by %g to %g", series, moved, least, most);
}

/* *state is NULL where there are no cgroups of version 2. */
static int set_up(void **state)
{
	static struct group group;

	*state = make_group(&group) ? &group : NULL;
	return 0;
}

static int tear_down(void **state)
{
	const struct group *group = *state;

	return group ? rmdir(group->dir) : 0;
}

static const struct group *group_of(void **state)
{
	if (!*state) {
		printf("# skip: no cgroup of version 2 can be made here\n");
		skip();
	}
	return *state;
}

static void test_by_cgroup__system_calls(void **state)
{
	const struct group *group = group_of(state);
	const double calls = CALLS + FAILURES + READS + SLEEPS;
	char labels[400];
	struct probe probe;

	observe(&probe, "syscalls", group);
	/* And the one that ends it. */
	assert_between(&probe, "syscalls_total", group->label, calls + 1, calls + 1 + EXTRA_CALLS);
	snprintf(labels, sizeof(labels), "%s,errno=\"EINVAL\"", group->label);
	assert_between(&probe, "syscall_errors_total", labels, FAILURES, FAILURES);
	probe__done(&probe);

	observe(&probe, "syslatency", group);
	/* The write that moved it into the cgroup is left there; the last one never returns. */
	assert_between(&probe, "syscall_latency_seconds_count", group->label, calls + 1,
		       calls + 1 + EXTRA_CALLS);
	assert_between(&probe, "syscall_latency_seconds_sum", group->label, SLEEPS * SLEEP_NS / 1e9,
		       INFINITY);
	probe__done(&probe);
}

static void test_by_cgroup__files(void **state)
{
	const struct group *group = group_of(state);
	char labels[400];
	struct probe probe;

	observe(&probe, "fslatency", group);
	snprintf(labels, sizeof(labels), "%s,operation=\"read\"", group->label);
	assert_between(&probe, "file_system_latency_seconds_count", labels, READS, READS);
	/* The write that moved it into the cgroup is left there. */
	snprintf(labels, sizeof(labels), "%s,operation=\"write\"", group->label);
	assert_between(&probe, "file_system_latency_seconds_count", labels, 1, 1);
	probe__done(&probe);
}

static void test_by_cgroup__page_faults(void **state)
{
	const struct group *group = group_of(state);
	char labels[400];
	struct probe probe;

	observe(&probe, "pagefaults", group);
	snprintf(labels, sizeof(labels), "%s,mode=\"user\"", group->label);
	/* Pages that it shared with its parent, too. */
	assert_between(&probe, "page_faults_total", labels, PAGES, INFINITY);
	probe__done(&probe);
}

/*
 * A sleep may be over before the task was switched away: whoever counts sleeps counts on luck. Here the child waits for a
 * word that its parent changes only after the kernel has counted the switch that the wait is.
 */
struct wait_room {
	_Atomic uint32_t word;     /* how many waits are over */
	_Atomic uint32_t is_ready; /* the child is in the cgroup */
	/* Switches of the child by the kernel's own count: until then, and from then on. */
	long before;
	long voluntary, involuntary;
};

static void be_the_one_who_waits(const struct group *group, struct wait_room *room)
{
	struct rusage before, after;
	char procs[300];
	int fd;

	snprintf(procs, sizeof(procs), "%s/cgroup.procs", group->dir);
	fd = open(procs, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1 || getrusage(RUSAGE_SELF, &before) < 0)
		_exit(1);
	room->before = before.ru_nvcsw;
	atomic_store(&room->is_ready, 1);
	for (uint32_t i = 0; i < WAITS; i++)
		while (atomic_load(&room->word) == i)
			(void)syscall(SYS_futex, &room->word, FUTEX_WAIT, i, NULL, NULL, 0);
	if (getrusage(RUSAGE_SELF, &after) < 0)
		_exit(1);
	room->voluntary = after.ru_nvcsw - before.ru_nvcsw;
	room->involuntary = after.ru_nivcsw - before.ru_nivcsw;
	_exit(0);
}

/* Of its main thread, as the kernel counts them when it switches. */
static long voluntary_switches(pid_t pid)
{
	static const char name[] = "\nvoluntary_ctxt_switches:";
	char path[64], text[8192] = "";
	const char *at;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	at = strstr(text, name);
	assert_non_null(at);
	return strtol(at + strlen(name), NULL, 10);
}

static void pause_ns(long ns)
{
	const struct timespec time = { .tv_nsec = ns };

	nanosleep(&time, NULL);
}

/* Wakes the child WAITS times, each time after it has left its CPU, and leaves it alone for a while before. */
static void keep_waiting(pid_t child, struct wait_room *room)
{
	long before;

	while (!atomic_load(&room->is_ready))
		pause_ns(WAIT_NS);
	before = room->before;
	for (uint32_t i = 0; i < WAITS; i++) {
		while (voluntary_switches(child) <= before)
			pause_ns(WAIT_NS / 10);
		pause_ns(WAIT_NS);
		before = voluntary_switches(child);
		atomic_store(&room->word, i + 1);
		(void)syscall(SYS_futex, &room->word, FUTEX_WAKE, 1, NULL, NULL, 0);
	}
}

static void observe_waits(struct probe *probe, const char *name, const struct group *group,
			  struct wait_room *room)
{
	int status;
	pid_t child;

	memset(room, 0, sizeof(*room));
	probe__begin_by_cgroup(probe, name);
	child = fork();
	if (child == 0)
		be_the_one_who_waits(group, room);
	assert_true(child > 0);
	keep_waiting(child, room);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	probe__end(probe);
	assert_true(room->voluntary >= WAITS);
}

/* How far all series of the name moved that are of this cgroup. */
static double moved_by_group(const struct probe *probe, const char *name, const struct group *group)
{
	char series[128];

	snprintf(series, sizeof(series), PREFIX "%s", name);
	return probe__moved_with(probe, series, group->label);
}

static void test_by_cgroup__absences(void **state)
{
	const struct group *group = group_of(state);
	struct wait_room *room = network_shared(sizeof(*room));
	struct probe probe;
	double switches, unmeasured;
	char labels[400];

	observe_waits(&probe, "offcpu", group, room);
	switches = (double)(room->voluntary + room->involuntary);
	unmeasured = probe__moved(&probe, PREFIX "off_cpu_unmeasured_total");
	/*
	 * The kernel adds one to its own count right before the tracepoint, so each of these was seen; and of each but the
	 * last ones, which are no part of them, the child came back. Which kind it was is known for sure since 5.18 only.
	 */
	assert_true(moved_by_group(&probe, "context_switches_total", group) >= switches);
	assert_true(moved_by_group(&probe, "off_cpu_seconds_count", group) + unmeasured >=
		    switches);
	/* A wait for a futex is a sleep; what else may take a task off its CPU is a page that is not there. */
	snprintf(labels, sizeof(labels), "%s,state=\"sleep\"", group->label);
	assert_between(&probe, "off_cpu_seconds_count", labels, WAITS / 2.0, INFINITY);
	/* Each wait began before WAIT_NS did, and ended after it. The clocks may differ by a little. */
	if (unmeasured == 0)
		assert_true(moved_by_group(&probe, "off_cpu_seconds_sum", group) >=
			    WAITS * WAIT_NS / 1e9 * 0.9);
	probe__done(&probe);

	observe_waits(&probe, "runqlat", group, room);
	/* After each of these it was runnable, or it is not there any more, and then it was switched to. */
	assert_true(moved_by_group(&probe, "run_queue_latency_seconds_count", group) +
			    probe__moved(&probe, PREFIX "run_queue_unmeasured_total") >=
		    (double)(room->voluntary + room->involuntary));
	probe__done(&probe);
	munmap(room, sizeof(*room));
}

#define with_group(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_group(test_by_cgroup__system_calls),
		with_group(test_by_cgroup__files),
		with_group(test_by_cgroup__page_faults),
		with_group(test_by_cgroup__absences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
