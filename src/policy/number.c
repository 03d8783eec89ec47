/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/number.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "policy/call.h"
#include "policy/set.h"

static int refuse_value(struct policy_compile *compile, const struct match_spec *match,
			uint32_t index, const char *what)
{
	return policy_compile__refuse(compile, -EINVAL, &match->values[index].at, match->path,
				      "values[%u]: '%s' %s", index, match->values[index].text,
				      what);
}

static bool fits(uint64_t bits, bool is_negative, const struct policy_number_form *form)
{
	uint32_t width = form->size * 8u;
	uint64_t half = UINT64_C(1) << (width - 1);

	if (is_negative)
		return (form->is_signed || form->is_either) && 0 - bits <= half;
	if (form->is_signed && !form->is_either)
		return bits < half;
	return width == 64 || bits <= half * 2 - 1;
}

/* One number or name; sign-extended. -EINVAL: it is neither, -ERANGE. */
static int parse_one(const char *text, size_t len, const struct policy_number_form *form,
		     uint64_t *ret_bits)
{
	int64_t number;
	int r;

	if (form->words != POLICY_WORDS_NONE &&
	    policy_word__find(form->words, text, len, ret_bits) == 0)
		return 0;
	if (len && *text == '-') {
		r = num_parse_i64_go(text, len, &number);
		*ret_bits = (uint64_t)number;
	} else {
		bool has_plus = len && *text == '+';

		r = num_parse_u64_go(text + has_plus, len - has_plus, ret_bits);
	}
	if (r < 0)
		return r;
	return fits(*ret_bits, *text == '-' && *ret_bits, form) ? 0 : -ERANGE;
}

static int refuse_number(struct policy_compile *compile, const struct match_spec *match,
			 uint32_t index, const struct policy_number_form *form, int r)
{
	const struct value_spec *value = &match->values[index];
	const char *nearest = policy_word__nearest(form->words, value->text);

	if (r == -ERANGE)
		return policy_compile__refuse(
			compile, -EINVAL, &value->at, match->path,
			"values[%u]: '%s' does not fit into %s %u bits", index, value->text,
			form->is_signed ? "a signed integer of" : "an unsigned integer of",
			form->size * 8u);
	return policy_compile__refuse(
		compile, -EINVAL, &value->at, match->path, "values[%u]: '%s' is no number%s%s%s%s",
		index, value->text, form->has_ranges ? ", nor a range min:max" : "",
		nearest ? "; nearest is '" : "", nearest ? nearest : "", nearest ? "'" : "");
}

static bool is_before(uint64_t a, uint64_t b, bool is_signed)
{
	return is_signed ? (int64_t)a < (int64_t)b : a < b;
}

static int add_range(struct policy_compile *compile, uint64_t first, uint64_t last, bool is_signed,
		     struct policy_ranges *ranges)
{
	struct hook_range range = { first, last };

	if (is_before(last, first, is_signed))
		range = (struct hook_range){ last, first };
	return vec_push(&ranges->items, range) < 0 ? policy_compile__no_memory(compile) : 0;
}

static int add_list(struct policy_compile *compile, const struct match_spec *match, uint32_t index,
		    struct policy_ranges *ranges)
{
	const struct list_spec *list = &compile->policy->lists[match->values[index].list];
	struct policy_calls calls = { .items = VEC_INIT };
	int r;

	if (list->kind != LIST_KIND_SYSCALLS && list->kind != LIST_KIND_ALL_SYSCALLS)
		return refuse_value(compile, match, index,
				    "is a list of functions; numbers are known of system calls");
	r = policy_calls__add_list(compile, list, true, &calls);
	vec_for_each(&calls.items, call)
		if (r == 0 && call->syscall != HOOK_NONE)
			r = add_range(compile, call->syscall, call->syscall, false, ranges);
	vec_done(&calls.items);
	return r;
}

int policy_number__parse(struct policy_compile *compile, const struct match_spec *match,
			 uint32_t index, const struct policy_number_form *form,
			 struct policy_ranges *ranges)
{
	const struct value_spec *value = &match->values[index];
	const char *colon = strchr(value->text, ':');
	size_t len = colon ? (size_t)(colon - value->text) : strlen(value->text);
	uint64_t first, last;
	int r;

	if (value->list != SPEC_NONE) {
		if (!form->has_lists)
			return refuse_value(compile, match, index,
					    "is a list; operators InMap and NotInMap take lists");
		return add_list(compile, match, index, ranges);
	}
	if (colon && !form->has_ranges)
		return refuse_value(compile, match, index,
				    "is a range; operators InRange and InMap take ranges");
	if (!colon && form->needs_range)
		return refuse_value(compile, match, index, "is no range; one is min:max");
	r = parse_one(value->text, len, form, &first);
	last = first;
	if (r == 0 && colon)
		r = parse_one(colon + 1, strlen(colon + 1), form, &last);
	if (r < 0)
		return refuse_number(compile, match, index, form, r);
	return add_range(compile, first, last, form->is_signed, ranges);
}

int policy_numbers__parse(struct policy_compile *compile, const struct match_spec *match,
			  const struct policy_number_form *form, struct policy_ranges *ranges)
{
	int result = 0;

	if (match->value_count == 0)
		return policy_compile__refuse(compile, -EINVAL, &match->at, match->path,
					      "there are no values to compare with");
	for (uint32_t i = 0; i < match->value_count; i++) {
		int r = policy_number__parse(compile, match, i, form, ranges);

		if (r < 0)
			result = r;
	}
	return result;
}

static int compare_signed(const void *a, const void *b)
{
	int64_t x = (int64_t)((const struct hook_range *)a)->first;
	int64_t y = (int64_t)((const struct hook_range *)b)->first;

	return (x > y) - (x < y);
}

static int compare_unsigned(const void *a, const void *b)
{
	uint64_t x = ((const struct hook_range *)a)->first;
	uint64_t y = ((const struct hook_range *)b)->first;

	return (x > y) - (x < y);
}

void policy_ranges__sort(struct policy_ranges *ranges, bool is_signed)
{
	uint64_t most = is_signed ? (uint64_t)INT64_MAX : UINT64_MAX;
	size_t kept = 0;

	if (ranges->items.len < 2)
		return;
	qsort(ranges->items.items, ranges->items.len, sizeof(*ranges->items.items),
	      is_signed ? compare_signed : compare_unsigned);
	for (size_t i = 1; i < ranges->items.len; i++) {
		struct hook_range *last = &ranges->items.items[kept];
		struct hook_range *next = &ranges->items.items[i];

		if (last->last == most || !is_before(last->last + 1, next->first, is_signed)) {
			if (is_before(last->last, next->last, is_signed))
				last->last = next->last;
			continue;
		}
		ranges->items.items[++kept] = *next;
	}
	ranges->items.len = kept + 1;
}

static int give_set(struct policy_compile *compile, const struct match_spec *match,
		    const struct policy_ranges *ranges, struct hook_test *test)
{
	VEC(struct policy_set_value) values = VEC_INIT;
	int r = 0;

	vec_for_each(&ranges->items, range) {
		for (uint64_t number = range->first; r == 0; number++) {
			if (values.len == POLICY_SET_NUMBERS_MAX)
				r = -E2BIG;
			else
				r = vec_push(&values,
					     ((struct policy_set_value){ .number = number }));
			if (number == range->last)
				break;
		}
	}
	if (r == 0)
		r = policy_sets__add(compile, POLICY_SET_NUMBERS, values.items,
				     (uint32_t)values.len, &test->set);
	vec_done(&values);
	if (r == -E2BIG)
		return policy_compile__refuse(
			compile, -EINVAL, &match->at, match->path,
			"the values are more than %d ranges and more than %d numbers",
			POLICY_RANGES_INLINE, POLICY_SET_NUMBERS_MAX);
	return r < 0 ? policy_compile__no_memory(compile) : 0;
}

int policy_ranges__give(struct policy_compile *compile, const struct match_spec *match,
			struct policy_ranges *ranges, struct hook_test *test)
{
	size_t len = ranges->items.len;

	test->set = HOOK_NONE;
	if (len > POLICY_RANGES_INLINE) {
		test->op = HOOK_NUMBER_SET;
		return give_set(compile, match, ranges, test);
	}
	test->ranges = arena__memdup(compile->arena, ranges->items.items,
				     len * sizeof(*ranges->items.items));
	if (len && !test->ranges)
		return policy_compile__no_memory(compile);
	test->range_count = (uint32_t)len;
	return 0;
}
