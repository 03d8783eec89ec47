/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_WEB_HASHER_H
#define SRC_WEB_HASHER_H

/*
 * Checks of passwords against bcrypt hashes, one after the other, in a thread of its own: each takes as long as some
 * thousand scrapes. It owns the thread and a short queue, and wipes what it was given. auth.c adds jobs on the loop
 * and hears of their end on the loop.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "web/credentials.h"

#define HASHER_MAX_JOBS 16
#define HASHER_MIN_COST 4u
#define HASHER_KEY_BYTES 32
#define HASHER_HASH_BYTES 64

struct hasher;
struct loop;

struct hash_key { /* what a job is known by */
	unsigned char bytes[HASHER_KEY_BYTES];
};

struct hash_job {
	struct hash_key key;
	struct hash_key owner; /* the caller's, as the generation */
	char password[CREDENTIALS_MAX_PASSWORD_BYTES + 1];
	char hash
		[HASHER_HASH_BYTES]; /* bcrypt's; "": there is no such user, the work is done all the same */
	uint32_t cost;               /* of the hash */
	uint32_t max_cost; /* every job takes as long as a hash of this cost, whoever it is for */
	uint64_t generation;
};

typedef void (*hasher_done_fn)(void *ctx, const struct hash_job *job, bool is_match,
			       int64_t took_ns);

int hasher__new(struct loop *loop, hasher_done_fn done, void *ctx, struct hasher **ret_hasher,
		struct err *err);
/* Waits for the job at hand; those behind it are never told. */
struct hasher *hasher__free(struct hasher *hasher);

/* 0 (also when one with this key is there already), or -EAGAIN: the queue is full. The job is copied. */
int hasher__add(struct hasher *hasher, const struct hash_job *job);
uint32_t hasher__len(struct hasher *hasher);

#endif
