/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_SINK_YAML_TEXT_H
#define SRC_SINK_YAML_TEXT_H

/*
 * Texts and keys of YAML: as they are where no reader could take them for something else, otherwise in quotes. It owns
 * nothing. The writer of YAML uses it.
 */

#include <stddef.h>

/* Writes the text and returns where it ends. `to` has EVENT_TEXT_ROOM(len) bytes. */
char *yaml_text_put(char *to, const char *text, size_t len);

#endif
