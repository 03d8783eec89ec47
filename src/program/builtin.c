/* SPDX-License-Identifier: Apache-2.0 */
#include "program/builtin.h"

#include "base/mem.h"
#include "base/str.h"
#include "program/builtin_masks.h"
#include "program/builtin_policy.h"
#include "program/builtin_scopes.h"
#include "program/builtin_sockets.h"
#include "program/builtin_who.h"

static const struct builtin_object builtins[] = {
	{ "masks", builtin_masks, sizeof(builtin_masks) },
	{ "policy", builtin_policy, sizeof(builtin_policy) },
	{ "scopes", builtin_scopes, sizeof(builtin_scopes) },
	{ "sockets", builtin_sockets, sizeof(builtin_sockets) },
	{ "who", builtin_who, sizeof(builtin_who) },
};

const struct builtin_object *builtin_find(const char *name)
{
	for (size_t i = 0; i < array_size(builtins); i++)
		if (str_eq(builtins[i].name, name))
			return &builtins[i];
	return NULL;
}
