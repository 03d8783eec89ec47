/* SPDX-License-Identifier: Apache-2.0 */
/* What outputs of events have in common: events that the agent tells of itself, and how many went out. */
#include "base/clock.h"
#include "pipeline/policies_private.h"

struct process_event policies__own_event(const struct policies *policies,
					 enum process_event_kind kind)
{
	return (struct process_event){
		.kind = kind,
		.node_name = text_view_of(policies->node),
		.cluster_name = text_view_of(policies->cluster),
		.time = event_time_from_ns(clock_wall_ns()),
	};
}

void policies__note_export(struct policies *policies, enum policy_export what, uint64_t bytes)
{
	policies->exports.events[what]++;
	policies->exports.bytes += bytes;
	if (what == POLICY_EXPORT_WRITTEN)
		policies->exports.last_ns = clock_wall_ns();
}
