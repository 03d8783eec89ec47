/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in a file the configs of metrics are. A part of a file is parsed with as many empty lines and blanks before it as
 * the file has, so that positions need no translation.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"
#include "config/gadget_metrics/gadget_metrics.h"

/* A text of a ConfigMap must begin less far to the right. */
#define MAX_INDENT 64u

struct reader {
	struct arena *arena;
	const char *text; /* of the whole file */
	const char *origin;
	struct err_list *errors;
	VEC(const struct node *) roots;
	uint32_t documents;
	uint32_t line; /* of the next byte, from 0 */
};

static int no_memory(const struct reader *reader)
{
	return err_list__set(reader->errors, -ENOMEM, &(struct loc){ .file = reader->origin },
			     "no memory for the config");
}

/* Parses text as if it stood behind that many lines. -ENODATA: there is nothing in it. */
static int parse_behind(const struct reader *reader, uint32_t lines, const char *text, size_t len,
			const struct node **ret_root)
{
	char *whole = malloc((size_t)lines + len + 1);
	struct err err = ERR_INIT;
	int r;

	if (!whole)
		return no_memory(reader);
	memset(whole, '\n', lines);
	memcpy(whole + lines, text, len);
	whole[lines + len] = '\0';
	r = node_parse_yaml(whole, lines + len, reader->origin, reader->arena, ret_root, &err);
	if (r < 0 && r != -ENODATA)
		err_list__add(reader->errors, &err);
	err__done(&err);
	free(whole);
	return r;
}

/* Documents and texts of ConfigMaps alike. */
static int count_document(struct reader *reader, uint32_t line)
{
	if (reader->documents++ < DOCUMENTS_MAX)
		return 0;
	return err_list__set(reader->errors, -E2BIG, &(struct loc){ reader->origin, line, 1 },
			     "more than %u documents in one file; split it", DOCUMENTS_MAX);
}

static bool is_config(const struct node *root)
{
	return node__find(root, "metrics_name") || node__find(root, "metrics");
}

/* ---- ConfigMaps ----------------------------------------------------------------------------- */

static const char *line_at(const char *text, size_t index)
{
	for (; index > 0 && text; index--) {
		text = strchr(text, '\n');
		text += text != NULL;
	}
	return text;
}

/* By how much the file moves a block to the right; 0: it is none. */
static uint32_t indent_of(const struct reader *reader, const char *text, const struct loc *at)
{
	size_t empty_lines = strspn(text, "\n");
	const char *first = text + empty_lines;
	const char *line = line_at(reader->text, at->line + empty_lines);
	size_t own_blanks = strspn(first, " ");
	size_t blanks = line ? strspn(line, " ") : 0;

	if (blanks <= own_blanks || blanks - own_blanks > MAX_INDENT ||
	    strncmp(line + blanks, first + own_blanks, strcspn(first + own_blanks, "\n")) != 0)
		return 0;
	return (uint32_t)(blanks - own_blanks);
}

/* A block of text begins on the line behind its "|". */
static int add_text(struct reader *reader, const struct node *node)
{
	uint32_t indent = node->is_quoted ? indent_of(reader, node->text, &node->at) : 0;
	uint32_t lines = indent > 0 ? node->at.line : node->at.line - 1;
	struct strbuf text = STRBUF_INIT;
	const struct node *root;
	int r = count_document(reader, node->at.line);

	if (r < 0)
		return r;
	for (const char *line = node->text; *line; line += line[0] == '\n') {
		size_t len = strcspn(line, "\n");

		for (uint32_t i = 0; len > 0 && i < indent; i++)
			strbuf__add_char(&text, ' ');
		strbuf__add(&text, line, len);
		strbuf__add_char(&text, '\n');
		line += len;
	}
	r = strbuf__status(&text) < 0
		    ? no_memory(reader)
		    : parse_behind(reader, lines, text.data ? text.data : "", text.len, &root);
	if (r == 0 && is_config(root) && vec_push(&reader->roots, root) < 0)
		r = no_memory(reader);
	strbuf__done(&text);
	return r == -ENODATA ? 0 : r;
}

static bool is_config_map(const struct node *root)
{
	const struct node *kind = node__find(root, "kind");

	return kind && kind->kind == NODE_SCALAR && str_eq(kind->text, "ConfigMap");
}

/* Other texts of the map need not be YAML at all. */
static bool looks_like_config(const struct node *value)
{
	return value->kind == NODE_SCALAR &&
	       (strstr(value->text, "metrics_name:") || strstr(value->text, "metrics:"));
}

static int add_config_map(struct reader *reader, const struct node *root)
{
	const struct node *data = node__find(root, "data");
	int r = 0;

	for (uint32_t i = 0; r == 0 && data && data->kind == NODE_MAP && i < data->count; i++)
		if (looks_like_config(data->pairs[i].value))
			r = add_text(reader, data->pairs[i].value);
	return r;
}

/* ---- documents ------------------------------------------------------------------------------ */

/* "---" alone or with something behind it; in no other place a line begins so. */
static bool is_separator(const char *line)
{
	return strncmp(line, "---", 3) == 0 && (line[3] == '\0' || strchr(" \t\r\n", line[3]));
}

/* Bytes up to the line that begins the next document, and how many lines they are. */
static size_t document_length(const char *text, uint32_t *ret_lines)
{
	const char *line = text;

	*ret_lines = 0;
	while (*line) {
		size_t len = strcspn(line, "\n");

		line += len + (line[len] == '\n');
		++*ret_lines;
		if (is_separator(line))
			break;
	}
	return (size_t)(line - text);
}

static int add_document(struct reader *reader, const char *text, size_t len)
{
	const struct node *root;
	int r = parse_behind(reader, reader->line, text, len, &root);

	if (r < 0)
		return r == -ENODATA ? 0 : r;
	if (is_config_map(root))
		return add_config_map(reader, root);
	if (is_config(root) && !node__find(root, "kind") && vec_push(&reader->roots, root) < 0)
		return no_memory(reader);
	return 0;
}

static int add_documents(struct reader *reader)
{
	const char *text = reader->text;
	int r = 0;

	while (r == 0 && *text) {
		uint32_t lines;
		size_t len = document_length(text, &lines);

		r = count_document(reader, reader->line + 1);
		if (r == 0)
			r = add_document(reader, text, len);
		text += len;
		reader->line += lines;
	}
	return r;
}

int documents_read(struct arena *arena, const struct dialect_input *input,
		   struct document_list *ret_documents, struct err_list *errors)
{
	struct reader reader = {
		.arena = arena, .text = input->text, .origin = input->origin, .errors = errors
	};
	int r = memchr(input->text, '\0', input->len)
			? err_list__set(errors, -EINVAL, &(struct loc){ .file = input->origin },
					"the config has a NUL byte; it must be text")
			: add_documents(&reader);

	if (r == 0 && reader.roots.len == 0)
		r = err_list__set(errors, -EINVAL, &(struct loc){ .file = input->origin },
				  "there are no metrics in it; they are a map with 'metrics_name' "
				  "and 'metrics', by itself or as a text of a ConfigMap");
	if (r == 0) {
		ret_documents->count = (uint32_t)reader.roots.len;
		ret_documents->roots = arena__memdup(
			arena, reader.roots.items, reader.roots.len * sizeof(*reader.roots.items));
		r = ret_documents->roots ? 0 : -ENOMEM;
	}
	vec_done(&reader.roots);
	return r;
}
