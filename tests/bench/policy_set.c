/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_set.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/mem.h"
#include "base/str.h"
#include "bench.h"
#include "config/load.h"
#include "pipeline/agent.h"

static void need(int r, const struct err_list *errors, const char *what)
{
	char text[1024];

	for (size_t i = 0; r < 0 && i < errors->len; i++) {
		err__format(&errors->items[i], text, sizeof(text));
		(void)fprintf(stderr, "bench: %s: %s\n", what, text);
	}
	bench_check(r, what);
}

void policy_set__open(struct policy_set *set, const struct policies_options *options)
{
	struct agent_options agent = {
		.policies = *options,
		.version = "",
		.revision = "",
		.branch = "",
	};

	*set = (struct policy_set){ 0 };
	bench_check(loop__new(&set->loop, NULL), "a loop");
	agent.loop = set->loop;
	bench_check(agent__new(&agent, &set->agent, NULL), "an agent");
	set->policies = agent__policies(set->agent);
}

void policy_set__close(struct policy_set *set)
{
	vec_for_each(&set->specs, spec) {
		policies__remove_spec(set->policies, (*spec)->policies);
		spec__free(*spec);
	}
	vec_done(&set->specs);
	agent__free(set->agent);
	loop__free(set->loop);
}

uint32_t policy_set__add(struct policy_set *set, const char *body)
{
	const struct policy_request request = { .is_disabled = true };
	__cleanup(x_freep) char *name = str_printf("bench-%zu", set->specs.len);
	__cleanup(x_freep) char *text = str_printf("apiVersion: cilium.io/v1alpha1\n"
						   "kind: TracingPolicy\n"
						   "metadata:\n"
						   "  name: %s\n"
						   "spec:\n"
						   "%s",
						   name ? name : "", body);
	struct dialect_input input = { .name = name, .origin = name, .text = text };
	struct err_list errors = { .len = 0 };
	struct spec *spec = NULL;
	uint32_t id = 0;
	int r;

	bench_check(name && text ? 0 : -ENOMEM, "no memory");
	input.len = strlen(text);
	r = config_load_text(dialect_find("tracing_policy"), &input, &spec, &errors);
	need(r, &errors, text);
	bench_check(vec_push(&set->specs, spec), "no memory");
	need(policies__add(set->policies, spec->policies, &request, &errors), &errors, text);
	bench_check(policies__find(set->policies, name, NULL, &id, NULL), name);
	err_list__done(&errors);
	return id;
}

void policy_set__enable(struct policy_set *set, uint32_t id)
{
	struct err_list errors = { .len = 0 };

	need(policies__enable(set->policies, id, &errors), &errors, "a policy cannot be loaded");
	err_list__done(&errors);
}

void policy_set__disable(struct policy_set *set, uint32_t id)
{
	bench_check(policies__disable(set->policies, id, NULL), "a policy cannot be unloaded");
}
