/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_FILTER_FILTER_TEXT_H
#define SRC_FILTER_FILTER_TEXT_H

/*
 * What the lists of filters for events of policies have in common: a stream of JSON objects, one after the other, each
 * with keys that are known or refused. The reader owns the object that it handed out last; what it copies goes to the arena
 * that it was given. process_filter.c, process_fields.c and process_redaction.c read their texts with it.
 */

#include <jansson.h>
#include "base/arena.h"
#include "base/pattern.h"
#include "record/process_event.h"

#define FILTER_TEXT_MAX_BYTES (1u << 20)
#define FILTER_TEXT_MAX_OBJECTS 1024u

struct filter_text {
	const char *text; /* borrowed, as all of these */
	const struct loc *at;
	struct arena *arena;
	struct err *err;
	size_t len, offset;
	size_t object_offset; /* where the last one begins */
	json_t *object;       /* owned */
	uint32_t count;       /* of objects, with this one */
};

/* Several patterns of which one is enough. */
struct pattern_list {
	struct pattern **patterns; /* owned; NULL: there are none */
	uint32_t count;
};

struct text_list {
	const struct text_view *texts; /* in the arena */
	uint32_t count;
};

void filter_text__begin(struct filter_text *text, const char *source);
/* 1: there is one, the next one ends it; 0: that was all; -EINVAL with the position, -E2BIG. */
int filter_text__next(struct filter_text *text, json_t **ret_object);
/* After the last one, also if it failed. */
void filter_text__end(struct filter_text *text);

/* Keys may be written in snake_case and, as JSON of protobufs has them, in camelCase. */
bool filter_text_is_key(const char *name, const char *key);
/* -EINVAL: "filter 2: 'key': " and what is wrong. */
int filter_text__refuse(struct filter_text *text, const char *key, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The values of keys; -EINVAL if they are of another type. */
int filter_text__get_texts(struct filter_text *text, const char *key, const json_t *value,
			   struct text_list *ret_list);
int filter_text__get_patterns(struct filter_text *text, const char *key, const json_t *value,
			      struct pattern_list *list);
int filter_text__get_bool(struct filter_text *text, const char *key, const json_t *value,
			  bool *ret_value);
/* A bit for each kind, by name or number. */
int filter_text__get_kinds(struct filter_text *text, const char *key, const json_t *value,
			   uint32_t *ret_kinds);

/* 1, 0, or negative when it cannot be told: a pattern needs too many steps. */
int pattern_list__match(const struct pattern_list *list, const struct text_view *text);
void pattern_list__done(struct pattern_list *list);

#endif
