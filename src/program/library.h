/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_LIBRARY_H
#define SRC_PROGRAM_LIBRARY_H

/*
 * What libbpf says while it works, kept per object so that an error carries its evidence.
 * A library_log owns the last lines; while one is entered, libbpf's messages go to it and to the caller's callback.
 * Every entry of program/ that calls libbpf wraps itself in enter and leave. Single-threaded, as libbpf's hook is.
 */

#include <stddef.h>
#include "base/str.h"

#define LIBRARY_LOG_BYTES 16384u

struct library_log {
	struct strbuf text; /* owned; the newest LIBRARY_LOG_BYTES of warnings, line by line */
	struct library_log *outer; /* who was entered before; borrowed while entered */
	void (*forward)(void *ctx, int level, const char *line); /* or NULL */
	void *forward_ctx;
};

void library_log__enter(struct library_log *log);
void library_log__leave(struct library_log *log);
/* Forgets what was said: before an operation whose messages are to be read afterwards. */
void library_log__clear(struct library_log *log);
/* Adds what libbpf would have said; whole lines. */
void library_log__add(struct library_log *log, const char *lines);
/* The lines kept, oldest first, or "". Borrowed until the next message. */
const char *library_log__text(struct library_log *log);
void library_log__done(struct library_log *log);

/* Of 4000 and more are numbers that libbpf made up: -EINVAL then. Everything else comes back as it is. */
int library_errno(int error);
/* What an error (negative, libbpf's own included) says, in words. */
const char *library_error_text(int error, char *buf, size_t size);

#endif
