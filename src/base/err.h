/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_BASE_ERR_H
#define SRC_BASE_ERR_H

/*
 * What went wrong, where, and what would be right: one message with its position and its cause. The
 * caller owns the struct (usually on its stack) and ends it with err__done(); every setter accepts
 * NULL for "not interested" and returns the code, so that it can be returned in one line:
 *
 *	return err__set(err, -EINVAL, &field->at, "size %u is not 1, 2, 4 or 8", size);
 */

#include <stdbool.h>
#include <stddef.h>
#include "base/loc.h"

struct err {
	int code;      /* negative errno; 0: nothing set */
	struct loc at; /* innermost position that is known */
	char *text;    /* owned; "context: context: what is wrong; what would be right" */
	char *cause; /* owned or NULL; long evidence below the message, e.g. the end of a verifier log */
	char *file; /* owned copy behind at.file: errors outlive the arena that the spec lives in */
};

#define ERR_INIT { 0 }

/* Sets the message; an earlier one is replaced. Returns code. */
int err__set(struct err *err, int code, const struct loc *at, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Puts "context: " before the message that is there (or makes one from strerror(-code) when none
 * is). `at` fills the position only when the error has none yet. Returns code. */
int err__wrap(struct err *err, int code, const struct loc *at, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Attaches long evidence (copied). */
void err__cause(struct err *err, const char *text);

bool err__is_set(const struct err *err);

/* "file:line:column: text" (parts that are unknown are left out) into buf; returns the length that
 * the whole would need, as snprintf does. The cause is not part of it. */
size_t err__format(const struct err *err, char *buf, size_t size);

/* Frees what it owns; the struct may be used again. */
void err__done(struct err *err);

#define ERR_LIST_MAX 20

/* A bounded list: config errors are collected, not stopped at the first. Beyond ERR_LIST_MAX they
 * are counted. */
struct err_list {
	struct err items[ERR_LIST_MAX];
	size_t len;
	size_t dropped;
};

/* Moves the error into the list (err becomes empty). */
void err_list__add(struct err_list *list, struct err *err);
/* Makes a new one in the list. Returns code. */
int err_list__set(struct err_list *list, int code, const struct loc *at, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void err_list__done(struct err_list *list);

#endif
