/* SPDX-License-Identifier: Apache-2.0 */
/* The binary as a process: how soon it answers, how large it is, and beside a real
 * ebpf_exporter. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "bench.h"
#include "cases.h"
#include "exporter.h"
#include "tables.h"

#define MIB ((double)(1 << 20))
#define SERIES 100000
#define SCRAPES 20

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	if (!value)
		bench_check(
			-EINVAL,
			"SONDE_BIN, SONDE_PROBES and SONDE_BENCH_BPF are set by tests/bench/run");
	return value;
}

/* From fork to the end of the first reply, one probe. */
static void start(void)
{
	struct bench_times times = { 0 };

	for (int round = 0; round < 15; round++) {
		struct exporter sonde;

		exporter__start(&sonde, environment("SONDE_BIN"), "exporter",
				environment("SONDE_PROBES"), "runqlat");
		exporter__wait(&sonde);
		bench_times__add(&times, bench_wall_ms() - sonde.start_ms);
		exporter__stop(&sonde);
	}
	bench_title("start_to_first_scrape: one in ten within %.0f ms", bench_times__tenth(&times));
	bench_print("start_to_first_scrape", bench_times__median(&times), "ms", 150);
}

static void size(void)
{
	struct exporter_figures figures;
	struct exporter sonde;

	exporter__start(&sonde, environment("SONDE_BIN"), "exporter", environment("SONDE_PROBES"),
			"runqlat,biolatency,syscalls");
	exporter__wait(&sonde);
	for (int scrape = 0; scrape < SCRAPES; scrape++)
		(void)exporter__scrape(&sonde);
	figures = exporter__figures(&sonde);
	exporter__stop(&sonde);
	bench_title("size with the three probes; their maps take %.2f MiB in the kernel",
		    (double)figures.map_bytes / MIB);
	bench_print("probes_rss", (double)figures.resident_bytes / MIB, "MiB", 10);
	bench_print("probes_rss_peak", (double)figures.peak_bytes / MIB, "MiB", 24);
	bench_print("probes_kernel_maps", (double)figures.map_bytes / MIB, "MiB", BENCH_NO_LIMIT);
}

/* ---- beside the peer ------------------------------------------------------------------------- */

struct run {
	double start_ms;           /* to the first reply, map empty */
	double cold_ms;            /* first scrape with all keys */
	struct bench_times scrape; /* wall */
	double cpu_ms;             /* per scrape */
	size_t resident_bytes;
	size_t reply_bytes;
};

/* The map of that name that came last. */
static int find_map(const char *name)
{
	struct bpf_map_info info;
	uint32_t id = 0;
	int found = -1;

	while (bpf_map_get_next_id(id, &id) == 0) {
		uint32_t len = sizeof(info);
		int fd = bpf_map_get_fd_by_id(id);

		memset(&info, 0, sizeof(info));
		if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &len) == 0 &&
		    strcmp(info.name, name) == 0) {
			if (found >= 0)
				close(found);
			found = fd;
		} else if (fd >= 0) {
			close(fd);
		}
	}
	bench_check(found, "the exporter has no map");
	return found;
}

static double timed_scrape_ms(struct exporter *exporter, size_t *ret_bytes)
{
	double begin = bench_wall_ms();

	*ret_bytes = exporter__scrape(exporter);
	return bench_wall_ms() - begin;
}

static void run_exporter(struct run *run, const char *binary, const char *subcommand)
{
	struct bench_table table = { .info.key_size = sizeof(struct bench_key) };
	struct exporter exporter;
	double cpu_before;

	*run = (struct run){ 0 };
	exporter__start(&exporter, binary, subcommand, environment("SONDE_BENCH_BPF"), "bench");
	exporter__wait(&exporter);
	run->start_ms = bench_wall_ms() - exporter.start_ms;
	table.fd = find_map("bench_total");
	bench_table__put(&table, SERIES);
	run->cold_ms = timed_scrape_ms(&exporter, &run->reply_bytes);
	cpu_before = exporter__figures(&exporter).cpu_ms;
	for (int scrape = 0; scrape < SCRAPES; scrape++)
		bench_times__add(&run->scrape, timed_scrape_ms(&exporter, &run->reply_bytes));
	run->cpu_ms = (exporter__figures(&exporter).cpu_ms - cpu_before) / SCRAPES;
	run->resident_bytes = exporter__figures(&exporter).resident_bytes;
	bench_table__close(&table);
	exporter__stop(&exporter);
}

static void print_run(const char *name, const struct run *run)
{
	bench_title(
		"%s: start %.0f ms, first scrape %.0f ms, then %.1f ms (%.1f ms of CPU), %.0f MiB, %.1f MB of text",
		name, run->start_ms, run->cold_ms, bench_times__median(&run->scrape), run->cpu_ms,
		(double)run->resident_bytes / MIB, (double)run->reply_bytes / 1e6);
}

static void peer(void)
{
	const char *binary = getenv("PEER_EBPF_EXPORTER");
	struct run ours, theirs;

	if (!binary || !*binary) {
		bench_skip("peer", "PEER_EBPF_EXPORTER names no binary");
		return;
	}
	run_exporter(&theirs, binary, NULL);
	run_exporter(&ours, environment("SONDE_BIN"), "exporter");
	print_run("ebpf_exporter, 100k series", &theirs);
	print_run("sonde, 100k series", &ours);
	bench_print("peer_scrape",
		    bench_times__median(&ours.scrape) / bench_times__median(&theirs.scrape), "",
		    BENCH_NO_LIMIT);
	bench_print("peer_scrape_cpu", ours.cpu_ms / theirs.cpu_ms, "", BENCH_NO_LIMIT);
	bench_print("peer_first_scrape", ours.cold_ms / theirs.cold_ms, "", BENCH_NO_LIMIT);
	bench_print("peer_rss", (double)ours.resident_bytes / (double)theirs.resident_bytes, "",
		    BENCH_NO_LIMIT);
	bench_print("peer_start", ours.start_ms / theirs.start_ms, "", BENCH_NO_LIMIT);
}

static const struct bench_case cases[] = {
	{ "peer", peer },
	{ "size", size },
	{ "start", start },
};

int main(int argc, char **argv)
{
	return bench_main(argc, argv, cases, array_size(cases));
}
