/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exporter as a service: what it tells systemd and takes from it, signals, privileges given up, and who is kept
 * waiting when a client misbehaves.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "exporter.h"

#define NOBODY 65534
#define MARKS "ebpf_exporter_marks_total"

static const char config[] = "metrics:\n  counters:\n    - name: marks_total\n      help: Help\n";

static int set_up(void **state)
{
	static struct exporter exporter;

	exporter__init(&exporter);
	exporter__add(&exporter, "marks", "sizes", config);
	*state = &exporter;
	return 0;
}

static int tear_down(void **state)
{
	exporter__done(*state);
	return 0;
}

static void assert_counts_its_mark(struct exporter *exporter)
{
	char *metrics = exporter__scrape(exporter);

	assert_true(metrics_value(metrics, MARKS) == 1);
	free(metrics);
}

static void assert_logged(const struct exporter *exporter, const char *text)
{
	if (!strstr(exporter->log, text))
		fail_msg("no '%s' in:\n%s", text, exporter->log);
}

static int listen_on_loopback(uint16_t *ret_port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*ret_port = ntohs(address.sin_port);
	return fd;
}

/* ---- what is served ------------------------------------------------------------------------------------ */

static int status_of(struct exporter *exporter, const char *path)
{
	struct reply reply;
	int status;

	exporter__get(exporter, path, &reply);
	status = reply.status;
	reply__done(&reply);
	return status;
}

static void test_paths__that_there_are(void **state)
{
	struct exporter *exporter = *state;
	struct reply reply;

	exporter__start(exporter, "marks", NULL);
	assert_counts_its_mark(exporter);
	assert_int_equal(status_of(exporter, "/maps"), 404);
	assert_int_equal(status_of(exporter, "/debug/pprof/"), 404);
	assert_int_equal(status_of(exporter, "/metrics/"), 404);
	exporter__get(exporter, "/healthz", &reply);
	assert_string_equal(reply.body, "ok\n");
	reply__done(&reply);
	exporter__get(exporter, "/", &reply);
	assert_int_equal(reply.status, 200);
	assert_non_null(strstr(reply.head, "Content-Type: text/html; charset=utf-8"));
	assert_non_null(strstr(reply.body, "<a href=\"/metrics\">"));
	assert_non_null(strstr(reply.body, "uprobe /proc/self/exe:post_attach_mark"));
	assert_non_null(strstr(reply.body, "<span class=good>attached</span>"));
	reply__done(&reply);
	assert_int_equal(exporter__stop(exporter), 0);
}

static void test_paths__with_debug_and_another_telemetry_path(void **state)
{
	static const char *const flags[] = { "--debug", "--web.telemetry-path=/other", NULL };
	struct exporter *exporter = *state;
	struct reply reply;

	exporter__start(exporter, "marks", flags);
	assert_int_equal(status_of(exporter, "/metrics"), 404);
	exporter__get(exporter, "/other", &reply);
	assert_true(metrics_value(reply.body, MARKS) == 1);
	reply__done(&reply);
	exporter__get(exporter, "/maps", &reply);
	assert_non_null(strstr(reply.body, "## Config: marks\n\n### Map: marks_total\n\n```\n"
					   "[]byte{0x0, 0x0, 0x0, 0x0} (labels: []) -> 1\n```\n"));
	reply__done(&reply);
	assert_int_equal(exporter__stop(exporter), 0);
	assert_logged(exporter, "Debug enabled, exporting raw maps on /maps");
}

static void write_web_config(const struct exporter *exporter, const char *text)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/web.yml", exporter->dir);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void expect_status(const struct exporter *exporter, const char *headers, int status)
{
	struct reply reply;

	assert_true(http_ask(exporter->port, "/metrics", headers, &reply));
	assert_int_equal(reply.status, status);
	reply__done(&reply);
}

/* The thread that checks passwords needs none of what was given up, either. */
static void test_web_config__asks_for_a_password(void **state)
{
	static const char *const flags[] = { "--web.config.file=web.yml",
					     "--capabilities.keep=none", NULL };
	static const char right[] = "Authorization: Basic Ym9iOmh1bnRlcjI=\r\n"; /* bob:hunter2 */
	static const char wrong[] = "Authorization: Basic Ym9iOmh1bnRlcjM=\r\n";
	struct exporter *exporter = *state;
	struct reply reply;

	write_web_config(exporter,
			 "basic_auth_users:\n"
			 "  bob: $2b$04$abcdefghijklmnopqrstuuV3duMsC0HpUex6N9qapiuOHHWkwRXVm\n");
	exporter__start(exporter, "marks", flags);
	expect_status(exporter, "", 401);
	expect_status(exporter, wrong, 401);
	expect_status(exporter, right, 200);
	assert_true(http_ask(exporter->port, "/metrics", right, &reply));
	assert_true(metrics_value(reply.body, "sonde_http_auth_checks_total") == 2);
	assert_true(metrics_value(reply.body, "sonde_http_auth_refused_total") == 2);
	assert_true(metrics_value(reply.body, "sonde_http_config_current") == 1);
	reply__done(&reply);
	assert_int_equal(exporter__stop(exporter), 0);
}

static void test_web_config__that_is_wrong(void **state)
{
	static const char *const flags[] = { "--web.config.file=web.yml", NULL };
	struct exporter *exporter = *state;

	write_web_config(exporter, "http_server_config:\n  headers: {Server: x}\n");
	assert_int_equal(exporter__run(exporter, "marks", flags), 1);
	assert_logged(
		exporter,
		"Error reading the web config: web.yml:2:13: headers: this one cannot be set");
}

/* Half a request, and nothing more: whoever comes after is served at once. */
static void test_slow_client__keeps_nobody_waiting(void **state)
{
	static const char half[] = "GET /metrics HTTP/1.1\r\nHo";
	struct exporter *exporter = *state;
	char *metrics;
	int fds[20];

	exporter__start(exporter, "marks", NULL);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		struct sockaddr_in peer = {
			.sin_family = AF_INET,
			.sin_port = htons(exporter->port),
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		};

		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(connect(fds[i], (struct sockaddr *)&peer, sizeof(peer)), 0);
		assert_int_equal(send(fds[i], half, sizeof(half) - 1, MSG_NOSIGNAL),
				 sizeof(half) - 1);
	}
	assert_counts_its_mark(exporter);
	metrics = exporter__scrape(exporter);
	assert_true(metrics_value(metrics, "sonde_http_connections") >=
		    sizeof(fds) / sizeof(fds[0]) + 1);
	assert_true(metrics_value(metrics, "sonde_http_requests_cut_total") == 0);
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		close(fds[i]);
}

static void test_port__that_is_taken(void **state)
{
	struct exporter *exporter = *state;
	char address[64], wanted[256];
	int fd = listen_on_loopback(&exporter->port);

	snprintf(address, sizeof(address), "127.0.0.1:%u", exporter->port);
	snprintf(
		wanted, sizeof(wanted),
		"Error listening on %s: another process listens there; stop it or choose another port\n",
		address);
	exporter->listen_address = address;
	assert_int_equal(exporter__run(exporter, "marks", NULL), 1);
	assert_logged(exporter, wanted);
	close(fd);
}

/* ---- signals ------------------------------------------------------------------------------------------- */

static void test_signal__ends_it_in_order(void **state)
{
	static const struct {
		int number;
		const char *text;
	} rows[] = {
		{ SIGTERM, "Received signal: terminated\n" },
		{ SIGINT, "Received signal: interrupt\n" },
	};
	struct exporter *exporter = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		exporter__start(exporter, "marks", NULL);
		assert_int_equal(exporter__end(exporter, rows[i].number), 0);
		assert_logged(exporter, rows[i].text);
		assert_logged(exporter, "Detached in ");
	}
}

/* ---- systemd ------------------------------------------------------------------------------------------- */

static void set_notify_socket(void *ctx)
{
	setenv("NOTIFY_SOCKET", ctx, 1);
}

static void expect_state(int fd, const char *wanted)
{
	char state[512] = "";

	if (recv(fd, state, sizeof(state) - 1, 0) < 0)
		fail_msg("no '%s': %s", wanted, strerror(errno));
	if (strncmp(state, wanted, strlen(wanted)) != 0)
		fail_msg("'%s' instead of '%s'", state, wanted);
}

static void test_notify__tells_every_step(void **state)
{
	struct exporter *exporter = *state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct timeval limit = { .tv_sec = 60 };
	char name[64];
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int len = snprintf(name, sizeof(name), "@sonde-test-notify-%d", getpid());

	assert_true(fd >= 0);
	memcpy(address.sun_path + 1, name + 1, (size_t)len - 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len)),
			 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	exporter->prepare = set_notify_socket;
	exporter->prepare_ctx = name;
	exporter__start(exporter, "marks", NULL);
	expect_state(fd, "STATUS=parsing config...");
	expect_state(fd, "STATUS=creating exporter...");
	expect_state(fd, "STATUS=attaching configs...");
	expect_state(fd, "STATUS=ready with 1 of 1 programs found in the config in ");
	expect_state(fd, "READY=1");
	assert_int_equal(exporter__stop(exporter), 0);
	expect_state(fd, "STOPPING=1");
	close(fd);
}

/* A manager that is gone is worth a line, not the end. */
static void test_notify__when_nobody_is_there(void **state)
{
	struct exporter *exporter = *state;
	char nowhere[] = "/nonexistent/notify";

	exporter->prepare = set_notify_socket;
	exporter->prepare_ctx = nowhere;
	exporter__start(exporter, "marks", NULL);
	assert_counts_its_mark(exporter);
	assert_int_equal(exporter__stop(exporter), 0);
	assert_logged(exporter,
		      "Service manager not told, ignoring: cannot notify '/nonexistent/notify'");
}

struct passed {
	int fds[2];
};

static void pass_sockets(void *ctx)
{
	const struct passed *passed = ctx;
	char pid[32];

	/* Descriptors 3 and 4; above them first, so that none overwrites another. */
	for (int i = 0; i < 2; i++)
		if (dup2(passed->fds[i], 100 + i) < 0)
			_exit(125);
	for (int i = 0; i < 2; i++)
		if (dup2(100 + i, 3 + i) < 0)
			_exit(125);
	snprintf(pid, sizeof(pid), "%d", getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "2", 1);
}

static void test_activation__takes_the_socket_of_that_number(void **state)
{
	struct exporter *exporter = *state;
	struct passed passed;
	uint16_t unused_port;

	passed.fds[0] = listen_on_loopback(&unused_port);
	passed.fds[1] = listen_on_loopback(&exporter->port);
	exporter->listen_address = "fd://1";
	exporter->prepare = pass_sockets;
	exporter->prepare_ctx = &passed;
	exporter__start(exporter, "marks", NULL);
	assert_counts_its_mark(exporter);
	assert_int_equal(exporter__stop(exporter), 0);
	close(passed.fds[0]);
	close(passed.fds[1]);
}

static void test_activation__when_there_are_too_few(void **state)
{
	struct exporter *exporter = *state;
	struct passed passed;
	uint16_t port;

	passed.fds[0] = listen_on_loopback(&port);
	passed.fds[1] = listen_on_loopback(&port);
	exporter->listen_address = "fd://2";
	exporter->prepare = pass_sockets;
	exporter->prepare_ctx = &passed;
	assert_int_equal(exporter__run(exporter, "marks", NULL), 1);
	assert_logged(
		exporter,
		"Error listening on fd://2: no listeners passed via activation; socket 2 of 2");
	close(passed.fds[0]);
	close(passed.fds[1]);
}

/* ---- privileges ---------------------------------------------------------------------------------------- */

/* The line of that name in /proc/PID/task/TID/status of every thread: all have the same value. */
static void assert_in_all_threads(const struct exporter *exporter, const char *line,
				  unsigned long long wanted)
{
	char path[128];
	struct dirent *entry;
	size_t threads = 0;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", exporter->pid);
	tasks = opendir(path);
	assert_non_null(tasks);
	while ((entry = readdir(tasks))) {
		char text[256], format[64];
		unsigned long long value = ~0ULL;
		FILE *file;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%.20s/status", exporter->pid,
			 entry->d_name);
		snprintf(format, sizeof(format), "%s:", line);
		file = fopen(path, "re");
		assert_non_null(file);
		while (fgets(text, sizeof(text), file))
			if (strncmp(text, format, strlen(format)) == 0)
				value = strtoull(text + strlen(format), NULL, 16);
		fclose(file);
		if (value != wanted)
			fail_msg("%s of thread %s is %llx, not %llx", line, entry->d_name, value,
				 wanted);
		threads++;
	}
	closedir(tasks);
	assert_true(threads > 0);
}

static void test_capabilities__all_given_up(void **state)
{
	static const char *const flags[] = { "--capabilities.keep=none", NULL };
	struct exporter *exporter = *state;

	exporter__start(exporter, "marks", flags);
	assert_in_all_threads(exporter, "CapEff", 0);
	assert_in_all_threads(exporter, "CapPrm", 0);
	assert_in_all_threads(exporter, "CapInh", 0);
	assert_counts_its_mark(exporter);
	assert_int_equal(exporter__stop(exporter), 0);
	assert_logged(exporter, "Dropped capabilities to \"=\"");
}

static void test_capabilities__some_kept(void **state)
{
	static const char *const flags[] = { "--capabilities.keep=cap_syslog,cap_kill", NULL };
	/* CAP_KILL is 5, CAP_SYSLOG 34 */
	const unsigned long long wanted = 1ULL << 5 | 1ULL << 34;
	struct exporter *exporter = *state;

	exporter__start(exporter, "marks", flags);
	assert_in_all_threads(exporter, "CapEff", wanted);
	assert_in_all_threads(exporter, "CapPrm", wanted);
	assert_in_all_threads(exporter, "CapInh", 0);
	assert_counts_its_mark(exporter);
	assert_int_equal(exporter__stop(exporter), 0);
	assert_logged(exporter, "Started with capabilities: \"");
	assert_logged(exporter, "Dropped capabilities to \"cap_kill,cap_syslog=ep\"");
}

static void become_nobody(void *ctx)
{
	(void)ctx;
	if (setgroups(0, NULL) < 0 || setgid(NOBODY) < 0 || setuid(NOBODY) < 0)
		_exit(125);
}

static void test_start__without_privileges(void **state)
{
	struct exporter *exporter = *state;

	assert_int_equal(chmod(exporter->dir, 0755), 0);
	exporter->prepare = become_nobody;
	assert_int_equal(exporter__run(exporter, "marks", NULL), 1);
	assert_logged(
		exporter,
		"Error attaching exporter: no privilege to load eBPF; run as root, or with CAP_BPF and "
		"CAP_PERFMON\n");
}

#define with_exporter(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_exporter(test_paths__that_there_are),
		with_exporter(test_paths__with_debug_and_another_telemetry_path),
		with_exporter(test_web_config__asks_for_a_password),
		with_exporter(test_web_config__that_is_wrong),
		with_exporter(test_slow_client__keeps_nobody_waiting),
		with_exporter(test_port__that_is_taken),
		with_exporter(test_signal__ends_it_in_order),
		with_exporter(test_notify__tells_every_step),
		with_exporter(test_notify__when_nobody_is_there),
		with_exporter(test_activation__takes_the_socket_of_that_number),
		with_exporter(test_activation__when_there_are_too_few),
		with_exporter(test_capabilities__all_given_up),
		with_exporter(test_capabilities__some_kept),
		with_exporter(test_start__without_privileges),
	};

	return cmocka_run_group_tests_name("cli_service", tests, NULL, NULL);
}
