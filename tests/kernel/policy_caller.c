/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes known system calls, for tests of policies: each argument is WHAT=VALUE, done in order. Static and without a
 * sanitizer, so that nothing else calls.
 *
 *	getppid=N  N calls            write=N   N writes of "sonde" to /dev/null
 *	open=PATH  opens and closes   kill=N    sends itself signal N
 *	mkdir=PATH makes a directory; the exit status is 10 when that fails with EPERM
 *	run=PATH   runs that program with getppid=5, and waits
 *	wait=PATH  waits for the file, for a minute at most
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void call_getppid(const char *value)
{
	for (long i = atol(value); i > 0; i--)
		(void)syscall(SYS_getppid);
}

static void call_write(const char *value)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	for (long i = atol(value); i > 0; i--)
		(void)!write(fd, "sonde", 5);
	(void)close(fd);
}

static void call_open(const char *value)
{
	int fd = open(value, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)close(fd);
}

static void call_kill(const char *value)
{
	(void)kill(getpid(), atoi(value));
}

static void call_mkdir(const char *value)
{
	if (mkdir(value, 0700) < 0 && errno == EPERM)
		_exit(10);
}

static void call_run(const char *value)
{
	pid_t child = fork();

	if (child == 0) {
		(void)execl(value, value, "getppid=5", (char *)NULL);
		_exit(3);
	}
	(void)waitpid(child, NULL, 0);
}

static void call_wait(const char *value)
{
	for (int i = 0; i < 600 && access(value, F_OK) < 0; i++)
		(void)usleep(100000);
}

static const struct {
	const char *name;
	void (*run)(const char *value);
} calls[] = {
	{ "getppid=", call_getppid }, { "kill=", call_kill }, { "open=", call_open },
	{ "mkdir=", call_mkdir },     { "run=", call_run },   { "wait=", call_wait },
	{ "write=", call_write },
};

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		size_t k;

		for (k = 0; k < sizeof(calls) / sizeof(calls[0]); k++)
			if (strncmp(argv[i], calls[k].name, strlen(calls[k].name)) == 0)
				break;
		if (k == sizeof(calls) / sizeof(calls[0]))
			return 2;
		calls[k].run(argv[i] + strlen(calls[k].name));
	}
	return 0;
}
