/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "config/tracing_policy/tracing_policy.h"

#define MESSAGE_MIN_LEN 2u
#define MESSAGE_MAX_LEN 256u
#define TAG_MIN_LEN 2u
#define TAG_MAX_LEN 128u
#define TAGS_MAX 16u

/* ---- words for events ----------------------------------------------------------------------- */

/* In the form that events show: escaped as Go does, which is what readers of the original's events expect. */
static bool set_message(struct reader *reader, const struct hook_text *text, struct hook_spec *hook)
{
	const char *message = text_or_null(&text->message);

	if (!message)
		return true;
	if (strlen(message) < MESSAGE_MIN_LEN)
		reader__complain(reader, &text->message.at, hook->path, "message",
				 "'%s' is too short; write %u bytes or more", message,
				 MESSAGE_MIN_LEN);
	if (strlen(message) > MESSAGE_MAX_LEN)
		reader__warn(reader, &text->message.at, hook->path, "message",
			     "it has %zu bytes, cutting it to %u", strlen(message),
			     MESSAGE_MAX_LEN);
	hook->message = go_quote(reader->arena, message, MESSAGE_MAX_LEN);
	return hook->message != NULL;
}

static bool set_tags(struct reader *reader, const struct hook_text *text, struct hook_spec *hook)
{
	const struct spec_text *texts = text->tags.items;
	const char **tags;

	if (text->tags.count > TAGS_MAX) {
		reader__complain(reader, &text->tags.at, hook->path, "tags",
				 "%u tags are too many; write at most %u", text->tags.count,
				 TAGS_MAX);
		return true;
	}
	tags = arena_array(reader->arena, const char *, text->tags.count);
	for (uint32_t i = 0; tags && i < text->tags.count; i++) {
		if (strlen(texts[i].text) < TAG_MIN_LEN)
			reader__complain(reader, &texts[i].at, hook->path, "tags",
					 "'%s' is too short; write %u bytes or more", texts[i].text,
					 TAG_MIN_LEN);
		tags[i] = go_quote(reader->arena, texts[i].text, TAG_MAX_LEN);
		if (!tags[i])
			return false;
	}
	hook->tags = tags;
	hook->tag_count = text->tags.count;
	return tags != NULL;
}

/* ---- places in a binary --------------------------------------------------------------------- */

static const struct {
	const char *name;
	enum digest_kind kind;
	size_t hex_len; /* 0: any */
} digests[] = {
	{ "build-id", DIGEST_KIND_BUILD_ID, 0 }, { "sha1", DIGEST_KIND_SHA1, 40 },
	{ "sha256", DIGEST_KIND_SHA256, 64 },    { "sha384", DIGEST_KIND_SHA384, 96 },
	{ "sha512", DIGEST_KIND_SHA512, 128 },
};

/* Without the blanks at both ends, in lower case; NULL: no memory. */
static char *trimmed(struct arena *arena, const char *text, size_t len)
{
	char *copy;

	while (len > 0 && strchr(" \t\n", text[len - 1]))
		len--;
	while (len > 0 && strchr(" \t\n", text[0])) {
		text++;
		len--;
	}
	copy = arena__strndup(arena, text, len);
	for (size_t i = 0; copy && i < len; i++)
		if (copy[i] >= 'A' && copy[i] <= 'Z')
			copy[i] = (char)(copy[i] | 0x20);
	return copy;
}

static bool is_hex(const char *text, size_t wanted_len)
{
	size_t len = strlen(text);

	return len > 0 && len % 2 == 0 && strspn(text, "0123456789abcdef") == len &&
	       (wanted_len == 0 || len == wanted_len);
}

static bool read_digest(struct reader *reader, const struct spec_text *text, const char *path,
			struct digest_spec *digest)
{
	const char *colon = strchr(text->text, ':');
	size_t name_len = colon ? (size_t)(colon - text->text) : strlen(text->text);
	char *name = trimmed(reader->arena, text->text, name_len);
	char *hex = trimmed(reader->arena, colon ? colon + 1 : "", colon ? strlen(colon + 1) : 0);

	if (!name || !hex)
		return false;
	*digest = (struct digest_spec){ .at = text->at, .hex = hex };
	for (size_t i = 0; i < array_size(digests); i++)
		if (str_eq(digests[i].name, name) && is_hex(hex, digests[i].hex_len)) {
			digest->kind = digests[i].kind;
			return true;
		}
	reader__complain(
		reader, &text->at, path, "binaryDigests",
		"'%.160s' is no digest; write sha1, sha256, sha384, sha512 or build-id, ':' and as many "
		"hexadecimal digits as that has",
		text->text);
	return true;
}

static bool set_digests(struct reader *reader, const struct hook_text *text, struct hook_spec *hook)
{
	const struct spec_text *texts = text->binaryDigests.items;
	struct digest_spec *made = arena_array(reader->arena, struct digest_spec,
					       text->binaryDigests.count);

	if (!made)
		return false;
	for (uint32_t i = 0; i < text->binaryDigests.count; i++)
		if (!read_digest(reader, &texts[i], hook->path, &made[i]))
			return false;
	hook->digests = made;
	hook->digest_count = text->binaryDigests.count;
	hook->is_ignored_when_other = text->ignore.digestVerificationFailure;
	return true;
}

static void check_symbols(struct reader *reader, const struct hook_spec *hook)
{
	for (uint32_t i = 0; i < hook->symbol_count; i++) {
		const char *symbol = hook->symbols[i].text;
		const char *plus = strchr(symbol, '+');
		uint64_t offset;

		if (symbol[0] && plus != symbol &&
		    (!plus || num_parse_u64_go(plus + 1, strlen(plus + 1), &offset) == 0))
			continue;
		reader__complain(reader, &hook->symbols[i].at, hook->path, "symbols",
				 "'%.128s' is no symbol; write its name, or name+offset", symbol);
	}
}

static bool set_places(struct reader *reader, const struct hook_text *text, struct hook_spec *hook)
{
	uint32_t places = text->symbols.count + text->offsets.count + text->addrs.count;
	unsigned int lists = (text->symbols.count > 0) + (text->offsets.count > 0) +
			     (text->addrs.count > 0);

	hook->symbols = text->symbols.items;
	hook->symbol_count = text->symbols.count;
	hook->offsets = text->offsets.items;
	hook->offset_count = text->offsets.count;
	hook->addresses = text->addrs.items;
	hook->address_count = text->addrs.count;
	hook->counters = text->refCtrOffsets.items;
	hook->counter_count = text->refCtrOffsets.count;
	if (lists != 1)
		reader__complain(reader, &text->at, hook->path, "symbols",
				 "%s; a uprobe has one list of 'symbols', 'offsets' or 'addrs'",
				 lists == 0 ? "there is no place" : "there are several lists");
	if (hook->counter_count > 0 && hook->counter_count != places)
		reader__complain(reader, &text->refCtrOffsets.at, hook->path, "refCtrOffsets",
				 "%u for %u places; write one for each", hook->counter_count,
				 places);
	check_symbols(reader, hook);
	return set_digests(reader, text, hook);
}

/* ---- hooks ---------------------------------------------------------------------------------- */

static void set_call(struct reader *reader, const struct hook_text *text, struct hook_spec *hook)
{
	bool is_function = hook->kind == HOOK_KIND_KPROBE || hook->kind == HOOK_KIND_FENTRY;

	hook->call = (struct value_spec){ .text = text->call.text,
					  .at = text->call.at,
					  .len = strlen(text->call.text),
					  .list = SPEC_NONE };
	if (is_function)
		reader__resolve(reader, &hook->call, hook->path, "call");
	hook->is_syscall = is_function && text->syscall;
	hook->is_ignored_when_missing = text->ignore.callNotFound;
	if (hook->call.list == SPEC_NONE)
		return;
	reader__check_calls(reader, &hook->call, hook->path, "call");
	/* The list knows better than the hook what its calls are. */
	if (reader->lists[hook->call.list].kind == LIST_KIND_SYSCALLS ||
	    reader->lists[hook->call.list].kind == LIST_KIND_ALL_SYSCALLS)
		hook->is_syscall = true;
}

static bool read_hook(struct reader *reader, const struct hook_text *text, struct hook_spec *hook)
{
	hook->at = text->at;
	if (hook->kind == HOOK_KIND_TRACEPOINT && text->raw)
		hook->kind = HOOK_KIND_RAW_TRACEPOINT;
	if (hook->kind != HOOK_KIND_UPROBE)
		set_call(reader, text, hook);
	if (hook->kind == HOOK_KIND_UPROBE && !set_places(reader, text, hook))
		return false;
	hook->subsystem = text_or_null(&text->subsystem);
	hook->provider = text_or_null(&text->provider);
	hook->file = text->path;
	hook->btf_file = text_or_null(&text->btfPath);
	if (!set_message(reader, text, hook) || !set_tags(reader, text, hook) ||
	    !reader__arguments(reader, text, hook))
		return false;
	reader__return_action(reader, text, hook);
	return reader__rules(reader, text, hook);
}

/* ---- all ------------------------------------------------------------------------------------ */

static const struct {
	const char *field;
	size_t offset; /* of the list in struct body_text */
	enum hook_kind kind;
	bool is_of_host; /* its file is one of the host, which tenants of a cluster have no say in */
} kinds[] = {
#define HOOKS(field_, kind_, is_of_host_)                                                          \
	{                                                                                          \
		.field = #field_, .offset = offsetof(struct body_text, field_),                    \
		.kind = HOOK_KIND_##kind_, .is_of_host = (is_of_host_)                             \
	}
	HOOKS(kprobes, KPROBE, false),
	HOOKS(fentries, FENTRY, false),
	HOOKS(tracepoints, TRACEPOINT, false),
	HOOKS(uprobes, UPROBE, true),
	HOOKS(usdts, USDT, true),
	HOOKS(lsmhooks, LSM, false),
#undef HOOKS
};

static const struct bind_list *list_at(const struct body_text *text, size_t offset)
{
	return (const struct bind_list *)(const void *)((const char *)text + offset);
}

bool reader__hooks(struct reader *reader, const struct body_text *text, struct policy_spec *policy)
{
	struct hook_spec *hook;
	uint32_t count = 0;

	for (size_t i = 0; i < array_size(kinds); i++)
		count += list_at(text, kinds[i].offset)->count;
	hook = arena_array(reader->arena, struct hook_spec, count);
	if (!hook)
		return false;
	policy->hooks = hook;
	policy->hook_count = count;
	for (size_t i = 0; i < array_size(kinds); i++) {
		const struct bind_list *list = list_at(text, kinds[i].offset);
		const struct hook_text *texts = list->items;

		if (list->count > 0 && kinds[i].is_of_host && reader->is_namespaced)
			reader__complain(
				reader, &list->at, "spec", kinds[i].field,
				"a policy of a namespace cannot hook binaries of the host; write a "
				"TracingPolicy");
		for (uint32_t k = 0; k < list->count; k++, hook++) {
			hook->path = reader__item_path(reader, "spec", kinds[i].field, k);
			hook->kind = kinds[i].kind;
			hook->index = k;
			if (!hook->path || !read_hook(reader, &texts[k], hook))
				return false;
		}
	}
	return true;
}
