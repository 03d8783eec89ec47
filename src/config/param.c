/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/vec.h"
#include "config/load.h"

/* ---- types ---------------------------------------------------------------------------------- */

/* Bytes of the value as the object has them. ret_value has room for `size` zeroed bytes. */
typedef int (*param_parse_fn)(const char *text, void *ret_value, size_t size);

struct param_type {
	const char *name;
	size_t size;                      /* of the value; 0: as many as the variable has */
	const char *wanted;               /* what a value has to be */
	const char *declared, *dimension; /* how a program declares its variable */
	param_parse_fn parse;
};

static int parse_bool(const char *text, void *ret_value, size_t size)
{
	static const struct {
		const char *word;
		uint8_t value;
	} words[] = {
		{ "0", 0 },   { "1", 1 },  { "false", 0 }, { "no", 0 },
		{ "off", 0 }, { "on", 1 }, { "true", 1 },  { "yes", 1 },
	};

	(void)size;
	for (size_t i = 0; i < array_size(words); i++) {
		if (!str_eq(words[i].word, text))
			continue;
		memcpy(ret_value, &words[i].value, sizeof(words[i].value));
		return 0;
	}
	return -EINVAL;
}

static int parse_unsigned(const char *text, void *ret_value, size_t size)
{
	uint64_t value;

	if (num_parse_u64_go(text, strlen(text), &value) < 0 ||
	    (size < sizeof(value) && value >> (8 * size) != 0))
		return -EINVAL;
	memcpy(ret_value, &value, size); /* little-endian, as all that sonde runs on */
	return 0;
}

static int parse_signed(const char *text, void *ret_value, size_t size)
{
	int64_t value, most = (int64_t)(UINT64_MAX >> (65 - 8 * size));

	if (num_parse_i64_go(text, strlen(text), &value) < 0 || value > most || value < -most - 1)
		return -EINVAL;
	memcpy(ret_value, &value, size);
	return 0;
}

static int parse_float(const char *text, void *ret_value, size_t size)
{
	double value;
	float single;

	if (num_parse_double(text, strlen(text), &value) < 0)
		return -EINVAL;
	single = (float)value;
	if (size == sizeof(single))
		memcpy(ret_value, &single, sizeof(single));
	else
		memcpy(ret_value, &value, sizeof(value));
	return 0;
}

/* The program finds a NUL behind it. */
static int parse_string(const char *text, void *ret_value, size_t size)
{
	size_t len = strlen(text);

	if (len >= size)
		return -EINVAL;
	memcpy(ret_value, text, len);
	return 0;
}

/* 16 bytes of address in network order, of which IPv4 has the first 4; a byte that says 4 or 6; padding. */
#define ADDRESS_SIZE 32
#define ADDRESS_VERSION_OFFSET 16

static int parse_address(const char *text, void *ret_value, size_t size)
{
	uint8_t *bytes = ret_value;

	if (size != ADDRESS_SIZE)
		return -EINVAL;
	if (inet_pton(AF_INET, text, bytes) == 1)
		bytes[ADDRESS_VERSION_OFFSET] = 4;
	else if (inet_pton(AF_INET6, text, bytes) == 1)
		bytes[ADDRESS_VERSION_OFFSET] = 6;
	else
		return -EINVAL;
	return 0;
}

static const struct param_type param_types[] = {
	{ "address", ADDRESS_SIZE, "an IPv4 or IPv6 address", "struct", "", parse_address },
	{ "bool", sizeof(bool), "true or false", "bool", "", parse_bool },
	{ "string", 0, "text", "char", "[64]", parse_string },
	{ "u8", 1, "a whole number from 0 to 255", "u8", "", parse_unsigned },
	{ "u16", 2, "a whole number from 0 to 65535", "u16", "", parse_unsigned },
	{ "u32", 4, "a whole number from 0 to 4294967295", "u32", "", parse_unsigned },
	{ "u64", 8, "a whole number from 0 to 18446744073709551615", "u64", "", parse_unsigned },
	{ "s8", 1, "a whole number from -128 to 127", "s8", "", parse_signed },
	{ "s16", 2, "a whole number from -32768 to 32767", "s16", "", parse_signed },
	{ "s32", 4, "a whole number from -2147483648 to 2147483647", "s32", "", parse_signed },
	{ "s64", 8, "a whole number from -9223372036854775808 to 9223372036854775807", "s64", "",
	  parse_signed },
	{ "f32", 4, "a number", "float", "", parse_float },
	{ "f64", 8, "a number", "double", "", parse_float },
};

static const struct param_type *find_type(const char *name)
{
	for (size_t i = 0; i < array_size(param_types); i++)
		if (str_eq(param_types[i].name, name))
			return &param_types[i];
	return NULL;
}

/* Nothing written is zero, of every type. */
static int parse_value(const struct param_type *type, const char *text, void *ret_value,
		       size_t size)
{
	return text[0] ? type->parse(text, ret_value, size) : 0;
}

/* Of a string it is the variable that says what is too long. */
static bool is_value(const struct param_type *type, const char *text)
{
	uint64_t scratch[ADDRESS_SIZE / sizeof(uint64_t)] = { 0 };

	return type->size == 0 || parse_value(type, text, scratch, type->size) == 0;
}

static bool is_on(const struct param_spec *param)
{
	uint8_t value = 0;

	return parse_value(find_type("bool"), param->value, &value, sizeof(value)) == 0 && value;
}

/* ---- checks --------------------------------------------------------------------------------- */

/* What the command line can say: PROBE.NAME=VALUE. */
static bool is_param_name(const char *name)
{
	size_t len = strspn(name,
			    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	return len > 0 && name[len] == '\0';
}

static int check_param(const struct param_spec *param, struct err_list *errors)
{
	const struct param_type *type = find_type(param->type);

	if (!is_param_name(param->name))
		return err_list__set(
			errors, -EINVAL, &param->at,
			"'%.64s' cannot be the name of a parameter; use letters, digits, _ and -",
			param->name);
	if (!type)
		return err_list__set(
			errors, -EINVAL, &param->at,
			"type \"%.64s\" of parameter '%s' is none; it must be address, bool, string, u8 to u64, s8 to s64, f32 or f64",
			param->type, param->name);
	if (!is_value(type, param->value))
		return err_list__set(errors, -EINVAL, &param->at,
				     "default \"%.64s\" of parameter '%s' is not %s", param->value,
				     param->name, type->wanted);
	return 0;
}

static int check_condition(const struct spec *spec, const struct condition_spec *condition,
			   struct err_list *errors)
{
	if (!condition)
		return 0;
	if (condition->param >= spec->param_count)
		return err_list__set(errors, -ERANGE, &condition->at,
				     "index %u of a parameter is out of range, there are %u",
				     condition->param, spec->param_count);
	if (!str_eq(spec->params[condition->param].type, "bool"))
		return err_list__set(errors, -EINVAL, &condition->at,
				     "parameter '%s' is a %s; a condition needs a bool",
				     spec->params[condition->param].name,
				     spec->params[condition->param].type);
	return 0;
}

static void note_first(int r, int *first)
{
	if (*first == 0)
		*first = r;
}

static void check_label_conditions(const struct spec *spec, const struct label_spec *labels,
				   uint32_t count, struct err_list *errors, int *first)
{
	for (uint32_t i = 0; i < count; i++)
		note_first(check_condition(spec, labels[i].condition, errors), first);
}

int spec__check_params(const struct spec *spec, struct err_list *errors)
{
	int first = 0;

	for (uint32_t i = 0; i < spec->param_count; i++)
		note_first(check_param(&spec->params[i], errors), &first);
	for (uint32_t i = 0; i < spec->metric_count; i++) {
		const struct metric_spec *metric = &spec->metrics[i];

		note_first(check_condition(spec, metric->condition, errors), &first);
		check_label_conditions(spec, metric->labels, metric->label_count, errors, &first);
	}
	for (uint32_t i = 0; i < spec->span_count; i++) {
		const struct span_spec *span = &spec->spans[i];

		note_first(check_condition(spec, span->condition, errors), &first);
		check_label_conditions(spec, span->labels, span->label_count, errors, &first);
	}
	return first;
}

/* ---- what the command line says ------------------------------------------------------------- */

const struct param_spec *spec__find_param(const struct spec *spec, const char *name)
{
	for (uint32_t i = 0; i < spec->param_count; i++)
		if (str_eq(spec->params[i].name, name))
			return &spec->params[i];
	return NULL;
}

static const char *nearest_param(const struct spec *spec, const char *name)
{
	VEC(const char *) names = VEC_INIT;
	const char *nearest;

	for (uint32_t i = 0; i < spec->param_count; i++)
		(void)vec_push(&names, spec->params[i].name);
	nearest = str_nearest(name, names.items, names.len);
	vec_done(&names);
	return nearest;
}

static int unknown_param(const struct spec *spec, const char *name, struct err *err)
{
	const char *nearest = nearest_param(spec, name);
	struct strbuf known = STRBUF_INIT;
	int r;

	if (nearest)
		return err__set(err, -ENOENT, NULL,
				"'%s' has no parameter '%s'; did you mean '%s'?", spec->name, name,
				nearest);
	for (uint32_t i = 0; i < spec->param_count; i++)
		strbuf__printf(&known, "%s%s", i ? ", " : "", spec->params[i].name);
	r = err__set(err, -ENOENT, NULL, "'%s' has no parameter '%s'; %s%s", spec->name, name,
		     known.len ? "it has: " : "it has none", strbuf__text(&known));
	strbuf__done(&known);
	return r;
}

int spec__set_param(struct spec *spec, const char *name, const char *value, struct err *err)
{
	const struct param_spec *found = spec__find_param(spec, name);
	const struct param_type *type = found ? find_type(found->type) : NULL;
	struct param_spec *params;
	char *copy;

	if (!type)
		return unknown_param(spec, name, err);
	if (!is_value(type, value))
		return err__set(err, -EINVAL, NULL,
				"parameter '%s' of '%s' is \"%.64s\"; it must be %s", name,
				spec->name, value, type->wanted);
	params = arena__memdup(&spec->arena, spec->params, spec->param_count * sizeof(*params));
	copy = arena__strdup(&spec->arena, value);
	if (!params || !copy)
		return err__set(err, -ENOMEM, NULL, "no memory for parameter '%s'", name);
	params[found - spec->params].value = copy;
	spec->params = params;
	return 0;
}

int spec__apply_settings(struct spec *spec, struct err_list *errors)
{
	int first = 0;

	for (uint32_t i = 0; i < spec->setting_count; i++) {
		struct err err = ERR_INIT;
		int r = spec__set_param(spec, spec->settings[i].key, spec->settings[i].value, &err);

		if (r < 0)
			err_list__add(errors, &err);
		note_first(r, &first);
	}
	return first;
}

/* ---- what the values mean: constants of the object ------------------------------------------- */

static bool is_initialised(const struct fact_variable *variable)
{
	return str_starts(variable->section, ".rodata") || str_starts(variable->section, ".data");
}

static int missing_variable(const struct param_spec *param, const struct param_type *type,
			    const struct object_facts *facts, struct err_list *errors)
{
	return err_list__set(
		errors, -ENOENT, &param->at,
		"%s has no constant '%s' for parameter '%s'; declare const volatile %s %s%s = %s",
		facts->path, param->constant, param->name, type->declared, param->constant,
		type->dimension, type->size ? "0" : "\"\"");
}

static int make_constant(struct spec *spec, const struct param_spec *param,
			 const struct object_facts *facts, struct rodata_spec *ret_rodata,
			 struct err_list *errors)
{
	const struct param_type *type = find_type(param->type);
	const struct fact_variable *variable = object_facts__find_variable(facts, param->constant);
	void *value;

	if (!variable || !is_initialised(variable))
		return missing_variable(param, type, facts, errors);
	if (type->size && variable->size != type->size)
		return err_list__set(
			errors, -EINVAL, &param->at,
			"variable '%s' has %u bytes, parameter '%s' of type %s has %zu; the types must agree",
			variable->name, variable->size, param->name, type->name, type->size);
	value = arena__alloc(&spec->arena, variable->size);
	if (!value)
		return -ENOMEM;
	if (parse_value(type, param->value, value, variable->size) < 0)
		return err_list__set(
			errors, -E2BIG, &param->at,
			"\"%.64s\" of parameter '%s' is too long; variable '%s' has %u bytes, one is for the end",
			param->value, param->name, variable->name, variable->size);
	*ret_rodata = (struct rodata_spec){
		.at = param->at,
		.name = param->constant,
		.kind = RODATA_VALUE,
		.value = value,
		.value_size = variable->size,
	};
	return 0;
}

static int set_constants(struct spec *spec, const struct object_facts *facts,
			 struct err_list *errors)
{
	/* The program was opened by its spec and looks at it again when it is loaded: the constants are put where
	 * it looks. All of a spec is const only once it is complete. */
	struct program_spec *program = (struct program_spec *)(uintptr_t)spec->programs;
	struct rodata_spec *rodata;
	uint32_t count = program->rodata_count;
	int first = 0;

	rodata = arena_array(&spec->arena, struct rodata_spec, (size_t)count + spec->param_count);
	if (!rodata)
		return -ENOMEM;
	if (count)
		memcpy(rodata, program->rodata, count * sizeof(*rodata));
	for (uint32_t i = 0; i < spec->param_count; i++) {
		int r = spec->params[i].constant ? make_constant(spec, &spec->params[i], facts,
								 &rodata[count], errors)
						 : 0;

		if (r == -ENOMEM)
			return r;
		note_first(r, &first);
		count += spec->params[i].constant && r == 0;
	}
	program->rodata = rodata;
	program->rodata_count = count;
	return first;
}

/* ---- what the values mean: conditions --------------------------------------------------------- */

static bool holds(const struct spec *spec, const struct condition_spec *condition)
{
	return !condition || is_on(&spec->params[condition->param]) != condition->is_negated;
}

/* Those that are there, without a condition any more. NULL: no memory. */
static struct label_spec *keep_labels(struct spec *spec, const struct label_spec *labels,
				      uint32_t *count)
{
	struct label_spec *kept = arena_array(&spec->arena, struct label_spec, *count);
	uint32_t len = 0;

	for (uint32_t i = 0; kept && i < *count; i++) {
		if (!holds(spec, labels[i].condition))
			continue;
		kept[len] = labels[i];
		kept[len++].condition = NULL;
	}
	*count = len;
	return kept;
}

/* A label without a field is the CPU: when it goes, the cells of all CPUs are one again. */
static bool has_cpu_label(const struct metric_spec *metric)
{
	for (uint32_t i = 0; i < metric->label_count; i++)
		if (metric->labels[i].field == SPEC_NONE && !metric->labels[i].constant)
			return true;
	return false;
}

static int keep_metrics(struct spec *spec)
{
	struct metric_spec *kept = arena_array(&spec->arena, struct metric_spec,
					       spec->metric_count);
	uint32_t len = 0;

	if (!kept)
		return -ENOMEM;
	for (uint32_t i = 0; i < spec->metric_count; i++) {
		struct metric_spec *metric = &kept[len];

		if (!holds(spec, spec->metrics[i].condition))
			continue;
		*metric = spec->metrics[i];
		metric->condition = NULL;
		metric->labels = keep_labels(spec, metric->labels, &metric->label_count);
		if (!metric->labels)
			return -ENOMEM;
		if (!has_cpu_label(metric))
			metric->cpu = CPU_RULE_SUM;
		len++;
	}
	spec->metrics = kept;
	spec->metric_count = len;
	return 0;
}

static int keep_spans(struct spec *spec)
{
	struct span_spec *kept = arena_array(&spec->arena, struct span_spec, spec->span_count);
	uint32_t len = 0;

	if (!kept)
		return -ENOMEM;
	for (uint32_t i = 0; i < spec->span_count; i++) {
		struct span_spec *span = &kept[len];

		if (!holds(spec, spec->spans[i].condition))
			continue;
		*span = spec->spans[i];
		span->condition = NULL;
		span->labels = keep_labels(spec, span->labels, &span->label_count);
		if (!span->labels)
			return -ENOMEM;
		len++;
	}
	spec->spans = kept;
	spec->span_count = len;
	return 0;
}

int spec__apply_params(struct spec *spec, const struct object_facts *facts, struct err_list *errors)
{
	int r;

	if (spec->param_count == 0)
		return 0;
	r = spec->program_count ? set_constants(spec, facts, errors) : 0;
	if (r == 0)
		r = keep_metrics(spec);
	return r == 0 ? keep_spans(spec) : r;
}
