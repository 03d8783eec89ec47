/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_BASE_LOC_H
#define SRC_BASE_LOC_H

/*
 * A position in a text somebody wrote: file, line, column. It owns nothing; `file` belongs to the
 * owner of the text (normally the spec's arena). Every spec carries one, and every config error
 * prints one.
 */

#include <stdint.h>

struct loc {
	const char *file; /* borrowed; NULL: no position */
	uint32_t line;    /* from 1; 0: the file as a whole */
	uint32_t column;  /* from 1; 0: the line as a whole */
};

#endif
