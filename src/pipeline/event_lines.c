/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/event_lines.h"

#include <errno.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "decode/ops.h"
#include "pipeline/policy_names.h"
#include "record/process_event_parse.h"
#include "sink/process_compact.h"
#include "sink/process_json.h"

_Static_assert(EVENT_LINES_MAX_BYTES == PROCESS_EVENT_LINE_MAX, "what is longer is refused there");

struct event_lines {
	const char *terminal;            /* borrowed */
	struct process_export *export;   /* owned */
	struct process_compact *compact; /* owned; NULL: JSON */
	struct arena arena;              /* owned; of a line */
	struct event_lines_figures figures;
	struct err problem; /* of the first malformed line */
};

static bool is_abi(const struct text_view *abi, bool is_32)
{
	const char *name = policy_abi_name(is_32);

	return abi->len == strlen(name) && memcmp(abi->data, name, abi->len) == 0;
}

const char *event_syscall_name(const struct text_view *abi, int64_t number)
{
	if (is_abi(abi, true))
		return decode_syscall_name_32(number);
	return abi->len == 0 || is_abi(abi, false) ? decode_syscall_name(number, true) : NULL;
}

int event_lines__new(const struct event_lines_options *options, struct event_lines **ret_lines,
		     struct err *err)
{
	struct event_lines *lines = new_zero(struct event_lines);
	struct process_compact_options compact = { .is_colored = options->is_colored,
						   .has_times = options->has_times,
						   .has_stacks = options->has_stacks,
						   .has_ima_hash = options->has_ima_hash,
						   .syscall_name = event_syscall_name };
	int r = lines ? process_export__new(&options->filters, clock_monotonic_ns(), &lines->export,
					    err)
		      : -ENOMEM;

	if (r == 0 && options->format == EVENT_LINES_COMPACT)
		r = process_compact__new(&compact, &lines->compact, err);
	if (r < 0) {
		event_lines__free(lines);
		return r;
	}
	lines->terminal = options->terminal;
	*ret_lines = lines;
	return 0;
}

struct event_lines *event_lines__free(struct event_lines *lines)
{
	if (!lines)
		return NULL;
	process_export__free(lines->export);
	process_compact__free(lines->compact);
	arena__done(&lines->arena);
	err__done(&lines->problem);
	free(lines);
	return NULL;
}

/* What a call wrote to a file: its first argument is the file, its second what was written. */
static int write_terminal(const struct event_lines *lines, const struct process_event *event,
			  struct strbuf *out)
{
	const struct process_argument *arguments = event->arguments;

	if (event->kind != PROCESS_EVENT_KPROBE || event->argument_count < 2 ||
	    arguments[0].kind != ARGUMENT_FILE || arguments[1].kind != ARGUMENT_BYTES ||
	    arguments[0].path.path.len != strlen(lines->terminal) ||
	    memcmp(arguments[0].path.path.data, lines->terminal, strlen(lines->terminal)) != 0)
		return 0;
	strbuf__add(out, arguments[1].bytes.bytes.data, arguments[1].bytes.bytes.len);
	return strbuf__status(out);
}

static int write_event(struct event_lines *lines, const struct process_event *event,
		       struct strbuf *out)
{
	if (lines->terminal)
		return write_terminal(lines, event, out);
	if (!lines->compact)
		return process_json__write(event, process_export__mask(lines->export), out);
	return process_compact__write(lines->compact, event, out);
}

int event_lines__take(struct event_lines *lines, const char *line, size_t len, struct strbuf *out)
{
	struct process_event event;
	size_t before = out->len;
	int r;

	lines->figures.lines++;
	arena__reset(&lines->arena);
	r = process_event_parse(line, len, &lines->arena, &event,
				lines->figures.malformed == 0 ? &lines->problem : NULL);
	if (r < 0 && r != -ENOMEM) {
		lines->figures.malformed++;
		return 0;
	}
	if (r < 0 || process_export__run(lines->export, &event, clock_monotonic_ns()) !=
			     PROCESS_VERDICT_KEEP)
		return r;
	r = write_event(lines, &event, out);
	lines->figures.printed += out->len > before;
	return r < 0 ? r : 0;
}

void event_lines__figures(const struct event_lines *lines, struct event_lines_figures *ret_figures,
			  const struct err **ret_problem)
{
	*ret_figures = lines->figures;
	*ret_problem = lines->figures.malformed > 0 ? &lines->problem : NULL;
}

int event_lines_filter_text(const struct event_filter_words *words, size_t count,
			    struct strbuf *out)
{
	struct json_writer json = { .out = out };
	bool is_empty = true;

	for (size_t i = 0; i < count; i++)
		is_empty &= words[i].count == 0;
	if (is_empty)
		return 0;
	json__begin_object(&json, NULL);
	for (size_t i = 0; i < count; i++) {
		if (words[i].count == 0)
			continue;
		json__begin_array(&json, words[i].key);
		for (size_t j = 0; j < words[i].count; j++)
			json__add_text(&json, NULL, words[i].values[j]);
		json__end_array(&json);
	}
	json__end_object(&json);
	return strbuf__status(out);
}
