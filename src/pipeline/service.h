/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_SERVICE_H
#define SRC_PIPELINE_SERVICE_H

/*
 * The agent on the network: its metrics, the page that says what runs, its health, and the service manager's
 * wishes. It owns the HTTP server; the loop and the agent are borrowed. cmd/ makes one per process.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "base/loop.h"
#include "base/str.h"

struct agent;
struct service;

struct service_options {
	struct loop *loop;
	struct agent *agent;
	const char *title; /* of the page at "/" */
	const char *version;
	const char *telemetry_path; /* where the metrics are; begins with '/' */
	/* Serves metrics of that language alone, beside a service of all; NULL: serves everything. */
	const char *dialect;
	bool has_maps;            /* raw maps at /maps */
	bool prefers_openmetrics; /* see exposition_negotiate() */
	const char *web_config;   /* path of the web file; NULL or "": none */
	/* For POST /-/reload: 0, or negative with what runs going on; lines for the client in both cases. NULL: no such path. */
	int (*reload)(void *ctx, struct strbuf *out);
	void *reload_ctx;
};

int service__new(const struct service_options *options, struct service **ret_service,
		 struct err *err);
struct service *service__free(struct service *service);

/* ":9435", "127.0.0.1:0", "[::1]:9435", or "fd://N" for the N-th socket that systemd passed. */
int service__listen(struct service *service, const char *address, struct err *err);
/* "http" or "https". */
const char *service__scheme(const struct service *service);
/* -EINVAL: what is wrong with the text of an address, before anything is served. */
int service_check_address(const char *address, struct err *err);
/* What is wrong with a web file, before anything is served; 0 for NULL and "". */
int service_check_web_config(const char *path, struct err *err);
/* Of the first socket; 0: none. */
uint16_t service__port(const struct service *service);

/* "READY=1", "STATUS=…", "STOPPING=1" to the service manager, if there is one that wants to know. */
int service_notify(const char *state, struct err *err);

#endif
