/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_SINK_EVENT_TEXT_H
#define SRC_SINK_EVENT_TEXT_H

/*
 * Texts of the kernel, which are any bytes, made fit to be read: as strings of JSON, which YAML takes as well, and one
 * character at a time for columns. It owns nothing. Only the event sinks use it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room that a quoted text of so many bytes may take, and in which copying may run over. */
#define EVENT_TEXT_ROOM(len) (6 * (len) + 32)

#define EVENT_TEXT_REPLACEMENT 0xfffdu

/*
 * Writes the text in double quotes and returns where it ends. Invalid bytes become U+FFFD; what a terminal would obey
 * or a parser of YAML refuse is escaped. `to` has EVENT_TEXT_ROOM(len) bytes.
 */
char *event_text_quote(char *to, const char *text, size_t len);

/* The same up to the first NUL, or the whole of the field. */
char *event_text_quote_field(char *to, const char *text, size_t size);

/*
 * The character that the bytes start with and, in *ret_step, how long it is (at least 1). An invalid byte is U+FFFD;
 * len is not 0.
 */
uint32_t event_text_next(const char *text, size_t len, size_t *ret_step);

/* Controls of terminals and of the direction of text, and what is no character: shown as they are they do harm. */
bool event_text_is_harmful(uint32_t character);

#endif
