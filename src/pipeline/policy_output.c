/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/policy_output.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/mem.h"
#include "pipeline/event_lines.h"
#include "pipeline/output_writer.h"
#include "pipeline/policies.h"
#include "sink/process_compact.h"
#include "sink/process_json.h"

/* What a batch of events wrote is handed on this often, and whether the limit dropped something is looked at. */
#define FLUSH_NS (20 * NS_PER_MS)

struct policy_output {
	struct policy_output_options options;
	struct process_export *export;   /* owned */
	struct process_compact *compact; /* owned; NULL: JSON */
	struct output_writer *writer;    /* owned */
	struct loop_watch *timer;
	struct policy_output_figures figures;
};

/* ---- events ---- */

static void write_event(struct policy_output *output, const struct process_event *event)
{
	struct strbuf *out = output_writer__buffer(output->writer);
	size_t before = out->len;
	int r;

	if (output->compact)
		r = process_compact__write(output->compact, event, out);
	else
		r = process_json__write(event, process_export__mask(output->export), out);
	if (r < 0) {
		output->figures.dropped++;
		return;
	}
	output->figures.written++;
	output->figures.bytes += out->len - before;
	policies__note_export(output->options.policies, POLICY_EXPORT_WRITTEN, out->len - before);
}

static void on_event(void *ctx, const struct process_event *event)
{
	struct policy_output *output = ctx;

	/* One drain may bring more than fits: whoever reads may take it at once. */
	if (output_writer__is_full(output->writer))
		output_writer__flush(output->writer);
	if (output_writer__is_full(output->writer)) {
		output->figures.dropped++;
		policies__note_export(output->options.policies, POLICY_EXPORT_OVERFLOWED, 0);
		return;
	}
	switch (process_export__run(output->export, event, clock_monotonic_ns())) {
	case PROCESS_VERDICT_KEEP:
		write_event(output, event);
		break;
	case PROCESS_VERDICT_LIMITED:
		policies__note_export(output->options.policies, POLICY_EXPORT_LIMITED, 0);
		break;
	case PROCESS_VERDICT_FILTERED:
		break;
	}
}

static bool wants(void *ctx, enum process_event_kind kind, const char *policy)
{
	const struct policy_output *output = ctx;

	return process_export__may_admit(output->export, kind, policy);
}

static void on_timer(void *ctx)
{
	struct policy_output *output = ctx;
	uint64_t dropped = process_export__take_dropped(output->export, clock_monotonic_ns());

	if (dropped) {
		struct process_event event = policies__own_event(output->options.policies,
								 PROCESS_EVENT_RATE_LIMIT_INFO);

		event.dropped = dropped;
		write_event(output, &event);
	}
	output_writer__flush(output->writer);
}

/* ---- new and free ---- */

static int open_writer(struct policy_output *output, struct err *err)
{
	const struct output_writer_options options = {
		.loop = output->options.loop,
		.fd = output->options.fd,
		.closed = output->options.closed,
		.closed_ctx = output->options.ctx,
	};
	int r = output_writer__new(&options, &output->writer, err);

	if (r == 0)
		r = loop__add_timer(output->options.loop, FLUSH_NS, FLUSH_NS, on_timer, output,
				    &output->timer, err);
	return r;
}

static int open_sinks(struct policy_output *output, struct err *err)
{
	const struct process_compact_options options = { .is_colored = output->options.is_colored,
							 .has_stacks = true,
							 .has_ima_hash = true,
							 .syscall_name = event_syscall_name };
	int r = process_export__new(&output->options.export, clock_monotonic_ns(), &output->export,
				    err);

	if (r == 0 && output->options.format == POLICY_FORMAT_COMPACT)
		r = process_compact__new(&options, &output->compact, err);
	return r;
}

int policy_output_check(const struct process_export_options *options, struct err *err)
{
	struct process_export *export = NULL;
	int r = process_export__new(options, clock_monotonic_ns(), &export, err);

	process_export__free(export);
	return r;
}

int policy_output__new(const struct policy_output_options *options,
		       struct policy_output **ret_output, struct err *err)
{
	struct policy_output *output = new_zero(struct policy_output);
	const struct policy_subscriber subscriber = { on_event, wants, output };
	int r;

	if (!output)
		return err__set(err, -ENOMEM, NULL, "no memory for events");
	output->options = *options;
	r = open_sinks(output, err);
	if (r == 0)
		r = open_writer(output, err);
	if (r == 0)
		r = policies__subscribe(options->policies, &subscriber, err);
	if (r < 0) {
		policy_output__free(output, 0);
		return r;
	}
	*ret_output = output;
	return 0;
}

struct policy_output *policy_output__free(struct policy_output *output, int64_t timeout_ns)
{
	if (!output)
		return NULL;
	policies__unsubscribe(output->options.policies, output);
	if (output->timer)
		loop__remove(output->options.loop, output->timer);
	if (output->writer)
		output_writer__finish(output->writer, timeout_ns);
	output_writer__free(output->writer);
	process_compact__free(output->compact);
	process_export__free(output->export);
	free(output);
	return NULL;
}

void policy_output__figures(const struct policy_output *output,
			    struct policy_output_figures *ret_figures)
{
	*ret_figures = output->figures;
	process_export__figures(output->export, &ret_figures->export);
}
