/* SPDX-License-Identifier: Apache-2.0 */
/* What an image is called: names and arguments of a record or of /proc, put into one block of memory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "enrich/process_private.h"

/* ---- paths ------------------------------------------------------------------------------------ */

/* The last component comes first: they are added from the end. Of "c\0b\0a\0": "/a/b/c"; of nothing: "/". */
static void add_components(struct strbuf *text, const char *bytes, size_t size)
{
	size_t end = size;

	if (size == 0)
		strbuf__add_char(text, '/');
	while (end > 0) {
		size_t begin = end - 1; /* at the NUL */

		while (begin > 0 && bytes[begin - 1] != '\0')
			begin--;
		strbuf__add_char(text, '/');
		strbuf__add(text, bytes + begin, end - 1 - begin);
		end = begin;
	}
}

/* Up to the first NUL: nothing behind it is part of a name. */
static void add_name(struct strbuf *text, const char *bytes, size_t size)
{
	strbuf__add(text, bytes, size ? strnlen(bytes, size) : 0);
}

static void add_path(struct strbuf *text, const struct process_names *names, const char *bytes,
		     size_t size)
{
	if (names->are_components)
		add_components(text, bytes, size);
	else
		add_name(text, bytes, size);
}

/* A name that does not begin at the root is one below the working directory. */
static void add_binary(struct strbuf *text, const struct process_names *names, bool has_cwd)
{
	const char *name = names->filename;
	size_t size = names->filename_size;

	if (size > 0 && name[0] != '/' && name[0] != '\0' && has_cwd) {
		add_path(text, names, names->cwd, names->cwd_size);
		if (text->len == 0 || text->data[text->len - 1] != '/')
			strbuf__add_char(text, '/');
		while (size > 2 && name[0] == '.' && name[1] == '/') {
			name += 2;
			size -= 2;
		}
	}
	add_name(text, name, size);
}

/* ---- arguments -------------------------------------------------------------------------------- */

/* Without argv[0], wherever in the two parts it ends; the last one gets a NUL if it was cut. */
static size_t add_arguments(struct strbuf *text, const struct process_names *names)
{
	size_t begin = text->len;
	const char *parts[] = { names->first, names->last };
	size_t sizes[] = { names->first_size, names->last_size };
	bool is_behind = false;

	for (size_t i = 0; i < array_size(parts); i++) {
		const char *bytes = parts[i];
		size_t size = sizes[i];

		if (!is_behind && size > 0) {
			const char *end = memchr(bytes, '\0', size);
			size_t skip = end ? (size_t)(end - bytes) + 1 : size;

			is_behind = end != NULL;
			bytes += skip;
			size -= skip;
		}
		if (size > 0)
			strbuf__add(text, bytes, size);
	}
	if (text->len > begin && text->data && text->data[text->len - 1] != '\0')
		strbuf__add_char(text, '\0');
	return text->len - begin;
}

/* ---- all -------------------------------------------------------------------------------------- */

struct offsets {
	size_t binary, interpreter, file, cwd, arguments, environment;
	size_t arguments_size;
};

static size_t end_text(struct strbuf *text)
{
	strbuf__add_char(text, '\0');
	return text->len;
}

static void write_texts(struct strbuf *text, const struct process_names *names,
			const struct process *process, struct offsets *offsets)
{
	bool has_cwd = !(process->flags & WHO_FLAG_CWD_ERROR) &&
		       (names->cwd_size > 0 || process->flags & WHO_FLAG_ROOT_CWD);

	offsets->binary = 0;
	add_binary(text, names, has_cwd);
	offsets->interpreter = end_text(text);
	add_name(text, names->interpreter, names->interpreter_size);
	offsets->file = end_text(text);
	if (names->file_size > 0)
		add_path(text, names, names->file, names->file_size);
	offsets->cwd = end_text(text);
	if (has_cwd)
		add_path(text, names, names->cwd, names->cwd_size);
	offsets->arguments = end_text(text);
	offsets->arguments_size = add_arguments(text, names);
	offsets->environment = text->len;
	if (names->environment_size > 0) {
		strbuf__add(text, names->environment, names->environment_size);
		if (names->environment[names->environment_size - 1] != '\0')
			strbuf__add_char(text, '\0');
	}
}

int process_names__bind(const struct process_names *names, struct process_entry *entry)
{
	struct strbuf text = STRBUF_INIT;
	struct process_text *block;
	struct offsets offsets;

	write_texts(&text, names, &entry->process, &offsets);
	if (strbuf__status(&text) < 0) {
		strbuf__done(&text);
		return -ENOMEM;
	}
	block = malloc(sizeof(*block) + text.len);
	if (block) {
		block->references = 1;
		block->size = (uint32_t)text.len;
		memcpy(block->bytes, text.data, text.len);
		entry->text = block;
		entry->process.binary = block->bytes + offsets.binary;
		entry->process.interpreter = block->bytes + offsets.interpreter;
		entry->process.file = block->bytes + offsets.file;
		entry->process.cwd = block->bytes + offsets.cwd;
		entry->process.arguments = block->bytes + offsets.arguments;
		entry->process.arguments_size = (uint32_t)offsets.arguments_size;
		entry->process.environment = block->bytes + offsets.environment;
		entry->process.environment_size = (uint32_t)(text.len - offsets.environment);
	}
	strbuf__done(&text);
	return block ? 0 : -ENOMEM;
}
