/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/report.h"

#include "base/log.h"
#include "pipeline/agent.h"
#include "pipeline/policies.h"

void report_header(struct table *table)
{
	static const char *const cells[REPORT_COLUMNS] = { "CONFIG", "PROGRAM",  "HOOK",
							   "LOADED", "ATTACHED", "WHY NOT" };

	table->has_header = true;
	table__add_row(table, cells);
}

void report_unreadable(const char *name, const char *error, struct table *table)
{
	const char *const cells[REPORT_COLUMNS] = { name, "-", "-", "no", "no", error };

	table__add_row(table, cells);
}

uint32_t report_config(const struct agent *agent, uint32_t config, const char *error,
		       struct table *table)
{
	struct config_view view = agent__config(agent, config);
	uint32_t missing = 0;

	if (view.part_count == 0 || error) {
		report_unreadable(view.name, error ? error : "the object has no programs", table);
		return 1;
	}
	for (uint32_t i = 0; i < view.part_count; i++) {
		const struct part *part = agent__part(agent, config, i);
		bool is_attached = part->state == PART_STATE_ATTACHED;
		const char *const cells[REPORT_COLUMNS] = {
			view.name,
			part->name,
			part->hook,
			part->id != 0 ? "yes" : "no",
			is_attached ? "yes" : "no",
			part->reason,
		};

		table__add_row(table, cells);
		missing += !is_attached;
	}
	return missing;
}

uint32_t report_policy(const struct policies *policies, const struct policy_spec *policy,
		       struct table *table)
{
	/* One that asks for libraries only has no hook. */
	const char *const without_hooks[REPORT_COLUMNS] = { policy->name, "-", "-", "yes", "yes" };
	struct policy_hook_view hook;
	uint32_t id, missing = 0;

	if (policies__find(policies, policy->name, policy->kube_namespace, &id, NULL) < 0)
		return 0;
	if (!policies__hook(policies, id, 0, &hook))
		table__add_row(table, without_hooks);
	for (uint32_t i = 0; policies__hook(policies, id, i, &hook); i++) {
		const char *const cells[REPORT_COLUMNS] = {
			policy->name, hook.how ? hook.how : "-", hook.hook,
			"yes",        hook.how ? "yes" : "no",
		};

		table__add_row(table, cells);
		missing += !hook.how;
	}
	return missing;
}

void report_warnings(const struct agent *agent)
{
	for (uint32_t i = 0; i < agent__config_count(agent); i++) {
		struct config_view view = agent__config(agent, i);

		for (uint32_t j = 0; j < view.warning_count; j++) {
			struct warning_view warning = agent__warning(agent, i, j);

			log_at(LOG_WARN, warning.at, "%s", warning.text);
		}
	}
}
