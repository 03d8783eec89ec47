/* SPDX-License-Identifier: Apache-2.0 */
#include "config/gadget/tree.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

const struct node *tree_find(const struct node *map, const char *key)
{
	const struct node *found = NULL;

	if (!map || map->kind != NODE_MAP)
		return NULL;
	for (uint32_t i = 0; i < map->count; i++)
		if (map->pairs[i].key->kind == NODE_SCALAR &&
		    strcasecmp(map->pairs[i].key->text, key) == 0)
			found = map->pairs[i].value;
	return found;
}

const char *tree_text(const struct node *node)
{
	if (!node || node->kind != NODE_SCALAR)
		return NULL;
	return !node->is_quoted && (str_eq(node->text, "null") || str_eq(node->text, "~"))
		       ? ""
		       : node->text;
}

bool tree_is_true(const struct node *node)
{
	const char *text = tree_text(node);

	return text && (strcasecmp(text, "true") == 0 || str_eq(text, "1"));
}

char *tree_lower(struct arena *arena, const char *text)
{
	char *copy = arena__strdup(arena, text);

	for (char *c = copy; c && *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return copy;
}

/* ---- merging -------------------------------------------------------------------------------- */

static bool has_key(const struct node *map, const struct node *key)
{
	return key->kind == NODE_SCALAR && tree_find(map, key->text) != NULL;
}

static int merge_maps(struct tree_merge *merge, const struct node *base, const struct node *patch,
		      struct node_pair *pairs, uint32_t *ret_count)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < base->count; i++) {
		const struct node *key = base->pairs[i].key;
		const struct node *over = key->kind == NODE_SCALAR ? tree_find(patch, key->text)
								   : NULL;
		int r = 0;

		pairs[count] = base->pairs[i];
		if (over)
			r = tree_merge__run(merge, base->pairs[i].value, over, &pairs[count].value);
		if (r < 0)
			return r;
		count++;
	}
	for (uint32_t i = 0; i < patch->count; i++)
		if (!has_key(base, patch->pairs[i].key))
			pairs[count++] = patch->pairs[i];
	*ret_count = count;
	return 0;
}

int tree_merge__run(struct tree_merge *merge, const struct node *base, const struct node *patch,
		    const struct node **ret_node)
{
	struct node_pair *pairs;
	struct node *node;
	uint64_t searches;
	int r;

	if (!base || base->kind != NODE_MAP || patch->kind != NODE_MAP) {
		*ret_node = patch;
		return 0;
	}
	/* Keys are looked up one by one: that counts as well. */
	searches = ((uint64_t)base->count + 1) * ((uint64_t)patch->count + 1);
	if (searches > TREE_MAX_MERGED_PAIRS - merge->pairs)
		return -E2BIG;
	merge->pairs += searches;
	pairs = arena_array(merge->arena, struct node_pair, (size_t)base->count + patch->count);
	node = arena__memdup(merge->arena, base, sizeof(*base));
	if (!pairs || !node)
		return -ENOMEM;
	r = merge_maps(merge, base, patch, pairs, &node->count);
	node->pairs = pairs;
	if (r == 0)
		*ret_node = node;
	return r;
}
