/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/expand.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

#define MAX_FILE_BYTES (1u << 20)
#define MAX_WORDS 65536
/* A file that names itself ends here. */
#define MAX_DEPTH 8

struct expander {
	struct arena *arena; /* NULL: files are not read */
	struct expansion *words;
	bool has_only_arguments; /* "--" has been read */
	struct err *err;
};

static int expand_word(struct expander *expander, const char *word, unsigned int depth);

static int expand_file(struct expander *expander, const char *path, unsigned int depth)
{
	__cleanup(x_freep) char *text = NULL;
	size_t len;
	int r;

	if (depth == MAX_DEPTH)
		return err__set(expander->err, -ELOOP, NULL,
				"arguments file \"%s\" is the %dth that names another one", path,
				MAX_DEPTH);
	r = fd_read_all(AT_FDCWD, path, MAX_FILE_BYTES, &text, &len);
	if (r < 0)
		return err__set(expander->err, r, NULL, "failed to open arguments file \"%s\": %s",
				path, strerror(-r));
	for (char *line = text; line && r == 0;) {
		char *end = strchr(line, '\n');
		size_t line_len = end ? (size_t)(end - line) : strlen(line);

		if (line_len > 0 && line[0] != '#') {
			const char *word = arena__strndup(expander->arena, line, line_len);

			r = word ? expand_word(expander, word, depth + 1) : -ENOMEM;
		}
		line = end ? end + 1 : NULL;
	}
	return r;
}

static int expand_word(struct expander *expander, const char *word, unsigned int depth)
{
	const struct expanded_word whole = { .text = word,
					     .is_no_flag = expander->has_only_arguments };

	if (!expander->has_only_arguments) {
		if (str_eq(word, "--")) {
			expander->has_only_arguments = true;
			return 0;
		}
		if (expander->arena && word[0] == '@' && word[1] != '\0')
			return expand_file(expander, word + 1, depth);
	}
	if (expander->words->len == MAX_WORDS)
		return err__set(expander->err, -E2BIG, NULL, "more than %d arguments", MAX_WORDS);
	return vec_push(expander->words, whole);
}

static int expand_all(struct expander *expander, int argc, const char *const *argv)
{
	struct err *err = expander->err;

	*expander->words = (struct expansion){ 0 };
	for (int i = 0; i < argc; i++) {
		int r = expand_word(expander, argv[i], 0);

		if (r < 0)
			return err__is_set(err) || !err
				       ? r
				       : err__set(err, r, NULL, "no memory for the arguments");
	}
	return 0;
}

int expand_arguments(int argc, const char *const *argv, struct arena *arena,
		     struct expansion *ret_words, struct err *err)
{
	struct expander expander = { .arena = arena, .words = ret_words, .err = err };

	return expand_all(&expander, argc, argv);
}

int keep_arguments(int argc, const char *const *argv, struct expansion *ret_words, struct err *err)
{
	struct expander expander = { .words = ret_words, .err = err };

	return expand_all(&expander, argc, argv);
}
