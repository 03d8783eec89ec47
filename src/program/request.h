/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_REQUEST_H
#define SRC_PROGRAM_REQUEST_H

/*
 * What each program of an object is to be attached to: by its section's name, and by what the spec says beside it.
 * Everything it makes lives in the program's arena. object.c asks it once for each program, attach_all.c for the name of what was had.
 */

#include "base/err.h"

struct attach_request;
struct program;
struct program_part;

/* Fills section, requests and hook of a part whose name and section's name are set. Only -ENOMEM is an error: what
 * cannot be read is the part's reason. */
int program_part__read_requests(struct program *program, struct program_part *part);
/* What the part's hook is called, for people; NULL: by its section alone. -ENOMEM or 0. */
int program_part__name_hook(struct program *program, struct program_part *part,
			    const struct attach_request *request);

#endif
