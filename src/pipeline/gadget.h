/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_GADGET_H
#define SRC_PIPELINE_GADGET_H

/*
 * A gadget by its name or path, read and with its parameters set: what agent__add() takes.
 * A gadget owns its spec until that is taken, and the object when that came out of an image; programs have read the
 * object once agent__add() returned. cmd/ and inspect.c open gadgets.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "config/spec.h"

struct gadget;

struct gadget_options {
	/* Parameters, by name; those that the object alone knows are checked when the spec is completed. Borrowed for the
	 * call. */
	const struct note_spec *values;
	uint32_t value_count;
	enum metric_wish metric_wish;
	bool keeps_original_names; /* of metrics */
	/* A config that uses it, and by which of its uses: parameters are set and metrics laid over as that says, and it gets
	 * a name of its own beside others. Borrowed for the call; NULL: none does. */
	const struct spec *user;
	uint32_t use;
};

/* Whether a folder, an object or an image at the path is one. Reads as little as it can. */
bool gadget_is_at(const char *path);
/* 0, or the first error's code with all of them in the list. */
int gadget_open(const char *path, const struct gadget_options *options, struct gadget **ret_gadget,
		struct err_list *errors);
/* NULL once it is taken. */
struct spec *gadget__spec(struct gadget *gadget);
struct spec *gadget__take_spec(struct gadget *gadget);
struct gadget *gadget__close(struct gadget *gadget);

#endif
