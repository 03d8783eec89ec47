/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_REMOTE_LEDGER_H
#define SRC_REMOTE_LEDGER_H

/*
 * The ledger of a sonde that runs elsewhere: asked for over HTTP, read from its JSON. The client owns its connection,
 * the loop is borrowed; a report owns all its texts. `sonde top` is the client's user.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/loop.h"

/* ---- a report ---- */

/* Doubles that the other side does not know are NAN. Texts are as they came: anything may be in them. */
struct ledger_entry {
	const char *config, *name, *kind;
	const char *error; /* or NULL */
	bool is_active;
	double kernel_ns_per_s, agent_ns_per_s, runs_per_s;
	double series, series_limit;
	double fill_ratio;
	double lost, overflowed;
	double decode_errors, read_errors;
	double memory_bytes, scrape_bytes;
};

struct ledger_report {
	struct arena arena;
	const char *version;
	const char *statement; /* how the figures are known */
	struct ledger_entry *entries;
	size_t entry_count;
};

/* Larger replies are refused: some ten thousand metrics fit. */
#define LEDGER_REPLY_MAX (16u << 20)

/* -EPROTO: it is no ledger. The report is empty then. */
int ledger_report__parse(const char *text, size_t len, struct ledger_report *ret_report,
			 struct err *err);
void ledger_report__done(struct ledger_report *report);

/* ---- the client ---- */

struct ledger_client;

struct ledger_client_options {
	struct loop *loop;
	/* "127.0.0.1:9435" or "https://user:word@host/"; without a path of its own, /ledger.json is asked for. */
	const char *url;
	const char *ca_file; /* of those who may vouch for an https one; NULL: the system's */
	const char *user_agent;
	/* One for each question. A report (taken by the callee) or an error. */
	void (*answered)(void *ctx, struct ledger_report *report);
	void (*failed)(void *ctx, const struct err *err);
	void *ctx;
};

int ledger_client__new(const struct ledger_client_options *options,
		       struct ledger_client **ret_client, struct err *err);
struct ledger_client *ledger_client__free(struct ledger_client *client);
/* Asks, unless an answer is still awaited. An answer takes five seconds at most. */
void ledger_client__ask(struct ledger_client *client);
/* What is really asked for, without name and password. */
const char *ledger_client__url(const struct ledger_client *client);

#endif
