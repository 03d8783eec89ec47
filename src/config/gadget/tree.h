/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CONFIG_GADGET_TREE_H
#define SRC_CONFIG_GADGET_TREE_H

/*
 * Trees of nodes as gadgets mean them: keys in any case, scalars that are texts however they are written, and
 * patches laid over a tree. Results live in the arena that is handed in, or are borrowed from the tree.
 * The other files of this room read gadget.yaml with it.
 */

#include <stdbool.h>
#include "config/yaml.h"

/* Value of a key in any case, the last one when it repeats; NULL when there is none or the node is no map. */
const struct node *tree_find(const struct node *map, const char *key);
/* The text of a scalar, "" of null; NULL when the node is no scalar. */
const char *tree_text(const struct node *node);
bool tree_is_true(const struct node *node);
char *tree_lower(struct arena *arena, const char *text);

/* What merging may cost, whatever is merged how often. */
#define TREE_MAX_MERGED_PAIRS (1u << 20)

struct tree_merge {
	struct arena *arena; /* borrowed */
	size_t pairs;        /* copied so far */
};

/* `patch` laid over `base`: maps are merged, anything else replaces. -E2BIG over the bound. */
int tree_merge__run(struct tree_merge *merge, const struct node *base, const struct node *patch,
		    const struct node **ret_node);

#endif
