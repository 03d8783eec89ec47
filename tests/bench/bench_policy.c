/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy adds to a system call: counted, posted, and rejected by each kind of selector, beside programs that somebody
 * wrote by hand for the same. All hang on sys_enter, and take turns many times on one CPU; of the rounds in which nobody else
 * traces system calls the middle one counts.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "bench.h"
#include "cases.h"
#include "policy_set.h"

#define ROUNDS 24
#define CHUNKS 10
#define CALLS 2000
#define POSTED ((uint64_t)ROUNDS * CHUNKS * CALLS)
#define RING_BYTES (4u << 20)
/* A round in which a call with nothing takes so much more than at best is not looked at. */
#define DISTURBED 0.06
/* To what is written by hand. */
#define RATIO_MOST 1.3
/* Of the study, on its machine, where a call with an empty program took so long: */
#define STUDY_EMPTY_NS 205.0
#define KEYED_MOST_NS 160.0
#define UNKEYED_MOST_NS 100.0

/* ---- who takes part -------------------------------------------------------------------------- */

enum labels { LABELS_DEFAULT, LABELS_NONE, LABELS_EVENTS, LABELS_COUNT }; /* sets of policies */

#define SYS_ENTER                                                                                  \
	"  tracepoints:\n"                                                                         \
	"  - subsystem: raw_syscalls\n"                                                            \
	"    event: sys_enter\n"
#define NUMBER_ARGUMENT                                                                            \
	"    args:\n"                                                                              \
	"    - index: 4\n"                                                                         \
	"      type: int64\n"
#define SELECTOR(text) SYS_ENTER NUMBER_ARGUMENT "    selectors:\n    - " text
#define FIRST_ARGUMENT(type, text)                                                                 \
	SYS_ENTER NUMBER_ARGUMENT "    - index: 5\n"                                               \
				  "      type: " type "\n"                                         \
				  "    selectors:\n"                                               \
				  "    - " text
/* One call only, by its number; then its first argument as text. */
#define TEXT(operator, value)                                                                      \
	FIRST_ARGUMENT("string", "matchArgs:\n"                                                    \
				 "      - {index: 4, operator: Equal, values: [\"110\"]}\n"        \
				 "      - {index: 5, operator: "                                   \
				 operator", values: [\"" value "\"]}\n")

static const char text[] = "/nonexistent/of-the-bench";

struct contender {
	const char *name;
	const char *by_hand; /* program of bench_policy.bpf.c; or … */
	const char *policy;  /* … what it says */
	enum labels labels;
	const char *rival; /* name of another, that it is compared with */
	double most;       /* of what it may add, to what that adds; 0: it is only told */
	double study_most; /* ns on the study's machine; 0: likewise */

	uint32_t id;
	struct sample {
		double bare_ns; /* a call just before and after, with nothing: the slower of both */
		double ns;
	} samples[ROUNDS];
};

static struct contender contenders[] = {
	{ .name = "empty", .by_hand = "empty" },
	{ .name = "hand_keyed", .by_hand = "count_keyed" },
	{ .name = "hand_unkeyed", .by_hand = "count_unkeyed" },
	{ .name = "hand_posted", .by_hand = "post" },
	{ .name = "read_pid", .by_hand = "read_pid" },
	{ .name = "read_number", .by_hand = "read_number" },
	{ .name = "read_process", .by_hand = "read_process" },
	{ .name = "read_scope", .by_hand = "read_scope" },
	{ .name = "read_namespace", .by_hand = "read_namespace" },
	{ .name = "read_capabilities", .by_hand = "read_capabilities" },
	{ .name = "read_argument", .by_hand = "read_argument" },
	{ .name = "read_text", .by_hand = "read_text" },
	{ .name = "keyed",
	  .policy = SYS_ENTER NUMBER_ARGUMENT,
	  .rival = "hand_keyed",
	  .most = RATIO_MOST,
	  .study_most = KEYED_MOST_NS },
	{ .name = "unkeyed",
	  .policy = SYS_ENTER NUMBER_ARGUMENT,
	  .labels = LABELS_NONE,
	  .rival = "hand_unkeyed",
	  .most = RATIO_MOST,
	  .study_most = UNKEYED_MOST_NS },
	{ .name = "unkeyed_abi",
	  .policy = SYS_ENTER "    args: [{index: 4, type: syscall64}]\n",
	  .labels = LABELS_NONE,
	  .rival = "hand_unkeyed" },
	{ .name = "total",
	  .policy = SYS_ENTER,
	  .labels = LABELS_NONE,
	  .rival = "hand_unkeyed",
	  .most = RATIO_MOST },
	{ .name = "posted",
	  .policy = SYS_ENTER NUMBER_ARGUMENT,
	  .labels = LABELS_EVENTS,
	  .rival = "hand_posted" },
	{ .name = "not_pid",
	  .policy = SELECTOR("matchPIDs: [{operator: In, values: [1]}]\n"),
	  .rival = "read_pid",
	  .most = RATIO_MOST },
	{ .name = "not_number",
	  .policy = SELECTOR("matchArgs: [{index: 4, operator: Equal, values: [\"4000\"]}]\n"),
	  .rival = "read_number",
	  .most = RATIO_MOST },
	{ .name = "not_argument",
	  .policy = FIRST_ARGUMENT(
		  "uint64", "matchArgs: [{index: 5, operator: Equal, values: [\"4000\"]}]\n"),
	  .rival = "read_argument",
	  .most = RATIO_MOST },
	{ .name = "not_binary",
	  .policy = SELECTOR("matchBinaries: [{operator: In, values: [/nonexistent]}]\n"),
	  .rival = "read_process",
	  .most = RATIO_MOST },
	{ .name = "not_pod",
	  .policy = "  podSelector: {matchLabels: {app: cart}}\n" SYS_ENTER,
	  .rival = "read_scope",
	  .most = RATIO_MOST },
	{ .name = "not_namespace",
	  .policy =
		  SELECTOR("matchNamespaces: [{namespace: Mnt, operator: In, values: [\"1\"]}]\n"),
	  .rival = "read_namespace",
	  .most = RATIO_MOST },
	{ .name = "not_capability",
	  .policy = SELECTOR(
		  "matchCapabilities: [{type: Effective, operator: NotIn, values: [CAP_CHOWN]}]\n"),
	  .rival = "read_capabilities",
	  .most = RATIO_MOST },
	{ .name = "not_text",
	  .policy = TEXT("Equal", "/nonexistent/of-the-tests"),
	  .rival = "read_text",
	  .most = RATIO_MOST },
	{ .name = "not_prefix",
	  .policy = TEXT("Prefix", "/nonexistent/of-me"),
	  .rival = "read_text",
	  .most = RATIO_MOST },
	{ .name = "not_postfix",
	  .policy = TEXT("Postfix", "a-bench"),
	  .rival = "read_text",
	  .most = RATIO_MOST },
	{ .name = "not_substring", .policy = TEXT("SubString", "of-me"), .rival = "read_text" },
};

/* A call with nothing: the best of all. */
static double bare_ns(void)
{
	double best = contenders[0].samples[0].bare_ns;

	for (size_t i = 0; i < array_size(contenders); i++)
		for (int round = 0; round < ROUNDS; round++)
			if (contenders[i].samples[round].bare_ns < best)
				best = contenders[i].samples[round].bare_ns;
	return best;
}

/* Of the rounds that nobody disturbed, the middle one: somebody else's program on system calls makes them dearer, and another
 * one cheap; once in a while machine code lies so well that it is a tenth faster. 0: there was no such round. */
static double quiet_ns(const char *name)
{
	double most = bare_ns() * (1 + DISTURBED);
	struct bench_times times = { .count = 0 };

	for (size_t i = 0; i < array_size(contenders); i++)
		for (int round = 0; round < ROUNDS; round++) {
			const struct sample *sample = &contenders[i].samples[round];

			if (str_eq(contenders[i].name, name) && sample->bare_ns <= most)
				bench_times__add(&times, sample->ns);
		}
	return bench_times__median(&times);
}

/* ---- getting ready --------------------------------------------------------------------------- */

struct race {
	struct bpf_object *object; /* by hand */
	struct policy_set sets[LABELS_COUNT];
	uint64_t heard;
};

static void hear(void *ctx, const struct process_event *event)
{
	struct race *race = ctx;

	(void)event;
	race->heard++;
}

/* Anew for each round, as policies are: where machine code happens to lie makes 20 ns. Its own table of processes has this
 * one. */
static void open_by_hand(struct race *race)
{
	const char *objects = getenv("SONDE_BENCH_BPF");
	__cleanup(x_freep) char *path = str_printf("%s/bench_policy.bpf.o", objects ? objects : "");
	uint32_t tgid = (uint32_t)getpid();
	uint64_t binary = 1, call = SYS_getppid;
	struct bpf_map *constants;

	bench_check(path && objects ? 0 : -EINVAL, "SONDE_BENCH_BPF is set by tests/bench/run");
	race->object = bpf_object__open_file(path, NULL);
	bench_check(race->object ? 0 : -errno, path);
	constants = bpf_object__find_map_by_name(race->object, ".rodata");
	bench_check(constants ? bpf_map__set_initial_value(constants, &call, sizeof(call))
			      : -ENOENT,
		    "constants");
	bench_check(bpf_object__load(race->object), path);
	bench_check(bpf_map_update_elem(bpf_object__find_map_fd_by_name(race->object, "processes"),
					&tgid, &binary, BPF_ANY) < 0
			    ? -errno
			    : 0,
		    "processes");
}

static void open_policies(struct race *race)
{
	const struct policies_options options[LABELS_COUNT] = {
		[LABELS_DEFAULT] = { .has_no_consumers = true },
		[LABELS_NONE] = { .has_no_consumers = true, .has_labels = true },
		[LABELS_EVENTS] = { .ring_bytes = RING_BYTES },
	};
	const struct policy_subscriber subscriber = { .event = hear, .ctx = race };

	for (int i = 0; i < LABELS_COUNT; i++)
		policy_set__open(&race->sets[i], &options[i]);
	bench_check(policies__subscribe(race->sets[LABELS_EVENTS].policies, &subscriber, NULL),
		    "subscribe");
}

static void prepare(struct race *race)
{
	open_policies(race);
	for (size_t i = 0; i < array_size(contenders); i++) {
		struct contender *one = &contenders[i];

		if (one->policy)
			one->id = policy_set__add(&race->sets[one->labels], one->policy);
	}
}

static void finish(struct race *race)
{
	for (int i = 0; i < LABELS_COUNT; i++)
		policy_set__close(&race->sets[i]);
}

/* All of it on one CPU: the best times are of the same one. */
static void stay_here(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	bench_check(sched_setaffinity(0, sizeof(one), &one) < 0 ? -errno : 0, "affinity");
}

/* ---- the race -------------------------------------------------------------------------------- */

static double call_ns(void)
{
	int64_t begin_ns = clock_monotonic_ns();

	for (int i = 0; i < CALLS; i++)
		(void)syscall(SYS_getppid, text);
	return (double)(clock_monotonic_ns() - begin_ns) / CALLS;
}

/* Not by libbpf, whose sections have other handlers once an agent was there. */
static int attach(const struct race *race, const char *name)
{
	const struct bpf_program *program = bpf_object__find_program_by_name(race->object, name);
	int link = program ? bpf_raw_tracepoint_open("sys_enter", bpf_program__fd(program))
			   : -ENOENT;

	bench_check(link, name);
	return link;
}

static double best_call_ns(struct policy_set *set)
{
	double best = 0;

	for (int chunk = 0; chunk < CHUNKS; chunk++) {
		double ns = call_ns();

		if (best == 0 || ns < best)
			best = ns;
		if (set)
			policies__drain(set->policies);
	}
	return best;
}

static double measure(struct race *race, const struct contender *one)
{
	struct policy_set *set = one->policy ? &race->sets[one->labels] : NULL;
	__cleanup(fd_closep) int link = one->by_hand ? attach(race, one->by_hand) : -1;
	double ns;

	if (set)
		policy_set__enable(set, one->id);
	ns = best_call_ns(set);
	if (set)
		policy_set__disable(set, one->id);
	return ns;
}

static void run_round(struct race *race, int round)
{
	double before = best_call_ns(NULL);

	for (size_t i = 0; i < array_size(contenders); i++) {
		double ns = measure(race, &contenders[i]), after = best_call_ns(NULL);

		contenders[i].samples[round] = (struct sample){
			.bare_ns = before > after ? before : after,
			.ns = ns,
		};
		before = after;
	}
}

static void print(const struct contender *one)
{
	__cleanup(x_freep) char *added = str_printf("policy_%s", one->name);
	double ns = quiet_ns(one->name) - bare_ns();

	bench_check(added ? 0 : -ENOMEM, "no memory");
	if (quiet_ns(one->name) == 0 || (one->rival && quiet_ns(one->rival) == 0)) {
		bench_skip(added, "others had programs on system calls all the time");
		return;
	}
	bench_print(added, ns, "ns", BENCH_NO_LIMIT);
	if (one->rival) {
		__cleanup(x_freep) char *ratio = str_printf("policy_%s/%s", one->name, one->rival);

		bench_check(ratio ? 0 : -ENOMEM, "no memory");
		bench_print(ratio, ns / (quiet_ns(one->rival) - bare_ns()), "",
			    one->most > 0 ? one->most : BENCH_NO_LIMIT);
	}
	if (one->study_most > 0) {
		__cleanup(x_freep) char *study = str_printf("policy_%s_study", one->name);

		bench_check(study ? 0 : -ENOMEM, "no memory");
		bench_print(study, ns * STUDY_EMPTY_NS / quiet_ns("empty"), "ns", one->study_most);
	}
}

static void policy(void)
{
	struct race race = { .heard = 0 };

	prepare(&race);
	stay_here();
	for (int round = 0; round < ROUNDS; round++) {
		open_by_hand(&race);
		run_round(&race, round);
		bpf_object__close(race.object);
	}
	bench_title("what is added to getppid() (%.0f ns), %d times %d calls", bare_ns(),
		    ROUNDS * CHUNKS, CALLS);
	for (size_t i = 0; i < array_size(contenders); i++)
		print(&contenders[i]);
	/* Others call as well meanwhile: what is missing is lost at least. */
	bench_print("policy_posted_lost", race.heard < POSTED ? (double)(POSTED - race.heard) : 0,
		    "", 0);
	finish(&race);
}

static const struct bench_case cases[] = { { "policy", policy } };

int main(int argc, char **argv)
{
	return bench_main(argc, argv, cases, array_size(cases));
}
