/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_FILTER_PROCESS_REDACTION_H
#define SRC_FILTER_PROCESS_REDACTION_H

/*
 * What is secret in the arguments and the environment of processes, and is shown as "*****": what the groups of patterns
 * stand for. It owns the patterns. pipeline/ has one and asks it once for each image of a process, before anybody sees it.
 */

#include "base/err.h"
#include "base/str.h"
#include "record/process_argument.h"

#define REDACTED "*****"

struct process_redaction;

/* Objects of JSON, one after the other; -EINVAL with position, object and key. An empty text hides nothing. */
int process_redaction_parse(const char *text, const struct loc *at,
			    struct process_redaction **ret_redaction, struct err *err);
struct process_redaction *process_redaction__free(struct process_redaction *redaction);

/*
 * text: the arguments of a process, or a variable of its environment as "NAME=VALUE". 1: something was hidden, and the
 * text without it was added to out; 0: nothing is to be hidden, and nothing was added; -ENOMEM. Where it cannot be told
 * (a pattern needs too many steps) all of the text is hidden.
 */
int process_redaction__run(struct process_redaction *redaction, const struct text_view *binary,
			   const struct text_view *text, struct strbuf *out);

#endif
