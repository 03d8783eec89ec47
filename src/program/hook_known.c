/* SPDX-License-Identifier: Apache-2.0 */
/* What was found out of the kernel's own functions and tracepoints: the next hook at one of them costs no pass over the
 * kernel's types. Modules come and go, so what is theirs is looked up each time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "program/hook_private.h"
#include "program/kernel_targets.h"

#define NAME_MAX_BYTES 256
#define KNOWN_MAX 4096 /* names; beyond that they are looked up each time */

struct known_target {
	uint32_t btf_id;
	uint64_t asked, bindable, blind; /* bits by attach type */
};

/* 0: it is longer than any name. */
static size_t make_key(const struct kernel_target *target, char *key, size_t size)
{
	int len = snprintf(key, size, "%u:%s", target->kind, target->name);

	return len > 0 && (size_t)len < size ? (size_t)len : 0;
}

static struct known_target *find(const struct hook_engine *engine,
				 const struct kernel_target *target)
{
	char key[NAME_MAX_BYTES];
	size_t len = make_key(target, key, sizeof(key));

	return len ? map__find(&engine->known, key, len) : NULL;
}

bool hook_engine__knows(const struct hook_engine *engine, struct kernel_target *target)
{
	const struct known_target *known = find(engine, target);

	if (known)
		target->btf_id = known->btf_id;
	return known;
}

/* Without memory it is looked up again. */
void hook_engine__note(struct hook_engine *engine, const struct kernel_target *target)
{
	char key[NAME_MAX_BYTES];
	size_t len = make_key(target, key, sizeof(key));
	struct known_target *known;

	if (!target->btf_id || target->module || len == 0 || engine->known.len >= KNOWN_MAX ||
	    map__find(&engine->known, key, len))
		return;
	known = new_zero(struct known_target);
	if (!known)
		return;
	known->btf_id = target->btf_id;
	if (map__set(&engine->known, key, len, known, NULL) < 0)
		free(known);
}

bool hook_engine__knows_bond(const struct hook_engine *engine, const struct kernel_target *target,
			     uint32_t attach_type, enum hook_bond *ret_bond)
{
	const struct known_target *known = find(engine, target);
	uint64_t bit = 1ull << attach_type;

	if (!known || !(known->asked & bit))
		return false;
	*ret_bond = !(known->bindable & bit) ? HOOK_BOND_NONE
		    : known->blind & bit     ? HOOK_BOND_BLIND
					     : HOOK_BOND_WHOLE;
	return true;
}

void hook_engine__note_bond(struct hook_engine *engine, const struct kernel_target *target,
			    uint32_t attach_type, enum hook_bond bond)
{
	struct known_target *known = find(engine, target);
	uint64_t bit = 1ull << attach_type;

	if (!known)
		return;
	known->asked |= bit;
	known->bindable |= bond != HOOK_BOND_NONE ? bit : 0;
	known->blind |= bond == HOOK_BOND_BLIND ? bit : 0;
}
