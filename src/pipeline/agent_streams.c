/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The streams of a config whose rows are records: planned with it, started, run and ended with the agent.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "pipeline/internal.h"
#include "pipeline/stream_private.h"

#define for_each_stream(config, stream)                                                            \
	for (uint32_t stream##_i = 0; stream##_i < (config)->stream_count; stream##_i++)           \
		for (struct stream *stream = (config)->streams[stream##_i]; stream; stream = NULL)

static int plan_stream(struct agent *agent, struct agent_config *config, uint32_t index,
		       struct err *err)
{
	const struct stream_spec *spec = &config->spec->streams[index];
	const struct stream_env env = {
		.decode = &agent->decode,
		.host = agent->host,
		.loop = agent->options.loop,
		.program = spec->program < config->spec->program_count
				   ? config->programs[spec->program]
				   : NULL,
		.ring_bytes = agent->options.ring_bytes,
	};

	return stream__plan(spec, &env, &config->streams[index], err);
}

/* What rows of a table are is known of gadgets only: others have their routes, which read keys and values alone. */
int agent_plan_streams(struct agent *agent, struct agent_config *config, struct err_list *errors)
{
	const struct spec *spec = config->spec;
	struct err err = ERR_INIT;
	int r = 0;

	config->streams = new_array(struct stream *, (size_t)spec->stream_count + 1);
	if (!config->streams)
		return err_list__set(errors, -ENOMEM, NULL, "no memory for data sources");
	config->stream_count = spec->stream_count;
	for (uint32_t i = 0; r == 0 && i < spec->stream_count; i++)
		if (spec->streams[i].record_size > 0 || spec->streams[i].is_foreign)
			r = plan_stream(agent, config, i, &err);
	if (r < 0)
		err_list__add(errors, &err);
	return r;
}

int agent_start_streams(struct agent_config *config, struct err *err)
{
	for_each_stream(config, stream) {
		int r = stream__start(stream, err);

		if (r < 0)
			return r;
	}
	return 0;
}

bool agent_streams_need_who(const struct agent_config *config)
{
	for_each_stream(config, stream)
		if (stream__needs_who(stream))
			return true;
	return false;
}

bool agent_streams_run(const struct agent_config *config)
{
	for_each_stream(config, stream)
		if (stream__is_running(stream))
			return true;
	return false;
}

uint32_t agent_fill_percent(const struct agent_config *config)
{
	uint32_t most = 0;

	for (uint32_t i = 0; i < config->stream_count; i++) {
		uint32_t fill = config->streams[i] ? stream__fill_percent(config->streams[i]) : 0;

		most = fill > most ? fill : most;
	}
	return most;
}

static void on_ring(void *ctx, int fd, uint32_t events)
{
	(void)fd;
	(void)events;
	agent_drain_busy(ctx);
}

/*
 * A program may wake its readers up with each record. While there are none, that begins a busy time at once; while it
 * lasts the timer is cheaper than a wake-up for each record, so nobody listens then.
 */
void agent_watch_streams(struct agent *agent, bool is_watched)
{
	agent_for_each_config(agent, config)
		for_each_stream(config, stream)
			stream__watch(stream, is_watched, on_ring, agent);
}

void agent_note_ends_of_streams(struct agent_config *config)
{
	for_each_stream(config, stream)
		stream__note_end(stream);
}

void agent_run_streams(struct agent_config *config, int64_t now_ns)
{
	for_each_stream(config, stream)
		stream__run(stream, now_ns);
}

void agent_stop_streams(struct agent_config *config)
{
	for_each_stream(config, stream)
		stream__stop(stream);
}

void agent_free_streams(struct agent_config *config)
{
	for_each_stream(config, stream)
		stream__free(stream);
	free(config->streams);
	config->streams = NULL;
	config->stream_count = 0;
}

/* ---- for cmd ------------------------------------------------------------------------------------------- */

uint32_t agent__stream_count(const struct agent *agent, uint32_t config)
{
	return agent->configs.items[config]->stream_count;
}

struct stream *agent__stream(const struct agent *agent, uint32_t config, uint32_t stream)
{
	return agent->configs.items[config]->streams[stream];
}

bool agent__is_done(const struct agent *agent)
{
	bool is_anybody_listening = false;

	agent_for_each_config(agent, config) {
		for_each_stream(config, stream) {
			if (stream__demand(stream) == DEMAND_NONE)
				continue;
			is_anybody_listening = true;
			if (stream__is_running(stream) && !stream__is_done(stream))
				return false;
		}
	}
	return is_anybody_listening;
}

void agent__finish(struct agent *agent)
{
	if (agent->is_detached)
		return;
	who__drain(agent->who);
	agent_for_each_config(agent, config)
		for_each_stream(config, stream)
			stream__finish(stream);
}
