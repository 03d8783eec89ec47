/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CONFIG_AGENT_FILE_H
#define SRC_CONFIG_AGENT_FILE_H

/*
 * The file of `sonde agent`, sonde.yaml: where to listen, who is looked at, what may be used, and the list of what to run,
 * each in the language of its own. An agent_file and its texts live in the arena it was parsed into. cmd/agent.c reads it;
 * docs/reference/agent.md tells every key.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/str.h"
#include "config/bind.h"

#define AGENT_FILE_MAX_BYTES (1u << 20)
#define AGENT_FILE_MAX_PARTS 4096u

struct agent_listen { /* texts: ":9435"; NULL: not said */
	struct loc at;
	struct spec_text address;                     /* of everything */
	struct spec_text exporter, gadgets, policies; /* of what is of that language alone */
	struct spec_text telemetry_path;
	struct spec_text web_config; /* a path */
	bool lifecycle, openmetrics;
};

struct agent_control {
	struct loc at;
	struct spec_text socket; /* a path; "none" */
};

struct agent_identity {
	struct loc at;
	struct spec_text host_root, btf;  /* paths */
	int64_t runtime_timeout;          /* nanoseconds; 0: the default */
	struct bind_list runtime_sockets; /* of spec_text */
};

struct agent_only { /* lists of spec_text: whoever is not in one of each that is there is not counted */
	struct loc at;
	struct bind_list container, pod, namespace, unit, user;
};

struct agent_limits {
	struct loc at;
	uint32_t series, label_cache_keys, ring_bytes; /* 0: the default */
};

struct agent_ledger {
	struct loc at;
	int64_t interval, window; /* nanoseconds */
};

struct agent_retry {
	struct loc at;
	int64_t first, most; /* nanoseconds between attempts; first 0: never */
};

enum agent_syscall_names { AGENT_SYSCALLS_EXPORTER, AGENT_SYSCALLS_KERNEL };

enum agent_policy_mode { AGENT_POLICY_OWN, AGENT_POLICY_ENFORCE, AGENT_POLICY_MONITOR };

struct agent_policies { /* of all of them */
	struct loc at;
	bool credentials, namespaces; /* events show those of processes */
	bool environment, user_names; /* likewise */
	/* spec_text: kinds of events that list ancestors; the only variables of the environment (none: all); labels of
	 * series of events (not set: the default). */
	struct bind_list ancestors, environment_names, labels;
	struct spec_text node, cluster; /* names; NULL: not said */
};

struct agent_events { /* of policies */
	struct loc at;
	struct spec_text file;   /* a path; NULL: they are not written */
	struct spec_text socket; /* a path; NULL: there is none */
	struct spec_text allow, deny, fields, redact;
	int64_t interval; /* nanoseconds */
	uint32_t max_bytes, max_backups;
	struct spec_text rate_limit; /* events a minute; NULL: no limit */
	uint32_t per_minute;         /* that, as a number */
	bool compress;
};

enum agent_part_kind {
	AGENT_PART_EXPORTER,
	AGENT_PART_GADGET,
	AGENT_PART_METRICS,
	AGENT_PART_POLICY,
	AGENT_PART_PROBE,
};

/* One item of `run`. */
struct agent_part {
	struct loc at;
	enum agent_part_kind kind;
	struct spec_text what;   /* path or name */
	struct spec_text name;   /* of its config; NULL: its own */
	struct bind_list names;  /* spec_text: of a directory only these; not set: all */
	struct bind_list params; /* step_pair */
	struct spec_text by;
	struct bind_list filters, expressions; /* spec_text */
	int metrics;                           /* enum metric_wish */
	bool original_names;
	int mode;      /* enum agent_policy_mode */
	bool disabled; /* policies are loaded once they are enabled */
	bool live;     /* its events may be asked for while it runs */
};

struct agent_file {
	struct loc at;
	struct agent_listen listen;
	struct agent_control control;
	struct agent_identity identity;
	struct agent_only only;
	struct agent_limits limits;
	struct agent_ledger ledger;
	struct agent_retry retry;
	struct agent_policies policies;
	struct agent_events events;
	struct spec_text capabilities; /* "all", "none", or names */
	int syscall_names;             /* enum agent_syscall_names */
	bool rewrite, strict;
	const struct agent_part *parts;
	uint32_t part_count;
};

/* 0, or the first error's code; all errors are in the list. */
int agent_file_parse(const char *text, size_t len, const char *origin, struct arena *arena,
		     struct agent_file *ret_file, struct err_list *errors);
/* "exporter" */
const char *agent_part_kind_name(enum agent_part_kind kind);
/* All but what is to run, to see whether it changed. */
void agent_file__format_sections(const struct agent_file *file, struct strbuf *out);
/* Everything that holds, one line each, in a stable order: for golden tests. */
void agent_file__format(const struct agent_file *file, struct strbuf *out);

#endif
