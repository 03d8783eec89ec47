/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe probes/throttling: a child that wants a whole CPU in a cgroup that may have a hundredth of one, which it
 * uses up on the busiest machine. When it is gone and
 * its last period is over, the probe's numbers are those of cpu.stat.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

#define THROTTLED_PERIODS 5
#define PAUSE_MS 20
#define ATTEMPTS 3000 /* a minute */

struct quota_cgroup {
	char dir[256];
	char label[256];  /* as the probe has it */
	double stat_unit; /* of the time in cpu.stat: how many make a microsecond */
	const char *stat_time;
};

struct numbers {
	double periods, throttled_periods, throttled_us;
};

static bool write_text(const char *dir, const char *file, const char *text)
{
	char path[512];
	bool is_written;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	is_written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return is_written;
}

/* Of the hierarchy that has the CPU controller of version 1, as /proc/self/cgroup has it. */
static uint64_t hierarchy_of_version_1(void)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char line[512];
	uint64_t number = 0;

	assert_non_null(file);
	while (number == 0 && fgets(line, sizeof(line), file)) {
		char *controllers = strchr(line, ':');

		if (controllers && (strstr(controllers, ":cpu:") || strstr(controllers, ":cpu,") ||
				    strstr(controllers, ",cpu:") || strstr(controllers, ",cpu,")))
			number = strtoull(line, NULL, 10);
	}
	fclose(file);
	return number;
}

static void label_version_1(struct quota_cgroup *group)
{
	struct stat status;

	assert_int_equal(stat(group->dir, &status), 0);
	snprintf(group->label, sizeof(group->label), "unknown_cgroup_id:%llu",
		 (unsigned long long)(status.st_ino | hierarchy_of_version_1() << 48));
	group->stat_time = "throttled_time ";
	group->stat_unit = 1000;
}

/* 1 ms in each period of 100 ms; false when no such cgroup is to be had. */
static bool make_cgroup(struct quota_cgroup *group)
{
	static const struct {
		const char *root, *limit, *text;
		bool is_version_1;
	} places[] = {
		{ "/sys/fs/cgroup", "cpu.max", "1000 100000", false },
		{ "/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", "1000", true },
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		(void)write_text(places[i].root, "cgroup.subtree_control", "+cpu");
		snprintf(group->dir, sizeof(group->dir), "%s/sonde-throttling-%d", places[i].root,
			 (int)getpid());
		if (mkdir(group->dir, 0755) < 0)
			continue;
		if (!write_text(group->dir, places[i].limit, places[i].text)) {
			rmdir(group->dir);
			continue;
		}
		snprintf(group->label, sizeof(group->label), "%s", group->dir);
		group->stat_time = "throttled_usec ";
		group->stat_unit = 1;
		if (places[i].is_version_1)
			label_version_1(group);
		return true;
	}
	return false;
}

static double stat_value(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	assert_non_null(at);
	return (double)strtoull(at + strlen(name), NULL, 10);
}

static struct numbers kernel_numbers(const struct quota_cgroup *group)
{
	char path[512], text[1024] = "";
	int fd;

	snprintf(path, sizeof(path), "%s/cpu.stat", group->dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	return (struct numbers){
		.periods = stat_value(text, "nr_periods "),
		.throttled_periods = stat_value(text, "nr_throttled "),
		/* Parts of a microsecond are cut off. */
		.throttled_us =
			(double)(uint64_t)(stat_value(text, group->stat_time) / group->stat_unit),
	};
}

static double series_value(const char *metrics, const char *name, const struct quota_cgroup *group)
{
	char series[512];

	snprintf(series, sizeof(series), "ebpf_exporter_cgroup_cpu_%s_total{cgroup=\"%s\"}", name,
		 group->label);
	return metrics_value(metrics, series);
}

static struct numbers probe_numbers(struct probe *probe, const struct quota_cgroup *group)
{
	char *metrics = exporter__scrape(&probe->exporter);
	const struct numbers numbers = {
		.periods = series_value(metrics, "periods", group),
		.throttled_periods = series_value(metrics, "throttled_periods", group),
		.throttled_us = series_value(metrics, "throttled_microseconds", group),
	};

	free(metrics);
	return numbers;
}

static void pause_a_little(void)
{
	const struct timespec time = { .tv_nsec = PAUSE_MS * 1000000L };

	nanosleep(&time, NULL);
}

/* Wants the whole CPU until it has been kept from it often enough. */
static void use_up_quota(const struct quota_cgroup *group)
{
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (!write_text(group->dir, "cgroup.procs", "0"))
			_exit(1);
		for (;;)
			;
	}
	assert_true(child > 0);
	for (int i = 0; i < ATTEMPTS; i++) {
		if (kernel_numbers(group).throttled_periods >= THROTTLED_PERIODS)
			break;
		pause_a_little();
	}
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static bool is_same(const struct numbers *a, const struct numbers *b)
{
	return a->periods == b->periods && a->throttled_periods == b->throttled_periods &&
	       a->throttled_us == b->throttled_us;
}

static void test_count__a_child_that_wants_too_much_time(void **state)
{
	struct quota_cgroup *group = *state;
	struct numbers kernel, ours;
	struct probe probe;

	if (!group) {
		printf("# skip: no cgroup with a CPU quota can be made here\n");
		skip();
	}
	probe__begin(&probe, "throttling");
	use_up_quota(group);
	for (int i = 0; i < ATTEMPTS; i++) {
		kernel = kernel_numbers(group);
		ours = probe_numbers(&probe, group);
		if (is_same(&kernel, &ours))
			break;
		pause_a_little();
	}
	if (!is_same(&kernel, &ours))
		fail_msg("%g periods, %g throttled, %g us, where the kernel counts %g, %g, %g",
			 ours.periods, ours.throttled_periods, ours.throttled_us, kernel.periods,
			 kernel.throttled_periods, kernel.throttled_us);
	assert_true(ours.throttled_periods >= THROTTLED_PERIODS);
	assert_true(ours.throttled_us > 0);

	/* The series goes with the cgroup. */
	assert_int_equal(rmdir(group->dir), 0);
	for (int i = 0; i < ATTEMPTS; i++) {
		ours = probe_numbers(&probe, group);
		if (isnan(ours.periods))
			break;
		pause_a_little();
	}
	assert_true(isnan(ours.periods));
	probe__end(&probe);
	assert_true(metrics_value(probe.after, "ebpf_exporter_cgroup_cpu_uncounted_total") == 0);
	probe__done(&probe);
}

/* *state is NULL where none is to be had. */
static int set_up(void **state)
{
	static struct quota_cgroup group;

	*state = make_cgroup(&group) ? &group : NULL;
	return 0;
}

/* The test itself has removed it unless it failed. */
static int tear_down(void **state)
{
	const struct quota_cgroup *group = *state;

	if (group)
		(void)rmdir(group->dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_count__a_child_that_wants_too_much_time,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
