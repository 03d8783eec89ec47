/* SPDX-License-Identifier: Apache-2.0 */
#include "exporter.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "bench.h"

#define PATIENCE_MS 30000.0

extern char **environ;

/* ---- the process ----------------------------------------------------------------------------- */

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(port),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

/* One that was free a moment ago. */
static uint16_t choose_port(void)
{
	struct sockaddr_in address = loopback(0);
	socklen_t len = sizeof(address);
	__cleanup(fd_closep) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) < 0)
		bench_check(-errno, "no free port");
	return ntohs(address.sin_port);
}

void exporter__start(struct exporter *exporter, const char *binary, const char *subcommand,
		     const char *dir, const char *names)
{
	__cleanup(x_freep) char *dir_flag = str_printf("--config.dir=%s", dir);
	__cleanup(x_freep) char *names_flag = str_printf("--config.names=%s", names);
	__cleanup(x_freep) char *address_flag = NULL;
	posix_spawn_file_actions_t actions;
	char *argv[6];
	size_t argc = 0;

	exporter->port = choose_port();
	address_flag = str_printf("--web.listen-address=127.0.0.1:%u", exporter->port);
	bench_check(dir_flag && names_flag && address_flag ? 0 : -ENOMEM, "no memory");
	argv[argc++] = (char *)(uintptr_t)binary; /* exec() does not write to them */
	if (subcommand)
		argv[argc++] = (char *)(uintptr_t)subcommand;
	argv[argc++] = dir_flag;
	argv[argc++] = names_flag;
	argv[argc++] = address_flag;
	argv[argc] = NULL;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	exporter->start_ms = bench_wall_ms();
	bench_check(-posix_spawn(&exporter->pid, binary, &actions, NULL, argv, environ),
		    "cannot start an exporter");
	posix_spawn_file_actions_destroy(&actions);
}

void exporter__stop(struct exporter *exporter)
{
	(void)kill(exporter->pid, SIGTERM);
	(void)waitpid(exporter->pid, NULL, 0);
	exporter->pid = -1;
}

static void check_alive(const struct exporter *exporter)
{
	int status;

	if (waitpid(exporter->pid, &status, WNOHANG) == exporter->pid)
		bench_check(-ECHILD, "an exporter ended by itself; start it by hand to see why");
	if (bench_wall_ms() - exporter->start_ms > PATIENCE_MS)
		bench_check(-ETIMEDOUT, "an exporter does not answer");
}

/* ---- HTTP ------------------------------------------------------------------------------------ */

static size_t read_reply(int fd)
{
	static char buf[1 << 18];
	size_t total = 0;
	size_t head_len = 0;
	ssize_t len;

	while ((len = recv(fd, buf, sizeof(buf), 0)) > 0) {
		if (total == 0) { /* the head comes in one piece on loopback */
			const char *end = memmem(buf, (size_t)len, "\r\n\r\n", 4);

			if (len < 12 || memcmp(buf + 9, "200", 3) != 0 || !end)
				bench_check(-EPROTO, "an exporter did not answer with 200");
			head_len = (size_t)(end - buf) + 4;
		}
		total += (size_t)len;
	}
	return len < 0 ? 0 : total - head_len;
}

size_t exporter__scrape(struct exporter *exporter)
{
	static const char request[] = "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n"
				      "Connection: close\r\n\r\n";
	const struct sockaddr_in address = loopback(exporter->port);
	__cleanup(fd_closep) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		bench_check(-errno, "no socket");
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		check_alive(exporter);
		return 0;
	}
	if (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) < 0)
		bench_check(-errno, "cannot ask an exporter");
	return read_reply(fd);
}

void exporter__wait(struct exporter *exporter)
{
	/* There is no event for "somebody listens now" on a port of another process. */
	const struct timespec pause = { .tv_nsec = 200000 };

	while (exporter__scrape(exporter) == 0)
		(void)nanosleep(&pause, NULL);
}

/* ---- /proc ----------------------------------------------------------------------------------- */

static size_t read_proc(const struct exporter *exporter, const char *name, char *buf, size_t size)
{
	__cleanup(x_freep) char *path = str_printf("/proc/%d/%s", exporter->pid, name);
	ssize_t len = path ? fd_read_small(-1, path, buf, size) : -ENOMEM;

	return len > 0 ? (size_t)len : 0;
}

/* "VmRSS:     1234 kB" */
static size_t find_kib(const char *text, const char *field)
{
	const char *found = strstr(text, field);
	unsigned long kib = 0;

	if (found)
		(void)sscanf(found + strlen(field), " %lu", &kib);
	return (size_t)kib << 10;
}

/* The maps are descriptors; each tells what the kernel has set aside for it. */
static size_t sum_map_bytes(const struct exporter *exporter)
{
	__cleanup(x_freep) char *path = str_printf("/proc/%d/fdinfo", exporter->pid);
	DIR *folder = path ? opendir(path) : NULL;
	size_t sum = 0;
	struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		char text[2048];
		__cleanup(x_freep) char *name = str_printf("fdinfo/%s", entry->d_name);
		const char *found;
		unsigned long bytes = 0;

		if (!name || read_proc(exporter, name, text, sizeof(text)) == 0 ||
		    !strstr(text, "map_type:"))
			continue;
		found = strstr(text, "memlock:");
		if (found)
			(void)sscanf(found, "memlock: %lu", &bytes);
		sum += bytes;
	}
	if (folder)
		(void)closedir(folder); /* nothing was written */
	return sum;
}

struct exporter_figures exporter__figures(const struct exporter *exporter)
{
	struct exporter_figures figures = { .map_bytes = sum_map_bytes(exporter) };
	unsigned long user = 0, kernel = 0;
	const char *behind_name;
	char text[4096];

	if (read_proc(exporter, "status", text, sizeof(text)) > 0) {
		figures.resident_bytes = find_kib(text, "VmRSS:");
		figures.peak_bytes = find_kib(text, "VmHWM:");
	}
	if (read_proc(exporter, "stat", text, sizeof(text)) > 0 &&
	    (behind_name = strrchr(text, ')')))
		(void)sscanf(behind_name, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
			     &user, &kernel);
	figures.cpu_ms = (double)(user + kernel) * 1000 / (double)sysconf(_SC_CLK_TCK);
	return figures;
}
