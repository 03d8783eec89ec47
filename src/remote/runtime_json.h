/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_REMOTE_RUNTIME_JSON_H
#define SRC_REMOTE_RUNTIME_JSON_H

/*
 * JSON of a runtime as a tree whose memory is bounded before it is built. The tree is the caller's. docker.c reads
 * answers with it, cri.c the part of an answer that is JSON.
 */

#include <jansson.h>
#include "base/err.h"

/* An object of a tree takes 232 bytes, of three in the text ("{},"), other values 40 to 136: 16 MiB of text could become
 * more than a gigabyte. With these bounds it is 60 MiB for as long as the answer is read. */
#define RUNTIME_JSON_OBJECTS_MAX (1u << 16)
#define RUNTIME_JSON_VALUES_MAX (1u << 19)

/* -EBADMSG: it is none; -EMSGSIZE: too many values. */
int runtime_json__load(const char *text, size_t len, json_t **ret_root, struct err *err);

#endif
