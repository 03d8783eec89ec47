/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics of gadgets of the test's own: counted in the kernel, by the interpreter, out of maps that are written meanwhile and
 * out of snapshots; alone and beside events that are shown.
 */
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
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
#define THREADS 4

/* How often a thread fires, in thousands: an emulated processor takes ten times as long for each. */
static unsigned int thousands(unsigned int many)
{
	return getenv("SONDE_IN_VM") ? (many + 9) / 10 : many;
}

struct counter {
	struct exporter exporter; /* for its directory and its port */
	pid_t pid;
	char *text; /* owned; of the last scrape */
};

static void set_up(struct counter *counter, const char *object, const char *yaml)
{
	char path[128];
	FILE *file;

	*counter = (struct counter){ .text = NULL };
	exporter__init(&counter->exporter);
	exporter__add(&counter->exporter, object, object, "");
	(void)snprintf(path, sizeof(path), "%s/%s.yaml", counter->exporter.dir, object);
	(void)unlink(path);
	if (!yaml)
		return;
	(void)snprintf(path, sizeof(path), "%s/gadget.yaml", counter->exporter.dir);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(yaml, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void become(const struct counter *counter, const char *const *arguments, const char *out,
		   const char *log)
{
	int out_fd, log_fd;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (chdir(counter->exporter.dir) < 0)
		_exit(127);
	out_fd = open(out, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	log_fd = open(log, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	(void)dup2(out_fd, STDOUT_FILENO);
	(void)dup2(log_fd, STDERR_FILENO);
	(void)execv("./sonde", (char *const *)(uintptr_t)arguments);
	_exit(127);
}

static char *read_file(const struct counter *counter, const char *name)
{
	char path[128], *text;
	size_t len;

	(void)snprintf(path, sizeof(path), "%s/%s", counter->exporter.dir, name);
	return fd_read_all(AT_FDCWD, path, 64 << 20, &text, &len) == 0 ? text : strdup("");
}

/* Programs are attached before it says where its metrics are. */
static void wait_for_port(struct counter *counter)
{
	unsigned int port = 0;

	while (port == 0) {
		char *log = read_file(counter, "log");
		const char *told = strstr(log, "metrics    http://127.0.0.1:");

		if (told && strchr(told, '\n'))
			(void)sscanf(told, "metrics    http://127.0.0.1:%u", &port);
		if (port == 0 && waitpid(counter->pid, NULL, WNOHANG) != 0)
			fail_msg("it ended: %s", log);
		free(log);
		(void)usleep(1000);
	}
	counter->exporter.port = (uint16_t)port;
}

static void start(struct counter *counter, const char *object, const char *const *extra)
{
	const char *arguments[ARGUMENTS_MAX + 5] = { "sonde", "run", NULL, "--metrics",
						     "--listen=127.0.0.1:0" };
	char path[64];
	size_t count = 5;

	(void)snprintf(path, sizeof(path), "./%s.bpf.o", object);
	arguments[2] = path;
	for (size_t i = 0; extra && extra[i] && i < ARGUMENTS_MAX - 1; i++)
		arguments[count++] = extra[i];
	counter->pid = fork();
	assert_true(counter->pid >= 0);
	if (counter->pid == 0)
		become(counter, arguments, "out", "log");
	wait_for_port(counter);
}

static void scrape(struct counter *counter)
{
	struct reply reply;

	assert_true(http_get(counter->exporter.port, "/metrics", &reply));
	assert_int_equal(reply.status, 200);
	free(counter->text);
	counter->text = strdup(reply.body);
	reply__done(&reply);
}

static void assert_metric(const struct counter *counter, const char *series, double value)
{
	double found = metrics_value(counter->text, series);
	char name[64] = "", *lines;

	(void)sscanf(series, "%63[a-z_]", name);
	lines = metrics_lines(counter->text, name);
	if (!(found == value)) /* also NAN */
		fail_msg("%s is %g, not %g, in\n%.800s", series, found, value, lines);
	free(lines);
}

static void finish(struct counter *counter)
{
	int status;

	assert_int_equal(kill(counter->pid, SIGINT), 0);
	assert_int_equal(waitpid(counter->pid, &status, 0), counter->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	counter->pid = 0;
}

static void tear_down(struct counter *counter)
{
	if (counter->pid > 0)
		finish(counter);
	free(counter->text);
	exporter__done(&counter->exporter);
}

/* Old kernels cannot count what may be interrupted on its way: there all comes here. */
static bool is_in_kernel(const struct counter *counter)
{
	char *lines = metrics_lines(counter->text, "sonde_gadget_rung{");
	bool is_counted = strstr(lines, "slot\"") && !strstr(lines, "quiet") &&
			  !strstr(lines, "untouched");

	free(lines);
	return is_counted;
}

/* ---- what is fired ------------------------------------------------------------------------------------ */

struct shooter {
	uint64_t count;
	uint64_t (*what)(uint64_t i);
	uint64_t (*value)(uint64_t i);
};

static void *shoot(void *ctx)
{
	const struct shooter *shooter = ctx;

	for (uint64_t i = 0; i < shooter->count; i++)
		fire(shooter->what(i), shooter->value(i));
	return NULL;
}

static void shoot_from_all(struct shooter *shooter)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, shoot, shooter), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static uint64_t same(uint64_t i)
{
	return i;
}

static uint64_t one_of_three(uint64_t i)
{
	return 1 + i % 3;
}

static uint64_t scattered(uint64_t i)
{
	return (i * 2654435761u) % 5000;
}

/* ---- events ------------------------------------------------------------------------------------------- */

static const char fires_yaml[] = "name: fires\n"
				 "datasources:\n"
				 "  fires:\n"
				 "    annotations:\n"
				 "      metrics.collect: true\n"
				 "      metrics.implicit-counter.name: fires\n"
				 "    fields:\n"
				 "      what: {annotations: {metrics.type: key}}\n"
				 "      sig: {annotations: {metrics.type: key}}\n"
				 "      value:\n"
				 "        annotations:\n"
				 "          metrics.type: histogram\n"
				 "          metrics.name: fired\n"
				 "          metrics.unit: By\n"
				 "          metrics.boundaries: 9, 99, 999\n";

static void test_events__are_counted_in_the_kernel(void **state)
{
	const unsigned int wanted = 1000 * thousands(20),
			   third = wanted / 3; /* no multiple of 3, and one more */
	struct shooter shooter = { .count = wanted + wanted / 2,
				   .what = one_of_three,
				   .value = same };
	struct counter counter;
	char filter[32];

	(void)state;
	set_up(&counter, "road_events", fires_yaml);
	(void)snprintf(filter, sizeof(filter), "value<%u", wanted);
	start(&counter, "road_events", (const char *const[]){ "-F", filter, NULL });
	shoot_from_all(&shooter);
	scrape(&counter);
	if (!is_in_kernel(&counter)) {
		tear_down(&counter);
		puts("# skip: this kernel cannot count where a program may be interrupted");
		skip();
	}
	assert_metric(&counter, "fires_total{sig=\"SIGKILL\",what=\"1\"}", THREADS * (third + 1));
	assert_metric(&counter, "fires_total{sig=\"SIGKILL\",what=\"2\"}", THREADS * (third + 1));
	assert_metric(&counter, "fires_total{sig=\"SIGKILL\",what=\"3\"}", THREADS * third);
	assert_metric(&counter, "fired_bytes_bucket{sig=\"SIGKILL\",what=\"1\",le=\"9\"}",
		      THREADS * 4);
	assert_metric(&counter, "fired_bytes_bucket{sig=\"SIGKILL\",what=\"1\",le=\"999\"}",
		      THREADS * 334);
	assert_metric(&counter, "fired_bytes_count{sig=\"SIGKILL\",what=\"1\"}",
		      THREADS * (third + 1));
	/* 0, 3, … 3 * third */
	assert_metric(&counter, "fired_bytes_sum{sig=\"SIGKILL\",what=\"1\"}",
		      THREADS * ((double)third * (third + 1) / 2 * 3));
	assert_metric(&counter, "sonde_gadget_events_total{gadget=\"road_events\",map=\"events\"}",
		      0);
	assert_metric(&counter,
		      "sonde_gadget_lost_events_total{gadget=\"road_events\",map=\"events\"}", 0);
	tear_down(&counter);
}

/* The same records, to one that has them counted in the kernel and to one that may not change programs. */
static void test_events__kernel_and_interpreter_agree(void **state)
{
	static const char *const here[] = { "--no-rewrite", "--events_max_entries=16777216", "-F",
					    "what!=2", NULL };
	static const char *const there[] = { "-F", "what!=2", NULL };
	struct shooter shooter = { .count = 1000 * thousands(20),
				   .what = one_of_three,
				   .value = scattered };
	struct counter in_kernel, interpreted;
	char *expected, *found;

	(void)state;
	set_up(&in_kernel, "road_events", fires_yaml);
	set_up(&interpreted, "road_events", fires_yaml);
	start(&in_kernel, "road_events", there);
	start(&interpreted, "road_events", here);
	shoot_from_all(&shooter);
	scrape(&in_kernel);
	scrape(&interpreted);
	assert_metric(&interpreted,
		      "sonde_gadget_events_total{gadget=\"road_events\",map=\"events\"}",
		      (double)(THREADS * shooter.count));
	expected = metrics_lines(interpreted.text, "fire");
	found = metrics_lines(in_kernel.text, "fire");
	assert_true(strlen(expected) > 0);
	assert_string_equal(found, expected);
	free(expected);
	free(found);
	tear_down(&in_kernel);
	tear_down(&interpreted);
}

/* Whoever shows events is too slow for its ring, which takes nothing away from the counts. */
static void test_events__counts_beside_a_slow_reader(void **state)
{
	static const char *const flags[] = { "-o", "json", "--events_max_entries=4096", NULL };
	struct shooter shooter = { .count = 1000 * thousands(20),
				   .what = one_of_three,
				   .value = same };
	struct counter counter;
	double shown, lost, all = 0;

	(void)state;
	set_up(&counter, "road_events", fires_yaml);
	start(&counter, "road_events", flags);
	shoot_from_all(&shooter);
	scrape(&counter);
	for (int what = 1; what <= 3; what++) {
		char series[64];

		(void)snprintf(series, sizeof(series), "fires_total{sig=\"SIGKILL\",what=\"%d\"}",
			       what);
		all += metrics_value(counter.text, series);
	}
	shown = metrics_value(counter.text,
			      "sonde_gadget_events_total{gadget=\"road_events\",map=\"events\"}");
	lost = metrics_value(
		counter.text,
		"sonde_gadget_lost_events_total{gadget=\"road_events\",map=\"events\"}");
	if (is_in_kernel(&counter))
		assert_true(all == (double)(THREADS * shooter.count));
	else
		assert_true(all == shown);
	/* What is shown as lost is what the kernel did not get rid of, to the last event. */
	assert_true(shown > 0 && shown + lost == (double)(THREADS * shooter.count));
	tear_down(&counter);
}

/* More keys than there is room for: what has none is in the overflow series, and nothing is missing. */
static void test_events__more_keys_than_room(void **state)
{
	const int fired = 17000, room = 16384;
	struct counter counter;

	(void)state;
	set_up(&counter, "road_events", fires_yaml);
	start(&counter, "road_events",
	      (const char *const[]){ "--events_max_entries=16777216", NULL });
	for (int i = 0; i < fired; i++)
		fire((uint64_t)i, 1);
	scrape(&counter);
	assert_metric(&counter, "fires_total{sig=\"__overflow__\",what=\"__overflow__\"}",
		      fired - room);
	assert_int_equal(metrics_count(counter.text, "fires_total{sig=\"SIGKILL\""), room);
	tear_down(&counter);
}

/* A condition on what no label says, and that is no comparison: it has to be asked here. */
static void test_events__that_only_user_space_can_count(void **state)
{
	static const char *const flags[] = { "--text=abc", "-F", "text~^a.c$", NULL };
	struct counter counter;

	(void)state;
	set_up(&counter, "road_events", fires_yaml);
	start(&counter, "road_events", flags);
	for (int i = 0; i < 500; i++)
		fire(5, 1);
	scrape(&counter);
	assert_metric(&counter, "fires_total{sig=\"SIGKILL\",what=\"5\"}", 500);
	assert_false(is_in_kernel(&counter));
	tear_down(&counter);
}

static void test_events__without_a_word(void **state)
{
	struct counter counter;
	char series[256];

	(void)state;
	set_up(&counter, "road_events", NULL);
	start(&counter, "road_events", NULL);
	for (int i = 0; i < 300; i++)
		fire(5, 1);
	scrape(&counter);
	(void)snprintf(series, sizeof(series),
		       "road_events_events_total{error=\"\",k8s_containerName=\"\",k8s_namespace="
		       "\"\",k8s_podName=\"\",proc_comm=\"trigger\",runtime_containerName=\"\",sig="
		       "\"SIGKILL\"}");
	/* The test itself may run in a container. */
	if (isnan(metrics_value(counter.text, series)))
		assert_int_equal(metrics_count(counter.text, "road_events_events_total{"), 1);
	else
		assert_metric(&counter, series, 300);
	tear_down(&counter);
}

/* ---- tables ------------------------------------------------------------------------------------------- */

static const char rows_yaml[] = "name: rows\n"
				"datasources:\n"
				"  rows:\n"
				"    fields:\n"
				"      kind: {annotations: {metrics.type: key}}\n"
				"      size: {annotations: {metrics.unit: By}}\n";

static uint64_t one_of_ten_thousand(uint64_t i)
{
	return i % 10000;
}

static double sum_of_kinds(const struct counter *counter, const char *metric)
{
	double sum = 0;

	for (int kind = 0; kind < 4; kind++) {
		char series[128];

		(void)snprintf(series, sizeof(series), "%s{kind=\"%d\"}", metric, kind);
		sum += metrics_value(counter->text, series);
	}
	return sum;
}

static void test_table__is_read_while_all_write(void **state)
{
	const unsigned int count = 1000 * thousands(30);
	struct shooter shooter = { .count = count, .what = one_of_ten_thousand, .value = same };
	struct counter counter;
	pthread_t threads[THREADS];

	(void)state;
	set_up(&counter, "count_rows", rows_yaml);
	start(&counter, "count_rows", NULL);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, shoot, &shooter), 0);
	for (int i = 0; i < 5; i++)
		scrape(&counter);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	scrape(&counter);
	assert_true(sum_of_kinds(&counter, "count_rows_calls_total") == THREADS * count);
	assert_true(sum_of_kinds(&counter, "count_rows_size_bytes_sum") ==
		    THREADS * ((count - 1.0) * count / 2) * 3);
	tear_down(&counter);
}

static void test_table__a_hundred_million_observations(void **state)
{
	struct counter counter;

	(void)state;
	set_up(&counter, "count_rows", rows_yaml);
	start(&counter, "count_rows", NULL);
	/* Of one kind: slots 0, 4, … 24 and the last but one, 26 being of another. */
	for (uint64_t i = 0; i < 100; i++)
		fire(4 * (i % 7), 1000000);
	fire(26, 5);
	scrape(&counter);
	assert_metric(&counter, "count_rows_size_bytes_count{kind=\"0\"}", 1e8);
	assert_metric(&counter, "count_rows_size_bytes_bucket{kind=\"0\",le=\"1\"}", 15e6);
	assert_metric(&counter, "count_rows_size_bytes_bucket{kind=\"0\",le=\"16\"}", 30e6);
	assert_metric(&counter, "count_rows_size_bytes_sum{kind=\"0\"}", 3e8);
	/* What is in the last slot has no bound. */
	assert_metric(&counter, "count_rows_size_bytes_bucket{kind=\"2\",le=\"3.3554432e+07\"}", 0);
	assert_metric(&counter, "count_rows_size_bytes_bucket{kind=\"2\",le=\"+Inf\"}", 5);
	assert_int_equal(metrics_count(counter.text, "count_rows_size_bytes_bucket{kind=\"0\""),
			 27);
	tear_down(&counter);
}

/* What a program adds to a row while it is taken out of the map goes with it: of one thread a call each time, and rows are
 * taken out every 20 ms. */
static void assert_metric_nearly(const struct counter *counter, const char *series, double value)
{
	double found = metrics_value(counter->text, series);

	if (!(found <= value && found >= 0.98 * value)) /* also NAN */
		fail_msg("%s is %g, not %g or a little less", series, found, value);
}

/* Rows that are shown leave the map, and stay in the sums. */
static void test_table__is_drained_for_somebody(void **state)
{
	static const char *const flags[] = { "-o", "json", "--map-fetch-interval=20ms", NULL };
	struct counter counter;

	(void)state;
	set_up(&counter, "count_rows", rows_yaml);
	start(&counter, "count_rows", flags);
	for (int round = 1; round <= 3; round++) {
		char *out = NULL;
		char wanted[32];

		for (int i = 0; i < 1000; i++)
			fire(4, 7);
		fire((uint64_t)(round + 100) * 4, 1);
		scrape(&counter);
		(void)snprintf(wanted, sizeof(wanted), "\"what\":%d", (round + 100) * 4);
		do {
			free(out);
			(void)usleep(1000);
			out = read_file(&counter, "out");
		} while (!strstr(out, wanted));
		free(out);
		scrape(&counter);
		assert_metric_nearly(&counter, "count_rows_calls_total{kind=\"0\"}", round * 1001);
		assert_metric_nearly(&counter, "count_rows_size_bytes_sum{kind=\"0\"}",
				     round * (1000 * 21 + 3));
	}
	tear_down(&counter);
}

/* ---- snapshots ---------------------------------------------------------------------------------------- */

static void test_snapshot__is_taken_at_every_scrape(void **state)
{
	struct counter counter;
	char wanted[32];

	(void)state;
	set_up(&counter, "road_tasks", NULL);
	(void)snprintf(wanted, sizeof(wanted), "--wanted=%d", getpid());
	start(&counter, "road_tasks", (const char *const[]){ wanted, NULL });
	for (int i = 0; i < 3; i++) {
		scrape(&counter);
		assert_metric(&counter, "road_tasks_entries{comm=\"trigger\"}", 2);
	}
	tear_down(&counter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events__are_counted_in_the_kernel),
		cmocka_unit_test(test_events__kernel_and_interpreter_agree),
		cmocka_unit_test(test_events__counts_beside_a_slow_reader),
		cmocka_unit_test(test_events__more_keys_than_room),
		cmocka_unit_test(test_events__that_only_user_space_can_count),
		cmocka_unit_test(test_events__without_a_word),
		cmocka_unit_test(test_table__is_read_while_all_write),
		cmocka_unit_test(test_table__a_hundred_million_observations),
		cmocka_unit_test(test_table__is_drained_for_somebody),
		cmocka_unit_test(test_snapshot__is_taken_at_every_scrape),
	};

	/* What records call this process. */
	(void)prctl(PR_SET_NAME, "trigger");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
