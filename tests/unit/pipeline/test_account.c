/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exact totals, against a model: keys that count, vanish, come back and lie idle, under a limit and a ttl, read in
 * passes that may miss some. Rows get to their series as scrape.c brings them there.
 */
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "config/facts.h"
#include "host/host.h"
#include "pipeline/account.h"
#include "pipeline/plan.h"

#define KEYS 40
#define ROUTES 2 /* of one family: a series has a key in each of them */
#define LIMIT 8
#define TTL_PASSES 6
#define PASSES 4000

static const struct step_spec steps[] = { { .decoder = "uint" } };
static const struct field_spec fields[] = {
	{ .name = "number", .size = 8, .steps = steps, .step_count = 1 }
};
static const struct label_spec labels[] = {
	{ .name = "number", .field = 0, .steps = steps, .step_count = 1 }
};
static const struct stream_spec streams[] = {
	{ .name = "m", .map = "m", .mode = STREAM_MODE_TABLE, .fields = fields, .field_count = 1 }
};
static const struct spec spec = { .name = "c", .streams = streams, .stream_count = 1 };

struct fixture {
	struct host *host;
	struct decode_env decode;
	struct registry *registry;
	struct metric_spec metric;
	struct route routes[ROUTES];
	uint32_t generation;
};

static void open_route(struct fixture *fixture, struct route *route, uint64_t default_limit)
{
	const struct fact_map map = { .name = "m",
				      .type = BPF_MAP_TYPE_HASH,
				      .key_size = 8,
				      .value_size = 8,
				      .max_entries = KEYS };
	const struct object_facts facts = { .path = "", .maps = &map, .map_count = 1 };
	const struct plan_env env = { .decode = &fixture->decode,
				      .registry = fixture->registry,
				      .facts = &facts,
				      .series_limit = default_limit,
				      .label_cache_keys = 4 };

	assert_int_equal(plan_route(&spec, &fixture->metric, &env, route, NULL), 0);
	assert_null(route->error);
}

static void open_fixture(struct fixture *fixture, uint64_t limit, int64_t ttl_ns,
			 uint64_t default_limit)
{
	*fixture = (struct fixture){ .metric = { .name = "x_total",
						 .help = "",
						 .kind = METRIC_KIND_COUNTER,
						 .labels = labels,
						 .label_count = 1,
						 .scale = 1,
						 .limit = limit,
						 .ttl_ns = ttl_ns } };
	assert_int_equal(host__open("/", &fixture->host, NULL), 0);
	fixture->decode.host = fixture->host;
	assert_int_equal(registry__new(&fixture->registry, NULL), 0);
	for (size_t i = 0; i < ROUTES; i++)
		open_route(fixture, &fixture->routes[i], default_limit);
}

static void close_fixture(struct fixture *fixture)
{
	for (size_t i = 0; i < ROUTES; i++) {
		registry__drop(fixture->registry, fixture->routes[i].family);
		route__done(&fixture->routes[i]);
	}
	registry__free(fixture->registry);
	host__close(fixture->host);
}

/* Passes are a second apart. */
static void begin(struct fixture *fixture)
{
	const struct family_pass pass = { .generation = ++fixture->generation,
					  .wall_ns = fixture->generation * NS_PER_S,
					  .monotonic_ns = fixture->generation * NS_PER_S };

	registry__begin(fixture->registry, &pass);
	for (size_t i = 0; i < ROUTES; i++) {
		fixture->routes[i].pass = fixture->generation;
		label_cache__begin(fixture->routes[i].cache, fixture->generation);
	}
}

/* One row of the map, as scrape.c adds it. */
static void add(struct route *route, uint64_t key, uint64_t value)
{
	struct label_entry scratch;
	const struct label_entry *entry = route__resolve(route, &key, &scratch);

	assert_non_null(entry);
	route->ledger.seen++;
	if (route->is_accounted || entry->series >= LABEL_SERIES_FIRST_CODE) {
		route__account(route, &key, entry, &value);
		return;
	}
	route->ledger.kept++;
	family__add(route->family, entry->series, value);
}

static void end(struct fixture *fixture, bool is_complete)
{
	for (size_t i = 0; i < ROUTES; i++)
		route__end_pass(&fixture->routes[i], is_complete);
	assert_int_equal(registry__end(fixture->registry), 0);
}

static void sweep(struct fixture *fixture)
{
	uint32_t oldest = fixture->generation > 4 ? fixture->generation - 4 : 0;
	const uint32_t *map = NULL;

	if (family__sweep(fixture->routes[0].family, oldest, &map) == 0)
		map = NULL;
	for (size_t i = 0; i < ROUTES; i++)
		label_cache__sweep(fixture->routes[i].cache, oldest, map);
}

/* ---- what is shown ------------------------------------------------------------------------------------- */

struct shown {
	bool is_there[KEYS];
	uint64_t values[KEYS];
	uint64_t overflow, total;
	size_t count; /* without the overflow */
};

static void look(const struct fixture *fixture, struct shown *ret_shown)
{
	struct family_cursor cursor = { 0 };
	struct series_view view;

	memset(ret_shown, 0, sizeof(*ret_shown));
	while (family__next(fixture->routes[0].family, &cursor, &view)) {
		unsigned int number;

		ret_shown->total += view.count;
		if (sscanf(view.labels, "number=\"%u\"", &number) != 1) {
			assert_string_equal(view.labels, "number=\"" FAMILY_OVERFLOW_VALUE "\"");
			ret_shown->overflow = view.count;
			continue;
		}
		assert_true(number < KEYS);
		ret_shown->is_there[number] = true;
		ret_shown->values[number] = view.count;
		ret_shown->count++;
	}
}

/* ---- the model: a map of the kernel -------------------------------------------------------------------- */

struct cell {
	bool is_there;
	bool is_gone; /* deleted, and no whole pass since: it must not come back with a higher count */
	bool is_anew; /* made anew, not read yet: its count must not get over what was read before */
	uint64_t value; /* in the map */
	uint64_t read;  /* of it, what some pass has brought */
};

struct model {
	struct cell cells[ROUTES][KEYS];
	uint64_t total; /* what passes have brought */
	uint64_t random;
};

static uint32_t draw(struct model *model, uint32_t below)
{
	model->random = model->random * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(model->random >> 33) % below;
}

static void change(struct model *model, struct cell *cell)
{
	uint32_t what = draw(model, 100);

	if (what < 30 && !cell->is_gone && !cell->is_anew) {
		cell->value += draw(model, 1000);
		cell->is_there = true;
	} else if (what < 33 && cell->is_there && !cell->is_anew) {
		*cell = (struct cell){ .is_gone = true };
	} else if (what < 34 && cell->is_there && cell->read % 1000000 > 1) {
		/* deleted and made anew between two passes: known by the count that fell */
		cell->value = draw(model, (uint32_t)(cell->read % 1000000));
		cell->read = 0;
		cell->is_anew = true;
	}
}

static void read_rows(struct fixture *fixture, struct model *model, bool is_complete)
{
	for (size_t r = 0; r < ROUTES; r++) {
		uint32_t start = draw(model, KEYS); /* the order of a map is not that of its keys */

		for (uint32_t i = 0; i < KEYS; i++) {
			uint32_t key = (start + i) % KEYS;
			struct cell *cell = &model->cells[r][key];

			if (!is_complete && draw(model, 3) == 0)
				continue;
			if (is_complete)
				cell->is_gone = false;
			if (!cell->is_there)
				continue;
			add(&fixture->routes[r], key, cell->value);
			model->total += cell->value - cell->read;
			cell->read = cell->value;
			cell->is_anew = false;
		}
	}
}

static void assert_monotonic(const struct shown *before, const struct shown *after)
{
	assert_true(after->total >= before->total);
	assert_true(after->overflow >= before->overflow);
	for (size_t i = 0; i < KEYS; i++) {
		if (before->is_there[i] && after->is_there[i])
			assert_true(after->values[i] >= before->values[i]);
	}
}

static void run_model(struct fixture *fixture, struct model *model, uint64_t limit)
{
	struct shown before = { 0 }, shown;

	for (uint32_t pass = 0; pass < PASSES; pass++) {
		bool is_complete = draw(model, 10) != 0;
		bool is_quiet = draw(model, 100) < 30; /* so that something gets idle */

		for (size_t r = 0; r < ROUTES; r++) {
			for (size_t i = 0; i < KEYS; i++) {
				if (!is_quiet || i % 5 == 0)
					change(model, &model->cells[r][i]);
			}
		}
		begin(fixture);
		read_rows(fixture, model, is_complete);
		end(fixture, is_complete);
		look(fixture, &shown);
		assert_int_equal(shown.total, model->total);
		assert_true(shown.count <= limit);
		assert_monotonic(&before, &shown);
		before = shown;
		if (draw(model, 7) == 0)
			sweep(fixture);
	}
}

static void test_totals__are_exact(void **state)
{
	static const struct {
		uint64_t limit;
		int64_t ttl_ns;
	} bounds[] = {
		{ LIMIT, 0 },
		{ 0, TTL_PASSES * NS_PER_S },
		{ LIMIT, TTL_PASSES * NS_PER_S },
		{ 1, NS_PER_S },
	};

	(void)state;
	for (size_t i = 0; i < array_size(bounds); i++) {
		struct model model = { .random = i };
		struct fixture fixture;

		open_fixture(&fixture, bounds[i].limit, bounds[i].ttl_ns, 0);
		run_model(&fixture, &model, bounds[i].limit ? bounds[i].limit : KEYS);
		assert_true(family__moved(fixture.routes[0].family) > 100);
		for (size_t r = 0; r < ROUTES; r++) {
			const struct ledger *ledger = &fixture.routes[r].ledger;

			assert_int_equal(ledger->unremembered, 0);
			assert_int_equal(ledger->seen, ledger->kept);
			assert_true(label_cache__count(fixture.routes[r].cache) <= 2 * KEYS);
		}
		close_fixture(&fixture);
	}
}

/* ---- without limit and ttl: as upstream, but for the overflow of the default limit --------------------------- */

static void test_default_limit__overflow_never_falls(void **state)
{
	struct shown before = { 0 }, shown;
	struct fixture fixture;
	uint64_t values[KEYS] = { 0 };

	(void)state;
	open_fixture(&fixture, 0, 0, LIMIT);
	assert_false(fixture.routes[0].is_accounted);
	for (uint32_t pass = 1; pass < 50; pass++) {
		uint64_t total = 0;

		begin(&fixture);
		for (uint64_t key = 0; key < KEYS; key++) {
			/* from pass 20 on the program deletes keys that went to the overflow */
			bool is_there = pass < 20 || key < 20 || key >= pass;

			values[key] += is_there ? key : 0;
			total += values[key];
			if (is_there)
				add(&fixture.routes[0], key, values[key]);
		}
		end(&fixture, true);
		look(&fixture, &shown);
		assert_int_equal(shown.total, total);
		assert_int_equal(shown.count, LIMIT);
		assert_monotonic(&before, &shown);
		before = shown;
		sweep(&fixture);
	}
	close_fixture(&fixture);
}

/* The series of a key that is deleted leaves with its value, as in ebpf_exporter. */
static void test_without_bounds__values_leave_with_their_keys(void **state)
{
	struct fixture fixture;
	struct shown shown;

	(void)state;
	open_fixture(&fixture, 0, 0, 0);
	begin(&fixture);
	add(&fixture.routes[0], 1, 10);
	add(&fixture.routes[0], 2, 20);
	end(&fixture, true);
	begin(&fixture);
	add(&fixture.routes[0], 2, 20);
	end(&fixture, true);
	look(&fixture, &shown);
	assert_int_equal(shown.total, 20);
	assert_false(label_cache__has_accounts(fixture.routes[0].cache));
	close_fixture(&fixture);
}

/* ---- idle keys -------------------------------------------------------------------------------------------- */

static void pass_of_one(struct fixture *fixture, uint64_t value, struct shown *ret_shown)
{
	begin(fixture);
	add(&fixture->routes[0], 7, value);
	end(fixture, true);
	look(fixture, ret_shown);
	sweep(fixture);
}

static void test_idle__goes_on_where_it_was(void **state)
{
	struct fixture fixture;
	struct shown shown;

	(void)state;
	open_fixture(&fixture, 0, 3 * NS_PER_S, 0);
	for (int i = 0; i < 3; i++)
		pass_of_one(&fixture, 100, &shown);
	assert_int_equal(shown.values[7], 100);
	for (int i = 0; i < 20; i++) {
		pass_of_one(&fixture, 100, &shown);
		assert_false(shown.is_there[7]);
		assert_int_equal(shown.overflow, 100);
	}
	pass_of_one(&fixture, 105, &shown);
	assert_int_equal(shown.values[7], 5);
	assert_int_equal(shown.overflow, 100);
	close_fixture(&fixture);
}

/* ---- beside the keys, and over a reload ---------------------------------------------------------------------- */

static void test_add_overflow__is_told_the_whole_count(void **state)
{
	static const struct {
		uint64_t counted, shown;
	} passes[] = {
		{ 10, 10 }, { 10, 10 }, { 25, 25 }, { 5, 30 /* it began anew */ }, { 7, 32 }
	};

	(void)state;
	for (uint64_t limit = 0; limit < 2; limit++) {
		struct fixture fixture;
		struct shown shown;

		open_fixture(&fixture, limit, 0, 0);
		for (size_t i = 0; i < array_size(passes); i++) {
			begin(&fixture);
			assert_int_equal(
				route__add_overflow(&fixture.routes[1], 0, passes[i].counted, NULL),
				0);
			end(&fixture, true);
			look(&fixture, &shown);
			assert_int_equal(shown.overflow, passes[i].shown);
		}
		close_fixture(&fixture);
	}
}

/* The first route is followed by another one in the same family. */
static void replace_route(struct fixture *fixture)
{
	struct route next;

	open_route(fixture, &next, fixture->metric.limit ? 0 : LIMIT);
	route__take_accounts(&next, &fixture->routes[0]);
	registry__drop(fixture->registry, fixture->routes[0].family);
	route__done(&fixture->routes[0]);
	fixture->routes[0] = next;
}

static void test_take_accounts__counts_nothing_twice(void **state)
{
	/* the second is plain, but for its overflow series; nothing but the count beside the keys is in that of the third */
	static const struct {
		uint64_t limit, keys;
	} rows[] = { { LIMIT, KEYS }, { 0, KEYS }, { 0, LIMIT } };

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct fixture fixture;
		struct shown shown;
		uint64_t total = 0;

		open_fixture(&fixture, rows[i].limit, 0, LIMIT);
		for (uint64_t turn = 0; turn < 3; turn++) {
			if (turn > 0)
				replace_route(&fixture);
			begin(&fixture);
			total = 1000 + turn;
			for (uint64_t key = 0; key < rows[i].keys; key++) {
				add(&fixture.routes[0], key, 100 + key + turn);
				total += 100 + key + turn;
			}
			assert_int_equal(
				route__add_overflow(&fixture.routes[0], 0, 1000 + turn, NULL), 0);
			end(&fixture, true);
			look(&fixture, &shown);
			assert_int_equal(shown.total, total);
			assert_int_equal(shown.count, LIMIT);
		}
		close_fixture(&fixture);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_totals__are_exact),
		cmocka_unit_test(test_default_limit__overflow_never_falls),
		cmocka_unit_test(test_without_bounds__values_leave_with_their_keys),
		cmocka_unit_test(test_idle__goes_on_where_it_was),
		cmocka_unit_test(test_add_overflow__is_told_the_whole_count),
		cmocka_unit_test(test_take_accounts__counts_nothing_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
