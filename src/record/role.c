/* SPDX-License-Identifier: Apache-2.0 */
#include "record/role.h"

#include <string.h>

static const struct {
	const char *name;
	const char *help;
} roles[FIELD_ROLE_COUNT] = {
#define ROLE(id, name, help) [FIELD_ROLE_##id] = { name, help },
#include "record/role.def"
#undef ROLE
};

const char *role_name(enum field_role role)
{
	return (size_t)role < FIELD_ROLE_COUNT ? roles[role].name : "?";
}

const char *role_help(enum field_role role)
{
	return (size_t)role < FIELD_ROLE_COUNT ? roles[role].help : "?";
}

enum field_role role_find(const char *name)
{
	for (size_t i = 0; i < FIELD_ROLE_COUNT; i++)
		if (strcmp(roles[i].name, name) == 0)
			return (enum field_role)i;
	return FIELD_ROLE_COUNT;
}
