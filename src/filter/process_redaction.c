/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/process_redaction.h"

#include <errno.h>

#include "base/mem.h"
#include "filter/filter_text.h"

struct redaction_filter {
	struct pattern_list binaries; /* whose; none: everybody's */
	struct pattern_list secrets;
};

struct process_redaction {
	struct arena arena;               /* owned; scratch of parsing */
	struct redaction_filter *filters; /* owned */
	size_t count, capacity;
	struct strbuf from, to; /* a text on its way through the patterns */
};

/* ---- parsing ---- */

static int parse_key(struct filter_text *text, const char *key, const json_t *value,
		     struct redaction_filter *filter)
{
	if (json_is_null(value))
		return 0;
	if (filter_text_is_key("binary_regex", key))
		return filter_text__get_patterns(text, key, value, &filter->binaries);
	if (filter_text_is_key("redact", key))
		return filter_text__get_patterns(text, key, value, &filter->secrets);
	if (filter_text_is_key("match", key))
		return filter_text__refuse(
			text, key,
			"it has been without effect for long; binary_regex says whose "
			"secrets are meant");
	return filter_text__refuse(text, key,
				   "there is no such key; there are redact and binary_regex");
}

static int parse_filter(struct process_redaction *redaction, struct filter_text *text,
			json_t *object)
{
	struct redaction_filter *filter;
	const char *key;
	json_t *value;
	int r = mem_grow((void **)(void *)&redaction->filters, &redaction->capacity,
			 redaction->count + 1, sizeof(*redaction->filters));

	if (r < 0)
		return r;
	filter = &redaction->filters[redaction->count++];
	*filter = (struct redaction_filter){ 0 };
	json_object_foreach(object, key, value)
	{
		r = parse_key(text, key, value, filter);
		if (r < 0)
			return r;
	}
	for (uint32_t i = 0; i < filter->secrets.count; i++)
		if (pattern__group_count(filter->secrets.patterns[i]) == 0)
			return filter_text__refuse(
				text, "redact",
				"value %u has no group, and what groups stand for is hidden; "
				"put the secret in ( and )",
				i + 1);
	return 0;
}

int process_redaction_parse(const char *text, const struct loc *at,
			    struct process_redaction **ret_redaction, struct err *err)
{
	struct process_redaction *redaction = new_zero(struct process_redaction);
	struct filter_text reader;
	json_t *object;
	int r;

	if (!redaction)
		return -ENOMEM;
	reader = (struct filter_text){ .at = at, .arena = &redaction->arena, .err = err };
	filter_text__begin(&reader, text);
	while ((r = filter_text__next(&reader, &object)) > 0) {
		r = parse_filter(redaction, &reader, object);
		if (r < 0)
			break;
	}
	filter_text__end(&reader);
	if (r < 0)
		redaction = process_redaction__free(redaction);
	else
		*ret_redaction = redaction;
	return r;
}

struct process_redaction *process_redaction__free(struct process_redaction *redaction)
{
	if (!redaction)
		return NULL;
	for (size_t i = 0; i < redaction->count; i++) {
		pattern_list__done(&redaction->filters[i].binaries);
		pattern_list__done(&redaction->filters[i].secrets);
	}
	free(redaction->filters);
	strbuf__done(&redaction->from);
	strbuf__done(&redaction->to);
	arena__done(&redaction->arena);
	free(redaction);
	return NULL;
}

/* ---- hiding ---- */

/* Adds what lies between `done` and the end of the match, with its groups hidden; one within another is hidden with it. */
static size_t add_match(struct strbuf *to, const struct strbuf *from, struct pattern *pattern,
			size_t done)
{
	uint32_t count = pattern__group_count(pattern);
	size_t end = pattern__group(pattern, 0).end;

	for (uint32_t i = 1; i <= count; i++) {
		struct pattern_span group = pattern__group(pattern, i);

		if (group.start == PATTERN_UNSET || group.start < done)
			continue;
		strbuf__add(to, from->data + done, group.start - done);
		strbuf__add_text(to, REDACTED);
		done = group.end;
	}
	if (end > done) {
		strbuf__add(to, from->data + done, end - done);
		done = end;
	}
	return done;
}

/* From `from` to `to`. 1: something was hidden; 0: nothing, and `to` is of no use; or negative. */
static int hide(struct pattern *pattern, const struct strbuf *from, struct strbuf *to)
{
	size_t done = 0, start = 0;
	int r, is_hidden = 0;

	to->len = 0;
	while (start <= from->len &&
	       (r = pattern__match_from(pattern, from->data, from->len, start)) != 0) {
		struct pattern_span match;

		if (r < 0)
			return r;
		match = pattern__group(pattern, 0);
		done = add_match(to, from, pattern, done);
		is_hidden = 1;
		/* Behind an empty match by a character, so that it ends. */
		start = match.end;
		if (match.end == match.start)
			start += start < from->len
					 ? str_utf8_step(from->data + start, from->len - start)
					 : 1;
	}
	strbuf__add(to, from->data + done, from->len - done);
	return is_hidden;
}

static bool is_meant(const struct redaction_filter *filter, const struct text_view *binary)
{
	/* What cannot be told is taken for meant. */
	return filter->binaries.count == 0 || pattern_list__match(&filter->binaries, binary) != 0;
}

static int run_filter(struct process_redaction *redaction, const struct redaction_filter *filter)
{
	int is_hidden = 0;

	for (uint32_t i = 0; i < filter->secrets.count; i++) {
		int r = hide(filter->secrets.patterns[i], &redaction->from, &redaction->to);

		if (r < 0)
			return r;
		if (r > 0) {
			struct strbuf swap = redaction->from;

			redaction->from = redaction->to;
			redaction->to = swap;
			is_hidden = 1;
		}
	}
	return is_hidden;
}

int process_redaction__run(struct process_redaction *redaction, const struct text_view *binary,
			   const struct text_view *text, struct strbuf *out)
{
	int r = 0, is_hidden = 0;

	if (text->len == 0 || redaction->count == 0)
		return 0;
	redaction->from.len = 0;
	(void)str_add_utf8(&redaction->from, text->data, text->len);
	for (size_t i = 0; r >= 0 && i < redaction->count; i++) {
		if (!is_meant(&redaction->filters[i], binary))
			continue;
		r = run_filter(redaction, &redaction->filters[i]);
		is_hidden |= r > 0;
	}
	if (redaction->from.has_failed || redaction->to.has_failed)
		return -ENOMEM;
	if (r < 0) {
		strbuf__add_text(out, REDACTED);
		return out->has_failed ? -ENOMEM : 1;
	}
	if (is_hidden)
		strbuf__add(out, redaction->from.data, redaction->from.len);
	return out->has_failed ? -ENOMEM : is_hidden;
}
