/* SPDX-License-Identifier: Apache-2.0 */
/* Records to text: what an event of about 300 bytes of JSON costs, beside snprintf and a JSON library. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "bench.h"
#include "cases.h"
#include "sink/event_sink.h"

#define RECORDS 4096u /* a drain of a ring */
#define ROUNDS 41
#define NS_PER_MS 1e6
#define MOST_NS 500 /* two million a second and core */

/* What an exec tells, as the ring has it. */
struct exec_event {
	uint64_t timestamp_ns, mntns_id, cgroup_id;
	char comm[16], parent_comm[16];
	uint32_t pid, tid, parent_pid, uid, gid, argument_count;
	int32_t error;
	char file[64], arguments[96];
};

#define AT(member) offsetof(struct exec_event, member)
#define NUMBER(path, number_type, bytes, member)                                                   \
	{                                                                                          \
		.name = (path), .type = FIELD_TYPE_##number_type, .offset = AT(member),            \
		.size = (bytes), .count = 1, .parent = -1                                          \
	}
#define TEXT(path, member)                                                                         \
	{                                                                                          \
		.name = (path), .type = FIELD_TYPE_STRING, .offset = AT(member),                   \
		.size = sizeof(((struct exec_event *)0)->member), .count = 1, .parent = -1         \
	}

static const struct field fields[] = {
	NUMBER("timestamp_raw", U64, 8, timestamp_ns),
	NUMBER("proc.mntns_id", U64, 8, mntns_id),
	NUMBER("cgroup_id", U64, 8, cgroup_id),
	TEXT("proc.comm", comm),
	TEXT("proc.parent.comm", parent_comm),
	NUMBER("proc.pid", U32, 4, pid),
	NUMBER("proc.tid", U32, 4, tid),
	NUMBER("proc.parent.pid", U32, 4, parent_pid),
	NUMBER("proc.creds.uid", U32, 4, uid),
	NUMBER("proc.creds.gid", U32, 4, gid),
	NUMBER("args_count", U32, 4, argument_count),
	NUMBER("error_raw", S32, 4, error),
	TEXT("file", file),
	TEXT("args", arguments),
};
static const struct schema schema = {
	.name = "exec",
	.fields = fields,
	.field_count = array_size(fields),
	.size = sizeof(struct exec_event),
};
static const struct column_style styles[array_size(fields)];
static const struct event_stream stream = { .name = "exec", .schema = &schema, .styles = styles };

static struct exec_event *make_events(void)
{
	struct exec_event *events = new_array(struct exec_event, RECORDS);

	bench_check(events ? 0 : -1, "events");
	for (uint32_t i = 0; i < RECORDS; i++) {
		struct exec_event *event = &events[i];

		*event = (struct exec_event){
			.timestamp_ns = 1795000000000000000u + i * 1234567u,
			.mntns_id = 4026531841u + i % 50,
			.cgroup_id = 12345 + i % 50,
			.comm = "bash",
			.parent_comm = "containerd-shim",
			.pid = 1000 + i * 7,
			.tid = 1000 + i * 7,
			.parent_pid = 900 + i,
			.uid = i % 2 ? 1000 : 0,
			.gid = i % 2 ? 1000 : 0,
			.argument_count = 3,
			.error = i % 16 ? 0 : -2,
			.file = "/usr/local/sbin/docker-entrypoint",
		};
		(void)snprintf(event->arguments, sizeof(event->arguments),
			       "sh -c echo \"round %u\" >/var/lib/app/state", i);
	}
	return events;
}

/* ---- rivals --------------------------------------------------------------------------------- */

/* One format for the whole event. Nothing is escaped, so that what comes out is not even JSON. */
static void by_printf(const struct exec_event *event, struct strbuf *out)
{
	char *to = strbuf__reserve(out, 1024);
	int len;

	bench_check(to ? 0 : -1, "memory");
	len = snprintf(to, 1024,
		       "{\"args\":\"%s\",\"args_count\":%u,\"cgroup_id\":%" PRIu64
		       ",\"error_raw\":%d,\"file\":\"%s\",\"proc\":{\"comm\":\"%s\",\"creds\":"
		       "{\"gid\":%u,\"uid\":%u},\"mntns_id\":%" PRIu64 ",\"parent\":{\"comm\":"
		       "\"%s\",\"pid\":%u},\"pid\":%u,\"tid\":%u},\"timestamp_raw\":%" PRIu64 "}\n",
		       event->arguments, event->argument_count, event->cgroup_id, event->error,
		       event->file, event->comm, event->gid, event->uid, event->mntns_id,
		       event->parent_comm, event->parent_pid, event->pid, event->tid,
		       event->timestamp_ns);
	out->len += (size_t)len;
}

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static void by_library(const struct exec_event *event, struct strbuf *out)
{
	json_t *creds = json_pack("{s:o,s:o}", "gid", number(event->gid), "uid",
				  number(event->uid));
	json_t *parent = json_pack("{s:s,s:o}", "comm", event->parent_comm, "pid",
				   number(event->parent_pid));
	json_t *proc = json_pack("{s:s,s:o,s:o,s:o,s:o,s:o}", "comm", event->comm, "creds", creds,
				 "mntns_id", number(event->mntns_id), "parent", parent, "pid",
				 number(event->pid), "tid", number(event->tid));
	json_t *all = json_pack("{s:s,s:o,s:o,s:i,s:s,s:o,s:o}", "args", event->arguments,
				"args_count", number(event->argument_count), "cgroup_id",
				number(event->cgroup_id), "error_raw", event->error, "file",
				event->file, "proc", proc, "timestamp_raw",
				number(event->timestamp_ns));
	char *text = all ? json_dumps(all, JSON_COMPACT) : NULL;

	bench_check(text ? 0 : -1, "json");
	strbuf__add_text(out, text);
	strbuf__add_char(out, '\n');
	free(text);
	json_decref(all);
}

/* ---- cases ---------------------------------------------------------------------------------- */

struct race {
	struct exec_event *events;
	struct record *records;
	struct strbuf out;
};

static double time_sink(struct race *race, struct event_sink *sink)
{
	double start = bench_now_ms();

	strbuf__reset(&race->out);
	bench_check(event_sink__write(sink, 0, race->records, RECORDS, &race->out), "write");
	return bench_now_ms() - start;
}

static double time_rival(struct race *race,
			 void (*write)(const struct exec_event *event, struct strbuf *out))
{
	double start = bench_now_ms();

	strbuf__reset(&race->out);
	for (uint32_t i = 0; i < RECORDS; i++)
		write(&race->events[i], &race->out);
	return bench_now_ms() - start;
}

static struct event_sink *make_sink(enum event_format format, uint16_t width)
{
	const struct event_sink_options options = {
		.streams = &stream, .stream_count = 1, .columns = width, .rows = 50
	};
	struct event_sink *sink;

	bench_check(event_sink__new(format, &options, &sink, NULL), "sink");
	return sink;
}

static void print_ns(const char *figure, const struct bench_times *times, double most)
{
	bench_print(figure, bench_times__tenth(times) * NS_PER_MS / RECORDS, "ns", most);
}

static void run_rounds(struct race *race)
{
	struct event_sink *json = make_sink(EVENT_FORMAT_JSON, 0);
	struct event_sink *columns = make_sink(EVENT_FORMAT_COLUMNS, 160);
	struct bench_times ours = { .count = 0 }, cells = ours, printfs = ours, libraries = ours;
	size_t bytes = 0;

	for (int round = 0; round < ROUNDS; round++) {
		bench_times__add(&ours, time_sink(race, json));
		bytes = race->out.len;
		bench_times__add(&cells, time_sink(race, columns));
		bench_times__add(&printfs, time_rival(race, by_printf));
		bench_times__add(&libraries, time_rival(race, by_library));
	}
	bench_title("json: %u events of %.0f bytes of JSON", RECORDS, (double)bytes / RECORDS);
	print_ns("json_event", &ours, MOST_NS);
	bench_print("json/printf", bench_times__median(&ours) / bench_times__median(&printfs), "",
		    0.5);
	bench_print("json/library", bench_times__median(&ours) / bench_times__median(&libraries),
		    "", 0.1);
	print_ns("json_columns_event", &cells, BENCH_NO_LIMIT);
	event_sink__free(json);
	event_sink__free(columns);
}

static void json_case(void)
{
	struct race race = { .events = make_events(),
			     .records = new_array(struct record, RECORDS) };

	bench_check(race.records ? 0 : -1, "records");
	for (uint32_t i = 0; i < RECORDS; i++)
		race.records[i] = (struct record){
			.schema = &schema,
			.raw = &race.events[i],
			.raw_len = sizeof(race.events[i]),
		};
	run_rounds(&race);
	strbuf__done(&race.out);
	free(race.records);
	free(race.events);
}

static const struct bench_case cases[] = { { "json", json_case } };

int main(int argc, char **argv)
{
	return bench_main(argc, argv, cases, array_size(cases));
}
