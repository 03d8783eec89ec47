/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CONFIG_GADGET_METRICS_GADGET_METRICS_H
#define SRC_CONFIG_GADGET_METRICS_GADGET_METRICS_H

/*
 * What the files of this room share: the table of gadgets and columns as they were called in v0.21, rules of selectors,
 * and the documents of a file. Everything lives in the spec's arena; tables are const.
 * gadget_metrics_parse() drives it.
 */

#include "config/dialect.h"
#include "config/yaml.h"

/* ---- columns.c ---- */

struct legacy_column {
	const char *name;
	const char *field;   /* as today's gadget calls it */
	const char *setting; /* parameter that must be true for it to be filled, or NULL */
};

struct legacy_gadget {
	const char *category, *name;
	const char *gadget; /* today's */
	enum stream_mode mode;
	const char *setting; /* parameter that makes today's gadget the old one, or NULL */
	const struct legacy_column *columns;
	uint32_t column_count;
};

/* NULL when there is none; names are as written there. */
const struct legacy_gadget *legacy_gadget_find(const char *category, const char *name);
/* NULL behind the last one. */
const struct legacy_gadget *legacy_gadget_at(uint32_t index);
/* In any case; NULL: it is no column of v0.21, perhaps a field of today. */
const struct legacy_column *legacy_column_find(const struct legacy_gadget *gadget,
					       const char *name);
/* All of a gadget, those that every gadget has included; NULL behind the last one. */
const struct legacy_column *legacy_column_at(const struct legacy_gadget *gadget, uint32_t index);

/* ---- selector.c ---- */

/*
 * "column:rule" or a map of one column to its rule. The rule: "!" or not, then "~regular expression", ">=number",
 * ">number", "<=number", "<number", or what it has to equal. when->field is the column as written.
 */
int selector_parse(struct arena *arena, const struct node *node, struct when_spec *ret_when,
		   struct err_list *errors);

/* ---- document.c ---- */

#define DOCUMENTS_MAX 64u

struct document_list {
	const struct node **roots; /* arena: configs of metrics, in the order of the file */
	uint32_t count;
};

/*
 * The documents of a file that are configs of metrics, be it by themselves or as texts of a ConfigMap. What else a
 * manifest has is passed over. Positions are those of the file. -EINVAL: bad YAML, or there is no such config.
 */
int documents_read(struct arena *arena, const struct dialect_input *input,
		   struct document_list *ret_documents, struct err_list *errors);

#endif
