/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "source/ring.h"
#include "source/source.h"

struct event_source {
	struct event_sink_fns fns;
	struct perf_buffer *perf; /* owned; one of the two is there */
	struct ring *ring;        /* owned */
	size_t ring_bytes;
	int samples;     /* of this drain */
	int max_samples; /* then it ends, also when the producer is faster */
};

/* ---- ring buffer ----------------------------------------------------------------------------- */

static int on_ring_sample(void *ctx, void *data, size_t len)
{
	struct event_source *source = ctx;

	source->fns.sample(source->fns.ctx, UINT32_MAX, data, len);
	/* The sample counts as read. */
	return ++source->samples >= source->max_samples ? -EAGAIN : 0;
}

static int open_ring(struct event_source *source, const struct map_info *map, struct err *err)
{
	int r = ring__open(map->fd, map->max_entries, on_ring_sample, source, &source->ring);

	if (r < 0)
		return err__set(err, r, NULL, "cannot open ring buffer '%s': %s", map->name,
				strerror(-r));
	source->ring_bytes = map->max_entries;
	return 0;
}

/* ---- perf buffer ----------------------------------------------------------------------------- */

struct raw_sample {
	struct perf_event_header header;
	uint32_t size;
	char data[];
};

struct lost_record {
	struct perf_event_header header;
	uint64_t id;
	uint64_t lost;
};

static enum bpf_perf_event_ret on_perf_record(void *ctx, int cpu, struct perf_event_header *header)
{
	struct event_source *source = ctx;
	const void *record = header;

	if (header->type == PERF_RECORD_SAMPLE) {
		const struct raw_sample *sample = record;
		size_t room = header->size - offsetof(struct raw_sample, data);

		source->samples++;
		source->fns.sample(source->fns.ctx, (uint32_t)cpu, sample->data,
				   sample->size < room ? sample->size : room);
	} else if (header->type == PERF_RECORD_LOST && header->size >= sizeof(struct lost_record)) {
		const struct lost_record *lost = record;

		source->fns.lost(source->fns.ctx, (uint32_t)cpu, lost->lost);
	}
	/* libbpf has read this one, and goes on with the next CPU */
	return source->samples >= source->max_samples ? LIBBPF_PERF_EVENT_DONE
						      : LIBBPF_PERF_EVENT_CONT;
}

/* The kernel only wakes us when a ring is full to the brim: rings are drained on a timer, and a
 * wake-up per event costs more than the event (measured: 6.3 us with, 0.35 us without). */
static int open_perf(struct event_source *source, const struct map_info *map, uint32_t pages,
		     struct err *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_type = PERF_SAMPLE_RAW,
		.sample_period = 1,
		.watermark = 1,
		.wakeup_watermark = UINT32_MAX, /* the kernel makes it the ring's size */
	};

	if (pages == 0 || (pages & (pages - 1)) != 0)
		return err__set(err, -EINVAL, NULL,
				"perf buffer '%s' with %u pages; a power of two is needed",
				map->name, pages);
	source->perf = perf_buffer__new_raw(map->fd, pages, &attr, on_perf_record, source,
					    NULL /* all CPUs that are online */);
	if (!source->perf)
		return err__set(err, -errno, NULL, "cannot open perf buffer '%s': %s", map->name,
				strerror(errno));
	source->ring_bytes = perf_buffer__buffer_cnt(source->perf) * pages * page;
	return 0;
}

/* ---- both ------------------------------------------------------------------------------------ */

int event_source__open(const struct map_info *map, uint32_t pages_per_cpu,
		       const struct event_sink_fns *fns, struct event_source **ret_source,
		       struct err *err)
{
	struct event_source *source = new_zero(struct event_source);
	int r;

	if (!source)
		return err__set(err, -ENOMEM, NULL, "no memory to read map '%s'", map->name);
	source->fns = *fns;
	if (map->type == BPF_MAP_TYPE_RINGBUF)
		r = open_ring(source, map, err);
	else if (map->type == BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		r = open_perf(source, map, pages_per_cpu, err);
	else
		r = err__set(err, -EINVAL, NULL,
			     "map '%s' of type %u is neither a ring buffer nor a perf event array",
			     map->name, map->type);
	if (r < 0) {
		event_source__close(source);
		return r;
	}
	*ret_source = source;
	return 0;
}

struct event_source *event_source__close(struct event_source *source)
{
	if (!source)
		return NULL;
	ring__close(source->ring);
	perf_buffer__free(source->perf);
	free(source);
	return NULL;
}

int event_source__drain(struct event_source *source)
{
	return event_source__drain_some(source, EVENT_SOURCE_ALL, EVENT_SOURCE_MOST);
}

uint64_t event_source__end(const struct event_source *source)
{
	return source->ring ? ring__end(source->ring) : EVENT_SOURCE_ALL;
}

bool event_source__has_read(const struct event_source *source, uint64_t end)
{
	return !source->ring || ring__has_read(source->ring, end);
}

int event_source__drain_some(struct event_source *source, uint64_t end, int max)
{
	int r;

	source->samples = 0;
	source->max_samples = max;
	r = source->ring ? ring__consume(source->ring, end) : perf_buffer__consume(source->perf);
	return r < 0 && r != -EAGAIN ? r : source->samples;
}

int event_source__fd(const struct event_source *source)
{
	return source->ring ? ring__fd(source->ring) : perf_buffer__epoll_fd(source->perf);
}

size_t event_source__ring_bytes(const struct event_source *source)
{
	return source->ring_bytes;
}
