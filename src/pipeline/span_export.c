/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/span_export.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "remote/otlp.h"

#define LOG_INTERVAL_S 10
/* The end of a service is not to wait for a receiver as long as a batch may take in its middle. */
#define FINISH_MAX_NS (5 * NS_PER_S)
#define NOT_YET -1 /* a timer that is set later */

struct span_export {
	struct span_export_options options;
	struct otlp_settings settings;
	const char *why_off;                        /* the settings', or start_error */
	char *start_error;                          /* owned or NULL */
	struct otlp_attribute *resource_attributes; /* owned */
	struct otlp_resource resource;
	struct otlp_batch *batch;   /* owned */
	struct otlp_client *client; /* owned; NULL: console, or off */
	struct loop_watch *timer;   /* until a batch is old enough */
	struct strbuf line;         /* owned; console */
	struct span_figures figures;
	long last_log_s;
};

const char *span_drop_name(enum span_drop drop)
{
	static const char *const names[] = {
		[SPAN_DROP_QUEUE_FULL] = "queue_full",   [SPAN_DROP_REFUSED] = "refused",
		[SPAN_DROP_UNREACHABLE] = "unreachable", [SPAN_DROP_SHUTDOWN] = "shutdown",
		[SPAN_DROP_NO_MEMORY] = "no_memory",
	};

	return names[drop];
}

/* ---- settings ------------------------------------------------------------------------------------------ */

static const char *get_from_process(void *ctx, const char *name)
{
	(void)ctx;
	return getenv(name);
}

static int read_settings(struct span_export *export)
{
	otlp_env_fn get = export->options.get_env ? export->options.get_env : get_from_process;
	struct err_list warnings = { .len = 0 };
	struct err err = ERR_INIT;
	int r = otlp_settings__read(&export->settings, get, export->options.env_ctx, &warnings,
				    &err);

	/* A plan says it on its own; whoever has a loop has a log. */
	for (size_t i = 0; i < warnings.len && export->options.loop; i++)
		log_err(LOG_WARN, &warnings.items[i], "Spans");
	err_list__done(&warnings);
	err__done(&err);
	export->why_off = export->settings.why_off;
	return r == -ENOMEM ? r : 0;
}

static int copy_resource(struct span_export *export)
{
	const struct otlp_settings *settings = &export->settings;
	struct otlp_attribute *attributes = new_array(struct otlp_attribute,
						      settings->resource_count + 1);

	if (!attributes)
		return -ENOMEM;
	for (uint32_t i = 0; i < settings->resource_count; i++)
		attributes[i] = (struct otlp_attribute){
			.key = settings->resource[i].key,
			.value = settings->resource[i].value,
			.value_len = strlen(settings->resource[i].value),
		};
	export->resource_attributes = attributes;
	export->resource = (struct otlp_resource){ attributes, settings->resource_count };
	return 0;
}

int span_export__new(const struct span_export_options *options, struct span_export **ret_export,
		     struct err *err)
{
	struct span_export *export = new_zero(struct span_export);
	int r = -ENOMEM;

	if (export) {
		export->options = *options;
		r = read_settings(export);
	}
	if (r >= 0)
		r = copy_resource(export);
	if (r >= 0)
		r = otlp_batch__new(export->settings.is_json ? OTLP_ENCODING_JSON
							     : OTLP_ENCODING_PROTOBUF,
				    &export->resource, &export->batch, NULL);
	if (r < 0) {
		span_export__free(export);
		return err__set(err, r, NULL, "no memory to export spans");
	}
	*ret_export = export;
	return 0;
}

struct span_export *span_export__free(struct span_export *export)
{
	if (!export)
		return NULL;
	export->client = otlp_client__free(export->client);
	if (export->options.loop)
		loop__remove(export->options.loop, export->timer);
	otlp_batch__free(export->batch);
	strbuf__done(&export->line);
	free(export->resource_attributes);
	free(export->start_error);
	otlp_settings__done(&export->settings);
	free(export);
	return NULL;
}

const char *span_export__why_off(const struct span_export *export, bool *ret_is_on_purpose)
{
	*ret_is_on_purpose = export->settings.is_off_on_purpose;
	return export->why_off;
}

const char *span_export__target(const struct span_export *export)
{
	return export->settings.exporter == OTLP_EXPORTER_CONSOLE ? "stdout" : export->settings.url;
}

/* ---- sending ------------------------------------------------------------------------------------------- */

static void count_drop(struct span_export *export, enum span_drop drop, uint32_t spans,
		       const struct err *err)
{
	export->figures.dropped[drop] += spans;
	if (!log_limit(&export->last_log_s, LOG_INTERVAL_S))
		return;
	if (err)
		log_err(LOG_WARN, err, "%u spans dropped (%s)", spans, span_drop_name(drop));
	else
		log_warn("%u spans dropped (%s); sonde_spans_dropped_total counts on", spans,
			 span_drop_name(drop));
}

static void on_done(void *ctx, uint32_t spans, enum otlp_outcome outcome, const struct err *err)
{
	static const enum span_drop drops[] = {
		[OTLP_OUTCOME_REFUSED] = SPAN_DROP_REFUSED,
		[OTLP_OUTCOME_UNREACHABLE] = SPAN_DROP_UNREACHABLE,
		[OTLP_OUTCOME_SHUTDOWN] = SPAN_DROP_SHUTDOWN,
	};
	struct span_export *export = ctx;

	if (outcome == OTLP_OUTCOME_EXPORTED)
		export->figures.exported += spans;
	else
		count_drop(export, drops[outcome], spans, err);
}

static void on_retry(void *ctx, const struct err *err)
{
	struct span_export *export = ctx;

	export->figures.retries++;
	if (log_limit(&export->last_log_s, LOG_INTERVAL_S))
		log_err(LOG_WARN, err, "Spans not exported, trying again");
}

static void send_batch(struct span_export *export)
{
	struct strbuf body = STRBUF_INIT;
	uint32_t spans = otlp_batch__len(export->batch);

	(void)loop__set_timer(export->timer, NOT_YET, 0);
	if (spans == 0)
		return;
	if (otlp_batch__take(export->batch, &body) < 0 ||
	    otlp_client__send(export->client, &body, spans) < 0)
		count_drop(export, SPAN_DROP_NO_MEMORY, spans, NULL);
	strbuf__done(&body);
}

static void run_timer(void *ctx)
{
	send_batch(ctx);
}

void span_export__start(struct span_export *export)
{
	const struct otlp_client_options options = {
		.loop = export->options.loop,
		.settings = &export->settings,
		.user_agent = export->options.user_agent,
		.done = on_done,
		.retrying = on_retry,
		.ctx = export,
	};
	struct err err = ERR_INIT;
	int r;

	if (export->why_off || export->client || !export->options.loop ||
	    export->settings.exporter != OTLP_EXPORTER_HTTP)
		return;
	r = loop__add_timer(options.loop, NOT_YET, 0, run_timer, export, &export->timer, &err);
	if (r >= 0)
		r = otlp_client__new(&options, &export->client, &err);
	if (r >= 0)
		return;
	export->start_error = strdup(err.text ? err.text : "");
	export->why_off = export->start_error ? export->start_error : "no memory";
	err__done(&err);
}

/* ---- spans --------------------------------------------------------------------------------------------- */

int span_export__service(struct span_export *export, const char *service)
{
	return otlp_batch__service(export->batch,
				   service && service[0] ? service : export->settings.service);
}

static uint32_t count_queued(const struct span_export *export)
{
	return otlp_batch__len(export->batch) +
	       (export->client ? otlp_client__pending(export->client) : 0);
}

static void print(struct span_export *export, uint32_t service, const struct otlp_span *span)
{
	strbuf__reset(&export->line);
	otlp_span__write_line(span, otlp_batch__service_name(export->batch, service),
			      &export->resource, &export->line);
	if (strbuf__status(&export->line) < 0)
		count_drop(export, SPAN_DROP_NO_MEMORY, 1, NULL);
	else if (fd_write_all(STDOUT_FILENO, export->line.data, export->line.len) < 0)
		count_drop(export, SPAN_DROP_UNREACHABLE, 1, NULL);
	else
		export->figures.exported++;
}

void span_export__add(struct span_export *export, uint32_t service, const struct otlp_span *span)
{
	uint32_t waiting = otlp_batch__len(export->batch);

	if (!export->client) {
		print(export, service, span);
		return;
	}
	if (count_queued(export) >= export->settings.queue_max) {
		count_drop(export, SPAN_DROP_QUEUE_FULL, 1, NULL);
		return;
	}
	if (otlp_batch__add(export->batch, service, span) < 0) {
		count_drop(export, SPAN_DROP_NO_MEMORY, 1, NULL);
		return;
	}
	if (waiting == 0)
		(void)loop__set_timer(export->timer, export->settings.delay_ns, 0);
	if (waiting + 1 >= export->settings.batch_max)
		send_batch(export);
}

static uint64_t count_dropped(const struct span_export *export)
{
	uint64_t dropped = 0;

	for (int i = 0; i < SPAN_DROP_COUNT; i++)
		dropped += export->figures.dropped[i];
	return dropped;
}

void span_export__finish(struct span_export *export)
{
	int64_t timeout_ns = export->settings.shutdown_ns;
	uint64_t dropped = count_dropped(export);

	if (!export->client)
		return;
	/* What is lost now is counted where nobody can read it any more: the log has to say it. */
	export->last_log_s = 0;
	send_batch(export);
	otlp_client__finish(export->client,
			    timeout_ns < FINISH_MAX_NS ? timeout_ns : FINISH_MAX_NS);
	export->client = otlp_client__free(export->client);
	export->why_off = "the agent ends";
	dropped = count_dropped(export) - dropped;
	if (dropped > 0)
		log_warn("%llu spans in all were lost at the end", (unsigned long long)dropped);
}

struct span_figures span_export__figures(const struct span_export *export)
{
	struct span_figures figures = export->figures;

	figures.queued = count_queued(export);
	return figures;
}
