/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CONFIG_GADGET_PACKAGE_H
#define SRC_CONFIG_GADGET_PACKAGE_H

/*
 * Where a gadget is: a folder, an object, a gadget.yaml, or an image (an OCI layout, or a tar of one).
 * A package owns its texts and the descriptor behind an object that came out of an image.
 * pipeline/inspect.c opens one and hands its parts to the dialect and to program/.
 */

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"

struct gadget_package {
	char *name;   /* owned; of the folder or file */
	char *origin; /* owned; where the metadata is, for positions */
	char *text;   /* owned, NUL-terminated; "" when there is no metadata */
	size_t len;
	char *object;    /* owned; path, or NULL: a gadget without programs */
	int object_fd;   /* owned; behind the path when the object is no file; -1: it is one */
	bool has_module; /* a WebAssembly module belongs to it */
};

int gadget_package_open(const char *path, struct gadget_package **ret_package, struct err *err);
struct gadget_package *gadget_package__close(struct gadget_package *package);

#endif
