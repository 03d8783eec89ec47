/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_DECODE_IDENTITY_ROWS_H
#define TESTS_UNIT_DECODE_IDENTITY_ROWS_H

/*
 * Rows for the decoders that ask who a cgroup is, where these are known: 1 the root, 2 a service, 3 a container that
 * nobody has told of yet, 4 the same with its names, 5 a container of a pod without names, 6 one with, 7 the pod's own,
 * 8 a container of a pod of podman, 9 a container whose runtime knows no image, 10 a pod's sandbox, 11 a container that has no name.
 * It owns nothing. The five tests call it.
 */

#include "rows.h"

#define CONTAINER_ID "8c2f1b5a6d7e4f3019a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d7e6"
#define SHORT_ID "8c2f1b5a6d7e"
#define POD_UID "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"

/* Beside these rows, those of an id that nobody knows and of what is no id. */
void assert_identity_rows(const char *decoder, const struct decode_row *rows, size_t count);
/* The chain cannot be opened where there is nobody to ask. */
void assert_identity_missing(const char *decoder);

#endif
