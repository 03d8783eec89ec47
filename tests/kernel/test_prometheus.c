/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prometheus itself scrapes sonde: Debian's binary (tests/peer puts it there) with its data in the scratch directory,
 * on loopback. What it then knows must be what the test's own calls of fire() made, to the digit; and promtool must
 * find nothing to complain about.
 */
#include <ctype.h>
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
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "exporter.h"
#include "tests/unit/web/pki.h"

#define SERIES(name) "ebpf_exporter_" name
#define GIVE_UP_SECONDS 60 /* of a machine that is busy with everything else */

/* As in bpf/shapes.bpf.c. */
enum { PLAIN = 0, FRUIT = 2, FRUIT_PLUM = 3, BYTES = 6, LATENCY = 7 };

static const char shapes_yaml[] = "metrics:\n"
				  "  counters:\n"
				  "    - name: plain_total\n"
				  "      help: Calls of fire\n"
				  "    - name: fruit_total\n"
				  "      help: 'Fruit, with \\ and \"'\n"
				  "      labels:\n"
				  "        - {name: number, size: 4, decoders: [{name: uint}]}\n"
				  "        - {name: fruit, size: 32, decoders: [{name: string}]}\n"
				  "    - name: bytes_total\n"
				  "      help: Labels of any bytes\n"
				  "      labels:\n"
				  "        - {name: bytes, size: 8, decoders: [{name: string}]}\n"
				  "  histograms:\n"
				  "    - name: latency_seconds\n"
				  "      help: How long it took\n"
				  "      unit: seconds\n"
				  "      bucket_type: exp2\n"
				  "      bucket_min: 0\n"
				  "      bucket_max: 3\n"
				  "      labels:\n"
				  "        - {name: bucket, size: 8, decoders: [{name: uint}]}\n";

struct prometheus {
	struct exporter exporter;
	pid_t pid; /* 0: not running */
	uint16_t port;
};

/* ---- other programs ------------------------------------------------------------------------------------ */

/* Of Debian's package; NULL where it cannot be had: a VM has no network to fetch it by. */
static const char *program_dir(void)
{
	return getenv("SONDE_PROMETHEUS");
}

/* Its input and output are files of the scratch directory; it ends with the test, however that ends. */
static pid_t spawn(const struct prometheus *state, const char *input, const char *output,
		   const char *const *argv)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || chdir(state->exporter.dir) < 0)
		_exit(126);

	int in = open(input, O_RDONLY | O_CLOEXEC);
	int out = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(out, STDERR_FILENO) < 0)
		_exit(126);
	execv(argv[0], (char *const *)argv);
	_exit(127);
}

static void write_file(const struct prometheus *state, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", state->exporter.dir, name);

	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
}

static void read_file(const struct prometheus *state, const char *name, char *ret_text, size_t size)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", state->exporter.dir, name);

	FILE *file = fopen(path, "r");

	assert_non_null(file);
	ret_text[fread(ret_text, 1, size - 1, file)] = '\0';
	fclose(file);
}

static void start_prometheus(struct prometheus *state)
{
	char config[512], program[4096], listen[64];
	const char *const argv[] = {
		program,
		"--config.file=prometheus.yml",
		"--storage.tsdb.path=data",
		"--log.level=warn",
		listen,
		NULL,
	};

	snprintf(config, sizeof(config),
		 "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
		 "scrape_configs:\n"
		 "  - job_name: sonde\n"
		 "    static_configs: [{targets: ['127.0.0.1:%u']}]\n",
		 state->exporter.port);
	write_file(state, "prometheus.yml", config);
	snprintf(program, sizeof(program), "%s/prometheus", program_dir());
	state->port = free_port();
	snprintf(listen, sizeof(listen), "--web.listen-address=127.0.0.1:%u", state->port);
	state->pid = spawn(state, "/dev/null", "prometheus.log", argv);
}

/* ---- questions to it ----------------------------------------------------------------------------------- */

static void add_escaped(char *out, size_t size, const char *text)
{
	size_t len = strlen(out);

	for (; *text && len + 4 < size; text++)
		len += (size_t)snprintf(out + len, size - len,
					isalnum((unsigned char)*text) ? "%c" : "%%%02X",
					(unsigned char)*text);
}

/* The answer of its API; NULL while it does not answer. The caller frees. */
static char *ask(const struct prometheus *state, const char *path)
{
	struct reply reply;

	if (!http_get(state->port, path, &reply))
		return NULL;
	free(reply.head);
	if (reply.status == 200)
		return reply.body;
	free(reply.body);
	return NULL;
}

/* The one value that a query gives; NAN as long as there is none. */
static double query(const struct prometheus *state, const char *expression)
{
	char path[448] = "/api/v1/query?query=";

	add_escaped(path, sizeof(path), expression);

	char *body = ask(state, path);
	const char *pair = body ? strstr(body, "\"value\":[") : NULL;
	const char *text = pair ? strstr(pair, ",\"") : NULL;
	double value = text ? strtod(text + 2, NULL) : NAN;

	free(body);
	return value;
}

/* Scrapes come once a second; each look at what they brought is a question of its own. */
static void expect(struct prometheus *state, const char *expression, double wanted)
{
	const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };
	time_t give_up = time(NULL) + GIVE_UP_SECONDS;
	double value;

	while (!(fabs((value = query(state, expression)) - wanted) <= fabs(wanted) * 1e-12)) {
		char log[8192] = "";

		if (waitpid(state->pid, NULL, WNOHANG) == state->pid)
			state->pid = 0;
		if (state->pid == 0 || time(NULL) > give_up) {
			read_file(state, "prometheus.log", log, sizeof(log));
			fail_msg("%s is %g, wanted %g; prometheus says:\n%s", expression, value,
				 wanted, log);
		}
		nanosleep(&pause, NULL);
	}
}

/* ---- tests: one exporter and one Prometheus for all of them, which takes 5 s to look at its targets --------- */

static void start(struct prometheus *state, const char *const *flags)
{
	*state = (struct prometheus){ .pid = 0 };
	exporter__init(&state->exporter);
	exporter__add(&state->exporter, "shapes", "shapes", shapes_yaml);
	exporter__start(&state->exporter, "shapes", flags);
	start_prometheus(state);
}

static int set_up(void **ret_state)
{
	static struct prometheus state;

	*ret_state = &state;
	start(&state, NULL);
	return 0;
}

static int tear_down(void **ret_state)
{
	struct prometheus *state = *ret_state;

	if (state->pid > 0) {
		kill(state->pid, SIGKILL);
		waitpid(state->pid, NULL, 0);
	}
	exporter__done(&state->exporter);
	return 0;
}

static void test_query__gives_the_exact_values(void **ret_state)
{
	struct prometheus *state = *ret_state;

	expect(state, "up{job=\"sonde\"}", 1);
	fire(PLAIN, 1287408);
	fire(FRUIT, 8);
	fire(FRUIT_PLUM, 9007199254740992);
	expect(state, SERIES("plain_total"), 1287408);
	expect(state, SERIES("fruit_total{number=\"8\",fruit=\"glum\"}"), 8);
	expect(state, SERIES("fruit_total{fruit=\"plum\"}"), 9007199254740992.);
	expect(state, "count(" SERIES("fruit_total") ")", 2);
	fire(PLAIN, 1287409);
	expect(state, SERIES("plain_total"), 1287409);
	expect(state, SERIES("enabled_configs{name=\"shapes\"}"), 1);
	expect(state, "sonde_metric_active{metric=\"" SERIES("plain_total\"}"), 1);
}

static void test_query__gives_quantiles_of_a_histogram(void **ret_state)
{
	struct prometheus *state = *ret_state;

	fire(LATENCY, 1ULL << 32 | 0);
	fire(LATENCY, 3ULL << 32 | 2);
	fire(LATENCY, 21ULL << 32 | 4);
	expect(state, SERIES("latency_seconds_count"), 4);
	expect(state, SERIES("latency_seconds_sum"), 21);
	expect(state, SERIES("latency_seconds_bucket{le=\"2\"}"), 1);
	expect(state, SERIES("latency_seconds_bucket{le=\"+Inf\"}"), 4);
	/* The second of four: a third of the way through the bucket 2..4, which has the other three. */
	expect(state, "histogram_quantile(0.5, " SERIES("latency_seconds_bucket") ")", 2 + 2 / 3.);
	expect(state, "histogram_quantile(1, " SERIES("latency_seconds_bucket") ")", 4);
}

static void test_labels_and_help__arrive_whole(void **ret_state)
{
	struct prometheus *state = *ret_state;
	uint64_t bytes = 0;
	char *body;

	memcpy(&bytes, "a\"\\\n\xc3\xa9\xff", 7);
	fire(BYTES, bytes);
	expect(state, SERIES("bytes_total"), 1);
	body = ask(state, "/api/v1/label/bytes/values");
	assert_non_null(body);
	/* One byte that is no UTF-8 became U+FFFD. */
	assert_non_null(strstr(body, "[\"a\\\"\\\\\\n\xc3\xa9\xef\xbf\xbd\"]"));
	free(body);
	body = ask(state, "/api/v1/metadata?metric=" SERIES("fruit_total"));
	assert_non_null(body);
	assert_non_null(
		strstr(body, "\"type\":\"counter\",\"help\":\"Fruit, with \\\\ and \\\"\""));
	free(body);
}

/* ebpf_exporter's own names, which dashboards know. */
static const char *const tolerated[] = {
	/* only there while kernel.bpf_stats_enabled is 1 */
	"ebpf_exporter_ebpf_program_run_time_seconds counter metrics should have \"_total\" suffix",
};

static bool is_tolerated(const char *line)
{
	for (size_t i = 0; i < sizeof(tolerated) / sizeof(tolerated[0]); i++)
		if (strcmp(line, tolerated[i]) == 0)
			return true;
	return false;
}

/* Last before the end: every metric has series by now. */
static void test_promtool__finds_only_the_names_of_ebpf_exporter(void **ret_state)
{
	struct prometheus *state = *ret_state;
	char program[4096], found[65536], *rest = found;
	const char *const argv[] = { program, "check", "metrics", NULL };
	char *metrics = exporter__scrape(&state->exporter);
	int status;

	snprintf(program, sizeof(program), "%s/promtool", program_dir());
	assert_true(metrics_value(metrics, SERIES("latency_seconds_count")) == 4);
	write_file(state, "metrics", metrics);
	free(metrics);

	pid_t pid = spawn(state, "metrics", "found", argv);

	assert_int_equal(waitpid(pid, &status, 0), pid);
	read_file(state, "found", found, sizeof(found));
	assert_true(WIFEXITED(status));
	/* 0: nothing found, 3: something about style */
	assert_int_equal(WEXITSTATUS(status), found[0] ? 3 : 0);
	for (char *line; (line = strsep(&rest, "\n"));)
		if (line[0] && !is_tolerated(line))
			fail_msg("promtool: %s", line);
}

static void test_up__is_0_once_sonde_has_ended(void **ret_state)
{
	struct prometheus *state = *ret_state;

	assert_int_equal(exporter__stop(&state->exporter), 0);
	expect(state, "up{job=\"sonde\"}", 0);
}

/* ---- the same in OpenMetrics, which Prometheus reads with another parser, a strict one ---------------------- */

static void test_openmetrics__gives_the_exact_values(void **ret_state)
{
	static const char *const flags[] = { "--web.openmetrics", NULL };
	struct prometheus *state = *ret_state;

	(void)tear_down(ret_state);
	start(state, flags);
	fire(PLAIN, 1287408);
	fire(FRUIT, 8);
	fire(FRUIT_PLUM, 9007199254740992);
	fire(LATENCY, 1ULL << 32 | 0);
	fire(LATENCY, 3ULL << 32 | 2);
	fire(LATENCY, 21ULL << 32 | 4);
	expect(state, "up{job=\"sonde\"}", 1);
	expect(state, SERIES("plain_total"), 1287408);
	expect(state, SERIES("fruit_total{number=\"8\",fruit=\"glum\"}"), 8);
	expect(state, SERIES("fruit_total{fruit=\"plum\"}"), 9007199254740992.);
	expect(state, SERIES("latency_seconds_bucket{le=\"1.0\"}"), 1);
	expect(state, SERIES("latency_seconds_bucket{le=\"+Inf\"}"), 4);
	expect(state, SERIES("latency_seconds_sum"), 21);
	/* every one of its lines was understood */
	expect(state,
	       "scrape_samples_scraped{job=\"sonde\"} - scrape_samples_post_metric_relabeling", 0);
}

static void test_openmetrics__says_when_series_were_0(void **ret_state)
{
	struct prometheus *state = *ret_state;
	double now = (double)time(NULL);
	double created;

	expect(state, "count(" SERIES("plain_created") ")", 1);
	created = query(state, SERIES("plain_created"));
	assert_true(created > now - 600 && created < now + 600);
	expect(state, SERIES("latency_seconds_created") " > bool 0", 1);
	expect(state, "count({__name__=~\".*_created\",job=\"sonde\"}) > bool 10", 1);
}

static void test_openmetrics__arrives_with_type_and_unit(void **ret_state)
{
	static const struct {
		const char *path, *wanted;
	} rows[] = {
		{ "/api/v1/metadata?metric=" SERIES("fruit"),
		  "\"type\":\"counter\",\"help\":\"Fruit, with \\\\ and \\\"\",\"unit\":\"\"" },
		{ "/api/v1/metadata?metric=" SERIES("latency_seconds"),
		  "\"type\":\"histogram\",\"help\":\"How long it took\",\"unit\":\"seconds\"" },
	};
	struct prometheus *state = *ret_state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *body = ask(state, rows[i].path);

		assert_non_null(body);
		if (!strstr(body, rows[i].wanted))
			fail_msg("%s says %s", rows[i].path, body);
		free(body);
	}
}

/* ---- with a web config: TLS both ways, and a password ------------------------------------------------------ */

static const char secured_web[] =
	"tls_server_config:\n"
	"  cert_file: server.crt\n"
	"  key_file: server.key\n"
	"  client_auth_type: RequireAndVerifyClientCert\n"
	"  client_ca_file: ca.crt\n"
	"  client_allowed_sans: [prometheus.example]\n"
	"basic_auth_users:\n"
	"  bob: $2b$04$abcdefghijklmnopqrstuuV3duMsC0HpUex6N9qapiuOHHWkwRXVm\n";

static const char secured_job[] =
	"  - job_name: %s\n"
	"    scheme: https\n"
	"    tls_config: {ca_file: ca.crt, cert_file: client.crt, key_file: client.key}\n"
	"    basic_auth: {username: bob, password: %s}\n"
	"    static_configs: [{targets: ['127.0.0.1:%u']}]\n";

static void write_identities(const struct prometheus *state)
{
	struct identity ca, server, client;

	identity__init(&ca, &(struct identity_options){ .kind = IDENTITY_CA, .name = "ca" });
	identity__init(&server, &(struct identity_options){ .kind = IDENTITY_SERVER,
							    .name = "sonde",
							    .issuer = &ca,
							    .address = "\x7f\0\0\x01",
							    .address_len = 4 });
	identity__init(&client, &(struct identity_options){ .kind = IDENTITY_CLIENT,
							    .name = "prometheus",
							    .issuer = &ca,
							    .dns = "prometheus.example" });
	write_file(state, "ca.crt", identity__certificate(&ca));
	write_file(state, "server.crt", identity__certificate(&server));
	write_file(state, "server.key", identity__key(&server));
	write_file(state, "client.crt", identity__certificate(&client));
	write_file(state, "client.key", identity__key(&client));
	identity__done(&ca);
	identity__done(&server);
	identity__done(&client);
}

static void test_up__over_tls_with_the_right_password_alone(void **ret_state)
{
	static const char *const flags[] = { "--web.config.file=web.yml", NULL };
	struct prometheus *state = *ret_state;
	char config[2048] = "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n";
	size_t len = strlen(config);

	assert_int_equal(exporter__stop(&state->exporter), 0);
	write_identities(state);
	write_file(state, "web.yml", secured_web);
	exporter__start(&state->exporter, "shapes", flags);
	len += (size_t)snprintf(config + len, sizeof(config) - len, secured_job, "right", "hunter2",
				state->exporter.port);
	(void)snprintf(config + len, sizeof(config) - len, secured_job, "wrong", "hunter3",
		       state->exporter.port);
	write_file(state, "prometheus.yml", config);
	assert_int_equal(kill(state->pid, SIGHUP), 0);
	expect(state, "up{job=\"right\"}", 1);
	expect(state, "up{job=\"wrong\"}", 0);
	fire(PLAIN, 7);
	expect(state, SERIES("plain_total{job=\"right\"}"), 7);
	/* However often it comes, each password is checked once. */
	expect(state, "max(sonde_http_auth_checks_total)", 2);
	assert_int_equal(exporter__stop(&state->exporter), 0);
}

int main(void)
{
	/* One after the other. */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query__gives_the_exact_values),
		cmocka_unit_test(test_query__gives_quantiles_of_a_histogram),
		cmocka_unit_test(test_labels_and_help__arrive_whole),
		cmocka_unit_test(test_promtool__finds_only_the_names_of_ebpf_exporter),
		cmocka_unit_test(test_up__is_0_once_sonde_has_ended),
		cmocka_unit_test(test_openmetrics__gives_the_exact_values),
		cmocka_unit_test(test_openmetrics__says_when_series_were_0),
		cmocka_unit_test(test_openmetrics__arrives_with_type_and_unit),
		cmocka_unit_test(test_up__over_tls_with_the_right_password_alone),
	};

	if (!program_dir()) {
		puts("1..0 # SKIP prometheus is not here (SONDE_PROMETHEUS is not set)");
		return 0;
	}
	return cmocka_run_group_tests_name("prometheus", tests, set_up, tear_down);
}
