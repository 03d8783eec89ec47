/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/terminal.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/fd.h"

/* The other screen, cursor off; and back. Every terminal of the last thirty years knows them. */
#define ENTER_SCREEN "\033[?1049h\033[?25l"
#define LEAVE_SCREEN "\033[?25h\033[?1049l"

static void write_text(const struct terminal *terminal, const char *text)
{
	(void)fd_write_all(terminal->out_fd, text, strlen(text)); /* it is gone: nobody to tell */
}

int terminal__enter(struct terminal *terminal, int in_fd, int out_fd, struct err *err)
{
	struct termios raw;

	*terminal = (struct terminal){ .in_fd = in_fd, .out_fd = out_fd };
	if (!isatty(out_fd) || tcgetattr(in_fd, &terminal->saved) < 0)
		return err__set(err, -ENOTTY, NULL, "stdin and stdout are no terminal");
	raw = terminal->saved;
	/* Signals stay: Ctrl-C and Ctrl-Z come through the loop. */
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(in_fd, TCSAFLUSH, &raw) < 0)
		return err__set(err, -errno, NULL, "cannot set up the terminal: %s",
				strerror(errno));
	terminal->is_entered = true;
	write_text(terminal, ENTER_SCREEN);
	return 0;
}

void terminal__leave(struct terminal *terminal)
{
	if (!terminal->is_entered)
		return;
	terminal->is_entered = false;
	write_text(terminal, LEAVE_SCREEN);
	(void)tcsetattr(terminal->in_fd, TCSAFLUSH, &terminal->saved);
}

struct terminal_size terminal__size(const struct terminal *terminal)
{
	struct winsize size;

	if (ioctl(terminal->out_fd, TIOCGWINSZ, &size) < 0 || size.ws_col == 0 || size.ws_row == 0)
		return (struct terminal_size){ .columns = 80, .rows = 24 };
	return (struct terminal_size){ .columns = size.ws_col, .rows = size.ws_row };
}
