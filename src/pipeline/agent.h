/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_AGENT_H
#define SRC_PIPELINE_AGENT_H

/*
 * The agent: any number of specs, planned, loaded, attached and served on one road.
 * It owns the view of the host, the specs handed to it, their programs, routes and the registry; the loop is borrowed.
 * cmd/ drives it: new, add for each config, load, start, then scrape as often as asked; free detaches everything.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "base/loop.h"
#include "base/str.h"
#include "config/spec.h"
#include "pipeline/policies.h"
#include "pipeline/who_filter.h"
#include "program/program.h"
#include "sink/negotiate.h"

struct agent;
struct control_server;
struct event_file;
struct event_socket;
struct web_server;

struct agent_options {
	struct loop *loop; /* may be NULL for plan and check: nothing is drained then */
	const char *
		root; /* of the machine that is looked at: "/" or where HOST_ROOT is mounted; NULL: "/" */
	const char *btf_path;  /* or NULL */
	bool is_strict;        /* programs that cannot load are fatal */
	bool isolates_configs; /* one whose sources cannot be opened does not hold up the others */
	bool uses_kernel_syscall_names;
	bool leaves_programs_alone; /* objects are loaded as they are */
	uint64_t series_limit;      /* per family; 0: the default */
	uint32_t label_cache_keys;  /* per route; 0: the default */
	/* How often and how long it is looked what programs cost (pipeline/cost.h); an interval of 0: never. */
	int64_t ledger_interval_ns, ledger_window_ns;
	void (*log_library)(void *ctx, int level, const char *line); /* libbpf's lines, or NULL */
	void *log_ctx;
	const struct record_filters *
		record_filters; /* borrowed, or NULL: of metrics that count records; a spec may have its own */
	bool has_no_consumers; /* of records: what is only counted may be all that programs do; a spec may say so, too */
	uint32_t ring_bytes;             /* of each ring of a gadget's events; 0: what is enough */
	const struct who_filter *filter; /* borrowed; NULL: everybody is wanted */
	const char *const *runtime_sockets; /* as --runtime.socket names them; borrowed */
	size_t runtime_socket_count;
	int64_t runtime_timeout_ns;         /* of one question to a runtime; 0: the default */
	struct policies_options policies;   /* labels, sizes, consumers; the rest is filled in */
	enum policy_asked_mode policy_mode; /* of all policies that come with configs */
	/* build_info labels */
	const char *version, *revision, *branch;
};

int agent__new(const struct agent_options *options, struct agent **ret_agent, struct err *err);
struct agent *agent__free(struct agent *agent);

/* Opens the object, completes and checks the spec, plans its routes. The spec is taken in any case. Errors that make
 * this config impossible come back; others become notes of the plan. Nothing is loaded yet. */
int agent__add(struct agent *agent, struct spec *spec, struct err_list *errors);
/* A config that could not even be read: it is shown with the reason, and nothing else. */
int agent__add_unreadable(struct agent *agent, const char *name, const char *path,
			  const struct err *reason);
/* Loads and attaches one config (the order of agent__add()), then its feeds. A config of which no program can run on
 * this kernel is set aside with its reason (unless strict); every other failure comes back. */
int agent__load(struct agent *agent, uint32_t config, struct err *err);
int agent__attach(struct agent *agent, uint32_t config, struct err *err);
/* Opens sources, starts draining. After this the agent can be scraped. */
int agent__start(struct agent *agent, struct err *err);
/*
 * Puts these specs (each taken in any case; the array stays the caller's) in the place of all that run. Everything that
 * can be refused is checked, loaded and opened first: when that fails, what runs goes on untouched. A config that did
 * not change stays as it is; one whose object did not change keeps its programs attached and every count; of the others
 * maps that agree in type, key and value carry their counts over, and the time in between is counted.
 * Negative: nothing was replaced, or (*ret_is_replaced) something of the new set could not be started.
 */
struct reload_options {
	bool is_lenient; /* a config that cannot be had does not hold up the others; its former self, if any, goes on */
	/* Configs that go on although no spec stands for them; NULL: none. */
	bool (*keeps)(void *ctx, const char *name, const char *origin);
	void *ctx;
	bool is_retry; /* nobody has asked for it: it is no reload for the figures */
};
int agent__reload(struct agent *agent, struct spec **specs, size_t count,
		  const struct reload_options *options, bool *ret_is_replaced,
		  struct err_list *errors);
/* A reload ended before there were specs. */
void agent__note_failed_reload(struct agent *agent);
/* Detaches programs; scrapes show self-metrics only from now on. */
void agent__detach(struct agent *agent);

/* Reads everything and writes the exposition. Never fails as a whole: what could not be read is counted and logged. */
void agent__scrape(struct agent *agent, const struct exposition *exposition, struct strbuf *out);
/* The same, of which only what configs of that language have made is written, and what its original tells of itself. */
void agent__scrape_language(struct agent *agent, const char *dialect,
			    const struct exposition *exposition, struct strbuf *out);
/* For promhttp_metric_handler_*: a scrape was asked for; its reply is done with this HTTP status. */
void agent__note_request(struct agent *agent);
void agent__note_reply(struct agent *agent, unsigned int status);
/* For sonde_http_*: who serves; borrowed until NULL is set. */
void agent__set_web(struct agent *agent, const struct web_server *server);
/* For sonde_event_file_*: likewise. */
void agent__set_event_file(struct agent *agent, const struct event_file *file);
void agent__set_event_socket(struct agent *agent, const struct event_socket *socket);
/* For sonde_control_*: likewise. */
void agent__set_control(struct agent *agent, const struct control_server *server);
/* The raw rows of all table maps with their labels, as /maps shows them. */
void agent__dump_maps(struct agent *agent, struct strbuf *out);

/* All policies of its configs. Belongs to the agent. */
struct policies *agent__policies(struct agent *agent);

/* ---- streams of a config: who listens to records ---- */

struct stream;

uint32_t agent__stream_count(const struct agent *agent, uint32_t config);
/* NULL: its rows are no records, as those of ebpf_exporter's configs. Belongs to the agent. */
struct stream *agent__stream(const struct agent *agent, uint32_t config, uint32_t stream);
/* Nothing will come any more of any stream that somebody listens to. */
bool agent__is_done(const struct agent *agent);
/* Somebody listens to the config's records since it runs: opens what these need beside their stream. */
int agent__listen(struct agent *agent, uint32_t config, struct err *err);
/* The last records, before agent__detach(): what is in rings, and what is told at the end. */
void agent__finish(struct agent *agent);

/* ---- what a person sees: the table of check, plan and "/" ---- */

struct config_view {
	const char *name;
	const char *origin;
	uint32_t part_count;
	uint32_t metric_count;
	uint32_t span_count;
	uint32_t hook_count;    /* of its policies, attached ones */
	const char *error;      /* or NULL: why the whole config does not run */
	bool is_running;        /* without an error, and some program of it is attached */
	bool is_partly_running; /* with an error, and a policy of it runs all the same */
	uint32_t warning_count;
	uint32_t param_count;
	const char *help; /* what it is for; or NULL */
	bool wants_kernel_types;
};

uint32_t agent__config_count(const struct agent *agent);
struct config_view agent__config(const struct agent *agent, uint32_t config);
struct policy_view;
/* A policy of that config; false behind the last. */
bool agent__policy(const struct agent *agent, uint32_t config, uint32_t index,
		   struct policy_view *ret_view);
/* NULL behind the last one. */
const struct part *agent__part(const struct agent *agent, uint32_t config, uint32_t part);

/* What was read and ignored, unknown keys for one; borrowed from the spec. */
struct warning_view {
	const struct loc *at;
	const char *text;
};
struct warning_view agent__warning(const struct agent *agent, uint32_t config, uint32_t warning);

struct param_view {
	const char *name, *help;
	const char *type;  /* "bool", ... */
	const char *value; /* as it was set; the default otherwise */
};
struct param_view agent__param(const struct agent *agent, uint32_t config, uint32_t param);

struct metric_view {
	const char *name, *help;
	const char *map;
	const char *kind; /* "counter", ... */
	const char *
		method; /* how it is read: "mmap", "batch", "iterate", "perf buffer", "" before start */
	const char *error; /* or NULL: why it is left out */
	uint64_t series;
};
struct metric_view agent__metric(const struct agent *agent, uint32_t config, uint32_t metric);

struct span_view {
	const char *name;
	const char *map;
	const char *target;  /* where they go; NULL: nowhere */
	const char *why_off; /* then */
	const char *error;   /* or NULL: why it is left out */
	uint64_t received;
};
struct span_view agent__span(const struct agent *agent, uint32_t config, uint32_t span);

/* The plan as text for a person, or as JSON. */
void agent__format_plan(const struct agent *agent, bool as_json, struct strbuf *out);

#endif
