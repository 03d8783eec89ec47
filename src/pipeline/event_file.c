/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/event_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/str.h"
#include "pipeline/policies.h"
#include "sink/process_json.h"

/* What events wrote goes to the file this often, or when there is so much. */
#define FLUSH_NS (20 * NS_PER_MS)
#define FLUSH_BYTES (256u << 10)
/* How often the log is told of failures, at most. */
#define TELL_S 60

struct event_file {
	struct policies *policies; /* borrowed, as the loop is */
	struct loop *loop;
	struct process_export *export; /* owned */
	struct rotating_file *file;    /* owned */
	struct loop_watch *timer;
	struct strbuf lines; /* that are not written yet */
	char *path;          /* owned */
	uint64_t told;       /* failures that the log knows of */
	long told_s;
	uint64_t written, dropped;
};

static void flush(struct event_file *file)
{
	if (file->lines.len > 0)
		rotating_file__write(file->file, file->lines.data, file->lines.len,
				     clock_monotonic_ns());
	strbuf__reset(&file->lines);
}

static void write_event(struct event_file *file, const struct process_event *event)
{
	size_t before = file->lines.len;

	if (process_json__write(event, process_export__mask(file->export), &file->lines) < 0) {
		file->lines.has_failed = false; /* what was there still is */
		file->dropped++;
		return;
	}
	file->written++;
	policies__note_export(file->policies, POLICY_EXPORT_WRITTEN, file->lines.len - before);
	if (file->lines.len >= FLUSH_BYTES)
		flush(file);
}

static void on_event(void *ctx, const struct process_event *event)
{
	struct event_file *file = ctx;

	switch (process_export__run(file->export, event, clock_monotonic_ns())) {
	case PROCESS_VERDICT_KEEP:
		write_event(file, event);
		break;
	case PROCESS_VERDICT_LIMITED:
		policies__note_export(file->policies, POLICY_EXPORT_LIMITED, 0);
		break;
	case PROCESS_VERDICT_FILTERED:
		break;
	}
}

static bool wants(void *ctx, enum process_event_kind kind, const char *policy)
{
	const struct event_file *file = ctx;

	return process_export__may_admit(file->export, kind, policy);
}

static void tell_limited(struct event_file *file)
{
	uint64_t dropped = process_export__take_dropped(file->export, clock_monotonic_ns());
	struct process_event event = policies__own_event(file->policies,
							 PROCESS_EVENT_RATE_LIMIT_INFO);

	event.dropped = dropped;
	if (dropped > 0)
		write_event(file, &event);
}

/* Whoever looks at no metric has the log. */
static void tell_failures(struct event_file *file)
{
	struct rotating_file_figures figures;

	rotating_file__figures(file->file, &figures);
	if (figures.failures == file->told || !log_limit(&file->told_s, TELL_S))
		return;
	file->told = figures.failures;
	log_warn("File of events '%s': %s; %llu lines are lost so far, going on", file->path,
		 strerror(figures.last_error), (unsigned long long)figures.lost_lines);
}

static void on_timer(void *ctx)
{
	struct event_file *file = ctx;

	tell_limited(file);
	flush(file);
	(void)rotating_file__work(file->file, clock_monotonic_ns()); /* more of it next time */
	tell_failures(file);
}

static int open_file(struct event_file *file, const struct event_file_options *options,
		     struct err *err)
{
	const struct policy_subscriber subscriber = { .event = on_event,
						      .wants = wants,
						      .ctx = file };
	int64_t now_ns = clock_monotonic_ns();
	int r = process_export__new(&options->export, now_ns, &file->export, err);

	file->path = strdup(options->file.path);
	if (r == 0 && !file->path)
		r = err__set(err, -ENOMEM, NULL, "no memory for a file of events");
	if (r == 0)
		r = rotating_file__new(&options->file, now_ns, &file->file, err);
	if (r == 0)
		r = loop__add_timer(options->loop, FLUSH_NS, FLUSH_NS, on_timer, file, &file->timer,
				    err);
	return r < 0 ? r : policies__subscribe(options->policies, &subscriber, err);
}

int event_file__new(const struct event_file_options *options, struct event_file **ret_file,
		    struct err *err)
{
	struct event_file *file = new_zero(struct event_file);
	int r;

	if (!file)
		return err__set(err, -ENOMEM, NULL, "no memory for a file of events");
	file->policies = options->policies;
	file->loop = options->loop;
	r = open_file(file, options, err);
	if (r < 0) {
		event_file__free(file);
		return r;
	}
	*ret_file = file;
	return 0;
}

struct event_file *event_file__free(struct event_file *file)
{
	if (!file)
		return NULL;
	policies__unsubscribe(file->policies, file);
	loop__remove(file->loop, file->timer);
	if (file->file)
		flush(file);
	rotating_file__free(file->file);
	process_export__free(file->export);
	strbuf__done(&file->lines);
	free(file->path);
	free(file);
	return NULL;
}

void event_file__figures(const struct event_file *file, struct event_file_figures *ret_figures)
{
	*ret_figures = (struct event_file_figures){ .written = file->written,
						    .dropped = file->dropped };
	process_export__figures(file->export, &ret_figures->export);
	rotating_file__figures(file->file, &ret_figures->file);
}
