/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "config/ebpf_exporter/convert.h"

/* ---- params and what hangs on them ----------------------------------------------------------- */

/* What a parameter is when nothing is said. */
static const char *default_of(const char *type)
{
	if (str_eq(type, "bool"))
		return "false";
	return str_starts(type, "u") ? "0" : "";
}

int convert_params(struct writer *writer, const struct config_text *config)
{
	const struct param_text *texts = config->params.items;
	struct param_spec *params = arena_array(writer->arena, struct param_spec,
						config->params.count);

	if (!params)
		return -ENOMEM;
	for (uint32_t i = 0; i < config->params.count; i++) {
		const char *type = text_or(&texts[i].type, "bool");

		params[i] = (struct param_spec){
			.at = texts[i].at,
			.name = texts[i].name.text,
			.help = texts[i].help.text,
			.type = type,
			.value = text_or(&texts[i].initial, default_of(type)),
			.constant = text_or(&texts[i].constant, NULL),
		};
	}
	writer->spec->params = params;
	writer->spec->param_count = config->params.count;
	return 0;
}

static int unknown_param(struct writer *writer, const struct spec_text *text, const char *name)
{
	struct strbuf known = STRBUF_INIT;
	int r;

	for (uint32_t i = 0; i < writer->spec->param_count; i++)
		strbuf__printf(&known, "%s%s", i ? ", " : "", writer->spec->params[i].name);
	r = err_list__set(writer->errors, -ENOENT, &text->at,
			  "'if' asks for parameter '%.64s', which is not among 'params'; %s%s",
			  name, known.len ? "there are: " : "there are none", strbuf__text(&known));
	strbuf__done(&known);
	return r;
}

int convert_condition(struct writer *writer, const struct spec_text *text,
		      const struct condition_spec **ret_condition)
{
	bool is_negated = text->text && text->text[0] == '!';
	const char *name = text->text ? text->text + is_negated : "";
	struct condition_spec *condition;
	uint32_t param = 0;

	if (text->at.line == 0)
		return 0;
	/* if: !x without quotes is a YAML tag and no text */
	if (!name[0])
		return err_list__set(
			writer->errors, -EINVAL, &text->at,
			"'if' names no parameter; write if: PARAM, or if: \"!PARAM\" in quotes");
	while (param < writer->spec->param_count && !str_eq(writer->spec->params[param].name, name))
		param++;
	if (param == writer->spec->param_count)
		return unknown_param(writer, text, name);
	condition = arena_new(writer->arena, struct condition_spec);
	if (!condition)
		return -ENOMEM;
	*condition =
		(struct condition_spec){ .at = text->at, .param = param, .is_negated = is_negated };
	*ret_condition = condition;
	return 0;
}

/* ---- identity ------------------------------------------------------------------------------- */

int convert_identity(struct writer *writer, const struct label_text *text,
		     const struct field_spec *field, struct label_spec *label)
{
	const struct bind_list *list = &text->identity;

	if (!list->is_set) {
		list = writer->identity;
		if (!list->is_set || field->role != FIELD_ROLE_CGROUP_ID)
			return 0;
		writer->identified++;
	}
	label->identity_count = list->count;
	return convert_texts(writer, list, &label->identity);
}

/* ---- attach ---------------------------------------------------------------------------------- */

int convert_attaches(struct writer *writer, const struct config_text *config,
		     struct program_spec *program)
{
	const struct attach_text *texts = config->attach.items;
	struct attach_spec *attaches = arena_array(writer->arena, struct attach_spec,
						   config->attach.count);

	if (!attaches)
		return -ENOMEM;
	for (uint32_t i = 0; i < config->attach.count; i++) {
		for (uint32_t k = 0; k < i; k++)
			if (str_eq(text_or(&texts[i].program, ""), text_or(&texts[k].program, "")))
				return err_list__set(
					writer->errors, -EEXIST, &texts[i].at,
					"prog '%.64s' stands twice in 'attach'; name it once",
					text_or(&texts[i].program, "(all)"));
		attaches[i] = (struct attach_spec){
			.at = texts[i].at,
			.program = text_or(&texts[i].program, NULL),
			.kind = ATTACH_KIND_SECTION,
			.scope = (enum attach_scope)texts[i].each,
		};
	}
	program->attaches = attaches;
	program->attach_count = config->attach.count;
	return 0;
}

/* ---- alternatives ---------------------------------------------------------------------------- */

static int convert_alternative(struct writer *writer, const struct bind_list *group,
			       const struct loc *at, struct map *names,
			       struct alternative_spec *ret_alternative)
{
	const struct spec_text *texts = group->items;
	const char **programs = arena_array(writer->arena, const char *, group->count);

	if (!programs)
		return -ENOMEM;
	if (group->count < 2)
		return err_list__set(
			writer->errors, -EINVAL, at,
			"a list of 'alternatives' has %u programs; it needs two or more",
			group->count);
	for (uint32_t i = 0; i < group->count; i++) {
		programs[i] = text_or(&texts[i], "");
		if (!programs[i][0])
			return err_list__set(writer->errors, -EINVAL, &texts[i].at,
					     "an entry of 'alternatives' is empty; name a program");
		if (map__find(names, programs[i], strlen(programs[i])))
			return err_list__set(
				writer->errors, -EEXIST, &texts[i].at,
				"prog '%.64s' stands twice in 'alternatives'; name it once",
				programs[i]);
		if (map__set(names, programs[i], strlen(programs[i]), programs, NULL) < 0)
			return -ENOMEM;
	}
	*ret_alternative = (struct alternative_spec){ .at = *at,
						      .programs = programs,
						      .program_count = group->count };
	return 0;
}

int convert_alternatives(struct writer *writer, const struct config_text *config,
			 struct program_spec *program)
{
	const struct bind_list *groups = config->alternatives.items;
	struct alternative_spec *alternatives = arena_array(writer->arena, struct alternative_spec,
							    config->alternatives.count);
	struct map names = MAP_INIT;
	int first = 0;

	if (!alternatives)
		return -ENOMEM;
	for (uint32_t i = 0; i < config->alternatives.count && first != -ENOMEM; i++) {
		const struct loc *at = groups[i].is_set ? &groups[i].at : &config->alternatives.at;
		int r = convert_alternative(writer, &groups[i], at, &names, &alternatives[i]);

		if (first == 0 || r == -ENOMEM)
			first = r;
	}
	map__done(&names, NULL);
	program->alternatives = alternatives;
	program->alternative_count = config->alternatives.count;
	return first;
}
