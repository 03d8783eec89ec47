/* SPDX-License-Identifier: Apache-2.0 */
#include "work.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "bench.h"

#define BLOCK 4096u
#define FILE_BLOCKS 256u

extern char **environ;

static double usage_ms(int who)
{
	struct rusage usage;

	(void)getrusage(who, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

/* ---- system calls ---- */

static double call(size_t count)
{
	double begin_ms = bench_now_ms();

	for (size_t i = 0; i < count; i++)
		(void)syscall(SYS_getppid);
	return bench_now_ms() - begin_ms;
}

/* ---- context switches: two threads on one CPU give way to each other ---- */

static void *give_way(void *count)
{
	for (size_t i = *(const size_t *)count; i > 0; i--)
		(void)sched_yield();
	return NULL;
}

static double give_way_in_turn(size_t count)
{
	size_t half = count / 2;
	cpu_set_t all, one;
	pthread_t thread;
	double begin_ms;

	if (sched_getaffinity(0, sizeof(all), &all) < 0)
		return -errno;
	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	if (sched_setaffinity(0, sizeof(one), &one) < 0)
		return -errno;
	begin_ms = bench_now_ms();
	bench_check(-pthread_create(&thread, NULL, give_way, &half), "no thread");
	(void)give_way(&half);
	(void)pthread_join(thread, NULL);
	begin_ms = bench_now_ms() - begin_ms;
	(void)sched_setaffinity(0, sizeof(all), &all);
	return begin_ms;
}

/* ---- packets: datagrams over loopback ---- */

static double send_datagrams(size_t count)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	__cleanup(fd_closep) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(address);
	char data[64] = { 0 };
	double begin_ms;

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) < 0 ||
	    connect(fd, (struct sockaddr *)&address, len) < 0)
		return -errno;
	begin_ms = bench_now_ms();
	for (size_t i = 0; i < count; i++)
		if (send(fd, data, sizeof(data), 0) < 0 || recv(fd, data, sizeof(data), 0) < 0)
			return -errno;
	return bench_now_ms() - begin_ms;
}

/* ---- block I/O: reads that bypass the page cache ---- */

static int make_file(char *path, void *block)
{
	int fd = mkostemp(path, O_DIRECT | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	(void)unlink(path);
	for (size_t i = 0; i < FILE_BLOCKS; i++)
		if (write(fd, block, BLOCK) != BLOCK) {
			int error = errno;

			(void)close(fd);
			return -error;
		}
	return fd;
}

static double read_blocks(size_t count)
{
	char path[] = "/var/tmp/sonde-bench.XXXXXX";
	void *block = aligned_alloc(BLOCK, BLOCK);
	int fd = block ? make_file(path, memset(block, 1, BLOCK)) : -ENOMEM;
	double begin_ms = bench_now_ms(), result = fd;

	for (size_t i = 0; fd >= 0 && i < count; i++)
		if (pread(fd, block, BLOCK, (off_t)(i % FILE_BLOCKS * BLOCK)) != BLOCK)
			result = -EIO;
	if (fd >= 0) {
		(void)close(fd);
		if (result >= 0)
			result = bench_now_ms() - begin_ms;
	}
	free(block);
	return result;
}

/* ---- programs: made, run and awaited ---- */

static double run_programs(size_t count)
{
	char *argv[] = { (char *)(uintptr_t) "true", NULL };
	double begin_ms = usage_ms(RUSAGE_SELF) + usage_ms(RUSAGE_CHILDREN);

	for (size_t i = 0; i < count; i++) {
		pid_t pid;
		int r = posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ);

		if (r != 0)
			return -r;
		(void)waitpid(pid, NULL, 0);
	}
	return usage_ms(RUSAGE_SELF) + usage_ms(RUSAGE_CHILDREN) - begin_ms;
}

const struct work works[] = {
	{ "syscall", 400000, call },         { "context_switch", 200000, give_way_in_turn },
	{ "packet", 60000, send_datagrams }, { "block_io", 3000, read_blocks },
	{ "fork_exec", 300, run_programs },
};
const size_t work_count = array_size(works);
