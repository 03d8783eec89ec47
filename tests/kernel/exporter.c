/* SPDX-License-Identifier: Apache-2.0 */
#include "exporter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define START_SECONDS 60 /* an emulated processor takes its time */
#define ARGS_MAX 32

__attribute__((noinline, used)) void fire(uint64_t what, uint64_t value)
{
	/* An empty body could be dropped together with its calls. */
	__asm__ volatile("" : : "r"(what), "r"(value) : "memory");
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
}

static void copy_file(const char *from, const char *to)
{
	char buffer[65536];
	int in = open(from, O_RDONLY | O_CLOEXEC),
	    out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	ssize_t n;

	if (in < 0)
		fail_msg("cannot open %s: %s", from, strerror(errno));
	assert_true(out >= 0);
	while ((n = read(in, buffer, sizeof(buffer))) > 0)
		assert_int_equal(write(out, buffer, (size_t)n), n);
	close(in);
	close(out);
}

void exporter__init(struct exporter *exporter)
{
	char path[128], self[4096];
	ssize_t len;

	memset(exporter, 0, sizeof(*exporter));
	exporter->log_fd = -1;
	snprintf(exporter->dir, sizeof(exporter->dir), "/tmp/sonde-exporter.XXXXXX");
	assert_non_null(mkdtemp(exporter->dir));
	snprintf(path, sizeof(path), "%s/trigger", exporter->dir);
	/* By its real name: a link to /proc/self/exe would mean whoever follows it. */
	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	assert_true(len > 0);
	self[len] = '\0';
	assert_int_equal(symlink(self, path), 0);
	/* An exporter of its own file: a uprobe on post_attach_mark would see those of other tests as well. */
	snprintf(path, sizeof(path), "%s/sonde", exporter->dir);
	assert_non_null(getenv("SONDE_BIN"));
	copy_file(getenv("SONDE_BIN"), path);
}

void exporter__add(struct exporter *exporter, const char *name, const char *object,
		   const char *yaml)
{
	const char *objects = getenv("SONDE_TEST_BPF");
	char from[4096], to[256];

	assert_non_null(objects);
	snprintf(to, sizeof(to), "%s/%s.yaml", exporter->dir, name);
	write_file(to, yaml);
	if (!object)
		return;
	snprintf(from, sizeof(from), "%s/%s.bpf.o", objects, object);
	snprintf(to, sizeof(to), "%s/%s.bpf.o", exporter->dir, name);
	copy_file(from, to);
}

uint16_t free_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	close(fd);
	return ntohs(address.sin_port);
}

/* The flags that say what to run and where to listen. */
struct flags {
	char what[4096];
	char names[1024];
	char listen[64];
};

static size_t fill_flags(struct exporter *exporter, const char *names, struct flags *flags,
			 const char **argv)
{
	char address[32];

	if (!exporter->listen_address)
		exporter->port = free_port();
	snprintf(address, sizeof(address), "127.0.0.1:%u", exporter->port);
	argv[1] = exporter->probes ? "run" : "exporter";
	argv[2] = flags->what;
	argv[3] = flags->listen;
	if (exporter->probes) {
		snprintf(flags->what, sizeof(flags->what), "--probes=%s", exporter->probes);
		snprintf(flags->listen, sizeof(flags->listen), "--listen=%s", address);
		return 4;
	}
	snprintf(flags->what, sizeof(flags->what), "--config.dir=%s", exporter->dir);
	snprintf(flags->names, sizeof(flags->names), "--config.names=%s", names);
	snprintf(flags->listen, sizeof(flags->listen), "--web.listen-address=%s",
		 exporter->listen_address ? exporter->listen_address : address);
	argv[4] = flags->names;
	return 5;
}

static void spawn(struct exporter *exporter, const char *names, const char *const *extra)
{
	char binary[128], log_path[128];
	const char *argv[ARGS_MAX] = { binary };
	struct flags flags;
	size_t argc;

	snprintf(binary, sizeof(binary), "%s/sonde", exporter->dir);
	argc = fill_flags(exporter, names, &flags, argv);
	while (extra && *extra && argc < ARGS_MAX - 1)
		argv[argc++] = *extra++;
	snprintf(log_path, sizeof(log_path), "%s/log", exporter->dir);
	exporter->log_fd = open(log_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(exporter->log_fd >= 0);
	exporter->pid = fork();
	assert_true(exporter->pid >= 0);
	if (exporter->pid == 0) {
		/* Also when the test ends without its tear-down: by a timeout, or in a group's set-up. */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || chdir(exporter->dir) < 0 ||
		    dup2(exporter->log_fd, STDERR_FILENO) < 0 ||
		    dup2(exporter->log_fd, STDOUT_FILENO) < 0)
			_exit(126);
		if (exporter->prepare)
			exporter->prepare(exporter->prepare_ctx);
		execv(binary, (char *const *)argv);
		_exit(127);
	}
}

static void read_log(struct exporter *exporter)
{
	struct stat info;

	free(exporter->log);
	assert_int_equal(fstat(exporter->log_fd, &info), 0);
	exporter->log = calloc(1, (size_t)info.st_size + 1);
	assert_non_null(exporter->log);
	assert_true(pread(exporter->log_fd, exporter->log, (size_t)info.st_size, 0) >= 0);
	close(exporter->log_fd);
	exporter->log_fd = -1;
}

static int reap(struct exporter *exporter)
{
	int status;

	assert_int_equal(waitpid(exporter->pid, &status, 0), exporter->pid);
	exporter->pid = 0;
	read_log(exporter);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int try_connect(uint16_t port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

void exporter__start(struct exporter *exporter, const char *names, const char *const *extra)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	time_t give_up = time(NULL) + START_SECONDS;
	int fd;

	spawn(exporter, names, extra);
	while ((fd = try_connect(exporter->port)) < 0) {
		int status;

		if (waitpid(exporter->pid, &status, WNOHANG) == exporter->pid ||
		    time(NULL) > give_up) {
			exporter->pid = 0;
			read_log(exporter);
			fail_msg("the exporter did not come up:\n%s", exporter->log);
		}
		nanosleep(&pause, NULL);
	}
	close(fd);
}

int exporter__run(struct exporter *exporter, const char *names, const char *const *extra)
{
	spawn(exporter, names, extra);
	return reap(exporter);
}

int exporter__end(struct exporter *exporter, int signal_number)
{
	assert_int_equal(kill(exporter->pid, signal_number), 0);
	return reap(exporter);
}

int exporter__stop(struct exporter *exporter)
{
	return exporter__end(exporter, SIGTERM);
}

void exporter__done(struct exporter *exporter)
{
	char command[128];

	if (exporter->pid > 0) {
		kill(exporter->pid, SIGKILL);
		waitpid(exporter->pid, NULL, 0);
	}
	if (exporter->log_fd >= 0)
		close(exporter->log_fd);
	free(exporter->log);
	if (exporter->dir[0]) {
		/* A scratch directory of our own making, without blanks in its name. */
		snprintf(command, sizeof(command), "rm -rf %s", exporter->dir);
		if (system(command) != 0)
			print_error("cannot remove %s\n", exporter->dir);
	}
	memset(exporter, 0, sizeof(*exporter));
	exporter->log_fd = -1;
}

bool http_get(uint16_t port, const char *path, struct reply *ret_reply)
{
	return http_ask(port, path, "", ret_reply);
}

bool http_ask(uint16_t port, const char *path, const char *headers, struct reply *ret_reply)
{
	int fd = try_connect(port);
	char request[512];
	size_t capacity = 1 << 16, len = 0;
	char *text = malloc(capacity), *body;
	ssize_t n;

	if (fd < 0) {
		free(text);
		return false;
	}
	assert_non_null(text);
	n = snprintf(request, sizeof(request),
		     "GET %s HTTP/1.1\r\nHost: localhost\r\n%sConnection: close\r\n\r\n", path,
		     headers);
	assert_int_equal(write(fd, request, (size_t)n), n);
	while ((n = read(fd, text + len, capacity - len - 1)) > 0) {
		len += (size_t)n;
		if (capacity - len < 4096) {
			capacity *= 2;
			text = realloc(text, capacity);
			assert_non_null(text);
		}
	}
	close(fd);
	text[len] = '\0';
	body = strstr(text, "\r\n\r\n");
	assert_non_null(body);
	*body = '\0';
	body += 4;
	ret_reply->head = text;
	ret_reply->body_len = len - (size_t)(body - text);
	ret_reply->body = calloc(1, ret_reply->body_len + 1);
	assert_non_null(ret_reply->body);
	memcpy(ret_reply->body, body, ret_reply->body_len);
	assert_int_equal(sscanf(text, "HTTP/1.1 %d", &ret_reply->status), 1);
	return true;
}

void exporter__get(struct exporter *exporter, const char *path, struct reply *ret_reply)
{
	assert_true(http_get(exporter->port, path, ret_reply));
}

void reply__done(struct reply *reply)
{
	free(reply->head);
	free(reply->body);
	memset(reply, 0, sizeof(*reply));
}

char *exporter__scrape(struct exporter *exporter)
{
	struct reply reply;

	exporter__get(exporter, "/metrics", &reply);
	assert_int_equal(reply.status, 200);
	free(reply.head);
	return reply.body;
}

/* The next line that begins with the text, from `at` on. memchr(), since a sanitized strchr() measures the whole rest
 * of a text of megabytes for every line. */
static const char *find_line(const char *at, const char *end, const char *prefix)
{
	size_t len = strlen(prefix);

	while (at && at < end) {
		if ((size_t)(end - at) >= len && memcmp(at, prefix, len) == 0)
			return at;
		at = memchr(at, '\n', (size_t)(end - at));
		at = at ? at + 1 : NULL;
	}
	return NULL;
}

double metrics_value(const char *metrics, const char *series)
{
	const char *line = metrics, *end = metrics + strlen(metrics);

	while ((line = find_line(line, end, series))) {
		if (line[strlen(series)] == ' ')
			return strtod(line + strlen(series) + 1, NULL);
		line += strlen(series);
	}
	return NAN;
}

size_t metrics_count(const char *metrics, const char *prefix)
{
	size_t count = 0;
	const char *line = metrics, *end = metrics + strlen(metrics);

	for (; (line = find_line(line, end, prefix)); line++)
		count++;
	return count;
}

char *metrics_lines(const char *metrics, const char *prefix)
{
	char *lines = calloc(1, strlen(metrics) + 1), *out = lines;
	const char *line = metrics, *end = metrics + strlen(metrics);

	assert_non_null(lines);
	for (; (line = find_line(line, end, prefix)); line++) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t len = (size_t)((newline ? newline + 1 : end) - line);

		memcpy(out, line, len);
		out += len;
	}
	return lines;
}

long exporter__rss_kib(const struct exporter *exporter)
{
	char path[64], line[256];
	long kib = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", exporter->pid);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "VmRSS: %ld", &kib) == 1)
			break;
	fclose(file);
	return kib;
}
