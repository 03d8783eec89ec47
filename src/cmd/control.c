/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/control.h"

#include <errno.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/human.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/table.h"
#include "pipeline/control.h"
#include "remote/control_link.h"

#define CELL_BYTES 32

struct control_flags {
	const char *socket;
	bool is_json;
};

static const struct flag flags[] = {
	{ .name = "socket",
	  .kind = FLAG_TEXT,
	  .offset = offsetof(struct control_flags, socket),
	  .initial = CONTROL_DEFAULT_PATH,
	  .help = "Path of the control socket of the agent." },
	{ .name = "json",
	  .kind = FLAG_BOOL,
	  .offset = offsetof(struct control_flags, is_json),
	  .help = "Print the answer as the agent gave it." },
};

static const struct flag_set flag_set = {
	.help = "Asks the agent that runs: `status` of the whole, `list` of what it runs, `reload` as SIGHUP does.",
	.arguments = "status|list|reload",
	.needs_arguments = true,
	.flags = flags,
	.flag_count = array_size(flags),
};

int control_ask(const char *socket, json_t *request, json_t **ret_result, struct err *err)
{
	struct control_link *link = NULL;
	int r = request ? control_link__open(socket, &link, err)
			: err__set(err, -ENOMEM, NULL, "no memory for a request");

	if (r == 0)
		r = control_link__call(link, request, ret_result, err);
	control_link__free(link);
	json_decref(request);
	return r;
}

void control_print_error(const struct invocation *invocation, const struct err *err)
{
	char text[4096];

	(void)err__format(err, text, sizeof(text));
	(void)fprintf(stderr, "%s: error: %s\n", invocation->program, text);
	if (err->cause)
		(void)fprintf(stderr, "%s\n", err->cause);
}

int control_print_json(const json_t *result)
{
	char *text = json_dumps(result, JSON_INDENT(2) | JSON_ENCODE_ANY);
	int r = text ? fd_write_all(STDOUT_FILENO, text, strlen(text)) : -ENOMEM;

	if (r == 0)
		r = fd_write_all(STDOUT_FILENO, "\n", 1);
	free(text);
	return r;
}

/* ---- answers -------------------------------------------------------------------------------------------- */

static const char *text_of(const json_t *value, char *room, size_t size)
{
	if (json_is_string(value))
		return json_string_value(value);
	if (json_is_integer(value))
		(void)snprintf(room, size, "%lld", (long long)json_integer_value(value));
	else
		room[0] = '\0';
	return room;
}

/* Text, or a number as text in the room that is given. */
static const char *cell_of(const json_t *row, const struct control_column *column,
			   char room[CELL_BYTES])
{
	const json_t *value = json_object_get(row, column->member);
	const char *text;

	if (column->is_bytes)
		return human_bytes(room, (double)json_integer_value(value));
	text = text_of(value, room, CELL_BYTES);
	return text[0] || !column->otherwise ? text : column->otherwise;
}

int control_print_table(const json_t *rows, const struct control_column *columns, size_t count)
{
	struct table table = { .column_count = count, .has_header = true };
	const char *cells[CONTROL_COLUMNS_MAX] = { NULL };
	char numbers[CONTROL_COLUMNS_MAX][CELL_BYTES];
	struct strbuf out = STRBUF_INIT;
	const json_t *row;
	size_t index;
	int r;

	for (size_t i = 0; i < CONTROL_COLUMNS_MAX; i++)
		cells[i] = i < count ? columns[i].title : "";
	table__add_row(&table, cells);
	json_array_foreach((json_t *)(uintptr_t)rows, index, row)
	{
		for (size_t i = 0; i < count; i++)
			cells[i] = cell_of(row, &columns[i], numbers[i]);
		table__add_row(&table, cells);
	}
	table__write(&table, terminal_width(STDOUT_FILENO), &out);
	r = strbuf__status(&out);
	if (r == 0)
		r = fd_write_all(STDOUT_FILENO, out.data, out.len);
	strbuf__done(&out);
	table__done(&table);
	return r;
}

static int print_list(const json_t *result)
{
	static const struct control_column columns[] = {
		{ .title = "NAME", .member = "name" },
		{ .title = "LANGUAGE", .member = "language" },
		{ .title = "STATE", .member = "state" },
		{ .title = "PROGRAMS", .member = "programs" },
		{ .title = "ATTACHED", .member = "attached" },
		{ .title = "METRICS", .member = "metrics" },
		{ .title = "ERROR", .member = "error" },
	};

	return control_print_table(result, columns, array_size(columns));
}

static int print_status(const json_t *result)
{
	struct strbuf out = STRBUF_INIT;
	const char *key;
	json_t *value;
	char number[32];
	int r;

	json_object_foreach((json_t *)(uintptr_t)result, key, value)
		strbuf__printf(&out, "%-15s %s\n", key, text_of(value, number, sizeof(number)));
	r = fd_write_all(STDOUT_FILENO, out.data, out.len);
	strbuf__done(&out);
	return r;
}

static int print_text(const json_t *result)
{
	const char *text = json_string_value(result);

	return text ? fd_write_all(STDOUT_FILENO, text, strlen(text)) : -EPROTO;
}

static const struct {
	const char *verb;
	int (*print)(const json_t *result);
} verbs[] = {
	{ "list", print_list },
	{ "reload", print_text },
	{ "status", print_status },
};

static int find_verb(const char *word, size_t *ret_index, struct err *err)
{
	const char *names[array_size(verbs)], *nearest;

	for (size_t i = 0; i < array_size(verbs); i++) {
		names[i] = verbs[i].verb;
		*ret_index = i;
		if (str_eq(verbs[i].verb, word))
			return 0;
	}
	nearest = str_nearest(word, names, array_size(names));
	return err__set(err, -EINVAL, NULL,
			"'%s' is nothing to ask; there are status, list and reload%s%s%s", word,
			nearest ? "; did you mean '" : "", nearest ? nearest : "",
			nearest ? "'?" : "");
}

int command_control(const struct invocation *invocation)
{
	struct flags_result result = FLAGS_RESULT_INIT;
	struct control_flags options;
	struct err err = ERR_INIT;
	json_t *answer = NULL;
	size_t verb;
	int status, r;

	if (!command_parse(invocation, &flag_set, STATUS_USAGE, &options, &result, &status))
		return status;
	if (result.arguments.len > 1)
		(void)err__set(&err, -EINVAL, NULL, "one question at a time");
	if (err__is_set(&err) || find_verb(result.arguments.items[0], &verb, &err) < 0)
		return command_refuse(invocation, &result, &err, STATUS_USAGE);
	r = control_ask(options.socket, json_pack("{s:s}", "verb", verbs[verb].verb), &answer,
			&err);
	if (r < 0)
		control_print_error(invocation, &err);
	else
		r = options.is_json ? control_print_json(answer) : verbs[verb].print(answer);
	json_decref(answer);
	err__done(&err);
	flags_result__done(&result);
	return r < 0 ? STATUS_FAILED : STATUS_OK;
}
