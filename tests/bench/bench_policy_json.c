/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an event of a policy costs once it is known: the lists of a consumer, its JSON line, its compact line. Half of the
 * events are executions and half reads, each with a process in a pod and its parent, as on a node of Kubernetes.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "bench.h"
#include "cases.h"
#include "filter/process_export.h"
#include "sink/process_compact.h"
#include "sink/process_json.h"

#define EVENTS 4096u
#define ROUNDS 101
/* 500,000 a second. */
#define MOST_NS 2000

static const struct text_pair labels[] = {
	{ { "app", 3 }, { "cart", 4 } },
	{ { "pod-template-hash", 17 }, { "7d9c5b5c6f", 10 } },
};

#define TEXT(literal_)                                                                             \
	{                                                                                          \
		.data = (literal_), .len = sizeof(literal_) - 1                                    \
	}

static const struct image_view image = {
	.id = TEXT(
		"registry.example/cart@sha256:8e86f744bfea165fd4ce68caa05abc96500f40130b857773186401926af7e9e6"),
	.name = TEXT("registry.example/cart:1.2"),
};
static const struct container_view container = {
	.id = TEXT("containerd://19a02291e106ce6227b684197be232ea57c4e1a5ab2604a12608c325d701c7f4"),
	.name = TEXT("cart"),
	.image = &image,
	.start_time = { .seconds = 1700000000, .is_set = true },
	.pid = { 7, true },
};
static const struct pod_view pod = {
	.namespace = TEXT("shop"),
	.name = TEXT("cart-7d9c5b5c6f-x2x4z"),
	.uid = TEXT("0b1f8a3e-2d52-4a0e-9b6b-0d8e3c5f7a11"),
	.container = &container,
	.labels = labels,
	.label_count = array_size(labels),
	.workload = TEXT("cart"),
	.workload_kind = TEXT("Deployment"),
};
static const struct process_view parent = {
	.exec_id = TEXT("bm9kZS0xOjEzNjY1ODIyNjI0ODU2OjY4Nzkw"),
	.pid = { 68790, true },
	.uid = { 0, true },
	.cwd = TEXT("/srv"),
	.binary = TEXT("/usr/bin/python3.11"),
	.arguments = TEXT("-m cart.server --port 8080 --workers 4"),
	.flags = TEXT("execve clone inInitTree"),
	.start_time = { 1700000000, 273546829, true },
	.auid = { 4294967295, true },
	.pod = &pod,
	.container = TEXT("19a02291e106ce6227b684197be232e"),
	.parent_exec_id = TEXT("bm9kZS0xOjEzNjYwNDgwNjUxNTk1OjY4NTk4"),
	.references = 3,
	.tid = { 68790, true },
	.is_in_init_tree = { true, true },
};

static const struct process_argument arguments[] = {
	{ .kind = ARGUMENT_FILE,
	  .path = { .path = TEXT("/etc/passwd"), .permission = TEXT("-rw-r--r--") } },
	{ .kind = ARGUMENT_BYTES, .bytes = { .bytes = TEXT("root:x:0:0:root:/root:/bin/bash\n") } },
	{ .kind = ARGUMENT_SIZE, .number_u64 = 4096 },
};
static const struct process_argument result = { .kind = ARGUMENT_INT, .number_i32 = 32 };

struct sample {
	struct process_view *processes;
	struct process_event *events;
	struct process_export *export;
	struct process_compact *compact;
	struct strbuf out;
};

static void fill(struct sample *sample, uint32_t index)
{
	struct process_view *process = &sample->processes[index];
	struct process_event *event = &sample->events[index];

	*process = parent;
	process->pid = process->tid = optional_u32_of(70000 + index);
	process->binary = text_view_of("/usr/bin/cat");
	process->arguments = text_view_of("/etc/passwd /etc/group");
	process->parent_exec_id = parent.exec_id;
	*event = (struct process_event){
		.kind = index % 2 ? PROCESS_EVENT_KPROBE : PROCESS_EVENT_EXEC,
		.process = process,
		.parent = &parent,
		.function_name = TEXT("__x64_sys_read"),
		.arguments = arguments,
		.argument_count = array_size(arguments),
		.result = &result,
		.action = PROCESS_ACTION_POST,
		.return_action = PROCESS_ACTION_POST,
		.policy_name = TEXT("reads"),
		.node_name = TEXT("node-1"),
		.time = { 1700000001, 123456789 + index, true },
	};
}

static void write_json(struct sample *sample, const struct process_event *event)
{
	bench_check(process_json__write(event, NULL, &sample->out), "write");
}

static void write_fewer(struct sample *sample, const struct process_event *event)
{
	bench_check(process_json__write(event, process_export__mask(sample->export), &sample->out),
		    "write");
}

static void write_compact(struct sample *sample, const struct process_event *event)
{
	bench_check(process_compact__write(sample->compact, event, &sample->out) - 1, "write");
}

static void filter(struct sample *sample, const struct process_event *event)
{
	bench_check(process_export__run(sample->export, event, 0) == PROCESS_VERDICT_KEEP ? 0 : -1,
		    "filter");
}

static const struct {
	const char *figure;
	void (*run)(struct sample *sample, const struct process_event *event);
	double most;
} figures[] = {
	{ "policy_json_event", write_json, MOST_NS },
	{ "policy_json_few_fields_event", write_fewer, MOST_NS },
	{ "policy_compact_event", write_compact, BENCH_NO_LIMIT },
	{ "policy_filter_event", filter, BENCH_NO_LIMIT },
};

static double time_round(struct sample *sample, size_t figure)
{
	double start = bench_now_ms();

	strbuf__reset(&sample->out);
	for (uint32_t i = 0; i < EVENTS; i++)
		figures[figure].run(sample, &sample->events[i]);
	return bench_now_ms() - start;
}

static void make(struct sample *sample)
{
	/* As Tetragon's chart has them, and a pattern beside. */
	const struct process_export_options options = {
		.allow = "{\"event_set\":[\"PROCESS_EXEC\",\"PROCESS_EXIT\",\"PROCESS_KPROBE\"]}",
		.deny = "{\"health_check\":true}{\"namespace\":[\"\",\"cilium\",\"kube-system\"]}"
			"{\"binary_regex\":[\"^/pause$\"]}",
		.fields = "{\"fields\":\"process.binary,process.pod.name,function_name,args\"}",
	};

	sample->processes = new_array(struct process_view, EVENTS);
	sample->events = new_array(struct process_event, EVENTS);
	bench_check(sample->processes && sample->events ? 0 : -1, "events");
	for (uint32_t i = 0; i < EVENTS; i++)
		fill(sample, i);
	bench_check(process_export__new(&options, 0, &sample->export, NULL), "filters");
	bench_check(process_compact__new(&(struct process_compact_options){ .is_colored = true },
					 &sample->compact, NULL),
		    "compact");
}

static void policy_json_case(void)
{
	struct sample sample = { .out = STRBUF_INIT };
	struct bench_times times[array_size(figures)] = { 0 };
	size_t bytes = 0;

	make(&sample);
	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < array_size(figures); i++) {
			bench_times__add(&times[i], time_round(&sample, i));
			if (i == 0)
				bytes = sample.out.len;
		}
	}
	bench_title("policy_json: %u events of %.0f bytes of JSON", EVENTS, (double)bytes / EVENTS);
	for (size_t i = 0; i < array_size(figures); i++)
		bench_print(figures[i].figure, bench_times__tenth(&times[i]) * NS_PER_MS / EVENTS,
			    "ns", figures[i].most);
	process_export__free(sample.export);
	process_compact__free(sample.compact);
	strbuf__done(&sample.out);
	free(sample.processes);
	free(sample.events);
}

static const struct bench_case cases[] = { { "policy_json", policy_json_case } };

int main(int argc, char **argv)
{
	return bench_main(argc, argv, cases, array_size(cases));
}
