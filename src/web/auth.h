/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_WEB_AUTH_H
#define SRC_WEB_AUTH_H

/*
 * Who may ask, by name and password: bcrypt hashes are checked off the loop, and their verdicts remembered under a
 * keyed digest, so that no password is kept. How long an answer takes tells nothing of who is known: known or not, a
 * check is as much work. It owns its users, its memory of verdicts and the hasher. gate.c asks it.
 */

#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "web/hasher.h"

struct auth;

struct auth_user {
	const char *name;
	const char *hash; /* bcrypt's, of the right form */
	uint32_t cost;    /* as the hash says */
};

enum auth_verdict {
	AUTH_YES,
	AUTH_NO,
	AUTH_WAIT,  /* told later, for the key */
	AUTH_BUSY,  /* too many wait */
	AUTH_AGAIN, /* the users have changed meanwhile: ask again */
};

struct auth_figures {
	uint64_t checked; /* passwords that were hashed */
	uint64_t check_ns;
	uint64_t busy;    /* requests for which the queue was full */
	uint32_t waiting; /* of the queue */
};

/* told() hears of the end of each check for which somebody waits: AUTH_YES, AUTH_NO or AUTH_AGAIN. */
int auth__new(struct loop *loop,
	      void (*told)(void *ctx, const struct hash_key *key, enum auth_verdict verdict),
	      void *ctx, struct auth **ret_auth, struct err *err);
struct auth *auth__free(struct auth *auth);

/* Replaces all users (copied) and forgets every verdict; 0 or -ENOMEM, then those before stay. */
int auth__set_users(struct auth *auth, const struct auth_user *users, size_t count);

/* ret_key is written for AUTH_WAIT only. A NULL header is AUTH_NO. */
enum auth_verdict auth__check(struct auth *auth, const char *authorization,
			      struct hash_key *ret_key);

struct auth_figures auth__figures(const struct auth *auth);

#endif
