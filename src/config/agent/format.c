/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "config/agent/file.h"

static void add_text(struct strbuf *out, const char *key, const struct spec_text *text)
{
	if (text->text)
		strbuf__printf(out, "%s \"%s\"\n", key, text->text);
}

static void add_texts(struct strbuf *out, const char *key, const struct bind_list *list)
{
	const struct spec_text *texts = list->items;

	for (uint32_t i = 0; i < list->count; i++)
		add_text(out, key, &texts[i]);
}

static void format_part(const struct agent_part *part, struct strbuf *out)
{
	const struct step_pair *params = part->params.items;

	strbuf__printf(out, "run %s \"%s\" %u:%u\n", agent_part_kind_name(part->kind),
		       part->what.text ? part->what.text : "", part->at.line, part->at.column);
	add_text(out, "\tname", &part->name);
	add_texts(out, "\tnames", &part->names);
	for (uint32_t i = 0; i < part->params.count; i++)
		strbuf__printf(out, "\tparam \"%s\" \"%s\"\n", params[i].key, params[i].value);
	add_text(out, "\tby", &part->by);
	add_texts(out, "\tfilter", &part->filters);
	add_texts(out, "\texpression", &part->expressions);
	if (part->kind == AGENT_PART_GADGET)
		strbuf__printf(out, "\tmetrics %d\n", part->metrics);
	if (part->original_names)
		strbuf__add_text(out, "\toriginal_names\n");
	if (part->kind == AGENT_PART_POLICY)
		strbuf__printf(out, "\tmode %d, disabled %d\n", part->mode, part->disabled);
	if (!part->live)
		strbuf__add_text(out, "\tnot live\n");
}

void agent_file__format_sections(const struct agent_file *file, struct strbuf *out)
{
	const struct {
		const char *key;
		const struct spec_text *text;
	} texts[] = {
		{ "listen.address", &file->listen.address },
		{ "listen.exporter", &file->listen.exporter },
		{ "listen.gadgets", &file->listen.gadgets },
		{ "listen.policies", &file->listen.policies },
		{ "listen.telemetry_path", &file->listen.telemetry_path },
		{ "listen.web_config", &file->listen.web_config },
		{ "control.socket", &file->control.socket },
		{ "identity.host_root", &file->identity.host_root },
		{ "identity.btf", &file->identity.btf },
		{ "policies.node", &file->policies.node },
		{ "policies.cluster", &file->policies.cluster },
		{ "events.file", &file->events.file },
		{ "events.socket", &file->events.socket },
		{ "events.allow", &file->events.allow },
		{ "events.deny", &file->events.deny },
		{ "events.fields", &file->events.fields },
		{ "events.redact", &file->events.redact },
		{ "events.rate_limit", &file->events.rate_limit },
		{ "capabilities", &file->capabilities },
	};

	for (size_t i = 0; i < array_size(texts); i++)
		add_text(out, texts[i].key, texts[i].text);
	add_texts(out, "identity.runtime_sockets", &file->identity.runtime_sockets);
	add_texts(out, "only.container", &file->only.container);
	add_texts(out, "only.pod", &file->only.pod);
	add_texts(out, "only.namespace", &file->only.namespace);
	add_texts(out, "only.unit", &file->only.unit);
	add_texts(out, "only.user", &file->only.user);
	add_texts(out, "policies.ancestors", &file->policies.ancestors);
	add_texts(out, "policies.environment_names", &file->policies.environment_names);
	add_texts(out, "policies.labels", &file->policies.labels);
	strbuf__printf(out, "policies %d %d %d %d %d\nevents %u %u %lld %d\n",
		       file->policies.credentials, file->policies.namespaces,
		       file->policies.labels.is_set, file->policies.environment,
		       file->policies.user_names, file->events.max_bytes, file->events.max_backups,
		       (long long)file->events.interval, file->events.compress);
	strbuf__printf(
		out,
		"listen.lifecycle %d\nlisten.openmetrics %d\nlimits.series %u\n"
		"limits.label_cache_keys %u\nlimits.ring_bytes %u\nruntime_timeout %lld\nledger %lld %lld\nretry %lld %lld\n"
		"syscall_names %d\nrewrite %d\nstrict %d\n",
		file->listen.lifecycle, file->listen.openmetrics, file->limits.series,
		file->limits.label_cache_keys, file->limits.ring_bytes,
		(long long)file->identity.runtime_timeout, (long long)file->ledger.interval,
		(long long)file->ledger.window, (long long)file->retry.first,
		(long long)file->retry.most, file->syscall_names, file->rewrite, file->strict);
}

void agent_file__format(const struct agent_file *file, struct strbuf *out)
{
	agent_file__format_sections(file, out);
	for (uint32_t i = 0; i < file->part_count; i++)
		format_part(&file->parts[i], out);
}
