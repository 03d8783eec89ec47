/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_WEB_CONFIG_H
#define SRC_PIPELINE_WEB_CONFIG_H

/*
 * The web file (--web.config.file) and the files it names, from the disk into an HTTP server: at the start, and again
 * whenever one of them has changed. It owns the path and what the files looked like; secrets are handed on and
 * forgotten. service.c makes its server with it.
 */

#include "base/err.h"

struct loop;
struct web_config;
struct web_options;
struct web_server;

/* Reads everything and tells what is wrong, without serving. */
int web_config_check(const char *path, struct err *err);

int web_config__new(const char *path, struct web_config **ret_config, struct err *err);
struct web_config *web_config__free(struct web_config *config);

/*
 * A server as the options say, secured as the file says. From then on the files are looked at when somebody connects
 * or asks, at most once a second; a change that cannot be taken leaves what was there, in the log and in the metrics.
 * The config has to live as long as the server.
 */
int web_config__serve(struct web_config *config, struct loop *loop,
		      const struct web_options *options, struct web_server **ret_server,
		      struct err *err);

#endif
