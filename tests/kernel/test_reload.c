/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reloads of a running exporter: what goes on, what begins anew, and what a failed one leaves alone. What is counted are
 * the test's own calls of fire().
 */
#include <arpa/inet.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "exporter.h"

#define SERIES(name) "ebpf_exporter_" name
#define LABEL(name)                                                                                \
	"      labels:\n        - name: " name                                                     \
	"\n          size: 4\n          decoders:\n            - name: uint\n"
#define COUNTER(name, label) "    - name: " name "\n      help: h\n" LABEL(label)
#define EVENTS                                                                                     \
	"    - name: events_total\n      help: h\n      perf_event_array: true\n"                  \
	"      flush_interval: 1h\n      labels:\n        - name: what\n          size: 8\n"       \
	"          decoders:\n            - name: uint\n"
#define YAML(counters) "metrics:\n  counters:\n" counters
#define WRITERS_MAX 64
#define RELOADS 12

static const char *const lifecycle[] = { "--web.enable-lifecycle", NULL };

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

/* ---- asking for a reload ---- */

/* Status of POST PATH; the reply's body is in text. */
static int post(const struct exporter *exporter, const char *path, char *text, size_t size)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(exporter->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char request[256];
	size_t len = 0;
	ssize_t n;
	int status;

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	n = snprintf(request, sizeof(request),
		     "POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
		     "Content-Length: 0\r\n\r\n",
		     path);
	assert_int_equal(write(fd, request, (size_t)n), n);
	while (len < size - 1 && (n = read(fd, text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	text[len] = '\0';
	assert_int_equal(sscanf(text, "HTTP/1.1 %d", &status), 1);
	return status;
}

static void reload(const struct exporter *exporter)
{
	char text[4096];

	if (post(exporter, "/-/reload", text, sizeof(text)) != 200)
		fail_msg("not reloaded: %s", text);
}

/* The reply must say this. */
static void reload_in_vain(const struct exporter *exporter, const char *reason)
{
	char text[4096];

	assert_int_equal(post(exporter, "/-/reload", text, sizeof(text)), 500);
	if (!strstr(text, reason))
		fail_msg("'%s' is not in: %s", reason, text);
}

static double value_of(struct exporter *exporter, const char *series)
{
	char *metrics = exporter__scrape(exporter);
	double value = metrics_value(metrics, series);

	free(metrics);
	return value;
}

static double sum_of(const char *metrics, const char *prefix)
{
	char *lines = metrics_lines(metrics, prefix);
	double sum = 0;

	for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n"))
		sum += strtod(strrchr(line, ' ') + 1, NULL);
	free(lines);
	return sum;
}

static void start(struct exporter *exporter, const char *yaml)
{
	exporter__add(exporter, "reload", "reload", yaml);
	exporter__start(exporter, "reload", lifecycle);
}

/* ---- what goes on ---- */

static void test_reload__other_labels_same_counts(void **state)
{
	struct exporter *exporter = *state;

	start(exporter, YAML(COUNTER("shared_total", "what")));
	fire(3, 0);
	fire(3, 0);
	exporter__add(exporter, "reload", NULL,
		      YAML(COUNTER("shared_total", "number") COUNTER("copied_total", "what")));
	reload(exporter);
	fire(3, 0);
	assert_true(value_of(exporter, SERIES("shared_total{number=\"3\"}")) == 3);
	/* Nobody read it before, and yet the program that ran counted. */
	assert_true(value_of(exporter, SERIES("copied_total{what=\"3\"}")) == 3);
	assert_true(isnan(value_of(exporter, SERIES("shared_total{what=\"3\"}"))));
	assert_true(value_of(exporter, "sonde_config_detached_seconds_total{config=\"reload\"}") ==
		    0);
	assert_true(value_of(exporter, "sonde_config_reloads_total{result=\"success\"}") == 1);
	assert_int_equal(exporter__stop(exporter), 0);
}

static void test_reload__another_object_takes_over_what_agrees(void **state)
{
	struct exporter *exporter = *state;
	const char *yaml = YAML(COUNTER("shared_total", "what") COUNTER("copied_total", "what")
					COUNTER("changed_total", "what"));
	char *metrics;

	start(exporter, yaml);
	for (int i = 0; i < 5; i++)
		fire(7, 0);
	exporter__add(exporter, "reload", "reload_next", yaml);
	reload(exporter);
	fire(7, 0);
	metrics = exporter__scrape(exporter);
	assert_true(metrics_value(metrics, SERIES("shared_total{what=\"7\"}")) == 6);
	assert_true(metrics_value(metrics, SERIES("copied_total{what=\"7\"}")) == 6);
	assert_true(metrics_value(metrics, SERIES("changed_total{what=\"7\"}")) == 1);
	assert_true(metrics_value(metrics,
				  "sonde_config_detached_seconds_total{config=\"reload\"}") > 0);
	free(metrics);
	/* And back: a map that is smaller holds what there is. */
	exporter__add(exporter, "reload", "reload", yaml);
	reload(exporter);
	fire(7, 0);
	assert_true(value_of(exporter, SERIES("copied_total{what=\"7\"}")) == 7);
	assert_int_equal(exporter__stop(exporter), 0);
}

static void test_reload__by_signal(void **state)
{
	struct exporter *exporter = *state;

	exporter__add(exporter, "reload", "reload", YAML(COUNTER("shared_total", "what")));
	exporter__start(exporter, "reload", NULL);
	fire(1, 0);
	exporter__add(exporter, "reload", NULL, YAML(COUNTER("shared_total", "number")));
	assert_int_equal(kill(exporter->pid, SIGHUP), 0);
	/* Signals are read by the same loop: what is asked later is answered later. */
	while (value_of(exporter, "sonde_config_reloads_total{result=\"success\"}") == 0)
		usleep(10000);
	assert_true(value_of(exporter, SERIES("shared_total{number=\"1\"}")) == 1);
	assert_int_equal(exporter__stop(exporter), 0);
	assert_non_null(strstr(exporter->log, "Reloaded in "));
}

static void test_reload__path_is_there_only_when_asked_for(void **state)
{
	struct exporter *exporter = *state;
	struct reply reply;
	char text[4096];

	exporter__add(exporter, "reload", "reload", YAML(COUNTER("shared_total", "what")));
	exporter__start(exporter, "reload", NULL);
	assert_int_equal(post(exporter, "/-/reload", text, sizeof(text)), 405);
	assert_int_equal(exporter__stop(exporter), 0);
	exporter__start(exporter, "reload", lifecycle);
	exporter__get(exporter, "/-/reload", &reply);
	assert_int_equal(reply.status, 405);
	reply__done(&reply);
	assert_int_equal(exporter__stop(exporter), 0);
}

static void test_reload__events_and_ledgers_go_on(void **state)
{
	struct exporter *exporter = *state;
	const char *rows = "sonde_metric_decode_errors_total{config=\"reload\",metric=\"" SERIES(
		"events_total\"}");

	start(exporter, YAML(EVENTS));
	fire(5, 1);
	fire(5, 1);
	exporter__add(exporter, "reload", NULL, YAML(EVENTS COUNTER("shared_total", "what")));
	reload(exporter);
	fire(5, 1);
	assert_true(value_of(exporter, SERIES("events_total{what=\"5\"}")) == 3);
	assert_true(value_of(exporter, rows) == 0);
	/* Nothing changed: nothing happens. */
	reload(exporter);
	fire(5, 1);
	assert_true(value_of(exporter, SERIES("events_total{what=\"5\"}")) == 4);
	assert_int_equal(exporter__stop(exporter), 0);
}

/* Writers on all CPUs never stop: at the end every call has been counted once, and no total ever fell. */

struct writer {
	pthread_t thread;
	uint64_t calls;
};

static atomic_bool is_over;

static void *write_on(void *ctx)
{
	struct writer *writer = ctx;

	while (!atomic_load(&is_over)) {
		fire(writer->calls % 8, writer->calls % 64 == 0);
		writer->calls++;
	}
	return NULL;
}

static size_t begin_writing(struct writer *writers)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t count = cpus < WRITERS_MAX ? (size_t)cpus : WRITERS_MAX;

	atomic_store(&is_over, false);
	for (size_t i = 0; i < count; i++) {
		writers[i].calls = 0;
		assert_int_equal(pthread_create(&writers[i].thread, NULL, write_on, &writers[i]),
				 0);
	}
	return count;
}

static double end_writing(struct writer *writers, size_t count)
{
	double calls = 0;

	atomic_store(&is_over, true);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(pthread_join(writers[i].thread, NULL), 0);
		calls += (double)writers[i].calls;
	}
	return calls;
}

static void test_reload__under_load_counts_every_call_once(void **state)
{
	static const char *const yamls[] = {
		YAML(COUNTER("shared_total", "what") COUNTER("copied_total", "what")),
		YAML(COUNTER("shared_total", "number") COUNTER("copied_total", "what")),
	};
	struct exporter *exporter = *state;
	struct writer writers[WRITERS_MAX];
	double last_shared = 0, last_copied = 0, calls;
	char *metrics;
	size_t count;

	start(exporter, yamls[0]);
	count = begin_writing(writers);
	for (int i = 1; i <= RELOADS; i++) {
		double shared, copied;

		exporter__add(exporter, "reload", NULL, yamls[i % 2]);
		reload(exporter);
		metrics = exporter__scrape(exporter);
		shared = sum_of(metrics, SERIES("shared_total{"));
		copied = sum_of(metrics, SERIES("copied_total{"));
		free(metrics);
		assert_true(shared >= last_shared && copied >= last_copied);
		last_shared = shared;
		last_copied = copied;
	}
	calls = end_writing(writers, count);
	metrics = exporter__scrape(exporter);
	assert_true(sum_of(metrics, SERIES("shared_total{")) == calls);
	assert_true(sum_of(metrics, SERIES("copied_total{")) == calls);
	assert_true(metrics_value(metrics, "sonde_config_reloads_total{result=\"success\"}") ==
		    RELOADS);
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
}

/* While programs change places calls go by; they are never counted twice, and what was counted stays. */
static void test_reload__another_object_under_load(void **state)
{
	static const char *const objects[] = { "reload", "reload_next" };
	struct exporter *exporter = *state;
	const char *yaml = YAML(COUNTER("shared_total", "what") COUNTER("copied_total", "what"));
	struct writer writers[WRITERS_MAX];
	double last_shared = 0, last_copied = 0, calls;
	char *metrics;
	size_t count;

	start(exporter, yaml);
	count = begin_writing(writers);
	for (int i = 1; i <= RELOADS; i++) {
		double shared, copied;

		exporter__add(exporter, "reload", objects[i % 2], yaml);
		reload(exporter);
		metrics = exporter__scrape(exporter);
		shared = sum_of(metrics, SERIES("shared_total{"));
		copied = sum_of(metrics, SERIES("copied_total{"));
		free(metrics);
		assert_true(shared >= last_shared && copied >= last_copied);
		last_shared = shared;
		last_copied = copied;
	}
	calls = end_writing(writers, count);
	metrics = exporter__scrape(exporter);
	assert_true(sum_of(metrics, SERIES("shared_total{")) <= calls);
	assert_true(sum_of(metrics, SERIES("copied_total{")) <= calls);
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
}

/* ---- which configs there are ---- */

static void test_reload__configs_are_those_of_the_names(void **state)
{
	struct exporter *exporter = *state;

	exporter__add(exporter, "other", "reload", YAML(COUNTER("copied_total", "what")));
	exporter__add(exporter, "reload", "reload", YAML(COUNTER("shared_total", "what")));
	exporter__start(exporter, "reload,other", lifecycle);
	fire(2, 0);
	/* One changes, the other goes on as it is. */
	exporter__add(exporter, "reload", NULL, YAML(COUNTER("shared_total", "number")));
	reload(exporter);
	fire(2, 0);
	assert_true(value_of(exporter, SERIES("copied_total{what=\"2\"}")) == 2);
	assert_true(value_of(exporter, SERIES("shared_total{number=\"2\"}")) == 2);
	/* Two that do not agree about a metric cannot both run. */
	exporter__add(exporter, "reload", NULL, YAML(COUNTER("copied_total", "number")));
	reload_in_vain(exporter, "copied_total");
	fire(2, 0);
	assert_true(value_of(exporter, SERIES("copied_total{what=\"2\"}")) == 3);
	assert_true(value_of(exporter, SERIES("shared_total{number=\"2\"}")) == 3);
	assert_int_equal(exporter__stop(exporter), 0);
}

/* ---- failing ---- */

static void write_garbage(const struct exporter *exporter)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/reload.bpf.o", exporter->dir);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs("no ELF at all", file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void test_reload__failed_leaves_everything(void **state)
{
	struct exporter *exporter = *state;
	const char *good = YAML(COUNTER("shared_total", "what"));
	char *metrics;

	start(exporter, good);
	fire(4, 0);
	exporter__add(exporter, "reload", NULL, "metrics:\n  counters:\n    - name: [\n");
	reload_in_vain(exporter, "reload.yaml:4:1");
	exporter__add(exporter, "reload", NULL, YAML(COUNTER("no_such_total", "what")));
	reload_in_vain(exporter, "no_such_total");
	exporter__add(exporter, "reload", NULL, good);
	write_garbage(exporter);
	reload_in_vain(exporter, "reload.bpf.o");
	fire(4, 0);
	metrics = exporter__scrape(exporter);
	assert_true(metrics_value(metrics, SERIES("shared_total{what=\"4\"}")) == 2);
	assert_true(metrics_value(metrics, "sonde_config_last_reload_successful") == 0);
	assert_true(metrics_value(metrics, "sonde_config_reloads_total{result=\"failure\"}") == 3);
	free(metrics);
	exporter__add(exporter, "reload", "reload", good);
	reload(exporter);
	fire(4, 0);
	metrics = exporter__scrape(exporter);
	assert_true(metrics_value(metrics, SERIES("shared_total{what=\"4\"}")) == 3);
	assert_true(metrics_value(metrics, "sonde_config_last_reload_successful") == 1);
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
}

/* Labels need no privileges, programs do. */
static void test_reload__without_privileges(void **state)
{
	static const char *const flags[] = { "--web.enable-lifecycle", "--capabilities.keep=none",
					     NULL };
	struct exporter *exporter = *state;
	const char *yaml = YAML(COUNTER("shared_total", "number"));

	exporter__add(exporter, "reload", "reload", YAML(COUNTER("shared_total", "what")));
	exporter__start(exporter, "reload", flags);
	fire(6, 0);
	if (isnan(value_of(exporter, SERIES("shared_total{what=\"6\"}")))) {
		assert_int_equal(exporter__stop(exporter), 0);
		assert_non_null(strstr(exporter->log, "Operation not permitted"));
		print_message("# skip: this kernel lets nobody without privileges read maps\n");
		skip();
	}
	exporter__add(exporter, "reload", NULL, yaml);
	reload(exporter);
	assert_true(value_of(exporter, SERIES("shared_total{number=\"6\"}")) == 1);
	exporter__add(exporter, "reload", "reload_next", yaml);
	reload_in_vain(exporter, "CAP_BPF");
	fire(6, 0);
	assert_true(value_of(exporter, SERIES("shared_total{number=\"6\"}")) == 2);
	assert_int_equal(exporter__stop(exporter), 0);
}

#define with_exporter(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_exporter(test_reload__other_labels_same_counts),
		with_exporter(test_reload__another_object_takes_over_what_agrees),
		with_exporter(test_reload__by_signal),
		with_exporter(test_reload__path_is_there_only_when_asked_for),
		with_exporter(test_reload__events_and_ledgers_go_on),
		with_exporter(test_reload__under_load_counts_every_call_once),
		with_exporter(test_reload__another_object_under_load),
		with_exporter(test_reload__configs_are_those_of_the_names),
		with_exporter(test_reload__failed_leaves_everything),
		with_exporter(test_reload__without_privileges),
	};

	return cmocka_run_group_tests_name("reload", tests, NULL, NULL);
}
