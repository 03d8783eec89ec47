/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_OUTPUT_WRITER_H
#define SRC_PIPELINE_OUTPUT_WRITER_H

/*
 * Text to a descriptor without waiting for whoever reads it. A writer owns the text that has not been taken; loop and
 * descriptor are borrowed, and the descriptor's flags stay as they are, for a terminal is shared with the shell.
 * output.c has one.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "base/str.h"

struct loop;
struct output_port;
struct output_writer;

struct output_writer_options {
	struct loop *loop;
	int fd;
	const struct output_port
		*port; /* borrowed; takes the text instead of the descriptor; NULL: none */
	void (*room)(void *ctx); /* some of a full buffer was taken */
	void *ctx;
	/* The reader has gone (error is 0), or nothing can be written: -errno. What comes is dropped from now on. */
	void (*closed)(void *ctx, int error);
	void *closed_ctx;
};

int output_writer__new(const struct output_writer_options *options,
		       struct output_writer **ret_writer, struct err *err);
struct output_writer *output_writer__free(struct output_writer *writer);
/* Text is appended here; whole lines. */
struct strbuf *output_writer__buffer(struct output_writer *writer);
/* The reader is behind: nothing more should come. */
bool output_writer__is_full(const struct output_writer *writer);
/* Writes what the reader takes now; the loop does the rest. */
void output_writer__flush(struct output_writer *writer);
/* Waits for the reader. */
void output_writer__finish(struct output_writer *writer, int64_t timeout_ns);

#endif
