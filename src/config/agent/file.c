/* SPDX-License-Identifier: Apache-2.0 */
#include "config/agent/file.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

/* As --ledger.interval and --ledger.window are bounded. */
#define LEDGER_INTERVAL_MIN_NS (100 * NS_PER_MS)
#define LEDGER_WINDOW_MIN_NS NS_PER_MS

/* ---- sections ------------------------------------------------------------------------------------------- */

#define TEXT(type, member) BIND_FIELD(struct type, member, &bind_text)
#define TEXTS(type, member) BIND_FIELD(struct type, member, &bind_texts)
#define BOOL(type, member) BIND_FIELD(struct type, member, &bind_bool)

static const struct bind_field listen_fields[] = {
	TEXT(agent_listen, address),        TEXT(agent_listen, exporter),
	TEXT(agent_listen, gadgets),        BOOL(agent_listen, lifecycle),
	BOOL(agent_listen, openmetrics),    TEXT(agent_listen, policies),
	TEXT(agent_listen, telemetry_path), TEXT(agent_listen, web_config),
};
static const struct bind_type listen_type = BIND_STRUCT_TYPE("listen section", struct agent_listen,
							     listen_fields);

static const struct bind_field control_fields[] = { TEXT(agent_control, socket) };
static const struct bind_type control_type = BIND_STRUCT_TYPE("control section",
							      struct agent_control, control_fields);

static const struct bind_field identity_fields[] = {
	TEXT(agent_identity, btf),
	TEXT(agent_identity, host_root),
	TEXTS(agent_identity, runtime_sockets),
	BIND_FIELD(struct agent_identity, runtime_timeout, &bind_duration),
};
static const struct bind_type identity_type =
	BIND_STRUCT_TYPE("identity section", struct agent_identity, identity_fields);

static const struct bind_field only_fields[] = {
	TEXTS(agent_only, container), TEXTS(agent_only, namespace), TEXTS(agent_only, pod),
	TEXTS(agent_only, unit),      TEXTS(agent_only, user),
};
static const struct bind_type only_type = BIND_STRUCT_TYPE("only section", struct agent_only,
							   only_fields);

static const struct bind_field limits_fields[] = {
	BIND_FIELD(struct agent_limits, label_cache_keys, &bind_u32),
	BIND_FIELD(struct agent_limits, ring_bytes, &bind_u32),
	BIND_FIELD(struct agent_limits, series, &bind_u32),
};
static const struct bind_type limits_type = BIND_STRUCT_TYPE("limits section", struct agent_limits,
							     limits_fields);

static const struct bind_field ledger_fields[] = {
	BIND_FIELD(struct agent_ledger, interval, &bind_duration),
	BIND_FIELD(struct agent_ledger, window, &bind_duration),
};
static const struct bind_type ledger_type = BIND_STRUCT_TYPE("ledger section", struct agent_ledger,
							     ledger_fields);

static const struct bind_field retry_fields[] = {
	BIND_FIELD(struct agent_retry, first, &bind_duration),
	BIND_FIELD(struct agent_retry, most, &bind_duration),
};
static const struct bind_type retry_type = BIND_STRUCT_TYPE("retry section", struct agent_retry,
							    retry_fields);

static const struct bind_field policies_fields[] = {
	TEXTS(agent_policies, ancestors),         TEXT(agent_policies, cluster),
	BOOL(agent_policies, credentials),        BOOL(agent_policies, environment),
	TEXTS(agent_policies, environment_names), TEXTS(agent_policies, labels),
	BOOL(agent_policies, namespaces),         TEXT(agent_policies, node),
	BOOL(agent_policies, user_names),
};
static const struct bind_type policies_type =
	BIND_STRUCT_TYPE("policies section", struct agent_policies, policies_fields);

static const struct bind_field events_fields[] = {
	TEXT(agent_events, allow),
	BOOL(agent_events, compress),
	TEXT(agent_events, deny),
	TEXT(agent_events, fields),
	TEXT(agent_events, file),
	BIND_FIELD(struct agent_events, interval, &bind_duration),
	BIND_FIELD(struct agent_events, max_backups, &bind_u32),
	BIND_FIELD(struct agent_events, max_bytes, &bind_u32),
	TEXT(agent_events, rate_limit),
	TEXT(agent_events, redact),
	TEXT(agent_events, socket),
};
static const struct agent_events events_initial = { .max_backups = 5 };
static const struct bind_type events_type = {
	.kind = BIND_STRUCT,
	.noun = "events section",
	.size = sizeof(struct agent_events),
	.initial = &events_initial,
	.fields = events_fields,
	.field_count = array_size(events_fields),
};

static const struct bind_word syscall_words[] = {
	{ "ebpf_exporter", AGENT_SYSCALLS_EXPORTER },
	{ "kernel", AGENT_SYSCALLS_KERNEL },
};
static const struct bind_type syscall_type = { .kind = BIND_WORD,
					       .noun = "source of names of system calls",
					       .words = syscall_words,
					       .word_count = array_size(syscall_words) };

struct root_section {
	struct agent_file file;
	const struct node *run;
};

#define FILE_FIELD(member, type_)                                                                  \
	{                                                                                          \
		.key = #member,                                                                    \
		.offset = offsetof(struct root_section, file) +                                    \
			  offsetof(struct agent_file, member),                                     \
		.type = (type_)                                                                    \
	}
static const struct bind_field root_fields[] = {
	FILE_FIELD(capabilities, &bind_text), FILE_FIELD(control, &control_type),
	FILE_FIELD(events, &events_type),     FILE_FIELD(identity, &identity_type),
	FILE_FIELD(ledger, &ledger_type),     FILE_FIELD(limits, &limits_type),
	FILE_FIELD(listen, &listen_type),     FILE_FIELD(only, &only_type),
	FILE_FIELD(policies, &policies_type), FILE_FIELD(retry, &retry_type),
	FILE_FIELD(rewrite, &bind_bool),      BIND_FIELD(struct root_section, run, &bind_node),
	FILE_FIELD(strict, &bind_bool),       FILE_FIELD(syscall_names, &syscall_type),
};
static const struct root_section root_initial = {
	.file = { .ledger = { .interval = 10 * NS_PER_S, .window = 100 * NS_PER_MS },
		  .retry = { .first = 5 * NS_PER_S, .most = 300 * NS_PER_S },
		  .events = { .max_backups = 5 },
		  .capabilities = { .text = "all" },
		  .rewrite = true },
};
static const struct bind_type root_type = {
	.kind = BIND_STRUCT,
	.noun = "sonde.yaml",
	.size = sizeof(struct root_section),
	.initial = &root_initial,
	.fields = root_fields,
	.field_count = array_size(root_fields),
};

/* ---- what to run: the key that says what it is decides which others there may be ------------------------ */

#define WHAT(key_)                                                                                 \
	{                                                                                          \
		.key = (key_), .offset = offsetof(struct agent_part, what), .type = &bind_text,    \
		.is_required = true                                                                \
	}
#define PART(member, type_) BIND_FIELD(struct agent_part, member, (type_))

static const struct bind_field exporter_fields[] = {
	PART(by, &bind_text),     WHAT("exporter"),          PART(name, &bind_text),
	PART(names, &bind_texts), PART(params, &bind_pairs),
};

static const struct bind_word metrics_words[] = {
	{ "all", METRIC_WISH_ALL },
	{ "asked", METRIC_WISH_ASKED },
	{ "none", METRIC_WISH_NONE },
};
static const struct bind_type metrics_type = { .kind = BIND_WORD,
					       .noun = "choice of metrics",
					       .words = metrics_words,
					       .word_count = array_size(metrics_words) };

static const struct bind_field gadget_fields[] = {
	PART(expressions, &bind_texts),   PART(filters, &bind_texts),   WHAT("gadget"),
	PART(live, &bind_bool),           PART(metrics, &metrics_type), PART(name, &bind_text),
	PART(original_names, &bind_bool), PART(params, &bind_pairs),
};

static const struct bind_field metrics_fields[] = {
	PART(live, &bind_bool),
	WHAT("metrics"),
	PART(name, &bind_text),
	PART(original_names, &bind_bool),
};

static const struct bind_word mode_words[] = {
	{ "enforce", AGENT_POLICY_ENFORCE },
	{ "monitor", AGENT_POLICY_MONITOR },
};
static const struct bind_type mode_type = { .kind = BIND_WORD,
					    .noun = "mode of policies",
					    .words = mode_words,
					    .word_count = array_size(mode_words) };

static const struct bind_field policy_fields[] = {
	PART(disabled, &bind_bool), PART(mode, &mode_type), PART(name, &bind_text),
	PART(names, &bind_texts),   WHAT("policy"),
};

static const struct bind_field probe_fields[] = {
	PART(by, &bind_text),
	PART(name, &bind_text),
	PART(params, &bind_pairs),
	WHAT("probe"),
};

#define PART_TYPE(key_, fields_)                                                                   \
	{                                                                                          \
		.kind = BIND_STRUCT, .noun = "run item with '" key_ "'",                           \
		.size = sizeof(struct agent_part), .fields = (fields_),                            \
		.field_count = array_size(fields_)                                                 \
	}

/* Alphabetical, by enum agent_part_kind. */
static const struct {
	const char *key;
	struct bind_type type;
} kinds[] = {
	[AGENT_PART_EXPORTER] = { "exporter", PART_TYPE("exporter", exporter_fields) },
	[AGENT_PART_GADGET] = { "gadget", PART_TYPE("gadget", gadget_fields) },
	[AGENT_PART_METRICS] = { "metrics", PART_TYPE("metrics", metrics_fields) },
	[AGENT_PART_POLICY] = { "policy", PART_TYPE("policy", policy_fields) },
	[AGENT_PART_PROBE] = { "probe", PART_TYPE("probe", probe_fields) },
};

const char *agent_part_kind_name(enum agent_part_kind kind)
{
	return kinds[kind].key;
}

struct reader {
	struct arena *arena;
	struct err_list *errors;
	struct binder binder;
};

/* Of a gadget `metrics` is how many of them; of the item it is a file with metrics. */
static bool is_other_meaning(const struct node *item, enum agent_part_kind kind)
{
	return kind == AGENT_PART_METRICS && node__find(item, kinds[AGENT_PART_GADGET].key) != NULL;
}

static int find_kind(struct reader *reader, const struct node *item, enum agent_part_kind *ret_kind)
{
	bool is_found = false;

	if (item->kind != NODE_MAP)
		return err_list__set(reader->errors, -EINVAL, &item->at,
				     "run: expected a map, as 'gadget: trace_exec'; this is %s",
				     node__describe(item));
	for (size_t i = 0; i < array_size(kinds); i++) {
		const struct node *value = node__find(item, kinds[i].key);

		if (!value || is_other_meaning(item, (enum agent_part_kind)i))
			continue;
		if (is_found)
			return err_list__set(
				reader->errors, -EINVAL, &value->at,
				"run: one item is both '%s' and '%s'; make two items of it",
				kinds[*ret_kind].key, kinds[i].key);
		is_found = true;
		*ret_kind = (enum agent_part_kind)i;
	}
	return is_found
		       ? 0
		       : err_list__set(
				 reader->errors, -EINVAL, &item->at,
				 "run: this says not what to run; give it one of exporter, gadget, metrics, policy or probe");
}

static int read_part(struct reader *reader, const struct node *item, struct agent_part *ret_part)
{
	struct agent_part part = { .metrics = METRIC_WISH_ALL, .live = true };
	enum agent_part_kind kind = AGENT_PART_EXPORTER;
	int r = find_kind(reader, item, &kind);

	if (r == 0)
		r = binder__run(&reader->binder, item, &kinds[kind].type, &part);
	if (r < 0)
		return r;
	part.at = item->at;
	part.kind = kind;
	*ret_part = part;
	return 0;
}

static int read_parts(struct reader *reader, const struct node *run, struct agent_file *file)
{
	struct agent_part *parts;
	int first = 0;

	if (!run || (run->kind == NODE_SCALAR && run->text_len == 0))
		return err_list__set(reader->errors, -EINVAL, &file->at,
				     "there is nothing to run; list it under 'run:'");
	if (run->kind != NODE_LIST)
		return err_list__set(reader->errors, -EINVAL, &run->at,
				     "run: expected a list of what to run, this is %s",
				     node__describe(run));
	if (run->count > AGENT_FILE_MAX_PARTS)
		return err_list__set(reader->errors, -E2BIG, &run->at,
				     "run: there are %u items; at most %u are run", run->count,
				     AGENT_FILE_MAX_PARTS);
	parts = arena_array(reader->arena, struct agent_part, (size_t)run->count + 1);
	if (!parts)
		return -ENOMEM;
	for (uint32_t i = 0; i < run->count; i++) {
		int r = read_part(reader, run->items[i], &parts[i]);

		first = first < 0 ? first : r;
	}
	file->parts = parts;
	file->part_count = run->count;
	return first;
}

/* ---- what kinds of values cannot say -------------------------------------------------------------------- */

static int check_ranges(struct reader *reader, const struct agent_file *file)
{
	const struct spec_text *path = &file->listen.telemetry_path;

	if (path->text && path->text[0] != '/')
		return err_list__set(reader->errors, -EINVAL, &path->at,
				     "telemetry_path: '%s' does not begin with '/'", path->text);
	if (file->ledger.interval != 0 && (file->ledger.interval < LEDGER_INTERVAL_MIN_NS ||
					   file->ledger.window < LEDGER_WINDOW_MIN_NS ||
					   file->ledger.window >= file->ledger.interval))
		return err_list__set(
			reader->errors, -EINVAL, &file->ledger.at,
			"ledger: interval is 0 for never, or at least 100ms; window at least 1ms, and less than that");
	if (file->identity.runtime_timeout < 0)
		return err_list__set(reader->errors, -EINVAL, &file->identity.at,
				     "runtime_timeout: it has to be 0 or more");
	if (file->retry.first < 0 || file->retry.most < file->retry.first)
		return err_list__set(
			reader->errors, -EINVAL, &file->retry.at,
			"retry: first is 0 for never, or a time that is at most the one of 'most'");
	return 0;
}

static int check_events(struct reader *reader, struct agent_file *file)
{
	struct agent_events *events = &file->events;
	const char *text = events->rate_limit.text;
	uint64_t number;

	if (events->at.line > 0 && !events->file.text && !events->socket.text &&
	    !events->redact.text)
		return err_list__set(reader->errors, -EINVAL, &events->at,
				     "events: say where they go: 'file' or 'socket' is missing");
	if (events->interval < 0)
		return err_list__set(reader->errors, -EINVAL, &events->at,
				     "events: interval has to be 0 or more");
	if (!text)
		return 0;
	if (num_parse_u64(text, strlen(text), &number) < 0 || number > UINT32_MAX)
		return err_list__set(
			reader->errors, -EINVAL, &events->rate_limit.at,
			"rate_limit: '%s' is no number of events a minute; leave it out for no limit",
			text);
	events->per_minute = (uint32_t)number;
	return 0;
}

/* The same thing twice has one name too few. */
static int check_twice(struct reader *reader, const struct agent_file *file)
{
	int first = 0;

	for (uint32_t i = 0; i < file->part_count; i++) {
		for (uint32_t k = 0; k < i && file->parts[i].what.text; k++) {
			const struct agent_part *a = &file->parts[i], *b = &file->parts[k];
			const char *a_name = a->name.text ? a->name.text : "";
			const char *b_name = b->name.text ? b->name.text : "";

			if (a->kind != b->kind || !b->what.text ||
			    !str_eq(a->what.text, b->what.text) || !str_eq(a_name, b_name) ||
			    a->names.is_set)
				continue;
			first = err_list__set(
				reader->errors, -EEXIST, &a->at,
				"run: %s '%s' stands in line %u already; give one of them a 'name'",
				kinds[a->kind].key, a->what.text, b->at.line);
			break;
		}
	}
	return first;
}

int agent_file_parse(const char *text, size_t len, const char *origin, struct arena *arena,
		     struct agent_file *ret_file, struct err_list *errors)
{
	struct root_section root = root_initial;
	struct reader reader = {
		.arena = arena,
		.errors = errors,
		.binder = { .arena = arena, .errors = errors, .is_strict = true },
	};
	const struct node *node = NULL;
	struct err err = ERR_INIT;
	int r = node_parse_yaml(text, len, origin, arena, &node, &err), next;

	if (r < 0 && r != -ENODATA)
		err_list__add(errors, &err);
	err__done(&err);
	if (r < 0 && r != -ENODATA)
		return r;
	r = node ? binder__run(&reader.binder, node, &root_type, &root) : 0;
	if (!root.file.at.file)
		root.file.at = (struct loc){ .file = origin, .line = 1, .column = 1 };
	/* One round tells all that is wrong. */
	next = node && node->kind != NODE_MAP ? 0 : read_parts(&reader, root.run, &root.file);
	r = r < 0 ? r : next;
	next = check_ranges(&reader, &root.file);
	r = r < 0 ? r : next;
	next = check_events(&reader, &root.file);
	r = r < 0 ? r : next;
	if (r == 0)
		r = check_twice(&reader, &root.file);
	if (r == 0)
		*ret_file = root.file;
	return r;
}
