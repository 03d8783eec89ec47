/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exporter from end to end: an object, a YAML, a scrape. What is counted are the test's own calls of fire(), so
 * every number is exact on every kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "exporter.h"

#define SERIES(name) "ebpf_exporter_" name

/* As in bpf/shapes.bpf.c. */
enum {
	PLAIN,
	PERCPU,
	FRUIT,
	FRUIT_PLUM,
	LRU,
	PERCPU_HASH,
	BYTES,
	LATENCY,
	ARRAY_LATENCY,
	LPM,
	EVENT,
	SHORT_EVENT
};

#define UINT_LABEL(name, size)                                                                     \
	"        - name: " name "\n          size: " size                                          \
	"\n          decoders:\n            - name: uint\n"

static void pause_ms(long ms)
{
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

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

static void start_shapes(struct exporter *exporter, const char *yaml)
{
	exporter__add(exporter, "shapes", "shapes", yaml);
	exporter__start(exporter, "shapes", NULL);
}

static void test_scrape__text_format(void **state)
{
	struct exporter *exporter = *state;
	struct reply reply;
	const char *at;
	char previous[256] = "";

	start_shapes(
		exporter,
		"metrics:\n  counters:\n    - name: plain_total\n      help: 'Calls \\ of fire'\n");
	fire(PLAIN, 1287408);
	exporter__get(exporter, "/metrics", &reply);
	assert_int_equal(reply.status, 200);
	assert_non_null(strstr(reply.head,
			       "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"));
	assert_non_null(strstr(
		reply.body,
		"# HELP " SERIES("plain_total") " Calls \\\\ of fire\n# TYPE " SERIES(
			"plain_total") " counter\n" SERIES("plain_total") " 1.287408e+06\n"));
	assert_null(strstr(reply.body, "# EOF"));
	for (at = strstr(reply.body, "# TYPE "); at; at = strstr(at + 1, "# TYPE ")) {
		char name[256];

		assert_int_equal(sscanf(at, "# TYPE %255s", name), 1);
		assert_true(strcmp(previous, name) < 0);
		strcpy(previous, name);
	}
	reply__done(&reply);
	assert_int_equal(exporter__stop(exporter), 0);
}

static void test_scrape__percpu_cells_are_summed_or_labelled(void **state)
{
	struct exporter *exporter = *state;
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	char *metrics, *lines;

	start_shapes(exporter,
		     "metrics:\n  counters:\n"
		     "    - name: percpu_plain_total\n      help: h\n"
		     "    - name: percpu_vec_total\n      help: h\n      labels:\n" UINT_LABEL(
			     "vec", "4") UINT_LABEL("cpu", "2"));
	fire(PERCPU, 10);
	metrics = exporter__scrape(exporter);
	assert_true(metrics_value(metrics, SERIES("percpu_plain_total")) == 10);
	/* Every index on every possible CPU, zeros included. */
	assert_true(metrics_count(metrics, SERIES("percpu_vec_total{")) % 12 == 0);
	assert_true(metrics_count(metrics, SERIES("percpu_vec_total{")) >= 12 * (size_t)cpus);
	/* Text order, not number order: "10" and "11" stand before "2". */
	lines = metrics_lines(metrics, SERIES("percpu_vec_total{cpu=\"0\","));
	assert_true(strstr(lines, "vec=\"10\"") < strstr(lines, "vec=\"2\""));
	free(lines);
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
}

static void test_scrape__hash_shapes(void **state)
{
	struct exporter *exporter = *state;
	char *metrics;

	start_shapes(
		exporter,
		"metrics:\n  counters:\n"
		"    - name: fruit_total\n      help: h\n      labels:\n" UINT_LABEL(
			"number",
			"4") "        - name: fruit\n          size: 32\n          decoders:\n            - name: string\n"
			     "    - name: lru_total\n      help: h\n      labels:\n" UINT_LABEL("value", "8") "    - name: percpu_hash_total\n      help: h\n      labels:\n" UINT_LABEL(
				     "value",
				     "8") "    - name: lpm_total\n      help: h\n      labels:\n" UINT_LABEL("prefix",
													     "4") "        - name: address\n          size: 4\n          decoders:\n            - name: inet_ip\n");
	fire(FRUIT, 8);
	fire(FRUIT_PLUM, 8);
	fire(LRU, 42);
	fire(PERCPU_HASH, 43);
	fire(LPM, 0x0100007f);
	metrics = exporter__scrape(exporter);
	assert_non_null(strstr(metrics,
			       SERIES("fruit_total{fruit=\"glum\",number=\"8\"} 8\n")
				       SERIES("fruit_total{fruit=\"plum\",number=\"8\"} 8\n")));
	assert_true(metrics_value(metrics, SERIES("lru_total{value=\"42\"}")) == 42);
	assert_true(metrics_value(metrics, SERIES("percpu_hash_total{value=\"43\"}")) == 43);
	assert_true(metrics_value(metrics,
				  SERIES("lpm_total{address=\"127.0.0.1\",prefix=\"32\"}")) == 1);
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
}

static void test_scrape__histograms(void **state)
{
	struct exporter *exporter = *state;
	char *metrics, *lines;

	start_shapes(
		exporter,
		"metrics:\n  histograms:\n"
		"    - name: latency_seconds\n      help: h\n      bucket_type: exp2\n"
		"      bucket_min: 0\n      bucket_max: 3\n      labels:\n" UINT_LABEL(
			"bucket",
			"8") "    - name: array_latency_seconds\n      help: h\n      bucket_type: fixed\n"
			     "      bucket_keys: [1, 3, 5]\n      bucket_multiplier: 0.5\n      labels:\n" UINT_LABEL(
				     "bucket", "4"));
	fire(LATENCY, 1ULL << 32 | 0);
	fire(LATENCY, 3ULL << 32 | 2);
	fire(LATENCY, 21ULL << 32 | 4);
	fire(LATENCY, 99ULL << 32 | 17);
	fire(ARRAY_LATENCY, 2ULL << 32 | 3);
	fire(ARRAY_LATENCY, 7ULL << 32 | 6);
	metrics = exporter__scrape(exporter);
	lines = metrics_lines(metrics, SERIES("latency_seconds"));
	assert_string_equal(
		lines, SERIES("latency_seconds_bucket{le=\"1\"} 1\n")
			       SERIES("latency_seconds_bucket{le=\"2\"} 1\n")
				       SERIES("latency_seconds_bucket{le=\"4\"} 4\n") SERIES(
					       "latency_seconds_bucket{le=\"8\"} 4\n")
					       SERIES("latency_seconds_bucket{le=\"+Inf\"} 4\n")
						       SERIES("latency_seconds_sum 21\n")
							       SERIES("latency_seconds_count 4\n"));
	free(lines);
	lines = metrics_lines(metrics, SERIES("array_latency_seconds"));
	assert_string_equal(
		lines,
		SERIES("array_latency_seconds_bucket{le=\"0.5\"} 0\n")
			SERIES("array_latency_seconds_bucket{le=\"1.5\"} 2\n")
				SERIES("array_latency_seconds_bucket{le=\"2.5\"} 2\n")
					SERIES("array_latency_seconds_bucket{le=\"+Inf\"} 2\n")
						SERIES("array_latency_seconds_sum 3.5\n")
							SERIES("array_latency_seconds_count 2\n"));
	free(lines);
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
}

static void test_scrape__equal_labels_are_summed_and_refused_rows_dropped(void **state)
{
	struct exporter *exporter = *state;
	char *metrics;

	start_shapes(
		exporter,
		"metrics:\n  counters:\n"
		"    - name: bytes_total\n      help: h\n      labels:\n"
		"        - name: comm\n          size: 8\n          decoders:\n            - name: string\n"
		"            - name: regexp\n              regexps: ['^(a)(.*)$', '^(a)', '^b$']\n");
	fire(BYTES, 0x00003161); /* "a1" */
	fire(BYTES, 0x00003261); /* "a2" */
	fire(BYTES, 0x00000062); /* "b" */
	fire(BYTES, 0x00000063); /* "c": no pattern takes it */
	metrics = exporter__scrape(exporter);
	assert_int_equal(metrics_count(metrics, SERIES("bytes_total{")), 2);
	assert_true(metrics_value(metrics, SERIES("bytes_total{comm=\"a\"}")) == 2);
	assert_true(metrics_value(metrics, SERIES("bytes_total{comm=\"b\"}")) == 1);
	assert_true(metrics_value(metrics, SERIES("decoder_errors_total{config=\"shapes\"}")) == 0);
	assert_true(metrics_value(metrics,
				  "sonde_metric_filtered_total{config=\"shapes\",metric=\"" SERIES(
					  "bytes_total\"}")) == 1);
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
}

static void test_scrape__wrong_label_size_leaves_one_metric_out(void **state)
{
	struct exporter *exporter = *state;
	char *metrics;

	start_shapes(exporter, "metrics:\n  counters:\n"
			       "    - name: plain_total\n      help: h\n"
			       "    - name: lru_total\n      help: h\n      labels:\n" UINT_LABEL(
				       "value", "4"));
	fire(PLAIN, 5);
	fire(LRU, 5);
	metrics = exporter__scrape(exporter);
	assert_true(metrics_value(metrics, SERIES("plain_total")) == 5);
	assert_int_equal(metrics_count(metrics, SERIES("lru_total")), 0);
	assert_true(metrics_value(metrics, SERIES("decoder_errors_total{config=\"shapes\"}")) == 1);
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
	assert_non_null(strstr(exporter->log, "lru_total"));
	assert_non_null(strstr(exporter->log, "shapes.yaml:5:7"));
}

static void test_scrape__hostile_bytes_are_survived(void **state)
{
	struct exporter *exporter = *state;
	char *metrics;

	start_shapes(
		exporter,
		"metrics:\n  counters:\n"
		"    - name: bytes_total\n      help: h\n      labels:\n"
		"        - name: text\n          size: 8\n          decoders:\n            - name: string\n"
		"    - name: lru_total\n      help: h\n      labels:\n"
		"        - name: odd\n          size: 3\n          padding: 5\n          decoders:\n"
		"            - name: uint\n"
		"    - name: fruit_total\n      help: h\n      labels:\n"
		"        - name: short\n          size: 2\n          padding: 34\n          decoders:\n"
		"            - name: ifname\n");
	fire(BYTES, 0x0041fffe41); /* "A", two bytes that are no UTF-8, "A" */
	fire(BYTES, 0x0a225c09);   /* tab, backslash, quote, newline */
	fire(LRU, 1);
	fire(FRUIT, 1);
	metrics = exporter__scrape(exporter);
	assert_non_null(
		strstr(metrics, SERIES("bytes_total{text=\"A\xef\xbf\xbd\xef\xbf\xbd") "A\"} 1\n"));
	assert_non_null(strstr(metrics, SERIES("bytes_total{text=\"\t\\\\\\\"\\n\"} 1\n")));
	assert_int_equal(metrics_count(metrics, SERIES("lru_total")), 0);
	assert_int_equal(metrics_count(metrics, SERIES("fruit_total")), 0);
	assert_true(metrics_value(metrics, SERIES("decoder_errors_total{config=\"shapes\"}")) == 2);
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
}

/* Events are drained on a timer and before every scrape, so one scrape after them has all. */
static void test_events__are_counted_and_bad_samples_survived(void **state)
{
	struct exporter *exporter = *state;
	char *metrics;

	start_shapes(exporter,
		     "metrics:\n  counters:\n"
		     "    - name: events_total\n      help: h\n      perf_event_array: true\n"
		     "      flush_interval: 1h\n      labels:\n" UINT_LABEL("value", "8"));
	metrics = exporter__scrape(exporter);
	assert_int_equal(metrics_count(metrics, SERIES("events_total")), 0);
	free(metrics);
	fire(EVENT, 7);
	fire(EVENT, 7);
	fire(EVENT, 9);
	fire(SHORT_EVENT, 3);
	metrics = exporter__scrape(exporter);
	assert_true(metrics_value(metrics, SERIES("events_total{value=\"7\"}")) == 2);
	assert_true(metrics_value(metrics, SERIES("events_total{value=\"9\"}")) == 1);
	assert_int_equal(metrics_count(metrics, SERIES("events_total{")), 2);
	assert_true(
		metrics_value(metrics,
			      "sonde_metric_lost_samples_total{config=\"shapes\",metric=\"" SERIES(
				      "events_total\"}")) == 0);
	assert_true(
		metrics_value(metrics,
			      "sonde_metric_decode_errors_total{config=\"shapes\",metric=\"" SERIES(
				      "events_total\"}")) == 1);
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
}

static void test_events__begin_anew_after_the_flush_interval(void **state)
{
	struct exporter *exporter = *state;
	char *metrics;
	size_t i;

	start_shapes(exporter,
		     "metrics:\n  counters:\n"
		     "    - name: events_total\n      help: h\n      perf_event_array: true\n"
		     "      flush_interval: 300ms\n      labels:\n" UINT_LABEL("value", "8"));
	fire(EVENT, 7);
	for (i = 0; i < 500; i++) {
		size_t count;

		metrics = exporter__scrape(exporter);
		count = metrics_count(metrics, SERIES("events_total"));
		free(metrics);
		if (i > 0 && count == 0)
			break;
		pause_ms(20);
	}
	assert_true(i < 500);
	fire(EVENT, 8);
	metrics = exporter__scrape(exporter);
	assert_true(isnan(metrics_value(metrics, SERIES("events_total{value=\"7\"}"))));
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
}

static unsigned long long kernel_address(const char *symbol)
{
	FILE *symbols = fopen("/proc/kallsyms", "r");
	unsigned long long address = 0;
	char line[512];

	while (symbols && fgets(line, sizeof(line), symbols)) {
		char name[256];
		unsigned long long at;

		if (sscanf(line, "%llx %*c %255s", &at, name) == 2 && strcmp(name, symbol) == 0)
			address = at;
	}
	if (symbols)
		fclose(symbols);
	return address;
}

static void test_mark__fires_once_with_kernel_address_set(void **state)
{
	struct exporter *exporter = *state;
	char *metrics, *lines, address[32];
	char series[512];

	snprintf(address, sizeof(address), "%llu", kernel_address("do_exit"));
	exporter__add(
		exporter, "mark", "mark",
		"metrics:\n  counters:\n    - name: marks_total\n      help: h\n      labels:\n" UINT_LABEL(
			"address", "8") "kaddrs:\n  - do_exit\n");
	exporter__add(exporter, "partial", "partial",
		      "metrics:\n  counters:\n    - name: fires_total\n      help: h\n");
	exporter__start(exporter, "mark,partial", NULL);
	metrics = exporter__scrape(exporter);
	lines = metrics_lines(metrics, SERIES("marks_total"));
	snprintf(series, sizeof(series), SERIES("marks_total{address=\"%s\"} 1\n"), address);
	assert_string_equal(lines, series);
	free(lines);
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
}

/* The kernel shows addresses to the privileged only: names must come from what was read before. */
static void test_capabilities__symbols_are_named_after_all_are_dropped(void **state)
{
	struct exporter *exporter = *state;
	static const char *const none[] = { "--capabilities.keep=none", NULL };
	char *metrics;

	exporter__add(
		exporter, "shapes", "shapes",
		"metrics:\n  counters:\n    - name: lru_total\n      help: h\n      labels:\n"
		"        - name: function\n          size: 8\n          decoders:\n            - name: ksym\n");
	exporter__start(exporter, "shapes", none);
	fire(LRU, 1); /* no symbol's address: the table is read again, now without privileges */
	metrics = exporter__scrape(exporter);
	/* Before 5.19 kernel.unprivileged_bpf_disabled refuses all of bpf(2), reading included. */
	if (metrics_count(metrics, SERIES("lru_total{")) == 0) {
		free(metrics);
		assert_int_equal(exporter__stop(exporter), 0);
		assert_non_null(strstr(exporter->log, "cannot read map 'lru_total': "
						      "Operation not permitted"));
		print_message("# skip: this kernel lets nobody without privileges read maps\n");
		skip();
	}
	assert_true(metrics_value(metrics, SERIES("lru_total{function=\"unknown_addr:0x1\"}")) ==
		    1);
	free(metrics);
	fire(LRU, kernel_address("do_exit"));
	metrics = exporter__scrape(exporter);
	assert_int_equal(metrics_count(metrics, SERIES("lru_total{function=\"do_exit\"}")), 1);
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
}

static void test_attach__what_cannot_attach_is_shown_and_the_rest_runs(void **state)
{
	struct exporter *exporter = *state;
	static const char *const strict[] = { "--config.strict", NULL };
	char *metrics, *attached;

	exporter__add(exporter, "partial", "partial",
		      "metrics:\n  counters:\n    - name: fires_total\n      help: h\n");
	exporter__start(exporter, "partial", NULL);
	fire(0, 0);
	fire(0, 0);
	metrics = exporter__scrape(exporter);
	assert_true(metrics_value(metrics, SERIES("fires_total")) == 2);
	assert_int_equal(metrics_count(metrics, SERIES("ebpf_program_info{config=\"partial\"")), 2);
	attached = metrics_lines(metrics, SERIES("ebpf_program_attached{"));
	assert_non_null(strstr(attached, "} 0\n"));
	assert_non_null(strstr(attached, "} 1\n"));
	free(attached);
	assert_true(
		metrics_value(
			metrics,
			"sonde_program_attached{config=\"partial\",program=\"cannot_attach\"}") ==
		0);
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
	assert_non_null(strstr(exporter->log, "cannot_attach"));
	assert_int_equal(exporter__run(exporter, "partial", strict), 1);
	assert_non_null(strstr(exporter->log, "partial:cannot_attach"));
}

/* Debian's uname -r ends in .0 always; what was backported only the number in uname -v tells. */
static unsigned int own_kernel_version(void)
{
	unsigned int major, minor, patch = 0;
	struct utsname names;
	const char *debian;

	assert_int_equal(uname(&names), 0);
	debian = strstr(names.version, "Debian ");
	if (!debian || sscanf(debian, "Debian %u.%u.%u", &major, &minor, &patch) != 3)
		assert_true(sscanf(names.release, "%u.%u.%u", &major, &minor, &patch) >= 2);
	return (major << 16) + (minor << 8) + (patch > 255 ? 255 : patch);
}

static void test_load__kernel_version_is_the_real_one(void **state)
{
	struct exporter *exporter = *state;
	char series[128], *metrics, *lines;

	exporter__add(
		exporter, "version", "version",
		"metrics:\n  counters:\n    - name: versions_total\n      help: h\n      labels:\n" UINT_LABEL(
			"version", "8"));
	exporter__start(exporter, "version", NULL);
	fire(0, 0);
	metrics = exporter__scrape(exporter);
	lines = metrics_lines(metrics, SERIES("versions_total{"));
	snprintf(series, sizeof(series), SERIES("versions_total{version=\"%u\"} 1\n"),
		 own_kernel_version());
	assert_string_equal(lines, series);
	free(lines);
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
}

/* A program that this kernel does not even load has no id, yet a graph must show that it is not there. */
static void test_load__what_cannot_load_is_shown(void **state)
{
	struct exporter *exporter = *state;
	char *metrics;

	exporter__add(
		exporter, "refused", "refused",
		"metrics:\n  counters:\n    - name: values\n      help: h\n      labels:\n" UINT_LABEL(
			"index", "4"));
	exporter__start(exporter, "refused", NULL);
	metrics = exporter__scrape(exporter);
	assert_int_equal(metrics_count(metrics, SERIES("ebpf_program_info{config=\"refused\"")), 2);
	assert_true(metrics_value(
			    metrics,
			    "sonde_program_attached{config=\"refused\",program=\"refused\"}") == 0);
	assert_true(metrics_value(
			    metrics,
			    "sonde_program_attached{config=\"refused\",program=\"second\"}") == 1);
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
}

static void test_start__kernel_types_that_cannot_be_read(void **state)
{
	struct exporter *exporter = *state;
	static const struct {
		const char *flag, *message;
	} rows[] = {
		{ "--btf.path=no-such-file",
		  "'no-such-file' cannot be read: No such file or directory\n" },
		{ "--btf.path=shapes.yaml",
		  "'shapes.yaml' has no kernel types; a file of BTF, or an ELF file with" },
	};

	exporter__add(exporter, "shapes", "shapes", "metrics:\n  counters: []\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(exporter__run(exporter, "shapes",
					       (const char *const[]){ rows[i].flag, NULL }),
				 1);
		assert_non_null(strstr(exporter->log, "Error creating exporter: "));
		assert_non_null(strstr(exporter->log, rows[i].message));
	}
}

/* ---- cgroups ------------------------------------------------------------------------------------------- */

/* The cgroup2 mount: pure v2 or the unified one of a hybrid machine; NULL when it cannot be written to. */
static const char *cgroup_root(void)
{
	static const char *const roots[] = { "/sys/fs/cgroup/unified", "/sys/fs/cgroup" };
	size_t i;

	for (i = 0; i < 2; i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/cgroup.procs", roots[i]);
		if (access(path, W_OK) == 0)
			return roots[i];
	}
	return NULL;
}

static void make_cgroup(const char *name, char *ret_path, size_t size, uint64_t *ret_id)
{
	struct stat info;

	snprintf(ret_path, size, "%s/sonde-test-%d-%s", cgroup_root(), getpid(), name);
	if (mkdir(ret_path, 0755) < 0)
		fail_msg("mkdir %s: %s", ret_path, strerror(errno));
	assert_int_equal(stat(ret_path, &info), 0);
	*ret_id = info.st_ino;
}

static void test_cgroup__made_after_start_is_named(void **state)
{
	struct exporter *exporter = *state;
	char path[256], series[512];
	uint64_t id;
	char *metrics;

	if (!cgroup_root()) {
		print_message("# skip: no cgroup v2 directory can be written to here\n");
		skip();
	}
	exporter__add(
		exporter, "cgroups", "cgroups",
		"metrics:\n  counters:\n    - name: seen_total\n      help: h\n      labels:\n"
		"        - name: cgroup\n          size: 8\n          decoders:\n            - name: uint\n"
		"            - name: cgroup\n");
	exporter__start(exporter, "cgroups", NULL);
	free(exporter__scrape(exporter));
	make_cgroup("late", path, sizeof(path), &id);
	fire(0, id);
	fire(0, 88888888888);
	/* Without notifications the tree is walked again on a miss, at most once a second. */
	pause_ms(1100);
	metrics = exporter__scrape(exporter);
	rmdir(path);
	snprintf(series, sizeof(series), SERIES("seen_total{cgroup=\"%s\"}"), path);
	assert_true(metrics_value(metrics, series) == 2);
	assert_true(metrics_value(metrics,
				  SERIES("seen_total{cgroup=\"unknown_cgroup_id:88888888888\"}")) ==
		    2);
	free(metrics);
	assert_int_equal(exporter__stop(exporter), 0);
}

static const char feed_yaml[] =
	"metrics:\n  counters:\n    - name: seen_total\n      help: h\n      labels:\n" UINT_LABEL(
		"cgroup",
		"8") "cgroup_id_map:\n  name: wanted\n  type: hash\n  regexps:\n    - ^.*/sonde-test-[0-9]+-fed$\n";

static double fire_and_read(struct exporter *exporter, uint64_t id)
{
	char series[128], *metrics;
	double value;

	fire(0, id);
	metrics = exporter__scrape(exporter);
	snprintf(series, sizeof(series), SERIES("seen_total{cgroup=\"%llu\"}"),
		 (unsigned long long)id);
	value = metrics_value(metrics, series);
	free(metrics);
	return value;
}

static void wait_for(struct exporter *exporter, uint64_t id, double wanted)
{
	int i;

	for (i = 0; i < 3000 && fire_and_read(exporter, id) != wanted; i++)
		pause_ms(20);
	assert_true(fire_and_read(exporter, id) == wanted);
}

/* Asked of the kernel itself: from 6.6 on, and with the right to ask. */
static bool kernel_tells_of_cgroups(void)
{
	int fd = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_REPORT_DFID_NAME, O_RDONLY);
	bool does = fd >= 0 && fanotify_mark(fd, FAN_MARK_ADD | FAN_MARK_FILESYSTEM,
					     FAN_CREATE | FAN_DELETE | FAN_ONDIR, AT_FDCWD,
					     cgroup_root()) == 0;

	if (fd >= 0)
		close(fd);
	return does;
}

static void test_cgroup__feed_follows_creation_and_removal(void **state)
{
	struct exporter *exporter = *state;
	char fed[256], other[256];
	uint64_t fed_id, other_id;

	if (!cgroup_root()) {
		print_message("# skip: no cgroup v2 directory can be written to here\n");
		skip();
	}
	exporter__add(exporter, "cgroups", "cgroups", feed_yaml);
	if (exporter__run(exporter, "cgroups", (const char *const[]){ "--config.check", NULL }) !=
	    0) {
		/* Kernels before 6.6 do not tell about cgroups: then it is refused with the reason. */
		assert_non_null(strstr(exporter->log, "fanotify"));
		assert_false(kernel_tells_of_cgroups());
		print_message("cgroups are not told by this kernel: %s", exporter->log);
		return;
	}
	exporter__start(exporter, "cgroups", NULL);
	make_cgroup("fed", fed, sizeof(fed), &fed_id);
	make_cgroup("other", other, sizeof(other), &other_id);
	wait_for(exporter, fed_id, 1);
	assert_true(fire_and_read(exporter, other_id) == 2);
	rmdir(other);
	rmdir(fed);
	wait_for(exporter, fed_id, 2);
	assert_int_equal(exporter__stop(exporter), 0);
}

/* ---- many rows ----------------------------------------------------------------------------------------- */

#define CHURNED_METRIC                                                                             \
	"    - name: churned_total\n      help: h\n      labels:\n" UINT_LABEL("key", "8")
#define CHURNED_YAML "metrics:\n  counters:\n" CHURNED_METRIC
#define MANY_YAML                                                                                   \
	"metrics:\n  counters:\n    - name: rows_total\n      help: h\n      labels:\n" UINT_LABEL( \
		"key", "8") CHURNED_METRIC

static void test_many__parallel_scrapes_agree(void **state)
{
	struct exporter *exporter = *state;
	const size_t rows = 40960;
	const int scrapes = getenv("SONDE_IN_VM") ? 4 : 10;
	uint64_t first;
	int i;

	exporter__add(exporter, "many", "many", MANY_YAML);
	exporter__start(exporter, "many", NULL);
	for (first = 0; first < rows; first += 2048)
		fire(first, 2048);
	for (i = 0; i < scrapes; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			char *metrics = exporter__scrape(exporter);
			bool is_whole = metrics_count(metrics, SERIES("rows_total{")) == rows;

			_exit(is_whole ? 0 : 1);
		}
	}
	for (i = 0; i < scrapes; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(exporter__stop(exporter), 0);
}

static void test_many__churned_keys_do_not_pile_up(void **state)
{
	struct exporter *exporter = *state;
	const int scrapes = getenv("SONDE_IN_VM") ? 30 : 100;
	uint64_t first = 1 << 20;
	long early = 0;
	int i;

	exporter__add(exporter, "many", "many", CHURNED_YAML);
	exporter__start(exporter, "many", NULL);
	/* Every scrape sees as many new keys as the map holds. */
	for (i = 0; i < scrapes; i++) {
		char *metrics;
		int k;

		for (k = 0; k < 2; k++, first += 2048)
			fire(first, 2048);
		metrics = exporter__scrape(exporter);
		assert_true(metrics_count(metrics, SERIES("churned_total{")) <= 4096);
		free(metrics);
		if (i == scrapes / 2 - 1)
			early = exporter__rss_kib(exporter);
	}
	assert_true(exporter__rss_kib(exporter) < early + early / 5 + 1024);
	assert_int_equal(exporter__stop(exporter), 0);
}

#define with_exporter(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_exporter(test_scrape__text_format),
		with_exporter(test_scrape__percpu_cells_are_summed_or_labelled),
		with_exporter(test_scrape__hash_shapes),
		with_exporter(test_scrape__histograms),
		with_exporter(test_scrape__equal_labels_are_summed_and_refused_rows_dropped),
		with_exporter(test_scrape__wrong_label_size_leaves_one_metric_out),
		with_exporter(test_scrape__hostile_bytes_are_survived),
		with_exporter(test_events__are_counted_and_bad_samples_survived),
		with_exporter(test_events__begin_anew_after_the_flush_interval),
		with_exporter(test_mark__fires_once_with_kernel_address_set),
		with_exporter(test_capabilities__symbols_are_named_after_all_are_dropped),
		with_exporter(test_attach__what_cannot_attach_is_shown_and_the_rest_runs),
		with_exporter(test_load__kernel_version_is_the_real_one),
		with_exporter(test_load__what_cannot_load_is_shown),
		with_exporter(test_start__kernel_types_that_cannot_be_read),
		with_exporter(test_cgroup__made_after_start_is_named),
		with_exporter(test_cgroup__feed_follows_creation_and_removal),
		with_exporter(test_many__parallel_scrapes_agree),
		with_exporter(test_many__churned_keys_do_not_pile_up),
	};

	return cmocka_run_group_tests_name("exporter", tests, NULL, NULL);
}
