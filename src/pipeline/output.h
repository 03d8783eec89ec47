/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_OUTPUT_H
#define SRC_PIPELINE_OUTPUT_H

/*
 * Records on their way to a descriptor: filtered, sorted, cut, made text, written. An output owns its filters, orders and
 * sink, and the text that its reader has not taken yet; the agent, the loop and the descriptor are borrowed.
 * It subscribes to the streams of the configs that the agent has when it is made, and while its reader is slow it holds
 * them: then events wait in their rings, where losses are counted. cmd/ makes one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "sink/event_sink.h"

struct agent;
struct loop;
struct output;

struct output_texts { /* as the command line has them */
	const char *const *items;
	size_t count;
};

/*
 * Somebody else who takes the text, beside whom others need the streams: when the port is full records are left out and
 * counted, and no stream is held.
 */
struct output_port {
	void (*put)(void *ctx, const char *text, size_t len); /* whole lines */
	bool (*is_full)(void *ctx);
	void (*missed)(void *ctx, uint64_t count); /* records, since it was told last */
	void *ctx;
};

struct output_options {
	struct agent *agent;
	struct loop *loop;
	int fd;
	const struct output_port *port; /* borrowed; instead of the descriptor; NULL: none */
	const uint32_t *config;         /* of the agent, whose streams alone are shown; NULL: all */
	enum event_format format;
	bool has_format; /* otherwise a stream may say how it is best shown */
	const char *fields, *order, *max_entries; /* or NULL */
	struct output_texts filters, expressions;
	bool is_terminal, is_colored;
	uint16_t columns, rows; /* of the terminal; 0: it is none */
	bool has_pods; /* columns say of which pod something is; otherwise of which container */
	void (*closed)(void *ctx, int error); /* nobody reads any more, or -errno */
	void *ctx;
};

/* Between agent__add() and agent__load(); of a config that runs already also later, and then agent__listen(). closed() is
 * called, too, when a stream ends with its config. -EINVAL: a filter, field or order is wrong. */
int output__new(const struct output_options *options, struct output **ret_output, struct err *err);
/* Programs are attached: says so to whoever waits, by the header of a table. */
void output__begin(struct output *output);
/*
 * Around a reload: nothing of the streams that there are is looked at any more, after what they have is written; then it goes on
 * with those that there are by now. Of streams that stay no event is missed. -EINVAL as at first: then nothing is shown.
 */
void output__let_go(struct output *output);
int output__take_up(struct output *output, struct err *err);
/* Unsubscribes. */
struct output *output__free(struct output *output);
/* Writes what is left, and waits for the reader for at most as long. */
void output__finish(struct output *output, int64_t timeout_ns);
void output__resize(struct output *output, uint16_t columns, uint16_t rows);

#endif
