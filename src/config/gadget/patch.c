/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "config/gadget/gadget.h"

#define MAX_TEXT_BYTES 65536
#define CUSTOM_PREFIX "custom."

struct patcher {
	struct gadget_writer *writer;
	const struct dialect_input *input;
	const struct node *root; /* with the patches so far */
	struct tree_merge merge;
};

/* ---- templates in texts --------------------------------------------------------------------- */

static const char *skip_blanks(const char *at)
{
	while (isspace((unsigned char)*at))
		at++;
	return at;
}

/* Value of a parameter by its name, with "custom." before it or not. NULL: there is none. */
static const char *param_value(struct patcher *patcher, const char *name)
{
	if (strncasecmp(name, CUSTOM_PREFIX, strlen(CUSTOM_PREFIX)) == 0)
		name += strlen(CUSTOM_PREFIX);
	vec_for_each(&patcher->writer->params, param)
		if (strcasecmp(param->name, name) == 0)
			return param->value;
	return NULL;
}

/* Text at "a.b.c" of the tree; NULL: there is none. */
static const char *config_value(struct patcher *patcher, const char *path)
{
	__cleanup(x_freep) char *copy = strdup(path);
	const struct node *node = patcher->root;
	char *rest = copy, *key;

	while (copy && (key = strsep(&rest, ".")))
		node = tree_find(node, key);
	return tree_text(node);
}

static const struct {
	const char *name;
	const char *(*get)(struct patcher *patcher, const char *argument);
} functions[] = {
	{ "getConfig", config_value },
	{ "getParamValue", param_value },
};

static bool skip_word(const char **at, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*at, word, len) != 0)
		return false;
	*at = skip_blanks(*at + len);
	return true;
}

/* What stands between "{{" and "}}": [call] [.]FUNCTION "ARGUMENT". NULL: it is something else. */
static const char *evaluate(struct patcher *patcher, const char *text, size_t len)
{
	__cleanup(x_freep) char *copy = strndup(text, len);
	const char *at;
	char *end;

	if (!copy)
		return NULL;
	at = skip_blanks(copy[0] == '-' ? copy + 1 : copy);
	(void)skip_word(&at, "call ");
	(void)skip_word(&at, ".");
	for (size_t i = 0; i < array_size(functions); i++) {
		if (!skip_word(&at, functions[i].name) || (*at != '"' && *at != '`'))
			continue;
		end = strchr(at + 1, *at);
		if (!end)
			return NULL;
		*end = '\0';
		return functions[i].get(patcher, at + 1);
	}
	return NULL;
}

/* -EINVAL: a template is not understood; it has been told. */
static int expand_text(struct patcher *patcher, const struct node *node, struct strbuf *out)
{
	const char *at = node->text, *open;

	while ((open = strstr(at, "{{"))) {
		const char *end = strstr(open, "}}"), *value;

		value = end ? evaluate(patcher, open + 2, (size_t)(end - open) - 2) : NULL;
		if (!value)
			return err_list__set(
				patcher->writer->errors, -EINVAL, &node->at,
				"template '%.60s' means nothing here; write {{getParamValue \"NAME\"}} of a "
				"custom parameter, or {{getConfig \"KEY.KEY\"}}",
				open);
		strbuf__add(out, at, (size_t)(open - at));
		strbuf__add_text(out, value);
		at = end + 2;
		if (out->len > MAX_TEXT_BYTES)
			return err_list__set(patcher->writer->errors, -E2BIG, &node->at,
					     "the text is longer than %d bytes", MAX_TEXT_BYTES);
	}
	strbuf__add_text(out, at);
	return strbuf__status(out);
}

static int expand(struct patcher *patcher, const struct node *node, const struct node **ret_node);

static int expand_scalar(struct patcher *patcher, const struct node *node, struct node *copy)
{
	struct strbuf text = STRBUF_INIT;
	int r = expand_text(patcher, node, &text);

	if (r == 0) {
		copy->text = arena__strdup(patcher->writer->arena, strbuf__text(&text));
		copy->text_len = text.len;
		r = copy->text ? 0 : -ENOMEM;
	}
	strbuf__done(&text);
	return r;
}

static int expand_map(struct patcher *patcher, const struct node *node, struct node *copy)
{
	struct node_pair *pairs = arena__memdup(patcher->writer->arena, node->pairs,
						node->count * sizeof(*pairs));
	int r = pairs ? 0 : -ENOMEM;

	for (uint32_t i = 0; r == 0 && i < node->count; i++)
		r = expand(patcher, pairs[i].value, &pairs[i].value);
	copy->pairs = pairs;
	return r;
}

static int expand_list(struct patcher *patcher, const struct node *node, struct node *copy)
{
	const struct node **items = arena__memdup(patcher->writer->arena, node->items,
						  node->count * sizeof(const struct node *));
	int r = items ? 0 : -ENOMEM;

	for (uint32_t i = 0; r == 0 && i < node->count; i++)
		r = expand(patcher, items[i], &items[i]);
	copy->items = items;
	return r;
}

/* A copy of the tree in which no template is left. Its depth is bounded by the YAML parser. */
static int expand(struct patcher *patcher, const struct node *node, const struct node **ret_node)
{
	static int (*const kinds[])(struct patcher *, const struct node *, struct node *) = {
		[NODE_SCALAR] = expand_scalar,
		[NODE_LIST] = expand_list,
		[NODE_MAP] = expand_map,
	};
	struct node *copy;
	int r;

	if (++patcher->merge.pairs > TREE_MAX_MERGED_PAIRS)
		return -E2BIG;
	copy = arena__memdup(patcher->writer->arena, node, sizeof(*node));
	r = copy ? kinds[node->kind](patcher, node, copy) : -ENOMEM;
	if (r == 0)
		*ret_node = copy;
	return r;
}

/* ---- custom parameters ---------------------------------------------------------------------- */

static const char *given_value(const struct dialect_input *input, const char *name,
			       const char *alias)
{
	for (uint32_t i = input->value_count; i-- > 0;)
		if (strcasecmp(input->values[i].key, name) == 0 ||
		    (alias[0] && strcasecmp(input->values[i].key, alias) == 0))
			return input->values[i].value;
	return NULL;
}

static int add_choices(struct gadget_writer *writer, const struct node *values,
		       struct param_spec *param)
{
	struct spec_text *choices;
	bool is_known = false;

	if (!values || values->kind != NODE_MAP || values->count == 0)
		return 0;
	choices = arena_array(writer->arena, struct spec_text, values->count);
	if (!choices)
		return -ENOMEM;
	for (uint32_t i = 0; i < values->count; i++) {
		const char *text = tree_text(values->pairs[i].key);

		if (!text)
			continue;
		choices[param->choice_count++] =
			(struct spec_text){ .text = text, .at = values->pairs[i].key->at };
		is_known |= strcasecmp(text, param->value) == 0;
	}
	param->choices = choices;
	if (is_known || !param->value[0])
		return 0;
	return err_list__set(writer->errors, -EINVAL, &param->at,
			     "\"%.64s\" is no value of parameter '%s'; it has a patch for '%s'%s",
			     param->value, param->name, choices[0].text,
			     param->choice_count > 1 ? " and others" : "");
}

static int add_custom(struct patcher *patcher, const struct node *key, const struct node *custom)
{
	struct gadget_writer *writer = patcher->writer;
	const char *help = tree_text(tree_find(custom, "description"));
	const char *initial = tree_text(tree_find(custom, "defaultValue"));
	const char *alias = tree_text(tree_find(custom, "alias"));
	const char *given;
	struct param_spec param = { .at = key->at, .name = key->text, .type = "string" };
	int r;

	given = given_value(patcher->input, key->text, alias ? alias : "");
	param.help = help ? help : "";
	param.value = initial ? initial : "";
	if (given)
		param.value = arena__strdup(writer->arena, given);
	if (!param.value)
		return -ENOMEM;
	r = add_choices(writer, tree_find(custom, "values"), &param);
	return r < 0 ? r : vec_push(&writer->params, param);
}

static int lay_over(struct patcher *patcher, const struct node *patch)
{
	const struct node *expanded;
	int r;

	if (!patch || patch->kind != NODE_MAP)
		return 0;
	r = expand(patcher, patch, &expanded);
	if (r == 0)
		r = tree_merge__run(&patcher->merge, patcher->root, expanded, &patcher->root);
	return r == -E2BIG ? err_list__set(
				     patcher->writer->errors, r, &patch->at,
				     "the patches of this gadget are too large; make them smaller")
			   : r;
}

static int apply_custom(struct patcher *patcher, const struct node *key, const struct node *custom)
{
	const char *value = param_value(patcher, key->text);
	int r;

	r = lay_over(patcher, tree_find(tree_find(tree_find(custom, "values"), value ? value : ""),
					"patch"));
	return r < 0 ? r : lay_over(patcher, tree_find(custom, "patch"));
}

int gadget_patch(struct gadget_writer *writer, const struct dialect_input *input,
		 const struct node *root, const struct node **ret_root)
{
	struct patcher patcher = { .writer = writer, .input = input, .root = root };
	const struct node *customs = tree_find(tree_find(root, "params"), "custom");
	int r = 0;

	*ret_root = root;
	if (!customs || customs->kind != NODE_MAP)
		return 0;
	if (customs->count > GADGET_MAX_CUSTOM)
		return err_list__set(writer->errors, -E2BIG, &customs->at,
				     "%u custom parameters are too many; the most are %d",
				     customs->count, GADGET_MAX_CUSTOM);
	patcher.merge.arena = writer->arena;
	for (uint32_t i = 0; r == 0 && i < customs->count; i++)
		if (customs->pairs[i].key->kind == NODE_SCALAR)
			r = add_custom(&patcher, customs->pairs[i].key, customs->pairs[i].value);
	for (uint32_t i = 0; r == 0 && i < customs->count; i++)
		if (customs->pairs[i].key->kind == NODE_SCALAR)
			r = apply_custom(&patcher, customs->pairs[i].key, customs->pairs[i].value);
	*ret_root = patcher.root;
	return r;
}
