/* SPDX-License-Identifier: Apache-2.0 */
#include "web/hasher.h"

#include <crypt.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/loop.h"
#include "base/mem.h"

/* Scrapes and rings come first. */
#define THREAD_NICE 10

enum slot_state { SLOT_FREE, SLOT_WAITING, SLOT_RUNNING, SLOT_DONE };

struct slot {
	enum slot_state state;
	uint64_t number; /* the lowest is next */
	struct hash_job job;
	bool is_match;
	int64_t took_ns;
};

struct hasher {
	struct loop *loop;
	struct loop_watch *watch;
	int event_fd; /* owned; the thread says that a job is done */
	hasher_done_fn done;
	void *ctx;
	pthread_t thread;
	bool has_thread;
	struct crypt_data *scratch; /* owned; the thread's */
	pthread_mutex_t lock;       /* of all that follows */
	pthread_cond_t has_work;
	bool is_ending;
	uint64_t next_number;
	struct slot slots[HASHER_MAX_JOBS];
};

/* ---- the thread -------------------------------------------------------------------------------------- */

/* One with a salt and no hash behind it: enough to have the work done. */
static void format_dummy(uint32_t cost, char *ret_setting, size_t size)
{
	(void)snprintf(ret_setting, size, "$2b$%02u$......................", cost);
}

static void waste(struct hasher *hasher, const char *password, uint32_t cost)
{
	char setting[HASHER_HASH_BYTES];

	format_dummy(cost, setting, sizeof(setting));
	(void)crypt_r(password, setting, hasher->scratch);
}

static bool is_right(struct hasher *hasher, const struct hash_job *job)
{
	const char *result = crypt_r(job->password, job->hash, hasher->scratch);

	return result && strlen(result) == strlen(job->hash) &&
	       gnutls_memcmp(result, job->hash, strlen(job->hash)) == 0;
}

/* 2^cost steps and 2^cost + 2^(cost+1) + … + 2^(max-1) more are 2^max, as for somebody who is not known at all. */
static bool run_job(struct hasher *hasher, const struct hash_job *job)
{
	bool is_known = job->hash[0] != '\0';
	bool is_match = is_known && is_right(hasher, job);

	if (!is_known)
		waste(hasher, job->password, job->max_cost);
	for (uint32_t cost = job->cost; is_known && cost < job->max_cost; cost++)
		waste(hasher, job->password, cost);
	explicit_bzero(hasher->scratch, sizeof(*hasher->scratch));
	return is_match;
}

static struct slot *find_next(struct hasher *hasher)
{
	struct slot *next = NULL;

	for (size_t i = 0; i < array_size(hasher->slots); i++) {
		struct slot *slot = &hasher->slots[i];

		if (slot->state == SLOT_WAITING && (!next || slot->number < next->number))
			next = slot;
	}
	return next;
}

static void run_next(struct hasher *hasher, struct slot *slot)
{
	const uint64_t one = 1;
	int64_t began_ns = clock_monotonic_ns();

	slot->state = SLOT_RUNNING; /* the slot is the thread's until it is done */
	(void)pthread_mutex_unlock(&hasher->lock);
	slot->is_match = run_job(hasher, &slot->job);
	slot->took_ns = clock_monotonic_ns() - began_ns;
	(void)pthread_mutex_lock(&hasher->lock);
	slot->state = SLOT_DONE;
	(void)fd_write_all(hasher->event_fd, &one, sizeof(one));
}

static void *run_thread(void *ctx)
{
	struct hasher *hasher = ctx;

	/* On Linux of this thread alone. */
	(void)setpriority(PRIO_PROCESS, 0, THREAD_NICE);
	(void)pthread_mutex_lock(&hasher->lock);
	while (!hasher->is_ending) {
		struct slot *slot = find_next(hasher);

		if (slot)
			run_next(hasher, slot);
		else
			(void)pthread_cond_wait(&hasher->has_work, &hasher->lock);
	}
	(void)pthread_mutex_unlock(&hasher->lock);
	return NULL;
}

/* ---- the loop's side --------------------------------------------------------------------------------- */

static void take_done(struct hasher *hasher, struct slot *slot)
{
	bool is_done;

	(void)pthread_mutex_lock(&hasher->lock);
	is_done = slot->state == SLOT_DONE;
	(void)pthread_mutex_unlock(&hasher->lock);
	if (!is_done)
		return;
	hasher->done(hasher->ctx, &slot->job, slot->is_match, slot->took_ns);
	explicit_bzero(&slot->job, sizeof(slot->job));
	(void)pthread_mutex_lock(&hasher->lock);
	slot->state = SLOT_FREE;
	(void)pthread_mutex_unlock(&hasher->lock);
}

static void on_event(void *ctx, int fd, uint32_t events)
{
	struct hasher *hasher = ctx;
	uint64_t count;

	(void)events;
	(void)!read(fd, &count, sizeof(count)); /* empties it; how many is seen below */
	for (size_t i = 0; i < array_size(hasher->slots); i++)
		take_done(hasher, &hasher->slots[i]);
}

static struct slot *find_slot(struct hasher *hasher, const struct hash_key *key)
{
	struct slot *free_slot = NULL;

	for (size_t i = 0; i < array_size(hasher->slots); i++) {
		struct slot *slot = &hasher->slots[i];

		if (slot->state == SLOT_FREE)
			free_slot = slot;
		else if (memcmp(&slot->job.key, key, sizeof(*key)) == 0)
			return slot;
	}
	return free_slot;
}

int hasher__add(struct hasher *hasher, const struct hash_job *job)
{
	(void)pthread_mutex_lock(&hasher->lock);

	struct slot *slot = find_slot(hasher, &job->key);
	int r = slot ? 0 : -EAGAIN;

	if (slot && slot->state == SLOT_FREE) {
		slot->job = *job;
		slot->number = hasher->next_number++;
		slot->state = SLOT_WAITING;
		(void)pthread_cond_signal(&hasher->has_work);
	}
	(void)pthread_mutex_unlock(&hasher->lock);
	return r;
}

uint32_t hasher__len(struct hasher *hasher)
{
	uint32_t count = 0;

	(void)pthread_mutex_lock(&hasher->lock);
	for (size_t i = 0; i < array_size(hasher->slots); i++)
		count += hasher->slots[i].state != SLOT_FREE;
	(void)pthread_mutex_unlock(&hasher->lock);
	return count;
}

/* Signals are the loop's: the thread begins with all of them blocked. */
static int start_thread(struct hasher *hasher)
{
	sigset_t all, before;

	sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &before);

	int r = pthread_create(&hasher->thread, NULL, run_thread, hasher);

	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	hasher->has_thread = r == 0;
	return -r;
}

int hasher__new(struct loop *loop, hasher_done_fn done, void *ctx, struct hasher **ret_hasher,
		struct err *err)
{
	struct hasher *hasher = new_zero(struct hasher);

	if (!hasher)
		return err__set(err, -ENOMEM, NULL, "no memory for the check of passwords");
	hasher->loop = loop;
	hasher->done = done;
	hasher->ctx = ctx;
	(void)pthread_mutex_init(&hasher->lock, NULL);
	(void)pthread_cond_init(&hasher->has_work, NULL);
	hasher->scratch = new_zero(struct crypt_data);
	hasher->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	int r = !hasher->scratch ? -ENOMEM : hasher->event_fd < 0 ? -errno : 0;

	if (r == 0)
		r = loop__add_fd(loop, hasher->event_fd, EPOLLIN, on_event, hasher, &hasher->watch,
				 NULL);
	if (r == 0)
		r = start_thread(hasher);
	if (r < 0) {
		hasher__free(hasher);
		return err__set(err, r, NULL, "cannot start the check of passwords: %s",
				strerror(-r));
	}
	*ret_hasher = hasher;
	return 0;
}

struct hasher *hasher__free(struct hasher *hasher)
{
	if (!hasher)
		return NULL;
	(void)pthread_mutex_lock(&hasher->lock);
	hasher->is_ending = true;
	(void)pthread_cond_signal(&hasher->has_work);
	(void)pthread_mutex_unlock(&hasher->lock);
	if (hasher->has_thread)
		(void)pthread_join(hasher->thread, NULL);
	loop__remove(hasher->loop, hasher->watch);
	fd_closep(&hasher->event_fd);
	free(hasher->scratch);
	(void)pthread_cond_destroy(&hasher->has_work);
	(void)pthread_mutex_destroy(&hasher->lock);
	explicit_bzero(hasher, sizeof(*hasher));
	free(hasher);
	return NULL;
}
