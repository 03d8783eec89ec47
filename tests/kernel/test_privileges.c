/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How little sonde needs: all shipped probes by a user of no rights but CAP_BPF and CAP_PERFMON, and by one who has none
 * left once everything is attached. What then does not work is said.
 */
#include <dirent.h>
#include <errno.h>
#include <linux/capability.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "exporter.h"

#define NOBODY 65534
#define EXECS "ebpf_exporter_process_execs_total"
#define RUNS 5

/* Not in the headers of older libcs. */
#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#endif
#ifndef CAP_BPF
#define CAP_BPF 39
#endif

static int set_up(void **state)
{
	static struct exporter exporter;

	exporter__init(&exporter);
	*state = &exporter;
	return 0;
}

static int tear_down(void **state)
{
	exporter__done(*state);
	return 0;
}

/* ---- all probes in one directory ---- */

static void copy_into(const struct exporter *exporter, const char *name)
{
	char *command;

	assert_true(asprintf(&command, "cd '%s' && cp '%s' '%s/' && chmod 644 '%s/%s'",
			     getenv("SONDE_PROBES"), name, exporter->dir, exporter->dir, name) > 0);
	assert_int_equal(system(command), 0);
	free(command);
}

/* Their names with commas between them. */
static void copy_probes(const struct exporter *exporter, char *names, size_t size)
{
	DIR *dir = opendir(getenv("SONDE_PROBES"));
	const struct dirent *entry;
	size_t len = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		const char *dot = strchr(entry->d_name, '.');

		if (!dot || (strcmp(dot, ".yaml") != 0 && strcmp(dot, ".bpf.o") != 0))
			continue;
		copy_into(exporter, entry->d_name);
		if (strcmp(dot, ".yaml") == 0)
			len += (size_t)snprintf(names + len, size - len, "%s%.*s", len ? "," : "",
						(int)(dot - entry->d_name), entry->d_name);
		assert_true(len < size);
	}
	(void)closedir(dir);
	assert_true(len > 0);
}

/* ---- rights ---- */

static void set_capabilities(const unsigned int *capabilities, size_t count)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { .effective = 0 } };

	for (size_t i = 0; i < count; i++) {
		struct __user_cap_data_struct *word = &data[capabilities[i] / 32];
		uint32_t bit = 1u << capabilities[i] % 32;

		word->effective |= bit;
		word->permitted |= bit;
		word->inheritable |= bit;
	}
	if (syscall(SYS_capset, &header, data) < 0)
		_exit(125);
	for (size_t i = 0; i < count; i++)
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capabilities[i], 0, 0) < 0)
			_exit(125);
}

/* In the child: nobody, with two capabilities that exec keeps. */
static void become_nobody(void *ctx)
{
	static const unsigned int capabilities[] = { CAP_PERFMON, CAP_BPF };
	/* Maps count against it before Linux 5.11; service managers set it as well. */
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	(void)ctx;
	(void)setrlimit(RLIMIT_MEMLOCK, &unlimited); /* where it matters root may do it */
	if (prctl(PR_SET_KEEPCAPS, 1) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) < 0)
		_exit(125);
	set_capabilities(capabilities, sizeof(capabilities) / sizeof(capabilities[0]));
	/* Giving up root made this process one that its parent may not end with it. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* ---- scraping ---- */

static void exec_something(void)
{
	for (int i = 0; i < RUNS; i++) {
		pid_t pid = fork();
		int status;

		assert_true(pid >= 0);
		if (pid == 0) {
			(void)execl("/proc/self/exe", "nothing", "--version-of-nothing", NULL);
			_exit(1);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
	}
}

static double count_execs(struct exporter *exporter)
{
	char *metrics = exporter__scrape(exporter);
	double value = metrics_value(metrics, EXECS);

	free(metrics);
	return value;
}

static void assert_execs_are_counted(struct exporter *exporter)
{
	double before = count_execs(exporter);

	assert_false(isnan(before));
	exec_something();
	assert_true(count_execs(exporter) >= before + RUNS);
}

/* Statistics need CAP_SYS_ADMIN: absent with a reason, unless somebody else has switched them on. */
static void assert_absence_is_explained(struct exporter *exporter)
{
	char *metrics = exporter__scrape(exporter);
	char *info = metrics_lines(metrics, "sonde_program_statistics_info{");

	assert_true(strstr(info, "mode=\"refused\"") || strstr(info, "mode=\"exact\""));
	if (strstr(info, "mode=\"refused\"")) {
		assert_null(strstr(info, "reason=\"\""));
		assert_int_equal(metrics_count(metrics, "sonde_program_run_seconds_total{"), 0);
	}
	free(info);
	free(metrics);
}

static size_t count_of(const char *text, const char *word)
{
	size_t count = 0;

	while ((text = strstr(text, word))) {
		count++;
		text += strlen(word);
	}
	return count;
}

/* A hook that this kernel lacks is no matter of privileges; each of them has its line of reason. */
static void test_privileges__two_capabilities_are_enough(void **state)
{
	struct exporter *exporter = *state;
	size_t programs, attached, stood_in_for;
	char names[1024], *metrics, *lines;

	copy_probes(exporter, names, sizeof(names));
	assert_int_equal(chmod(exporter->dir, 0755), 0);
	exporter->prepare = become_nobody;
	exporter__start(exporter, names, NULL);
	assert_execs_are_counted(exporter);
	assert_absence_is_explained(exporter);
	metrics = exporter__scrape(exporter);
	lines = metrics_lines(metrics, "sonde_program_attached{");
	programs = count_of(lines, "\n");
	attached = count_of(lines, "} 1\n");
	free(lines);
	stood_in_for = metrics_count(metrics, "sonde_program_stood_in_for{");
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
	assert_non_null(strstr(exporter->log, "cap_perfmon"));
	assert_int_equal(count_of(exporter->log, "Failed to attach program"),
			 programs - attached - stood_in_for);
	assert_int_equal(count_of(exporter->log, "not permitted"), 0);
	print_message("%zu of %zu programs attached, for %zu others an alternative\n", attached,
		      programs, stood_in_for);
}

static void test_privileges__none_are_needed_to_go_on(void **state)
{
	static const char *const flags[] = { "--capabilities.keep=none", NULL };
	struct exporter *exporter = *state;
	char names[1024];

	copy_probes(exporter, names, sizeof(names));
	exporter__start(exporter, names, flags);
	if (isnan(count_execs(exporter))) {
		assert_int_equal(exporter__stop(exporter), 0);
		assert_non_null(strstr(exporter->log, "Operation not permitted"));
		print_message("# skip: this kernel lets nobody without privileges read maps\n");
		skip();
	}
	assert_execs_are_counted(exporter);
	assert_int_equal(exporter__stop(exporter), 0);
}

#define with_exporter(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		with_exporter(test_privileges__two_capabilities_are_enough),
		with_exporter(test_privileges__none_are_needed_to_go_on),
	};

	(void)argv;
	if (argc > 1) /* one of its own children */
		return 0;
	return cmocka_run_group_tests_name("privileges", tests, NULL, NULL);
}
