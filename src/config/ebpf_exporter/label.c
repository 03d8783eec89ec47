/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/mem.h"
#include "base/pattern.h"
#include "base/str.h"
#include "config/ebpf_exporter/convert.h"

const char *text_or(const struct spec_text *text, const char *otherwise)
{
	return text->text && text->text[0] ? text->text : otherwise;
}

/* What a field says, told by the first decoder of its chain that knows. */
static const struct {
	const char *decoder;
	enum field_role role;
} decoder_roles[] = {
	{ "cgroup", FIELD_ROLE_CGROUP_ID },  { "container", FIELD_ROLE_CGROUP_ID },
	{ "errno", FIELD_ROLE_ERRNO },       { "ifname", FIELD_ROLE_IFINDEX },
	{ "image", FIELD_ROLE_CGROUP_ID },   { "inet_ip", FIELD_ROLE_ADDR },
	{ "kstack", FIELD_ROLE_KSTACK },     { "ksym", FIELD_ROLE_KSYM },
	{ "majorminor", FIELD_ROLE_DEVICE }, { "namespace", FIELD_ROLE_CGROUP_ID },
	{ "pod", FIELD_ROLE_CGROUP_ID },     { "syscall", FIELD_ROLE_SYSCALL },
	{ "unit", FIELD_ROLE_CGROUP_ID },    { "user", FIELD_ROLE_UID },
};

static enum field_role role_of(const struct label_text *label)
{
	const struct decoder_text *decoders = label->decoders.items;

	for (uint32_t i = 0; i < label->decoders.count; i++)
		for (size_t k = 0; k < array_size(decoder_roles); k++)
			if (str_eq(decoder_roles[k].decoder, text_or(&decoders[i].name, "")))
				return decoder_roles[k].role;
	return FIELD_ROLE_NONE;
}

int writer__add_problem(struct writer *writer, struct table *table, enum problem_kind kind,
			const struct loc *at, const char *text)
{
	if (!text)
		return -ENOMEM;
	if (table->problem)
		return 0;
	table->problem = arena_new(writer->arena, struct problem_spec);
	if (!table->problem)
		return -ENOMEM;
	*table->problem = (struct problem_spec){ .at = *at, .kind = kind, .text = text };
	return 0;
}

int convert_texts(struct writer *writer, const struct bind_list *list,
		  const struct spec_text **ret_texts)
{
	struct spec_text *texts = arena__memdup(writer->arena, list->items,
						list->count * sizeof(*texts));

	if (!texts)
		return -ENOMEM;
	for (uint32_t i = 0; i < list->count; i++)
		if (!texts[i].text)
			texts[i].text = "";
	*ret_texts = texts;
	return 0;
}

/* Upstream compiles patterns at the first scrape, where a bad one costs the metric and nothing else. */
static int check_patterns(struct writer *writer, struct table *table, const struct step_spec *step)
{
	for (uint32_t i = 0; i < step->pattern_count; i++) {
		const struct spec_text *text = &step->patterns[i];
		struct pattern *pattern = NULL;
		struct err err = ERR_INIT;
		int r = pattern__compile(text->text, &text->at, &pattern, &err);

		if (r == -EINVAL)
			r = writer__add_problem(
				writer, table, PROBLEM_KIND_DECODE, &text->at,
				arena__strdup(writer->arena, err.text ? err.text : "bad pattern"));
		err__done(&err);
		pattern__free(pattern);
		if (r < 0)
			return r;
	}
	return 0;
}

static int convert_step(struct writer *writer, const struct decoder_text *decoder,
			struct table *table, struct step_spec *ret_step)
{
	*ret_step = (struct step_spec){
		.at = decoder->at,
		.decoder = text_or(&decoder->name, ""),
		.pairs = decoder->static_map.items,
		.pair_count = decoder->static_map.count,
		.has_pairs = decoder->static_map.is_set,
		.pattern_count = decoder->regexps.count,
		.has_patterns = decoder->regexps.is_set,
		.allows_unknown = decoder->allow_unknown,
	};
	if (convert_texts(writer, &decoder->regexps, &ret_step->patterns) < 0)
		return -ENOMEM;
	return check_patterns(writer, table, ret_step);
}

static int convert_label(struct writer *writer, const struct label_text *label, struct table *table,
			 uint32_t index)
{
	const struct decoder_text *decoders = label->decoders.items;
	const char *name = text_or(&label->name, "");
	struct step_spec *steps = arena_array(writer->arena, struct step_spec,
					      label->decoders.count);
	const struct condition_spec *condition = NULL;
	int r = 0;

	if (!steps)
		return -ENOMEM;
	for (uint32_t i = 0; r == 0 && i < label->decoders.count; i++)
		r = convert_step(writer, &decoders[i], table, &steps[i]);
	if (r == 0)
		r = convert_condition(writer, &label->condition, &condition);
	if (r == 0 && label->size == 0)
		r = writer__add_problem(
			writer, table, PROBLEM_KIND_DECODE, &label->at,
			arena__printf(
				writer->arena,
				"label '%s' has no size; give the bytes of the key that it takes",
				name));
	if (r == 0 && label->decoders.count == 0)
		r = writer__add_problem(
			writer, table, PROBLEM_KIND_DECODE, &label->at,
			arena__printf(writer->arena,
				      "label '%s' has no decoders; name at least one, such as uint",
				      name));
	table->fields[index] = (struct field_spec){
		.at = label->at,
		.name = name,
		.role = role_of(label),
		.size = label->size,
		.padding = label->padding,
	};
	table->label_specs[index] = (struct label_spec){
		.at = label->at,
		.name = name,
		.field = index,
		.steps = steps,
		.step_count = label->decoders.count,
		.condition = condition,
	};
	return r < 0 ? r
		     : convert_identity(writer, label, &table->fields[index],
					&table->label_specs[index]);
}

int convert_labels(struct writer *writer, struct table *table)
{
	const struct label_text *labels = table->labels->items;
	uint32_t count = table->labels->count;

	table->fields = arena_array(writer->arena, struct field_spec, count);
	table->label_specs = arena_array(writer->arena, struct label_spec, count);
	if (!table->fields || !table->label_specs)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		int r = convert_label(writer, &labels[i], table, i);

		if (r < 0)
			return r;
	}
	return 0;
}
