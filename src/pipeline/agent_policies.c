/* SPDX-License-Identifier: Apache-2.0 */
/* Policies of the agent's configs: they come with their config, and go with it. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "pipeline/internal.h"

/* ---- the agent's ---- */

/* The environment says where it runs in a cluster. NULL: it does not. */
static const char *find_name(const char *first, const char *second)
{
	const char *name = getenv(first);

	if (!name || !*name)
		name = getenv(second);
	return name && *name ? name : NULL;
}

/* Events and ids of executions ask in another order: so it is with Tetragon. */
const char *agent_node_of_ids(const struct agent *agent)
{
	return agent->options.policies.node ? agent->options.policies.node
					    : find_name("HUBBLE_NODE_NAME", "NODE_NAME");
}

static const char *find_node(const struct agent *agent, char hostname[HOST_NAME_MAX + 1])
{
	const char *node = agent->options.policies.node
				   ? agent->options.policies.node
				   : find_name("NODE_NAME", "HUBBLE_NODE_NAME");

	if (node)
		return node;
	if (gethostname(hostname, HOST_NAME_MAX) < 0)
		hostname[0] = '\0';
	hostname[HOST_NAME_MAX] = '\0';
	return hostname;
}

int agent_make_policies(struct agent *agent, const struct program_options *program, struct err *err)
{
	char hostname[HOST_NAME_MAX + 1] = "";
	struct policies_options options = agent->options.policies;
	int r;

	options.host = agent->host;
	options.loop = agent->options.loop;
	options.who = agent->who;
	options.program = *program;
	options.node = find_node(agent, hostname);
	if (options.labels == 0 && !options.has_labels)
		options.labels = POLICY_LABELS_DEFAULT;
	r = policies__new(&options, &agent->policies, err);
	return r < 0 ? r : policies__open_metrics(agent->policies, agent->registry, err);
}

struct policies *agent__policies(struct agent *agent)
{
	return agent->policies;
}

/* ---- a config's ---- */

void agent_note_policies_leaving(const struct agent_config *config, bool are_leaving)
{
	for (uint32_t i = 0; config->policies && i < config->spec->policy_count; i++)
		policies__note_leaving(config->policies, &config->spec->policies[i], are_leaving);
}

static enum policy_asked_mode asked_mode(const struct agent *agent, const struct spec *spec)
{
	if (!spec->has_policy_mode)
		return agent->options.policy_mode;
	return spec->policy_mode == POLICY_MODE_ENFORCE ? POLICY_ASKED_MODE_ENFORCE
							: POLICY_ASKED_MODE_MONITOR;
}

/* One that cannot be had leaves the others running, and says why. */
static int add_policy(struct agent *agent, struct agent_config *config, uint32_t index,
		      struct err *err)
{
	const struct policy_request request = { .mode = asked_mode(agent, config->spec),
						.is_disabled =
							config->spec->has_disabled_policies };
	struct err_list errors = { .len = 0 };
	int r = policies__add(agent->policies, &config->spec->policies[index], &request, &errors);
	char text[1024] = "see the log";

	if (r == 0) {
		err_list__done(&errors);
		return 0;
	}
	vec_for_each(&errors, error)
		log_err(LOG_WARN, error, "policy \"%s\" does not run",
			config->spec->policies[index].name);
	if (errors.len)
		err__format(&errors.items[0], text, sizeof(text));
	err_list__done(&errors);
	if (!config->error)
		config->error = strdup(text); /* without memory the page says less */
	return agent->options.is_strict ? err__set(err, r, NULL, "%s", text) : 0;
}

int agent_load_policies(struct agent *agent, struct agent_config *config, struct err *err)
{
	int r = 0;

	if (config->spec->policy_count == 0 || config->policies)
		return 0;
	config->policies = agent->policies;
	if (config->before)
		agent_note_policies_leaving(config->before, true);
	for (uint32_t i = 0; i < config->spec->policy_count && r == 0; i++)
		r = add_policy(agent, config, i, err);
	return r;
}

void agent_remove_policies(struct agent_config *config)
{
	for (uint32_t i = 0; config->policies && i < config->spec->policy_count; i++)
		policies__remove_spec(config->policies, &config->spec->policies[i]);
	/* A reload came to nothing: its former self stays. */
	if (config->policies && config->before)
		agent_note_policies_leaving(config->before, false);
	config->policies = NULL;
}
