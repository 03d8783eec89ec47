/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_OWN_FILES_H
#define SRC_CMD_OWN_FILES_H

/*
 * Where the files that come with the program are: beside the binary in a build tree, above it in the source tree,
 * in share/sonde where it was installed. It owns nothing. run finds its probes, build its headers.
 */

#include <stddef.h>

/* The first directory of that name; -ENOENT: there is none. */
int own_files_find(const char *name, char *ret_path, size_t size);

#endif
