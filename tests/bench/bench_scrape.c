/* SPDX-License-Identifier: Apache-2.0 */
/* Scrapes of hash maps: warm, with new keys each time, and the first one. */
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "bench.h"
#include "bench_route.h"
#include "cases.h"
#include "sink/prometheus.h"

#define SERIES 100000

struct contest { /* the same table, read by all in turn */
	struct bench_times ours, naive, bare;
};

static void print_contest(const char *figure, const struct contest *contest, double most_of_naive,
			  double most_of_bare)
{
	double ours = bench_times__median(&contest->ours);
	char name[128];

	bench_title("%s: ours %.2f ms, naive %.2f ms, bare batches %.2f ms", figure, ours,
		    bench_times__median(&contest->naive), bench_times__median(&contest->bare));
	(void)snprintf(name, sizeof(name), "%s/naive", figure);
	bench_print(name, ours / bench_times__median(&contest->naive), "", most_of_naive);
	(void)snprintf(name, sizeof(name), "%s/bare", figure);
	bench_print(name, ours / bench_times__median(&contest->bare), "", most_of_bare);
}

/* Both have to say the same, or the race is void. */
static void compare_texts(const struct bench_route *route, const struct strbuf *naive)
{
	if (route->text.len == naive->len && memcmp(route->text.data, naive->data, naive->len) == 0)
		return;
	(void)fprintf(stderr, "bench: the texts of sonde and of the naive reader differ\n");
	_Exit(2);
}

static void run_rivals(struct contest *contest, const struct bench_table *table,
		       const struct bench_route *route, struct strbuf *text)
{
	bench_times__add(&contest->bare, bare_batch_ms(table));
	bench_times__add(&contest->naive, naive_scrape_ms(table, text));
	compare_texts(route, text);
}

static void run_warm(const char *figure, uint32_t type, uint32_t series, int rounds, bool is_target)
{
	struct contest contest = { 0 };
	struct strbuf text = STRBUF_INIT;
	struct bench_table table;
	struct bench_route route;

	bench_table__open(&table, type, series + series / 4, 0);
	bench_table__put(&table, series);
	bench_route__open(&route, &table, 0);
	(void)bench_route__scrape_ms(&route);
	(void)bench_route__scrape_ms(&route);
	for (int round = 0; round < rounds; round++) {
		bench_times__add(&contest.ours, bench_route__scrape_ms(&route));
		run_rivals(&contest, &table, &route, &text);
	}
	print_contest(figure, &contest, is_target ? 0.1 : BENCH_NO_LIMIT,
		      is_target ? 1.6 : BENCH_NO_LIMIT);
	bench_route__close(&route);
	bench_table__close(&table);
	strbuf__done(&text);
}

static void run_churn(const char *figure, uint32_t type)
{
	struct contest contest = { 0 };
	struct strbuf text = STRBUF_INIT;
	struct bench_table table;
	struct bench_route route;

	bench_table__open(&table, type, SERIES + SERIES / 4, 0);
	bench_table__put(&table, SERIES);
	bench_route__open(&route, &table, 0);
	(void)bench_route__scrape_ms(&route);
	for (int round = 0; round < 41; round++) {
		bench_table__drop(&table, SERIES / 10);
		bench_table__put(&table, SERIES / 10);
		bench_times__add(&contest.ours, bench_route__scrape_ms(&route));
		if (round % 5 == 0)
			run_rivals(&contest, &table, &route, &text);
	}
	print_contest(figure, &contest, 0.2, BENCH_NO_LIMIT);
	bench_route__close(&route);
	bench_table__close(&table);
	strbuf__done(&text);
}

static void run_cold(const char *figure, uint32_t type)
{
	struct contest contest = { 0 };
	struct bench_table table;

	bench_table__open(&table, type, SERIES + SERIES / 4, 0);
	bench_table__put(&table, SERIES);
	for (int round = 0; round < 9; round++) {
		struct strbuf text = STRBUF_INIT; /* the rival starts cold as well */
		struct bench_route route;

		bench_route__open(&route, &table, 0);
		bench_times__add(&contest.ours, bench_route__scrape_ms(&route));
		run_rivals(&contest, &table, &route, &text);
		bench_route__close(&route);
		strbuf__done(&text);
	}
	print_contest(figure, &contest, 1.0 / 3, BENCH_NO_LIMIT);
	bench_table__close(&table);
}

/* What it costs that a total survives its series; the limit is one that does not bite. */
static void bounded_hash(void)
{
	struct bench_times bounded = { 0 }, unbounded = { 0 };
	struct bench_route routes[2];
	struct bench_table table;

	bench_table__open(&table, BPF_MAP_TYPE_HASH, SERIES + SERIES / 4, 0);
	bench_table__put(&table, SERIES);
	bench_route__open(&routes[0], &table, 0);
	bench_route__open(&routes[1], &table, 2 * SERIES);
	for (int round = 0; round < 17; round++) {
		double unbounded_ms = bench_route__scrape_ms(&routes[0]);
		double bounded_ms = bench_route__scrape_ms(&routes[1]);

		if (round < 2) /* cold */
			continue;
		bench_times__add(&unbounded, unbounded_ms);
		bench_times__add(&bounded, bounded_ms);
	}
	bench_title("bounded_hash_100k: %.2f ms with a limit, %.2f ms without",
		    bench_times__median(&bounded), bench_times__median(&unbounded));
	bench_print("bounded_hash_100k/unbounded",
		    bench_times__median(&bounded) / bench_times__median(&unbounded), "", 1.3);
	bench_route__close(&routes[0]);
	bench_route__close(&routes[1]);
	bench_table__close(&table);
}

static void warm_hash(void)
{
	run_warm("warm_hash_1k", BPF_MAP_TYPE_HASH, 1000, 101, false);
	run_warm("warm_hash_10k", BPF_MAP_TYPE_HASH, 10000, 31, false);
	run_warm("warm_hash_100k", BPF_MAP_TYPE_HASH, SERIES, 15, true);
}

static void warm_percpu_hash(void)
{
	run_warm("warm_percpu_hash_100k", BPF_MAP_TYPE_PERCPU_HASH, SERIES, 15, true);
}

static void churn(void)
{
	run_churn("churn_hash_100k", BPF_MAP_TYPE_HASH);
	run_churn("churn_percpu_hash_100k", BPF_MAP_TYPE_PERCPU_HASH);
}

static void cold(void)
{
	run_cold("cold_hash_100k", BPF_MAP_TYPE_HASH);
	run_cold("cold_percpu_hash_100k", BPF_MAP_TYPE_PERCPU_HASH);
}

static void array(void)
{
	struct bench_times mapped = { 0 }, batched = { 0 };
	struct bench_table with_flag, without;
	struct bench_route route, other;

	bench_table__open(&with_flag, BPF_MAP_TYPE_ARRAY, SERIES, BPF_F_MMAPABLE);
	bench_table__open(&without, BPF_MAP_TYPE_ARRAY, SERIES, 0);
	bench_table__put(&with_flag, SERIES);
	bench_table__put(&without, SERIES);
	bench_route__open(&route, &with_flag, 0);
	bench_route__open(&other, &without, 0);
	(void)bench_route__scrape_ms(&route);
	(void)bench_route__scrape_ms(&other);
	for (int round = 0; round < 31; round++) {
		bench_times__add(&mapped, bench_route__scrape_ms(&route));
		bench_times__add(&batched, bench_route__scrape_ms(&other));
	}
	bench_title("array_100k: by mmap %.2f ms, in batches %.2f ms", bench_times__median(&mapped),
		    bench_times__median(&batched));
	bench_print("array_100k_syscalls",
		    (double)table_source__figures(route.route.table)->syscalls, "", 0);
	bench_print("array_100k_mmap/batch",
		    bench_times__median(&mapped) / bench_times__median(&batched), "",
		    BENCH_NO_LIMIT);
	bench_route__close(&route);
	bench_route__close(&other);
	bench_table__close(&with_flag);
	bench_table__close(&without);
}

/* A million distinct keys pass through an LRU map in a hundred scrapes. */
static void lru(void)
{
	struct bench_table table;
	struct bench_route route;
	size_t early = 0, most = 0;

	bench_table__open(&table, BPF_MAP_TYPE_LRU_HASH, 20000, 0);
	bench_route__open(&route, &table, 0);
	for (int scrape = 1; scrape <= 100; scrape++) {
		size_t bytes;

		bench_table__put(&table, 10000);
		(void)bench_route__scrape_ms(&route);
		bytes = bench_resident_bytes();
		if (scrape <= 20)
			early = bytes > early ? bytes : early;
		else
			most = bytes > most ? bytes : most;
	}
	bench_title("lru_1M: most in scrapes 1 to 20 %.1f MiB, in 21 to 100 %.1f MiB",
		    (double)early / (1 << 20), (double)most / (1 << 20));
	bench_print("lru_1M_rss_late/early", (double)most / (double)early, "", 1.05);
	bench_route__close(&route);
	bench_table__close(&table);
}

static void text_line(void)
{
	struct bench_times times = { 0 };
	struct bench_table table;
	struct bench_route route;
	struct family *family;

	bench_table__open(&table, BPF_MAP_TYPE_HASH, SERIES, 0);
	bench_table__put(&table, SERIES);
	bench_route__open(&route, &table, 0);
	(void)bench_route__scrape_ms(&route);
	family = route.route.family;
	for (int round = 0; round < 101; round++) {
		double start;

		strbuf__reset(&route.text);
		start = bench_now_ms();
		prometheus__write_family(family, NAME_ESCAPING_UNDERSCORES, &route.text);
		bench_times__add(&times, bench_now_ms() - start);
	}
	bench_title("text: %zu bytes a line, median round %.1f ns", route.text.len / SERIES,
		    bench_times__median(&times) * 1e6 / SERIES);
	bench_print("text_line", bench_times__tenth(&times) * 1e6 / SERIES, "ns", 30);
	bench_route__close(&route);
	bench_table__close(&table);
}

static const struct bench_case cases[] = {
	{ "array", array },
	{ "bounded", bounded_hash },
	{ "churn", churn },
	{ "cold", cold },
	{ "lru", lru },
	{ "text", text_line },
	{ "warm_hash", warm_hash },
	{ "warm_percpu_hash", warm_percpu_hash },
};

int main(int argc, char **argv)
{
	return bench_main(argc, argv, cases, array_size(cases));
}
