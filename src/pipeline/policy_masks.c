/* SPDX-License-Identifier: Apache-2.0 */
/* In which sets of binaries processes are: what the kernel works out at each execution, and those that are older. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "enrich/process.h"
#include "host/host.h"
#include "host/proc_pid.h"
#include "pipeline/policies_private.h"
#include "pipeline/who.h"

#define BITS_OF_WORD 64
#define TRIES 4          /* at a process that calls exec while it is looked at */
#define ANCESTORS_MAX 64 /* whose images are looked at for sets that are followed */

/* A path or part of one, and the sets of all policies that have it. */
struct mask_row {
	enum policy_text_op op;
	const uint8_t *bytes;
	uint32_t size;
	struct policy_mask mask, whole; /* whole: with those of shorter parts that fit as well */
};

struct mask_rows { /* VEC() with a name */
	struct mask_row *items;
	size_t len, capacity;
};

static void set_bit(struct policy_mask *mask, uint32_t bit)
{
	mask->words[bit / BITS_OF_WORD] |= 1ull << bit % BITS_OF_WORD;
}

static void add_mask(struct policy_mask *to, const struct policy_mask *from)
{
	for (uint32_t i = 0; i < POLICY_MASK_WORDS; i++)
		to->words[i] |= from->words[i];
}

/* ---- rows ---------------------------------------------------------------------------------------------- */

static int add_value(struct mask_rows *rows, const struct policy_binaries *set,
		     const struct policy_set_value *value)
{
	struct mask_row row = { .op = set->op, .bytes = value->bytes, .size = value->size };

	vec_for_each(rows, known)
		if (known->op == set->op && known->size == value->size &&
		    memcmp(known->bytes, value->bytes, value->size) == 0) {
			set_bit(&known->mask, set->bit);
			return 0;
		}
	set_bit(&row.mask, set->bit);
	return vec_push(rows, row);
}

static bool fits(const struct mask_row *part, const uint8_t *text, size_t len)
{
	if (part->size > len || (part->op == POLICY_TEXT_EQUAL && part->size != len))
		return false;
	if (part->op == POLICY_TEXT_POSTFIX)
		text += len - part->size;
	return memcmp(part->bytes, text, part->size) == 0;
}

static void complete(struct mask_rows *rows)
{
	vec_for_each(rows, row) {
		row->whole = row->mask;
		vec_for_each(rows, part)
			if (part->op == row->op && fits(part, row->bytes, row->size))
				add_mask(&row->whole, &part->mask);
	}
}

/* Of all policies that are loaded, and of this one. */
static int collect(const struct policies *policies, struct mask_rows *rows,
		   struct policy_mask *ret_follows)
{
	*ret_follows = (struct policy_mask){ 0 };
	vec_for_each(&policies->list, policy) {
		const struct policy_program *program = &(*policy)->program;

		for (uint32_t i = 0; (*policy)->has_bits && i < program->binaries_count; i++) {
			const struct policy_binaries *set = &program->binaries[i];

			if (set->follows_children)
				set_bit(ret_follows, set->bit);
			for (uint32_t k = 0; k < set->value_count; k++)
				if (add_value(rows, set, &set->values[k]) < 0)
					return -ENOMEM;
		}
	}
	complete(rows);
	return 0;
}

/* ---- the kernel's maps ---------------------------------------------------------------------------------- */

static int write_row(struct policies *policies, const struct mask_row *row, bool is_gone,
		     struct err *err)
{
	static const struct {
		const char *map;
		enum policy_set_kind kind;
	} maps[] = {
		[POLICY_TEXT_EQUAL] = { "mask_texts", POLICY_SET_TEXTS },
		[POLICY_TEXT_PREFIX] = { "mask_prefixes", POLICY_SET_PREFIXES },
		[POLICY_TEXT_POSTFIX] = { "mask_postfixes", POLICY_SET_POSTFIXES },
	};
	const struct policy_set_value value = { .bytes = row->bytes, .size = row->size };
	union policy_set_key key;

	/* What is longer than the kernel looks at fits nothing. */
	if (row->op >= array_size(maps) ||
	    !policy_set_key__fill(&key, policies->engine, maps[row->op].kind, 0, &value))
		return 0;
	return hook_engine__write_mask(policies->engine, maps[row->op].map, &key,
				       is_gone ? NULL : &row->whole, err);
}

static int write_rows(struct policies *policies, const struct mask_rows *rows,
		      const struct policy_mask *follows, struct err *err)
{
	uint32_t zero = 0;
	int r = hook_engine__write_mask(policies->engine, "mask_follows", &zero, follows, err);

	for (size_t i = 0; i < rows->len && r == 0; i++)
		r = write_row(policies, &rows->items[i], false, err);
	return r;
}

/* ---- processes that are older ---------------------------------------------------------------------------- */

static void match(const struct mask_rows *rows, const char *path, struct policy_mask *mask)
{
	size_t len = strlen(path);

	vec_for_each(rows, row)
		if (len && fits(row, (const uint8_t *)path, len))
			add_mask(mask, &row->mask);
}

static void match_ancestors(const struct process_table *table, const struct process *process,
			    const struct mask_rows *rows, const struct policy_mask *follows,
			    struct policy_mask *mask)
{
	struct policy_mask found = { 0 };

	process = process_table__parent(table, process);
	for (int i = 0; process && i < ANCESTORS_MAX; i++) {
		match(rows, process->binary, &found);
		process = process_table__parent(table, process);
	}
	for (uint32_t i = 0; i < POLICY_MASK_WORDS; i++)
		mask->words[i] |= found.words[i] & follows->words[i];
}

static void fill_rest(const struct process *process, struct policy_process *row)
{
	memcpy(row->namespaces, process->namespaces, sizeof(row->namespaces));
	row->capabilities[POLICY_CAPABILITIES_EFFECTIVE] = process->credentials.effective;
	row->capabilities[POLICY_CAPABILITIES_INHERITABLE] = process->credentials.inheritable;
	row->capabilities[POLICY_CAPABILITIES_PERMITTED] = process->credentials.permitted;
}

/* The kernel's own row is the better one; only sets of policies that came after it was made are not in it. */
static int write_process(struct policies *policies, const struct process *process,
			 const struct policy_mask *mask)
{
	struct policy_process row = { 0 };
	bool is_new = hook_engine__read_process(policies->engine, process->key.tgid, &row) < 0;

	if (is_new)
		fill_rest(process, &row);
	for (uint32_t i = 0; i < POLICY_MASK_WORDS; i++)
		row.binaries[i] |= mask->words[i];
	return hook_engine__write_process(policies->engine, process->key.tgid, &row, is_new);
}

/* A process that executes something meanwhile is looked at again. */
static void seed_process(struct policies *policies, const struct process_table *table,
			 const struct process *process, const struct mask_rows *rows,
			 const struct policy_mask *follows)
{
	for (int i = 0; i < TRIES; i++) {
		uint64_t time_ns = hook_engine__image_time(policies->engine, process->key.tgid);
		struct policy_mask mask = { 0 };
		struct proc_pid proc;

		if (host__proc_pid(policies->options.host, process->key.tgid, 0, &proc) < 0)
			return;
		match(rows, proc.exe, &mask);
		proc_pid__done(&proc);
		match_ancestors(table, process, rows, follows, &mask);
		if (write_process(policies, process, &mask) == 0 &&
		    hook_engine__image_time(policies->engine, process->key.tgid) == time_ns)
			return;
	}
}

static void seed(struct policies *policies, const struct mask_rows *rows,
		 const struct policy_mask *follows)
{
	const struct process_table *table = who__processes(policies->options.who);
	const struct process *process = NULL;
	uint32_t cursor = 0;

	while ((process = process_table__next(table, &cursor, process)))
		seed_process(policies, table, process, rows, follows);
}

/* ---- all of it ------------------------------------------------------------------------------------------ */

static bool wants_processes(const struct policy_program *program)
{
	for (uint32_t i = 0; i < program->hook_count; i++)
		if (program->hooks[i].wants_processes)
			return true;
	return program->binaries_count > 0;
}

/* Sets are there before whoever executes something from now on is looked at; then those who have done so before. */
int policy_masks__add(struct policies *policies, const struct policy *policy, struct err *err)
{
	struct mask_rows rows = { .len = 0 };
	struct policy_mask follows;
	int r;

	if (!wants_processes(&policy->program))
		return 0;
	r = hook_engine__open_masks(policies->engine, err);
	if (r == 0 && collect(policies, &rows, &follows) < 0)
		r = err__set(err, -ENOMEM, NULL, "no memory for sets of binaries");
	if (r == 0)
		r = write_rows(policies, &rows, &follows, err);
	if (r == 0) {
		who__drain(policies->options.who);
		seed(policies, &rows, &follows);
	}
	vec_done(&rows);
	return r;
}

/* Bits are free once no row has them; in processes they mean nothing until somebody is given them again. */
void policy_masks__remove(struct policies *policies, const struct policy *policy)
{
	struct mask_rows rows = { .len = 0 };
	struct err ignored = ERR_INIT;
	struct policy_mask follows;

	if (policy->program.binaries_count == 0 || !policies->engine)
		return;
	for (uint32_t i = 0; i < policy->program.binaries_count; i++)
		for (uint32_t k = 0; k < policy->program.binaries[i].value_count; k++)
			(void)add_value(&rows, &policy->program.binaries[i],
					&policy->program.binaries[i].values[k]);
	vec_for_each(&rows, row)
		(void)write_row(policies, row, true, &ignored);
	rows.len = 0;
	/* What others have as well is written again. */
	if (collect(policies, &rows, &follows) == 0)
		(void)write_rows(policies, &rows, &follows, &ignored);
	policy_masks__clear_bits(policies, &policy->program);
	err__done(&ignored);
	vec_done(&rows);
}

/* Of all processes: the bits may be another policy's soon. */
void policy_masks__clear_bits(struct policies *policies, const struct policy_program *program)
{
	const struct process_table *table = who__processes(policies->options.who);
	const struct process *process = NULL;
	struct policy_mask gone = { 0 };
	uint32_t cursor = 0;

	for (uint32_t i = 0; i < program->binaries_count; i++)
		set_bit(&gone, program->binaries[i].bit);
	while (table && (process = process_table__next(table, &cursor, process))) {
		struct policy_process row;

		if (hook_engine__read_process(policies->engine, process->key.tgid, &row) < 0)
			continue;
		for (uint32_t i = 0; i < POLICY_MASK_WORDS; i++)
			row.binaries[i] &= ~gone.words[i];
		(void)hook_engine__write_process(policies->engine, process->key.tgid, &row, false);
	}
}
