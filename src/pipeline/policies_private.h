/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_POLICIES_PRIVATE_H
#define SRC_PIPELINE_POLICIES_PRIVATE_H

/*
 * The inside of the agent's policies, shared by policies.c and policy_*.c; nobody else includes it.
 * policies.c keeps the list, policy_load.c gets a policy into the kernel, policy_context.c knows what it is compiled
 * against, policy_places.c how places can be had, policy_sets.c writes what hooks compare with, policy_masks.c and
 * policy_cgroups.c in which sets of binaries and containers processes are, policy_stream.c drains the ring and
 * policy_event.c makes events of its records, policy_counts.c reads the kernel's counts and policy_metrics.c has the
 * families.
 */

#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"
#include "pipeline/policies.h"
#include "pipeline/policy_sets.h"
#include "policy/policy.h"
#include "program/hook.h"
#include "source/source.h"

/* A hook that is attached, or was. */
struct attached_hook {
	const struct policy_hook *compiled; /* in the policy's arena */
	const char *how;                    /* arena; "fentry" */
	const char *name;                   /* arena; "kprobe:__x64_sys_read" */
	uint64_t unkeyed_before; /* counted under no key, when it was added to series last */
};

struct policy {
	uint32_t id;
	const struct policy_spec *spec; /* borrowed */
	struct policy_request request;
	enum policy_mode mode;
	enum policy_state state;
	char *error;        /* owned or NULL */
	bool is_leaving;    /* its config is about to go: its name may be taken */
	struct arena arena; /* of what was compiled, while it is loaded */
	struct policy_program program;
	struct attached_hook *hooks; /* arena; program.hook_count of them */
	VEC(uint32_t) numbers;       /* of hooks that are reserved */
	bool has_bits;               /* sets and bits of masks are taken */
	bool is_on;                  /* all of it is attached */
	bool watches_mappings;
	/* While it is loaded: of each place, the binary that was checked by its digest, or -1. Arena; descriptors owned. */
	int *binaries;
	uint32_t binary_count;
	uint64_t memory_bytes;
};

struct process;

/* What all outputs together did. */
struct policy_exports {
	uint64_t events[POLICY_EXPORT_COUNT];
	uint64_t bytes;
	int64_t last_ns; /* wall clock; 0: never */
};

struct policy_subscription {
	struct policy_subscriber subscriber;
};

/* Which cgroups policies with selectors of pods, containers or the host are about: policy_cgroups.c. */
struct policy_cgroups {
	VEC(struct policy_scope) scopes; /* of policies that are loaded, one for each bit */
	struct map rows;                 /* id → owned struct cgroup_row */
	uint64_t written;                /* rows of the kernel's table */
	uint64_t left_out;               /* for which it has no room */
	uint64_t waiting;                /* cgroups of which not all is known that is asked */
};

/* What policies share with one another once there is one. */
struct policies {
	struct policies_options options;
	char *node, *cluster;      /* owned; of the options */
	VEC(struct policy *) list; /* owned; in the order they came in */
	uint32_t next_id, next_set;
	struct policy_bits binaries; /* bits of masks that are taken */
	struct arena arena;          /* of the two that follow */
	struct policy_syscalls syscalls, syscalls_32;
	struct policy_cgroups cgroups;
	struct hook_engine *engine;     /* owned; NULL: no policy came yet */
	struct kernel_types *types;     /* owned; of the last compilation, for a while; or NULL */
	struct loop_watch *types_timer; /* then */
	struct policy *by_hook[POLICY_HOOKS_MAX]; /* borrowed; whose it is */
	uint32_t hook_index[POLICY_HOOKS_MAX];    /* in its policy's list */

	/* events: policy_stream.c */
	struct event_source *ring; /* owned */
	struct loop_watch *timer;
	VEC(struct policy_subscription) subscriptions;
	struct policy_stream *stream;        /* owned */
	struct process_redaction *redaction; /* owned; NULL: nothing is hidden */
	struct policy_exports exports;

	/* series: policy_counts.c, policy_metrics.c */
	struct table_source *figures; /* owned; NULL: not opened yet */
	struct policy_figures *
		figure_rows; /* owned; POLICY_FIGURES_MAX of them, as they were read last; NULL: never */
	struct policy_series *series; /* owned; NULL: nobody asked for metrics */
};

/* ---- policy_load.c ---- */

int policy__load(struct policies *policies, struct policy *policy, struct err_list *errors);
void policy__unload(struct policies *policies, struct policy *policy);
/* After subscribers, or the mode, have changed. */
void policy__switch(struct policies *policies, const struct policy *policy);

/* ---- policy_context.c ---- */

/* What is known of the machine, for one compilation. */
int policy_context__open(struct policies *policies, const struct policy_spec *spec,
			 struct policy_context *ret_context, struct err *err);
void policy_context__close(struct policy_context *context);
/* Types of the kernel that were kept for the next policy. */
void policy_types__drop(struct policies *policies);

/* Inodes, WHO_NAMESPACE_…; 0: the kernel has none. */
void policy_find_host_namespaces(const struct policies *policies, uint32_t *inodes);

/* ---- policy_places.c ---- */

/* How the places can be had here. Opens policy->binaries, which policy_places__close_binaries() closes. */
int policy_places__find(struct policies *policies, struct policy *policy,
			const struct policy_sites *sites, struct policy_attach **ret_attaches,
			const char ***ret_hows, struct err *err);
void policy_places__close_binaries(struct policy *policy);
/* Of a policy_context. */
int policy_places__find_spot(void *ctx, const char *path, const struct policy_spot *spot,
			     uint64_t *ret_address, struct err *err);
/* A descriptor of the binary at `path`, if it has one of the hook's digests. -EKEYREJECTED: it has none. */
int policy_digest__open(const struct hook_spec *hook, const char *path, struct err *err);
struct hook_place policy_hook_place(const struct policy_site *site);

/* ---- policy_sets.c ---- */

void policy_bits__set(struct policy_bits *bits, uint32_t bit, bool is_set);

int policy_sets__write(struct policies *policies, const struct policy_program *program,
		       struct err *err);
void policy_sets__remove(struct policies *policies, const struct policy_program *program);

/* ---- policy_masks.c ---- */

/* Once its bits are taken: the policy's sets of binaries, and who is in them. */
int policy_masks__add(struct policies *policies, const struct policy *policy, struct err *err);
/* Before they are given back, but after has_bits was taken away. */
void policy_masks__remove(struct policies *policies, const struct policy *policy);
void policy_masks__clear_bits(struct policies *policies, const struct policy_program *program);

/* ---- policy_cgroups.c ---- */

/* Once it is compiled, and before its hooks are there: the kernel knows whom it is about. */
int policy_cgroups__add(struct policies *policies, const struct policy *policy, struct err *err);
/* After its hooks have gone and has_bits was taken away. */
void policy_cgroups__remove(struct policies *policies, const struct policy *policy);
/* Nobody asks any more. */
void policy_cgroups__done(struct policies *policies);

/* ---- policy_stream.c ---- */

struct policy_stream_figures {
	uint64_t received;          /* records */
	uint64_t malformed;         /* … that are none */
	uint64_t orphaned;          /* … of hooks that are gone */
	uint64_t unmatched;         /* ends of calls whose beginning is not known */
	uint64_t unfinished;        /* beginnings and pieces that made room for others */
	uint64_t unknown_processes; /* events of processes that nobody knows */
	uint64_t of_kind[PROCESS_EVENT_KIND_COUNT]; /* records, by what they tell of */
};
void policy_stream__figures(const struct policies *policies,
			    struct policy_stream_figures *ret_figures);
/* What is in the ring is told now, whatever it waits for: its hooks are about to go. */
void policy_stream__drain_all(struct policies *policies);
int policy_stream__open(struct policies *policies, struct err *err);
void policy_stream__close(struct policies *policies);
/* Whether somebody could want what this policy posts. */
bool policies__is_wanted(const struct policies *policies, enum process_event_kind kind,
			 const char *policy);
enum process_event_kind policy_hook_event_kind(const struct policy_hook *hook);

/* ---- policy_stacks.c ---- */

struct policy_views;
/* The stacks that a record names by their ids, with the names of what is on them. */
void policy_stacks__add(struct policies *policies, const struct policy_record *record,
			struct policy_views *views, struct process_event *event);

/* ---- policy_counts.c ---- */

/* An event that no hook counts, for processes are told of in any case. */
void policy_series__count_process(struct policies *policies, enum process_event_kind kind,
				  const struct process *process);

/* All rules of the hook together, all CPUs. */
void policy_counts__read(const struct policies *policies, const struct hook_code *code,
			 struct policy_figures *ret_figures);
void policy_series__free(struct policy_series *series);
/* What the kernel has counted goes into series: before a hook's number is another's. */
void policy_series__settle(struct policies *policies);
/* A hook's number and keys are about to be another's. */
void policy_series__forget(struct policies *policies, uint32_t hook);
/* What the kernel has counted under a key so far, all CPUs together. */
void policy_series__take_count(struct policies *policies, const struct policy_count_key *key,
			       uint64_t sum);
/* A map of the engine, by its name in bpf/policy.bpf.c; again is harmless. */
int policy_series__open_table(struct policies *policies, const char *name,
			      struct table_source **ret_source);

/* ---- policy_call_counts.c ---- */

/* Of hooks that have a table of calls: what it has is taken. */
void policy_call_counts__read(struct policies *policies);

#endif
