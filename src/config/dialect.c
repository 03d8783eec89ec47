/* SPDX-License-Identifier: Apache-2.0 */
#include "config/dialect.h"

#include "base/mem.h"
#include "base/str.h"

static const struct dialect dialects[] = {
#define DIALECT(id, help_)                                                                         \
	{ .name = #id, .help = help_, .parse = id##_parse, .complete = id##_complete },
#include "config/dialect.def"
#undef DIALECT
};

const struct dialect *dialect_find(const char *name)
{
	for (size_t i = 0; i < array_size(dialects); i++)
		if (str_eq(dialects[i].name, name))
			return &dialects[i];
	return NULL;
}

const struct dialect *dialect_list(size_t *ret_count)
{
	*ret_count = array_size(dialects);
	return dialects;
}
