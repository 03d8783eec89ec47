/* SPDX-License-Identifier: Apache-2.0 */
#include "config/facts.h"

#include <stddef.h>

#include "base/str.h"

const struct fact_map *object_facts__find_map(const struct object_facts *facts, const char *name)
{
	for (uint32_t i = 0; i < facts->map_count; i++)
		if (str_eq(facts->maps[i].name, name))
			return &facts->maps[i];
	return NULL;
}

const struct fact_variable *object_facts__find_variable(const struct object_facts *facts,
							const char *name)
{
	for (uint32_t i = 0; i < facts->variable_count; i++)
		if (str_eq(facts->variables[i].name, name))
			return &facts->variables[i];
	return NULL;
}

const struct fact_type *object_facts__find_type(const struct object_facts *facts, const char *name)
{
	for (uint32_t i = 0; i < facts->type_count; i++)
		if (str_eq(facts->types[i]->name, name))
			return facts->types[i];
	return NULL;
}
