/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/control_gadget.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "config/dialect.h"
#include "pipeline/control_verbs.h"
#include "pipeline/internal.h"
#include "pipeline/output.h"
#include "pipeline/stream.h"
#include "sink/event_sink.h"
#include "web/control.h"

#define OBJECT_MAX_BYTES (64u << 20)

struct control_gadget {
	struct agent *agent; /* borrowed, as the loop is */
	struct loop *loop;
};

struct subscription {
	struct control_client *client; /* borrowed */
	struct output *output;         /* owned */
	struct output_port port;
	struct arena arena; /* of what the request says */
	struct strbuf line;
};

/* ---- what goes to the client ---------------------------------------------------------------------------- */

static void send(struct subscription *subscription)
{
	if (strbuf__status(&subscription->line) == 0)
		(void)control_client__send(subscription->client, subscription->line.data,
					   subscription->line.len); /* it counts what it drops */
	strbuf__reset(&subscription->line);
	subscription->line.has_failed = false;
	control_client__flush(subscription->client);
}

static void put(void *ctx, const char *text, size_t len)
{
	struct subscription *subscription = ctx;
	struct json_writer json = { .out = &subscription->line };

	json__begin_object(&json, NULL);
	json__add_string(&json, "text", text, len);
	json__end_object(&json);
	send(subscription);
}

static bool is_full(void *ctx)
{
	const struct subscription *subscription = ctx;

	return control_client__is_full(subscription->client);
}

static void tell_missed(void *ctx, uint64_t count)
{
	struct subscription *subscription = ctx;
	struct json_writer json = { .out = &subscription->line };

	json__begin_object(&json, NULL);
	json__add_u64(&json, "missed", count);
	json__end_object(&json);
	send(subscription);
}

static void free_subscription(struct subscription *subscription)
{
	output__free(subscription->output);
	strbuf__done(&subscription->line);
	arena__done(&subscription->arena);
	free(subscription);
}

static void on_client_left(void *ctx)
{
	free_subscription(ctx);
}

/* Its config has been replaced or taken out by a reload. */
static void on_gone(void *ctx, int error)
{
	static const char end[] = "{\"end\":\"the agent has been reloaded\"}";
	struct subscription *subscription = ctx;

	(void)error; /* nothing is written here that could fail */
	(void)control_client__send(subscription->client, end, strlen(end));
	control_client__end(subscription->client);
	free_subscription(subscription);
}

/* ---- which config --------------------------------------------------------------------------------------- */

/* Whether a program of the agent was made of the object that the client means: of what is in the file now, when that is what
 * was loaded. An object that came out of an image is not there any more. */
static bool has_object(const struct agent_config *config, const char *digest)
{
	__cleanup(x_freep) char *image = NULL;
	char own[SHA256_HEX_LEN + 1];
	const struct program_spec *spec;
	size_t len;

	if (config->spec->program_count != 1 || !config->programs)
		return false;
	spec = &config->spec->programs[0];
	if (spec->kind != OBJECT_KIND_PATH ||
	    fd_read_all(AT_FDCWD, spec->object, OBJECT_MAX_BYTES, &image, &len) < 0)
		return false;
	sha256_hex(image, len, own);
	return str_eq(own, digest) && program__would_be_same(config->programs[0], spec);
}

static bool has_params(const struct agent_config *config, const json_t *params)
{
	const struct spec *spec = config->spec;

	if (json_object_size(params) != spec->setting_count)
		return false;
	for (uint32_t i = 0; i < spec->setting_count; i++) {
		const char *value =
			json_string_value(json_object_get(params, spec->settings[i].key));

		if (!value || !str_eq(value, spec->settings[i].value))
			return false;
	}
	return true;
}

/* Rows of tables and snapshots are read for whoever wants them; shared they would be somebody else's. */
static bool has_events_alone(const struct agent_config *config)
{
	for (uint32_t i = 0; i < config->stream_count; i++)
		if (config->streams[i] && stream__is_batch(config->streams[i]))
			return false;
	return config->stream_count > 0;
}

static int find_config(const struct agent *agent, const char *digest, const json_t *params,
		       uint32_t *ret_config, struct err *err)
{
	for (uint32_t i = 0; i < agent->configs.len; i++) {
		const struct agent_config *config = agent->configs.items[i];

		/* The cheap questions first: an object is read and hashed. */
		if (!agent_config_is_running(config) || config->spec->has_no_consumers ||
		    config->wish || !has_events_alone(config) || !has_params(config, params) ||
		    !has_object(config, digest))
			continue;
		*ret_config = i;
		return 0;
	}
	return err__set(err, -ENOENT, NULL,
			"the agent does not run this gadget with these parameters and its events");
}

/* ---- what the request says ------------------------------------------------------------------------------ */

static const char *const members[] = {
	"colors", "columns", "expressions", "fields", "filters", "format",   "max_entries",
	"object", "params",  "pods",        "rows",   "sort",    "terminal",
};

static int read_texts(struct arena *arena, const json_t *list, struct output_texts *ret_texts)
{
	const char **items = arena_array(arena, const char *, json_array_size(list) + 1);

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));

		items[i] = text ? arena__strdup(arena, text) : NULL;
		if (!items[i])
			return text ? -ENOMEM : -EINVAL;
	}
	*ret_texts = (struct output_texts){ items, json_array_size(list) };
	return 0;
}

/* NULL: not said, or no memory for it. */
static const char *text_of(struct arena *arena, const json_t *request, const char *member)
{
	const char *text = json_string_value(json_object_get(request, member));

	return text ? arena__strdup(arena, text) : NULL;
}

static uint16_t number_of(const json_t *request, const char *member)
{
	json_int_t number = json_integer_value(json_object_get(request, member));

	return number > 0 && number <= UINT16_MAX ? (uint16_t)number : 0;
}

static bool bool_of(const json_t *request, const char *member)
{
	return json_is_true(json_object_get(request, member));
}

static int read_options(struct arena *arena, const json_t *request, struct output_options *options,
			struct err *err)
{
	const char *format = text_of(arena, request, "format");
	int r = read_texts(arena, json_object_get(request, "filters"), &options->filters);

	if (r == 0)
		r = read_texts(arena, json_object_get(request, "expressions"),
			       &options->expressions);
	if (r < 0)
		return err__set(err, r, NULL, "filters and expressions are lists of texts");
	options->has_format = format != NULL;
	options->format = format ? event_format_find(format) : EVENT_FORMAT_COLUMNS;
	if (options->format == EVENT_FORMAT_COUNT)
		return err__set(err, -EINVAL, NULL, "'%s' is no format", format);
	options->fields = text_of(arena, request, "fields");
	options->order = text_of(arena, request, "sort");
	options->max_entries = text_of(arena, request, "max_entries");
	options->columns = number_of(request, "columns");
	options->rows = number_of(request, "rows");
	options->is_terminal = bool_of(request, "terminal");
	options->is_colored = bool_of(request, "colors");
	options->has_pods = bool_of(request, "pods");
	return 0;
}

/* ---- the verbs ------------------------------------------------------------------------------------------ */

static int open_output(const struct control_gadget *gadget, struct subscription *subscription,
		       const json_t *request, uint32_t config, struct err *err)
{
	struct output_options options = {
		.agent = gadget->agent,
		.loop = gadget->loop,
		.fd = -1,
		.port = &subscription->port,
		.config = &config,
		.closed = on_gone,
		.ctx = subscription,
	};
	int r = read_options(&subscription->arena, request, &options, err);

	if (r == 0)
		r = output__new(&options, &subscription->output, err);
	return r < 0 ? r : agent__listen(gadget->agent, config, err);
}

static int subscribe(const struct control_gadget *gadget, struct control_client *client,
		     const json_t *request, uint32_t config, struct err *err)
{
	struct subscription *subscription = new_zero(struct subscription);
	const struct control_stream stream = { .closed = on_client_left, .ctx = subscription };
	int r;

	if (!subscription)
		return err__set(err, -ENOMEM, NULL, "no memory for a subscription");
	subscription->client = client;
	subscription->port = (struct output_port){
		.put = put, .is_full = is_full, .missed = tell_missed, .ctx = subscription
	};
	r = open_output(gadget, subscription, request, config, err);
	if (r == 0)
		r = control_client__stream(client, &stream, err);
	if (r < 0) {
		free_subscription(subscription);
		return r;
	}
	output__begin(subscription->output);
	return 0;
}

static int run_subscribe(void *ctx, struct control_client *client, const json_t *request,
			 struct strbuf *reply, struct err *err)
{
	const struct control_gadget *gadget = ctx;
	const char *digest = json_string_value(json_object_get(request, "object"));
	struct json_writer json = { .out = reply };
	uint32_t config;
	int r = control_check_request(request, members, array_size(members), err);

	if (r == 0 && !digest)
		r = err__set(err, -EINVAL, NULL,
			     "'object' is missing: the SHA-256 of the gadget's object");
	if (r == 0)
		r = find_config(gadget->agent, digest, json_object_get(request, "params"), &config,
				err);
	if (r == 0)
		r = subscribe(gadget, client, request, config, err);
	if (r < 0)
		return r;
	json__begin_object(&json, NULL);
	json__add_text(&json, "config", agent__config(gadget->agent, config).name);
	json__end_object(&json);
	return 0;
}

static int run_resize(void *ctx, struct control_client *client, const json_t *request,
		      struct strbuf *reply, struct err *err)
{
	static const char *const sizes[] = { "columns", "rows" };
	struct subscription *subscription = control_client__stream_ctx(client, on_client_left);
	int r = control_check_request(request, sizes, array_size(sizes), err);

	(void)ctx;
	(void)reply;
	if (r < 0)
		return r;
	if (!subscription)
		return err__set(err, -ENOENT, NULL, "no gadget is shown on this connection");
	output__resize(subscription->output, number_of(request, "columns"),
		       number_of(request, "rows"));
	return 0;
}

static const struct control_verb verbs[] = {
	{ "gadget.resize", run_resize },
	{ "gadget.subscribe", run_subscribe },
};

int control_gadget__new(struct agent *agent, struct loop *loop, struct control_server *server,
			struct control_gadget **ret_gadget, struct err *err)
{
	struct control_gadget *gadget = new_zero(struct control_gadget);
	int r;

	if (!gadget)
		return err__set(err, -ENOMEM, NULL, "no memory for the control socket");
	*gadget = (struct control_gadget){ .agent = agent, .loop = loop };
	r = control_server__add_verbs(server, verbs, array_size(verbs), gadget, err);
	if (r < 0) {
		free(gadget);
		return r;
	}
	*ret_gadget = gadget;
	return 0;
}

struct control_gadget *control_gadget__free(struct control_gadget *gadget)
{
	free(gadget);
	return NULL;
}
