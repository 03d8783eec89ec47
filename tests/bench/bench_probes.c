/* SPDX-License-Identifier: Apache-2.0 */
/* All shipped probes at once: what they add to what a machine does, how large the agent is, what it takes by itself. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "bench.h"
#include "cases.h"
#include "exporter.h"
#include "work.h"

#define MIB ((double)(1 << 20))
#define ROUNDS 7
#define WORKS_MAX 8
#define MINUTE_S 60
#define SCRAPE_EVERY_S 15 /* as Prometheus does by itself */
#define CLIENTS 100

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	if (!value)
		bench_check(
			-EINVAL,
			"SONDE_BIN, SONDE_PROBES and SONDE_BENCH_BPF are set by tests/bench/run");
	return value;
}

/* All there are, with commas between them; freed by the caller. */
static char *probe_names(void)
{
	DIR *folder = opendir(environment("SONDE_PROBES"));
	struct strbuf names = STRBUF_INIT;
	const struct dirent *entry;
	char *copy;

	while (folder && (entry = readdir(folder))) {
		const char *dot = strstr(entry->d_name, ".yaml");

		if (dot)
			strbuf__printf(&names, "%s%.*s", names.len ? "," : "",
				       (int)(dot - entry->d_name), entry->d_name);
	}
	if (folder)
		(void)closedir(folder);
	copy = strdup(strbuf__text(&names));
	bench_check(copy && *copy ? 0 : -ENOENT, "no probes");
	strbuf__done(&names);
	return copy;
}

/* ---- what an event costs --------------------------------------------------------------------- */

enum load {
	LOAD_NONE,
	LOAD_EMPTY, /* a program that does nothing wherever a probe has one */
	LOAD_PROBES,
	LOAD_COUNT
};

static void start(enum load load, const char *probes, struct exporter *exporter)
{
	if (load == LOAD_NONE)
		return;
	exporter__start(exporter, environment("SONDE_BIN"), "exporter",
			environment(load == LOAD_EMPTY ? "SONDE_BENCH_BPF" : "SONDE_PROBES"),
			load == LOAD_EMPTY ? "bench_empty" : probes);
	exporter__wait(exporter);
}

static void measure(struct bench_times (*times)[LOAD_COUNT], const char *probes)
{
	for (int round = 0; round < ROUNDS; round++)
		for (enum load load = 0; load < LOAD_COUNT; load++) {
			struct exporter exporter = { .pid = -1 };

			start(load, probes, &exporter);
			for (size_t i = 0; i < work_count; i++) {
				(void)works[i].run(works[i].count / 10); /* warms up */
				bench_times__add(&times[i][load], works[i].run(works[i].count));
			}
			if (exporter.pid > 0)
				exporter__stop(&exporter);
		}
}

static double ns_each(const struct bench_times *times, const struct work *work)
{
	return bench_times__median(times) * 1e6 / (double)work->count;
}

static void events(void)
{
	static struct bench_times times[WORKS_MAX][LOAD_COUNT];
	char *probes = probe_names();

	measure(times, probes);
	bench_title(
		"CPU time that all probes add to one of these; beside it what empty programs on the same hooks add");
	for (size_t i = 0; i < work_count; i++) {
		const struct bench_times *of = times[i];
		__cleanup(x_freep) char *added = str_printf("added_%s", works[i].name);
		__cleanup(x_freep) char *empty = str_printf("added_%s_empty", works[i].name);
		double none = ns_each(&of[LOAD_NONE], &works[i]);

		bench_check(added && empty ? 0 : -ENOMEM, "no memory");
		if (none < 0) {
			bench_skip(added, "%s",
				   strerror((int)-bench_times__median(&of[LOAD_NONE])));
			continue;
		}
		bench_title("a %s without: %.0f ns", works[i].name, none);
		bench_print(added, ns_each(&of[LOAD_PROBES], &works[i]) - none, "ns",
			    BENCH_NO_LIMIT);
		bench_print(empty, ns_each(&of[LOAD_EMPTY], &works[i]) - none, "ns",
			    BENCH_NO_LIMIT);
	}
	free(probes);
}

/* ---- what the agent costs -------------------------------------------------------------------- */

static void size(void)
{
	struct exporter_figures figures;
	char *probes = probe_names();
	struct exporter sonde;

	exporter__start(&sonde, environment("SONDE_BIN"), "exporter", environment("SONDE_PROBES"),
			probes);
	exporter__wait(&sonde);
	for (int scrape = 0; scrape < 20; scrape++)
		(void)exporter__scrape(&sonde);
	figures = exporter__figures(&sonde);
	exporter__stop(&sonde);
	bench_print("all_probes_rss", (double)figures.resident_bytes / MIB, "MiB", 16);
	bench_print("all_probes_rss_peak", (double)figures.peak_bytes / MIB, "MiB", BENCH_NO_LIMIT);
	bench_print("all_probes_kernel_maps", (double)figures.map_bytes / MIB, "MiB",
		    BENCH_NO_LIMIT);
	free(probes);
}

/* One of ours is at work, with everything that the probes look at. */
static void be_busy(double until_ms)
{
	while (bench_wall_ms() < until_ms)
		for (size_t i = 0; i < work_count; i++)
			(void)works[i].run(works[i].count / 20);
}

static void be_idle(double until_ms)
{
	double left_ms = until_ms - bench_wall_ms();
	const struct timespec pause = { .tv_sec = (time_t)(left_ms / 1000),
					.tv_nsec = (long)((int64_t)(left_ms * 1e6) % 1000000000) };

	if (left_ms > 0)
		(void)nanosleep(&pause, NULL);
}

/* Percent of a core that the agent takes for itself in a minute, scraped as usual. */
static double minute_percent(void (*pass)(double until_ms))
{
	char *probes = probe_names();
	struct exporter sonde;
	double begin_ms, cpu_ms;

	exporter__start(&sonde, environment("SONDE_BIN"), "exporter", environment("SONDE_PROBES"),
			probes);
	exporter__wait(&sonde);
	begin_ms = bench_wall_ms();
	cpu_ms = exporter__figures(&sonde).cpu_ms;
	for (int second = SCRAPE_EVERY_S; second <= MINUTE_S; second += SCRAPE_EVERY_S) {
		pass(begin_ms + second * 1e3);
		(void)exporter__scrape(&sonde);
	}
	cpu_ms = exporter__figures(&sonde).cpu_ms - cpu_ms;
	exporter__stop(&sonde);
	free(probes);
	return cpu_ms / (bench_wall_ms() - begin_ms) * 100;
}

static void minutes(void)
{
	bench_title("the agent's own CPU time with all probes and a scrape every %d s, of one core",
		    SCRAPE_EVERY_S);
	bench_print("idle_minute", minute_percent(be_idle), "%", 0.2);
	bench_print("busy_minute", minute_percent(be_busy), "%", BENCH_NO_LIMIT);
}

/* ---- a hundred who ask at once --------------------------------------------------------------- */

static int connect_to(uint16_t port)
{
	const struct sockaddr_in address = { .sin_family = AF_INET,
					     .sin_port = htons(port),
					     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		bench_check(-errno, "a client cannot connect");
	return fd;
}

/* Until all replies are there, to the last byte: the server closes behind it. */
static void read_all(struct pollfd *clients, size_t count)
{
	static char buf[1 << 16];
	size_t open = count;

	while (open > 0) {
		if (poll(clients, count, -1) < 0)
			bench_check(-errno, "poll");
		for (size_t i = 0; i < count; i++) {
			if (clients[i].fd < 0 || clients[i].revents == 0)
				continue;
			if (recv(clients[i].fd, buf, sizeof(buf), 0) <= 0) {
				(void)close(clients[i].fd);
				clients[i].fd = -1;
				open--;
			}
		}
	}
}

static double ask_ms(uint16_t port, const char *path, size_t count)
{
	struct pollfd clients[CLIENTS];
	char request[128];
	int len = snprintf(request, sizeof(request),
			   "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", path);
	double begin_ms;

	for (size_t i = 0; i < count; i++)
		clients[i] = (struct pollfd){ .fd = connect_to(port), .events = POLLIN };
	begin_ms = bench_wall_ms();
	for (size_t i = 0; i < count; i++)
		if (send(clients[i].fd, request, (size_t)len, MSG_NOSIGNAL) != len)
			bench_check(-EIO, "a client cannot ask");
	read_all(clients, count);
	return bench_wall_ms() - begin_ms;
}

static void ask(struct exporter *sonde, const char *path, const char *figure)
{
	struct bench_times one = { .count = 0 }, many = { .count = 0 };

	for (int round = 0; round < 15; round++) {
		bench_times__add(&one, ask_ms(sonde->port, path, 1));
		bench_times__add(&many, ask_ms(sonde->port, path, CLIENTS));
	}
	bench_title("%s: one client %.2f ms, %d at once %.2f ms until the last has all", path,
		    bench_times__median(&one), CLIENTS, bench_times__median(&many));
	bench_print(figure, bench_times__median(&many) / bench_times__median(&one), "",
		    BENCH_NO_LIMIT);
}

static void clients(void)
{
	char *probes = probe_names();
	struct exporter_figures before, after;
	struct exporter sonde;

	exporter__start(&sonde, environment("SONDE_BIN"), "exporter", environment("SONDE_PROBES"),
			probes);
	exporter__wait(&sonde);
	before = exporter__figures(&sonde);
	ask(&sonde, "/metrics", "metrics_100_clients/1");
	ask(&sonde, "/", "page_100_clients/1");
	after = exporter__figures(&sonde);
	exporter__stop(&sonde);
	bench_print("clients_rss_growth",
		    ((double)after.resident_bytes - (double)before.resident_bytes) / MIB, "MiB",
		    BENCH_NO_LIMIT);
	free(probes);
}

static const struct bench_case cases[] = {
	{ "clients", clients },
	{ "events", events },
	{ "minutes", minutes },
	{ "all_size", size },
};

int main(int argc, char **argv)
{
	return bench_main(argc, argv, cases, array_size(cases));
}
