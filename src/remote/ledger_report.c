/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <jansson.h>
#include <math.h>

#include "remote/ledger.h"

static int no_ledger(struct err *err, const char *why)
{
	return err__set(err, -EPROTO, NULL, "the answer is no ledger of sonde: %s", why);
}

static int copy_text(struct arena *arena, const json_t *object, const char *key,
		     const char **ret_text)
{
	const char *text = json_string_value(json_object_get(object, key));

	*ret_text = NULL;
	if (!text)
		return 0;
	*ret_text = arena__strdup(arena, text);
	return *ret_text ? 0 : -ENOMEM;
}

static double number_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static int read_entry(struct arena *arena, const json_t *object, struct ledger_entry *ret_entry,
		      struct err *err)
{
	struct ledger_entry entry = {
		.is_active = json_is_true(json_object_get(object, "active")),
		.kernel_ns_per_s = number_of(object, "kernel_ns_per_second"),
		.agent_ns_per_s = number_of(object, "agent_ns_per_second"),
		.runs_per_s = number_of(object, "runs_per_second"),
		.series = number_of(object, "series"),
		.series_limit = number_of(object, "series_limit"),
		.fill_ratio = number_of(object, "fill_ratio"),
		.lost = number_of(object, "lost"),
		.overflowed = number_of(object, "overflowed"),
		.decode_errors = number_of(object, "decode_errors"),
		.read_errors = number_of(object, "read_errors"),
		.memory_bytes = number_of(object, "kernel_memory_bytes"),
		.scrape_bytes = number_of(object, "scrape_bytes"),
	};

	if (copy_text(arena, object, "config", &entry.config) < 0 ||
	    copy_text(arena, object, "name", &entry.name) < 0 ||
	    copy_text(arena, object, "kind", &entry.kind) < 0 ||
	    copy_text(arena, object, "error", &entry.error) < 0)
		return err__set(err, -ENOMEM, NULL, "no memory for a ledger");
	if (!entry.config || !entry.name || !entry.kind)
		return no_ledger(err, "a metric has no config, name or kind");
	*ret_entry = entry;
	return 0;
}

static int read_report(const json_t *root, struct ledger_report *report, struct err *err)
{
	const json_t *metrics = json_object_get(root, "metrics");
	size_t count = json_array_size(metrics);
	int r = 0;

	if (!json_is_array(metrics))
		return no_ledger(err, "it has no array 'metrics'");
	report->entries = arena_array(&report->arena, struct ledger_entry, count);
	if (!report->entries || copy_text(&report->arena, root, "version", &report->version) < 0 ||
	    copy_text(&report->arena, json_object_get(root, "statistics"), "text",
		      &report->statement) < 0)
		return err__set(err, -ENOMEM, NULL, "no memory for a ledger");
	if (!report->version || !report->statement)
		return no_ledger(err, "it has no version or no statistics");
	for (size_t i = 0; i < count && r == 0; i++)
		r = read_entry(&report->arena, json_array_get(metrics, i), &report->entries[i],
			       err);
	report->entry_count = count;
	return r;
}

int ledger_report__parse(const char *text, size_t len, struct ledger_report *ret_report,
			 struct err *err)
{
	struct ledger_report report = { .arena = ARENA_INIT };
	json_error_t problem;
	json_t *root = json_loadb(text, len, 0, &problem);
	int r;

	if (!root)
		return no_ledger(err, problem.text);
	r = read_report(root, &report, err);
	json_decref(root);
	if (r < 0)
		ledger_report__done(&report);
	else
		*ret_report = report;
	return r;
}

void ledger_report__done(struct ledger_report *report)
{
	arena__done(&report->arena);
	*report = (struct ledger_report){ .arena = ARENA_INIT };
}
