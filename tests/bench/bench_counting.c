/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a gadget adds to an open that fails: as it is, with a consumer that every record wakes up; with a quiet ring, drained
 * on a timer; counted in the kernel. One that is made like others' gadgets, and the object that PEER_OPENS names.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/mem.h"
#include "base/str.h"
#include "bench.h"
#include "cases.h"
#include "host/host.h"
#include "ir/ir.h"
#include "program/program.h"

#define OPENS 200000
#define ROUNDS 5
#define DRAIN_EVERY_NS 10000000
#define WAIT_MS 100
/* What counting in the kernel may add, to what the original adds. Ours does little that can be left out: most of what
 * remains is the map in which it keeps what was asked for. */
#define OWN_RATIO_MOST 0.3
#define PEER_RATIO_MOST 0.2

enum way { WAY_NONE, WAY_ORIGINAL, WAY_QUIET, WAY_COUNTED, WAY_COUNT };

struct subject {
	const char *name;   /* in figures */
	const char *object; /* path */
	double ratio_most;
	char ring[64], type[64];
};

struct load {
	const struct subject *subject;
	enum way way;
	struct host *host;
	struct program *program;
	struct program_spec spec;
	struct map_size_spec map_size;
	struct ring_buffer *ring;
	pthread_t consumer;
	atomic_bool is_over;
	uint64_t received;
};

/* ---- the gadget's own words ------------------------------------------------------------------ */

/* gadget_tracer_NAME___MAP___STRUCT */
static void find_tracer(const struct object_facts *facts, struct subject *subject)
{
	for (uint32_t i = 0; i < facts->variable_count; i++)
		if (sscanf(facts->variables[i].name, "gadget_tracer_%*[a-z]___%63[a-z]___%63[a-z]",
			   subject->ring, subject->type) == 2)
			return;
	bench_check(-ENOENT, subject->object);
}

static const struct fact_member *find_member(const struct fact_type *type, const char *name)
{
	for (uint32_t i = 0; type && i < type->member_count; i++)
		if (str_eq(type->members[i].name, name))
			return &type->members[i];
	bench_check(-ENOENT, name);
	return NULL;
}

static void want_counts(struct load *load)
{
	const struct object_facts *facts = program__facts(load->program);
	const struct fact_type *type = object_facts__find_type(facts, load->subject->type);
	const struct fact_member *process = find_member(type, "proc");
	const struct fact_member *comm = find_member(process->type, "comm");
	const struct fact_member *error = find_member(type, "error_raw");
	const struct aggregate_key keys[] = {
		{ .field = { .type = AGGREGATE_TYPE_STRING,
			     .offset = (process->offset_bits + comm->offset_bits) / 8,
			     .size = 16 } },
		{ .field = { .offset = error->offset_bits / 8, .size = 4 } },
	};
	const struct aggregate aggregate = {
		.record_size = type->size,
		.keys = keys,
		.key_count = array_size(keys),
		.max_keys = 1024,
	};
	bool is_quiet = load->way == WAY_QUIET;

	bench_check(program__want_aggregate(load->program, load->subject->ring,
					    is_quiet ? NULL : &aggregate, is_quiet ? 0 : 1,
					    is_quiet ? RUNG_QUIET_RING : RUNG_PRUNED, NULL),
		    "want_aggregate");
}

/* ---- loading and consuming ------------------------------------------------------------------- */

static int on_record(void *ctx, void *data, size_t size)
{
	struct load *load = ctx;
	char comm[16];

	/* As little as anybody does with a record: he looks at it. */
	(void)memcpy(comm, data, size < sizeof(comm) ? size : sizeof(comm));
	__asm__ volatile("" : : "r"(comm) : "memory");
	load->received++;
	return 0;
}

static void *consume(void *ctx)
{
	const struct timespec pause = { .tv_nsec = DRAIN_EVERY_NS };
	struct load *load = ctx;

	while (!atomic_load(&load->is_over)) {
		if (load->way == WAY_ORIGINAL) {
			(void)ring_buffer__poll(load->ring, WAIT_MS);
			continue;
		}
		(void)ring_buffer__consume(load->ring);
		(void)nanosleep(&pause, NULL);
	}
	(void)ring_buffer__consume(load->ring);
	return NULL;
}

static void open_load(struct load *load)
{
	const struct program_options options = { .host = load->host };
	const struct object_facts *facts;

	load->spec = (struct program_spec){ .name = "opens", .object = load->subject->object };
	bench_check(program__open(&load->spec, &options, &load->program, NULL),
		    load->subject->object);
	facts = program__facts(load->program);
	if (!object_facts__find_variable(facts, "ig_build_id_max_entries"))
		return;
	load->map_size = (struct map_size_spec){ .map = "ig_build_id",
						 .constant = "ig_build_id_max_entries" };
	load->spec.map_sizes = &load->map_size;
	load->spec.map_size_count = 1;
}

static void start(struct load *load)
{
	struct program_map map;

	if (load->way == WAY_NONE)
		return;
	open_load(load);
	bench_check(program__plan(load->program, NULL), "plan");
	if (load->way >= WAY_QUIET)
		want_counts(load);
	bench_check(program__load(load->program, NULL), "load");
	if (load->way != WAY_COUNTED) {
		bench_check(program__map(load->program, load->subject->ring, &map, NULL), "ring");
		load->ring = ring_buffer__new(map.fd, on_record, load, NULL);
		bench_check(load->ring ? 0 : -errno, "ring_buffer__new");
		bench_check(-pthread_create(&load->consumer, NULL, consume, load), "consumer");
	}
	bench_check(program__attach(load->program, NULL), "attach");
}

/* Opens of this process that were seen; the table has them by name and error. */
static uint64_t read_counts(const struct load *load)
{
	struct program_map counts, spare;
	uint64_t value = 0, sum = 0;
	uint8_t key[AGGREGATE_KEY_BYTES_MAX] = "bench_counting";
	uint64_t error = ENOENT;

	bench_check(
		program__aggregate(load->program, load->subject->ring, 0, &counts, &spare, NULL),
		"aggregate");
	memcpy(key + 16, &error, sizeof(error));
	if (bpf_map_lookup_elem(counts.fd, key, &value) == 0)
		sum += value;
	return sum;
}

static void stop(struct load *load)
{
	if (load->ring) {
		atomic_store(&load->is_over, true);
		bench_check(-pthread_join(load->consumer, NULL), "consumer");
		ring_buffer__free(load->ring);
	}
	program__close(load->program);
}

/* ---- the work -------------------------------------------------------------------------------- */

static void open_nothing(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		(void)syscall(SYS_openat, AT_FDCWD, "/nonexistent/of-the-bench", O_RDONLY);
}

struct outcome {
	struct bench_times times;
	uint64_t lost; /* of all rounds */
};

static void run_once(const struct subject *subject, struct host *host, enum way way,
		     struct outcome *outcome)
{
	struct load load = { .subject = subject, .way = way, .host = host };
	double before;
	uint64_t seen = OPENS;

	start(&load);
	before = bench_now_ms();
	open_nothing(OPENS);
	bench_times__add(&outcome->times, bench_now_ms() - before);
	if (way == WAY_COUNTED)
		seen = read_counts(&load);
	stop(&load);
	if (way == WAY_ORIGINAL || way == WAY_QUIET)
		seen = load.received;
	/* Others open files meanwhile: what was lost is lost at least. */
	outcome->lost += seen < OPENS ? OPENS - seen : 0;
}

static void print_way(const struct subject *subject, const char *way, const struct outcome *of,
		      double none)
{
	__cleanup(x_freep) char *added = str_printf("counting_%s_%s", subject->name, way);
	__cleanup(x_freep) char *lost = str_printf("counting_%s_%s_lost", subject->name, way);

	bench_check(added && lost ? 0 : -ENOMEM, "no memory");
	bench_print(added, (bench_times__median(&of->times) - none) * 1e6 / OPENS, "ns",
		    BENCH_NO_LIMIT);
	bench_print(lost, (double)of->lost / ROUNDS, "",
		    str_eq(way, "counted") ? 0 : BENCH_NO_LIMIT);
}

static void race(struct subject *subject, struct host *host)
{
	static const char *const names[] = {
		[WAY_ORIGINAL] = "original", [WAY_QUIET] = "quiet", [WAY_COUNTED] = "counted"
	};
	__cleanup(x_freep) char *ratio = str_printf("counting_%s_ratio", subject->name);
	struct outcome outcomes[WAY_COUNT] = { 0 };
	struct load facts = { .subject = subject, .host = host };
	double none;

	bench_check(ratio ? 0 : -ENOMEM, "no memory");
	open_load(&facts);
	find_tracer(program__facts(facts.program), subject);
	program__close(facts.program);
	for (int round = 0; round < ROUNDS; round++)
		for (enum way way = 0; way < WAY_COUNT; way++)
			run_once(subject, host, way, &outcomes[way]);
	none = bench_times__median(&outcomes[WAY_NONE].times);
	for (enum way way = WAY_ORIGINAL; way < WAY_COUNT; way++)
		print_way(subject, names[way], &outcomes[way], none);
	bench_print(ratio,
		    (bench_times__median(&outcomes[WAY_COUNTED].times) - none) /
			    (bench_times__median(&outcomes[WAY_ORIGINAL].times) - none),
		    "", subject->ratio_most);
}

static void counting(void)
{
	const char *objects = getenv("SONDE_BENCH_BPF");
	const char *peer_path = getenv("PEER_OPENS");
	__cleanup(x_freep) char *own_path = str_printf("%s/bench_opens.bpf.o",
						       objects ? objects : "");
	struct subject own = { .name = "own", .object = own_path, .ratio_most = OWN_RATIO_MOST };
	struct subject peer = { .name = "peer",
				.object = peer_path,
				.ratio_most = PEER_RATIO_MOST };
	struct host *host;

	bench_check(own_path && objects ? 0 : -EINVAL, "SONDE_BENCH_BPF is set by tests/bench/run");
	bench_check(host__open("/", &host, NULL), "host");
	bench_title(
		"CPU time that a gadget adds to an open that fails, consumer included, and events that nobody saw");
	race(&own, host);
	if (peer_path)
		race(&peer, host);
	else
		bench_skip("counting_peer_ratio", "PEER_OPENS names no object");
	host__close(host);
}

int main(int argc, char **argv)
{
	static const struct bench_case cases[] = {
		{ "counting", counting },
	};

	return bench_main(argc, argv, cases, array_size(cases));
}
