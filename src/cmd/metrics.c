/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/gadget_metrics.h"

static const struct flag flags[] = { GADGET_METRICS_FLAGS(0) };

static const struct flag_set flag_set = {
	.help = "Counts what gadgets tell, as each FILE asks: metrics with labels and selectors, in YAML by itself or inside a "
		"ConfigMap.",
	.arguments = "FILE…",
	.needs_arguments = true,
	.flags = flags,
	.flag_count = array_size(flags),
};

int command_metrics(const struct invocation *invocation)
{
	struct flags_result result = FLAGS_RESULT_INIT;
	struct gadget_metrics_source *sources;
	struct gadget_metrics_options options;
	struct err err = ERR_INIT;
	int status;

	if (!command_parse(invocation, &flag_set, STATUS_USAGE, &options, &result, &status))
		return status;
	if (gadget_metrics_check(&options, &err) < 0)
		return command_refuse(invocation, &result, &err, STATUS_USAGE);
	sources = arena_array(&result.arena, struct gadget_metrics_source, result.arguments.len);
	for (size_t i = 0; sources && i < result.arguments.len; i++)
		sources[i].path = result.arguments.items[i];
	status = sources ? gadget_metrics_serve(&options, sources, result.arguments.len)
			 : STATUS_FAILED;
	flags_result__done(&result);
	return status;
}
