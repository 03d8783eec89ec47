/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/service.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "pipeline/agent.h"
#include "pipeline/ledger_view.h"
#include "pipeline/page_ledger.h"
#include "pipeline/page_policies.h"
#include "pipeline/page_who.h"
#include "pipeline/policies.h"
#include "pipeline/web_config.h"
#include "remote/systemd.h"
#include "web/address.h"
#include "web/pages.h"
#include "web/server.h"

#define ACTIVATION_PREFIX "fd://"
#define MAX_LINKS 4
#define ROUTES_MAX 6

struct service {
	struct service_options options;
	struct web_server *server;     /* owned */
	struct web_config *web_config; /* owned; NULL: none */
	char *telemetry_path;          /* owned */
	int64_t started_ns;
	size_t last_scrape_bytes;
};

/* ---- metrics, maps, health --------------------------------------------------------------------------- */

static void note_reply(void *ctx, unsigned int status)
{
	struct service *service = ctx;

	agent__note_reply(service->options.agent, status);
}

static struct web_body *scrape(struct service *service, const struct exposition *exposition)
{
	struct strbuf text = STRBUF_INIT;

	/* As large as last time and a bit: doubling on the way would need twice the memory for a moment. */
	(void)strbuf__reserve(&text,
			      service->last_scrape_bytes + service->last_scrape_bytes / 8 + 4096);
	agent__scrape_language(service->options.agent, service->options.dialect, exposition, &text);
	service->last_scrape_bytes = text.len;

	struct web_body *body = web_body__new(&text);

	strbuf__done(&text);
	return body;
}

static int run_metrics(void *ctx, const struct web_request *request,
		       struct web_response *ret_response, struct err *err)
{
	struct service *service = ctx;
	struct exposition exposition;
	unsigned int variant;

	(void)err;
	exposition_negotiate(request->accept, service->options.prefers_openmetrics, &exposition);
	/* The variant has to tell all forms of the text apart. */
	variant = exposition.format * NAME_ESCAPING_COUNT + exposition.escaping;
	ret_response->done = note_reply;
	ret_response->done_ctx = service;
	agent__note_request(service->options.agent);
	ret_response->content_type = exposition_content_type(&exposition);
	ret_response->body = web_request__shared_body(request, variant);
	if (ret_response->body)
		return 0;
	ret_response->body = scrape(service, &exposition);
	if (ret_response->body)
		web_request__share_body(request, variant, ret_response->body);
	return 0;
}

static int run_maps(void *ctx, const struct web_request *request, struct web_response *ret_response,
		    struct err *err)
{
	struct service *service = ctx;
	struct strbuf text = STRBUF_INIT;

	(void)request;
	(void)err;
	agent__dump_maps(service->options.agent, &text);
	ret_response->content_type = "text/plain";
	ret_response->body = web_body__new(&text);
	strbuf__done(&text);
	return 0;
}

static int run_ledger(void *ctx, const struct web_request *request,
		      struct web_response *ret_response, struct err *err)
{
	struct service *service = ctx;
	struct strbuf text = STRBUF_INIT;

	(void)request;
	(void)err;
	agent__format_ledger(service->options.agent, &text);
	ret_response->content_type = "application/json";
	ret_response->body = web_body__new(&text);
	strbuf__done(&text);
	return 0;
}

/* The loop turns: that is all there is to health that a restart could mend. */
static int run_health(void *ctx, const struct web_request *request,
		      struct web_response *ret_response, struct err *err)
{
	struct strbuf text = STRBUF_INIT;

	(void)ctx;
	(void)request;
	(void)err;
	strbuf__add_text(&text, "ok\n");
	ret_response->body = web_body__new(&text);
	strbuf__done(&text);
	return 0;
}

static int run_reload(void *ctx, const struct web_request *request,
		      struct web_response *ret_response, struct err *err)
{
	struct service *service = ctx;
	struct strbuf text = STRBUF_INIT;

	(void)request;
	(void)err;
	if (service->options.reload(service->options.reload_ctx, &text) < 0)
		ret_response->status = 500;
	ret_response->body = web_body__new(&text);
	strbuf__done(&text);
	return 0;
}

/* ---- the page ---------------------------------------------------------------------------------------- */

static struct page_program program_for_page(const struct part *part)
{
	static const struct {
		const char *text;
		enum page_mood mood;
	} states[] = {
		[PART_STATE_PLANNED] = { "planned", PAGE_PARTLY },
		[PART_STATE_LEFT_OUT] = { "left out", PAGE_PARTLY },
		[PART_STATE_LOADED] = { "loaded", PAGE_PARTLY },
		[PART_STATE_ATTACHED] = { "attached", PAGE_GOOD },
		[PART_STATE_NOT_ATTACHED] = { "not attached", PAGE_BAD },
	};

	return (struct page_program){
		.name = part->name,
		.hook = part->hook,
		.state = part->is_stood_in_for ? "not needed" : states[part->state].text,
		.mood = part->is_stood_in_for ? PAGE_QUIET : states[part->state].mood,
		.reason = part->reason ? part->reason : part->why_original,
	};
}

static struct page_metric metric_for_page(const struct metric_view *metric)
{
	return (struct page_metric){
		.name = metric->name,
		.help = metric->help,
		.kind = metric->kind,
		.map = metric->map,
		.method = metric->method,
		.error = metric->error,
		.count = metric->series,
	};
}

/* A span stands among the metrics: it comes from a map, too. */
static struct page_metric span_for_page(const struct span_view *span, struct arena *arena)
{
	const char *help = span->target ? arena__printf(arena, "sent to %s", span->target)
					: arena__printf(arena, "not sent: %s", span->why_off);

	return (struct page_metric){
		.name = span->name,
		.help = help ? help : "",
		.kind = "span",
		.map = span->map,
		.method = span->target ? "ring buffer" : "",
		.error = span->error,
		.count = span->received,
		.counted = "received",
	};
}

static int config_for_page(struct agent *agent, uint32_t index, struct arena *arena,
			   struct page_config *ret_config)
{
	struct config_view view = agent__config(agent, index);
	struct page_program *programs =
		arena_array(arena, struct page_program,
			    (size_t)view.part_count + page_policies__count(agent, index));
	struct page_metric *metrics = arena_array(arena, struct page_metric,
						  view.metric_count + view.span_count);
	int hooks;

	if (!programs || !metrics)
		return -ENOMEM;
	for (uint32_t i = 0; i < view.part_count; i++)
		programs[i] = program_for_page(agent__part(agent, index, i));
	hooks = page_policies__make(agent, index, arena, programs + view.part_count);
	if (hooks < 0)
		return hooks;
	for (uint32_t i = 0; i < view.metric_count; i++) {
		struct metric_view metric = agent__metric(agent, index, i);

		metrics[i] = metric_for_page(&metric);
	}
	for (uint32_t i = 0; i < view.span_count; i++) {
		struct span_view span = agent__span(agent, index, i);

		metrics[view.metric_count + i] = span_for_page(&span, arena);
	}
	*ret_config = (struct page_config){
		.name = view.name,
		.origin = view.origin,
		.error = view.error,
		.programs = programs,
		.program_count = view.part_count + (uint32_t)hooks,
		.metrics = metrics,
		.metric_count = view.metric_count + view.span_count,
	};
	return 0;
}

static size_t list_links(const struct service *service, struct page_link *ret_links)
{
	size_t count = 0;

	ret_links[count++] = (struct page_link){ service->telemetry_path, "Metrics" };
	ret_links[count++] = (struct page_link){ "/ledger.json", "Costs as JSON" };
	ret_links[count++] = (struct page_link){ "/healthz", "Health" };
	if (service->options.has_maps)
		ret_links[count++] = (struct page_link){ "/maps", "Raw maps" };
	return count;
}

static int write_page(const struct service *service, struct arena *arena, struct strbuf *text)
{
	struct agent *agent = service->options.agent;
	uint32_t config_count = agent__config_count(agent);
	struct page_config *configs = arena_array(arena, struct page_config, config_count);
	struct page_link links[MAX_LINKS];

	if (!configs)
		return -ENOMEM;
	policies__refresh(agent__policies(agent));
	for (uint32_t i = 0; i < config_count; i++) {
		int r = config_for_page(agent, i, arena, &configs[i]);

		if (r < 0)
			return r;
	}

	struct page_ledger ledger;
	int r = page_ledger__make(agent, arena, &ledger);
	const char *const *who;
	size_t who_count;

	if (r >= 0)
		r = page_who__make(agent, arena, &who, &who_count);
	if (r < 0)
		return r;

	const struct page page = {
		.title = service->options.title,
		.version = service->options.version,
		.uptime_s = (clock_monotonic_ns() - service->started_ns) / NS_PER_S,
		.links = links,
		.link_count = list_links(service, links),
		.configs = configs,
		.config_count = config_count,
		.who = who,
		.who_count = who_count,
		.ledger = ledger,
	};

	page__write(&page, text);
	return 0;
}

static int run_page(void *ctx, const struct web_request *request, struct web_response *ret_response,
		    struct err *err)
{
	struct arena arena = ARENA_INIT;
	struct strbuf text = STRBUF_INIT;
	int r = write_page(ctx, &arena, &text);

	(void)request;
	ret_response->content_type = "text/html; charset=utf-8";
	if (r == 0)
		ret_response->body = web_body__new(&text);
	strbuf__done(&text);
	arena__done(&arena);
	return r < 0 ? err__set(err, r, NULL, "no memory for the page") : 0;
}

/* ---- making and ending ------------------------------------------------------------------------------- */

static int start_server(struct service *service, struct err *err)
{
	/* The first that fits answers: metrics at "/" are possible. */
	struct web_route routes[ROUTES_MAX] = {
		{ service->telemetry_path, run_metrics, service, .allows_gzip = true },
		{ "/", run_page, service, .allows_gzip = true },
		{ "/healthz", run_health, service, .allows_gzip = false },
		{ "/ledger.json", run_ledger, service, .allows_gzip = true },
	};
	struct web_options options = { .routes = routes, .route_count = 4 };

	if (service->options.has_maps)
		routes[options.route_count++] = (struct web_route){ "/maps", run_maps, service,
								    .allows_gzip = true };
	if (service->options.reload)
		routes[options.route_count++] = (struct web_route){ "/-/reload", run_reload,
								    service,
								    .methods = WEB_METHODS_POST };

	const char *web_config = service->options.web_config;
	int r = 0;

	if (web_config && web_config[0]) {
		r = web_config__new(web_config, &service->web_config, err);
		if (r == 0)
			r = web_config__serve(service->web_config, service->options.loop, &options,
					      &service->server, err);
	} else {
		r = web_server__new(service->options.loop, &options, &service->server, err);
	}
	/* The figures are of the one that everybody asks. */
	if (r == 0 && !service->options.dialect)
		agent__set_web(service->options.agent, service->server);
	return r;
}

int service__new(const struct service_options *options, struct service **ret_service,
		 struct err *err)
{
	if (options->telemetry_path[0] != '/')
		return err__set(err, -EINVAL, NULL, "telemetry path '%s' does not begin with '/'",
				options->telemetry_path);

	struct service *service = new_zero(struct service);

	if (!service)
		return err__set(err, -ENOMEM, NULL, "no memory for the service");
	service->options = *options;
	service->started_ns = clock_monotonic_ns();
	service->telemetry_path = strdup(options->telemetry_path);

	int r = service->telemetry_path ? start_server(service, err)
					: err__set(err, -ENOMEM, NULL, "no memory for the service");

	if (r < 0) {
		service__free(service);
		return r;
	}
	*ret_service = service;
	return 0;
}

struct service *service__free(struct service *service)
{
	if (!service)
		return NULL;
	if (!service->options.dialect)
		agent__set_web(service->options.agent, NULL);
	web_server__free(service->server);
	web_config__free(service->web_config);
	free(service->telemetry_path);
	free(service);
	return NULL;
}

static int listen_on_passed(struct service *service, const char *number, struct err *err)
{
	uint64_t index;

	if (num_parse_u64(number, strlen(number), &index) < 0 || index > UINT16_MAX)
		return err__set(err, -EINVAL, NULL,
				"'%s' is no number of a passed socket; the first is fd://0",
				number);

	int fd = systemd_socket((unsigned int)index, err);

	return fd < 0 ? fd : web_server__add_socket(service->server, fd, err);
}

int service__listen(struct service *service, const char *address, struct err *err)
{
	if (str_starts(address, ACTIVATION_PREFIX))
		return listen_on_passed(service, address + strlen(ACTIVATION_PREFIX), err);
	return web_server__listen(service->server, address, err);
}

int service_check_address(const char *address, struct err *err)
{
	/* Which sockets systemd passes is known when they are there. */
	return str_starts(address, ACTIVATION_PREFIX) ? 0 : address_check(address, err);
}

const char *service__scheme(const struct service *service)
{
	return web_server__has_tls(service->server) ? "https" : "http";
}

int service_check_web_config(const char *path, struct err *err)
{
	return path && path[0] ? web_config_check(path, err) : 0;
}

uint16_t service__port(const struct service *service)
{
	return web_server__port(service->server);
}

int service_notify(const char *state, struct err *err)
{
	return systemd_notify(state, err);
}
