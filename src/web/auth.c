/* SPDX-License-Identifier: Apache-2.0 */
#include "web/auth.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <string.h>

#include "base/mem.h"
#include "web/credentials.h"

/* Wrong credentials that are remembered: whoever tries more of them than that pays with hashes. */
#define MAX_REFUSALS 128

struct user {
	struct hash_key name; /* digest of it */
	char hash[HASHER_HASH_BYTES];
	uint32_t cost;
	bool is_proven;
	struct hash_key
		proof; /* digest of the credentials that were right: cannot be driven out by wrong ones */
};

struct auth {
	struct hash_key secret; /* of the digests: fresh in every process */
	struct user *users;     /* owned */
	size_t user_count;
	uint32_t max_cost;
	uint64_t generation; /* of the users */
	struct hash_key refusals[MAX_REFUSALS];
	size_t refusal_count;  /* ever; the ring's next place is the remainder */
	struct hasher *hasher; /* owned */
	struct loop *loop;
	void (*told)(void *ctx, const struct hash_key *key, enum auth_verdict verdict);
	void *ctx;
	struct auth_figures figures;
};

/* ---- digests ----------------------------------------------------------------------------------------- */

static int digest(const struct auth *auth, const void *bytes, size_t len, struct hash_key *ret_key)
{
	return gnutls_hmac_fast(GNUTLS_MAC_SHA256, auth->secret.bytes, sizeof(auth->secret.bytes),
				bytes, len, ret_key->bytes) < 0
		       ? -EIO
		       : 0;
}

static bool is_same(const struct hash_key *a, const struct hash_key *b)
{
	return gnutls_memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

/* Neither part has a NUL byte, so one between them keeps any two pairs apart. */
static int digest_credentials(const struct auth *auth, const struct credentials *credentials,
			      struct hash_key *ret_key)
{
	char bytes[CREDENTIALS_MAX_USER_BYTES + 1 + CREDENTIALS_MAX_PASSWORD_BYTES];
	size_t len = credentials->user_len + 1;

	memcpy(bytes, credentials->user, len);
	memcpy(bytes + len, credentials->password, credentials->password_len);

	int r = digest(auth, bytes, len + credentials->password_len, ret_key);

	explicit_bzero(bytes, sizeof(bytes));
	return r;
}

/* Looks at all of them, however early one fits. */
static struct user *find_user(const struct auth *auth, const struct hash_key *name)
{
	struct user *found = NULL;

	for (size_t i = 0; i < auth->user_count; i++)
		if (is_same(&auth->users[i].name, name))
			found = &auth->users[i];
	return found;
}

/* ---- verdicts ---------------------------------------------------------------------------------------- */

static bool is_refused(const struct auth *auth, const struct hash_key *key)
{
	size_t count = auth->refusal_count < MAX_REFUSALS ? auth->refusal_count : MAX_REFUSALS;
	bool is_found = false;

	for (size_t i = 0; i < count; i++)
		is_found |= is_same(&auth->refusals[i], key);
	return is_found;
}

static void remember(struct auth *auth, const struct hash_job *job, bool is_match)
{
	if (!is_match) {
		auth->refusals[auth->refusal_count++ % MAX_REFUSALS] = job->key;
		return;
	}

	struct user *user = find_user(auth, &job->owner);

	if (user) {
		user->proof = job->key;
		user->is_proven = true;
	}
}

static void on_hashed(void *ctx, const struct hash_job *job, bool is_match, int64_t took_ns)
{
	struct auth *auth = ctx;

	auth->figures.checked++;
	auth->figures.check_ns += (uint64_t)took_ns;
	if (job->generation != auth->generation) {
		auth->told(auth->ctx, &job->key, AUTH_AGAIN);
		return;
	}
	remember(auth, job, is_match);
	auth->told(auth->ctx, &job->key, is_match ? AUTH_YES : AUTH_NO);
}

static enum auth_verdict ask_hasher(struct auth *auth, const struct credentials *credentials,
				    const struct user *user, const struct hash_key *name,
				    const struct hash_key *key)
{
	struct hash_job job = {
		.key = *key,
		.owner = *name,
		.cost = user ? user->cost : 0,
		.max_cost = auth->max_cost,
		.generation = auth->generation,
	};

	memcpy(job.password, credentials->password, sizeof(job.password));
	if (user)
		memcpy(job.hash, user->hash, sizeof(job.hash));

	int r = hasher__add(auth->hasher, &job);

	explicit_bzero(&job, sizeof(job));
	return r < 0 ? AUTH_BUSY : AUTH_WAIT;
}

static enum auth_verdict check(struct auth *auth, const struct credentials *credentials,
			       struct hash_key *ret_key)
{
	struct hash_key name, key;

	if (digest(auth, credentials->user, credentials->user_len, &name) < 0 ||
	    digest_credentials(auth, credentials, &key) < 0)
		return AUTH_BUSY;

	const struct user *user = find_user(auth, &name);
	bool was_refused = is_refused(auth, &key);

	if (user && user->is_proven && is_same(&user->proof, &key))
		return AUTH_YES;
	if (was_refused)
		return AUTH_NO;
	*ret_key = key;
	return ask_hasher(auth, credentials, user, &name, &key);
}

enum auth_verdict auth__check(struct auth *auth, const char *authorization,
			      struct hash_key *ret_key)
{
	struct credentials credentials;
	enum auth_verdict verdict = AUTH_NO;

	if (authorization && auth->user_count > 0) {
		if (credentials__parse(&credentials, authorization) == 0)
			verdict = check(auth, &credentials, ret_key);
		credentials__wipe(&credentials);
	}
	auth->figures.busy += verdict == AUTH_BUSY;
	return verdict;
}

/* ---- making and ending ------------------------------------------------------------------------------- */

int auth__new(struct loop *loop,
	      void (*told)(void *ctx, const struct hash_key *key, enum auth_verdict verdict),
	      void *ctx, struct auth **ret_auth, struct err *err)
{
	struct auth *auth = new_zero(struct auth);
	int r;

	if (!auth)
		return err__set(err, -ENOMEM, NULL, "no memory for users");
	auth->loop = loop;
	auth->told = told;
	auth->ctx = ctx;
	r = gnutls_rnd(GNUTLS_RND_KEY, auth->secret.bytes, sizeof(auth->secret.bytes)) < 0
		    ? err__set(err, -EIO, NULL, "there is no randomness for digests")
		    : hasher__new(loop, on_hashed, auth, &auth->hasher, err);
	if (r < 0) {
		auth__free(auth);
		return r;
	}
	*ret_auth = auth;
	return 0;
}

struct auth *auth__free(struct auth *auth)
{
	if (!auth)
		return NULL;
	hasher__free(auth->hasher);
	free(auth->users);
	explicit_bzero(auth, sizeof(*auth));
	free(auth);
	return NULL;
}

static int copy_user(const struct auth *auth, const struct auth_user *user, struct user *ret_user)
{
	if (strlen(user->hash) >= sizeof(ret_user->hash))
		return -EINVAL;
	*ret_user = (struct user){ .cost = user->cost };
	memcpy(ret_user->hash, user->hash, strlen(user->hash));
	return digest(auth, user->name, strlen(user->name), &ret_user->name);
}

int auth__set_users(struct auth *auth, const struct auth_user *users, size_t count)
{
	__cleanup(x_freep) struct user *copies = new_array(struct user, count + 1);
	uint32_t max_cost = HASHER_MIN_COST;

	if (!copies)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		int r = copy_user(auth, &users[i], &copies[i]);

		if (r < 0)
			return r;
		max_cost = users[i].cost > max_cost ? users[i].cost : max_cost;
	}
	free(auth->users);
	auth->users = take_ptr(copies);
	auth->user_count = count;
	auth->max_cost = max_cost;
	auth->generation++;
	auth->refusal_count = 0;
	return 0;
}

struct auth_figures auth__figures(const struct auth *auth)
{
	struct auth_figures figures = auth->figures;

	figures.waiting = hasher__len(auth->hasher);
	return figures;
}
