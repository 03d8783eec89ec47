/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CONFIG_TRACING_POLICY_TRACING_POLICY_H
#define SRC_CONFIG_TRACING_POLICY_TRACING_POLICY_H

/*
 * What the files of this room share: the reader, which makes policy_spec of what text.h bound, a file for each noun.
 * It owns nothing but what it collects while it reads; all that it makes is in the spec's arena.
 * parse.c drives it, one policy after the other.
 *
 * Errors are collected: what is wrong is left out of the result, which nobody gets to see then. Functions that make
 * something return false only when there is no memory.
 */

#include "config/dialect.h"
#include "config/tracing_policy/text.h"

/* A selector by name, of which others take filters. */
struct macro {
	const char *name;
	const char *path;
	struct selector_text selector;
	bool is_broken; /* it was complained about: nobody gets it */
};

struct reader {
	struct arena *arena;       /* borrowed: of the spec */
	struct err_list *errors;   /* borrowed */
	struct err_list *warnings; /* borrowed */
	int first;                 /* code of the first error */
	/* Of the policy at hand. */
	const struct list_spec *lists;
	uint32_t list_count;
	const struct spec_text **
		odd_calls; /* of each list of system calls the first that is no function's name, or NULL */
	const struct macro *macros;
	uint32_t macro_count;
	bool has_enforcers;
	bool is_namespaced;
	uint32_t expanded; /* filters and actions that came from macros */
};

/* ---- reader.c ---- */

/* "PATH.FIELD: text"; of the thing itself when field is "". */
void reader__complain(struct reader *reader, const struct loc *at, const char *path,
		      const char *field, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/* What is read but does not do what its writer may think. */
void reader__warn(struct reader *reader, const struct loc *at, const char *path, const char *field,
		  const char *format, ...) __attribute__((format(printf, 5, 6)));
/* The path of a list's item; NULL: no memory. */
const char *reader__item_path(struct reader *reader, const char *path, const char *field,
			      uint32_t index);
/* A text that may be the name of a list, which has to be there then. */
void reader__resolve(struct reader *reader, struct value_spec *value, const char *path,
		     const char *field);
/* Whether what a list of system calls has can be hooked: there names need their "sys_". value->list is one. */
void reader__check_calls(struct reader *reader, const struct value_spec *value, const char *path,
			 const char *field);
/* All of a list of struct value_spec. */
void reader__resolve_all(struct reader *reader, const struct bind_list *list, const char *path,
			 const char *field);
/* NULL when the text is absent or empty. */
const char *text_or_null(const struct spec_text *text);

/* ---- quote.c ---- */

/* As Go writes a string, without the quotes around it, of at most so many bytes of the text. NULL: no memory. */
const char *go_quote(struct arena *arena, const char *text, size_t max_len);

/* ---- scope.c ---- */

/* *ret_scope: NULL for everybody. kube_namespace: what else limits it, or NULL. */
bool reader__scope(struct reader *reader, const struct workloads_text *text, const char *path,
		   const struct spec_text *kube_namespace, const struct scope_spec **ret_scope);
bool reader__nodes(struct reader *reader, const struct label_selector_text *text, const char *path,
		   const struct selector_spec **ret_nodes, uint32_t *ret_count);

/* ---- argument.c ---- */

/* All arguments of a hook; its kind is set. */
bool reader__arguments(struct reader *reader, const struct hook_text *text, struct hook_spec *hook);

/* ---- match.c ---- */

/* Adds all filters of a selector, or of a macro, which has a path of its own. Arguments of the hook are set. */
bool reader__matches(struct reader *reader, const struct selector_text *text, const char *path,
		     const struct hook_spec *hook, struct rule_spec *rule);

/* ---- action.c ---- */

/* Sets the actions of a rule, unless the selector has none. */
bool reader__actions(struct reader *reader, const struct selector_text *text, const char *path,
		     const struct hook_spec *hook, struct rule_spec *rule);
/* "TrackSock" or "UntrackSock" in any case. */
void reader__return_action(struct reader *reader, const struct hook_text *text,
			   struct hook_spec *hook);

/* ---- rule.c ---- */

/* All selectors of a hook, macros included. */
bool reader__rules(struct reader *reader, const struct hook_text *text, struct hook_spec *hook);

/* ---- hook.c ---- */

bool reader__hooks(struct reader *reader, const struct body_text *text, struct policy_spec *policy);

/* ---- policy.c ---- */

bool reader__policy(struct reader *reader, const struct policy_text *text,
		    struct policy_spec *policy);

#endif
