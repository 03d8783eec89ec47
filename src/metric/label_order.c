/* SPDX-License-Identifier: Apache-2.0 */
#include "metric/label_order.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/vec.h"

/* One byte of a value, or its end, as a number that sorts rightly: the end comes before all
 * bytes. */
#define SYMBOL_END 0u
#define SYMBOL_OF(byte) ((uint32_t)(uint8_t)(byte) + 1)

static inline uint32_t symbol_of_escape(char second)
{
	return second == 'n' ? SYMBOL_OF('\n') : SYMBOL_OF(second);
}

static size_t common_len(const char *a, const char *b, size_t len)
{
	size_t at = 0;

	for (; at + sizeof(uint64_t) <= len; at += sizeof(uint64_t)) {
		uint64_t word_a, word_b;

		memcpy(&word_a, a + at, sizeof(word_a));
		memcpy(&word_b, b + at, sizeof(word_b));
		if (word_a != word_b)
			break;
	}
	while (at < len && a[at] == b[at])
		at++;
	return at;
}

static uint32_t symbol_at(const char *text, size_t at, bool is_escaped)
{
	if (is_escaped)
		return symbol_of_escape(text[at]);
	if (text[at] == '"')
		return SYMBOL_END;
	if (text[at] == '\\')
		return symbol_of_escape(text[at + 1]);
	return SYMBOL_OF(text[at]);
}

int label_order_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t len = a_len < b_len ? a_len : b_len;
	size_t at = common_len(a, b, len);
	size_t backslashes = 0;
	uint32_t symbol_a, symbol_b;

	/* A text ends where all its values do, so it cannot be the beginning of another one. */
	if (at == len)
		return 0;
	/* Up to here both are the same, so they are at the same byte of the same value, or
	 * within the same escape. */
	while (backslashes < at && a[at - 1 - backslashes] == '\\')
		backslashes++;
	symbol_a = symbol_at(a, at, backslashes % 2);
	symbol_b = symbol_at(b, at, backslashes % 2);
	return (symbol_a > symbol_b) - (symbol_a < symbol_b);
}

/* ---- sorting --------------------------------------------------------------------------------- */

/*
 * Most significant part first: the next SYMBOLS symbols of every text are packed into a number, the
 * numbers are sorted, and runs of equal numbers go on with the symbols after. So a text is looked
 * at once per SYMBOLS bytes that it shares with a neighbour, where a sort by comparing would look
 * at it some log2(n) times, each a cache miss.
 */
#define SYMBOL_BITS 9
#define SYMBOLS 7
#define DIGIT_COUNT (1u << SYMBOL_BITS)
#define DIGIT_MASK (DIGIT_COUNT - 1)
#define INSERTION_MAX 40 /* shorter runs are sorted by insertion */

struct sort_item {
	uint64_t symbols;
	const char *at; /* behind them */
	uint32_t
		label; /* position of the label that `at` is in; the number of labels: at the end */
	uint32_t number;
};

struct run {
	size_t start;
	size_t len;
};

struct sorter {
	const struct label_text *labels;
	struct sort_item *items;
	struct sort_item *scratch;
	VEC(struct run) runs; /* still to be sorted */
};

static void load_symbols(const struct label_text *labels, struct sort_item *item)
{
	const char *at = item->at;
	uint64_t symbols = 0;

	for (int i = 0; i < SYMBOLS; i++) {
		uint32_t symbol = SYMBOL_END;

		if (item->label == labels->count) {
			/* all values are over */
		} else if (*at == '"') {
			item->label++;
			at++;
			if (item->label < labels->count)
				at += labels->head_lens[item->label];
		} else if (*at == '\\') {
			symbol = symbol_of_escape(at[1]);
			at += 2;
		} else {
			symbol = SYMBOL_OF(*at++);
		}
		symbols = symbols << SYMBOL_BITS | symbol;
	}
	item->symbols = symbols;
	item->at = at;
}

static void sort_by_insertion(struct sort_item *items, size_t len)
{
	for (size_t i = 1; i < len; i++) {
		struct sort_item item = items[i];
		size_t at = i;

		for (; at > 0 && items[at - 1].symbols > item.symbols; at--)
			items[at] = items[at - 1];
		items[at] = item;
	}
}

/* One symbol at a time from the last one, which costs the same for every order of the input. */
static void sort_by_digits(struct sort_item *items, struct sort_item *scratch, size_t len)
{
	struct sort_item *from = items;
	struct sort_item *to = scratch;

	for (unsigned int shift = 0; shift < SYMBOLS * SYMBOL_BITS; shift += SYMBOL_BITS) {
		uint32_t starts[DIGIT_COUNT] = { 0 };
		struct sort_item *swap = from;
		uint32_t start = 0;

		for (size_t i = 0; i < len; i++)
			starts[from[i].symbols >> shift & DIGIT_MASK]++;
		if (starts[from[0].symbols >> shift & DIGIT_MASK] == len)
			continue; /* the same everywhere */
		for (uint32_t digit = 0; digit < DIGIT_COUNT; digit++) {
			uint32_t count = starts[digit];

			starts[digit] = start;
			start += count;
		}
		for (size_t i = 0; i < len; i++)
			to[starts[from[i].symbols >> shift & DIGIT_MASK]++] = from[i];
		from = to;
		to = swap;
	}
	if (from != items)
		memcpy(items, from, len * sizeof(*items));
}

/* Equal so far, and not at the end: to be sorted by what follows. */
static int push_equal_runs(struct sorter *sorter, struct run run)
{
	const struct sort_item *items = sorter->items + run.start;
	size_t start = 0;

	for (size_t i = 1; i <= run.len; i++) {
		if (i < run.len && items[i].symbols == items[start].symbols)
			continue;
		if (i - start > 1 && items[start].label < sorter->labels->count &&
		    vec_push(&sorter->runs, ((struct run){ run.start + start, i - start })) < 0)
			return -ENOMEM;
		start = i;
	}
	return 0;
}

static int sort_run(struct sorter *sorter, struct run run)
{
	struct sort_item *items = sorter->items + run.start;

	for (size_t i = 0; i < run.len; i++)
		load_symbols(sorter->labels, &items[i]);
	if (run.len <= INSERTION_MAX)
		sort_by_insertion(items, run.len);
	else
		sort_by_digits(items, sorter->scratch, run.len);
	return push_equal_runs(sorter, run);
}

static int sort_items(struct sorter *sorter, size_t count)
{
	int r = vec_push(&sorter->runs, ((struct run){ 0, count }));

	while (r == 0 && sorter->runs.len > 0)
		r = sort_run(sorter, sorter->runs.items[--sorter->runs.len]);
	vec_done(&sorter->runs);
	return r;
}

int label_order_sort(const struct label_text *labels, const struct label_ref *refs, size_t count,
		     uint32_t *ret_numbers)
{
	__cleanup(x_freep) struct sort_item *items = NULL;
	__cleanup(x_freep) struct sort_item *scratch = NULL;
	struct sorter sorter = { .labels = labels };
	size_t head_len = labels->count ? labels->head_lens[0] : 0;
	int r;

	if (count == 0)
		return 0;
	items = malloc(count * sizeof(*items));
	scratch = malloc(count * sizeof(*scratch));
	if (!items || !scratch)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		items[i] = (struct sort_item){ .at = refs[i].text + head_len,
					       .number = refs[i].number };
	sorter.items = items;
	sorter.scratch = scratch;
	r = sort_items(&sorter, count);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++)
		ret_numbers[i] = items[i].number;
	return 0;
}
