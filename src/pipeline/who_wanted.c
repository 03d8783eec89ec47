/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/who_wanted.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "enrich/identity.h"
#include "pipeline/who_mntns.h"
#include "program/program.h"
#include "program/shared_map.h"

/* As bpf/include/wanted_cgroups.bpf.h calls them. */
#define MAP_NAME "wanted_cgroups"
#define CONSTANT_NAME "wanted_cgroup_bits"
/* As gadgets call them, <gadget/mntns_filter.h>. */
#define MNTNS_MAP_NAME "gadget_mntns_filter_map"
#define MNTNS_CONSTANT_NAME "gadget_filter_by_mntns"
/* As bpf/who.bpf.c does. */
#define ENGINE_MNTNS_MAP_NAME "wanted_mntns"

#define WISHES_MAX 64 /* the bits of a mask; the first is the command line's */
#define LOG_INTERVAL_S 60

struct who_wish {
	struct who_wanted *owner; /* borrowed */
	struct who_filter filter; /* of a config: names are in `names` */
	const char **names;       /* owned, with all texts behind them; NULL: of the command line */
	struct who_mntns *mntns;  /* owned; NULL: nobody asks by them */
	uint64_t bit;
	uint32_t references;
};

struct who_wanted {
	struct who_wanted_options options;
	struct shared_map *map;              /* owned */
	struct who_wish *wishes[WISHES_MAX]; /* owned, or NULL; a place is a bit */
	struct map left_out;                 /* ids of cgroups that found no room */
	uint64_t refused;                    /* how many ever came into it */
	long last_log_s;
};

/* ---- wishes -------------------------------------------------------------------------------------------- */

/* An array of all names, and the texts behind it. */
static const char **copy_names(const struct wanted_spec *specs, uint32_t count)
{
	size_t names = 0, bytes = 0;
	const char **copy;
	char *at;

	for (uint32_t i = 0; i < count; i++) {
		names += specs[i].name_count;
		for (uint32_t k = 0; k < specs[i].name_count; k++)
			bytes += strlen(specs[i].names[k].text) + 1;
	}
	copy = malloc(names * sizeof(*copy) + bytes + 1);
	if (!copy)
		return NULL;
	at = (char *)(copy + names);
	names = 0;
	for (uint32_t i = 0; i < count; i++) {
		for (uint32_t k = 0; k < specs[i].name_count; k++) {
			size_t size = strlen(specs[i].names[k].text) + 1;

			copy[names++] = memcpy(at, specs[i].names[k].text, size);
			at += size;
		}
	}
	return copy;
}

static void set_filter(struct who_filter *filter, const struct wanted_spec *specs, uint32_t count,
		       const char *const *names)
{
	for (uint32_t i = 0; i < count; i++) {
		filter->names[specs[i].subject] = (struct who_names){ names, specs[i].name_count };
		names += specs[i].name_count;
	}
}

static bool is_same(const struct who_filter *filter, const struct wanted_spec *specs,
		    uint32_t count)
{
	struct who_filter other = { 0 };
	bool is_equal = true;

	for (uint32_t i = 0; i < count; i++) {
		const struct who_names *names = &filter->names[specs[i].subject];

		other.names[specs[i].subject].count = specs[i].name_count;
		for (uint32_t k = 0; k < names->count && k < specs[i].name_count; k++)
			is_equal &= str_eq(names->items[k], specs[i].names[k].text);
	}
	for (size_t i = 0; i < WHO_SUBJECT_COUNT; i++)
		is_equal &= other.names[i].count == filter->names[i].count;
	return is_equal;
}

static struct who_wish *add_wish(struct who_wanted *wanted, size_t place)
{
	struct who_wish *wish = new_zero(struct who_wish);

	if (!wish)
		return NULL;
	*wish = (struct who_wish){ .owner = wanted, .bit = 1ull << place, .references = 1 };
	wanted->wishes[place] = wish;
	return wish;
}

struct who_wish *who_wish__drop(struct who_wish *wish)
{
	struct who_wanted *wanted = wish ? wish->owner : NULL;

	if (!wish || --wish->references > 0)
		return NULL;
	for (size_t i = 0; i < WISHES_MAX; i++)
		if (wanted->wishes[i] == wish)
			wanted->wishes[i] = NULL;
	who_mntns__free(wish->mntns);
	free(wish->names);
	free(wish);
	return NULL;
}

/* ---- who is wanted ------------------------------------------------------------------------------------- */

static bool is_wanted(const struct who_wanted *wanted, const struct who_filter *filter,
		      const struct identity *identity)
{
	return who_filter__matches(filter, identity, wanted->options.host);
}

/* 0, or -errno: there is no room for it. */
static int judge_mntns(struct who_wanted *wanted, struct who_wish *wish,
		       const struct identity *identity, bool is_in)
{
	uint64_t mntns_id = identity->mntns_id;

	if (!wish->mntns)
		return 0;
	if (!is_in || !identity->container || mntns_id > UINT32_MAX ||
	    identity_table__is_host_mntns(wanted->options.table, mntns_id))
		mntns_id = 0;
	return who_mntns__set(wish->mntns, identity->cgroup_id, (uint32_t)mntns_id);
}

/* Without memory to remember it by it is told again, and not tried again. */
static void leave_out(struct who_wanted *wanted, const struct identity *identity, int reason)
{
	size_t before = wanted->left_out.len;

	(void)map__set(&wanted->left_out, &identity->cgroup_id, sizeof(identity->cgroup_id), wanted,
		       NULL);
	if (before > 0 && wanted->left_out.len == before)
		return;
	wanted->refused++;
	if (log_limit(&wanted->last_log_s, LOG_INTERVAL_S))
		log_warn("'%s' is wanted but left out: %s; %u cgroups at most can be wanted at "
			 "once, and sonde_identity_wanted_left_out tells how many more should be",
			 identity->path,
			 reason == -E2BIG ? "there is no room for it" : strerror(-reason),
			 wanted->options.max);
}

static void judge(struct who_wanted *wanted, const struct identity *identity)
{
	bool is_possible = is_wanted(wanted, wanted->options.filter, identity);
	uint64_t mask = 0;
	int r = 0, other;

	for (size_t i = 0; i < WISHES_MAX; i++) {
		struct who_wish *wish = wanted->wishes[i];
		bool is_in = wish && is_possible && is_wanted(wanted, &wish->filter, identity);

		if (is_in)
			mask |= wish->bit;
		other = wish ? judge_mntns(wanted, wish, identity, is_in) : 0;
		r = other < 0 ? other : r;
	}
	if (mask) {
		other = shared_map__set(wanted->map, identity->cgroup_id, mask);
		r = other < 0 ? other : r;
	} else {
		shared_map__remove(wanted->map, identity->cgroup_id);
	}
	if (r < 0)
		leave_out(wanted, identity, r);
	else
		(void)map__take(&wanted->left_out, &identity->cgroup_id,
				sizeof(identity->cgroup_id));
}

void who_wanted__see(struct who_wanted *wanted, const struct identity *identity)
{
	judge(wanted, identity);
}

void who_wanted__remove(struct who_wanted *wanted, uint64_t cgroup_id)
{
	shared_map__remove(wanted->map, cgroup_id);
	(void)map__take(&wanted->left_out, &cgroup_id, sizeof(cgroup_id));
	for (size_t i = 0; i < WISHES_MAX; i++)
		if (wanted->wishes[i] && wanted->wishes[i]->mntns)
			(void)who_mntns__set(wanted->wishes[i]->mntns, cgroup_id, 0 /* none */);
}

void who_wanted__forget_mntns(struct who_wanted *wanted, uint32_t mntns_id)
{
	for (size_t i = 0; i < WISHES_MAX; i++)
		if (wanted->wishes[i] && wanted->wishes[i]->mntns)
			who_mntns__forget(wanted->wishes[i]->mntns, mntns_id);
}

static void judge_all(struct who_wanted *wanted)
{
	const struct identity *identity;
	size_t cursor = 0;

	while ((identity = identity_table__next(wanted->options.table, &cursor)))
		judge(wanted, identity);
}

void who_wanted__review(struct who_wanted *wanted)
{
	const struct identity *identity;
	size_t cursor = 0;

	while ((identity = identity_table__next(wanted->options.table, &cursor)))
		if (identity->container || identity->pod)
			judge(wanted, identity);
}

static bool has_room(const struct who_wanted *wanted)
{
	if (shared_map__count(wanted->map) == wanted->options.max)
		return false;
	for (size_t i = 0; i < WISHES_MAX; i++)
		if (wanted->wishes[i] && wanted->wishes[i]->mntns &&
		    who_mntns__count(wanted->wishes[i]->mntns) == wanted->options.max)
			return false;
	return true;
}

void who_wanted__retry(struct who_wanted *wanted)
{
	if (wanted->left_out.len > 0 && has_room(wanted))
		judge_all(wanted);
}

/* ---- the whole ----------------------------------------------------------------------------------------- */

int who_wanted__new(const struct who_wanted_options *options, struct who_wanted **ret,
		    struct err *err)
{
	struct who_wanted *wanted = new_zero(struct who_wanted);
	int r;

	if (!wanted)
		return err__set(err, -ENOMEM, NULL, "no memory for filters");
	wanted->options = *options;
	if (!options->max)
		wanted->options.max = WHO_WANTED_MAX;
	r = shared_map__new(MAP_NAME, sizeof(uint64_t), wanted->options.max, &wanted->map, err);
	/* Its own filter is empty: whoever the command line wants. */
	if (r >= 0 && !who_filter__is_empty(options->filter) && !add_wish(wanted, 0 /* first */))
		r = err__set(err, -ENOMEM, NULL, "no memory for filters");
	if (r < 0) {
		who_wanted__free(wanted);
		return r;
	}
	judge_all(wanted);
	*ret = wanted;
	return 0;
}

struct who_wanted *who_wanted__free(struct who_wanted *wanted)
{
	if (!wanted)
		return NULL;
	who_wish__drop(wanted->wishes[0]);
	shared_map__free(wanted->map);
	map__done(&wanted->left_out, NULL);
	free(wanted);
	return NULL;
}

int who_wanted__wish(struct who_wanted *wanted, const struct wanted_spec *specs, uint32_t count,
		     struct who_wish **ret_wish, struct err *err)
{
	size_t place = 0;
	struct who_wish *wish;

	for (size_t i = 0; i < WISHES_MAX; i++) {
		if (!wanted->wishes[i] || !is_same(&wanted->wishes[i]->filter, specs, count))
			continue;
		wanted->wishes[i]->references++;
		*ret_wish = wanted->wishes[i];
		return 0;
	}
	for (size_t i = 1; i < WISHES_MAX && !place; i++)
		place = wanted->wishes[i] ? 0 : i;
	if (!place)
		return err__set(err, -ENOSPC, count ? &specs[0].at : NULL,
				"there are %d different filters by who already; use one of them",
				WISHES_MAX - 1);
	wish = add_wish(wanted, place);
	if (wish)
		wish->names = copy_names(specs, count);
	if (!wish || !wish->names) {
		who_wish__drop(wish);
		return err__set(err, -ENOMEM, NULL, "no memory for filters");
	}
	set_filter(&wish->filter, specs, count, wish->names);
	judge_all(wanted);
	*ret_wish = wish;
	return 0;
}

struct who_wanted_figures who_wanted__figures(const struct who_wanted *wanted)
{
	struct who_wanted_figures figures = {
		.wanted = shared_map__count(wanted->map),
		.left_out = wanted->left_out.len,
		.refused = wanted->refused,
	};

	for (size_t i = 0; i < WISHES_MAX; i++)
		if (wanted->wishes[i] && wanted->wishes[i]->mntns)
			figures.mntns += who_mntns__count(wanted->wishes[i]->mntns);
	return figures;
}

/* ---- lending ------------------------------------------------------------------------------------------- */

static bool asks_by_cgroup(const struct program *program)
{
	return program__can_share(program, MAP_NAME, sizeof(uint64_t));
}

static bool asks_by_mntns(const struct program *program)
{
	return program__can_share(program, MNTNS_MAP_NAME, sizeof(uint32_t));
}

bool who_wanted_needs_processes(const struct program *program)
{
	return !asks_by_cgroup(program) && asks_by_mntns(program);
}

static int make_mntns(struct who_wanted *wanted, struct who_wish *wish, struct err *err)
{
	int r;

	if (wish->mntns)
		return 0;
	r = who_mntns__new(wanted->options.max, &wish->mntns, err);
	if (r == 0)
		judge_all(wanted);
	return r;
}

/* Of the host's mount namespace are units and users as well, so by that they are not told apart. */
static bool names_containers_only(const struct who_filter *filter)
{
	return filter->names[WHO_UNIT].count == 0 && filter->names[WHO_USER].count == 0;
}

static int lend_mntns(struct who_wanted *wanted, struct who_wish *wish, struct program *program,
		      const char *config, struct err *err)
{
	int r;

	if (!names_containers_only(wanted->options.filter) || !names_containers_only(&wish->filter))
		return err__set(
			err, -EOPNOTSUPP, NULL,
			"\"%s\" knows containers only, so it cannot be filtered by unit or user",
			config);
	r = make_mntns(wanted, wish, err);
	if (r == 0)
		r = program__share(program, MNTNS_MAP_NAME, who_mntns__map(wish->mntns), err);
	return r < 0 ? r : program__add_constant(program, MNTNS_CONSTANT_NAME, 1 /* true */, err);
}

int who_wanted__lend(struct who_wanted *wanted, struct who_wish *wish, struct program *program,
		     const char *config, struct err *err)
{
	int r;

	if (asks_by_cgroup(program)) {
		r = program__share(program, MAP_NAME, wanted->map, err);
		return r < 0 ? r : program__add_constant(program, CONSTANT_NAME, wish->bit, err);
	}
	if (asks_by_mntns(program))
		return lend_mntns(wanted, wish, program, config, err);
	return err__set(err, -EOPNOTSUPP, NULL,
			"\"%s\" does not tell whose its events are, so it cannot be filtered",
			config);
}

int who_wanted__lend_engine(struct who_wanted *wanted, struct program *engine, struct err *err)
{
	struct who_wish *wish = wanted->wishes[0];
	int r;

	if (!wish || !names_containers_only(wanted->options.filter))
		return 0;
	r = make_mntns(wanted, wish, err);
	if (r == 0)
		r = program__share(engine, MAP_NAME, wanted->map, err);
	if (r == 0)
		r = program__share(engine, ENGINE_MNTNS_MAP_NAME, who_mntns__map(wish->mntns), err);
	return r < 0 ? r : program__add_constant(engine, CONSTANT_NAME, wish->bit, err);
}
