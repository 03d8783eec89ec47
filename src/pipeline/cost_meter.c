/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "host/host.h"
#include "pipeline/internal.h"

struct cost_meter {
	struct agent *agent; /* borrowed */
	struct cost_options options;
	enum cost_mode mode;
	char *reason; /* owned or NULL */
	struct loop_watch *timer;
	int window_fd;     /* owned; the kernel keeps statistics while it is open; -1: not by us */
	bool is_in_window; /* the next turn of the timer ends it */
	int64_t begin_ns;  /* of it (monotonic) */
	bool was_on;       /* kernel.bpf_stats_enabled, when the window began */
};

const char *cost_mode_name(enum cost_mode mode)
{
	switch (mode) {
	case COST_OFF:
		return "off";
	case COST_STARTING:
		return "starting";
	case COST_SAMPLED:
		return "sampled";
	case COST_EXACT:
		return "exact";
	case COST_REFUSED:
		return "refused";
	}
	return "";
}

#define for_each_cost(meter, cost)                                                                 \
	agent_for_each_config((meter)->agent, config)                                              \
		for (struct config_cost *cost = config->cost; cost; cost = NULL)

static bool is_on_anyway(const struct cost_meter *meter)
{
	return host__bpf_stats_enabled(meter->agent->host) == 1;
}

/* Without a window: all of the interval is one when the kernel keeps statistics anyway, else nothing is known. */
static void end_intervals(struct cost_meter *meter, bool is_exact)
{
	int64_t now_ns = clock_monotonic_ns();

	for_each_cost(meter, cost) config_cost__end_interval(
		cost, is_exact ? now_ns - cost->clock.since_ns : 0, now_ns);
}

static void refuse(struct cost_meter *meter, struct err *err)
{
	char text[256];

	err__format(err, text, sizeof(text));
	err__done(err);
	if (meter->mode != COST_REFUSED)
		log_info("What programs cost is not known: %s", text);
	meter->mode = COST_REFUSED;
	free(meter->reason);
	meter->reason = strdup(text);
	end_intervals(meter, false);
}

static void begin_window(struct cost_meter *meter)
{
	struct err err = ERR_INIT;

	/* Before the switch and after it figures stand still: all programs have the same window. */
	for_each_cost(meter, cost) config_cost__begin_window(cost);
	meter->was_on = is_on_anyway(meter);
	if (!meter->was_on) {
		meter->window_fd = program_enable_statistics(&err);
		if (meter->window_fd < 0) {
			refuse(meter, &err);
			return;
		}
	}
	meter->is_in_window = true;
	meter->begin_ns = clock_monotonic_ns();
}

static void end_window(struct cost_meter *meter)
{
	int64_t now_ns;

	fd_closep(&meter->window_fd);
	meter->is_in_window = false;
	meter->mode = meter->was_on && is_on_anyway(meter) ? COST_EXACT : COST_SAMPLED;
	now_ns = clock_monotonic_ns();
	for_each_cost(meter, cost)
		/* One that came meanwhile is still in its first interval. */
		if (cost->is_in_window)
			config_cost__end_interval(cost, now_ns - meter->begin_ns, now_ns);
}

static void turn(void *ctx)
{
	struct cost_meter *meter = ctx;
	int64_t next_ns = meter->options.interval_ns;

	if (meter->is_in_window) {
		end_window(meter);
		next_ns -= meter->options.window_ns;
	} else if (meter->mode == COST_EXACT && is_on_anyway(meter)) {
		end_intervals(meter, true);
	} else {
		begin_window(meter);
		if (meter->is_in_window)
			next_ns = meter->options.window_ns;
	}
	(void)loop__set_timer(meter->timer, next_ns, 0); /* of a timer that is there it works */
}

int cost_meter__start(struct agent *agent, const struct cost_options *options,
		      struct cost_meter **ret_meter, struct err *err)
{
	struct cost_meter *meter = new_zero(struct cost_meter);
	int r;

	if (!meter)
		return err__set(err, -ENOMEM, NULL, "no memory for the ledger");
	meter->agent = agent;
	meter->options = *options;
	meter->mode = COST_STARTING;
	meter->window_fd = -1;
	r = loop__add_timer(agent->options.loop, 0, 0, turn, meter, &meter->timer, err);
	if (r < 0) {
		free(meter);
		return r;
	}
	*ret_meter = meter;
	return 0;
}

struct cost_meter *cost_meter__stop(struct cost_meter *meter)
{
	if (!meter)
		return NULL;
	loop__remove(meter->agent->options.loop, meter->timer);
	fd_closep(&meter->window_fd);
	free(meter->reason);
	free(meter);
	return NULL;
}

enum cost_mode cost_meter__mode(const struct cost_meter *meter)
{
	return meter ? meter->mode : COST_OFF;
}

const char *cost_meter__reason(const struct cost_meter *meter)
{
	if (!meter)
		return "switched off";
	if (meter->mode == COST_STARTING)
		return "no window is over yet";
	return meter->mode == COST_REFUSED && meter->reason ? meter->reason : "";
}

void cost_meter__refresh(struct cost_meter *meter)
{
	if (meter && meter->mode == COST_EXACT && !meter->is_in_window && is_on_anyway(meter))
		end_intervals(meter, true);
}
