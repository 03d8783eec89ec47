/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CONFIG_YAML_H
#define SRC_CONFIG_YAML_H

/*
 * YAML text to a bounded tree of nodes that keep what was written: raw scalar text, quoting, tag, position.
 * The tree lives in the arena it was parsed into and is const; aliases share the node they name.
 * Dialects hand it to bind.h; only those whose shape depends on its content walk it themselves.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"

/*
 * Bounds. Nodes are counted as if every alias were written out, so that a few lines of aliases of aliases
 * cannot stand for billions of nodes; the largest config known has about a thousand.
 */
#define YAML_MAX_BYTES (4u << 20)
#define YAML_MAX_NODES (1u << 18)
#define YAML_MAX_DEPTH 64u

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node_pair {
	const struct node *key;
	const struct node *value;
	bool is_merged; /* came through "<<": it may repeat a key of the map itself */
};

struct node {
	struct loc at;
	enum node_kind kind;
	bool is_quoted;  /* scalar in quotes or a block: text, whatever it looks like */
	const char *tag; /* explicit tag in full, "tag:yaml.org,2002:int"; or NULL */
	uint32_t count;  /* items or pairs */
	uint32_t weight; /* nodes in this tree, itself included, aliases written out */
	uint32_t height; /* levels in this tree; 1 for a scalar */
	union {
		const char *text; /* scalar, NUL-terminated; may hold NUL bytes before text_len */
		const struct node *const *items;
		const struct node_pair *
			pairs; /* in the order of the text; merge keys are spliced in their place */
	};
	size_t text_len;
};

/*
 * Parses the first document. YAML 1.1; merge keys are applied where they stand, as go-yaml v2 does: what
 * follows them in the map wins, what stands before them does not. Keys may repeat: later ones win in bind.
 * 0 and *ret_root; -ENODATA when there is no document at all; -EINVAL bad YAML; -E2BIG over a bound.
 */
int node_parse_yaml(const char *text, size_t len, const char *origin, struct arena *arena,
		    const struct node **ret_root, struct err *err);

/*
 * Parses all documents of the text; anchors are those of their own document, the bound on nodes is for all together.
 * Those without content are null scalars. *ret_roots is in the arena. Errors as above, -ENODATA included.
 */
int node_parse_yaml_documents(const char *text, size_t len, const char *origin, struct arena *arena,
			      const struct node *const **ret_roots, uint32_t *ret_count,
			      struct err *err);

/* Value of a key, the last one when it repeats; NULL when there is none or the node is no map. */
const struct node *node__find(const struct node *map, const char *key);
/* "text", "a list", "a map": for messages. */
const char *node__describe(const struct node *node);

#endif
