/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filters: the first byte says in which language the rest is. Parsing ends in a filter or in a message; a filter is run on
 * records of every length, and what holds of a record holds of its plain conditions.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "filter/event_filter.h"
#include "filter/order.h"
#include "tests/unit/filter/sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct loc text_at = { .file = "fuzz" };
static const char *const streams[] = { "file", "tcp" };

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_filter(struct event_filter *filter)
{
	struct record record = sample_record(&sample_row);
	bool is_whole;
	uint32_t count;

	for (record.raw_len = 0; record.raw_len <= sizeof(sample_row); record.raw_len++)
		require(event_filter__match(filter, &record) <= 1);
	(void)event_filter__conditions(filter, &count, &is_whole);
	for (uint32_t i = 0; i < count; i++)
		require(event_filter__reads(
			filter, event_filter__conditions(filter, &count, &is_whole)[i].field));
	event_filter__free(filter);
}

static void run_filter(const char *text, bool is_expression, struct err *err)
{
	struct event_filter *filter = NULL;
	int r = is_expression ? event_filter_parse_expression(text, &text_at, &sample_schema,
							      &filter, err)
			      : event_filter_parse(text, &text_at, &sample_schema, &filter, err);

	require((r < 0) == err__is_set(err) && (r < 0) == (filter == NULL));
	if (filter)
		check_filter(filter);
}

static void run_order(const char *text, struct err *err)
{
	struct record records[3] = { sample_record(&sample_row), sample_record(&sample_row),
				     sample_record(&sample_row) };
	struct order *order = NULL;
	uint64_t limit;
	int r = order_parse(text, &text_at, "file", &sample_schema, &order, err);

	require((r < 0) == err__is_set(err));
	if (order)
		require(order__sort(order, records, 3) == 0);
	order__free(order);
	(void)order_check_streams(text, &text_at, ';', streams, array_size(streams), err);
	(void)max_entries_parse(text, &text_at, "file", &limit, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct err err = ERR_INIT;
	char *text;

	if (len == 0)
		return 0;
	text = strndup((const char *)data + 1, len - 1);
	require(text);
	if (data[0] == 's')
		run_order(text, &err);
	else
		run_filter(text, data[0] == 'e', &err);
	err__done(&err);
	free(text);
	return 0;
}
