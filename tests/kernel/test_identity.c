/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Labels that say who a cgroup is: the test makes cgroups of its own that are named as container runtimes name theirs,
 * and tells of them or does things in them. No runtime knows these, so names stay what the paths say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exporter.h"

#define POD_UID "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"
#define CALLS 300
#define EXTRA_CALLS 3 /* of the sanitizers, at the end */
#define PREFIX "ebpf_exporter_"

enum { DOCKER, DOCKER_BELOW, POD, CONTAINER_OF_POD, SERVICE, GROUP_COUNT };

/* Below a directory of the test's own; ids of containers are of its pid, so that no other test has the same. */
static struct tree {
	char base[128];
	char paths[16][256]; /* in the order in which they were made */
	size_t path_count;
	const char *groups[GROUP_COUNT];
	char short_docker[13], short_of_pod[13];
	char unit[64];
} tree;

static bool make_base(void)
{
	static const char *const roots[] = { "/sys/fs/cgroup/unified", "/sys/fs/cgroup" };
	char procs[300];

	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		snprintf(tree.base, sizeof(tree.base), "%s/sonde-identity-%d", roots[i],
			 (int)getpid());
		if (mkdir(tree.base, 0755) < 0)
			continue;
		snprintf(procs, sizeof(procs), "%s/cgroup.procs", tree.base);
		if (access(procs, W_OK) == 0)
			return true;
		rmdir(tree.base);
	}
	return false;
}

static const char *add(const char *below, const char *name)
{
	char *path = tree.paths[tree.path_count];

	assert_true(tree.path_count < sizeof(tree.paths) / sizeof(tree.paths[0]));
	snprintf(path, sizeof(tree.paths[0]), "%.150s/%.90s", below, name);
	assert_int_equal(mkdir(path, 0755), 0);
	tree.path_count++;
	return path;
}

static int tear_down(void **state)
{
	(void)state;
	while (tree.path_count > 0)
		(void)rmdir(tree.paths[--tree.path_count]);
	(void)rmdir(tree.base);
	return 0;
}

/* *state is NULL where there are no cgroups of version 2. */
static int set_up(void **state)
{
	char docker[65], of_pod[65];
	const char *pods;

	memset(&tree, 0, sizeof(tree));
	if (!make_base())
		return 0;
	snprintf(docker, sizeof(docker), "%08x%056x", (unsigned int)getpid(), 1U);
	snprintf(of_pod, sizeof(of_pod), "%08xaaaa%052x", (unsigned int)getpid(), 2U);
	snprintf(tree.short_docker, sizeof(tree.short_docker), "%.12s", docker);
	snprintf(tree.short_of_pod, sizeof(tree.short_of_pod), "%.12s", of_pod);
	snprintf(tree.unit, sizeof(tree.unit), "sonde-test-%d.service", (int)getpid());
	tree.groups[DOCKER] = add(add(tree.base, "docker"), docker);
	tree.groups[DOCKER_BELOW] = add(tree.groups[DOCKER], "below");
	pods = add(add(tree.base, "kubepods"), "besteffort");
	tree.groups[POD] = add(pods, "pod" POD_UID);
	tree.groups[CONTAINER_OF_POD] = add(tree.groups[POD], of_pod);
	tree.groups[SERVICE] = add(add(tree.base, "system.slice"), tree.unit);
	*state = &tree;
	return 0;
}

static void need_groups(void **state)
{
	if (!*state) {
		printf("# skip: no cgroup of version 2 can be made here\n");
		skip();
	}
}

static uint64_t id_of(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	return status.st_ino;
}

static void assert_value(const char *metrics, double expected, const char *format, ...)
{
	char series[1024];
	double value;
	va_list args;

	va_start(args, format);
	(void)vsnprintf(series, sizeof(series), format, args);
	va_end(args);
	value = metrics_value(metrics, series);
	if (isnan(value) || value < expected || value > expected)
		fail_msg("%s is %g, not %g, in:\n%s", series, value, expected, metrics);
}

/* ---- labels in configs --------------------------------------------------------------------------------- */

#define HEAD "metrics:\n  counters:\n    - name: seen_total\n      help: By cgroup\n"

/* The object's rows have 2 as their value, by the id that was fired. */
static void begin(struct exporter *exporter, const char *yaml)
{
	exporter__init(exporter);
	exporter__add(exporter, "cgroups", "cgroups", yaml);
	exporter__start(exporter, "cgroups", NULL);
	for (int i = 0; i < GROUP_COUNT; i++)
		fire(0, id_of(tree.groups[i]));
}

static void test_identity__beside_the_cgroup(void **state)
{
	static const char yaml[] =
		"identity: [container, pod, namespace, image, unit]\n" HEAD
		"      labels: [{name: cgroup, size: 8, decoders: [{name: uint}, {name: cgroup}]}]\n";
	struct exporter exporter;
	char *metrics;

	need_groups(state);
	begin(&exporter, yaml);
	metrics = exporter__scrape(&exporter);
	assert_value(metrics, 2,
		     PREFIX "seen_total{cgroup=\"%s\",container=\"%s\",image=\"unknown\","
			    "namespace=\"\",pod=\"\",unit=\"\"}",
		     tree.groups[DOCKER], tree.short_docker);
	assert_value(metrics, 2,
		     PREFIX "seen_total{cgroup=\"%s\",container=\"%s\",image=\"unknown\","
			    "namespace=\"\",pod=\"\",unit=\"\"}",
		     tree.groups[DOCKER_BELOW], tree.short_docker);
	assert_value(metrics, 2,
		     PREFIX
		     "seen_total{cgroup=\"%s\",container=\"%s\",image=\"unknown\",namespace=\""
		     "unknown_pod_uid:" POD_UID "\",pod=\"unknown_pod_uid:" POD_UID "\",unit=\"\"}",
		     tree.groups[CONTAINER_OF_POD], tree.short_of_pod);
	assert_value(metrics, 2,
		     PREFIX "seen_total{cgroup=\"%s\",container=\"\",image=\"\",namespace=\"\","
			    "pod=\"\",unit=\"%s\"}",
		     tree.groups[SERVICE], tree.unit);
	free(metrics);
	/* Who is gone keeps the names. */
	assert_int_equal(rmdir(tree.groups[SERVICE]), 0);
	metrics = exporter__scrape(&exporter);
	assert_value(metrics, 2,
		     PREFIX "seen_total{cgroup=\"%s\",container=\"\",image=\"\",namespace=\"\","
			    "pod=\"\",unit=\"%s\"}",
		     tree.groups[SERVICE], tree.unit);
	free(metrics);
	exporter__done(&exporter);
}

/* Without the cgroup itself its rows are those of who it belongs to. */
static void test_identity__instead_of_the_cgroup(void **state)
{
	static const char yaml[] = HEAD
		"      labels: [{name: container, size: 8, decoders: [{name: uint}, {name: container}]}]\n";
	struct exporter exporter;
	char *metrics;

	need_groups(state);
	begin(&exporter, yaml);
	metrics = exporter__scrape(&exporter);
	assert_value(metrics, 4, PREFIX "seen_total{container=\"%s\"}", tree.short_docker);
	assert_value(metrics, 2, PREFIX "seen_total{container=\"%s\"}", tree.short_of_pod);
	assert_value(metrics, 4, PREFIX "seen_total{container=\"\"}"); /* the pod and the unit */
	free(metrics);
	exporter__done(&exporter);
}

#define CGROUPS "/sys/fs/cgroup"

/* As in a container that has the machine mounted at ./host, and of the cgroups nothing where they usually are. */
static void enter_container(void *ctx)
{
	const struct exporter *exporter = ctx;
	char host[96];

	snprintf(host, sizeof(host), "%s/host", exporter->dir);
	if (unshare(CLONE_NEWNS) < 0 || mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mkdir(host, 0755) < 0 || mount("/", host, NULL, MS_BIND | MS_REC, NULL) < 0 ||
	    umount2(CGROUPS, MNT_DETACH) < 0 || setenv("HOST_ROOT", host, 1) < 0)
		_exit(99);
}

static void test_identity__from_inside_of_a_container(void **state)
{
	static const char yaml[] =
		"identity: [container]\n" HEAD
		"      labels: [{name: cgroup, size: 8, decoders: [{name: uint}, {name: cgroup}]}]\n";
	struct exporter exporter;
	char *metrics;

	need_groups(state);
	exporter__init(&exporter);
	exporter__add(&exporter, "cgroups", "cgroups", yaml);
	exporter.prepare = enter_container;
	exporter.prepare_ctx = &exporter;
	exporter__start(&exporter, "cgroups", NULL);
	fire(0, id_of(tree.groups[DOCKER]));
	metrics = exporter__scrape(&exporter);
	/* The path is the one that the machine has. */
	assert_value(metrics, 2, PREFIX "seen_total{cgroup=\"%s\",container=\"%s\"}",
		     tree.groups[DOCKER], tree.short_docker);
	free(metrics);
	exporter__done(&exporter);
}

/* Nothing is followed for those who do not ask. */
static void test_identity__costs_nothing_unasked(void **state)
{
	static const char yaml[] = HEAD
		"      labels: [{name: cgroup, size: 8, decoders: [{name: uint}]}]\n";
	struct exporter exporter;
	char *metrics;

	need_groups(state);
	begin(&exporter, yaml);
	metrics = exporter__scrape(&exporter);
	assert_int_equal(metrics_count(metrics, "sonde_identity_"), 0);
	free(metrics);
	exporter__done(&exporter);
}

/* Who a cgroup is takes that cgroups are told; what processes do is nobody's business then. */
static void test_identity__of_cgroups_takes_no_processes(void **state)
{
	static const char yaml[] =
		"identity: [container]\n" HEAD
		"      labels: [{name: cgroup, size: 8, decoders: [{name: uint}, {name: cgroup}]}]\n";
	struct exporter exporter;
	int status;
	pid_t child;
	char *metrics;

	need_groups(state);
	begin(&exporter, yaml);
	child = fork();
	if (child == 0)
		_exit(0);
	assert_int_equal(waitpid(child, &status, 0), child);
	metrics = exporter__scrape(&exporter);
	assert_value(metrics, 1, "sonde_identity_engine");
	assert_value(metrics, 0, "sonde_identity_records_total{kind=\"fork\"}");
	assert_int_equal(metrics_count(metrics, "sonde_process_"), 0);
	free(metrics);
	exporter__done(&exporter);
}

/* ---- sonde run --by ------------------------------------------------------------------------------------ */

static void call_from(const char *group)
{
	char procs[300];
	int status, fd;
	pid_t child;

	snprintf(procs, sizeof(procs), "%s/cgroup.procs", group);
	fd = open(procs, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	child = fork();
	if (child == 0) {
		if (write(fd, "0", 1) != 1)
			_exit(1);
		for (int i = 0; i < CALLS; i++)
			(void)syscall(SYS_getppid);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	close(fd);
}

static void link_probe(const struct exporter *exporter, const char *name)
{
	const char *probes = getenv("SONDE_PROBES");
	char from[4096], to[256];

	assert_non_null(probes);
	snprintf(from, sizeof(from), "%s/%s", probes, name);
	snprintf(to, sizeof(to), "%s/%s", exporter->dir, name);
	assert_int_equal(symlink(from, to), 0);
}

static void run_by(struct exporter *exporter, const char *by)
{
	exporter__init(exporter);
	link_probe(exporter, "syscalls.yaml");
	link_probe(exporter, "syscalls.bpf.o");
	exporter->probes = exporter->dir;
	exporter__start(exporter, NULL, (const char *const[]){ by, NULL });
}

/* Each child does its calls and the one that ends it. */
static void assert_calls(const char *metrics, const char *labels, int children)
{
	char series[512];
	double value, least = children * (CALLS + 1);

	snprintf(series, sizeof(series), PREFIX "syscalls_total{%s}", labels);
	value = metrics_value(metrics, series);
	if (isnan(value) || value < least || value > least + children * EXTRA_CALLS)
		fail_msg("%s is %g, not %g, in:\n%s", series, value, least, metrics);
}

static void test_by__container(void **state)
{
	struct exporter exporter;
	char labels[128], *metrics;

	need_groups(state);
	run_by(&exporter, "--by=container");
	call_from(tree.groups[DOCKER]);
	call_from(tree.groups[DOCKER_BELOW]);
	call_from(tree.groups[CONTAINER_OF_POD]);
	metrics = exporter__scrape(&exporter);
	snprintf(labels, sizeof(labels), "container=\"%s\"", tree.short_docker);
	assert_calls(metrics, labels, 2);
	snprintf(labels, sizeof(labels), "container=\"%s\"", tree.short_of_pod);
	assert_calls(metrics, labels, 1);
	free(metrics);
	exporter__done(&exporter);
}

static void test_by__pod(void **state)
{
	struct exporter exporter;
	char *metrics;

	need_groups(state);
	run_by(&exporter, "--by=pod");
	call_from(tree.groups[POD]);
	call_from(tree.groups[CONTAINER_OF_POD]);
	metrics = exporter__scrape(&exporter);
	assert_calls(
		metrics,
		"namespace=\"unknown_pod_uid:" POD_UID "\",pod=\"unknown_pod_uid:" POD_UID "\"", 2);
	free(metrics);
	exporter__done(&exporter);
}

static void test_by__unit(void **state)
{
	struct exporter exporter;
	char labels[128], *metrics;

	need_groups(state);
	run_by(&exporter, "--by=unit");
	call_from(tree.groups[SERVICE]);
	metrics = exporter__scrape(&exporter);
	snprintf(labels, sizeof(labels), "unit=\"%s\"", tree.unit);
	assert_calls(metrics, labels, 1);
	free(metrics);
	exporter__done(&exporter);
}

#define with_groups(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_groups(test_identity__beside_the_cgroup),
		with_groups(test_identity__instead_of_the_cgroup),
		with_groups(test_identity__from_inside_of_a_container),
		with_groups(test_identity__costs_nothing_unasked),
		with_groups(test_identity__of_cgroups_takes_no_processes),
		with_groups(test_by__container),
		with_groups(test_by__pod),
		with_groups(test_by__unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
