/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reload: a second set of configs is made beside the one that runs, on a registry of its own that shares what agrees.
 * Until it is complete nothing of the first set is touched; then programs change places and counts go on.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/load.h"
#include "host/host.h"
#include "pipeline/account.h"
#include "pipeline/internal.h"

struct reload {
	struct agent *agent;                  /* has the new set while the reload is under way */
	struct agent_configs configs;         /* the set that runs */
	struct registry *registry;            /* the one it is on */
	const struct reload_options *options; /* borrowed */
	struct err_list *errors;
};

/* ---- what stays ---- */

static bool same_feed(const struct feed_spec *a, const struct feed_spec *b)
{
	if (a->kind != b->kind || a->program != b->program || a->key != b->key ||
	    !str_eq(a->map, b->map) || a->pattern_count != b->pattern_count)
		return false;
	for (uint32_t i = 0; i < a->pattern_count; i++)
		if (!str_eq(a->patterns[i].text, b->patterns[i].text))
			return false;
	return true;
}

/* A program asks by the bit that it was loaded with. */
static bool same_wanted(const struct spec *a, const struct spec *b)
{
	if (a->wanted_count != b->wanted_count)
		return false;
	for (uint32_t i = 0; i < a->wanted_count; i++) {
		if (a->wanted[i].subject != b->wanted[i].subject ||
		    a->wanted[i].name_count != b->wanted[i].name_count)
			return false;
		for (uint32_t k = 0; k < a->wanted[i].name_count; k++)
			if (!str_eq(a->wanted[i].names[k].text, b->wanted[i].names[k].text))
				return false;
	}
	return true;
}

bool reload_keeps_programs(const struct spec *spec, const struct agent_config *before)
{
	const struct spec *former = before->spec;

	/* Policies bring none: theirs belong to the policy, which is loaded anew. */
	if (spec->program_count == 0)
		return false;
	if (!before->is_loaded || spec->program_count != former->program_count ||
	    spec->feed_count != former->feed_count || !same_wanted(spec, former))
		return false;
	for (uint32_t i = 0; i < spec->feed_count; i++)
		if (!same_feed(&spec->feeds[i], &former->feeds[i]))
			return false;
	for (uint32_t i = 0; i < spec->program_count; i++)
		if (!program__would_be_same(before->programs[i], &spec->programs[i]))
			return false;
	return true;
}

/*
 * What is asked is compared as it was read, for objects add to it: constants that parameters set, hooks and streams of
 * gadgets. The same words and the same objects are completed in the same way.
 */
static bool is_unchanged(const struct spec *spec, const struct agent_config *before)
{
	bool is_same = before->is_loaded && !before->error &&
		       str_eq(spec->origin, before->spec->origin) && before->spec_hash != 0 &&
		       agent_spec_hash(spec) == before->spec_hash &&
		       spec->program_count == before->spec->program_count;

	for (uint32_t i = 0; is_same && i < spec->program_count; i++)
		is_same = program__has_same_object(before->programs[i], &spec->programs[i]);
	return is_same;
}

static struct agent_config *find_before(const struct reload *reload, const char *name)
{
	vec_for_each(&reload->configs, config)
		if (str_eq((*config)->spec->name, name))
			return *config;
	return NULL;
}

/* The config goes on in the new set as it is. */
static int keep(struct reload *reload, struct agent_config *config)
{
	struct err err = ERR_INIT;
	int r = 0;

	if (config->is_kept)
		return err_list__set(reload->errors, -EEXIST, NULL,
				     "multiple configs with name \"%s\"", config->spec->name);
	for (uint32_t i = 0; i < config->route_count && r == 0; i++)
		if (config->routes[i].family)
			r = registry__keep(reload->agent->registry, config->routes[i].family, &err);
	if (r == 0 && vec_push(&reload->agent->configs, config) < 0)
		r = err__set(&err, -ENOMEM, NULL, "no memory for a config");
	if (r < 0) {
		err__wrap(&err, r, NULL, "config \"%s\"", config->spec->name);
		err_list__add(reload->errors, &err);
		return r;
	}
	config->is_kept = true;
	return 0;
}

/* ---- the new set, up to the point where nothing has changed yet ---- */

static int inherit_counts(struct agent_config *config, struct err *err)
{
	const struct agent_config *before = config->before;
	int r = 0;

	if (!before || !before->is_loaded || config->shares_programs)
		return 0;
	for (uint32_t i = 0; i < config->route_count && r == 0; i++) {
		const struct stream_spec *stream = config->routes[i].stream;
		struct program *program = config->programs[stream->program];
		const struct program *former;

		if (stream->mode != STREAM_MODE_TABLE ||
		    stream->program >= before->spec->program_count)
			continue;
		former = before->programs[stream->program];
		r = program__inherit(program, stream->map, former, err);
		if (r == 0 && stream->overflow_map)
			r = program__inherit(program, stream->overflow_map, former, err);
	}
	return r;
}

/* Rings and spans; those of programs that go on have a reader until the places change. */
static int open_events(struct agent *agent, struct agent_config *config, struct err *err)
{
	int r = agent_open_sources(agent, config, STREAM_MODE_EVENTS, err);

	return r < 0 ? r : agent_open_spans(agent, config, err);
}

static int load(struct reload *reload, struct agent_config *config, struct err *err)
{
	struct agent *agent = reload->agent;
	int r = inherit_counts(config, err);

	if (r == 0)
		r = agent__load(agent, (uint32_t)agent->configs.len - 1, err);
	/* Set aside at a start; here its former self does better. */
	if (r == 0 && config->error && config->before && config->before->is_loaded)
		r = err__set(err, -EOPNOTSUPP, NULL, "%s", config->error);
	if (r == 0 && config->is_loaded)
		r = agent_open_sources(agent, config, STREAM_MODE_TABLE, err);
	if (r == 0 && config->is_loaded)
		r = agent_open_sources(agent, config, STREAM_MODE_SNAPSHOT, err);
	if (r == 0 && config->is_loaded)
		r = agent_start_streams(config, err);
	if (r == 0 && config->is_loaded && !config->shares_programs)
		r = open_events(agent, config, err);
	return r < 0 ? err__wrap(err, r, NULL, "config \"%s\"", config->spec->name) : 0;
}

static int make(struct reload *reload, struct spec *spec, struct agent_config *before)
{
	struct agent *agent = reload->agent;
	size_t index = agent->configs.len;
	struct err err = ERR_INIT;
	int r = agent_add_config(agent, spec, before, reload->errors);

	if (r < 0)
		return r;
	r = load(reload, agent->configs.items[index], &err);
	if (r < 0)
		err_list__add(reload->errors, &err);
	return r;
}

/* The config stays with its reason, for people to see. */
static int set_aside(struct reload *reload, struct agent_config *config)
{
	char text[1024] = "see the errors";

	if (reload->errors->len > 0)
		err__format(&reload->errors->items[reload->errors->len - 1], text, sizeof(text));
	config->is_loaded = false;
	if (!config->error)
		config->error = strdup(text);
	return config->error ? 0 : -ENOMEM;
}

/* Its former self goes on instead, if it ran. */
static int do_without(struct reload *reload, size_t index, struct agent_config *before)
{
	struct agent *agent = reload->agent;
	struct agent_config *config;

	if (agent->configs.len <= index)
		return 0;
	config = agent->configs.items[index];
	if (!before || !before->is_loaded)
		return set_aside(reload, config);
	agent->configs.len = index;
	agent_config__free(config, agent->registry);
	return keep(reload, before);
}

static int add(struct reload *reload, struct spec *spec)
{
	struct agent_config *before = find_before(reload, spec->name);
	size_t index = reload->agent->configs.len;
	int r;

	if (before && is_unchanged(spec, before)) {
		spec__free(spec);
		return keep(reload, before);
	}
	r = make(reload, spec, before);
	return r < 0 && reload->options->is_lenient ? do_without(reload, index, before) : r;
}

/* Those that nobody spoke of, and that are to go on. */
static int keep_others(struct reload *reload)
{
	const struct reload_options *options = reload->options;
	int r = 0;

	for (size_t i = 0; options->keeps && i < reload->configs.len && r == 0; i++) {
		struct agent_config *config = reload->configs.items[i];
		bool is_there = config->is_kept;

		agent_for_each_config(reload->agent, made)
			is_there |= made->before == config;
		if (!is_there &&
		    options->keeps(options->ctx, config->spec->name, config->spec->origin))
			r = keep(reload, config);
	}
	return r;
}

static int begin(struct reload *reload, struct err *err)
{
	struct agent *agent = reload->agent;
	struct registry *registry;
	int r = registry__new_after(agent->registry, &registry, err);

	if (r < 0)
		return r;
	reload->configs = agent->configs;
	reload->registry = agent->registry;
	agent->configs = (struct agent_configs){ .len = 0 };
	agent->registry = registry;
	r = policies__open_metrics(agent->policies, registry, err);
	return r < 0 ? r : self_metrics__reopen(agent->self, agent, err);
}

static void undo(struct reload *reload)
{
	struct agent *agent = reload->agent;

	if (!reload->registry)
		return;
	/* What the kernel has told is taken in while policies go, and looks at those that are left. */
	for (size_t i = agent->configs.len; i > 0; i--) {
		struct agent_config *config = agent->configs.items[i - 1];

		if (config->is_kept)
			continue;
		agent->configs.items[i - 1] = agent->configs.items[--agent->configs.len];
		agent_config__free(config, agent->registry);
	}
	vec_done(&agent->configs);
	registry__free(agent->registry);
	agent->configs = reload->configs;
	agent->registry = reload->registry;
	agent_for_each_config(agent, config) {
		config->is_kept = false;
		agent_note_policies_leaving(config, false);
	}
}

/* ---- changing places ---- */

static void take_programs(struct agent_config *config)
{
	struct agent_config *before = config->before;

	config->shares_programs = false;
	before->programs = NULL;
	/* Programs refer to the spec that they were opened with. */
	config->program_spec = before->program_spec ? take_ptr(before->program_spec)
						    : take_ptr(before->spec);
}

static struct route *find_route(const struct agent_config *config, const char *metric)
{
	for (uint32_t i = 0; i < config->route_count; i++)
		if (str_eq(config->routes[i].metric->name, metric))
			return &config->routes[i];
	return NULL;
}

static const struct span_route *find_span(const struct agent_config *config, const char *name)
{
	for (uint32_t i = 0; i < config->span_count; i++)
		if (str_eq(config->spans[i].span->name, name))
			return &config->spans[i];
	return NULL;
}

/* Counters about a metric are as monotonic as the metric; and what was counted for a key is not counted again. */
static void carry_figures(struct agent_config *config)
{
	const struct agent_config *before = config->before;

	config->decoder_errors = before->decoder_errors;
	config->detached_ns = before->detached_ns;
	for (uint32_t i = 0; i < config->route_count; i++) {
		struct route *former = find_route(before, config->routes[i].metric->name);

		if (!former)
			continue;
		config->routes[i].ledger = former->ledger;
		route__take_accounts(&config->routes[i], former);
	}
	for (uint32_t i = 0; i < config->span_count; i++) {
		const struct span_route *former = find_span(before, config->spans[i].span->name);

		if (former)
			config->spans[i].ledger = former->ledger;
	}
}

static int copy_counts(struct agent_config *config, struct err *err)
{
	int r = 0;

	for (uint32_t i = 0; config->is_loaded && i < config->spec->program_count && r == 0; i++) {
		uint64_t lost;

		r = program__copy_inherited(config->programs[i], &lost, err);
		if (lost > 0)
			log_warn(
				"config \"%s\": %llu keys have no room in maps that are smaller now",
				config->spec->name, (unsigned long long)lost);
	}
	return r;
}

static void detach_programs(struct agent_config *config)
{
	if (!config->is_loaded)
		return;
	for (uint32_t i = 0; i < config->spec->program_count; i++)
		program__detach(config->programs[i]);
}

/* Between the old programs' last event and the new ones' first nothing is counted, but for the time that takes. */
static int replace_programs(struct agent *agent, struct agent_config *config, uint32_t index,
			    struct err *err)
{
	int64_t start_ns = clock_monotonic_ns();
	int r;

	if (config->before)
		detach_programs(config->before);
	r = copy_counts(config, err);
	if (r == 0)
		r = agent__attach(agent, index, err);
	if (config->before && config->before->is_loaded)
		config->detached_ns += clock_monotonic_ns() - start_ns;
	return r;
}

/* A hook that could not be had may be there by now: a module was loaded, a binary installed. */
static int attach_missing(struct agent *agent, struct agent_config *config, struct err *err)
{
	int r = 0;

	for (uint32_t i = 0; config->is_loaded && i < config->spec->program_count && r == 0; i++) {
		r = program__attach(config->programs[i], err);
		if (r == 0)
			follower__attach(agent->follower, config->programs[i]);
	}
	return r;
}

static int start(struct agent *agent, uint32_t index, struct err *err)
{
	struct agent_config *config = agent->configs.items[index];
	int r = 0;

	if (config->is_kept)
		return attach_missing(agent, config, err);

	if (config->before) {
		carry_figures(config);
		agent_config__close_events(config->before);
	}
	if (config->shares_programs) {
		take_programs(config);
		r = attach_missing(agent, config, err);
		if (r == 0)
			r = open_events(agent, config, err);
	} else {
		r = replace_programs(agent, config, index, err);
	}
	if (r == 0 && config->is_loaded)
		r = config_cost__new(config, &config->cost, err);
	return r < 0 ? err__wrap(err, r, NULL, "config \"%s\"", config->spec->name) : 0;
}

static int commit(struct reload *reload)
{
	struct agent *agent = reload->agent;
	struct err err = ERR_INIT;
	int result = 0;

	/* What is in the rings belongs to the old labels. */
	vec_for_each(&reload->configs, before)
		if (!(*before)->is_kept)
			event_drain_config(*before);
	for (uint32_t i = 0; i < agent->configs.len; i++) {
		int r = start(agent, i, &err);

		if (r < 0) {
			result = r;
			err_list__add(reload->errors, &err);
		}
		agent->configs.items[i]->before = NULL;
	}
	registry__succeed(agent->registry);
	vec_for_each(&reload->configs, before) {
		if ((*before)->is_kept) {
			(*before)->is_kept = false;
		} else {
			/* Its programs no longer run: what they counted goes into what the next ones go on with. */
			scrape_counts(*before);
			agent_config__free(*before, reload->registry);
		}
	}
	vec_done(&reload->configs);
	registry__free(reload->registry);
	host__forget_kallsyms(agent->host);
	if (agent->options.loop && agent_watch(agent, &err) < 0) {
		result = err.code;
		err_list__add(reload->errors, &err);
	}
	return result;
}

/* ---- the whole ---- */

static int make_all(struct reload *reload, struct spec **specs, size_t count)
{
	struct err err = ERR_INIT;
	int r = begin(reload, &err);

	if (r < 0)
		err_list__add(reload->errors, &err);
	for (size_t i = 0; i < count; i++) {
		struct spec *spec = take_ptr(specs[i]);

		if (r < 0)
			spec__free(spec);
		else
			r = add(reload, spec);
	}
	return r < 0 ? r : keep_others(reload);
}

static void note(struct agent *agent, bool is_good)
{
	agent->reloads.is_last_good = is_good;
	if (!is_good) {
		agent->reloads.failed++;
		return;
	}
	agent->reloads.succeeded++;
	agent->reloads.good_since_s = (double)clock_wall_ns() / NS_PER_S;
}

void agent__note_failed_reload(struct agent *agent)
{
	note(agent, false);
}

int agent__reload(struct agent *agent, struct spec **specs, size_t count,
		  const struct reload_options *options, bool *ret_is_replaced,
		  struct err_list *errors)
{
	struct reload reload = { .agent = agent, .options = options, .errors = errors };
	int r = make_all(&reload, specs, count);

	*ret_is_replaced = r == 0;
	if (r == 0)
		r = commit(&reload);
	else
		undo(&reload);
	if (!options->is_retry)
		note(agent, r == 0);
	(void)malloc_trim(0); /* types of the kernel and objects were read and forgotten */
	return r;
}
