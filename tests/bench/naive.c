/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/bpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/vec.h"
#include "bench.h"
#include "tables.h"

/*
 * The reader that one writes first, step by step as specs of the kind describe it: each key and
 * value in memory of its own, labels as strings, equal ones found by a joined string, a metric
 * object with sorted pairs for each, all sorted, then printed. Kinder than what it models: no
 * garbage collector, CPUs summed before decoding, and freeing is not timed.
 */

#define LABELS 4

static const char *const names[LABELS] = { "pid", "op", "comm", "cgroup_id" };

struct row {
	struct bench_key *key;
	uint64_t *cells;
	char *labels[LABELS];
	char *joined;
};

struct pair {
	const char *name;
	const char *value;
};

struct metric {
	struct pair pairs[LABELS];
	double value;
};

typedef VEC(struct row) row_list;
typedef VEC(struct metric *) metric_list;

static void read_rows(const struct bench_table *table, row_list *rows)
{
	const struct bench_key *previous = NULL;

	for (;;) {
		struct row row = { .key = malloc(sizeof(*row.key)) };

		bench_check(row.key ? 0 : -ENOMEM, "rival (a)");
		if (bpf_map_get_next_key(table->fd, previous, row.key) < 0) {
			free(row.key);
			return;
		}
		row.cells = calloc(table->cpus, sizeof(uint64_t));
		bench_check(row.cells ? 0 : -ENOMEM, "rival (a)");
		bench_check(bpf_map_lookup_elem(table->fd, row.key, row.cells), "rival (a)");
		bench_check(vec_push(rows, row), "rival (a)");
		previous = row.key;
	}
}

static void decode(struct row *row)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%" PRIu32, row->key->pid);
	row->labels[0] = strdup(text);
	(void)snprintf(text, sizeof(text), "%" PRIu32, row->key->op);
	for (uint32_t i = 0; i < array_size(bench_ops); i++) {
		char number[32];

		(void)snprintf(number, sizeof(number), "%" PRIu32, i);
		if (strcmp(number, text) == 0)
			row->labels[1] = strdup(bench_ops[i]);
	}
	row->labels[2] = strndup(row->key->comm, sizeof(row->key->comm));
	(void)snprintf(text, sizeof(text), "%" PRIu64, row->key->cgroup_id);
	row->labels[3] = strdup(text);
}

static int compare_pairs(const void *a, const void *b)
{
	return strcmp(((const struct pair *)a)->name, ((const struct pair *)b)->name);
}

static int compare_metrics(const void *a, const void *b)
{
	const struct metric *x = *(struct metric *const *)a;
	const struct metric *y = *(struct metric *const *)b;
	int order = 0;

	for (size_t i = 0; i < LABELS && order == 0; i++)
		order = strcmp(x->pairs[i].value, y->pairs[i].value);
	return order;
}

static struct metric *make_metric(const struct row *row)
{
	struct metric *metric = new_zero(struct metric);

	bench_check(metric ? 0 : -ENOMEM, "rival (a)");
	for (size_t i = 0; i < LABELS; i++)
		metric->pairs[i] = (struct pair){ names[i], row->labels[i] };
	qsort(metric->pairs, LABELS, sizeof(*metric->pairs), compare_pairs);
	return metric;
}

static void aggregate(const struct bench_table *table, row_list *rows, struct map *by_labels,
		      metric_list *metrics)
{
	vec_for_each(rows, row) {
		struct metric *metric;

		decode(row);
		row->joined = str_printf("%s|%s|%s|%s", row->labels[0], row->labels[1],
					 row->labels[2], row->labels[3]);
		bench_check(row->joined ? 0 : -ENOMEM, "rival (a)");
		metric = map__find(by_labels, row->joined, strlen(row->joined));
		if (!metric) {
			metric = make_metric(row);
			bench_check(
				map__set(by_labels, row->joined, strlen(row->joined), metric, NULL),
				"rival (a)");
			bench_check(vec_push(metrics, metric), "rival (a)");
		}
		for (uint32_t cpu = 0; cpu < table->cpus; cpu++)
			metric->value += (double)row->cells[cpu];
	}
}

static void print_escaped(struct strbuf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			strbuf__add_char(out, '\\');
		if (*text == '\n')
			strbuf__add_text(out, "\\n");
		else
			strbuf__add_char(out, *text);
	}
}

static void print(metric_list *metrics, struct strbuf *out)
{
	strbuf__add_text(out, "# HELP bench_total Benchmark\n# TYPE bench_total counter\n");
	vec_for_each(metrics, at) {
		const struct metric *metric = *at;
		char text[NUM_DOUBLE_MAX_LEN];

		strbuf__add_text(out, "bench_total{");
		for (size_t i = 0; i < LABELS; i++) {
			strbuf__printf(out, "%s%s=\"", i ? "," : "", metric->pairs[i].name);
			print_escaped(out, metric->pairs[i].value);
			strbuf__add_char(out, '"');
		}
		strbuf__add_text(out, "} ");
		strbuf__add(out, text, num_format_double(text, metric->value));
		strbuf__add_char(out, '\n');
	}
}

static void free_all(row_list *rows, struct map *by_labels, metric_list *metrics)
{
	map__done(by_labels, free);
	vec_done(metrics);
	vec_for_each(rows, row) {
		for (size_t i = 0; i < LABELS; i++)
			free(row->labels[i]);
		free(row->joined);
		free(row->key);
		free(row->cells);
	}
	vec_done(rows);
}

double naive_scrape_ms(const struct bench_table *table, struct strbuf *out)
{
	row_list rows = VEC_INIT;
	metric_list metrics = VEC_INIT;
	struct map by_labels = MAP_INIT;
	double start = bench_now_ms();
	double end;

	read_rows(table, &rows);
	aggregate(table, &rows, &by_labels, &metrics);
	if (metrics.len)
		qsort(metrics.items, metrics.len, sizeof(*metrics.items), compare_metrics);
	strbuf__reset(out);
	print(&metrics, out);
	end = bench_now_ms();
	free_all(&rows, &by_labels, &metrics);
	return end - start;
}
