/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "config/tracing_policy/tracing_policy.h"

/* More than any kernel hands to a hook, and few enough that looking for one is nothing. */
#define ARGUMENTS_MAX 64u
/* The original keeps it in four bits. */
#define SIZE_PARAMETER_MAX 15u

static const struct {
	const char *text;
	enum data_source source;
} sources[] = {
	{ "current_task", DATA_SOURCE_TASK },
	{ "pt_regs", DATA_SOURCE_REGISTERS },
};

/* Names and indexes in brackets, with single dots between them: "mm.owner.comm", "table[3].name". */
static bool is_way(const char *text)
{
	bool needs_name = true;

	while (*text) {
		size_t name = strcspn(text, ".[]");

		text += name;
		if (name > 0)
			needs_name = false;
		if (*text == '[') {
			size_t digits = strspn(text + 1, "0123456789");

			if (digits == 0 || text[digits + 1] != ']')
				return false;
			text += digits + 2;
			needs_name = false;
			if (*text && *text != '.' && *text != '[')
				return false;
		}
		if (*text == ']' || (*text == '.' && needs_name))
			return false;
		if (*text == '.') {
			needs_name = true;
			text++;
		}
	}
	return !needs_name;
}

static void check_way(struct reader *reader, const struct argument_spec *argument)
{
	if (!argument->resolve.text || argument->source == DATA_SOURCE_REGISTERS ||
	    is_way(argument->resolve.text))
		return;
	reader__complain(
		reader, &argument->resolve.at, argument->path, "resolve",
		"'%.80s' is no way through members; write names with dots between them and [n] for items",
		argument->resolve.text);
}

/* Only data has a source, and needs one. */
static void set_source(struct reader *reader, const struct argument_text *text, bool is_data,
		       struct argument_spec *argument)
{
	if (!is_data) {
		if (text_or_null(&text->source))
			reader__complain(
				reader, &text->source.at, argument->path, "source",
				"an argument is the call's; what has another source stands in 'data'");
		return;
	}
	for (size_t i = 0; text->source.text && i < array_size(sources); i++)
		if (str_eq(sources[i].text, text->source.text))
			argument->source = sources[i].source;
	if (argument->source == DATA_SOURCE_CALL)
		reader__complain(reader, text->source.text ? &text->source.at : &text->at,
				 argument->path, "source",
				 "data is from 'current_task' or 'pt_regs'; name one");
	if (!argument->resolve.text)
		reader__complain(reader, &text->at, argument->path, "resolve",
				 "data needs to be told what to take of its source; name it");
}

static struct spec_text text_unless_empty(const struct spec_text *text)
{
	return text_or_null(text) ? *text : (struct spec_text){ .at = text->at };
}

static void check_sizes(struct reader *reader, const struct argument_text *text,
			const struct argument_spec *argument)
{
	if (argument->size_parameter > SIZE_PARAMETER_MAX)
		reader__complain(reader, &text->sizeArgIndex.at, argument->path, "sizeArgIndex",
				 "no call has a parameter %u; they are counted from 1",
				 argument->size_parameter);
	if (argument->is_max_data && argument->is_return_copy)
		reader__complain(reader, &text->at, argument->path, "maxData",
				 "what is read when the call returns has no room for that; drop "
				 "'maxData' or 'returnCopy'");
}

static void read_argument(struct reader *reader, const struct argument_text *text, bool is_data,
			  const char *path, struct argument_spec *ret_argument)
{
	*ret_argument = (struct argument_spec){
		.at = text->at,
		.path = path,
		.index = (uint32_t)text->index.value,
		.type = text->type.written,
		.resolve = text_unless_empty(&text->resolve),
		.btf_type = text_unless_empty(&text->btfType),
		.btf_module = text_or_null(&text->btfTypeModule),
		.label = text_or_null(&text->label),
		.size_parameter = (uint32_t)text->sizeArgIndex.value,
		.is_max_data = text->maxData,
		.is_return_copy = text->returnCopy,
	};
	if (!ret_argument->type.text)
		ret_argument->type.text = "auto";
	if (ret_argument->type.at.line == 0)
		ret_argument->type.at = text->at;
	set_source(reader, text, is_data, ret_argument);
	check_way(reader, ret_argument);
	check_sizes(reader, text, ret_argument);
	if (ret_argument->btf_module && !ret_argument->btf_type.text)
		reader__warn(reader, &text->btfTypeModule.at, path, "btfTypeModule",
			     "without 'btfType' it says nothing, ignoring it");
}

static bool read_list(struct reader *reader, const struct bind_list *list,
		      const struct hook_spec *hook, bool is_data,
		      const struct argument_spec **ret_arguments, uint32_t *ret_count)
{
	const struct argument_text *texts = list->items;
	struct argument_spec *arguments = arena_array(reader->arena, struct argument_spec,
						      list->count);
	const char *field = is_data ? "data" : "args";

	if (!arguments)
		return false;
	if (list->count > ARGUMENTS_MAX) {
		reader__complain(reader, &list->at, hook->path, field,
				 "%u of them; at most %u can be", list->count, ARGUMENTS_MAX);
		return true;
	}
	for (uint32_t i = 0; i < list->count; i++) {
		const char *path = reader__item_path(reader, hook->path, field, i);

		if (!path)
			return false;
		read_argument(reader, &texts[i], is_data, path, &arguments[i]);
	}
	*ret_arguments = arguments;
	*ret_count = list->count;
	return true;
}

/* Without "return: true" nobody looks at what is returned. */
static bool read_return(struct reader *reader, const struct hook_text *text, struct hook_spec *hook)
{
	struct argument_spec *ret;

	if (text->returns && text->returnArg.at.line == 0)
		reader__complain(reader, &text->at, hook->path, "returnArg",
				 "'return: true' needs a returnArg that says what is returned");
	if (!text->returns && text->returnArg.at.line > 0)
		reader__warn(reader, &text->returnArg.at, hook->path, "returnArg",
			     "without 'return: true' nothing is returned, ignoring it");
	if (!text->returns || text->returnArg.at.line == 0)
		return true;
	ret = arena_new(reader->arena, struct argument_spec);
	if (!ret)
		return false;
	hook->ret = ret;
	ret->path = arena__printf(reader->arena, "%s.returnArg", hook->path);
	if (!ret->path)
		return false;
	read_argument(reader, &text->returnArg, false, ret->path, ret);
	return true;
}

/* What the kind of the hook does not have. */
static void check_kind(struct reader *reader, const struct hook_spec *hook,
		       const struct argument_spec *argument)
{
	bool is_tracepoint = hook->kind == HOOK_KIND_TRACEPOINT ||
			     hook->kind == HOOK_KIND_RAW_TRACEPOINT;

	if (str_eq(argument->type.text, "syscall64") && !is_tracepoint)
		reader__complain(
			reader, &argument->type.at, argument->path, "type",
			"only arguments of tracepoints are a 'syscall64'; an integer type would be right");
	if (argument->resolve.text && hook->kind == HOOK_KIND_TRACEPOINT)
		reader__complain(
			reader, &argument->resolve.at, argument->path, "resolve",
			"fields of a tracepoint's record have no members; with 'raw: true' "
			"arguments have");
	if (argument->resolve.text && argument->source == DATA_SOURCE_CALL &&
	    (hook->kind == HOOK_KIND_UPROBE || hook->kind == HOOK_KIND_USDT) &&
	    (!hook->btf_file || !argument->btf_type.text))
		reader__complain(
			reader, &argument->resolve.at, argument->path, "resolve",
			"members of a binary's types need 'btfPath' of the hook and 'btfType'");
	if (argument->is_return_copy && hook->kind != HOOK_KIND_KPROBE &&
	    hook->kind != HOOK_KIND_FENTRY && hook->kind != HOOK_KIND_UPROBE)
		reader__complain(reader, &argument->at, argument->path, "returnCopy",
				 "only kprobes, fentries and uprobes see the call return");
}

bool reader__arguments(struct reader *reader, const struct hook_text *text, struct hook_spec *hook)
{
	if (!read_list(reader, &text->args, hook, false, &hook->args, &hook->arg_count) ||
	    !read_list(reader, &text->data, hook, true, &hook->data, &hook->data_count) ||
	    !read_return(reader, text, hook))
		return false;
	for (uint32_t i = 0; i < hook->arg_count; i++)
		check_kind(reader, hook, &hook->args[i]);
	for (uint32_t i = 0; i < hook->data_count; i++)
		check_kind(reader, hook, &hook->data[i]);
	return true;
}
