/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_POLICY_OUTPUT_H
#define SRC_PIPELINE_POLICY_OUTPUT_H

/*
 * Events of policies on their way to a descriptor: filtered, made text, written. An output owns its filters and the text
 * that its reader has not taken yet; policies, loop and descriptor are borrowed.
 * It subscribes when it is made, and hooks that tell nothing that it could want go on counting in the kernel.
 * cmd/policy.c makes one.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "filter/process_export.h"

struct loop;
struct policies;
struct policy_output;

enum policy_format { POLICY_FORMAT_JSON, POLICY_FORMAT_COMPACT };

struct policy_output_options {
	struct policies *policies;
	struct loop *loop;
	int fd;
	enum policy_format format;
	bool is_colored;
	struct process_export_options export;
	void (*closed)(void *ctx, int error); /* nobody reads any more, or -errno */
	void *ctx;
};

struct policy_output_figures {
	struct process_export_figures export;
	uint64_t dropped; /* events for which a slow reader left no room */
	uint64_t written, bytes;
};

/* -EINVAL: a filter is wrong. Nobody is told events for it. */
int policy_output_check(const struct process_export_options *options, struct err *err);
/* -EINVAL: likewise. */
int policy_output__new(const struct policy_output_options *options,
		       struct policy_output **ret_output, struct err *err);
/* Unsubscribes; waits for the reader for at most so long. */
struct policy_output *policy_output__free(struct policy_output *output, int64_t timeout_ns);
void policy_output__figures(const struct policy_output *output,
			    struct policy_output_figures *ret_figures);

#endif
