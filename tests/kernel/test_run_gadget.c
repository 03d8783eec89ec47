/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `sonde run` on gadgets of the test's own: what their records say, filters, parameters, losses, tables, snapshots, and how
 * it ends.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/str.h"
#include "exporter.h"

#define ARGUMENTS_MAX 16
/* What the test fires to see that programs are attached, and when everything before is out. */
#define BEGIN 77
#define END 99

struct gadget_run {
	struct exporter exporter; /* for its directory only */
	pid_t pid;
	int out;            /* its stdout */
	struct strbuf text; /* of it */
};

static void set_up(struct gadget_run *run, const char *object)
{
	*run = (struct gadget_run){ .out = -1 };
	exporter__init(&run->exporter);
	exporter__add(&run->exporter, object, object, "");
}

/* The object stands in a folder with a gadget.yaml of its own. */
static void add_yaml(struct gadget_run *run, const char *yaml)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/gadget.yaml", run->exporter.dir);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(yaml, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void remove_own_yaml(const struct gadget_run *run, const char *object)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s.yaml", run->exporter.dir, object);
	(void)unlink(path);
}

static void start(struct gadget_run *run, const char *object, const char *const *extra)
{
	const char *arguments[ARGUMENTS_MAX + 4] = { "sonde", "run", NULL };
	char path[64], log[128];
	int pipe_fds[2], log_fd;
	size_t count = 2;

	remove_own_yaml(run, object);
	(void)snprintf(path, sizeof(path), "./%s.bpf.o", object);
	(void)snprintf(log, sizeof(log), "%s/log", run->exporter.dir);
	arguments[count++] = path;
	for (size_t i = 0; extra && extra[i] && i < ARGUMENTS_MAX; i++)
		arguments[count++] = extra[i];
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	log_fd = open(log, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(log_fd >= 0);
	run->pid = fork();
	assert_true(run->pid >= 0);
	if (run->pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)dup2(pipe_fds[1], STDOUT_FILENO);
		(void)dup2(log_fd, STDERR_FILENO);
		if (chdir(run->exporter.dir) == 0)
			(void)execv("./sonde", (char *const *)(uintptr_t)arguments);
		_exit(127);
	}
	close(pipe_fds[1]);
	close(log_fd);
	run->out = pipe_fds[0];
}

static bool read_more(struct gadget_run *run)
{
	char buffer[65536];
	ssize_t len = read(run->out, buffer, sizeof(buffer));

	if (len > 0)
		strbuf__add(&run->text, buffer, (size_t)len);
	return len > 0;
}

/* Fires until a record of it came, which says that programs are attached. */
static void wait_until_attached(struct gadget_run *run)
{
	char wanted[32];

	(void)snprintf(wanted, sizeof(wanted), "\"what\":%d", BEGIN);
	assert_int_equal(fcntl(run->out, F_SETFL, O_NONBLOCK), 0);
	while (!strstr(strbuf__text(&run->text), wanted)) {
		fire(BEGIN, 0);
		if (!read_more(run))
			assert_int_equal(waitpid(run->pid, NULL, WNOHANG), 0);
		(void)usleep(1000);
	}
	assert_int_equal(fcntl(run->out, F_SETFL, 0), 0);
}

static void read_until(struct gadget_run *run, const char *text)
{
	while (!strstr(strbuf__text(&run->text), text))
		assert_true(read_more(run));
}

/* Its exit status, once all that it wrote is read; with its log behind what it wrote. */
static int finish(struct gadget_run *run, int signal_number)
{
	char path[128], *log;
	size_t len;
	int status;

	if (signal_number)
		assert_int_equal(kill(run->pid, signal_number), 0);
	while (run->out >= 0 && read_more(run))
		;
	assert_int_equal(waitpid(run->pid, &status, 0), run->pid);
	(void)snprintf(path, sizeof(path), "%s/log", run->exporter.dir);
	assert_int_equal(fd_read_all(AT_FDCWD, path, 1 << 20, &log, &len), 0);
	strbuf__add_text(&run->text, "\nLOG\n");
	strbuf__add(&run->text, log, len);
	free(log);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void tear_down(struct gadget_run *run)
{
	if (run->out >= 0)
		close(run->out);
	strbuf__done(&run->text);
	exporter__done(&run->exporter);
}

static size_t count_of(struct gadget_run *run, const char *text)
{
	const char *at = strbuf__text(&run->text);
	size_t count = 0;

	while ((at = strstr(at, text))) {
		count++;
		at += strlen(text);
	}
	return count;
}

static void assert_has(struct gadget_run *run, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void assert_has(struct gadget_run *run, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!strstr(strbuf__text(&run->text), text))
		fail_msg("no '%s' in\n%s", text, strbuf__text(&run->text));
}

/* ---- events -------------------------------------------------------------------------------------------- */

static void test_run__fields(void **state)
{
	struct gadget_run run;

	(void)state;
	set_up(&run, "road_events");
	start(&run, "road_events",
	      (const char *const[]){ "-o", "json", "--text=hello", "--is_failing", NULL });
	wait_until_attached(&run);
	for (int i = 0; i < 1000; i++)
		fire(2, (uint64_t)(int64_t)-i);
	fire(END, 0);
	read_until(&run, "\"what\":99");
	assert_int_equal(finish(&run, SIGINT), 0);
	assert_int_equal(count_of(&run, "\"what\":2}\n"), 1000);
	assert_has(&run, "\"value\":-999,\"what\":2}");
	assert_has(&run, "\"error\":\"ENOENT\",\"error_raw\":2");
	assert_has(&run, "\"sig\":\"SIGKILL\",\"sig_raw\":9");
	assert_has(&run, "\"text\":\"hello\"");
	assert_has(&run, "\"pid\":%d,\"tid\":%d", getpid(), getpid());
	assert_has(&run, "\"runtime\":{\"containerId\":\"");
	tear_down(&run);
}

static void test_run__filters(void **state)
{
	struct gadget_run run;

	(void)state;
	set_up(&run, "road_events");
	start(&run, "road_events",
	      (const char *const[]){ "-ojson", "-F", "what!=1,value<10", "-E",
				     "what != 3 or value > 5", NULL });
	wait_until_attached(&run);
	for (int what = 1; what <= 3; what++)
		for (unsigned int value = 0; value < 20; value++)
			fire((uint64_t)what, value);
	fire(END, 0);
	read_until(&run, "\"what\":99");
	assert_int_equal(finish(&run, SIGTERM), 0);
	assert_int_equal(count_of(&run, "\"what\":1}\n"), 0);
	assert_int_equal(count_of(&run, "\"what\":2}\n"), 10);
	assert_int_equal(count_of(&run, "\"what\":3}\n"), 4);
	tear_down(&run);
}

static void test_run__parameters(void **state)
{
	struct gadget_run run;
	char pid[32];

	(void)state;
	set_up(&run, "road_events");
	(void)snprintf(pid, sizeof(pid), "--pid=%d", getpid());
	start(&run, "road_events",
	      (const char *const[]){ "-o", "json", "--wanted", "77", pid, NULL });
	wait_until_attached(&run);
	fire(2, 0);
	fire(BEGIN, 4711);
	read_until(&run, "\"value\":4711");
	assert_int_equal(finish(&run, SIGINT), 0);
	assert_int_equal(count_of(&run, "\"what\":2}"), 0);
	tear_down(&run);
}

/* The number in a line of /proc/PID/fdinfo/FD; 0 when it has no such line. */
static uint32_t fdinfo_number(const char *path, const char *name)
{
	FILE *file = fopen(path, "re");
	uint32_t number = 0;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, name, strlen(name)) == 0)
			number = (uint32_t)strtoul(line + strlen(name), NULL, 10);
	if (file)
		fclose(file);
	return number;
}

/* What the cells of all CPUs have together in the first row of that map; false when it is another one. */
static bool read_total(uint32_t map_id, const char *name, uint64_t *ret_total)
{
	struct bpf_map_info info = { .id = 0 };
	uint32_t len = sizeof(info), zero = 0;
	uint64_t cells[1024] = { 0 };
	int fd = bpf_map_get_fd_by_id(map_id);
	bool is_it = fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &len) == 0 &&
		     strcmp(info.name, name) == 0;

	assert_true(libbpf_num_possible_cpus() <= 1024);
	if (is_it) {
		assert_int_equal(bpf_map_lookup_elem(fd, &zero, cells), 0);
		*ret_total = 0;
		for (size_t i = 0; i < 1024; i++)
			*ret_total += cells[i];
	}
	if (fd >= 0)
		close(fd);
	return is_it;
}

/* What the program itself has counted as lost: in the map of the running sonde, while nobody fires. */
static uint64_t lost_in_kernel(const struct gadget_run *run)
{
	char dir[64], path[512];
	uint64_t total = 0;
	bool is_found = false;
	const struct dirent *entry;
	DIR *infos;

	(void)snprintf(dir, sizeof(dir), "/proc/%d/fdinfo", (int)run->pid);
	infos = opendir(dir);
	assert_non_null(infos);
	while (!is_found && (entry = readdir(infos))) {
		uint32_t id;

		(void)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		id = fdinfo_number(path, "map_id:");
		/* events_lost_samples, as far as names go. */
		is_found = id > 0 && read_total(id, "events_lost_sam", &total);
	}
	closedir(infos);
	assert_true(is_found);
	return total;
}

static void test_run__slow_reader(void **state)
{
	struct gadget_run run;
	unsigned long long lost = 0, received = 0, begun;
	uint64_t in_kernel;
	const char *told;
	const int fired = getenv("SONDE_IN_VM") ? 30000 : 100000;

	(void)state;
	set_up(&run, "road_events");
	start(&run, "road_events",
	      (const char *const[]){ "-o", "json", "--events_max_entries=4096", NULL });
	wait_until_attached(&run);
	/* Nobody reads: its buffer, the pipe and the ring fill up. */
	for (int i = 0; i < fired; i++)
		fire(2, (uint64_t)i);
	in_kernel = lost_in_kernel(&run);
	assert_int_equal(finish(&run, SIGINT), 0);
	told = strstr(strbuf__text(&run.text), "data source 'fires': ");
	assert_non_null(told);
	assert_int_equal(sscanf(told, "data source 'fires': %llu events were lost, %llu received",
				&lost, &received),
			 2);
	begun = count_of(&run, "\"what\":77}\n");
	assert_int_equal(count_of(&run, "\"what\":2}\n"), received - begun);
	/* What is told is what the kernel counted, to the last event. */
	assert_int_equal(lost, in_kernel);
	/* Of those at the beginning some may be lost as well: they are told apart by nobody. */
	assert_true(lost + received >= (unsigned long long)fired + begun);
	assert_true(received < (unsigned long long)fired);
	tear_down(&run);
}

static void test_run__without_a_program(void **state)
{
	struct gadget_run run;

	(void)state;
	set_up(&run, "road_half");
	start(&run, "road_half", (const char *const[]){ "-o", "json", NULL });
	wait_until_attached(&run);
	assert_int_equal(finish(&run, SIGINT), 0);
	assert_has(&run, "Failed to attach program \"cannot_attach\" ");
	close(run.out);
	strbuf__reset(&run.text);
	start(&run, "road_half", (const char *const[]){ "-o", "json", "--strict", NULL });
	assert_int_equal(finish(&run, 0), 1);
	assert_has(&run, "prog 'cannot_attach' (uprobe ./trigger:no_such_function_anywhere): ");
	assert_int_equal(count_of(&run, "\"what\""), 0);
	/* Programs of its own do without what nobody asks for. */
	assert_int_equal(count_of(&run, "does not tell"), 0);
	tear_down(&run);
}

static void test_run__timeout(void **state)
{
	struct gadget_run run;

	(void)state;
	set_up(&run, "road_events");
	start(&run, "road_events", (const char *const[]){ "-t", "10ms", "-o", "none", NULL });
	assert_int_equal(finish(&run, 0), 0);
	tear_down(&run);
}

static void test_run__nobody_reads_any_more(void **state)
{
	struct gadget_run run;
	int status = 0;

	(void)state;
	set_up(&run, "road_events");
	start(&run, "road_events", (const char *const[]){ "-o", "json", NULL });
	wait_until_attached(&run);
	close(run.out);
	run.out = -1;
	while (waitpid(run.pid, &status, WNOHANG) == 0) {
		fire(2, 0);
		(void)usleep(1000);
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	tear_down(&run);
}

/* ---- tables and snapshots ------------------------------------------------------------------------------ */

static const char rows_yaml[] = "name: rows\n"
				"datasources:\n"
				"  rows: {annotations: {ebpf.map.flush-on-stop: true}}\n"
				"  by_cpu: {annotations: {ebpf.map.flush-on-stop: true}}\n";

/* Before anything comes out the log tells when programs are attached. */
static void wait_until_told(struct gadget_run *run, const char *told)
{
	char log[128];

	(void)snprintf(log, sizeof(log), "%s/log", run->exporter.dir);
	for (;;) {
		char *text;
		size_t len;
		bool is_told;

		assert_int_equal(fd_read_all(AT_FDCWD, log, 1 << 20, &text, &len), 0);
		is_told = strstr(text, told) != NULL;
		free(text);
		if (is_told)
			return;
		assert_int_equal(waitpid(run->pid, NULL, WNOHANG), 0);
		(void)usleep(1000);
	}
}

#define ALL_ATTACHED "gadgets are attached"

static void test_run__tables_at_the_end(void **state)
{
	struct gadget_run run;

	(void)state;
	set_up(&run, "road_rows");
	add_yaml(&run, rows_yaml);
	start(&run, "road_rows",
	      (const char *const[]){ "-o", "json", "--map-fetch-interval", "rows:0,by_cpu:0",
				     "--sort", "rows:-what;by_cpu:what", "--max-entries", "rows:2",
				     "-F", "what<=3", "--debug", NULL });
	wait_until_told(&run, ALL_ATTACHED);
	for (unsigned int i = 0; i < 3000; i++)
		fire(1 + i % 3, 7);
	/* Every key that one byte can have, so that the walk has many rounds. */
	for (unsigned int what = 4; what < 256; what++)
		fire(what, 1);
	assert_int_equal(finish(&run, SIGINT), 0);
	assert_has(&run, "[{\"calls\":1000,\"stream\":\"rows\",\"sum\":7000,\"what\":3},"
			 "{\"calls\":1000,\"stream\":\"rows\",\"sum\":7000,\"what\":2}]");
	/* The other one is not cut. */
	assert_has(&run, "[{\"calls\":1000,\"stream\":\"by_cpu\",\"sum\":7000,\"what\":1},"
			 "{\"calls\":1000,\"stream\":\"by_cpu\",\"sum\":7000,\"what\":2},"
			 "{\"calls\":1000,\"stream\":\"by_cpu\",\"sum\":7000,\"what\":3}]");
	tear_down(&run);
}

static void test_run__tables_by_their_own_intervals(void **state)
{
	struct gadget_run run;

	(void)state;
	set_up(&run, "road_rows");
	add_yaml(&run, rows_yaml);
	start(&run, "road_rows",
	      (const char *const[]){ "-o", "json", "--map-fetch-interval", "rows:20ms,by_cpu:1h",
				     "--debug", NULL });
	wait_until_told(&run, ALL_ATTACHED);
	for (unsigned int round = 1; round <= 3; round++) {
		char sum[64];

		(void)snprintf(sum, sizeof(sum), "\"stream\":\"rows\",\"sum\":%u,\"what\":7",
			       round);
		fire(7, round);
		read_until(&run, sum);
	}
	assert_int_equal(count_of(&run, "by_cpu"), 0);
	assert_int_equal(finish(&run, SIGINT), 0);
	assert_has(&run, "[{\"calls\":3,\"stream\":\"by_cpu\",\"sum\":6,\"what\":7}]");
	tear_down(&run);
}

static void test_run__snapshot(void **state)
{
	struct gadget_run run;
	char wanted[32];

	(void)state;
	set_up(&run, "road_tasks");
	(void)snprintf(wanted, sizeof(wanted), "--wanted=%d", getpid());
	start(&run, "road_tasks", (const char *const[]){ "-o", "json", wanted, NULL });
	/* It has been shown, so it ends. */
	assert_int_equal(finish(&run, 0), 0);
	assert_has(&run,
		   "[{\"comm\":\"trigger\",\"from\":1,\"pid\":%d},"
		   "{\"comm\":\"trigger\",\"from\":2,\"pid\":%d}]\n",
		   getpid(), getpid());
	tear_down(&run);
}

static void test_run__snapshot_at_the_end(void **state)
{
	struct gadget_run run;
	char wanted[32];

	(void)state;
	set_up(&run, "road_tasks");
	add_yaml(&run, "name: tasks\ndatasources:\n  entries:\n    annotations:\n"
		       "      fetch-interval: 1h\n      fetch-count: 0\n"
		       "      ebpf.iter.fetch-on-stop: true\n");
	(void)snprintf(wanted, sizeof(wanted), "--wanted=%d", getpid());
	start(&run, "road_tasks", (const char *const[]){ "-o", "json", wanted, NULL });
	read_until(&run, "\"comm\":\"trigger\"");
	(void)prctl(PR_SET_NAME, "at-the-end");
	assert_int_equal(finish(&run, SIGINT), 0);
	(void)prctl(PR_SET_NAME, "trigger");
	assert_has(&run,
		   "[{\"comm\":\"at-the-end\",\"from\":1,\"pid\":%d},"
		   "{\"comm\":\"at-the-end\",\"from\":2,\"pid\":%d}]\n",
		   getpid(), getpid());
	tear_down(&run);
}

/* ---- probes beside, and reloads ------------------------------------------------------------------------ */

/* Where it serves metrics, as it says on stderr. */
static uint16_t wait_until_served(struct gadget_run *run)
{
	char path[128];
	unsigned int port = 0;

	(void)snprintf(path, sizeof(path), "%s/log", run->exporter.dir);
	while (!port) {
		const char *url;
		char *log;
		size_t len;

		assert_int_equal(waitpid(run->pid, NULL, WNOHANG), 0);
		assert_int_equal(fd_read_all(AT_FDCWD, path, 1 << 20, &log, &len), 0);
		url = strstr(log, "http://127.0.0.1:");
		if (url && strchr(url, '\n'))
			assert_int_equal(sscanf(url, "http://127.0.0.1:%u/", &port), 1);
		free(log);
		(void)usleep(1000);
	}
	return (uint16_t)port;
}

static double served(uint16_t port, const char *series)
{
	struct reply reply;
	double value;

	assert_true(http_get(port, "/metrics", &reply));
	value = metrics_value(reply.body, series);
	reply__done(&reply);
	return value;
}

static void reload(const struct gadget_run *run, uint16_t port, const char *series, double wanted)
{
	assert_int_equal(kill(run->pid, SIGHUP), 0);
	while (!(served(port, series) >= wanted))
		(void)usleep(1000);
}

static void test_run__probes_beside(void **state)
{
	struct gadget_run run;
	uint16_t port;

	(void)state;
	set_up(&run, "road_events");
	exporter__add(&run.exporter, "beside", "sizes",
		      "metrics:\n  counters:\n    - name: marks_total\n      help: Marks\n");
	start(&run, "road_events",
	      (const char *const[]){ "beside", "-o", "json", "--probes=.", "--listen=127.0.0.1:0",
				     NULL });
	wait_until_attached(&run);
	port = wait_until_served(&run);
	assert_true(served(port, "sonde_metric_active{config=\"beside\",metric=\"ebpf_exporter_"
				 "marks_total\"}") == 1);
	assert_int_equal(finish(&run, SIGINT), 0);
	tear_down(&run);
}

#define RELOADED "sonde_config_reloads_total{result=\"success\"}"
#define NOT_RELOADED "sonde_config_reloads_total{result=\"failure\"}"

static void test_run__reload(void **state)
{
	struct gadget_run run;
	uint16_t port;

	(void)state;
	set_up(&run, "road_events");
	add_yaml(&run, "name: road events\n");
	start(&run, "road_events",
	      (const char *const[]){ "-o", "json", "--metrics", "--listen=127.0.0.1:0", NULL });
	wait_until_attached(&run);
	port = wait_until_served(&run);
	/* Nothing has changed: nothing is missed. */
	for (int i = 0; i < 500; i++)
		fire(2, 1);
	reload(&run, port, RELOADED, 1);
	for (int i = 0; i < 500; i++)
		fire(2, 1);
	/* What cannot be read changes nothing. */
	add_yaml(&run, "name: [\n");
	reload(&run, port, NOT_RELOADED, 1);
	fire(3, 1);
	read_until(&run, "\"what\":3}");
	assert_int_equal(count_of(&run, "\"what\":2}\n"), 1000);
	assert_has(&run, "\"text\":");
	/* What has changed is shown as it is now. */
	add_yaml(&run, "name: road events\ndatasources:\n  fires:\n    fields:\n      text:\n"
		       "        annotations: {json.skip: true}\n");
	reload(&run, port, RELOADED, 2);
	strbuf__reset(&run.text);
	fire(4, 1);
	read_until(&run, "\"what\":4}");
	assert_int_equal(count_of(&run, "\"text\":"), 0);
	assert_int_equal(finish(&run, SIGINT), 0);
	tear_down(&run);
}

/* ---- mistakes ------------------------------------------------------------------------------------------ */

static void test_run__says_what_is_wrong(void **state)
{
	static const struct {
		const char *argument;
		int status;
		const char *text;
	} rows[] = {
		{ "--wantd=3", 2, "did you mean '--wanted'" },
		{ "--output=jsn", 2, "did you mean 'json'?" },
		{ "--wanted=many", 1, "it must be a whole number" },
		{ "--text=muchtoolong", 1, "is too long" },
		{ "--filter=wat==1", 1, "what" },
		{ "--fields=wat", 1, "what" },
		{ "--sort=what", 1, "these data sources are events" },
		{ "--events_max_entries=0", 1, "it must be 1 to" },
		{ "no_such", 1, "probe" },
		{ "--param=road_events.colour=red", 1, "has no parameter 'colour'" },
	};
	struct gadget_run run;

	(void)state;
	set_up(&run, "road_events");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		start(&run, "road_events", (const char *const[]){ rows[i].argument, NULL });
		assert_int_equal(finish(&run, 0), rows[i].status);
		assert_has(&run, "%s", rows[i].text);
		close(run.out);
		run.out = -1;
		strbuf__reset(&run.text);
	}
	tear_down(&run);
}

static void test_run__help_has_parameters(void **state)
{
	struct gadget_run run;

	(void)state;
	set_up(&run, "road_events");
	start(&run, "road_events", (const char *const[]){ "--help", NULL });
	assert_int_equal(finish(&run, 0), 0);
	assert_has(&run, "--[no-]is_failing");
	assert_has(&run, "--events_max_entries=TEXT");
	assert_has(&run, "Default: 262144.");
	tear_down(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__fields),
		cmocka_unit_test(test_run__filters),
		cmocka_unit_test(test_run__parameters),
		cmocka_unit_test(test_run__slow_reader),
		cmocka_unit_test(test_run__without_a_program),
		cmocka_unit_test(test_run__timeout),
		cmocka_unit_test(test_run__nobody_reads_any_more),
		cmocka_unit_test(test_run__tables_at_the_end),
		cmocka_unit_test(test_run__tables_by_their_own_intervals),
		cmocka_unit_test(test_run__snapshot),
		cmocka_unit_test(test_run__snapshot_at_the_end),
		cmocka_unit_test(test_run__probes_beside),
		cmocka_unit_test(test_run__reload),
		cmocka_unit_test(test_run__says_what_is_wrong),
		cmocka_unit_test(test_run__help_has_parameters),
	};

	(void)prctl(PR_SET_NAME, "trigger");
	return cmocka_run_group_tests_name("run_gadget", tests, NULL, NULL);
}
