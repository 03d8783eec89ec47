/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CONFIG_GADGET_IMAGE_H
#define SRC_CONFIG_GADGET_IMAGE_H

/*
 * Gadgets out of OCI images: index, manifest of this machine's architecture, metadata and object, each checked
 * against the digest that leads to it. It owns nothing: what is found goes into the package.
 * package.c calls it, and the fuzz target.
 */

#include <stddef.h>
#include "base/err.h"

#define GADGET_INDEX_NAME "index.json"

struct gadget_package;

/* A folder with index.json and blobs/. */
int gadget_image_open_layout(struct gadget_package *package, const char *path, struct err *err);
/* A tar of such a folder, or of a gadget's own; it may be compressed by gzip. */
int gadget_image_open_tar(struct gadget_package *package, const char *path, struct err *err);
/* The same from memory; `path` is for messages. */
int gadget_image_read_tar(struct gadget_package *package, const char *path, const void *data,
			  size_t len, struct err *err);

#endif
