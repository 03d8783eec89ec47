/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/gadget_flags.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cmd/gadgets.h"
#include "config/load.h"
#include "pipeline/gadget.h"
#include "pipeline/inspect.h"

/* One parameter, which several gadgets may have. */
struct gadget_param_flag {
	size_t flag;         /* of the set */
	const char *initial; /* what it is when nobody says anything */
};

/* ---- which words are gadgets ---------------------------------------------------------------------------- */

/* A flag that has its value in the next word. Of unknown ones it is a parameter's, and most of those have none. */
static bool takes_next_word(const struct flag_set *set, const char *word)
{
	if (word[0] != '-' || strchr(word, '='))
		return false;
	for (size_t i = 0; i < set->flag_count; i++) {
		const struct flag *flag = &set->flags[i];
		bool is_this = word[1] == '-' ? str_eq(word + 2, flag->name)
					      : flag->letter && word[1] == flag->letter && !word[2];

		if (is_this)
			return flag->kind != FLAG_BOOL;
	}
	return false;
}

#define PROBES_FLAG "--probes"

/* The directory that the command line names, which has gadgets, too. NULL: none. */
static const char *find_directory(int argc, const char *const *argv)
{
	size_t len = strlen(PROBES_FLAG);

	for (int i = 0; i < argc; i++) {
		if (str_eq(argv[i], PROBES_FLAG) && i + 1 < argc)
			return argv[i + 1];
		if (str_starts(argv[i], PROBES_FLAG "="))
			return argv[i] + len + 1;
	}
	return NULL;
}

static int locate(const char *dir, const char *word, char *ret_path, size_t size)
{
	int len;

	if (!dir || strchr(word, '/'))
		return gadget_locate(word, ret_path, size);
	len = snprintf(ret_path, size, "%s/%s", dir, word);
	return len > 0 && (size_t)len < size && gadget_is_at(ret_path)
		       ? 0
		       : gadget_locate(word, ret_path, size);
}

static int add_word(struct gadget_flags *flags, const char *dir, const char *word, struct err *err)
{
	char path[PATH_MAX];
	int r = locate(dir, word, path, sizeof(path));
	bool is_gadget = r == 0 && gadget_is_at(path);

	r = 0;
	if (is_gadget) {
		const struct gadget_name gadget = { .word = word,
						    .path = arena__strdup(&flags->arena, path) };

		r = gadget.path ? vec_push(&flags->gadgets, gadget) : -ENOMEM;
	}
	return r < 0 ? err__set(err, r, NULL, "no memory for the command line") : 0;
}

int gadget_flags__find(struct gadget_flags *flags, const struct flag_set *own, int argc,
		       const char *const *argv, struct err *err)
{
	const char *dir = find_directory(argc, argv);
	int r = 0;

	for (int i = 0; i < argc && r == 0; i++) {
		if (takes_next_word(own, argv[i]))
			i++;
		else if (argv[i][0] != '-' && argv[i][0] != '@')
			r = add_word(flags, dir, argv[i], err);
	}
	return r;
}

/* ---- their parameters ---------------------------------------------------------------------------------- */

struct flag_list_builder {
	VEC(struct flag) flags;
};

static bool is_taken(const struct flag_list_builder *builder, const char *name)
{
	vec_for_each(&builder->flags, flag)
		if (str_eq(flag->name, name))
			return true;
	return str_eq(name, "help") || str_eq(name, "version");
}

/* What a flag says of a parameter: its help, and what it may be. */
static const char *help_of(struct gadget_flags *flags, const struct param_spec *param)
{
	struct strbuf text = STRBUF_INIT;
	const char *copy;

	strbuf__add_text(&text, param->help);
	if (text.len > 0 && text.data[text.len - 1] != '.')
		strbuf__add_char(&text, '.');
	for (uint32_t i = 0; i < param->choice_count; i++)
		strbuf__printf(&text, "%s%s", i ? ", " : " One of: ", param->choices[i].text);
	if (param->choice_count > 0)
		strbuf__add_char(&text, '.');
	copy = arena__strdup(&flags->arena, strbuf__text(&text));
	strbuf__done(&text);
	return copy;
}

static size_t value_offset(const struct gadget_flags *flags, size_t index)
{
	return flags->own_size + index * sizeof(const char *);
}

static int add_param(struct gadget_flags *flags, struct flag_list_builder *builder,
		     const struct param_spec *param)
{
	bool is_bool = str_eq(param->type, "bool");
	struct flag flag = {
		.name = arena__strdup(&flags->arena, param->name),
		.kind = is_bool ? FLAG_BOOL : FLAG_TEXT,
		.offset = value_offset(flags, flags->params.len),
		.initial = arena__strdup(&flags->arena,
					 is_bool && !param->value[0] ? "false" : param->value),
		.help = help_of(flags, param),
	};
	const struct gadget_param_flag entry = { .flag = builder->flags.len,
						 .initial = flag.initial };

	/* A flag of the command's own has the name: --param sets it. Of gadgets with the same parameter each gets it. */
	if (is_taken(builder, param->name))
		return 0;
	if (!flag.name || !flag.initial || !flag.help || vec_push(&builder->flags, flag) < 0 ||
	    vec_push(&flags->params, entry) < 0)
		return -ENOMEM;
	return 0;
}

static int add_gadget(struct gadget_flags *flags, struct flag_list_builder *builder,
		      struct gadget_name *gadget, struct err_list *errors)
{
	const struct inspect_options options = { .value_count = 0 };
	struct inspection *inspection = NULL;
	const struct spec *spec;
	int r = inspect_gadget(gadget->path, &options, &inspection, errors);

	if (r < 0)
		return r;
	spec = inspection__spec(inspection);
	gadget->name = arena__strdup(&flags->arena, spec->name);
	gadget->is_for_metrics = spec->is_for_metrics;
	for (uint32_t i = 0; r == 0 && i < spec->param_count; i++)
		r = add_param(flags, builder, &spec->params[i]);
	inspection__close(inspection);
	return r < 0 || !gadget->name
		       ? err_list__set(errors, -ENOMEM, NULL, "no memory for parameters")
		       : 0;
}

int gadget_flags__make(struct gadget_flags *flags, const struct flag_set *own, size_t own_size,
		       struct err_list *errors)
{
	struct flag_list_builder builder = { .flags = VEC_INIT };
	struct flag *copy = NULL;
	int r = 0;

	/* Pointers follow it. */
	flags->own_size = (own_size + sizeof(void *) - 1) & ~(sizeof(void *) - 1);
	for (size_t i = 0; i < own->flag_count && r == 0; i++)
		r = vec_push(&builder.flags, own->flags[i]);
	vec_for_each(&flags->gadgets, gadget)
		if (r == 0)
			r = add_gadget(flags, &builder, gadget, errors);
	if (r == 0)
		copy = arena__memdup(&flags->arena, builder.flags.items,
				     builder.flags.len * sizeof(*copy));
	flags->set = *own;
	flags->set.flags = copy;
	flags->set.flag_count = builder.flags.len;
	vec_done(&builder.flags);
	return r < 0 ? r : copy ? 0 : err_list__set(errors, -ENOMEM, NULL, "no memory for flags");
}

size_t gadget_flags__options_size(const struct gadget_flags *flags)
{
	return value_offset(flags, flags->params.len);
}

/* ---- what was set -------------------------------------------------------------------------------------- */

static const char *value_of(const struct gadget_flags *flags, const void *options, size_t index)
{
	const struct flag *flag = &flags->set.flags[flags->params.items[index].flag];
	const char *at = (const char *)options + flag->offset;
	const char *text;
	bool is_on;

	if (flag->kind == FLAG_BOOL) {
		memcpy(&is_on, at, sizeof(is_on));
		return is_on ? "true" : "false";
	}
	memcpy(&text, at, sizeof(text));
	return text;
}

/* GADGET.NAME=VALUE; names of parameters have no dot. False: it is for another one. */
static bool parse_setting(struct gadget_flags *flags, const char *text, const char *gadget,
			  struct note_spec *ret_value)
{
	size_t len = strlen(gadget);
	const char *sign;

	if (strncmp(text, gadget, len) != 0 || text[len] != '.')
		return false;
	sign = strchr(text + len, '=');
	if (!sign)
		return false;
	ret_value->key = arena__strndup(&flags->arena, text + len + 1,
					(size_t)(sign - text) - len - 1);
	ret_value->value = sign + 1;
	return ret_value->key != NULL;
}

static bool is_for_any(struct gadget_flags *flags, const char *text)
{
	struct note_spec ignored;

	vec_for_each(&flags->gadgets, gadget)
		if (parse_setting(flags, text, gadget->name, &ignored))
			return true;
	vec_for_each(&flags->others, other)
		if (parse_setting(flags, text, *other, &ignored))
			return true;
	return false;
}

/* Whether the gadget has the parameter; others of the command line may be the ones that do. */
static bool has_param(const struct gadget_flags *flags, size_t gadget, const char *name)
{
	const struct inspect_options options = { .value_count = 0 };
	struct inspection *inspection = NULL;
	struct err_list errors = { .len = 0 };
	bool has = false;

	if (flags->gadgets.len == 1)
		return true;
	if (inspect_gadget(flags->gadgets.items[gadget].path, &options, &inspection, &errors) ==
	    0) {
		const struct spec *spec = inspection__spec(inspection);

		for (uint32_t i = 0; i < spec->param_count; i++)
			has |= str_eq(spec->params[i].name, name);
	}
	inspection__close(inspection);
	err_list__done(&errors);
	return has;
}

int gadget_flags__values(struct gadget_flags *flags, const void *options, size_t gadget,
			 const struct flag_list *settings, const struct note_spec **ret_values,
			 uint32_t *ret_count, struct err *err)
{
	size_t most = flags->params.len + settings->count;
	struct note_spec *values = arena_array(&flags->arena, struct note_spec, most + 1);
	uint32_t count = 0;

	if (!values)
		return err__set(err, -ENOMEM, NULL, "no memory for parameters");
	for (size_t i = 0; i < flags->params.len; i++) {
		const char *name = flags->set.flags[flags->params.items[i].flag].name;
		const char *value = value_of(flags, options, i);

		if (!str_eq(value, flags->params.items[i].initial) &&
		    has_param(flags, gadget, name))
			values[count++] = (struct note_spec){ .key = name, .value = value };
	}
	for (size_t i = 0; i < settings->count; i++) {
		if (parse_setting(flags, settings->items[i], flags->gadgets.items[gadget].name,
				  &values[count]))
			count++;
		else if (!is_for_any(flags, settings->items[i]))
			return err__set(
				err, -EINVAL, NULL,
				"--param: '%s' is no GADGET.NAME=VALUE of a gadget or probe that is named",
				settings->items[i]);
	}
	*ret_values = values;
	*ret_count = count;
	return 0;
}

static bool is_argument(const struct flags_result *result, const char *word)
{
	for (size_t i = 0; i < result->arguments.len; i++)
		if (str_eq(result->arguments.items[i], word))
			return true;
	return false;
}

int gadget_flags__bind(struct gadget_flags *flags, const struct flags_result *result,
		       struct flags_result *ret_others, struct err *err)
{
	size_t kept = 0;

	vec_for_each(&flags->gadgets, gadget)
		if (is_argument(result, gadget->word))
			flags->gadgets.items[kept++] = *gadget;
	flags->gadgets.len = kept;
	for (size_t i = 0; i < result->arguments.len; i++) {
		const char *word = result->arguments.items[i];
		bool is_gadget = false;

		vec_for_each(&flags->gadgets, gadget)
			is_gadget |= str_eq(gadget->word, word);
		if (is_gadget)
			continue;
		if (vec_push(&ret_others->arguments, word) < 0 ||
		    vec_push(&flags->others, word) < 0)
			return err__set(err, -ENOMEM, NULL, "no memory for the command line");
	}
	return 0;
}

void gadget_flags__done(struct gadget_flags *flags)
{
	vec_done(&flags->gadgets);
	vec_done(&flags->params);
	vec_done(&flags->others);
	arena__done(&flags->arena);
}
