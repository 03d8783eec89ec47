/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/process_export.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "filter/event_rate.h"

struct process_export {
	struct process_filter *allow, *deny; /* owned */
	struct process_fields *fields;       /* owned */
	struct event_rate rate;
	struct process_export_figures figures;
};

static int read_texts(struct process_export *export, const struct process_export_options *options,
		      struct err *err)
{
	static const struct loc allow_at = { .file = "allow list" };
	static const struct loc deny_at = { .file = "deny list" };
	static const struct loc fields_at = { .file = "field filters" };
	int r = process_filter_parse(options->allow ? options->allow : "", &allow_at,
				     &options->filters, &export->allow, err);

	if (r == 0)
		r = process_filter_parse(options->deny ? options->deny : "", &deny_at,
					 &options->filters, &export->deny, err);
	if (r == 0)
		r = process_fields_parse(options->fields ? options->fields : "", &fields_at,
					 &export->fields, err);
	return r;
}

int process_export__new(const struct process_export_options *options, int64_t now_ns,
			struct process_export **ret_export, struct err *err)
{
	struct process_export *export = new_zero(struct process_export);
	int r = export ? read_texts(export, options, err) : -ENOMEM;

	if (r < 0) {
		process_export__free(export);
		return r;
	}
	event_rate__init(&export->rate,
			 options->is_limited ? (int64_t)options->per_minute : EVENT_RATE_UNLIMITED,
			 now_ns);
	*ret_export = export;
	return 0;
}

struct process_export *process_export__free(struct process_export *export)
{
	if (!export)
		return NULL;
	process_filter__free(export->allow);
	process_filter__free(export->deny);
	process_fields__free(export->fields);
	free(export);
	return NULL;
}

enum process_verdict process_export__run(struct process_export *export,
					 const struct process_event *event, int64_t now_ns)
{
	if ((process_filter__count(export->allow) > 0 &&
	     !process_filter__match(export->allow, event)) ||
	    process_filter__match(export->deny, event)) {
		export->figures.filtered++;
		return PROCESS_VERDICT_FILTERED;
	}
	if (!event_rate__allow(&export->rate, now_ns)) {
		export->figures.limited++;
		return PROCESS_VERDICT_LIMITED;
	}
	export->figures.kept++;
	return PROCESS_VERDICT_KEEP;
}

bool process_export__may_admit(const struct process_export *export, enum process_event_kind kind,
			       const char *policy)
{
	if (export->rate.is_limited && export->rate.cost_ns == 0)
		return false;
	if (process_filter__count(export->allow) > 0 &&
	    process_filter__forecast(export->allow, kind, policy) == PROCESS_FILTER_NEVER)
		return false;
	return process_filter__forecast(export->deny, kind, policy) != PROCESS_FILTER_ALWAYS;
}

const struct event_mask *process_export__mask(const struct process_export *export)
{
	return process_fields__mask(export->fields);
}

uint64_t process_export__take_dropped(struct process_export *export, int64_t now_ns)
{
	return event_rate__take_dropped(&export->rate, now_ns);
}

void process_export__figures(const struct process_export *export,
			     struct process_export_figures *ret_figures)
{
	const struct process_filter *filters[] = { export->allow, export->deny };

	*ret_figures = export->figures;
	for (size_t i = 0; i < array_size(filters); i++) {
		struct process_filter_figures figures;

		process_filter__figures(filters[i], &figures);
		ret_figures->undecided += figures.undecided;
		ret_figures->not_followed += figures.not_followed;
	}
}
