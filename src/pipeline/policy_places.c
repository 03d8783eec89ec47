/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "pipeline/policies_private.h"
#include "program/binary.h"
#include "program/tracepoint_format.h"
#include "program/usdt.h"

#define FORMAT_MAX_BYTES (64u << 10)

static enum hook_place_kind place_kind(enum policy_site_kind kind)
{
	static const enum hook_place_kind kinds[] = {
		[POLICY_SITE_FUNCTION] = HOOK_PLACE_FUNCTION,
		[POLICY_SITE_SYSCALL] = HOOK_PLACE_SYSCALL,
		[POLICY_SITE_RAW_TRACEPOINT] = HOOK_PLACE_RAW_TRACEPOINT,
		[POLICY_SITE_TRACEPOINT] = HOOK_PLACE_TRACEPOINT,
		[POLICY_SITE_LSM] = HOOK_PLACE_LSM,
		[POLICY_SITE_UPROBE] = HOOK_PLACE_UPROBE,
		[POLICY_SITE_USDT] = HOOK_PLACE_USDT,
	};

	return kinds[kind];
}

struct hook_place policy_hook_place(const struct policy_site *site)
{
	return (struct hook_place){
		.kind = place_kind(site->kind),
		.name = site->name,
		.subsystem = site->subsystem,
		.path = site->path,
		.syscall = site->syscall,
		.offset = site->offset,
		.semaphore_offset = site->semaphore_offset,
		.overrides = site->is_override,
		.is_optional = site->is_optional,
		.sleeps = site->sleeps,
	};
}

/* ---- what is there, in the words of policy/ ---- */

/* Fields of a classic tracepoint, in the words of policy/. */
static int read_fields(struct policies *policies, const struct policy_site *site,
		       struct arena *arena, struct policy_attach *attach, struct err *err)
{
	int tracefs = hook_engine__tracefs(policies->engine, err);
	__cleanup(x_freep) char *text = NULL;
	const struct tracepoint_field *found;
	struct policy_field *fields;
	char path[512];
	int r = tracefs;

	(void)snprintf(path, sizeof(path), "events/%s/%s/format", site->subsystem, site->name);
	if (r >= 0)
		r = fd_read_all(tracefs, path, FORMAT_MAX_BYTES, &text, NULL);
	if (r == -ENOENT)
		return err__set(err, r, site->at, "tracepoint '%s/%s' is not in this kernel",
				site->subsystem, site->name);
	if (r >= 0)
		r = tracepoint_format_parse(text, arena, &found, &attach->field_count, err);
	if (r < 0)
		return err__is_set(err)
			       ? r
			       : err__set(err, r, site->at, "tracepoint '%s/%s' cannot be read: %s",
					  site->subsystem, site->name, strerror(-r));
	fields = arena_array(arena, struct policy_field, attach->field_count);
	if (!fields)
		return err__set(err, -ENOMEM, NULL, "no memory for a tracepoint");
	for (uint32_t i = 0; i < attach->field_count; i++)
		fields[i] = (struct policy_field){ .name = found[i].name,
						   .type = found[i].type,
						   .offset = found[i].offset,
						   .size = found[i].size,
						   .is_signed = found[i].is_signed,
						   .is_dynamic = found[i].is_dynamic };
	attach->fields = fields;
	return 0;
}

static int find_binary(const struct policy_site *site, char *path, size_t size, struct err *err)
{
	int r = binary_find(site->path, path, size, err);

	return r < 0 ? err__wrap(err, r, site->at, "policy") : 0;
}

/* Where the notes of a binary say that a USDT is. */
static int read_locations(const struct policy_site *site, struct arena *arena,
			  struct policy_attach *attach, struct err *err)
{
	const struct usdt_location *found;
	struct policy_usdt *locations;
	char path[PATH_MAX];
	int r = find_binary(site, path, sizeof(path), err);

	if (r < 0)
		return r;
	r = usdt_find(path, site->provider, site->name, arena, &found, &attach->location_count,
		      err);
	if (r < 0)
		return err__wrap(err, r, site->at, "policy");
	locations = arena_array(arena, struct policy_usdt, attach->location_count);
	if (!locations)
		return err__set(err, -ENOMEM, NULL, "no memory for USDT probes");
	for (uint32_t i = 0; i < attach->location_count; i++)
		locations[i] = (struct policy_usdt){ .offset = found[i].offset,
						     .semaphore_offset = found[i].semaphore_offset,
						     .operands = found[i].operands.items,
						     .texts = found[i].operands.texts,
						     .operand_count = found[i].operands.count };
	attach->locations = locations;
	return 0;
}

int policy_places__find_spot(void *ctx, const char *name, const struct policy_spot *spot,
			     uint64_t *ret_address, struct err *err)
{
	char path[PATH_MAX];
	int r = binary_find(name, path, sizeof(path), err);

	(void)ctx;
	if (r < 0)
		return r;
	if (spot->symbol)
		return binary_address_of_function(path, spot->symbol, spot->at, ret_address, err);
	if (!spot->is_address)
		return binary_address_of_offset(path, spot->at, ret_address, err);
	*ret_address = spot->at;
	return 0;
}

static int find_offset(const struct policy_site *site, struct policy_attach *attach,
		       struct err *err)
{
	char path[PATH_MAX];
	int r = find_binary(site, path, sizeof(path), err);

	if (r == 0) {
		r = binary_find_address(path, site->address, &attach->offset, err);
		if (r < 0)
			(void)err__wrap(err, r, site->at, "policy");
	}
	return r;
}

/* ---- binaries that have to be the ones that were meant ---- */

/* Hooks hang on what was opened, whatever is put in its place. */
static int check_binary(struct policy *policy, const struct policy_sites *sites, uint32_t index,
			struct policy_attach *attach, struct err *err)
{
	const struct policy_site *site = &sites->items[index];
	bool is_known = index > 0 && site[-1].hook == site->hook;
	char path[PATH_MAX];
	int r = is_known ? 0 : find_binary(site, path, sizeof(path), err);

	if (r < 0)
		return r;
	if (!is_known)
		r = policy_digest__open(site->hook, path, err);
	else if (policy->binaries[index - 1] >= 0)
		r = fcntl(policy->binaries[index - 1], F_DUPFD_CLOEXEC, 0);
	else
		r = -EKEYREJECTED; /* and ignored, or it would have ended before */
	if (r >= 0) {
		policy->binaries[index] = r;
		return 0;
	}
	if (r != -EKEYREJECTED || !site->hook->is_ignored_when_other)
		return err__is_set(err) ? r
					: err__set(err, -EMFILE, site->at, "no more descriptors");
	if (!is_known)
		log_at(LOG_WARN, site->at, "policy \"%s\": %s, ignoring the hook",
		       policy->spec->name, err->text);
	err__done(err);
	attach->is_absent = true;
	return 0;
}

void policy_places__close_binaries(struct policy *policy)
{
	for (uint32_t i = 0; i < policy->binary_count; i++)
		fd_closep(&policy->binaries[i]);
	policy->binary_count = 0;
	policy->binaries = NULL;
}

static int make_binaries(struct policy *policy, uint32_t count)
{
	policy->binaries = arena_array(&policy->arena, int, count + 1);
	if (!policy->binaries)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		policy->binaries[i] = -1;
	policy->binary_count = count;
	return 0;
}

/* ---- all ---- */

static int fill_attach(struct policies *policies, const struct policy_site *site,
		       const struct hook_attach *found, struct arena *arena,
		       struct policy_attach *attach, struct err *err)
{
	attach->is_absent = !found->how;
	attach->context = found->context;
	attach->return_context = found->return_context;
	attach->is_preemptible = found->is_preemptible;
	attach->is_chained = found->is_chained;
	attach->hides_registers = found->hides_registers;
	if (site->kind == POLICY_SITE_USDT)
		return read_locations(site, arena, attach, err);
	if (site->has_address)
		return find_offset(site, attach, err);
	if (site->kind == POLICY_SITE_TRACEPOINT)
		return read_fields(policies, site, arena, attach, err);
	return 0;
}

int policy_places__find(struct policies *policies, struct policy *policy,
			const struct policy_sites *sites, struct policy_attach **ret_attaches,
			const char ***ret_hows, struct err *err)
{
	struct arena *arena = &policy->arena;
	__cleanup(x_freep) struct hook_place *asked = calloc(sites->count + 1, sizeof(*asked));
	__cleanup(x_freep) struct hook_attach *found = calloc(sites->count + 1, sizeof(*found));
	struct policy_attach *attaches = arena_array(arena, struct policy_attach, sites->count + 1);
	const char **hows = arena_array(arena, const char *, sites->count + 1);
	size_t index = 0;
	int r;

	if (!asked || !found || !attaches || !hows || make_binaries(policy, sites->count) < 0)
		return err__set(err, -ENOMEM, NULL, "no memory for hooks");
	for (uint32_t i = 0; i < sites->count; i++)
		asked[i] = policy_hook_place(&sites->items[i]);
	r = hook_engine__resolve(policies->engine, asked, sites->count, found, &index, err);
	if (r < 0)
		return err__wrap(err, r, index < sites->count ? sites->items[index].at : NULL,
				 "policy");
	for (uint32_t i = 0; i < sites->count && r == 0; i++) {
		hows[i] = found[i].how;
		r = fill_attach(policies, &sites->items[i], &found[i], arena, &attaches[i], err);
		if (r == 0 && sites->items[i].hook && sites->items[i].hook->digest_count)
			r = check_binary(policy, sites, i, &attaches[i], err);
	}
	*ret_attaches = attaches;
	*ret_hows = hows;
	return r;
}
