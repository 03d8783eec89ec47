/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/enumerators.h"

#include <errno.h>
#include <stdlib.h>

#include "base/num.h"

#define SEPARATOR "|"

/* Enums have signed and unsigned values. */
static int parse_value(const char *text, uint64_t *ret_value)
{
	int64_t value;
	int r = num_parse_i64(text, strlen(text), &value);

	if (r < 0)
		return num_parse_u64(text, strlen(text), ret_value);
	*ret_value = (uint64_t)value;
	return 0;
}

int enumerators_open(const struct step_spec *step, struct enumerators **ret_enumerators,
		     struct err *err)
{
	struct enumerators *enumerators =
		calloc(1, sizeof(*enumerators) + step->pair_count * sizeof(enumerators->items[0]));

	if (!enumerators)
		return err__set(err, -ENOMEM, &step->at, "no memory for names of values");
	enumerators->separator = step->pattern_count > 0 ? step->patterns[0].text : SEPARATOR;
	for (uint32_t i = 0; i < step->pair_count; i++) {
		struct enumerator *item = &enumerators->items[enumerators->count];

		if (parse_value(step->pairs[i].key, &item->value) < 0) {
			free(enumerators);
			return err__set(err, -EINVAL, &step->at,
					"'%s' is no number; names of values are 'NUMBER: NAME'",
					step->pairs[i].key);
		}
		item->name = step->pairs[i].value;
		enumerators->count++;
	}
	*ret_enumerators = enumerators;
	return 0;
}
