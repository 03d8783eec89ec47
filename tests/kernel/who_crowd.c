/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many containers, as far as the kernel knows them: processes with a mount namespace of their own, each in a cgroup. All
 * end with this program, which is linked without libraries so that a fork takes microseconds. What it is told, line by line:
 *
 *   hold NUMBER CGROUP-DIRECTORY    one that waits
 *   held                            nothing: all of them are there when it is answered
 *   fire                            all that wait call fire() with their number
 *   exec NUMBER CGROUP-DIRECTORY    one that executes a program, which calls fire()
 *
 * It answers "done" when all who were to call have, or why something cannot be had here. They stay, for the number of a
 * namespace is another's at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINE_SIZE 512

struct crowd {
	int gate[2];  /* whoever waits reads it, to its end */
	int fired[2]; /* whoever has called writes a byte */
	int waiting;
};

__attribute__((noinline)) void fire(uint64_t what, uint64_t value);

void fire(uint64_t what, uint64_t value)
{
	__asm__ volatile("" : : "r"(what), "r"(value) : "memory");
}

static void fail(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(1);
}

static void fire_and_stay(const char *number, int fired_fd)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	fire(strtoull(number, NULL, 10), 0);
	if (write(fired_fd, "", 1) == 1)
		(void)pause();
	_exit(0);
}

static void hold(const struct crowd *crowd, const char *number)
{
	char byte;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)close(crowd->gate[1]);
	if (read(crowd->gate[0], &byte, 1) == 0)
		fire_and_stay(number, crowd->fired[1]);
	_exit(1);
}

static void exec(const struct crowd *crowd, char *number)
{
	static char self[] = "/proc/self/exe";
	char *const arguments[] = { self, number, NULL };

	if (dup2(crowd->fired[1], STDOUT_FILENO) >= 0)
		(void)execv(self, arguments);
	_exit(1);
}

/* 0 in the container. */
static long start(const char *dir)
{
	struct clone_args arguments = { .flags = CLONE_NEWNS | CLONE_INTO_CGROUP,
					.exit_signal = SIGCHLD };
	int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	long pid;

	if (fd < 0)
		fail(dir);
	arguments.cgroup = (uint64_t)fd;
	pid = syscall(SYS_clone3, &arguments, sizeof(arguments));
	if (pid < 0)
		fail("a process in a cgroup and a namespace");
	(void)close(fd);
	return pid;
}

static void wait_until_fired(const struct crowd *crowd, int count)
{
	char byte;

	for (int i = 0; i < count; i++)
		if (read(crowd->fired[0], &byte, 1) != 1)
			fail("one of them");
	puts("done");
}

static void obey(struct crowd *crowd, char *line)
{
	char *verb = strtok_r(line, " \n", &line), *number = strtok_r(NULL, " \n", &line);
	char *dir = strtok_r(NULL, " \n", &line);

	if (dir && strcmp(verb, "hold") == 0) {
		if (start(dir) == 0)
			hold(crowd, number);
		crowd->waiting++;
	} else if (dir && strcmp(verb, "exec") == 0) {
		if (start(dir) == 0)
			exec(crowd, number);
		wait_until_fired(crowd, 1);
	} else if (verb && strcmp(verb, "held") == 0) {
		puts("done");
	} else if (verb && strcmp(verb, "fire") == 0) {
		(void)close(crowd->gate[1]);
		wait_until_fired(crowd, crowd->waiting);
	}
}

int main(int argc, char **argv)
{
	struct crowd crowd = { .waiting = 0 };
	char line[LINE_SIZE];

	if (argc > 1)
		fire_and_stay(argv[1], STDOUT_FILENO);
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	(void)setpgid(0, 0);
	if (pipe2(crowd.gate, O_CLOEXEC) < 0 || pipe2(crowd.fired, O_CLOEXEC) < 0)
		fail("a pipe");
	while (fgets(line, sizeof(line), stdin))
		obey(&crowd, line);
	/* All but itself; they are gone before it is, so that their cgroups can be removed. */
	(void)signal(SIGTERM, SIG_IGN);
	(void)kill(0, SIGTERM);
	while (wait(NULL) > 0 || errno == EINTR)
		;
	return 0;
}
