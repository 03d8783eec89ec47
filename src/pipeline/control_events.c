/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/control_events.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "filter/process_export.h"
#include "pipeline/control_verbs.h"
#include "pipeline/policies.h"
#include "sink/process_json.h"
#include "web/control.h"

struct control_events {
	struct policies *policies; /* borrowed */
};

struct listener {
	struct policies *policies;     /* borrowed */
	struct control_client *client; /* borrowed */
	struct process_export *export; /* owned */
	struct strbuf line;
};

/* ---- events --------------------------------------------------------------------------------------------- */

static void take_event(void *ctx, const struct process_event *event)
{
	struct listener *listener = ctx;

	if (process_export__run(listener->export, event, clock_monotonic_ns()) !=
	    PROCESS_VERDICT_KEEP)
		return;
	/* A line for which there is no room need not be made; the client counts it. */
	if (!control_client__is_full(listener->client) &&
	    process_json__write(event, process_export__mask(listener->export), &listener->line) < 0)
		return;
	if (!control_client__send(listener->client, strbuf__text(&listener->line),
				  listener->line.len > 0 ? listener->line.len - 1 : 0))
		policies__note_export(listener->policies, POLICY_EXPORT_OVERFLOWED, 0);
	strbuf__reset(&listener->line);
}

static bool wants_event(void *ctx, enum process_event_kind kind, const char *policy)
{
	const struct listener *listener = ctx;

	return process_export__may_admit(listener->export, kind, policy);
}

static void free_listener(struct listener *listener)
{
	policies__unsubscribe(listener->policies, listener);
	process_export__free(listener->export);
	strbuf__done(&listener->line);
	free(listener);
}

static void on_client_left(void *ctx)
{
	free_listener(ctx);
}

/* ---- the verb ------------------------------------------------------------------------------------------- */

static const char *const members[] = { "allow", "deny", "fields" };

/* Each is a text, and NULL when it is not there. */
static int read_texts(const json_t *request, struct process_export_options *ret_options,
		      struct err *err)
{
	const char **texts[] = { &ret_options->allow, &ret_options->deny, &ret_options->fields };

	for (size_t i = 0; i < array_size(members); i++) {
		const json_t *value = json_object_get(request, members[i]);

		if (value && !json_is_string(value))
			return err__set(err, -EINVAL, NULL, "'%s' is a text", members[i]);
		*texts[i] = json_string_value(value);
	}
	return 0;
}

static int listen_to(struct listener *listener, const struct process_export_options *options,
		     struct err *err)
{
	const struct control_stream stream = { .closed = on_client_left, .ctx = listener };
	const struct policy_subscriber subscriber = {
		.event = take_event,
		.wants = wants_event,
		.ctx = listener,
	};
	int r = process_export__new(options, clock_monotonic_ns(), &listener->export, err);

	if (r == 0)
		r = policies__subscribe(listener->policies, &subscriber, err);
	return r < 0 ? r : control_client__stream(listener->client, &stream, err);
}

static int run_subscribe(void *ctx, struct control_client *client, const json_t *request,
			 struct strbuf *reply, struct err *err)
{
	const struct control_events *events = ctx;
	struct process_export_options options = { .filters = { .allows_pid_sets = true } };
	struct listener *listener;
	int r = control_check_request(request, members, array_size(members), err);

	(void)reply;
	if (r == 0)
		r = read_texts(request, &options, err);
	if (r < 0)
		return r;
	listener = new_zero(struct listener);
	if (!listener)
		return err__set(err, -ENOMEM, NULL, "no memory for a listener");
	listener->policies = events->policies;
	listener->client = client;
	r = listen_to(listener, &options, err);
	if (r < 0)
		free_listener(listener);
	return r;
}

static const struct control_verb verbs[] = {
	{ "events.subscribe", run_subscribe },
};

int control_events__new(struct policies *policies, struct control_server *server,
			struct control_events **ret_events, struct err *err)
{
	struct control_events *events = new_zero(struct control_events);
	int r;

	if (!events)
		return err__set(err, -ENOMEM, NULL, "no memory for the control socket");
	events->policies = policies;
	r = control_server__add_verbs(server, verbs, array_size(verbs), events, err);
	if (r < 0) {
		free(events);
		return r;
	}
	*ret_events = events;
	return 0;
}

struct control_events *control_events__free(struct control_events *events)
{
	free(events);
	return NULL;
}
