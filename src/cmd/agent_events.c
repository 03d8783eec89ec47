/* SPDX-License-Identifier: Apache-2.0 */
/* What the file of `sonde agent` says of policies: what is shown of processes, and where events go. */
#include <errno.h>

#include "base/str.h"
#include "cmd/agent.h"
#include "cmd/policy_serve.h"
#include "pipeline/agent.h"
#include "pipeline/event_file.h"
#include "pipeline/event_socket.h"
#include "pipeline/policy_output.h"

/* "a,b": as flags have lists. NULL: no memory. */
static const char *join(struct agent_run *run, const struct bind_list *list)
{
	const struct spec_text *texts = list->items;
	struct strbuf text = STRBUF_INIT;
	const char *joined;

	for (uint32_t i = 0; i < list->count; i++)
		strbuf__printf(&text, "%s%s", i ? "," : "", texts[i].text ? texts[i].text : "");
	joined = strbuf__status(&text) < 0 ? NULL : arena__strdup(&run->arena, strbuf__text(&text));
	strbuf__done(&text);
	return joined;
}

static int read_list(struct agent_run *run, const struct bind_list *list, const char *key,
		     int (*parse)(const char *text, uint32_t *ret_bits, struct err *err),
		     uint32_t *ret_bits, struct err *err)
{
	const char *text = join(run, list);
	int r = text ? parse(text, ret_bits, err) : -ENOMEM;

	return r < 0 ? err__wrap(err, r, &list->at, "%s", key) : 0;
}

int agent_run__set_policies(struct agent_run *run, struct policies_options *ret_options,
			    struct err *err)
{
	const struct agent_policies *policies = &run->file.policies;
	struct policies_options options = {
		.has_labels = policies->labels.is_set,
		.has_credentials = policies->credentials,
		.has_namespaces = policies->namespaces,
		.has_environment = policies->environment,
		.has_user_names = policies->user_names,
		.node = policies->node.text,
		.cluster = policies->cluster.text,
		.redaction = run->file.events.redact.text,
	};
	int r = read_list(run, &policies->labels, "policies.labels", policy_parse_labels,
			  &options.labels, err);

	if (r == 0)
		r = read_list(run, &policies->ancestors, "policies.ancestors",
			      policy_parse_ancestors, &options.ancestors, err);
	options.environment_names = join(run, &policies->environment_names);
	if (!options.environment_names)
		return -ENOMEM;
	if (r == 0)
		*ret_options = options;
	return r;
}

static int open_file(struct agent_run *run, const struct process_export_options *export,
		     struct err *err)
{
	const struct agent_events *events = &run->file.events;
	const struct event_file_options options = {
		.policies = agent__policies(run->session.agent),
		.loop = run->session.loop,
		.file = { .path = agent_run__path(run, &events->file),
			  .max_bytes = events->max_bytes,
			  .max_backups = events->max_backups,
			  .interval_ns = events->interval,
			  .compresses = events->compress },
		.export = *export,
	};
	int r;

	if (!events->file.text)
		return 0;
	r = options.file.path ? event_file__new(&options, &run->events, err) : -ENOMEM;
	if (r == 0)
		agent__set_event_file(run->session.agent, run->events);
	return r;
}

static int open_socket(struct agent_run *run, const struct process_export_options *export,
		       struct err *err)
{
	const struct agent_events *events = &run->file.events;
	const struct event_socket_options options = {
		.policies = agent__policies(run->session.agent),
		.loop = run->session.loop,
		.path = agent_run__path(run, &events->socket),
		.export = *export,
	};
	int r;

	if (!events->socket.text)
		return 0;
	r = options.path ? event_socket__new(&options, &run->event_socket, err) : -ENOMEM;
	if (r == 0)
		agent__set_event_socket(run->session.agent, run->event_socket);
	return r;
}

int agent_run__open_events(struct agent_run *run, struct err *err)
{
	const struct agent_events *events = &run->file.events;
	const struct process_export_options export = {
		.allow = events->allow.text,
		.deny = events->deny.text,
		.fields = events->fields.text,
		.is_limited = events->rate_limit.text != NULL,
		.per_minute = events->per_minute,
	};
	int r = policy_output_check(&export, err);

	if (r == 0 && !run->options->is_checking)
		r = open_file(run, &export, err);
	if (r == 0 && !run->options->is_checking)
		r = open_socket(run, &export, err);
	return r < 0 ? err__wrap(err, r, &events->at, "events") : 0;
}

void agent_run__close_events(struct agent_run *run)
{
	if (run->session.agent) {
		agent__set_event_file(run->session.agent, NULL);
		agent__set_event_socket(run->session.agent, NULL);
	}
	run->events = event_file__free(run->events);
	run->event_socket = event_socket__free(run->event_socket);
}
