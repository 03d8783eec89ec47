/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_REMOTE_RUNTIME_DRAFT_H
#define SRC_REMOTE_RUNTIME_DRAFT_H

/*
 * A container while its runtime's answers are being read: texts and labels are copied within bounds and repaired to
 * UTF-8, and what Kubernetes wrote into labels becomes names. It owns its arena and labels, until it is begun again.
 * The protocols fill it, the client lends it to the observer.
 */

#include "base/arena.h"
#include "base/vec.h"
#include "remote/runtime.h"

#define RUNTIME_TEXT_MAX 1024 /* bytes of a name, of a label's key and of its value */
#define RUNTIME_LABELS_MAX 128

struct runtime_draft {
	struct runtime_container container; /* complete after runtime_draft__finish() */
	VEC(struct runtime_label) labels;   /* owned */
	struct arena arena;                 /* owned */
	const char *pod_id;                 /* of the sandbox, for the next question */
	bool is_truncated;
	bool has_failed; /* there was no memory */
	bool is_created; /* and not started yet */
};

void runtime_draft__begin(struct runtime_draft *draft);
/* Empty text changes nothing. */
void runtime_draft__set(struct runtime_draft *draft, const char **text, const char *bytes,
			size_t len);
/* "sha256:…" or "name@sha256:…" */
void runtime_draft__set_digest(struct runtime_draft *draft, const char *bytes, size_t len);
/* A key that is there already keeps its value. */
void runtime_draft__add_label(struct runtime_draft *draft, const char *key, size_t key_len,
			      const char *value, size_t value_len);
/* Labels that follow are the pod's. */
void runtime_draft__end_own_labels(struct runtime_draft *draft);
/* May be called again after more was added. 0 or -ENOMEM. */
int runtime_draft__finish(struct runtime_draft *draft);
void runtime_draft__done(struct runtime_draft *draft);

#endif
