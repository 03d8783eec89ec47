/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/flags.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/num.h"
#include "cmd/expand.h"
#include "cmd/table.h"

#define MAX_FLAGS 1024 /* a gadget has many parameters, each of which is one */

static const struct flag own_flags[] = {
	{ .name = "help", .kind = FLAG_BOOL, .help = "Show this help (also -h)." },
	{ .name = "version", .kind = FLAG_BOOL, .help = "Show the version." },
};

enum { OWN_HELP, OWN_VERSION };

struct parser {
	const struct flag_set *set;
	char *options;
	struct flags_result *result;
	struct expansion words; /* of the command line */
	size_t next;
	bool has_own[array_size(own_flags)];
	bool has_flag[MAX_FLAGS];
	struct err *err;
};

/* A flag as it stands on the command line. */
struct occurrence {
	const struct flag *flag; /* NULL: unknown */
	bool *is_seen;
	bool is_negated;
	const char *value; /* behind "=", or NULL */
};

/* ---- values ------------------------------------------------------------------------------------------ */

static int check_directory(const char *path, struct err *err)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return err__set(err, -ENOENT, NULL, "path '%s' does not exist", path);
	if (!S_ISDIR(status.st_mode))
		return err__set(err, -ENOTDIR, NULL, "'%s' is a file; it has to be a directory",
				path);
	return 0;
}

static int append(const struct parser *parser, const char *text, struct flag_list *list)
{
	const char **items = arena_array(&parser->result->arena, const char *, list->count + 1);

	if (!items)
		return err__set(parser->err, -ENOMEM, NULL, "no memory for the command line");
	for (size_t i = 0; i < list->count; i++)
		items[i] = list->items[i];
	items[list->count] = text;
	list->items = items;
	list->count++;
	return 0;
}

static int set_value(const struct parser *parser, const struct flag *flag, const char *text)
{
	char *value = parser->options + flag->offset;
	int64_t number;

	switch (flag->kind) {
	case FLAG_BOOL:
		*(bool *)(void *)value = str_eq(text, "true");
		return 0;
	case FLAG_TEXT:
	case FLAG_DIRECTORY:
		*(const char **)(void *)value = text;
		return 0;
	case FLAG_I64:
		if (num_parse_i64(text, strlen(text), &number) < 0)
			return err__set(parser->err, -EINVAL, NULL, "--%s: '%s' is no whole number",
					flag->name, text);
		*(int64_t *)(void *)value = number;
		return 0;
	case FLAG_DURATION:
		if (num_parse_duration(text, strlen(text), &number) < 0 || number < 0)
			return err__set(parser->err, -EINVAL, NULL,
					"--%s: '%s' is no duration; write it as 10s or 100ms",
					flag->name, text);
		*(int64_t *)(void *)value = number;
		return 0;
	case FLAG_LIST:
		return append(parser, text, (struct flag_list *)(void *)value);
	}
	return 0;
}

static const char *initial_of(const struct flag *flag)
{
	if (flag->initial)
		return flag->initial;
	return flag->kind == FLAG_I64 || flag->kind == FLAG_DURATION ? "0" : "";
}

static int set_defaults(const struct parser *parser)
{
	for (size_t i = 0; i < parser->set->flag_count; i++) {
		const struct flag *flag = &parser->set->flags[i];
		int r = 0;

		if (flag->kind == FLAG_LIST)
			memset(parser->options + flag->offset, 0, sizeof(struct flag_list));
		else
			r = set_value(parser, flag, initial_of(flag));
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- words ------------------------------------------------------------------------------------------- */

static void find_in(const struct flag *flags, bool *is_seen, size_t count, const char *name,
		    size_t len, struct occurrence *found)
{
	bool is_negation = len > 3 && memcmp(name, "no-", 3) == 0;

	for (size_t i = 0; i < count; i++) {
		const struct flag *flag = &flags[i];
		bool is_same = strlen(flag->name) == len && memcmp(flag->name, name, len) == 0;
		bool is_opposite = is_negation && flag->kind == FLAG_BOOL &&
				   strlen(flag->name) == len - 3 &&
				   memcmp(flag->name, name + 3, len - 3) == 0;

		if (is_same || is_opposite) {
			found->flag = flag;
			found->is_seen = &is_seen[i];
			found->is_negated = is_opposite;
		}
	}
}

/* "--name" or "--name=value" */
static struct occurrence read_flag(struct parser *parser, const char *word)
{
	const char *name = word + 2;
	const char *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	struct occurrence found = { .value = equals ? equals + 1 : NULL };

	find_in(own_flags, parser->has_own, array_size(own_flags), name, len, &found);
	find_in(parser->set->flags, parser->has_flag, parser->set->flag_count, name, len, &found);
	return found;
}

static int fail_unknown(const struct parser *parser, const char *word)
{
	const char *names[MAX_FLAGS];
	char name[64];
	size_t len = strcspn(word + 2, "=");

	for (size_t i = 0; i < parser->set->flag_count; i++)
		names[i] = parser->set->flags[i].name;
	if (len >= sizeof(name))
		len = sizeof(name) - 1;
	memcpy(name, word + 2, len);
	name[len] = '\0';

	const char *nearest = str_nearest(name, names, parser->set->flag_count);

	if (nearest)
		return err__set(parser->err, -EINVAL, NULL,
				"unknown long flag '--%s', did you mean '--%s'", name, nearest);
	return err__set(parser->err, -EINVAL, NULL, "unknown long flag '--%s'", name);
}

/* "-x", "-xVALUE" or "-x=VALUE" */
static struct occurrence read_letter(struct parser *parser, const char *word)
{
	struct occurrence found = { .flag = NULL };

	for (size_t i = 0; i < parser->set->flag_count; i++) {
		if (parser->set->flags[i].letter != word[1])
			continue;
		found.flag = &parser->set->flags[i];
		found.is_seen = &parser->has_flag[i];
	}
	if (word[2])
		found.value = word + (word[2] == '=' ? 3 : 2);
	return found;
}

static int take_flag(struct parser *parser, struct occurrence found)
{
	if (*found.is_seen && found.flag->kind != FLAG_LIST)
		return err__set(parser->err, -EINVAL, NULL, "flag '%s' cannot be repeated",
				found.flag->name);
	*found.is_seen = true;
	if (found.flag->kind == FLAG_BOOL) {
		if (found.value)
			return err__set(parser->err, -EINVAL, NULL,
					"unexpected %s; write --%s or --no-%s", found.value,
					found.flag->name, found.flag->name);
		/* Our own two have no place in the options. */
		if (found.flag < own_flags || found.flag >= own_flags + array_size(own_flags))
			return set_value(parser, found.flag, found.is_negated ? "false" : "true");
		*found.is_seen = !found.is_negated;
		return 0;
	}
	if (!found.value) {
		if (parser->next == parser->words.len)
			return err__set(parser->err, -EINVAL, NULL,
					"expected argument for flag '--%s'", found.flag->name);
		found.value = parser->words.items[parser->next++].text;
	}
	return set_value(parser, found.flag, found.value);
}

static int take_argument(struct parser *parser, const char *word)
{
	if (!parser->set->arguments)
		return err__set(parser->err, -EINVAL, NULL, "unexpected %s", word);
	return vec_push(&parser->result->arguments, word);
}

static int take_word(struct parser *parser, const struct expanded_word *word)
{
	struct occurrence found;

	if (word->is_no_flag || word->text[0] != '-' || word->text[1] == '\0')
		return take_argument(parser, word->text);
	if (str_eq(word->text, "-h")) {
		parser->has_own[OWN_HELP] = true;
		return 0;
	}
	if (word->text[1] == '-') {
		found = read_flag(parser, word->text);
		return found.flag ? take_flag(parser, found) : fail_unknown(parser, word->text);
	}
	found = read_letter(parser, word->text);
	if (!found.flag)
		return err__set(parser->err, -EINVAL, NULL, "unknown short flag '%.2s'",
				word->text);
	return take_flag(parser, found);
}

static int take_words(struct parser *parser)
{
	while (parser->next < parser->words.len) {
		const struct expanded_word *word = &parser->words.items[parser->next++];
		int r = take_word(parser, word);

		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- the whole --------------------------------------------------------------------------------------- */

static int check_required(const struct parser *parser)
{
	struct strbuf missing = STRBUF_INIT;
	size_t count = 0;
	int r = 0;

	for (size_t i = 0; i < parser->set->flag_count; i++)
		if (parser->set->flags[i].is_required && !parser->has_flag[i])
			strbuf__printf(&missing, "%s'--%s'", count++ ? ", " : "",
				       parser->set->flags[i].name);
	if (count > 0)
		r = err__set(parser->err, -EINVAL, NULL, "required flag(s) %s not provided",
			     strbuf__text(&missing));
	if (r == 0 && parser->set->needs_arguments && parser->result->arguments.len == 0)
		r = err__set(parser->err, -EINVAL, NULL, "required argument %s not provided",
			     parser->set->arguments);
	strbuf__done(&missing);
	return r;
}

static int check_values(const struct parser *parser)
{
	for (size_t i = 0; i < parser->set->flag_count; i++) {
		const struct flag *flag = &parser->set->flags[i];
		int r = 0;

		if (flag->kind == FLAG_DIRECTORY && parser->has_flag[i])
			r = check_directory(
				*(const char **)(void *)(parser->options + flag->offset),
				parser->err);
		if (r < 0)
			return r;
	}
	return 0;
}

int flags__parse(const struct flag_set *set, int argc, const char *const *argv, void *ret_options,
		 struct flags_result *ret_result, struct err *err)
{
	struct parser parser = {
		.set = set, .options = ret_options, .result = ret_result, .err = err
	};
	int r = set_defaults(&parser);

	if (r == 0)
		r = set->keeps_at_words
			    ? keep_arguments(argc, argv, &parser.words, err)
			    : expand_arguments(argc, argv, &ret_result->arena, &parser.words, err);
	if (r == 0)
		r = take_words(&parser);
	vec_done(&parser.words);
	if (r < 0)
		return r;
	if (parser.has_own[OWN_HELP])
		return FLAGS_HELP;
	if (parser.has_own[OWN_VERSION])
		return FLAGS_VERSION;
	r = check_required(&parser);
	if (r == 0)
		r = check_values(&parser);
	return r < 0 ? r : FLAGS_RUN;
}

void flags_result__done(struct flags_result *result)
{
	vec_done(&result->arguments);
	arena__done(&result->arena);
}

/* ---- help -------------------------------------------------------------------------------------------- */

static void add_flag_row(struct table *table, const struct flag *flag, const char *negation)
{
	struct strbuf left = STRBUF_INIT, right = STRBUF_INIT;

	strbuf__add_text(&left, "  ");
	if (flag->letter)
		strbuf__printf(&left, "-%c, ", flag->letter);
	strbuf__printf(&left, "--%s%s", flag->kind == FLAG_BOOL ? negation : "", flag->name);
	switch (flag->kind) {
	case FLAG_BOOL:
		break;
	case FLAG_TEXT:
	case FLAG_LIST:
		strbuf__add_text(&left, "=TEXT");
		break;
	case FLAG_DIRECTORY:
		strbuf__add_text(&left, "=DIR");
		break;
	case FLAG_I64:
		strbuf__add_text(&left, "=NUMBER");
		break;
	case FLAG_DURATION:
		strbuf__add_text(&left, "=DURATION");
		break;
	}
	strbuf__add_text(&right, flag->help);
	if (flag->kind == FLAG_LIST)
		strbuf__add_text(&right, " May be repeated.");
	if (flag->is_required)
		strbuf__add_text(&right, " Required.");
	else if (flag->initial && flag->initial[0])
		strbuf__printf(&right, " Default: %s.", flag->initial);

	const char *const cells[] = { strbuf__text(&left), strbuf__text(&right) };

	table__add_row(table, cells);
	strbuf__done(&left);
	strbuf__done(&right);
}

static void add_paragraph(const char *text, size_t width, struct strbuf *out)
{
	struct table table = TABLE_INIT(1);

	table__add_row(&table, &text);
	table__write(&table, width, out);
	table__done(&table);
}

void flags__format_help(const struct flag_set *set, size_t width, struct strbuf *out)
{
	struct table table = TABLE_INIT(2);

	strbuf__printf(out, "usage: %s", set->program);
	for (size_t i = 0; i < set->flag_count; i++)
		if (set->flags[i].is_required)
			strbuf__printf(out, " --%s=…", set->flags[i].name);
	strbuf__add_text(out, " [flags]");
	if (set->arguments)
		strbuf__printf(out, " %s", set->arguments);
	strbuf__add_text(out, "\n\n");
	add_paragraph(set->help, width, out);
	strbuf__add_text(out, "\nFlags:\n");
	for (size_t i = 0; i < set->flag_count; i++)
		add_flag_row(&table, &set->flags[i], "[no-]");
	for (size_t i = 0; i < array_size(own_flags); i++)
		add_flag_row(&table, &own_flags[i], "");
	table__write(&table, width, out);
	table__done(&table);
}
