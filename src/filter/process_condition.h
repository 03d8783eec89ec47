/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_FILTER_PROCESS_CONDITION_H
#define SRC_FILTER_PROCESS_CONDITION_H

/*
 * The keys that a filter for events of policies may have: how their values are read, and whether they hold for an event.
 * A condition owns its patterns and what it follows; the rest of its values are in the arena of the text. process_filter.c
 * has lists of them.
 */

#include "base/map.h"
#include "filter/filter_text.h"
#include "filter/process_filter.h"

struct label_selector;

enum capability_set {
	CAPABILITY_SET_NONE,
	CAPABILITY_SET_ANY,
	CAPABILITY_SET_ALL,
	CAPABILITY_SET_EXACTLY,
	CAPABILITY_SET_EMPTY
};

/* What one set of capabilities must be like. */
struct capability_condition {
	enum capability_set kind;
	uint64_t bits;
};

struct pid_list {
	const uint32_t *pids; /* arena */
	uint32_t count;
};

struct selector_list {
	const struct label_selector **selectors; /* arena */
	uint32_t count;
};

struct process_key;

/* A key of an object with its values; which of them it has is known to the key. */
struct process_condition {
	const struct process_key *key;
	struct pattern_list patterns; /* owned */
	struct text_list texts;
	struct pid_list pids;
	struct selector_list selectors;
	struct capability_condition permitted, effective, inheritable;
	uint32_t kinds; /* a bit for each */
	bool is_wanted;
	bool is_empty;       /* lists without values are as if they were not there */
	struct map followed; /* by pid_set: keys are pids */
};

typedef int (*condition_parse_fn)(struct filter_text *text, const json_t *value,
				  struct process_condition *condition);
/* 1, 0, or negative when it cannot be told. */
typedef int (*condition_match_fn)(struct process_filter_figures *figures,
				  struct process_condition *condition,
				  const struct process_event *event);

struct process_key {
	const char *name;
	condition_parse_fn parse;
	condition_match_fn match;
	bool needs_process; /* it does not hold for events without one */
	bool is_pid_set;
	bool is_forecast; /* it reads nothing of the event but its kind and its policy */
};

/* NULL: there is none of that name. */
const struct process_key *process_key_find(const char *name);
/* The name that was probably meant, or NULL. */
const char *process_key_nearest(const char *name);
void process_condition__done(struct process_condition *condition);

/* ---- process_condition_parse.c ---- */

int process_condition_parse_patterns(struct filter_text *text, const json_t *value,
				     struct process_condition *condition);
int process_condition_parse_texts(struct filter_text *text, const json_t *value,
				  struct process_condition *condition);
int process_condition_parse_kinds(struct filter_text *text, const json_t *value,
				  struct process_condition *condition);
int process_condition_parse_bool(struct filter_text *text, const json_t *value,
				 struct process_condition *condition);
int process_condition_parse_pids(struct filter_text *text, const json_t *value,
				 struct process_condition *condition);
int process_condition_parse_selectors(struct filter_text *text, const json_t *value,
				      struct process_condition *condition);
int process_condition_parse_capabilities(struct filter_text *text, const json_t *value,
					 struct process_condition *condition);
/* With the reason. */
int process_condition_refuse_expression(struct filter_text *text, const json_t *value,
					struct process_condition *condition);

#endif
