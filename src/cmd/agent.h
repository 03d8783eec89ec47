/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_AGENT_H
#define SRC_CMD_AGENT_H

/*
 * One life of `sonde agent`: its file, its session, the parts of it that fail. It owns all of it. agent.c starts it,
 * agent_reload.c reads the file again and tries again what failed.
 */

#include "base/arena.h"
#include "cmd/flags.h"
#include "cmd/session.h"
#include "config/agent/file.h"
#include "pipeline/who_filter.h"

struct agent_parts;
struct control;
struct event_file;
struct event_socket;
struct policies_options;

#define AGENT_SERVICES_MAX 3

struct agent_command_options {
	const char *config;         /* path of the file */
	const char *control_socket; /* "": as the file has it */
	const char *listen_address; /* likewise */
	bool is_checking;
	bool is_debugging;
	bool has_no_timestamps;
	bool watches; /* the file, and what it names, for changes */
};

/* Which item of the file a config is from. */
struct agent_config_name {
	const char *name;
	uint32_t part;
};

struct agent_run {
	const struct agent_command_options *options; /* borrowed */
	struct arena arena;                          /* of the file as it was at the start */
	struct agent_file file;                      /* sections hold for as long as it runs … */
	struct arena parts_arena; /* … what is to run is that of the last reload: */
	struct agent_file wanted;
	const struct agent_config_name *names; /* of configs, in the same arena */
	size_t name_count;
	char *folder; /* owned; of the file */
	struct flag_list runtime_sockets;
	struct who_filter filter;
	struct session session;
	struct service *services[AGENT_SERVICES_MAX]; /* owned; of one language each */
	struct control *control;                      /* owned; NULL: none */
	struct event_file *events;                    /* owned; NULL: none */
	struct event_socket *event_socket;            /* likewise */
	struct loop_watch *retry;
	int64_t retry_ns;     /* until the next attempt */
	uint64_t retry_count; /* attempts */
};

/* Paths of the file are meant from its folder. "" of none; NULL: no memory. */
const char *agent_run__path(struct agent_run *run, const struct spec_text *path);
/* agent_events.c: what the file says of policies, and where their events go. */
int agent_run__set_policies(struct agent_run *run, struct policies_options *ret_options,
			    struct err *err);
int agent_run__open_events(struct agent_run *run, struct err *err);
void agent_run__close_events(struct agent_run *run);
/* Reads the text; its errors are logged as they are. */
int agent_run__read_file(const struct agent_run *run, struct arena *arena,
			 struct agent_file *ret_file, struct err_list *errors);
/* For session_options: the run as ctx. */
int agent_run_reload(void *ctx, bool *ret_is_replaced, struct err_list *errors);
/* Tells what of it fails, and has it tried again, when the file wants that. */
int agent_run__watch_failures(struct agent_run *run, struct err *err);
/* From now on a change of the file, or of what it names, is a reload, when that is asked for. */
int agent_run__watch_files(struct agent_run *run, struct err *err);
/* Which configs there are to be, for later attempts. */
int agent_run__remember(struct agent_run *run, const struct agent_parts *parts);

#endif
