/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_TERMINAL_H
#define SRC_CMD_TERMINAL_H

/*
 * The terminal of a command that takes all of it: keys one by one and unseen, a screen of its own, and everything as it
 * was when the command ends or is stopped. It owns the saved state. The two descriptors are borrowed.
 */

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>
#include "base/err.h"

struct terminal {
	int in_fd, out_fd; /* borrowed */
	struct termios saved;
	bool is_entered;
};

/* Both descriptors are one; -ENOTTY otherwise. */
int terminal__enter(struct terminal *terminal, int in_fd, int out_fd, struct err *err);
/* Once more is nothing. Call it on every way out. */
void terminal__leave(struct terminal *terminal);

struct terminal_size {
	size_t columns, rows;
};
/* 80 × 24 where the terminal does not tell. */
struct terminal_size terminal__size(const struct terminal *terminal);

#endif
