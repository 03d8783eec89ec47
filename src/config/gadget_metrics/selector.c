/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules of selectors. Of the original only the first colon separates column and rule here, so a rule may hold more of
 * them (it refuses those), and "!" negates whatever follows, also of namespaces, pods and containers (where it did not
 * work).
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/pattern.h"
#include "base/str.h"
#include "config/gadget_metrics/gadget_metrics.h"

/* Longer ones first; the last one is what is left when no sign stands there. */
static const struct {
	const char *sign;
	enum match_op op, negated;
} rules[] = {
	{ "~", MATCH_OP_REGEXP, MATCH_OP_NOT_REGEXP },
	{ ">=", MATCH_OP_GREATER_EQUAL, MATCH_OP_LESS },
	{ "<=", MATCH_OP_LESS_EQUAL, MATCH_OP_GREATER },
	{ ">", MATCH_OP_GREATER, MATCH_OP_LESS_EQUAL },
	{ "<", MATCH_OP_LESS, MATCH_OP_GREATER_EQUAL },
	{ "", MATCH_OP_EQUAL, MATCH_OP_NOT_EQUAL },
};

static struct loc behind(const struct loc *at, size_t offset)
{
	return (struct loc){ at->file, at->line, at->column + (uint32_t)offset };
}

/* A copy without the blanks around it; *at moves along. */
static char *trimmed(struct arena *arena, const char *text, size_t len, struct loc *at)
{
	while (len > 0 && *text == ' ') {
		text++;
		len--;
		*at = behind(at, 1);
	}
	while (len > 0 && text[len - 1] == ' ')
		len--;
	return arena__strndup(arena, text, len);
}

static int check_pattern(const struct when_spec *when, struct err_list *errors)
{
	struct pattern *pattern = NULL;
	struct err err = ERR_INIT;
	int r;

	if (when->op != MATCH_OP_REGEXP && when->op != MATCH_OP_NOT_REGEXP)
		return 0;
	r = pattern__compile(when->values[0].text, &when->values[0].at, &pattern, &err);
	if (r < 0)
		err_list__add(errors, &err);
	pattern__free(pattern);
	return r;
}

static int set_rule(struct arena *arena, const char *rule, const struct loc *at,
		    struct when_spec *when, struct err_list *errors)
{
	bool is_negated = *rule == '!';
	const char *text = rule + is_negated;
	struct spec_text *value = arena_new(arena, struct spec_text);
	size_t i = 0;

	if (!value)
		return -ENOMEM;
	while (!str_starts(text, rules[i].sign))
		i++;
	when->op = is_negated ? rules[i].negated : rules[i].op;
	text += strlen(rules[i].sign);
	value->at = behind(at, (size_t)(text - rule));
	value->text = text;
	when->values = value;
	when->value_count = 1;
	return check_pattern(when, errors);
}

/* Quotes come before the first character. */
static struct loc text_start(const struct node *node)
{
	return behind(&node->at, node->is_quoted);
}

static int parse_text(struct arena *arena, const struct node *node, struct when_spec *when,
		      struct err_list *errors)
{
	const char *colon = strchr(node->text, ':');
	struct loc at = text_start(node), rule_at;
	const char *rule;

	if (!colon)
		return err_list__set(errors, -EINVAL, &node->at,
				     "selector '%.64s' has no rule; write column:rule", node->text);
	rule_at = behind(&at, (size_t)(colon + 1 - node->text));
	when->field = trimmed(arena, node->text, (size_t)(colon - node->text), &at);
	rule = trimmed(arena, colon + 1, strlen(colon + 1), &rule_at);
	return when->field && rule ? set_rule(arena, rule, &rule_at, when, errors) : -ENOMEM;
}

/* "- column: rule", as the original's documentation writes it. */
static int parse_pair(struct arena *arena, const struct node *node, struct when_spec *when,
		      struct err_list *errors)
{
	const struct node_pair *pair = &node->pairs[0];
	struct loc at;

	if (node->count != 1 || pair->key->kind != NODE_SCALAR || pair->value->kind != NODE_SCALAR)
		return err_list__set(errors, -EINVAL, &node->at,
				     "a selector is one column and its rule; write column:rule");
	at = text_start(pair->value);
	when->field = pair->key->text;
	return set_rule(arena, pair->value->text, &at, when, errors);
}

int selector_parse(struct arena *arena, const struct node *node, struct when_spec *ret_when,
		   struct err_list *errors)
{
	struct when_spec when = { .at = node->at };
	int r;

	if (node->kind == NODE_LIST)
		return err_list__set(errors, -EINVAL, &node->at,
				     "a selector is a list; write column:rule");
	r = node->kind == NODE_MAP ? parse_pair(arena, node, &when, errors)
				   : parse_text(arena, node, &when, errors);
	if (r == 0 && !when.field[0])
		r = err_list__set(errors, -EINVAL, &node->at,
				  "a selector has no column; write column:rule");
	if (r == 0)
		*ret_when = when;
	return r;
}
