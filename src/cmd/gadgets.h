/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_GADGETS_H
#define SRC_CMD_GADGETS_H

/*
 * The gadgets that came with the program: the folders with a gadget.yaml beside its probes. It owns nothing; paths go to
 * the caller's list or buffer. completion, inspect, list and run find gadgets this way.
 */

#include <stddef.h>
#include "base/err.h"

struct config_paths;

/* Appends those of the directory by name, or of those that came with the program when it is "". None is no error. */
int gadgets_find(const char *dir, struct config_paths *paths, struct err *err);
/* What the command line calls GADGET: a path that is there, or the name of one that came with the program. When it is
 * neither, it is given back as it is, for the reader to complain of. -ENAMETOOLONG: too long to be either. */
int gadget_locate(const char *gadget, char *ret_path, size_t size);

#endif
