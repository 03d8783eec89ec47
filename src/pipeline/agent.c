/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/agent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "config/dialect.h"
#include "config/load.h"
#include "host/host.h"
#include "pipeline/count.h"
#include "pipeline/internal.h"
#include "pipeline/kernel_enums.h"

/* libbpf would say it once per object, and of a missing file only "-2". */
static int check_btf(const char *path, struct err *err)
{
	struct kernel_types *types = NULL;
	int r = kernel_types__open(path, &types, err);

	kernel_types__close(types);
	return r;
}

static struct program_options program_options_of(const struct agent *agent)
{
	return (struct program_options){
		.host = agent->host,
		.btf_path = agent->options.btf_path,
		.is_strict = agent->options.is_strict,
		.log = agent->options.log_library,
		.log_ctx = agent->options.log_ctx,
	};
}

/* Of sonde's own programs, which do without what a kernel does not have: to be strict is about what users ask for. */
static struct program_options engine_options_of(const struct agent *agent)
{
	struct program_options options = program_options_of(agent);

	options.is_strict = false;
	return options;
}

/* Labels that show a container's id may show its name now. */
static void look_at_names(void *ctx)
{
	struct agent *agent = ctx;

	agent_for_each_config(agent, config) {
		for (uint32_t i = 0; i < config->route_count; i++)
			config->routes[i].forgot_ns = config->routes[i].next_pass_ns = 0;
	}
}

static void on_seen(void *ctx, const struct identity *identity, uint32_t pid, uint64_t mntns_id)
{
	struct agent *agent = ctx;

	follower__see(agent->follower, identity, pid, mntns_id);
}

/* What was counted for it so far is its own; whoever gets its namespaces' numbers is another. */
static void on_left(void *ctx)
{
	struct agent *agent = ctx;

	if (!agent->has_left)
		agent_settle_counts(agent, true);
	agent->has_left = true;
}

static void on_gone(void *ctx, const struct identity *identity)
{
	struct agent *agent = ctx;

	follower__gone(agent->follower, identity);
}

static int make_who(struct agent *agent, struct err *err)
{
	const struct who_options options = {
		.host = agent->host,
		.loop = agent->options.loop,
		.filter = agent->options.filter,
		.runtime_sockets = agent->options.runtime_sockets,
		.runtime_socket_count = agent->options.runtime_socket_count,
		.runtime_timeout_ns = agent->options.runtime_timeout_ns,
		.program = engine_options_of(agent),
		.wants_environment = agent->options.policies.has_environment,
		.node = agent_node_of_ids(agent),
		.named = look_at_names,
		.seen = on_seen,
		.gone = on_gone,
		.left = on_left,
		.ctx = agent,
	};
	const struct sockets_options sockets = {
		.host = agent->host,
		.loop = agent->options.loop,
		.program = engine_options_of(agent),
	};
	int r = follower__new(agent, &agent->follower, err);

	if (r == 0)
		r = sockets__new(&sockets, &agent->sockets, err);
	if (r == 0)
		r = who__new(&options, &agent->who, err);
	if (r < 0)
		return r;
	who_words__init(&agent->words, agent->who);
	agent->decode.who = &agent->words;
	return 0;
}

int agent__new(const struct agent_options *options, struct agent **ret_agent, struct err *err)
{
	struct agent *agent = new_zero(struct agent);
	int r;

	if (!agent)
		return err__set(err, -ENOMEM, NULL, "no memory for the agent");
	agent->options = *options;
	r = host__open(options->root ? options->root : "/", &agent->host, err);
	agent->decode = (struct decode_env){
		.host = agent->host,
		.uses_kernel_syscall_names = options->uses_kernel_syscall_names,
		.wall = &agent->wall,
	};
	if (r >= 0)
		r = make_who(agent, err);
	if (r >= 0 && options->btf_path)
		r = check_btf(options->btf_path, err);
	if (r >= 0)
		r = registry__new(&agent->registry, err);
	if (r >= 0)
		r = self_metrics__new(agent, &agent->self, err);
	if (r >= 0) {
		const struct program_options program = program_options_of(agent);

		r = agent_make_policies(agent, &program, err);
	}
	agent->reloads = (struct reload_figures){
		.is_last_good = true,
		.good_since_s = (double)clock_wall_ns() / NS_PER_S,
	};
	if (r < 0) {
		agent__free(agent);
		return r;
	}
	*ret_agent = agent;
	return 0;
}

static void close_programs(struct agent_config *config)
{
	uint32_t i;

	for (i = 0; config->programs && i < config->spec->program_count; i++)
		config->programs[i] = program__close(config->programs[i]);
}

void agent_config__free(struct agent_config *config, struct registry *registry)
{
	uint32_t i;

	agent_remove_policies(config);
	config_cost__free(config->cost);
	for (i = 0; i < config->route_count; i++) {
		if (config->routes[i].family)
			registry__drop(registry, config->routes[i].family);
		route__done(&config->routes[i]);
	}
	free(config->routes);
	for (i = 0; i < config->span_count; i++)
		span_route__done(&config->spans[i]);
	free(config->spans);
	agent_free_streams(config);
	if (!config->shares_programs) {
		close_programs(config);
		free(config->programs);
	}
	who_wish__drop(config->wish);
	free(config->error);
	spec__free(config->program_spec);
	spec__free(config->spec);
	free(config);
}

struct agent *agent__free(struct agent *agent)
{
	if (!agent)
		return NULL;
	if (agent->options.loop) {
		loop__remove(agent->options.loop, agent->drain);
		loop__remove(agent->options.loop, agent->cgroups);
	}
	cost_meter__stop(agent->cost_meter);
	policies__stop(agent->policies);
	/* What the kernel has told is taken in while policies go, and looks at those that are left. */
	while (agent->configs.len)
		agent_config__free(agent->configs.items[--agent->configs.len], agent->registry);
	vec_done(&agent->configs);
	policies__free(agent->policies);
	span_export__free(agent->span_export);
	self_metrics__free(agent->self);
	registry__free(agent->registry);
	who__free(agent->who);
	follower__free(agent->follower);
	sockets__free(agent->sockets);
	host__close(agent->host);
	free(agent);
	return NULL;
}

/* ---- add: open, complete, check, plan ------------------------------------------------------------------ */

static int open_programs(struct agent *agent, struct agent_config *config, struct err_list *errors)
{
	const struct program_options options = program_options_of(agent);
	struct spec *spec = config->spec;
	struct err err = ERR_INIT;
	uint32_t i;

	if (who__wish(agent->who, spec, &config->wish, &err) < 0) {
		int r = err.code;

		err_list__add(errors, &err);
		return r;
	}
	if (config->before && reload_keeps_programs(spec, config->before) &&
	    !agent_counts_in_programs(config->before)) {
		config->programs = config->before->programs;
		config->shares_programs = true;
		config->is_loaded = true;
		return 0;
	}
	config->programs = new_array(struct program *, spec->program_count + 1);
	if (!config->programs)
		return err_list__set(errors, -ENOMEM, NULL, "no memory for programs");
	for (i = 0; i < spec->program_count; i++) {
		int r = program__open(&spec->programs[i], &options, &config->programs[i], &err);

		if (r < 0) {
			err_list__add(errors, &err);
			return r;
		}
	}
	return 0;
}

/* Once the spec is complete: until then it may not say where programs are attached. */
static int plan_programs(struct agent *agent, struct agent_config *config, struct err_list *errors)
{
	const struct spec *spec = config->spec;
	struct err err = ERR_INIT;

	for (uint32_t i = 0; i < spec->program_count && !config->shares_programs; i++) {
		int r = program__plan(config->programs[i], &err);

		if (r >= 0 && config->wish)
			r = who__filter_program(agent->who, config->wish, config->programs[i],
						spec->name, &err);
		if (r < 0) {
			if (err__is_set(&err))
				err_list__add(errors, &err);
			return r;
		}
	}
	return 0;
}

/* What the program has to know before it is loaded: how its map will be read, and what is wanted of it when it is full. */
static int plan_source(struct agent *agent, struct agent_config *config, struct route *route,
		       struct err *err)
{
	const struct stream_spec *stream = route->stream;
	struct program *program = config->programs[stream->program];

	if (stream->mode != STREAM_MODE_TABLE || route->error)
		return 0;
	if (!config->is_loaded) {
		/* A saving, no need. */
		(void)program__want_mmap(program, stream->map);
		if (stream->overflow_map)
			(void)program__want_mmap(program, stream->overflow_map);
	}
	return route__plan_overflow(route, program, !agent->options.leaves_programs_alone, err);
}

static int plan_routes(struct agent *agent, struct agent_config *config, struct err_list *errors)
{
	struct spec *spec = config->spec;
	uint32_t i;

	config->routes = new_array(struct route, spec->metric_count + 1);
	if (!config->routes)
		return err_list__set(errors, -ENOMEM, NULL, "no memory for routes");
	for (i = 0; i < spec->metric_count; i++) {
		const struct stream_spec *stream = &spec->streams[spec->metrics[i].stream];
		const struct plan_env env = {
			.decode = &agent->decode,
			.registry = agent->registry,
			.facts = program__facts(config->programs[stream->program]),
			.stream = config->streams[spec->metrics[i].stream],
			.filters = spec->record_filters ? spec->record_filters
							: agent->options.record_filters,
			.series_limit = agent->options.series_limit,
			.label_cache_keys = agent->options.label_cache_keys,
		};
		struct err err = ERR_INIT;
		int r = plan_route(spec, &spec->metrics[i], &env, &config->routes[i], &err);

		config->route_count = i + 1;
		if (r < 0) {
			err_list__add(errors, &err);
			return r;
		}
		r = plan_source(agent, config, &config->routes[i], &err);
		if (r < 0) {
			err_list__add(errors, &err);
			return r;
		}
	}
	return 0;
}

static int plan_spans(struct agent *agent, struct agent_config *config, struct err_list *errors)
{
	const struct span_export_options options = { .loop = agent->options.loop,
						     .user_agent = "sonde/" SONDE_VERSION };
	struct spec *spec = config->spec;
	struct err err = ERR_INIT;
	int r = 0;

	if (spec->span_count == 0)
		return 0;
	config->spans = new_array(struct span_route, spec->span_count);
	if (!config->spans)
		return err_list__set(errors, -ENOMEM, NULL, "no memory for spans");
	if (!agent->span_export)
		r = span_export__new(&options, &agent->span_export, &err);
	for (uint32_t i = 0; r >= 0 && i < spec->span_count; i++) {
		const struct stream_spec *stream = &spec->streams[spec->spans[i].stream];
		const struct span_plan_env env = {
			.decode = &agent->decode,
			.facts = program__facts(config->programs[stream->program]),
			.export = agent->span_export,
		};

		r = span_route__plan(&config->spans[i], spec, &spec->spans[i], &env, &err);
		config->spans[i].decoder_errors = &config->decoder_errors;
		config->span_count = i + 1;
	}
	if (r < 0)
		err_list__add(errors, &err);
	return r;
}

static bool has_config(const struct agent *agent, const char *name)
{
	agent_for_each_config(agent, config)
		if (str_eq(config->spec->name, name))
			return true;
	return false;
}

/* What whoever runs it wants of it, which its canonical text does not tell. */
static void format_wishes(const struct spec *spec, struct strbuf *out)
{
	const struct record_filters *filters = spec->record_filters;

	strbuf__printf(out, "%u %d %d %d %u %d\n", spec->metric_wish, spec->keeps_original_names,
		       spec->has_no_consumers, spec->has_policy_mode,
		       (unsigned int)spec->policy_mode, spec->has_disabled_policies);
	for (size_t i = 0; filters && i < filters->condition_count; i++)
		strbuf__printf(out, "condition %s\n", filters->conditions[i]);
	for (size_t i = 0; filters && i < filters->expression_count; i++)
		strbuf__printf(out, "expression %s\n", filters->expressions[i]);
}

uint64_t agent_spec_hash(const struct spec *spec)
{
	struct strbuf text = STRBUF_INIT;
	uint64_t hash;

	spec__format(spec, &text);
	format_wishes(spec, &text);
	hash = text.len ? hash_bytes(text.data, text.len) : 0;
	strbuf__done(&text);
	return hash;
}

int agent__add(struct agent *agent, struct spec *spec, struct err_list *errors)
{
	return agent_add_config(agent, spec, NULL, errors);
}

int agent_add_config(struct agent *agent, struct spec *spec, struct agent_config *before,
		     struct err_list *errors)
{
	struct agent_config *config;
	int r;

	if (has_config(agent, spec->name)) {
		r = err_list__set(errors, -EEXIST, NULL, "multiple configs with name \"%s\"",
				  spec->name);
		spec__free(spec);
		return r;
	}
	config = new_zero(struct agent_config);
	if (!config || vec_push(&agent->configs, config) < 0) {
		free(config);
		spec__free(spec);
		return err_list__set(errors, -ENOMEM, NULL, "no memory for a config");
	}
	config->spec = spec;
	config->before = before;
	config->spec_hash = agent_spec_hash(spec);
	r = open_programs(agent, config, errors);
	if (r >= 0)
		r = spec->program_count
			    ? spec__complete(spec, program__facts(config->programs[0]), errors)
			    : spec__check(spec, errors);
	if (r >= 0 && kernel_enums_apply(spec, agent->options.btf_path) < 0)
		r = err_list__set(errors, -ENOMEM, NULL, "no memory for names of values");
	if (r >= 0)
		r = plan_programs(agent, config, errors);
	if (r >= 0)
		r = agent_plan_streams(agent, config, errors);
	if (r >= 0)
		r = plan_routes(agent, config, errors);
	if (r >= 0)
		r = agent_plan_counts(agent, config, errors);
	if (r >= 0)
		r = plan_spans(agent, config, errors);
	if (r < 0) {
		char text[1024] = "see the errors";

		if (errors->len)
			err__format(&errors->items[errors->len - 1], text, sizeof(text));
		config->error = strdup(text);
	}
	return r;
}

int agent__add_unreadable(struct agent *agent, const char *name, const char *path,
			  const struct err *reason)
{
	struct spec *spec = new_zero(struct spec);
	struct agent_config *config = new_zero(struct agent_config);
	char text[1024];

	err__format(reason, text, sizeof(text));
	if (spec && config) {
		spec->name = arena__strdup(&spec->arena, name);
		spec->origin = arena__strdup(&spec->arena, path);
		config->spec = spec;
		config->error = strdup(text);
	}
	if (!config || !spec || !spec->name || !spec->origin || !config->error ||
	    vec_push(&agent->configs, config) < 0) {
		spec__free(spec);
		if (config)
			free(config->error);
		free(config);
		return -ENOMEM;
	}
	return 0;
}

/* ---- load, attach, start ------------------------------------------------------------------------------- */

/* Why it does not run stands beside the config from now on. */
static void note_failure(struct agent_config *config, const struct err *err)
{
	char text[1024];

	err__format(err, text, sizeof(text));
	free(config->error);
	config->error = strdup(text); /* without memory the page says less */
}

/* None of its programs can run on this kernel: the config stays and says so, the others go on. Takes err. */
static int set_aside(struct agent_config *config, struct err *err)
{
	char text[1024];

	err__format(err, text, sizeof(text));
	config->error = strdup(text);
	log_err(LOG_WARN, err, "config \"%s\" has nothing that runs here", config->spec->name);
	err__done(err);
	return config->error ? 0 : -ENOMEM;
}

static bool follows_containers(const struct agent_config *config)
{
	for (uint32_t i = 0; config->programs && i < config->spec->program_count; i++)
		if (program__follows(config->programs[i]))
			return true;
	return false;
}

/* Labels of records that are read from their keys. */
static bool counts_say_who(const struct agent_config *config)
{
	for (uint32_t i = 0; i < config->route_count; i++)
		if (config->routes[i].count && config->routes[i].count->says_who)
			return true;
	return false;
}

/* Records say who they are of by a mount namespace as well, and whose that is only processes tell. */
static int start_who(struct agent *agent, const struct agent_config *config, struct err *err)
{
	bool needs_processes = follows_containers(config) || counts_say_who(config);
	int r;

	if (needs_processes)
		return who__start(agent->who, WHO_LEVEL_PROCESSES, err);
	if (!agent_streams_need_who(config) && !who_words_are_in(config->spec))
		return 0;
	r = who__start(agent->who, WHO_LEVEL_CGROUPS, err);
	if (r < 0 || !agent_streams_need_who(config))
		return r;
	agent->awaits_containers = true;
	return agent_look_for_containers(agent, err);
}

/*
 * While there is no container no namespace is anybody's: what tells of processes, which takes a third of a second to
 * load and two megabytes, comes with the first one. What that did before is told by what is left of it then.
 */
int agent_look_for_containers(struct agent *agent, struct err *err)
{
	struct who_report report;

	if (!agent->awaits_containers)
		return 0;
	who__report(agent->who, &report);
	if (report.identity.containers == 0)
		return 0;
	agent->awaits_containers = false;
	return who__start(agent->who, WHO_LEVEL_PROCESSES, err);
}

int agent__listen(struct agent *agent, uint32_t index, struct err *err)
{
	int r = start_who(agent, agent->configs.items[index], err);

	return r < 0 ? r : agent_watch(agent, err);
}

int agent__load(struct agent *agent, uint32_t index, struct err *err)
{
	struct agent_config *config = agent->configs.items[index];
	uint32_t i;
	/* Also when a reload brings labels to programs that run already. */
	int started = start_who(agent, config, err);

	if (started < 0)
		return started;
	for (i = 0; i < config->spec->program_count && !config->is_loaded; i++) {
		int r = sockets__lend(agent->sockets, config->programs[i], err);

		if (r == 0)
			r = program__load(config->programs[i], err);

		if (r == -EOPNOTSUPP && !agent->options.is_strict)
			return set_aside(config, err);
		if (r < 0) {
			err__wrap(err, r, NULL, "config \"%s\"", config->spec->name);
			note_failure(config, err);
			return r;
		}
	}
	config->is_loaded = true;
	return agent_load_policies(agent, config, err);
}

static int attach(struct agent *agent, struct agent_config *config, struct err *err)
{
	uint32_t i;
	int r;

	if (!config->is_loaded)
		return 0;
	for (i = 0; i < config->spec->program_count; i++) {
		r = program__attach(config->programs[i], err);
		if (r < 0)
			return err__wrap(err, r, NULL, "config \"%s\"", config->spec->name);
		follower__attach(agent->follower, config->programs[i]);
	}
	for (i = 0; i < config->spec->feed_count; i++) {
		const struct feed_spec *feed = &config->spec->feeds[i];

		r = program__feed(config->programs[feed->program], feed, err);
		if (r < 0)
			return err__wrap(err, r, &feed->at, "config \"%s\"", config->spec->name);
	}
	return 0;
}

int agent__attach(struct agent *agent, uint32_t index, struct err *err)
{
	struct agent_config *config = agent->configs.items[index];
	int r = attach(agent, config, err);

	if (r < 0)
		note_failure(config, err);
	return r;
}

static int start_config(struct agent *agent, struct agent_config *config, struct err *err)
{
	int r = agent_open_sources(agent, config, STREAM_MODE_TABLE, err);

	if (r >= 0)
		r = agent_open_sources(agent, config, STREAM_MODE_SNAPSHOT, err);
	if (r >= 0)
		r = agent_open_sources(agent, config, STREAM_MODE_EVENTS, err);
	if (r >= 0)
		r = agent_open_spans(agent, config, err);
	if (r >= 0)
		r = agent_start_streams(config, err);
	if (r >= 0)
		r = config_cost__new(config, &config->cost, err);
	return r < 0 ? err__wrap(err, r, NULL, "config \"%s\"", config->spec->name) : 0;
}

/* What is open of it stays; it says what is wrong with it from now on. */
static void go_on_without(struct agent_config *config, struct err *err)
{
	note_failure(config, err);
	log_err(LOG_ERROR, err, "left out");
	err__done(err);
}

int agent__start(struct agent *agent, struct err *err)
{
	agent_for_each_config(agent, config) {
		struct err own = ERR_INIT;
		bool is_isolated = agent->options.isolates_configs;
		int r = config->is_loaded ? start_config(agent, config, is_isolated ? &own : err)
					  : 0;

		if (r < 0 && !is_isolated)
			return r;
		if (r < 0)
			go_on_without(config, &own);
	}
	/* Read for constants or to say why a function was refused; decoders read it again if they ever need it. */
	host__forget_kallsyms(agent->host);
	return agent->options.loop ? agent_watch(agent, err) : 0;
}

void agent__detach(struct agent *agent)
{
	uint32_t i;

	/* Spans that are in the rings by now are the last ones. */
	if (!agent->is_detached && agent->span_export)
		event_drain(agent);
	agent->is_detached = true;
	agent->cost_meter = cost_meter__stop(agent->cost_meter);
	policies__stop(agent->policies);
	agent_for_each_config(agent, config) {
		for (i = 0; i < config->route_count; i++) {
			config->routes[i].table = table_source__close(config->routes[i].table);
			route__close_overflow(&config->routes[i]);
		}
		agent_config__close_events(config);
		config->cost = config_cost__free(config->cost);
		agent_remove_policies(config);
		close_programs(config);
	}
	sockets__detach(agent->sockets);
	who__detach(agent->who);
	if (agent->span_export)
		span_export__finish(agent->span_export);
}

/* ---- scrape -------------------------------------------------------------------------------------------- */

void agent__scrape(struct agent *agent, const struct exposition *exposition, struct strbuf *out)
{
	agent__scrape_language(agent, NULL /* all */, exposition, out);
}

/* Everything is read for it: series and caches are swept by scrapes, whoever asked for one. */
void agent__scrape_language(struct agent *agent, const char *dialect,
			    const struct exposition *exposition, struct strbuf *out)
{
	int64_t begin_ns = clock_monotonic_ns();
	size_t begin = out->len;

	agent->generation++;
	registry__begin(agent->registry, &(struct family_pass){ .generation = agent->generation,
								.wall_ns = clock_wall_ns(),
								.monotonic_ns = begin_ns });
	if (!agent->is_detached) {
		event_drain(agent);
		agent_for_each_config(agent, config)
			scrape_config(agent, config);
		policies__collect(agent->policies);
	}
	/* Own figures last, so that they tell of this scrape. */
	self_metrics__collect(agent->self, agent);
	/* Without memory for the order of new series they stand at the end for once. */
	(void)registry__end(agent->registry);
	exposition_write(agent, dialect, exposition, out);
	scrape_sweep(agent);
	agent->scrapes.count++;
	agent->scrapes.last_bytes = out->len - begin;
	agent->scrapes.last_ns = clock_monotonic_ns() - begin_ns;
}

void agent__note_request(struct agent *agent)
{
	self_metrics__note_request(agent->self);
}

void agent__note_reply(struct agent *agent, unsigned int status)
{
	self_metrics__note_reply(agent->self, status);
}

void agent__set_event_file(struct agent *agent, const struct event_file *file)
{
	agent->event_file = file;
}

void agent__set_event_socket(struct agent *agent, const struct event_socket *socket)
{
	agent->event_socket = socket;
}

void agent__set_control(struct agent *agent, const struct control_server *server)
{
	agent->control = server;
}

void agent__set_web(struct agent *agent, const struct web_server *server)
{
	agent->web = server;
}
