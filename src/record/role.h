/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_RECORD_ROLE_H
#define SRC_RECORD_ROLE_H

/*
 * What a field says, whatever it is called: the one enum that makes several dialects one agent.
 * Each dialect maps its own words to roles; decoders and enrichers bind to roles at plan time.
 * It owns nothing; the table of names is in role.def.
 */

#include <stddef.h>

enum field_role {
#define ROLE(id, name, help) FIELD_ROLE_##id,
#include "record/role.def"
#undef ROLE
	FIELD_ROLE_COUNT,
};

const char *role_name(enum field_role role);
const char *role_help(enum field_role role);
/* FIELD_ROLE_COUNT when there is none of that name. */
enum field_role role_find(const char *name);

#endif
