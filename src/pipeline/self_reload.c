/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/self_reload.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "pipeline/internal.h"

enum {
	FAMILY_DETACHED,
	FAMILY_LAST_GOOD,
	FAMILY_GOOD_SINCE,
	FAMILY_RELOADS,
	FAMILY_RUNNING,
};

static const struct {
	const char *name;
	const char *help;
	enum family_kind kind;
	const char *label; /* or NULL */
} rows[SELF_RELOAD_FAMILIES] = {
	[FAMILY_DETACHED] = { "sonde_config_detached_seconds_total",
			      "How long reloads had the programs of a config detached; nothing was counted then.",
			      FAMILY_KIND_COUNTER, "config" },
	[FAMILY_LAST_GOOD] = { "sonde_config_last_reload_successful",
			       "Whether the last reload came to something (1 before the first).",
			       FAMILY_KIND_GAUGE, NULL },
	[FAMILY_GOOD_SINCE] = { "sonde_config_last_reload_success_timestamp_seconds",
				"When the configs that run were read.", FAMILY_KIND_GAUGE, NULL },
	[FAMILY_RELOADS] = { "sonde_config_reloads_total", "Reloads by what came of them.",
			     FAMILY_KIND_COUNTER, "result" },
	[FAMILY_RUNNING] = { "sonde_config_running",
			     "Whether a config does what it is there for; 0: it failed, the page at / says why.",
			     FAMILY_KIND_GAUGE, "config" },
};

int self_reload__open(struct agent *agent, struct family **ret_families, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < array_size(rows) && r >= 0; i++) {
		const struct family_spec spec = {
			.name = rows[i].name,
			.help = rows[i].help,
			.kind = rows[i].kind,
			.label_names = &rows[i].label,
			.label_count = rows[i].label ? 1 : 0,
		};

		r = registry__family(agent->registry, &spec, &ret_families[i], err);
	}
	return r;
}

static void set(struct family *family, const char *label, double value)
{
	const struct text_slice values[] = { { label, label ? strlen(label) : 0 } };
	uint32_t series;

	if (family__series(family, values, &series, NULL) >= 0)
		family__set(family, series, value);
}

void self_reload__collect(const struct agent *agent, struct family *const *families)
{
	const struct reload_figures *figures = &agent->reloads;

	set(families[FAMILY_LAST_GOOD], NULL, figures->is_last_good);
	set(families[FAMILY_GOOD_SINCE], NULL, figures->good_since_s);
	set(families[FAMILY_RELOADS], "success", (double)figures->succeeded);
	set(families[FAMILY_RELOADS], "failure", (double)figures->failed);
	agent_for_each_config(agent, config) {
		set(families[FAMILY_DETACHED], config->spec->name,
		    (double)config->detached_ns / NS_PER_S);
		set(families[FAMILY_RUNNING], config->spec->name, agent_config_is_running(config));
	}
}
