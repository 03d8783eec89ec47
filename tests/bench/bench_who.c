/* SPDX-License-Identifier: Apache-2.0 */
/* What it costs to know every process: in the kernel, end to end, and in memory. */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "bench.h"
#include "cases.h"
#include "program/program.h"
#include "who_driver.h"

#define ROUNDS 15
#define SPAWNS 500
#define PARTS_MAX 16
#define SPAWNS_PER_DRAIN 20 /* about as many as a busy machine makes from one drain to the next */
#define PROCESSES 10000

/* ---- what a spawn costs ----------------------------------------------------------------------- */

static double seconds_of(const struct timeval *time)
{
	return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

/* CPU time of this process and of those it waited for. */
static double cpu_ms(void)
{
	struct rusage own, children;

	(void)getrusage(RUSAGE_SELF, &own);
	(void)getrusage(RUSAGE_CHILDREN, &children);
	return (seconds_of(&own.ru_utime) + seconds_of(&own.ru_stime) +
		seconds_of(&children.ru_utime) + seconds_of(&children.ru_stime)) *
	       1e3;
}

/* CPU time of them all; a driver is drained on the way. */
static double spawn_ms(struct who_driver *driver)
{
	static char *arguments[] = { (char *)"/bin/true", NULL };
	static char *environment[] = { NULL };
	double begin = cpu_ms();

	for (int i = 0; i < SPAWNS; i++) {
		pid_t child;

		bench_check(-posix_spawn(&child, arguments[0], NULL, NULL, arguments, environment),
			    "/bin/true cannot be run");
		(void)waitpid(child, NULL, 0);
		if (driver && i % SPAWNS_PER_DRAIN == 0) {
			bench_check(who_driver__drain(driver), "the ring cannot be drained");
			process_table__expire(driver->table, clock_monotonic_ns());
		}
	}
	return cpu_ms() - begin;
}

static void open_driver(struct who_driver *driver)
{
	struct process_options options = { .node = "bench" };

	*driver = (struct who_driver){ 0 };
	bench_check(who_driver__open(driver, &options, NULL), "the engine cannot be loaded");
}

/* Its runs since the figures of before, when there were as many as spawns. */
static void add_run(struct who_driver *driver, uint32_t part, struct part_figures *before,
		    struct bench_times *times)
{
	struct part_figures now = { 0 };
	uint64_t runs;

	(void)program__figures(driver->program, part, &now);
	runs = now.run_count - before->run_count;
	if (runs >= SPAWNS)
		bench_times__add(times, (double)(now.run_time_ns - before->run_time_ns) / 1e6 /
						(double)runs);
	*before = now;
}

static void print_runs(const char *program, const struct bench_times *times)
{
	__cleanup(x_freep) char *figure = str_printf("%s_ns", program);

	bench_check(figure ? 0 : -ENOMEM, "no memory");
	bench_print(figure, bench_times__tenth(times) * 1e6, "ns",
		    str_eq(program, "who_exec") ? 1500 : BENCH_NO_LIMIT);
}

/* While the kernel counts, which takes some 50 ns of each run by itself. */
static void measure_kernel(struct who_driver *driver)
{
	static struct bench_times times[PARTS_MAX];
	struct part_figures before[PARTS_MAX] = { 0 };
	uint32_t parts = program__part_count(driver->program);

	bench_check(parts <= PARTS_MAX ? 0 : -E2BIG, "the engine has more programs");
	for (int round = 0; round < ROUNDS; round++) {
		(void)spawn_ms(driver);
		for (uint32_t i = 0; i < parts; i++)
			add_run(driver, i, &before[i], &times[i]);
	}
	for (uint32_t i = 0; i < parts; i++)
		if (times[i].count)
			print_runs(program__part(driver->program, i)->name, &times[i]);
}

static void kernel(void)
{
	struct who_driver driver;
	int statistics;

	bench_title("processes: what the programs take; of %d rounds of %d one in ten is as fast",
		    ROUNDS, SPAWNS);
	open_driver(&driver);
	statistics = program_enable_statistics(NULL);
	if (statistics < 0)
		bench_skip("who_exec_ns", "statistics of programs cannot be had: %s",
			   strerror(-statistics));
	else
		measure_kernel(&driver);
	if (statistics >= 0)
		(void)close(statistics);
	who_driver__close(&driver);
}

static void spawn(void)
{
	struct bench_times without = { 0 }, with = { 0 };
	struct who_driver driver;

	bench_title("processes: %d times posix_spawn() of /bin/true, without and with the table",
		    SPAWNS);
	for (int round = 0; round < ROUNDS; round++) {
		bench_times__add(&without, spawn_ms(NULL));
		open_driver(&driver);
		bench_times__add(&with, spawn_ms(&driver));
		who_driver__close(&driver);
	}
	bench_title("one spawn takes %.0f us of CPU without, %.0f us with",
		    bench_times__median(&without) * 1e3 / SPAWNS,
		    bench_times__median(&with) * 1e3 / SPAWNS);
	bench_print("spawn_with_table/without",
		    bench_times__median(&with) / bench_times__median(&without), "", 1.1);
}

/* ---- what a process takes --------------------------------------------------------------------- */

/* An image with names as they are on a machine: 80 bytes of them. */
static void take_process(struct process_table *table, uint32_t number)
{
	static const char texts[] = "/usr/lib/some/program\0service\0lib\0var\0"
				    "program\0--config\0/etc/some/program.conf\0-v";
	struct {
		struct who_exec exec;
		char text[sizeof(texts)];
	} record = { .exec = { .header = { .size = sizeof(record.exec) + sizeof(texts),
					   .kind = WHO_RECORD_EXEC,
					   .version = WHO_VERSION,
					   .time_ns = number + 1 },
			       .task = { .process = { .time_ns = number + 1, .tgid = number },
					 .parent = { .time_ns = 1, .tgid = 1 } },
			       .filename_size = 22,
			       .cwd_size = 16,
			       .piece_size = sizeof(texts) - 38,
			       .arguments_size = sizeof(texts) - 38 } };

	memcpy(record.text, texts, sizeof(texts));
	bench_check(process_table__take(table, &record, record.exec.header.size),
		    "a record is not taken");
}

static void memory(void)
{
	struct process_options options = { .node = "bench" };
	struct process_table_figures figures;
	struct process_table *table = NULL;
	size_t before = bench_resident_bytes();
	double each;

	bench_check(process_table__new(&options, &table), "no memory");
	for (uint32_t i = 1; i <= PROCESSES; i++)
		take_process(table, i);
	process_table__figures(table, &figures);
	each = (double)(bench_resident_bytes() - before) / PROCESSES;
	bench_title("processes: memory of %d; their strings are %.0f bytes each", PROCESSES,
		    (double)figures.text_bytes / PROCESSES);
	bench_print("process_bytes", each - (double)figures.text_bytes / PROCESSES, "B", 1024);
	process_table__free(table);
}

static const struct bench_case cases[] = {
	{ "process_kernel", kernel },
	{ "process_memory", memory },
	{ "process_spawn", spawn },
};

int main(int argc, char **argv)
{
	return bench_main(argc, argv, cases, array_size(cases));
}
