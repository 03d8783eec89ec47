/* SPDX-License-Identifier: Apache-2.0 */
#include "config/bind_scalar.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "config/scalar.h"

#define TAG_BINARY "tag:yaml.org,2002:binary"

static void add_path(const struct binder *binder, const struct target *target, struct strbuf *out)
{
	if (target->parent)
		add_path(binder, target->parent, out);
	else
		strbuf__add_text(out, binder->path);
	if (target->is_item)
		strbuf__printf(out, "[%u]", target->index);
	else if (target->key)
		strbuf__printf(out, "%s%.64s", out->len > 0 ? "." : "", target->key);
}

int bind_error(struct binder *binder, const struct target *target, int code, const struct loc *at,
	       const char *format, ...)
{
	struct strbuf text = STRBUF_INIT;
	va_list args;
	int r;

	if (binder->path)
		add_path(binder, target, &text);
	if (text.len > 0)
		strbuf__add_text(&text, ": ");
	va_start(args, format);
	strbuf__vprintf(&text, format, args);
	va_end(args);
	r = err_list__set(binder->errors, code, at, "%s", strbuf__text(&text));
	strbuf__done(&text);
	return r;
}

int bind_wrong_type(struct binder *binder, const struct node *node, const struct target *target,
		    const char *wanted)
{
	const char *key = target->key ? target->key : "config";

	if (node->kind != NODE_SCALAR)
		return bind_error(binder, target, -EINVAL, &node->at, "'%s' is %s; it must be %s",
				  key, node__describe(node), wanted);
	return bind_error(binder, target, -EINVAL, &node->at, "'%s' is %s\"%.64s\"; it must be %s",
			  key, node->is_quoted ? "the quoted text " : "", node->text, wanted);
}

static int parse_scalar(struct binder *binder, const struct node *node, const struct target *target,
			const char *wanted, struct scalar *ret_scalar)
{
	struct err err = ERR_INIT;
	int r;

	if (node->kind != NODE_SCALAR)
		return bind_wrong_type(binder, node, target, wanted);
	r = scalar_parse(node, ret_scalar, &err);
	if (r < 0)
		err_list__add(binder->errors, &err);
	return r;
}

/* Whether it is one scalar in clear. */
static int check_scalar(struct binder *binder, const struct node *node, const struct target *target)
{
	if (node->kind != NODE_SCALAR)
		return bind_wrong_type(binder, node, target, "text");
	if (node->tag && str_eq(node->tag, TAG_BINARY))
		return bind_error(binder, target, -EINVAL, &node->at,
				  "'%s' has the tag !!binary; write the text itself", target->key);
	return 0;
}

/* What YAML takes for something else has to stand in quotes, when the binder wants that. */
static int check_is_text(struct binder *binder, const struct node *node,
			 const struct target *target)
{
	static const char *const kinds[] = {
		[SCALAR_NULL] = "null",        [SCALAR_BOOL] = "the truth value",
		[SCALAR_INT] = "the number",   [SCALAR_UINT] = "the number",
		[SCALAR_FLOAT] = "the number",
	};
	struct scalar scalar;
	int r;

	if (!binder->is_typed)
		return 0;
	r = parse_scalar(binder, node, target, "text", &scalar);
	if (r < 0 || scalar.kind == SCALAR_TEXT)
		return r;
	return bind_error(binder, target, -EINVAL, &node->at,
			  "'%s' is %s %.64s; it must be text: put it in quotes", target->key,
			  kinds[scalar.kind], node->text);
}

int bind_check_text(struct binder *binder, const struct node *node, const struct target *target)
{
	int r = check_scalar(binder, node, target);

	if (r == 0 && memchr(node->text, 0, node->text_len))
		r = bind_error(binder, target, -EINVAL, &node->at,
			       "'%s' holds a NUL byte; no text of a config may", target->key);
	return r;
}

int bind_check_is_text(struct binder *binder, const struct node *node, const struct target *target)
{
	int r = bind_check_text(binder, node, target);

	return r < 0 ? r : check_is_text(binder, node, target);
}

int bind_value_value(struct binder *binder, const struct node *node, const struct target *target)
{
	int r = check_scalar(binder, node, target);

	if (r == 0)
		r = check_is_text(binder, node, target);
	if (r == 0)
		*(struct value_spec *)target->value = (struct value_spec){
			.text = node->text, .at = node->at, .len = node->text_len, .list = SPEC_NONE
		};
	return r;
}

int bind_text_value(struct binder *binder, const struct node *node, const struct target *target)
{
	int r = bind_check_is_text(binder, node, target);

	if (r < 0)
		return r;
	*(struct spec_text *)target->value = (struct spec_text){ .text = node->text,
								 .at = node->at };
	return 0;
}

int bind_bool_value(struct binder *binder, const struct node *node, const struct target *target)
{
	static const char wanted[] = "true or false, without quotes";
	struct scalar scalar;
	int r = parse_scalar(binder, node, target, wanted, &scalar);

	if (r < 0)
		return r;
	if (scalar.kind != SCALAR_BOOL)
		return bind_wrong_type(binder, node, target, wanted);
	*(bool *)target->value = scalar.truth;
	return 0;
}

/* Floats are cut towards zero, as upstream does; what no int64_t can hold is refused. */
static bool scalar_to_i64(const struct scalar *scalar, int64_t *ret_value)
{
	if (scalar->kind == SCALAR_INT) {
		*ret_value = scalar->s64;
		return true;
	}
	if (scalar->kind != SCALAR_FLOAT || !(scalar->f64 >= -0x1p63 && scalar->f64 < 0x1p63))
		return false;
	*ret_value = (int64_t)scalar->f64;
	return true;
}

int bind_i64_value(struct binder *binder, const struct node *node, const struct target *target)
{
	static const char wanted[] = "a whole number";
	struct scalar scalar;
	int r = parse_scalar(binder, node, target, wanted, &scalar);

	if (r < 0)
		return r;
	if (!scalar_to_i64(&scalar, target->value))
		return bind_wrong_type(binder, node, target, wanted);
	return 0;
}

int bind_u32_value(struct binder *binder, const struct node *node, const struct target *target)
{
	static const char wanted[] = "a whole number from 0 to 4294967295";
	struct scalar scalar;
	int64_t value;
	int r = parse_scalar(binder, node, target, wanted, &scalar);

	if (r < 0)
		return r;
	if (!scalar_to_i64(&scalar, &value) || value < 0 || value > UINT32_MAX)
		return bind_wrong_type(binder, node, target, wanted);
	*(uint32_t *)target->value = (uint32_t)value;
	return 0;
}

int bind_double_value(struct binder *binder, const struct node *node, const struct target *target)
{
	static const char wanted[] = "a number";
	double *value = target->value;
	struct scalar scalar;
	int r = parse_scalar(binder, node, target, wanted, &scalar);

	if (r < 0)
		return r;
	if (scalar.kind == SCALAR_FLOAT)
		*value = scalar.f64;
	else if (scalar.kind == SCALAR_INT)
		*value = (double)scalar.s64;
	else if (scalar.kind == SCALAR_UINT)
		*value = (double)scalar.u64;
	else
		return bind_wrong_type(binder, node, target, wanted);
	return 0;
}

int bind_duration_value(struct binder *binder, const struct node *node, const struct target *target)
{
	static const char wanted[] = "a duration such as 90s, 500ms or 1h30m";
	struct scalar scalar;
	int r = parse_scalar(binder, node, target, wanted, &scalar);

	if (r < 0)
		return r;
	if (scalar_to_i64(&scalar, target->value))
		return 0;
	if (scalar.kind != SCALAR_TEXT ||
	    num_parse_duration(node->text, node->text_len, target->value) < 0)
		return bind_wrong_type(binder, node, target, wanted);
	return 0;
}

int bind_number_value(struct binder *binder, const struct node *node, const struct target *target)
{
	const struct bind_type *type = target->type;
	char wanted[96];
	struct scalar scalar;
	bool fits;
	int r;

	(void)snprintf(wanted, sizeof(wanted), "a whole number from %lld to %llu",
		       (long long)type->least, (unsigned long long)type->most);
	r = parse_scalar(binder, node, target, wanted, &scalar);
	if (r < 0)
		return r;
	if (scalar.kind == SCALAR_INT)
		fits = scalar.s64 >= type->least &&
		       (scalar.s64 < 0 || (uint64_t)scalar.s64 <= type->most);
	else
		fits = scalar.kind == SCALAR_UINT && scalar.u64 <= type->most;
	if (!fits)
		return bind_wrong_type(binder, node, target, wanted);
	*(struct number_spec *)target->value = (struct number_spec){
		.value = scalar.kind == SCALAR_INT ? (uint64_t)scalar.s64 : scalar.u64,
		.at = node->at,
	};
	return 0;
}

static int find_word(struct binder *binder, const struct node *node, const struct target *target,
		     int *ret_value)
{
	const struct bind_type *type = target->type;
	const char *names[BIND_MAX_ENTRIES], *nearest;
	int r = bind_check_is_text(binder, node, target);

	if (r < 0)
		return r;
	assert(type->word_count <= BIND_MAX_ENTRIES);
	for (size_t i = 0; i < type->word_count; i++) {
		names[i] = type->words[i].text;
		if (str_eq(names[i], node->text)) {
			*ret_value = type->words[i].value;
			return 0;
		}
	}
	nearest = str_nearest(node->text, names, type->word_count);
	if (!nearest)
		nearest = names[0];
	return bind_error(binder, target, -EINVAL, &node->at,
			  "'%s' is \"%.64s\", which is no %s; did you mean '%s'?", target->key,
			  node->text, type->noun, nearest);
}

int bind_word_value(struct binder *binder, const struct node *node, const struct target *target)
{
	return find_word(binder, node, target, target->value);
}

int bind_name_value(struct binder *binder, const struct node *node, const struct target *target)
{
	struct bind_name *name = target->value;
	int r = find_word(binder, node, target, &name->value);

	if (r == 0)
		name->written = (struct spec_text){ .text = node->text, .at = node->at };
	return r;
}
