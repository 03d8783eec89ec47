/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CONFIG_BIND_SCALAR_H
#define SRC_CONFIG_BIND_SCALAR_H

/*
 * The binder's scalars: text, truth values, numbers, durations, words of a table.
 * Owns nothing; texts stay in the node that the arena holds. Only bind.c calls it.
 * Each writes the target on success; otherwise it reports the error in the binder and returns its code.
 */

#include "config/bind.h"

/* Entries of one table: fields of a struct (a bit each tells which were seen) or words. */
#define BIND_MAX_ENTRIES 64

/* Where a value goes and what it is called. */
struct target {
	const char *key; /* NULL: the whole config */
	const struct bind_type *type;
	const void *start; /* what null means; NULL: zeros */
	void *value;
	const struct target *parent; /* what it is part of, or NULL */
	bool is_item;                /* of the list that is the parent */
	uint32_t index;              /* likewise */
};

/* Reports an error in the binder, with the target's place before it when the binder wants that. Returns code. */
int bind_error(struct binder *binder, const struct target *target, int code, const struct loc *at,
	       const char *format, ...) __attribute__((format(printf, 5, 6)));

/* "'key' is x; it must be y". */
int bind_wrong_type(struct binder *binder, const struct node *node, const struct target *target,
		    const char *wanted);
/* Whether the scalar's raw text can be a C string. */
int bind_check_text(struct binder *binder, const struct node *node, const struct target *target);
/* And whether it is text at all, when the binder wants that: 5 is not, "5" is. */
int bind_check_is_text(struct binder *binder, const struct node *node, const struct target *target);

int bind_text_value(struct binder *binder, const struct node *node, const struct target *target);
int bind_bool_value(struct binder *binder, const struct node *node, const struct target *target);
int bind_i64_value(struct binder *binder, const struct node *node, const struct target *target);
int bind_u32_value(struct binder *binder, const struct node *node, const struct target *target);
int bind_double_value(struct binder *binder, const struct node *node, const struct target *target);
int bind_duration_value(struct binder *binder, const struct node *node,
			const struct target *target);
int bind_word_value(struct binder *binder, const struct node *node, const struct target *target);
int bind_number_value(struct binder *binder, const struct node *node, const struct target *target);
int bind_value_value(struct binder *binder, const struct node *node, const struct target *target);
int bind_name_value(struct binder *binder, const struct node *node, const struct target *target);

#endif
