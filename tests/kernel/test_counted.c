/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of programs that know nothing of it are counted where they are made: exactly, with no record in the ring, on
 * every rung that a program can have, while events come and go, and when keys or slots do not suffice.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "host/host.h"
#include "ir/interpret.h"
#include "program/program.h"

/* Of bpf/counted.bpf.c. */
enum way { WAY_RESERVE = 1000, WAY_OUTPUT, WAY_PERF, WAY_ODD, WAY_TWO, WAY_BOTH };
#define DISCARDED 77
struct event {
	uint64_t time_ns;
	char comm[16];
	uint64_t key;
	int32_t value;
	uint32_t pid;
	uint16_t port;
	char path[46];
};

#define FIELD(member, kind)                                                                        \
	{                                                                                          \
		.type = AGGREGATE_TYPE_##kind, .offset = offsetof(struct event, member),           \
		.size = sizeof(((struct event *)0)->member)                                        \
	}

static const struct aggregate_key by_key[] = { { .field = FIELD(key, INTEGER) } };
static const struct aggregate_key by_path[] = { { .field = FIELD(path, STRING) },
						{ .field = FIELD(comm, STRING) } };
static const struct aggregate_field value_field = { .offset = offsetof(struct event, value),
						    .size = 4,
						    .is_signed = true };
#define COUNT_BY(keys_, most)                                                                      \
	{                                                                                          \
		.record_size = sizeof(struct event), .keys = (keys_),                              \
		.key_count = array_size(keys_), .max_keys = (most)                                 \
	}

/* ---- events ---- */

void fire(uint64_t key, int64_t value);
__attribute__((noinline, used)) void fire(uint64_t key, int64_t value)
{
	__asm__ volatile("" : : "r"(key), "r"(value) : "memory");
}

static void send_with_path(enum way way, uint64_t key, int64_t value, const char *path)
{
	(void)syscall(SYS_sched_get_priority_max, way, key, value, path);
}

static void send(enum way way, uint64_t key, int64_t value)
{
	send_with_path(way, key, value, "");
}

/* ---- a loaded object ---- */

struct bench {
	struct host *host;
	struct program *program;
	struct program_spec spec;
	struct rodata_spec constants[2];
	uint32_t pid, call;
	char object[256];
	const char *ring;
	struct ring_buffer *consumer;
	uint64_t received;
	const struct aggregate
		*interpreted; /* or NULL: what is received is added up by the interpreter */
	struct aggregate_layout layout;
	uint8_t interpreted_value[1024]; /* without keys */
};

static void fail_with(const struct err *err)
{
	char text[1024];

	err__format(err, text, sizeof(text));
	fail_msg("%s\n%s", text, err->cause ? err->cause : "");
}

static void open_object(struct bench *bench, const char *object)
{
	const struct program_options options = { .host = bench->host };
	struct err err = ERR_INIT;

	(void)snprintf(bench->object, sizeof(bench->object), "%s/%s.bpf.o",
		       getenv("SONDE_TEST_BPF"), object);
	bench->pid = (uint32_t)getpid();
	bench->call = SYS_sched_get_priority_max;
	bench->constants[0] = (struct rodata_spec){ .name = "own_pid",
						    .value = &bench->pid,
						    .value_size = sizeof(bench->pid) };
	bench->constants[1] = (struct rodata_spec){ .name = "own_call",
						    .value = &bench->call,
						    .value_size = sizeof(bench->call) };
	bench->spec = (struct program_spec){ .name = object,
					     .object = bench->object,
					     .rodata = bench->constants,
					     .rodata_count = str_eq(object, "counted") ? 2 : 0 };
	if (program__open(&bench->spec, &options, &bench->program, &err) < 0)
		fail_with(&err);
}

static void want(struct bench *bench, const char *ring, const struct aggregate *list,
		 uint32_t count, enum rung most)
{
	struct err err = ERR_INIT;

	bench->ring = ring;
	if (program__want_aggregate(bench->program, ring, list, count, most, &err) < 0)
		fail_with(&err);
}

static void start(struct bench *bench)
{
	struct err err = ERR_INIT;

	if (program__load(bench->program, &err) < 0 || program__attach(bench->program, &err) < 0)
		fail_with(&err);
}

static void open_counted(struct bench *bench)
{
	struct err err = ERR_INIT;

	open_object(bench, "counted");
	if (program__plan(bench->program, &err) < 0)
		fail_with(&err);
}

/* The usual: one aggregate over one ring. */
static void start_counting(struct bench *bench, const char *ring, const struct aggregate *aggregate,
			   enum rung most)
{
	open_counted(bench);
	want(bench, ring, aggregate, 1, most);
	start(bench);
}

static int on_record(void *ctx, void *data, size_t size)
{
	struct bench *bench = ctx;
	uint8_t key[AGGREGATE_KEY_BYTES_MAX];
	struct aggregate_sample sample;

	bench->received++;
	if (bench->interpreted && aggregate__run(bench->interpreted, &bench->layout, data, size,
						 key, &sample) == AGGREGATE_KEEPS)
		aggregate__add(bench->interpreted, &bench->layout, &sample,
			       bench->interpreted_value);
	return 0;
}

/* How many records came through the ring since the last time. */
static uint64_t drain(struct bench *bench)
{
	struct program_map map;

	bench->received = 0;
	if (!bench->consumer) {
		assert_int_equal(program__map(bench->program, bench->ring, &map, NULL), 0);
		bench->consumer = ring_buffer__new(map.fd, on_record, bench, NULL);
		assert_non_null(bench->consumer);
	}
	assert_true(ring_buffer__consume(bench->consumer) >= 0);
	return bench->received;
}

static int set_up(void **state)
{
	struct bench *bench = new_zero(struct bench);

	assert_non_null(bench);
	assert_int_equal(host__open("/", &bench->host, NULL), 0);
	*state = bench;
	return 0;
}

static void stop(struct bench *bench)
{
	ring_buffer__free(bench->consumer);
	bench->consumer = NULL;
	bench->program = program__close(bench->program);
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	stop(bench);
	host__close(bench->host);
	free(bench);
	return 0;
}

/* ---- what was counted ---- */

struct counts {
	struct program_map counts, spare;
};

static struct counts counts_of(const struct bench *bench, uint32_t index)
{
	struct counts counts;
	struct err err = ERR_INIT;

	if (program__aggregate(bench->program, bench->ring, index, &counts.counts, &counts.spare,
			       &err) < 0)
		fail_with(&err);
	return counts;
}

/* The first numbers of a value; all 0 for a key that is not there. */
static uint64_t number_of(const struct counts *counts, const void *key, uint32_t number)
{
	uint64_t value[128] = { 0 };

	assert_true(counts->counts.value_size <= sizeof(value));
	(void)bpf_map_lookup_elem(counts->counts.fd, key, value);
	return value[number];
}

static uint64_t count_of_key(const struct bench *bench, uint64_t key)
{
	struct counts counts = counts_of(bench, 0);

	return number_of(&counts, &key, 0);
}

static uint64_t spare_of(const struct counts *counts)
{
	uint64_t value[128] = { 0 };
	uint32_t zero = 0;

	assert_true(counts->spare.value_size <= sizeof(value));
	assert_int_equal(bpf_map_lookup_elem(counts->spare.fd, &zero, value), 0);
	return value[0];
}

static uint64_t sum_over_keys(const struct counts *counts, uint32_t *ret_keys)
{
	uint8_t key[AGGREGATE_KEY_BYTES_MAX];
	void *before = NULL;
	uint64_t sum = 0;

	*ret_keys = 0;
	while (bpf_map_get_next_key(counts->counts.fd, before, key) == 0) {
		before = key;
		sum += number_of(counts, key, 0);
		++*ret_keys;
	}
	return sum;
}

static const struct rung_view *rung_of(const struct bench *bench, const char *program)
{
	for (uint32_t i = 0; i < program__rung_count(bench->program, bench->ring); i++)
		if (str_eq(program__rung(bench->program, bench->ring, i)->program, program))
			return program__rung(bench->program, bench->ring, i);
	fail_msg("program '%s' sends nothing through '%s'", program, bench->ring);
	return NULL;
}

static void assert_rung(const struct bench *bench, const char *program, enum rung rung,
			const char *reason)
{
	const struct rung_view *view = rung_of(bench, program);

	if (view->rung != rung || !view->reason != !reason ||
	    (reason && !strstr(view->reason, reason)))
		fail_msg("%s: %s, %s\n%s", program, rung_name(view->rung),
			 view->reason ? view->reason : "no reason", view->cause ? view->cause : "");
}

static void skip_without_uprobe(const struct bench *bench, const char *program)
{
	for (uint32_t i = 0; i < program__part_count(bench->program); i++) {
		const struct part *part = program__part(bench->program, i);

		if (!str_eq(part->name, program) || part->state == PART_STATE_ATTACHED)
			continue;
		printf("# skip: %s: %s\n", program, part->reason ? part->reason : "not attached");
		skip();
	}
}

/* ---- reserved and submitted ---- */

#define EVENTS 5000

static void send_many(enum way way)
{
	static const char *const paths[] = { "", "/etc/passwd", "/etc", "/etc/passwd-" };

	for (uint64_t i = 0; i < EVENTS; i++)
		send_with_path(way, i % 7, (int64_t)(i % 100) - 20, paths[i % array_size(paths)]);
}

static void test_count__exactly_and_nothing_in_the_ring(void **state)
{
	static const struct aggregate aggregate = COUNT_BY(by_key, 64);
	struct bench *bench = *state;
	struct counts counts;

	start_counting(bench, "ring", &aggregate, RUNG_PRUNED);
	assert_rung(bench, "by_reserve", RUNG_PRUNED, NULL);
	send_many(WAY_RESERVE);
	for (uint64_t key = 0; key < 7; key++)
		assert_int_equal(count_of_key(bench, key), EVENTS / 7 + (key < EVENTS % 7));
	counts = counts_of(bench, 0);
	assert_int_equal(spare_of(&counts), 0);
	assert_int_equal(drain(bench), 0);
	assert_int_equal(program__ring_losses(bench->program, "ring").uncounted, 0);
	assert_true(rung_of(bench, "by_reserve")->removed > 10);
	/* The program reads the key itself, to give events up. */
	assert_int_equal(rung_of(bench, "by_reserve")->needed_bytes, 8);
	assert_int_equal(program__set_events(bench->program, "ring", true, NULL), -EOPNOTSUPP);
}

static void test_count__given_up(void **state)
{
	static const struct aggregate aggregate = COUNT_BY(by_key, 64);
	struct bench *bench = *state;

	start_counting(bench, "ring", &aggregate, RUNG_PRUNED);
	send(WAY_RESERVE, 1, 0);
	send(WAY_RESERVE, DISCARDED, 0);
	send(WAY_RESERVE, 2, 0);
	assert_int_equal(count_of_key(bench, 1), 1);
	assert_int_equal(count_of_key(bench, 2), 1);
	assert_int_equal(count_of_key(bench, DISCARDED), 0);
}

/* What it takes in the kernel is the ring's: counts, spare, slots, and the control word. */
static void test_count__memory_is_accounted_for(void **state)
{
	static const struct aggregate aggregate = COUNT_BY(by_key, 4096);
	struct bench *bench = *state;
	struct map_figures figures;
	uint64_t bytes = 0;
	uint32_t count = 0;

	start_counting(bench, "ring", &aggregate, RUNG_PRUNED);
	for (uint32_t i = 0; i < program__map_count(bench->program); i++) {
		program__map_figures(bench->program, i, &figures);
		if (!str_eq(figures.name, "ring"))
			continue;
		assert_int_not_equal(figures.id, 0);
		count++;
		bytes += figures.memory_bytes;
	}
	assert_int_equal(count, 5);
	assert_true(bytes > 4096 * 16);
}

/* All of several aggregates, in both rungs, give the same; strings are cut where they end. */
static void test_count__pruned_is_unpruned(void **state)
{
	static const struct aggregate_condition conditions[] = {
		{ .field = { .offset = offsetof(struct event, value),
			     .size = 4,
			     .is_signed = true },
		  .op = AGGREGATE_OP_LESS,
		  .number = 0 },
	};
	static const struct aggregate list[] = {
		COUNT_BY(by_path, 64),
		{ .record_size = sizeof(struct event),
		  .conditions = conditions,
		  .condition_count = 1,
		  .keys = by_key,
		  .key_count = 1,
		  .value = { .kind = AGGREGATE_KIND_SUM,
			     .field = { .offset = offsetof(struct event, value),
					.size = 4,
					.is_signed = true } },
		  .max_keys = 64 },
	};
	static const enum rung rungs[] = { RUNG_PRUNED, RUNG_SLOT };
	uint64_t path_counts[2][2], sums[2][7];
	struct bench *bench = *state;

	for (size_t i = 0; i < array_size(rungs); i++) {
		char path_key[64] = "/etc";
		struct counts paths, keys;
		uint32_t count;

		open_counted(bench);
		want(bench, "ring", list, array_size(list), rungs[i]);
		start(bench);
		assert_rung(bench, "by_reserve", rungs[i], NULL);
		send_many(WAY_RESERVE);
		paths = counts_of(bench, 0);
		keys = counts_of(bench, 1);
		(void)strncpy(path_key + 48, "test_counted", 16);
		path_counts[i][0] = number_of(&paths, path_key, 0);
		path_counts[i][1] = sum_over_keys(&paths, &count);
		assert_int_equal(count, 4);
		for (uint64_t key = 0; key < 7; key++)
			sums[i][key] = number_of(&keys, &key, 1);
		assert_int_equal(drain(bench), 0);
		stop(bench);
	}
	assert_int_equal(path_counts[0][0], EVENTS / 4);
	assert_int_equal(path_counts[0][1], EVENTS);
	assert_memory_equal(path_counts[0], path_counts[1], sizeof(path_counts[0]));
	assert_memory_equal(sums[0], sums[1], sizeof(sums[0]));
	assert_true((int64_t)sums[0][0] < 0);
}

/* A histogram with its sum, held against the interpreter over the records that came through the ring as well. */
static void test_count__as_the_interpreter(void **state)
{
	static const int64_t boundaries[] = { -10, 0, 10, 50 };
	struct aggregate aggregate = {
		.record_size = sizeof(struct event),
		.value = { .kind = AGGREGATE_KIND_SLOTS,
			   .slots = AGGREGATE_SLOTS_LIST,
			   .slot_count = 5,
			   .boundaries = boundaries,
			   .boundary_count = 4 },
		.max_keys = 1,
	};
	uint8_t value[8 * 7] = { 0 };
	struct bench *bench = *state;
	struct counts counts;
	uint64_t key = 0;

	aggregate.value.field = value_field;
	assert_int_equal(aggregate__layout(&aggregate, &bench->layout, NULL), 0);
	start_counting(bench, "ring", &aggregate, RUNG_SLOT);
	bench->interpreted = &aggregate;
	assert_int_equal(program__set_events(bench->program, "ring", true, NULL), 0);
	send_many(WAY_RESERVE);
	assert_int_equal(drain(bench), EVENTS);
	counts = counts_of(bench, 0);
	assert_int_equal(counts.counts.value_size, sizeof(value));
	assert_int_equal(bpf_map_lookup_elem(counts.counts.fd, &key, value), 0);
	assert_memory_equal(value, bench->interpreted_value, sizeof(value));
	assert_int_equal(number_of(&counts, &key, 0), EVENTS);
	assert_int_equal(number_of(&counts, &key, 2), EVENTS / 100 * 11); /* -20 to -10 */
}

static void test_count__more_keys_than_there_is_room_for(void **state)
{
	static const struct aggregate aggregate = COUNT_BY(by_key, 1024);
	struct bench *bench = *state;
	struct counts counts;
	uint32_t keys;

	start_counting(bench, "ring", &aggregate, RUNG_PRUNED);
	for (uint64_t i = 0; i < EVENTS; i++)
		send(WAY_RESERVE, 1000 + i, 0);
	counts = counts_of(bench, 0);
	assert_int_equal(sum_over_keys(&counts, &keys) + spare_of(&counts), EVENTS);
	assert_int_equal(keys, 1024);
	assert_int_equal(spare_of(&counts), EVENTS - 1024);
}

static void *send_in_thread(void *ctx)
{
	(void)ctx;
	send_many(WAY_RESERVE);
	return NULL;
}

static void test_count__two_threads(void **state)
{
	static const struct aggregate aggregate = COUNT_BY(by_key, 64);
	struct bench *bench = *state;
	pthread_t threads[2];

	start_counting(bench, "ring", &aggregate, RUNG_PRUNED);
	for (size_t i = 0; i < array_size(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, send_in_thread, NULL), 0);
	for (size_t i = 0; i < array_size(threads); i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(count_of_key(bench, 6), 2 * (EVENTS / 7));
	assert_int_equal(drain(bench), 0);
}

/* What has no room in a map of the program is counted, and so are its records. */
static void test_count__beside_the_overflow_of_a_map(void **state)
{
	static const struct aggregate aggregate = COUNT_BY(by_key, 64);
	const struct overflow_layout layout = { .slot_count = 1 };
	uint64_t own = 0, value = 0, cells[1024] = { 0 };
	struct bench *bench = *state;
	struct program_map map;
	uint32_t zero = 0;

	open_counted(bench);
	want(bench, "both_ring", &aggregate, 1, RUNG_PRUNED);
	assert_int_equal(program__want_overflow(bench->program, "small_total", &layout, NULL), 0);
	start(bench);
	assert_rung(bench, "by_both", RUNG_PRUNED, NULL);
	for (uint64_t i = 0; i < 1000; i++)
		send(WAY_BOTH, i % 20, 0);
	for (uint64_t key = 0; key < 20; key++)
		assert_int_equal(count_of_key(bench, key), 50);
	assert_int_equal(program__map(bench->program, "small_total", &map, NULL), 0);
	for (uint64_t key = 0; key < 20; key++)
		if (bpf_map_lookup_elem(map.fd, &key, &value) == 0)
			own += value;
	assert_int_equal(own, 8 * 50);
	assert_int_equal(program__overflow(bench->program, "small_total", &map, NULL), 0);
	assert_true(libbpf_num_possible_cpus() <= (int)array_size(cells));
	assert_int_equal(bpf_map_lookup_elem(map.fd, &zero, cells), 0);
	for (size_t i = 0; i < array_size(cells); i++)
		own += cells[i];
	assert_int_equal(own, 1000);
}

/* ---- programs that may be interrupted ---- */

#define USER_EVENTS 2000

static void *fire_in_thread(void *ctx)
{
	uint64_t key = (uintptr_t)ctx;

	for (int i = 0; i < USER_EVENTS; i++)
		fire(key, 0);
	return NULL;
}

static void test_count__programs_that_share_slots(void **state)
{
	static const struct aggregate aggregate = COUNT_BY(by_key, 64);
	struct bench *bench = *state;
	pthread_t threads[4];
	uint64_t counted = 0;
	struct ring_losses losses;

	start_counting(bench, "user_ring", &aggregate, RUNG_SLOT);
	skip_without_uprobe(bench, "by_user");
	assert_rung(bench, "by_user", RUNG_SLOT, NULL);
	for (uintptr_t i = 0; i < array_size(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, fire_in_thread, (void *)i), 0);
	for (size_t i = 0; i < array_size(threads); i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (uint64_t key = 0; key < array_size(threads); key++) {
		assert_true(count_of_key(bench, key) <= USER_EVENTS);
		counted += count_of_key(bench, key);
	}
	losses = program__ring_losses(bench->program, "user_ring");
	assert_int_equal(counted + losses.uncounted, array_size(threads) * USER_EVENTS);
	assert_int_equal(drain(bench), 0);
}

static void test_count__two_records_at_once(void **state)
{
	static const struct aggregate aggregate = COUNT_BY(by_key, 64);
	struct bench *bench = *state;

	start_counting(bench, "two_ring", &aggregate, RUNG_SLOT);
	assert_rung(bench, "by_two", RUNG_SLOT, NULL);
	for (int i = 0; i < 100; i++)
		send(WAY_TWO, 10, 0);
	assert_int_equal(count_of_key(bench, 10), 100);
	assert_int_equal(count_of_key(bench, 11), 100);
	assert_int_equal(program__ring_losses(bench->program, "two_ring").uncounted, 0);
}

/* ---- sent from elsewhere ---- */

static void test_count__output(void **state)
{
	static const struct aggregate aggregate = COUNT_BY(by_key, 64);
	struct bench *bench = *state;

	start_counting(bench, "output_ring", &aggregate, RUNG_SLOT);
	assert_rung(bench, "by_output", RUNG_SLOT, NULL);
	send_many(WAY_OUTPUT);
	assert_int_equal(count_of_key(bench, 3), EVENTS / 7);
	assert_int_equal(drain(bench), 0);
	assert_int_equal(program__set_events(bench->program, "output_ring", true, NULL), 0);
	send_many(WAY_OUTPUT);
	assert_int_equal(count_of_key(bench, 3), 2 * (EVENTS / 7));
	assert_int_equal(drain(bench), EVENTS);
}

static void test_count__perf_buffer(void **state)
{
	static const struct aggregate aggregate = COUNT_BY(by_key, 64);
	struct bench *bench = *state;

	start_counting(bench, "perf", &aggregate, RUNG_SLOT);
	assert_rung(bench, "by_perf", RUNG_SLOT, NULL);
	send_many(WAY_PERF);
	assert_int_equal(count_of_key(bench, 3), EVENTS / 7);
	/* Nobody opened the buffer: with events on, each is counted and cannot be sent. */
	assert_int_equal(program__set_events(bench->program, "perf", true, NULL), 0);
	send(WAY_PERF, 3, 0);
	assert_int_equal(count_of_key(bench, 3), EVENTS / 7 + 1);
	assert_int_equal(program__ring_losses(bench->program, "perf").unsent, 1);
}

/* ---- events come and go ---- */

#define LOAD_EVENTS 30000

static void *send_load(void *ctx)
{
	atomic_bool *is_done = ctx;

	for (int i = 0; i < LOAD_EVENTS; i++)
		send(WAY_RESERVE, 5, 1);
	atomic_store(is_done, true);
	return NULL;
}

static void test_events__switched_under_load(void **state)
{
	static const struct aggregate aggregate = COUNT_BY(by_key, 64);
	struct bench *bench = *state;
	atomic_bool is_done = false;
	uint64_t received = 0;
	bool is_on = false;
	pthread_t thread;

	start_counting(bench, "ring", &aggregate, RUNG_SLOT);
	assert_int_equal(pthread_create(&thread, NULL, send_load, &is_done), 0);
	while (!atomic_load(&is_done)) {
		is_on = !is_on;
		assert_int_equal(program__set_events(bench->program, "ring", is_on, NULL), 0);
		received += drain(bench);
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	received += drain(bench);
	assert_int_equal(count_of_key(bench, 5), LOAD_EVENTS);
	assert_true(received + program__ring_losses(bench->program, "ring").unsent <= LOAD_EVENTS);
	/* And once more with nobody switching. */
	assert_int_equal(program__set_events(bench->program, "ring", true, NULL), 0);
	send(WAY_RESERVE, 5, 1);
	assert_int_equal(drain(bench), 1);
	assert_int_equal(program__set_events(bench->program, "ring", false, NULL), 0);
	send(WAY_RESERVE, 5, 1);
	assert_int_equal(drain(bench), 0);
	assert_int_equal(count_of_key(bench, 5), LOAD_EVENTS + 2);
}

/* What the ring has no room for is counted as an event, and as one that nobody saw. */
static void test_events__ring_that_nobody_drains(void **state)
{
	static const struct aggregate aggregate = COUNT_BY(by_key, 64);
	struct bench *bench = *state;
	uint64_t sent = 0, unsent = 0;

	start_counting(bench, "ring", &aggregate, RUNG_SLOT);
	assert_int_equal(program__set_events(bench->program, "ring", true, NULL), 0);
	while (unsent < 100) {
		for (int i = 0; i < 1000; i++)
			send(WAY_RESERVE, 5, 1);
		sent += 1000;
		unsent = program__ring_losses(bench->program, "ring").unsent;
	}
	assert_int_equal(count_of_key(bench, 5), sent);
	assert_int_equal(drain(bench) + unsent, sent);
}

/* ---- lower rungs ---- */

static void test_rung__quiet_ring(void **state)
{
	struct bench *bench = *state;

	open_counted(bench);
	want(bench, "ring", NULL, 0, RUNG_QUIET_RING);
	start(bench);
	assert_rung(bench, "by_reserve", RUNG_QUIET_RING, NULL);
	send_many(WAY_RESERVE);
	assert_int_equal(drain(bench), EVENTS);
}

static void test_rung__one_that_cannot_be_counted_takes_all(void **state)
{
	static const struct aggregate aggregate = COUNT_BY(by_key, 64);
	struct bench *bench = *state;
	struct program_map counts, spare;
	struct err err = ERR_INIT;

	start_counting(bench, "odd_ring", &aggregate, RUNG_PRUNED);
	assert_rung(bench, "by_odd_size", RUNG_QUIET_RING,
		    "it reserves 96 bytes where a record has 88");
	assert_rung(bench, "beside_odd_size", RUNG_QUIET_RING,
		    "another program of the object cannot be counted");
	assert_int_equal(program__aggregate(bench->program, "odd_ring", 0, &counts, &spare, &err),
			 -ENOENT);
	assert_string_equal(err.text, "it reserves 96 bytes where a record has 88");
	err__done(&err);
	for (int i = 0; i < 100; i++)
		send(WAY_ODD, 1, 1);
	assert_int_equal(drain(bench), 200);
	/* Other rings of the object are not concerned, and switching is no error. */
	assert_int_equal(program__set_events(bench->program, "odd_ring", true, NULL), 0);
}

static void test_rung__refused_by_the_verifier(void **state)
{
	static const struct aggregate aggregate = { .record_size = 8, .max_keys = 1 };
	struct bench *bench = *state;
	struct program_map counts, spare;
	struct err err = ERR_INIT;

	open_object(bench, "counted_often");
	assert_int_equal(program__plan(bench->program, NULL), 0);
	want(bench, "ring", &aggregate, 1, RUNG_PRUNED);
	start(bench);
	skip_without_uprobe(bench, "send_often");
	assert_rung(bench, "send_often", RUNG_QUIET_RING, "as slot it is refused");
	assert_non_null(rung_of(bench, "send_often")->cause);
	assert_int_equal(program__aggregate(bench->program, "ring", 0, &counts, &spare, &err),
			 -ENOENT);
	assert_non_null(strstr(err.text, "as slot it is refused"));
	err__done(&err);
	fire(10, 0);
	assert_int_equal(drain(bench), 10);
}

static void test_want__what_cannot_be(void **state)
{
	static const struct aggregate aggregate = COUNT_BY(by_key, 64);
	static const struct aggregate two_sizes[] = { COUNT_BY(by_key, 64),
						      { .record_size = 8, .max_keys = 1 } };
	struct bench *bench = *state;

	open_counted(bench);
	assert_int_equal(
		program__want_aggregate(bench->program, "no_ring", &aggregate, 1, RUNG_SLOT, NULL),
		-ENOENT);
	assert_int_equal(
		program__want_aggregate(bench->program, "ring", two_sizes, 2, RUNG_SLOT, NULL),
		-EINVAL);
	want(bench, "ring", &aggregate, 1, RUNG_SLOT);
	assert_int_equal(
		program__want_aggregate(bench->program, "ring", &aggregate, 1, RUNG_SLOT, NULL),
		-EEXIST);
	start(bench);
	assert_int_equal(
		program__want_aggregate(bench->program, "two_ring", &aggregate, 1, RUNG_SLOT, NULL),
		-EBUSY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_count__exactly_and_nothing_in_the_ring),
		TEST(test_count__given_up),
		TEST(test_count__memory_is_accounted_for),
		TEST(test_count__pruned_is_unpruned),
		TEST(test_count__as_the_interpreter),
		TEST(test_count__more_keys_than_there_is_room_for),
		TEST(test_count__two_threads),
		TEST(test_count__beside_the_overflow_of_a_map),
		TEST(test_count__programs_that_share_slots),
		TEST(test_count__two_records_at_once),
		TEST(test_count__output),
		TEST(test_count__perf_buffer),
		TEST(test_events__switched_under_load),
		TEST(test_events__ring_that_nobody_drains),
		TEST(test_rung__quiet_ring),
		TEST(test_rung__one_that_cannot_be_counted_takes_all),
		TEST(test_rung__refused_by_the_verifier),
		TEST(test_want__what_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
