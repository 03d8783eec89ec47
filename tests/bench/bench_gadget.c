/* SPDX-License-Identifier: Apache-2.0 */
/* A gadget's records from the ring to lines of JSON: replayed, so that neither kernel nor workload is measured. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "bench.h"
#include "cases.h"
#include "pipeline/agent.h"
#include "pipeline/count_source.h"
#include "pipeline/gadget.h"
#include "pipeline/internal.h"
#include "pipeline/output.h"
#include "pipeline/stream_private.h"

#define EVENTS 1024u /* of one drain */
#define ROUNDS 41
#define NS_PER_MS_DOUBLE 1e6
#define MOST_COUNT_NS 300
/* Two million a second and core, of 830 bytes each. 395 where nothing else runs; with others on the same core it may miss
 * it (610 was seen, when every other figure was up by half, too). */
#define MOST_NS 500

struct replay {
	struct loop *loop;
	struct agent *agent;
	struct output *output;
	struct stream *stream;
	struct event_sink_fns fns;
	uint8_t *events;
	size_t size;
};

static void open_gadget(struct replay *replay, enum metric_wish wish)
{
	const struct agent_options options = { .loop = replay->loop,
					       .version = "bench",
					       .leaves_programs_alone = true };
	const struct gadget_options gadget_options = { .metric_wish = wish };
	struct err_list errors = { .len = 0 };
	const char *probes = getenv("SONDE_PROBES");
	struct gadget *gadget;
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/trace_open", probes ? probes : "build/probes");
	bench_check(agent__new(&options, &replay->agent, NULL), "agent");
	bench_check(gadget_open(path, &gadget_options, &gadget, &errors), path);
	bench_check(agent__add(replay->agent, gadget__take_spec(gadget), &errors), "gadget");
	gadget__close(gadget);
	err_list__done(&errors);
	replay->stream = agent__stream(replay->agent, 0, 0);
	bench_check(replay->stream ? 0 : -1, "stream");
}

static void put(struct replay *replay, uint8_t *event, const char *name, const void *value,
		size_t len)
{
	const struct stream_spec *spec = stream__spec(replay->stream);

	for (uint32_t i = 0; i < spec->field_count; i++) {
		if (!str_eq(spec->fields[i].name, name))
			continue;
		bench_check(len <= spec->fields[i].size ? 0 : -1, name);
		memcpy(event + spec->fields[i].offset, value, len);
		return;
	}
	bench_check(-1, name);
}

static void put_u32(struct replay *replay, uint8_t *event, const char *name, uint32_t value)
{
	put(replay, event, name, &value, sizeof(value));
}

static void make_events(struct replay *replay)
{
	replay->size = stream__schema(replay->stream)->size;
	replay->events = calloc(EVENTS, replay->size);
	bench_check(replay->events ? 0 : -1, "events");
	for (uint32_t i = 0; i < EVENTS; i++) {
		uint8_t *event = replay->events + i * replay->size;
		uint64_t time_ns = (uint64_t)clock_boottime_ns() + i * 1000u;
		char file[64];
		int len = snprintf(file, sizeof(file), "/var/lib/app/objects/%08x/state",
				   i * 2654435761u);

		put(replay, event, "timestamp_raw", &time_ns, sizeof(time_ns));
		put(replay, event, "proc.comm", "worker", 6);
		put(replay, event, "proc.parent.comm", "containerd-shim", 15);
		put(replay, event, "fname", file, (size_t)len);
		put_u32(replay, event, "proc.pid", 1000 + i);
		put_u32(replay, event, "proc.tid", 1000 + i);
		put_u32(replay, event, "proc.creds.uid", i % 2 ? 1000 : 0);
		put_u32(replay, event, "proc.parent.pid", 900 + i % 7);
		put_u32(replay, event, "error_raw", i % 16 ? 0 : 2);
		put_u32(replay, event, "fd", i % 100);
		put_u32(replay, event, "flags_raw", O_RDONLY | O_CLOEXEC | (i % 4 ? 0 : O_CREAT));
		put_u32(replay, event, "mode_raw", 0644);
	}
}

/* Each about somebody else than the one before it. */
static void mix_subjects(struct replay *replay)
{
	for (uint32_t i = 0; i < EVENTS; i++) {
		uint64_t id = 1 + i % 2;

		put(replay, replay->events + i * replay->size, "proc.mntns_id", &id, sizeof(id));
	}
}

/* One drain: all events, one by one as the ring hands them over, and the text out to where nobody reads. */
static double time_drain(struct replay *replay)
{
	double start = bench_now_ms();

	for (uint32_t i = 0; i < EVENTS; i++)
		replay->fns.sample(replay->fns.ctx, 0, replay->events + i * replay->size,
				   replay->size);
	return bench_now_ms() - start;
}

static double time_format(struct replay *replay, enum event_format format)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	const struct output_options options = { .agent = replay->agent,
						.loop = replay->loop,
						.fd = fd,
						.format = format,
						.has_format = true };
	struct bench_times times = { .count = 0 };

	bench_check(fd, "/dev/null");
	bench_check(output__new(&options, &replay->output, NULL), "output");
	for (int round = 0; round < ROUNDS; round++)
		bench_times__add(&times, time_drain(replay));
	replay->output = output__free(replay->output);
	close(fd);
	return bench_times__tenth(&times) * NS_PER_MS_DOUBLE / EVENTS;
}

/* Counted here, by the thread's name, the error and whose it is, as where the kernel cannot. */
static double time_count(struct replay *replay)
{
	struct route *route = &replay->agent->configs.items[0]->routes[0];
	struct bench_times times = { .count = 0 };

	bench_check(count_source__open(route, NULL, 1, NULL), "count");
	for (int round = 0; round < ROUNDS; round++)
		bench_times__add(&times, time_drain(replay));
	return bench_times__tenth(&times) * NS_PER_MS_DOUBLE / EVENTS;
}

static void open_replay(struct replay *replay, enum metric_wish wish)
{
	*replay = (struct replay){ .loop = NULL };
	bench_check(loop__new(&replay->loop, NULL), "loop");
	open_gadget(replay, wish);
	make_events(replay);
	bench_check(stream_reserve(replay->stream), "memory");
	stream_set_event_fns(replay->stream, &replay->fns);
}

static void close_replay(struct replay *replay)
{
	free(replay->events);
	agent__free(replay->agent);
	loop__free(replay->loop);
}

static void gadget_case(void)
{
	struct replay replay;

	open_replay(&replay, METRIC_WISH_NONE);
	bench_title("gadget: records of trace_open, %zu bytes each; of JSON they have about 830",
		    replay.size);
	bench_print("gadget_none_event", time_format(&replay, EVENT_FORMAT_NONE), "ns",
		    BENCH_NO_LIMIT);
	bench_print("gadget_json_event", time_format(&replay, EVENT_FORMAT_JSON), "ns", MOST_NS);
	bench_print("gadget_columns_event", time_format(&replay, EVENT_FORMAT_COLUMNS), "ns",
		    BENCH_NO_LIMIT);
	mix_subjects(&replay);
	bench_print("gadget_json_mixed_event", time_format(&replay, EVENT_FORMAT_JSON), "ns",
		    BENCH_NO_LIMIT);
	close_replay(&replay);
	/* Nanoseconds of an event are milliseconds of a million; what the kernel takes is in the case "counting". */
	open_replay(&replay, METRIC_WISH_ALL);
	bench_print("gadget_count_event", time_count(&replay), "ns", MOST_COUNT_NS);
	close_replay(&replay);
}

static const struct bench_case cases[] = { { "gadget", gadget_case } };

int main(int argc, char **argv)
{
	return bench_main(argc, argv, cases, array_size(cases));
}
