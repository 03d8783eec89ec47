/* SPDX-License-Identifier: Apache-2.0 */
#include "record/schema.h"

#include <errno.h>
#include <string.h>

int schema__find(const struct schema *schema, const char *name)
{
	for (uint32_t i = 0; i < schema->field_count; i++)
		if (strcmp(schema->fields[i].name, name) == 0)
			return (int)i;
	return -ENOENT;
}

int schema__find_role(const struct schema *schema, enum field_role role)
{
	for (uint32_t i = 0; i < schema->field_count; i++)
		if (schema->fields[i].role == role)
			return (int)i;
	return -ENOENT;
}

enum field_type field_type_of_size(uint32_t size)
{
	switch (size) {
	case 1:
		return FIELD_TYPE_U8;
	case 2:
		return FIELD_TYPE_U16;
	case 4:
		return FIELD_TYPE_U32;
	case 8:
		return FIELD_TYPE_U64;
	default:
		return FIELD_TYPE_BYTES;
	}
}
