/* SPDX-License-Identifier: Apache-2.0 */
/* Which cgroups policies are about, by their pod, container and host selectors: the kernel's table of them, kept up to date
 * as cgroups come, get their names and go, and as policies do. */
#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "pipeline/policies_private.h"
#include "pipeline/policy_scope.h"
#include "pipeline/who.h"

#define BITS_OF_WORD 64

/* Of a cgroup that some policy is about, or may be. */
struct cgroup_row {
	struct policy_mask mask;
	bool waits;       /* there is a scope that cannot be answered yet */
	bool is_left_out; /* the kernel's table has no room for it */
};

/* ---- masks --------------------------------------------------------------------------------------------- */

static void set_bit(struct policy_mask *mask, uint32_t bit)
{
	mask->words[bit / BITS_OF_WORD] |= 1ull << bit % BITS_OF_WORD;
}

static bool is_same(const struct policy_mask *a, const struct policy_mask *b)
{
	for (uint32_t i = 0; i < POLICY_MASK_WORDS; i++)
		if (a->words[i] != b->words[i])
			return false;
	return true;
}

static bool is_empty(const struct policy_mask *mask)
{
	static const struct policy_mask nothing;

	return is_same(mask, &nothing);
}

/* ---- the kernel's rows --------------------------------------------------------------------------------- */

static void count(struct policy_cgroups *cgroups, const struct cgroup_row *row, bool is_there)
{
	uint64_t one = is_there ? 1 : UINT64_MAX; /* -1 */

	cgroups->waiting += row->waits ? one : 0;
	cgroups->left_out += row->is_left_out ? one : 0;
	cgroups->written += !is_empty(&row->mask) && !row->is_left_out ? one : 0;
}

static void drop_row(struct policy_cgroups *cgroups, uint64_t id)
{
	struct cgroup_row *row = map__take(&cgroups->rows, &id, sizeof(id));

	if (!row)
		return;
	count(cgroups, row, false);
	free(row);
}

/* A cgroup for which there is no memory is written without being remembered: its row goes with the cgroup. */
static void keep_row(struct policy_cgroups *cgroups, uint64_t id, const struct cgroup_row *kept)
{
	struct cgroup_row *row = map__find(&cgroups->rows, &id, sizeof(id));

	if (is_empty(&kept->mask) && !kept->waits) {
		drop_row(cgroups, id);
		return;
	}
	if (!row) {
		row = new_zero(struct cgroup_row);
		if (!row || map__set(&cgroups->rows, &id, sizeof(id), row, NULL) < 0) {
			free(row);
			return;
		}
	}
	count(cgroups, row, false);
	*row = *kept;
	count(cgroups, row, true);
}

/* Asks the scopes from `first` on; of those before nothing has changed. */
static void judge(struct policies *policies, const struct identity *identity, size_t first,
		  bool is_new)
{
	static const struct cgroup_row nothing;
	struct policy_cgroups *cgroups = &policies->cgroups;
	uint64_t id = identity->cgroup_id;
	const struct cgroup_row *known = map__find(&cgroups->rows, &id, sizeof(id));
	const struct cgroup_row *before = known ? known : &nothing;
	struct cgroup_row row = first > 0 ? *before : nothing;

	for (size_t i = first; i < cgroups->scopes.len; i++) {
		const struct policy_scope *scope = &cgroups->scopes.items[i];
		enum policy_scope_answer answer = policy_scope_ask(scope->scope, identity);

		if (answer == POLICY_SCOPE_IN)
			set_bit(&row.mask, scope->bit);
		row.waits |= answer == POLICY_SCOPE_WAITS;
	}
	row.is_left_out = before->is_left_out;
	/* A new one has what the kernel copied from the one above. */
	if (is_new || before->is_left_out || !is_same(&row.mask, &before->mask))
		row.is_left_out = hook_engine__write_scopes(policies->engine, id,
							    is_empty(&row.mask) ? NULL
										: &row.mask) < 0;
	keep_row(cgroups, id, &row);
}

static void judge_all(struct policies *policies, size_t first)
{
	const struct identity *identity;
	size_t cursor = 0;

	while ((identity = who__next_cgroup(policies->options.who, &cursor)))
		judge(policies, identity, first, false);
}

/* ---- what happens to cgroups --------------------------------------------------------------------------- */

static void on_added(void *ctx, const struct identity *identity)
{
	judge(ctx, identity, 0 /* all */, true);
}

static void on_removed(void *ctx, uint64_t id)
{
	struct policies *policies = ctx;

	drop_row(&policies->cgroups, id);
	(void)hook_engine__write_scopes(policies->engine, id, NULL); /* it may be gone already */
	if (policies->cgroups.left_out > 0)
		judge_all(policies, 0 /* all */);
}

/* The whole container, and its pod: what one answer says of that holds for all that are in it. */
static void on_named(void *ctx, const struct identity *named)
{
	struct policies *policies = ctx;
	const struct identity *identity;
	size_t cursor = 0;

	while ((identity = who__next_cgroup(policies->options.who, &cursor)))
		if (identity->container && (identity->container == named->container ||
					    (named->pod && identity->pod == named->pod)))
			judge(policies, identity, 0 /* all */, false);
}

/* ---- policies come and go ------------------------------------------------------------------------------ */

static bool has_bit(const struct policy_cgroups *cgroups, uint32_t bit)
{
	vec_for_each(&cgroups->scopes, scope)
		if (scope->bit == bit)
			return true;
	return false;
}

static int add_scopes(struct policy_cgroups *cgroups, const struct policy_program *program)
{
	for (uint32_t i = 0; i < program->scope_count; i++)
		if (!has_bit(cgroups, program->scopes[i].bit) &&
		    vec_push(&cgroups->scopes, program->scopes[i]) < 0)
			return -ENOMEM;
	return 0;
}

int policy_cgroups__add(struct policies *policies, const struct policy *policy, struct err *err)
{
	const struct who_cgroup_observer observer = { on_added, on_named, on_removed, policies };
	size_t first = policies->cgroups.scopes.len;
	int r;

	if (policy->program.scope_count == 0)
		return 0;
	r = hook_engine__open_scopes(policies->engine, err);
	if (r < 0)
		return err__wrap(err, r, &policy->spec->at, "pod, container and host selectors");
	if (add_scopes(&policies->cgroups, &policy->program) < 0)
		return err__set(err, -ENOMEM, NULL, "no memory for selectors of pods");
	who__observe_cgroups(policies->options.who, &observer);
	who__drain(policies->options.who);
	judge_all(policies, first);
	return 0;
}

/* Others may be about the same; what they compare with is theirs. */
static void gather(struct policies *policies)
{
	policies->cgroups.scopes.len = 0;
	vec_for_each(&policies->list, policy)
		if ((*policy)->has_bits)
			(void)add_scopes(&policies->cgroups,
					 &(*policy)->program); /* there is room */
}

void policy_cgroups__remove(struct policies *policies, const struct policy *policy)
{
	if (policy->program.scope_count == 0 || policies->cgroups.scopes.len == 0)
		return;
	gather(policies);
	if (policies->cgroups.scopes.len == 0)
		policy_cgroups__done(policies);
	else
		judge_all(policies, 0 /* all */);
}

void policy_cgroups__done(struct policies *policies)
{
	struct policy_cgroups *cgroups = &policies->cgroups;

	who__observe_cgroups(policies->options.who, NULL);
	map__done(&cgroups->rows, free);
	vec_done(&cgroups->scopes);
	*cgroups = (struct policy_cgroups){ .rows = MAP_INIT };
	if (policies->engine)
		hook_engine__close_scopes(policies->engine);
}
