/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/self_family.h"

#include <math.h>
#include <string.h>

#include "metric/registry.h"

int self_family__open(const struct self_family *self, struct registry *registry,
		      struct family **ret_family, struct err *err)
{
	struct family_spec spec = {
		.name = self->name,
		.help = self->help,
		.kind = self->kind,
		.label_names = self->labels,
	};

	while (self->labels[spec.label_count])
		spec.label_count++;
	return registry__family(registry, &spec, ret_family, err);
}

void self_family_set(struct family *family, double value, const char *const *labels, size_t count)
{
	struct text_slice values[SELF_LABELS_MAX];
	uint32_t series;

	if (isnan(value))
		return;
	for (size_t i = 0; i < count; i++)
		values[i] = (struct text_slice){ labels[i], strlen(labels[i]) };
	if (family__series(family, values, &series, NULL) >= 0)
		family__set(family, series, value);
}
