/* SPDX-License-Identifier: Apache-2.0 */
#include "base/loop.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"

#define EVENTS_PER_ROUND 64

enum watch_kind { WATCH_FD, WATCH_TIMER, WATCH_SIGNALS };

struct loop_watch {
	struct loop_watch *next, *previous; /* in loop->watches; next alone in loop->removed */
	enum watch_kind kind;
	bool is_removed;
	int fd; /* owned unless WATCH_FD */
	union {
		loop_fd_fn fd;
		loop_timer_fn timer;
		loop_signal_fn signal;
	} run;
	void *ctx;
};

struct loop {
	int epoll_fd;               /* owned */
	struct loop_watch *watches; /* owned */
	/* owned; events that were fetched before may still name them, so they are freed after the
	 * round */
	struct loop_watch *removed;
	unsigned int depth; /* of rounds: a callback may run one itself */
	bool is_stopped;
	int status;
};

int loop__new(struct loop **ret_loop, struct err *err)
{
	struct loop *loop = new_zero(struct loop);

	if (!loop)
		return err__set(err, -ENOMEM, NULL, "no memory for the event loop");
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0) {
		int code = -errno;

		free(loop);
		return err__set(err, code, NULL, "cannot create an epoll descriptor: %s",
				strerror(-code));
	}
	*ret_loop = loop;
	return 0;
}

static void free_removed(struct loop *loop)
{
	while (loop->removed) {
		struct loop_watch *watch = loop->removed;

		loop->removed = watch->next;
		free(watch);
	}
}

struct loop *loop__free(struct loop *loop)
{
	if (!loop)
		return NULL;
	while (loop->watches)
		loop__remove(loop, loop->watches);
	free_removed(loop);
	fd_closep(&loop->epoll_fd);
	free(loop);
	return NULL;
}

static void link_watch(struct loop *loop, struct loop_watch *watch)
{
	watch->next = loop->watches;
	if (watch->next)
		watch->next->previous = watch;
	loop->watches = watch;
}

static void unlink_watch(struct loop *loop, struct loop_watch *watch)
{
	if (watch->previous)
		watch->previous->next = watch->next;
	else
		loop->watches = watch->next;
	if (watch->next)
		watch->next->previous = watch->previous;
}

/* Registers a copy of `wanted`; its descriptor stays the caller's when that fails. */
static int add_watch(struct loop *loop, const struct loop_watch *wanted, uint32_t epoll_events,
		     struct loop_watch **ret_watch, struct err *err)
{
	struct loop_watch *watch = new_zero(struct loop_watch);
	struct epoll_event event = { .events = epoll_events, .data.ptr = watch };

	if (!watch)
		return err__set(err, -ENOMEM, NULL, "no memory for a watch of the event loop");
	*watch = *wanted;
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, watch->fd, &event) < 0) {
		int code = -errno;

		free(watch);
		return err__set(err, code, NULL, "cannot watch descriptor %d: %s", wanted->fd,
				strerror(-code));
	}
	link_watch(loop, watch);
	if (ret_watch)
		*ret_watch = watch;
	return 0;
}

int loop__add_fd(struct loop *loop, int fd, uint32_t epoll_events, loop_fd_fn run, void *ctx,
		 struct loop_watch **ret_watch, struct err *err)
{
	const struct loop_watch wanted = { .kind = WATCH_FD, .fd = fd, .run.fd = run, .ctx = ctx };

	return add_watch(loop, &wanted, epoll_events, ret_watch, err);
}

static struct timespec timespec_of(int64_t ns)
{
	return (struct timespec){ .tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S };
}

static int set_timer(int fd, int64_t first_ns, int64_t interval_ns)
{
	struct itimerspec spec = { 0 };

	if (interval_ns < 0)
		return -EINVAL;
	if (first_ns >= 0) {
		/* all zero would stop the timer instead of firing it at once */
		spec.it_value = timespec_of(first_ns ? first_ns : 1);
		spec.it_interval = timespec_of(interval_ns);
	}
	return timerfd_settime(fd, 0, &spec, NULL) < 0 ? -errno : 0;
}

int loop__add_timer(struct loop *loop, int64_t first_ns, int64_t interval_ns, loop_timer_fn run,
		    void *ctx, struct loop_watch **ret_watch, struct err *err)
{
	__cleanup(fd_closep) int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	const struct loop_watch wanted = {
		.kind = WATCH_TIMER, .fd = fd, .run.timer = run, .ctx = ctx
	};
	int r = fd < 0 ? -errno : set_timer(fd, first_ns, interval_ns);

	if (r < 0)
		return err__set(err, r, NULL, "cannot set a timer: %s", strerror(-r));
	r = add_watch(loop, &wanted, EPOLLIN, ret_watch, err);
	if (r == 0)
		(void)take_fd(fd); /* the watch has it */
	return r;
}

int loop__set_timer(struct loop_watch *timer, int64_t first_ns, int64_t interval_ns)
{
	if (timer->kind != WATCH_TIMER || timer->is_removed)
		return -EINVAL;
	return set_timer(timer->fd, first_ns, interval_ns);
}

int loop__add_signals(struct loop *loop, const sigset_t *signals, loop_signal_fn run, void *ctx,
		      struct loop_watch **ret_watch, struct err *err)
{
	__cleanup(fd_closep) int fd = signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
	const struct loop_watch wanted = {
		.kind = WATCH_SIGNALS, .fd = fd, .run.signal = run, .ctx = ctx
	};
	int r = fd < 0 ? -errno : -pthread_sigmask(SIG_BLOCK, signals, NULL);

	if (r < 0)
		return err__set(err, r, NULL, "cannot watch signals: %s", strerror(-r));
	r = add_watch(loop, &wanted, EPOLLIN, ret_watch, err);
	if (r == 0)
		(void)take_fd(fd); /* the watch has it */
	return r;
}

struct loop_watch *loop__remove(struct loop *loop, struct loop_watch *watch)
{
	if (!watch || watch->is_removed)
		return NULL;
	/* fails only when the owner closed the descriptor before: then the kernel has forgotten
	 * it */
	(void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
	if (watch->kind != WATCH_FD)
		fd_closep(&watch->fd);
	unlink_watch(loop, watch);
	watch->is_removed = true;
	watch->next = loop->removed;
	loop->removed = watch;
	if (loop->depth == 0)
		free_removed(loop);
	return NULL;
}

static int run_timer(struct loop_watch *watch)
{
	uint64_t expirations;

	/* set anew by an earlier callback of this round: no longer due */
	if (read(watch->fd, &expirations, sizeof(expirations)) != (ssize_t)sizeof(expirations))
		return 0;
	watch->run.timer(watch->ctx);
	return 1;
}

static int run_signals(struct loop_watch *watch)
{
	struct signalfd_siginfo info;
	int count = 0;

	while (!watch->is_removed &&
	       read(watch->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		watch->run.signal(watch->ctx, (int)info.ssi_signo);
		count++;
	}
	return count;
}

static int run_watch(struct loop_watch *watch, uint32_t epoll_events)
{
	switch (watch->kind) {
	case WATCH_FD:
		watch->run.fd(watch->ctx, watch->fd, epoll_events);
		return 1;
	case WATCH_TIMER:
		return run_timer(watch);
	case WATCH_SIGNALS:
		return run_signals(watch);
	}
	return 0;
}

int loop__run_once(struct loop *loop, int timeout_ms)
{
	struct epoll_event events[EVENTS_PER_ROUND];
	int ready = epoll_wait(loop->epoll_fd, events, EVENTS_PER_ROUND, timeout_ms);
	int count = 0;

	if (ready < 0)
		return errno == EINTR ? 0 : -errno;
	loop->depth++;
	for (int i = 0; i < ready; i++) {
		struct loop_watch *watch = events[i].data.ptr;

		if (!watch->is_removed)
			count += run_watch(watch, events[i].events);
	}
	loop->depth--;
	if (loop->depth == 0)
		free_removed(loop);
	return count;
}

int loop__run(struct loop *loop)
{
	while (!loop->is_stopped) {
		int r = loop__run_once(loop, -1);

		if (r < 0)
			return r;
	}
	loop->is_stopped = false;
	return loop->status;
}

void loop__stop(struct loop *loop, int status)
{
	loop->status = status;
	loop->is_stopped = true;
}
