/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/gadget_metrics.h"

struct prometheus_options {
	const char *config;
	bool mounts; /* not looked at */
	struct gadget_metrics_options metrics;
};

static const struct flag flags[] = {
	{ .name = "config",
	  .kind = FLAG_TEXT,
	  .offset = offsetof(struct prometheus_options, config),
	  .is_required = true,
	  .help = "What to count: @PATH of a YAML file, or the YAML itself." },
	{ .name = "auto-mount-filesystems",
	  .kind = FLAG_BOOL,
	  .offset = offsetof(struct prometheus_options, mounts),
	  .help = "Taken as Inspektor Gadget's, also before the command; what is needed is mounted in any case, where nobody sees it." },
	GADGET_METRICS_FLAGS(offsetof(struct prometheus_options, metrics)),
};

static const struct flag_set flag_set = {
	.help = "Counts what gadgets tell, called as Inspektor Gadget's command of this name is; `sonde metrics` is the same.",
	.keeps_at_words = true,
	.flags = flags,
	.flag_count = array_size(flags),
};

int command_prometheus(const struct invocation *invocation)
{
	struct flags_result result = FLAGS_RESULT_INIT;
	struct prometheus_options options;
	struct gadget_metrics_source source = { 0 };
	struct err err = ERR_INIT;
	int status;

	if (!command_parse(invocation, &flag_set, STATUS_USAGE, &options, &result, &status))
		return status;
	if (options.config[0] == '\0')
		(void)err__set(&err, -EINVAL, NULL, "--config: it is empty; give @PATH or YAML");
	if (err__is_set(&err) || gadget_metrics_check(&options.metrics, &err) < 0)
		return command_refuse(invocation, &result, &err, STATUS_USAGE);
	if (options.config[0] == '@')
		source.path = options.config + 1;
	else
		source.text = options.config;
	status = gadget_metrics_serve(&options.metrics, &source, 1);
	flags_result__done(&result);
	return status;
}
