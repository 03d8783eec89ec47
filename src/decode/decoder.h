/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_DECODE_DECODER_H
#define SRC_DECODE_DECODER_H

/*
 * Value to text, one step of it: what a decoder is, and the chain of them that makes a label.
 * A decoder is a row of decode.def and const operations; its state (compiled patterns, a mapping) belongs to the
 * chain that opened it. pipeline/ opens chains at plan time and runs them on label-cache misses only.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/str.h"
#include "config/spec.h"

struct host;
struct identity_source;
struct stack_source;
struct wall_offset;

/* What decoders may ask for; borrowed by every chain. */
struct decode_env {
	struct host *host;
	bool uses_kernel_syscall_names;    /* otherwise the names that existing dashboards have */
	const struct identity_source *who; /* NULL: nobody can tell who a cgroup is */
	struct wall_offset *wall; /* shared by all that show times; NULL: each has its own */
	const struct stack_source *stacks; /* of the programs; NULL: their stacks are not shown */
};

enum decode_result {
	DECODE_OK,
	DECODE_SKIP, /* the row is not wanted */
	DECODE_UNKNOWN, /* a placeholder came out that may become a name later: not to be cached for ever */
	DECODE_SKIP_UNKNOWN, /* a later step refused such a placeholder: not wanted now, not to be cached either */
};

enum decoder_input { DECODER_INPUT_RAW, DECODER_INPUT_TEXT };

struct decoder_ops {
	enum decoder_input input;
	/* Checks arguments and makes the state (both NULL: nothing to do). Errors are config errors at step->at. */
	int (*open)(const struct step_spec *step, const struct decode_env *env, void **ret_state,
		    struct err *err);
	/* Opens the views of the machine that run() will ask, while the privileges for it are still held (NULL: none
	 * is needed). What cannot be opened now is run()'s to tell. */
	void (*prepare)(const struct decode_env *env);
	/* Appends to out. enum decode_result, or -errno with err set (the row cannot be decoded). */
	int (*run)(void *state, const struct decode_env *env, const void *data, size_t len,
		   struct strbuf *out, struct err *err);
	void (*close)(void *state);
	bool needs_identity; /* it asks decode_env.who; chains refuse to open where that is not there */
	/* Sizes of raw input that it takes; let the plan refuse before the first row. The chain checks them on every
	 * run, so that run() need not. 0 everywhere: any size. */
	const uint32_t *sizes; /* just these */
	uint32_t size_count;
	uint32_t min_size;
	uint32_t size_multiple;
};

struct decoder {
	const char *name;
	const char *help;
	const struct decoder_ops *ops;
};

/* NULL when there is none of that name. */
const struct decoder *decoder_find(const char *name);
/* The table itself, alphabetical. */
const struct decoder *decoder_list(size_t *ret_count);

struct decode_chain;

/* size: of the raw field, 0 when unknown. An unknown decoder, bad arguments or a size that the first decoder cannot
 * take is an error with its position. */
int decode_chain__open(const struct step_spec *steps, uint32_t step_count, uint32_t size,
		       const struct decode_env *env, struct decode_chain **ret_chain,
		       struct err *err);
/* Before privileges are dropped: afterwards kernel addresses are hidden and cgroups cannot be watched. */
void decode_chain__prepare(const struct decode_chain *chain);
struct decode_chain *decode_chain__close(struct decode_chain *chain);
/* Appends the text of data[0..len) to out; on SKIP or error nothing is appended. enum decode_result or -errno. */
int decode_chain__run(struct decode_chain *chain, const void *data, size_t len, struct strbuf *out,
		      struct err *err);

#endif
