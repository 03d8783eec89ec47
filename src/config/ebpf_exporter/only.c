/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stddef.h>

#include "base/mem.h"
#include "config/ebpf_exporter/convert.h"

/* Whose events the programs count. A slip here would count others, so what is not understood is refused. */

static const struct {
	enum who_subject subject;
	const char *key;
	size_t offset;
} subjects[] = {
	{ WHO_CONTAINER, "container", offsetof(struct only_text, container) },
	{ WHO_POD, "pod", offsetof(struct only_text, pod) },
	{ WHO_NAMESPACE, "namespace", offsetof(struct only_text, namespace) },
	{ WHO_UNIT, "unit", offsetof(struct only_text, unit) },
	{ WHO_USER, "user", offsetof(struct only_text, user) },
};

static int convert_subject(struct writer *writer, const struct bind_list *list, size_t index,
			   struct wanted_spec *ret_wanted)
{
	const struct spec_text *texts = list->items;

	if (list->count == 0)
		return err_list__set(
			writer->errors, -EINVAL, &list->at,
			"'%s' of 'only' names nobody; name one or more, or leave it out",
			subjects[index].key);
	for (uint32_t i = 0; i < list->count; i++)
		if (!texts[i].text || !texts[i].text[0])
			return err_list__set(writer->errors, -EINVAL, &texts[i].at,
					     "a name in '%s' of 'only' is empty; write one",
					     subjects[index].key);
	*ret_wanted = (struct wanted_spec){
		.at = list->at,
		.subject = subjects[index].subject,
		.name_count = list->count,
	};
	return convert_texts(writer, list, &ret_wanted->names);
}

static int convert_subjects(struct writer *writer, const struct only_text *only)
{
	struct wanted_spec *wanted = arena_array(writer->arena, struct wanted_spec,
						 array_size(subjects));
	uint32_t count = 0;
	int first = 0;

	if (!wanted)
		return -ENOMEM;
	for (size_t i = 0; i < array_size(subjects); i++) {
		const struct bind_list *list =
			(const void *)((const char *)only + subjects[i].offset);
		int r = list->is_set ? convert_subject(writer, list, i, &wanted[count++]) : 0;

		if (first == 0 || r == -ENOMEM)
			first = r;
	}
	writer->spec->wanted = wanted;
	writer->spec->wanted_count = count;
	return first;
}

int convert_only(struct writer *writer, const struct config_text *config)
{
	struct binder binder = { .arena = writer->arena,
				 .errors = writer->errors,
				 .is_strict = true };
	struct only_text only = { 0 };
	int r;

	if (!config->only)
		return 0;
	r = binder__run(&binder, config->only, &only_text_type, &only);
	if (r == 0)
		r = convert_subjects(writer, &only);
	if (r == 0 && writer->spec->wanted_count == 0)
		r = err_list__set(
			writer->errors, -EINVAL, &config->only->at,
			"'only' names nobody; it takes container, pod, namespace, unit or user, a list of names each");
	return r;
}
