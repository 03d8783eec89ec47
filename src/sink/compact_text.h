/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_SINK_COMPACT_TEXT_H
#define SRC_SINK_COMPACT_TEXT_H

/*
 * Pieces of compact lines: colours, and texts of any origin made fit for a terminal. A printer owns the pattern of what
 * prints; everything goes to its buffer, which is borrowed for a line. process_compact.c and compact_call.c write with it.
 */

#include "base/err.h"
#include "base/pattern.h"
#include "base/str.h"
#include "record/process_event.h"

enum compact_color {
	COMPACT_RED = 31,
	COMPACT_GREEN,
	COMPACT_YELLOW,
	COMPACT_BLUE,
	COMPACT_MAGENTA,
	COMPACT_CYAN
};

struct compact_printer {
	struct pattern *printable; /* owned */
	struct strbuf *out;        /* borrowed for a line */
	bool is_colored;
};

int compact_printer__init(struct compact_printer *printer, bool is_colored, struct err *err);
void compact_printer__done(struct compact_printer *printer);

void compact__begin(struct compact_printer *printer, enum compact_color color);
void compact__end(struct compact_printer *printer);
/* Quoted when there are blanks in it, or what does not print. */
void compact__add_word(struct compact_printer *printer, const struct text_view *text);
/* Quoted only when there is what does not print. */
void compact__add_text(struct compact_printer *printer, const struct text_view *text);
/* Both in a colour. */
void compact__add_colored(struct compact_printer *printer, enum compact_color color,
			  const struct text_view *word);
void compact__printf_colored(struct compact_printer *printer, enum compact_color color,
			     const char *format, ...) __attribute__((format(printf, 3, 4)));
/* "EMOJI LABEL", the label in seven cells at least. */
void compact__add_label(struct compact_printer *printer, const char *emoji, const char *label);

/* ---- compact_call.c: what a call of the kernel was, by its name ---- */

/* The label, then " SOURCE BINARY" by add_who, then what the call's arguments say. */
void compact__add_call(struct compact_printer *printer, const struct process_event *event,
		       void (*add_who)(struct compact_printer *printer,
				       const struct process_event *event));

/* ---- compact_syscall.c ---- */

/* "read(unsigned int fd=3, …)": the arguments of a raw_syscalls/sys_enter, as far as they were caught. */
void compact__add_syscall(struct compact_printer *printer, const char *name,
			  const struct process_event *event);

#endif
