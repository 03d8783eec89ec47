/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/apportion.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"

/* Adds the marks of one row to another; whether there were any. */
static bool add_row(bool *row, const bool *other, uint32_t count)
{
	bool has_any = false;

	for (uint32_t i = 0; i < count; i++) {
		row[i] |= other[i];
		has_any |= other[i];
	}
	return has_any;
}

static bool is_marked(const bool *row, uint32_t count)
{
	return count > 0 && memchr(row, true, count) != NULL;
}

static void mark_all(const struct apportion_input *input, bool *row)
{
	bool has_any = false;

	for (uint32_t i = 0; i < input->outputs; i++)
		has_any |= row[i] = !input->is_left_out[i];
	for (uint32_t i = 0; i < input->outputs; i++)
		row[i] |= !has_any;
}

static void add_own_outputs(const struct apportion_input *input, bool *programs)
{
	for (uint32_t program = 0; program < input->programs; program++)
		for (uint32_t map = 0; map < input->maps; map++)
			if (input->uses[(size_t)program * input->maps + map])
				(void)add_row(programs + (size_t)program * input->outputs,
					      input->feeds + (size_t)map * input->outputs,
					      input->outputs);
}

static bool is_helper(const struct apportion_input *input, uint32_t map)
{
	return !input->is_variables[map] &&
	       !is_marked(input->feeds + (size_t)map * input->outputs, input->outputs);
}

static bool share_a_helper(const struct apportion_input *input, uint32_t one, uint32_t other)
{
	const bool *row = input->uses + (size_t)one * input->maps;
	const bool *other_row = input->uses + (size_t)other * input->maps;

	for (uint32_t map = 0; map < input->maps; map++)
		if (row[map] && other_row[map] && is_helper(input, map))
			return true;
	return false;
}

/* One step further away: programs (or only those without outputs) get what their neighbours had `before`. */
static bool add_neighbours(const struct apportion_input *input, bool is_first, const bool *before,
			   bool *programs)
{
	bool has_grown = false;

	for (uint32_t program = 0; program < input->programs; program++) {
		size_t row = (size_t)program * input->outputs;

		if (!is_first && is_marked(before + row, input->outputs))
			continue;
		for (uint32_t other = 0; other < input->programs; other++)
			if (other != program && share_a_helper(input, program, other))
				has_grown |= add_row(programs + row,
						     before + (size_t)other * input->outputs,
						     input->outputs);
	}
	return has_grown;
}

static int apportion_programs(const struct apportion_input *input, bool *programs)
{
	size_t size = (size_t)input->programs * input->outputs;
	__cleanup(x_freep) bool *before = new_array(bool, size + 1);

	if (!before)
		return -ENOMEM;
	memset(programs, 0, size);
	add_own_outputs(input, programs);
	memcpy(before, programs, size);
	(void)add_neighbours(input, true, before, programs);
	do
		memcpy(before, programs, size);
	while (add_neighbours(input, false, before, programs));
	for (uint32_t program = 0; program < input->programs; program++)
		if (!is_marked(programs + (size_t)program * input->outputs, input->outputs))
			mark_all(input, programs + (size_t)program * input->outputs);
	return 0;
}

static void apportion_map(const struct apportion_input *input, uint32_t map, const bool *programs,
			  bool *row)
{
	if (add_row(row, input->feeds + (size_t)map * input->outputs, input->outputs))
		return;
	for (uint32_t program = 0; program < input->programs; program++)
		if (input->uses[(size_t)program * input->maps + map])
			(void)add_row(row, programs + (size_t)program * input->outputs,
				      input->outputs);
	if (!is_marked(row, input->outputs))
		mark_all(input, row);
}

int apportion(const struct apportion_input *input, bool *ret_programs, bool *ret_maps,
	      struct err *err)
{
	if (apportion_programs(input, ret_programs) < 0)
		return err__set(err, -ENOMEM, NULL, "no memory to apportion costs");
	memset(ret_maps, 0, (size_t)input->maps * input->outputs);
	for (uint32_t map = 0; map < input->maps; map++)
		apportion_map(input, map, ret_programs, ret_maps + (size_t)map * input->outputs);
	return 0;
}

void apportion_run_time(const bool *marks, const double *moves_per_s, uint32_t outputs,
			double runs_per_s, double *ret_parts)
{
	double sum = 0;
	uint32_t payers = 0;

	for (uint32_t i = 0; i < outputs; i++) {
		double moves = moves_per_s[i];

		ret_parts[i] = 0;
		if (!marks[i])
			continue;
		payers++;
		/* A counter of bytes grows by more than one a run. */
		ret_parts[i] = isnan(moves) || moves > runs_per_s ? runs_per_s : moves;
		sum += ret_parts[i];
	}
	for (uint32_t i = 0; i < outputs; i++)
		if (marks[i])
			ret_parts[i] = sum > 0 ? ret_parts[i] / sum : 1.0 / payers;
}
