/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/page_policies.h"

#include <errno.h>

#include "base/arena.h"
#include "pipeline/agent.h"
#include "pipeline/policies.h"
#include "web/pages.h"

uint32_t page_policies__count(const struct agent *agent, uint32_t config)
{
	struct policy_view policy;
	uint32_t count = 0;

	for (uint32_t i = 0; agent__policy(agent, config, i, &policy); i++)
		count += policy.hooks + 1;
	return count;
}

/* What is 0 goes without saying, but for what was matched. */
static const char *state_of(const struct policy_hook_view *hook, struct arena *arena)
{
	const char *text = arena__printf(arena, "%llu matched", (unsigned long long)hook->matched);
	const struct {
		uint64_t value;
		const char *what;
	} figures[] = {
		{ hook->posted, "posted" },       { hook->limited, "limited" },
		{ hook->enforced, "enforced" },   { hook->monitored, "monitored" },
		{ hook->uncounted, "uncounted" }, { hook->lost, "lost" },
	};

	for (size_t i = 0; text && i < sizeof(figures) / sizeof(figures[0]); i++)
		if (figures[i].value > 0)
			text = arena__printf(arena, "%s, %llu %s", text,
					     (unsigned long long)figures[i].value, figures[i].what);
	return text;
}

static int add_hook(const struct policy_view *policy, const struct policy_hook_view *hook,
		    struct arena *arena, struct page_program *ret_program)
{
	*ret_program = (struct page_program){
		.name = policy->name,
		.hook = hook->how ? arena__printf(arena, "%s by %s", hook->hook, hook->how)
				  : hook->hook,
		.state = hook->how ? state_of(hook, arena) : "not there",
		.mood = hook->how ? PAGE_GOOD : PAGE_QUIET,
	};
	return ret_program->hook && ret_program->state ? 0 : -ENOMEM;
}

static struct page_program without_hooks(const struct policy_view *policy)
{
	return (struct page_program){
		.name = policy->name,
		.hook = "",
		.state = policy->state == POLICY_STATE_DISABLED ? "disabled" : "not loaded",
		.reason = policy->error,
		.mood = policy->state == POLICY_STATE_DISABLED ? PAGE_QUIET : PAGE_BAD,
	};
}

int page_policies__make(struct agent *agent, uint32_t config, struct arena *arena,
			struct page_program *ret_programs)
{
	struct policies *policies = agent__policies(agent);
	struct policy_view policy;
	struct policy_hook_view hook;
	int count = 0;

	for (uint32_t i = 0; agent__policy(agent, config, i, &policy); i++) {
		uint32_t k = 0;

		for (; policies__hook(policies, policy.id, k, &hook); k++)
			if (add_hook(&policy, &hook, arena, &ret_programs[count++]) < 0)
				return -ENOMEM;
		if (k == 0)
			ret_programs[count++] = without_hooks(&policy);
	}
	return count;
}
