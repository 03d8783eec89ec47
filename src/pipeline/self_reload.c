/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/self_reload.h"

#include "base/clock.h"
#include "base/mem.h"
#include "pipeline/internal.h"
#include "pipeline/self_family.h"

enum {
	FAMILY_DETACHED,
	FAMILY_LAST_GOOD,
	FAMILY_GOOD_SINCE,
	FAMILY_RELOADS,
	FAMILY_RUNNING,
};

static const struct self_family rows[SELF_RELOAD_FAMILIES] = {
	[FAMILY_DETACHED] = { "sonde_config_detached_seconds_total",
			      "How long reloads had the programs of a config detached; nothing was counted then.",
			      FAMILY_KIND_COUNTER,
			      { "config" } },
	[FAMILY_LAST_GOOD] = { "sonde_config_last_reload_successful",
			       "Whether the last reload came to something (1 before the first).",
			       FAMILY_KIND_GAUGE,
			       { NULL } },
	[FAMILY_GOOD_SINCE] = { "sonde_config_last_reload_success_timestamp_seconds",
				"When the configs that run were read.",
				FAMILY_KIND_GAUGE,
				{ NULL } },
	[FAMILY_RELOADS] = { "sonde_config_reloads_total",
			     "Reloads by what came of them.",
			     FAMILY_KIND_COUNTER,
			     { "result" } },
	[FAMILY_RUNNING] = { "sonde_config_running",
			     "Whether a config does what it is there for; 0: it failed, the page at / says why.",
			     FAMILY_KIND_GAUGE,
			     { "config" } },
};

int self_reload__open(struct agent *agent, struct family **ret_families, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < array_size(rows) && r >= 0; i++)
		r = self_family__open(&rows[i], agent->registry, &ret_families[i], err);
	return r;
}

void self_reload__collect(const struct agent *agent, struct family *const *families)
{
	const struct reload_figures *figures = &agent->reloads;

	self_set(families[FAMILY_LAST_GOOD], figures->is_last_good);
	self_set(families[FAMILY_GOOD_SINCE], figures->good_since_s);
	self_set(families[FAMILY_RELOADS], (double)figures->succeeded, "success");
	self_set(families[FAMILY_RELOADS], (double)figures->failed, "failure");
	agent_for_each_config(agent, config) {
		self_set(families[FAMILY_DETACHED], (double)config->detached_ns / NS_PER_S,
			 config->spec->name);
		self_set(families[FAMILY_RUNNING], agent_config_is_running(config),
			 config->spec->name);
	}
}
