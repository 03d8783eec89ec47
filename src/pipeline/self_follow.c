/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/self_follow.h"

#include "base/mem.h"
#include "pipeline/internal.h"
#include "pipeline/self_family.h"

#define GETTER(name)                                                                               \
	static double get_##name(const struct target_figures *figures)                             \
	{                                                                                          \
		return (double)figures->name;                                                      \
	}

GETTER(targets)
GETTER(places)
GETTER(absent)
GETTER(failed)
GETTER(refused)

/* By config. */
static const struct {
	const char *name;
	const char *help;
	enum family_kind kind;
	double (*get)(const struct target_figures *figures);
} rows[] = {
	{ "sonde_followed_absent_total",
	  "Times that a container or the host had no such binary or interface.",
	  FAMILY_KIND_COUNTER, get_absent },
	{ "sonde_followed_failed_total", "Attaches there that could not be had.",
	  FAMILY_KIND_COUNTER, get_failed },
	{ "sonde_followed_places",
	  "Binaries and network namespaces at which programs hang, of each program its own.",
	  FAMILY_KIND_GAUGE, get_places },
	{ "sonde_followed_refused_total", "Containers and places over their bounds.",
	  FAMILY_KIND_COUNTER, get_refused },
	{ "sonde_followed_targets", "Containers that programs are attached in, and the host.",
	  FAMILY_KIND_GAUGE, get_targets },
};

/* Of all. */
enum { FAMILY_CONTAINERS = array_size(rows), FAMILY_UNREACHABLE, FAMILY_UNFOLLOWED, FAMILY_COUNT };
_Static_assert((int)FAMILY_COUNT == SELF_FOLLOW_FAMILIES,
	       "self_follow.h says how many families there are");

static const struct family_spec of_all[] = {
	{ .name = "sonde_follower_containers",
	  .help = "Containers of which a process was seen.",
	  .kind = FAMILY_KIND_GAUGE },
	{ .name = "sonde_follower_unreachable_total",
	  .help = "Times that a container's process was gone before it was looked at.",
	  .kind = FAMILY_KIND_COUNTER },
	{ .name = "sonde_follower_refused_total",
	  .help = "Processes of containers that are not followed: there are too many.",
	  .kind = FAMILY_KIND_COUNTER },
};

int self_follow__open(struct agent *agent, struct family **ret_families, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < array_size(rows) && r >= 0; i++) {
		const struct self_family family = {
			rows[i].name, rows[i].help, rows[i].kind, { "config" }
		};

		r = self_family__open(&family, agent->registry, &ret_families[i], err);
	}
	for (size_t i = 0; i < array_size(of_all) && r >= 0; i++)
		r = registry__family(agent->registry, &of_all[i],
				     &ret_families[FAMILY_CONTAINERS + i], err);
	return r;
}

/* Whether anything of it follows. */
static bool add_up(const struct agent_config *config, struct target_figures *ret_sum)
{
	bool is_following = false;

	*ret_sum = (struct target_figures){ 0 };
	for (uint32_t i = 0; config->programs && i < config->spec->program_count; i++) {
		struct target_figures figures;

		if (!config->programs[i] || !program__follows(config->programs[i]))
			continue;
		is_following = true;
		program__target_figures(config->programs[i], &figures);
		ret_sum->targets += figures.targets;
		ret_sum->places += figures.places;
		ret_sum->absent += figures.absent;
		ret_sum->failed += figures.failed;
		ret_sum->refused += figures.refused;
	}
	return is_following;
}

void self_follow__collect(const struct agent *agent, struct family *const *families)
{
	bool is_following = false;
	struct follower_figures of_follower;

	agent_for_each_config(agent, config) {
		struct target_figures figures;

		if (!config->is_loaded || !add_up(config, &figures))
			continue;
		is_following = true;
		for (size_t i = 0; i < array_size(rows); i++)
			self_set(families[i], rows[i].get(&figures), config->spec->name);
	}
	if (!is_following)
		return;
	follower__figures(agent->follower, &of_follower);
	self_set(families[FAMILY_CONTAINERS], (double)of_follower.containers);
	self_set(families[FAMILY_UNREACHABLE], (double)of_follower.unreachable);
	self_set(families[FAMILY_UNFOLLOWED], (double)of_follower.refused);
}
