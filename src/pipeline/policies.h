/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_POLICIES_H
#define SRC_PIPELINE_POLICIES_H

/*
 * The policies of an agent: compiled, attached, switched, counted, and told of.
 * It owns the engine of hooks and everything made of a policy but its spec, which the config has that it is from. Nothing
 * is loaded before the first policy comes, and all is gone after policies__free().
 * The agent makes one; configs and the control socket add policies, outputs subscribe to events, scrapes collect.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "config/spec.h"
#include "program/program.h"
#include "record/process_event.h"

struct host;
struct loop;
struct policies;
struct registry;
struct strbuf;
struct who;

/* What series of events say of processes; what is not here is an empty label, and costs the kernel nothing. */
enum policy_label {
	POLICY_LABEL_NAMESPACE = 1 << 0,
	POLICY_LABEL_WORKLOAD = 1 << 1,
	POLICY_LABEL_POD = 1 << 2,
	POLICY_LABEL_BINARY = 1 << 3,
	POLICY_LABEL_NODE = 1 << 4,
	POLICY_LABELS_DEFAULT = POLICY_LABEL_NAMESPACE | POLICY_LABEL_WORKLOAD | POLICY_LABEL_POD |
				POLICY_LABEL_BINARY,
};

struct policies_options {
	struct host *host;              /* borrowed */
	struct loop *loop;              /* borrowed; NULL: rings are drained only when asked */
	struct who *who;                /* borrowed */
	struct program_options program; /* how to open objects */
	const char *node;               /* name of the node; borrowed. NULL: the machine's */
	const char *cluster;            /* likewise of its cluster. NULL: none */
	uint32_t labels;                /* of enum policy_label */
	bool has_labels;                /* those that are said, be it none; otherwise the default */
	bool has_no_consumers;          /* nobody will ever want events: hooks only count */
	uint32_t ring_bytes;            /* 0: the default */
	bool has_credentials, has_namespaces; /* events show those of processes */
	bool has_user_names;                  /* likewise; of those that are in no container */
	bool has_environment;                 /* likewise; the kernel tells of it at every exec */
	const char *environment_names; /* of that only these, by commas; NULL, "": all; borrowed */
	uint32_t
		ancestors; /* 1 << enum process_event_kind: such events list those above the parent */
	const char *
		redaction; /* filters, of what events must not show; NULL: none; read by policies__new() */
};

int policies__new(const struct policies_options *options, struct policies **ret_policies,
		  struct err *err);
/* Before they all go: what they have counted and told is taken, and from now on they do nothing. */
void policies__stop(struct policies *policies);
struct policies *policies__free(struct policies *policies);

/* ---- one policy ---- */

enum policy_state {
	POLICY_STATE_ENABLED,
	POLICY_STATE_DISABLED,
	POLICY_STATE_ERROR,      /* was enabled, and is not any more, for a reason */
	POLICY_STATE_LOAD_ERROR, /* could not be loaded */
};
const char *policy_state_name(enum policy_state state); /* "enabled", "load_error" */

enum policy_asked_mode {
	POLICY_ASKED_MODE_OWN,
	POLICY_ASKED_MODE_ENFORCE,
	POLICY_ASKED_MODE_MONITOR
};

struct policy_request {
	enum policy_asked_mode mode; /* instead of the policy's own option */
	bool is_disabled;            /* known, and not loaded until it is enabled */
};

/*
 * Loads and attaches; the spec is borrowed until the policy is removed. When it fails the policy is known all the same, in
 * state LOAD_ERROR with the reason, and attaches nothing. One of that name that could not be loaded makes room for it; -EEXIST:
 * there is one that could, and nothing is done.
 */
int policies__add(struct policies *policies, const struct policy_spec *spec,
		  const struct policy_request *request, struct err_list *errors);
/* What is removed by its spec goes when its config does. What it counted stays in its series. */
void policies__remove_spec(struct policies *policies, const struct policy_spec *spec);
/* Its config is about to go, or is not after all: meanwhile another may have its name. */
void policies__note_leaving(struct policies *policies, const struct policy_spec *spec,
			    bool is_leaving);
/* By name and Kubernetes namespace (NULL: of the whole cluster). -ENOENT with the nearest name. */
int policies__find(const struct policies *policies, const char *name, const char *kube_namespace,
		   uint32_t *ret_id, struct err *err);
int policies__enable(struct policies *policies, uint32_t id, struct err_list *errors);
int policies__disable(struct policies *policies, uint32_t id, struct err *err);
/* -EOPNOTSUPP: there is nothing in it to enforce, so it has no mode but "monitor_only". */
int policies__set_mode(struct policies *policies, uint32_t id, enum policy_mode mode,
		       struct err *err);

/* Reads the kernel's figures, which views show as they were read last. */
void policies__refresh(struct policies *policies);
/* What a list of policies shows. Texts are valid until policies change. */
struct policy_view {
	uint32_t id;
	const struct policy_spec *spec;    /* as it was added */
	const char *name, *kube_namespace; /* "" */
	enum policy_state state;
	const char *mode;  /* "enforce", "monitor", "monitor_only" */
	const char *error; /* or NULL */
	uint32_t hooks;
	uint64_t memory_bytes; /* of the kernel, for this policy alone */
	uint64_t posted, enforced, monitored;
};
/* False behind the last. */
bool policies__view(const struct policies *policies, uint32_t index, struct policy_view *ret_view);

struct policy_hook_view {
	const char *hook; /* "kprobe:__x64_sys_read" */
	const char *how;  /* "fentry"; NULL: not attached */
	uint32_t instructions;
	uint64_t matched, posted, not_posted, limited, lost, enforced, monitored, uncounted;
};
/* False behind the last. */
bool policies__hook(const struct policies *policies, uint32_t id, uint32_t index,
		    struct policy_hook_view *ret_view);
/* What was compiled, for --dump-ir and --dump-insns. */
void policies__format(const struct policies *policies, bool as_instructions, struct strbuf *text);

/* ---- events ---- */

struct policy_subscriber {
	/* The event and all it points to are gone when it returns. */
	void (*event)(void *ctx, const struct process_event *event);
	/* Whether it could ever want such an event: where nobody could, the kernel only counts. NULL: all. `policy`: "" of
	 * exec and exit. */
	bool (*wants)(void *ctx, enum process_event_kind kind, const char *policy);
	void *ctx; /* tells subscribers from each other */
};
int policies__subscribe(struct policies *policies, const struct policy_subscriber *subscriber,
			struct err *err);
void policies__unsubscribe(struct policies *policies, const void *ctx);
/* What is in the ring, now. */
void policies__drain(struct policies *policies);

/* An event that the agent tells of itself, as outputs do when they dropped some: with the names that all have, and the time. */
struct process_event policies__own_event(const struct policies *policies,
					 enum process_event_kind kind);

/* What an output did with an event, for series; `bytes` of those that were written. */
enum policy_export {
	POLICY_EXPORT_WRITTEN,
	POLICY_EXPORT_LIMITED,    /* there were too many in a minute */
	POLICY_EXPORT_OVERFLOWED, /* whoever reads is behind */
	POLICY_EXPORT_COUNT,
};
void policies__note_export(struct policies *policies, enum policy_export what, uint64_t bytes);

/* ---- series ---- */

/* Makes the tetragon_* families in the registry; once more in that which follows it. */
int policies__open_metrics(struct policies *policies, struct registry *registry, struct err *err);
/* Reads the kernel's counts into them; between registry__begin() and __end(). */
void policies__collect(struct policies *policies);

#endif
