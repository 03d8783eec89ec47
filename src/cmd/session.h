/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_SESSION_H
#define SRC_CMD_SESSION_H

/*
 * One life of the agent as a server: made, loaded, attached, listening, reloaded and detached when a signal says so. It owns
 * the loop, the agent and the service. exporter and run are this with different wishes.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "base/log.h"
#include "pipeline/policies.h"

struct agent;
struct file_watch;
struct loop;
struct loop_watch;
struct part;
struct service;
struct strbuf;
struct spec;
struct record_filters;
struct who_filter;

struct spec_list { /* VEC() with a name; the specs are its holder's */
	struct spec **items;
	size_t len, capacity;
};
void spec_list__done(struct spec_list *list);

struct session_options {
	const char *btf_path; /* NULL or "": the running kernel's */
	bool is_strict;
	bool is_debugging;
	bool hides_library; /* libbpf's warnings are not logged beside our own words */
	bool uses_kernel_syscall_names;
	bool leaves_programs_alone; /* objects are loaded as they are */
	const char *title;          /* of the page */
	const char *telemetry_path;
	const char *web_config;                       /* path of the web file; NULL or "": none */
	int64_t ledger_interval_ns, ledger_window_ns; /* as agent_options has them */
	/* For a reload (SIGHUP): reads all configs anew. Negative: something is wrong with one, errors say what. */
	int (*read)(void *ctx, struct spec_list *specs, struct err_list *errors);
	/* Or all of a reload, as agent__reload() does it: 0, or negative with errors that say what. NULL: read() does. */
	int (*reload)(void *ctx, bool *ret_is_replaced, struct err_list *errors);
	void *read_ctx;
	const struct who_filter *filter;             /* borrowed; NULL: everybody is wanted */
	const struct flag_list *runtime_sockets;     /* of --runtime.socket; borrowed; NULL: none */
	int64_t runtime_timeout_ns;                  /* of --runtime.timeout; 0: the default */
	const struct record_filters *record_filters; /* borrowed, or NULL: see agent_options */
	bool has_no_consumers;                       /* likewise */
	uint32_t ring_bytes;                         /* likewise */
	bool isolates_configs;                       /* likewise */
	const char *host_root;                       /* NULL or "": what $HOST_ROOT says */
	uint64_t series_limit;                       /* as agent_options has them */
	uint32_t label_cache_keys;
	struct policies_options policies;   /* likewise */
	enum policy_asked_mode policy_mode; /* likewise */
	bool is_lenient;          /* a config that cannot be had does not hold up a reload */
	bool has_reload_by_http;  /* POST /-/reload */
	bool ends_at_hangup;      /* SIGHUP is no reload: the terminal is gone */
	bool prefers_openmetrics; /* for clients that take either */
};

struct session {
	struct loop *loop;       /* owned */
	struct agent *agent;     /* owned */
	struct service *service; /* owned; NULL before session__listen() */
	struct loop_watch *signals;
	struct file_watch *files; /* owned; NULL: nobody watches any */
	struct session_options options;
	int64_t started_ns;
};

/* From here on SIGINT and SIGTERM wait for session__serve(): what is attached half is detached in order. */
int session__open(struct session *session, const struct session_options *options, struct err *err);
/* Loads and attaches one config, and logs each of its programs that does not run. */
int session__attach(struct session *session, uint32_t config, struct err *err);
int session__listen(struct session *session, const char *address, struct err *err);
/* From now on a change of that file, or of a NAME.yaml in that directory, is a reload. */
int session__watch(struct session *session, const char *path, struct err *err);
/* Until a signal: then tells the service manager, detaches, and returns 0. */
int session__serve(struct session *session);
void session__close(struct session *session);
/* As SIGHUP does; the session as ctx. Lines for whoever asked, also when it failed. */
int session__reload(void *ctx, struct strbuf *out);

/* Logs what went wrong, with the reason or, without one, that of the code. Returns the code. */
int session_fail(const char *what, struct err *err, int code);
int session_fail_all(const char *what, struct err_list *errors, int code);
/* What the kernel said of a program that does not run, line by line; nothing when it said nothing. */
void session_log_cause(enum log_level level, const char *config, const struct part *part);
/* libbpf's words as a log line; for agent_options.log_library. */
void session_log_library(void *ctx, int level, const char *line);
int64_t session__age_ms(const struct session *session);
/* "STATUS=…" and the like; a manager that cannot be told is worth a warning. */
void session_notify(const char *state);

#endif
