/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "pipeline/policies_private.h"
#include "pipeline/policy_series.h"

#define CALL_COUNTS_NAME "policy_call_counts"

/* Of all CPUs together. */
static uint64_t sum_of(const struct row_batch *rows, size_t row, uint32_t number)
{
	const uint8_t *value = rows->values + row * rows->value_stride;
	uint64_t sum = 0, one;

	for (uint32_t cpu = 0; cpu < rows->value_count; cpu++) {
		memcpy(&one, value + cpu * rows->cell_stride + number * sizeof(one), sizeof(one));
		sum += one;
	}
	return sum;
}

static const struct hook_code *find_hook(const struct policies *policies, uint32_t table)
{
	vec_for_each(&policies->list, policy)
		for (uint32_t i = 0; (*policy)->is_on && i < (*policy)->program.hook_count; i++) {
			const struct hook_code *code = &(*policy)->program.hooks[i].code;

			if (code->has_call_table && code->call_table == table)
				return code;
		}
	return NULL;
}

static int take_tables(void *ctx, const struct row_batch *rows)
{
	struct policies *policies = ctx;

	for (size_t i = 0; i < rows->len; i++) {
		const struct hook_code *code;
		uint32_t table;

		memcpy(&table, rows->keys + i * rows->key_stride, sizeof(table));
		code = find_hook(policies, table);
		for (uint32_t number = 0; code && number < POLICY_CALL_NUMBERS; number++) {
			const struct policy_count_key key = { .hook = code->id, .label = number };
			uint64_t sum = sum_of(rows, i, number);

			if (sum)
				policy_series__take_count(policies, &key, sum);
		}
	}
	return 0;
}

void policy_call_counts__read(struct policies *policies)
{
	struct policy_series *series = policies->series;

	/* What was read before has to do. */
	if (policy_series__open_table(policies, CALL_COUNTS_NAME, &series->call_counts) == 0)
		(void)table_source__read(series->call_counts, take_tables, policies, NULL);
}
