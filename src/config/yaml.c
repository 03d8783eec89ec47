/* SPDX-License-Identifier: Apache-2.0 */
#include "config/yaml.h"

#include <errno.h>
#include <string.h>
#include <yaml.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"

#define SYNTAX_HINT "check quotes and indentation (by spaces) here"
#define TAG_MERGE "tag:yaml.org,2002:merge"

struct builder {
	yaml_parser_t parser;
	struct arena *arena;
	const char *text;
	size_t len;
	const char *origin;
	struct map anchors; /* name -> struct node *, the newest of that name */
	/* Children of the collections that are open, innermost last: copied to the arena when one closes. */
	VEC(const struct node *) children;
	uint32_t nodes; /* so far, aliases written out */
	struct err *err;
};

static int build_node(struct builder *builder, const yaml_event_t *event, uint32_t depth,
		      struct node **ret_node);

static struct loc mark_loc(const struct builder *builder, const yaml_mark_t *mark)
{
	return (struct loc){ builder->origin, (uint32_t)mark->line + 1,
			     (uint32_t)mark->column + 1 };
}

/* The reader knows the offset of a bad byte only. */
static struct loc offset_loc(const struct builder *builder, size_t offset)
{
	struct loc at = { builder->origin, 1, 1 };

	for (size_t i = 0; i < offset && i < builder->len; i++) {
		at.column++;
		if (builder->text[i] == '\n') {
			at.line++;
			at.column = 1;
		}
	}
	return at;
}

static int syntax_error(struct builder *builder)
{
	const yaml_parser_t *parser = &builder->parser;
	const char *problem = parser->problem ? parser->problem : "unknown problem";
	struct loc at;

	if (parser->error == YAML_MEMORY_ERROR)
		return err__set(builder->err, -ENOMEM, NULL, "no memory to parse yaml");
	if (parser->error == YAML_READER_ERROR) {
		at = offset_loc(builder, parser->problem_offset);
		return err__set(builder->err, -EINVAL, &at,
				"yaml: %s; the text must be UTF-8 without control characters",
				problem);
	}
	at = mark_loc(builder, &parser->problem_mark);
	if (parser->context && parser->context_mark.line != parser->problem_mark.line)
		return err__set(builder->err, -EINVAL, &at,
				"yaml: %s %s that starts on line %zu; " SYNTAX_HINT, problem,
				parser->context, parser->context_mark.line + 1);
	return err__set(builder->err, -EINVAL, &at, "yaml: %s%s%s; " SYNTAX_HINT, problem,
			parser->context ? " " : "", parser->context ? parser->context : "");
}

static int next_event(struct builder *builder, yaml_event_t *ret_event)
{
	return yaml_parser_parse(&builder->parser, ret_event) ? 0 : syntax_error(builder);
}

/* Adds to the number of nodes, against the bound. */
static int count_nodes(struct builder *builder, uint32_t more, const struct loc *at)
{
	if (more > YAML_MAX_NODES - builder->nodes)
		return err__set(builder->err, -E2BIG, at,
				"yaml: more than %u values, aliases written out; split the config",
				YAML_MAX_NODES);
	builder->nodes += more;
	return 0;
}

static int check_depth(struct builder *builder, uint32_t depth, const struct loc *at)
{
	if (depth <= YAML_MAX_DEPTH)
		return 0;
	return err__set(builder->err, -E2BIG, at,
			"yaml: nested deeper than %u levels; no config needs that", YAML_MAX_DEPTH);
}

static int add_anchor(struct builder *builder, const yaml_char_t *anchor, struct node *node)
{
	if (!anchor)
		return 0;
	return map__set(&builder->anchors, anchor, strlen((const char *)anchor), node, NULL);
}

static int new_node(struct builder *builder, const yaml_event_t *event, enum node_kind kind,
		    const yaml_char_t *tag, struct node **ret_node)
{
	struct loc at = mark_loc(builder, &event->start_mark);
	struct node *node;
	int r;

	r = count_nodes(builder, 1, &at);
	if (r < 0)
		return r;
	node = arena_new(builder->arena, struct node);
	if (!node)
		return -ENOMEM;
	node->at = at;
	node->kind = kind;
	if (tag) {
		node->tag = arena__strdup(builder->arena, (const char *)tag);
		if (!node->tag)
			return -ENOMEM;
	}
	*ret_node = node;
	return 0;
}

static int build_scalar(struct builder *builder, const yaml_event_t *event, struct node **ret_node)
{
	struct node *node;
	int r;

	r = new_node(builder, event, NODE_SCALAR, event->data.scalar.tag, &node);
	if (r < 0)
		return r;
	node->text_len = event->data.scalar.length;
	node->text = arena__strndup(builder->arena, (const char *)event->data.scalar.value,
				    node->text_len);
	/* strndup stops at a NUL byte: such a text is kept whole, whoever needs a C string refuses it. */
	if (node->text && memchr(event->data.scalar.value, 0, node->text_len))
		node->text = arena__memdup(builder->arena, event->data.scalar.value,
					   node->text_len + 1);
	if (!node->text)
		return -ENOMEM;
	node->is_quoted = !event->data.scalar.plain_implicit && !node->tag;
	node->weight = 1;
	node->height = 1;
	*ret_node = node;
	return add_anchor(builder, event->data.scalar.anchor, node);
}

static int find_alias(struct builder *builder, const yaml_event_t *event, uint32_t depth,
		      struct node **ret_node)
{
	const char *name = (const char *)event->data.alias.anchor;
	struct node *node = map__find(&builder->anchors, name, strlen(name));
	struct loc at = mark_loc(builder, &event->start_mark);
	int r;

	if (!node)
		return err__set(builder->err, -EINVAL, &at,
				"yaml: no anchor '&%s' stands before this alias; define it first",
				name);
	if (node->weight == 0) /* still open */
		return err__set(builder->err, -EINVAL, &at,
				"yaml: anchor '&%s' contains itself; write the value out", name);
	r = check_depth(builder, depth + node->height - 1, &at);
	if (r < 0)
		return r;
	*ret_node = node;
	return count_nodes(builder, node->weight, &at);
}

/* Reads children up to the end event; they are left on the stack. */
static int build_children(struct builder *builder, yaml_event_type_t end, uint32_t depth)
{
	for (;;) {
		yaml_event_t event;
		struct node *child;
		bool is_end;
		int r;

		r = next_event(builder, &event);
		if (r < 0)
			return r;
		is_end = event.type == end;
		if (!is_end)
			r = build_node(builder, &event, depth + 1, &child);
		yaml_event_delete(&event);
		if (r < 0 || is_end)
			return r;
		if (vec_push(&builder->children, child) < 0)
			return -ENOMEM;
	}
}

static bool is_merge_key(const struct node *key)
{
	if (key->kind != NODE_SCALAR || strcmp(key->text, "<<") != 0)
		return false;
	return key->tag ? strcmp(key->tag, TAG_MERGE) == 0 : !key->is_quoted;
}

static bool can_merge(const struct node *value)
{
	if (value->kind != NODE_LIST)
		return value->kind == NODE_MAP;
	for (uint32_t i = 0; i < value->count; i++)
		if (value->items[i]->kind != NODE_MAP)
			return false;
	return true;
}

static uint32_t merged_count(const struct node *value)
{
	uint32_t count = 0;

	if (value->kind == NODE_MAP)
		return value->count;
	for (uint32_t i = 0; i < value->count; i++)
		count += value->items[i]->count;
	return count;
}

static uint32_t splice_map(struct node_pair *pairs, const struct node *map)
{
	for (uint32_t i = 0; i < map->count; i++) {
		pairs[i] = map->pairs[i];
		pairs[i].is_merged = true;
	}
	return map->count;
}

static uint32_t splice(struct node_pair *pairs, const struct node *value)
{
	uint32_t count = 0;

	if (value->kind == NODE_MAP)
		return splice_map(pairs, value);
	/* Of several merged maps the first wins, so it comes last. */
	for (uint32_t i = value->count; i-- > 0;)
		count += splice_map(pairs + count, value->items[i]);
	return count;
}

/* Makes pairs of keys and values that alternate; merge keys are replaced by what they bring. */
static int set_pairs(struct builder *builder, struct node *map, const struct node *const *nodes,
		     size_t len)
{
	struct node_pair *pairs;
	size_t count = 0;

	for (size_t i = 0; i < len; i += 2) {
		if (!is_merge_key(nodes[i])) {
			count++;
			continue;
		}
		if (!can_merge(nodes[i + 1]))
			return err__set(builder->err, -EINVAL, &nodes[i + 1]->at,
					"yaml: '<<' merges %s; it must be a map or a list of maps",
					node__describe(nodes[i + 1]));
		count += merged_count(nodes[i + 1]);
	}
	pairs = arena_array(builder->arena, struct node_pair, count);
	if (!pairs)
		return -ENOMEM;
	map->pairs = pairs;
	map->count = (uint32_t)count;
	for (size_t i = 0; i < len; i += 2) {
		if (is_merge_key(nodes[i]))
			pairs += splice(pairs, nodes[i + 1]);
		else
			*pairs++ = (struct node_pair){ .key = nodes[i], .value = nodes[i + 1] };
	}
	return 0;
}

static int set_items(struct builder *builder, struct node *list, const struct node *const *nodes,
		     size_t len)
{
	list->count = (uint32_t)len;
	list->items = arena__memdup(builder->arena, nodes, len * sizeof(*nodes));
	return list->items ? 0 : -ENOMEM;
}

/* Takes the children from `first` on off the stack and makes them the node's. */
static int close_collection(struct builder *builder, struct node *node, size_t first)
{
	const struct node *const *nodes = builder->children.items + first;
	size_t len = builder->children.len - first;
	uint32_t weight = 1, height = 0;
	int r = 0;

	for (size_t i = 0; i < len; i++) {
		weight += nodes[i]->weight;
		if (nodes[i]->height > height)
			height = nodes[i]->height;
	}
	if (len > 0)
		r = (node->kind == NODE_MAP ? set_pairs : set_items)(builder, node, nodes, len);
	if (r < 0)
		return r;
	builder->children.len = first;
	node->weight = weight;
	node->height = height + 1;
	return 0;
}

static int build_collection(struct builder *builder, const yaml_event_t *event, uint32_t depth,
			    struct node **ret_node)
{
	bool is_map = event->type == YAML_MAPPING_START_EVENT;
	const yaml_char_t *tag = is_map ? event->data.mapping_start.tag
					: event->data.sequence_start.tag;
	const yaml_char_t *anchor = is_map ? event->data.mapping_start.anchor
					   : event->data.sequence_start.anchor;
	size_t first = builder->children.len;
	struct node *node;
	int r;

	r = new_node(builder, event, is_map ? NODE_MAP : NODE_LIST, tag, &node);
	if (r < 0)
		return r;
	r = check_depth(builder, depth, &node->at);
	if (r < 0)
		return r;
	r = add_anchor(builder, anchor, node);
	if (r < 0)
		return r;
	r = build_children(builder, is_map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT,
			   depth);
	if (r < 0)
		return r;
	*ret_node = node;
	return close_collection(builder, node, first);
}

static int build_node(struct builder *builder, const yaml_event_t *event, uint32_t depth,
		      struct node **ret_node)
{
	switch (event->type) {
	case YAML_ALIAS_EVENT:
		return find_alias(builder, event, depth, ret_node);
	case YAML_SCALAR_EVENT:
		return build_scalar(builder, event, ret_node);
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return build_collection(builder, event, depth, ret_node);
	default:
		return err__set(builder->err, -EINVAL, &(struct loc){ .file = builder->origin },
				"yaml: a value was expected");
	}
}

static int empty_file(struct builder *builder)
{
	return err__set(builder->err, -ENODATA, &(struct loc){ .file = builder->origin },
			"the file is empty; a config is a map of keys");
}

/* Up to the start of the first document's content: 0 and the event, or -ENODATA. */
static int find_document(struct builder *builder, yaml_event_t *ret_event)
{
	for (;;) {
		yaml_event_type_t type;
		int r = next_event(builder, ret_event);

		if (r < 0)
			return r;
		type = ret_event->type;
		if (type != YAML_STREAM_START_EVENT && type != YAML_DOCUMENT_START_EVENT &&
		    type != YAML_STREAM_END_EVENT)
			return 0;
		yaml_event_delete(ret_event);
		if (type == YAML_STREAM_END_EVENT)
			return empty_file(builder);
	}
}

static int build_document(struct builder *builder, const struct node **ret_root)
{
	struct node *root;
	yaml_event_t event;
	int r;

	r = find_document(builder, &event);
	if (r < 0)
		return r;
	r = build_node(builder, &event, 1, &root);
	yaml_event_delete(&event);
	if (r < 0)
		return r;
	/* What comes before the end of the document must parse, as upstream reads it; what follows is not read. */
	r = next_event(builder, &event);
	if (r < 0)
		return r;
	yaml_event_delete(&event);
	*ret_root = root;
	return 0;
}

/* Documents are left on the stack of children. */
static int build_documents(struct builder *builder)
{
	for (;;) {
		yaml_event_type_t type;
		struct node *root = NULL;
		yaml_event_t event;
		int r;

		r = next_event(builder, &event);
		if (r < 0)
			return r;
		type = event.type;
		if (type != YAML_STREAM_START_EVENT && type != YAML_DOCUMENT_START_EVENT &&
		    type != YAML_DOCUMENT_END_EVENT && type != YAML_STREAM_END_EVENT)
			r = build_node(builder, &event, 1, &root);
		yaml_event_delete(&event);
		if (type == YAML_DOCUMENT_END_EVENT)
			map__done(&builder->anchors, NULL);
		if (r == 0 && root && vec_push(&builder->children, root) < 0)
			r = -ENOMEM;
		if (r < 0 || type == YAML_STREAM_END_EVENT)
			return r;
	}
}

static int begin(struct builder *builder)
{
	if (builder->len > YAML_MAX_BYTES)
		return err__set(builder->err, -E2BIG, &(struct loc){ .file = builder->origin },
				"the file has %zu bytes; at most %u are read", builder->len,
				YAML_MAX_BYTES);
	/* so that a stack of no children has an address to count from, too */
	if (vec_reserve(&builder->children, 1) < 0)
		return -ENOMEM;
	if (!yaml_parser_initialize(&builder->parser)) {
		vec_done(&builder->children);
		return -ENOMEM;
	}
	yaml_parser_set_input_string(&builder->parser, (const unsigned char *)builder->text,
				     builder->len);
	return 0;
}

static void end(struct builder *builder)
{
	yaml_parser_delete(&builder->parser);
	map__done(&builder->anchors, NULL);
	vec_done(&builder->children);
}

int node_parse_yaml(const char *text, size_t len, const char *origin, struct arena *arena,
		    const struct node **ret_root, struct err *err)
{
	struct builder builder = {
		.arena = arena, .text = text, .len = len, .origin = origin, .err = err
	};
	int r = begin(&builder);

	if (r < 0)
		return r;
	r = build_document(&builder, ret_root);
	end(&builder);
	return r;
}

int node_parse_yaml_documents(const char *text, size_t len, const char *origin, struct arena *arena,
			      const struct node *const **ret_roots, uint32_t *ret_count,
			      struct err *err)
{
	struct builder builder = {
		.arena = arena, .text = text, .len = len, .origin = origin, .err = err
	};
	int r = begin(&builder);

	if (r < 0)
		return r;
	r = build_documents(&builder);
	if (r == 0 && builder.children.len == 0)
		r = empty_file(&builder);
	if (r == 0) {
		const struct node *const *roots =
			arena__memdup(arena, builder.children.items,
				      builder.children.len * sizeof(*builder.children.items));

		r = roots ? 0 : -ENOMEM;
		if (r == 0) {
			*ret_roots = roots;
			*ret_count = (uint32_t)builder.children.len;
		}
	}
	end(&builder);
	return r;
}

const struct node *node__find(const struct node *map, const char *key)
{
	if (map->kind != NODE_MAP)
		return NULL;
	for (uint32_t i = map->count; i-- > 0;)
		if (map->pairs[i].key->kind == NODE_SCALAR &&
		    strcmp(map->pairs[i].key->text, key) == 0)
			return map->pairs[i].value;
	return NULL;
}

const char *node__describe(const struct node *node)
{
	static const char *const names[] = {
		[NODE_SCALAR] = "text",
		[NODE_LIST] = "a list",
		[NODE_MAP] = "a map",
	};

	return names[node->kind];
}
