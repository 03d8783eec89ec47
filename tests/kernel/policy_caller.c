/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes known system calls, for tests of policies: each argument is WHAT=VALUE, done in order. Static and without a
 * sanitizer, so that nothing else calls.
 *
 *	getppid=N  N calls, as getuid=N, getgid=N, geteuid=N
 *	getppid32=N  N calls of the 32-bit kind; the exit status is 11 where there are none
 *	write=N    N writes to /dev/null of "sonde", or of as many bytes as bytes=N before it said
 *	open=PATH  opens and closes   kill=N    sends itself signal N
 *	append=PATH  makes the file if need be, and writes "sonde" at its end
 *	mkdir=PATH makes a directory; of these three the exit status is the error that there was
 *	read=N     N reads of /dev/zero
 *	rare=N     N calls of sched_get_priority_max(), which hardly anybody else does
 *	dns=N      N queries for the name "x" to port 53 of 127.0.0.1, whoever is there
 *	show=PATH  reads a byte of it, and prints what /proc calls the open file
 *	gone=PATH  makes it, deletes it while it is open, then likewise
 *	chroot=PATH  has its root there from then on
 *	accept=PORT*N   takes N connections to that port of 127.0.0.1, and closes each at once
 *	connect=PORT*N  makes N connections, one after the other, and closes each when the other end did
 *	run=PATH   runs that program with getppid=5, and waits
 *	wait=PATH  waits for the file, for a minute at most
 *	threads=N  what comes behind it is done by each of N threads
 *	exec=PATH  becomes that program, with what comes behind it
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NO_CALLS_32 11 /* exit status */
#define GETPPID_32 64  /* the number of it in their table */
#define THREADS_MAX 16

static size_t write_bytes = 5;

static void repeat(long number, const char *value)
{
	for (long i = atol(value); i > 0; i--)
		(void)syscall(number);
}

static void call_getppid(const char *value)
{
	repeat(SYS_getppid, value);
}

static void call_getuid(const char *value)
{
	repeat(SYS_getuid, value);
}

static void call_getgid(const char *value)
{
	repeat(SYS_getgid, value);
}

static void call_geteuid(const char *value)
{
	repeat(SYS_geteuid, value);
}

/* By the gate of old programs, which a kernel may have closed: then it is a fault. */
#ifdef __x86_64__
static void on_fault(int number)
{
	(void)number;
	_exit(NO_CALLS_32);
}

static void call_getppid32(const char *value)
{
	(void)signal(SIGSEGV, on_fault);
	for (long i = atol(value); i > 0; i--) {
		long result = GETPPID_32;

		__asm__ volatile("int $0x80"
				 : "+a"(result)
				 :
				 : "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
		if (result < 0)
			_exit(NO_CALLS_32);
	}
}
#else
static void call_getppid32(const char *value)
{
	(void)value;
	_exit(NO_CALLS_32);
}
#endif

static void call_bytes(const char *value)
{
	write_bytes = (size_t)atol(value);
}

static void call_write(const char *value)
{
	static char bytes[65536]; /* in memory for sure: nothing is paged in for a program */
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	memset(bytes, '.', write_bytes < sizeof(bytes) ? write_bytes : sizeof(bytes));
	memcpy(bytes, "sonde", 5);
	for (long i = atol(value); i > 0; i--)
		(void)!write(fd, bytes, write_bytes < sizeof(bytes) ? write_bytes : sizeof(bytes));
	(void)close(fd);
}

static void call_append(const char *value)
{
	int fd = open(value, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, "sonde", 5) != 5)
		_exit(errno);
	(void)close(fd);
}

static void call_read(const char *value)
{
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	char bytes[8];

	for (long i = atol(value); i > 0; i--)
		(void)!read(fd, bytes, sizeof(bytes));
	(void)close(fd);
}

static void call_rare(const char *value)
{
	repeat(SYS_sched_get_priority_max, value);
}

static void call_dns(const char *value)
{
	static const unsigned char query[] = { 0, 7, 1, 0,   0, 1, 0, 0, 0, 0,
					       0, 0, 1, 'x', 0, 0, 1, 0, 1 };
	struct sockaddr_in server = { .sin_family = AF_INET, .sin_port = htons(53) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (long i = atol(value); i > 0; i--)
		(void)sendto(fd, query, sizeof(query), 0, (const struct sockaddr *)&server,
			     sizeof(server));
	(void)close(fd);
}

static void call_open(const char *value)
{
	int fd = open(value, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		_exit(errno);
	(void)close(fd);
}

static int own_files = -1; /* /proc/self/fd, also once it is out of reach */

static void find_own_files(void)
{
	if (own_files < 0)
		own_files = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void show(int fd)
{
	char number[16], path[4096], byte;
	ssize_t len;

	find_own_files();
	(void)snprintf(number, sizeof(number), "%d", fd);
	len = readlinkat(own_files, number, path, sizeof(path) - 1);
	if (len < 0 || read(fd, &byte, 1) < 0)
		_exit(errno);
	path[len++] = '\n';
	(void)!write(STDOUT_FILENO, path, (size_t)len);
	(void)close(fd);
}

static void call_show(const char *value)
{
	int fd = open(value, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		_exit(errno);
	show(fd);
}

static void call_gone(const char *value)
{
	int fd = open(value, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || unlink(value) < 0)
		_exit(errno);
	show(fd);
}

static void call_chroot(const char *value)
{
	find_own_files();
	if (chroot(value) < 0 || chdir("/") < 0)
		_exit(errno);
}

/* "PORT*N" */
static long split_times(const char *value, struct sockaddr_in *address)
{
	const char *times = strchr(value, '*');

	*address = (struct sockaddr_in){ .sin_family = AF_INET,
					 .sin_port = htons((uint16_t)atoi(value)),
					 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	return times ? atol(times + 1) : 1;
}

static void call_accept(const char *value)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
	struct sockaddr_in address;
	long times = split_times(value, &address);

	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 16) < 0)
		_exit(errno);
	for (long i = 0; i < times; i++) {
		int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

		if (peer < 0)
			_exit(errno);
		(void)close(peer);
	}
	(void)close(fd);
}

/* Whoever accepts may not be there yet: for a minute at most. */
static int connect_to(const struct sockaddr_in *address)
{
	for (int i = 0; i < 600; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
			return fd;
		(void)close(fd);
		(void)usleep(100000);
	}
	_exit(errno);
}

static void call_connect(const char *value)
{
	struct sockaddr_in address;
	long times = split_times(value, &address);
	char byte;

	for (long i = 0; i < times; i++) {
		int fd = connect_to(&address);

		(void)!read(fd, &byte, 1);
		(void)close(fd);
	}
}

static void call_kill(const char *value)
{
	(void)kill(getpid(), atoi(value));
}

static void call_mkdir(const char *value)
{
	if (mkdir(value, 0700) < 0)
		_exit(errno);
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
	{ "accept=", call_accept },
	{ "append=", call_append },
	{ "connect=", call_connect },
	{ "bytes=", call_bytes },
	{ "chroot=", call_chroot },
	{ "gone=", call_gone },
	{ "show=", call_show },
	{ "dns=", call_dns },
	{ "geteuid=", call_geteuid },
	{ "getgid=", call_getgid },
	{ "getppid32=", call_getppid32 },
	{ "getppid=", call_getppid },
	{ "getuid=", call_getuid },
	{ "kill=", call_kill },
	{ "mkdir=", call_mkdir },
	{ "open=", call_open },
	{ "rare=", call_rare },
	{ "read=", call_read },
	{ "run=", call_run },
	{ "wait=", call_wait },
	{ "write=", call_write },
};

static bool run_one(const char *argument)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strncmp(argument, calls[i].name, strlen(calls[i].name)) == 0) {
			calls[i].run(argument + strlen(calls[i].name));
			return true;
		}
	return false;
}

/* Argument list → NULL, or itself when one of them is no call. */
static void *run_all(void *argument)
{
	for (char **arguments = argument; *arguments; arguments++)
		if (!run_one(*arguments))
			return argument;
	return NULL;
}

static int run_in_threads(int count, char **arguments)
{
	pthread_t threads[THREADS_MAX];
	int started = 0;

	while (started < count && started < THREADS_MAX &&
	       pthread_create(&threads[started], NULL, run_all, arguments) == 0)
		started++;
	for (int i = 0; i < started; i++)
		(void)pthread_join(threads[i], NULL);
	return started == count ? 0 : 3;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "threads=", 8) == 0)
			return run_in_threads(atoi(argv[i] + 8), argv + i + 1);
		if (strncmp(argv[i], "exec=", 5) == 0) {
			argv[i] += 5;
			(void)execv(argv[i], argv + i);
			return 3;
		}
		if (!run_one(argv[i]))
			return 2;
	}
	return 0;
}
