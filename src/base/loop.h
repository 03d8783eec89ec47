/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_BASE_LOOP_H
#define SRC_BASE_LOOP_H

/*
 * The one epoll loop: descriptors, timers and signals are watches on it. The loop owns its epoll
 * and timer descriptors and the watch objects; watched descriptors stay their owner's. pipeline/
 * and web/ register; cmd/ runs it. Single-threaded. Remove a watch before closing its descriptor:
 * the kernel forgets a descriptor only when its last duplicate is closed, and the number may be
 * somebody else's by then.
 */

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

struct loop;
struct loop_watch; /* one registration: valid until loop__remove() */

typedef void (*loop_fd_fn)(void *ctx, int fd, uint32_t epoll_events);
typedef void (*loop_timer_fn)(void *ctx);
typedef void (*loop_signal_fn)(void *ctx, int signal_number);

int loop__new(struct loop **ret_loop, struct err *err);
struct loop *loop__free(struct loop *loop);

int loop__add_fd(struct loop *loop, int fd, uint32_t epoll_events, loop_fd_fn run, void *ctx,
		 struct loop_watch **ret_watch, struct err *err);
/* First after first_ns (0: at once), then every interval_ns (0: once; the watch stays until removed
 * or re-armed). */
int loop__add_timer(struct loop *loop, int64_t first_ns, int64_t interval_ns, loop_timer_fn run,
		    void *ctx, struct loop_watch **ret_watch, struct err *err);
/* The same for a watch that is there; first_ns < 0 stops it until it is set again. */
int loop__set_timer(struct loop_watch *timer, int64_t first_ns, int64_t interval_ns);
/* Blocks the signals of the set in this process and delivers them through the loop. They stay
 * blocked when the watch is removed: one that is pending must not kill the process on its way
 * out. */
int loop__add_signals(struct loop *loop, const sigset_t *signals, loop_signal_fn run, void *ctx,
		      struct loop_watch **ret_watch, struct err *err);
/* NULL is accepted; safe from inside any callback, also the watch's own. Returns NULL. */
struct loop_watch *loop__remove(struct loop *loop, struct loop_watch *watch);

/* Runs until loop__stop(); returns the status given there. */
int loop__run(struct loop *loop);
/* One round: waits at most timeout_ms (-1: for ever). Number of callbacks run or -errno. */
int loop__run_once(struct loop *loop, int timeout_ms);
void loop__stop(struct loop *loop, int status);

#endif
