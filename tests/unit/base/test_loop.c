/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"

#define TIMEOUT_MS 10000 /* of a round that must have something to do: not reached unless broken */

/* What the callbacks below write down and act on. */
struct scene {
	struct loop *loop;
	int ends[2];   /* of a pipe */
	int others[2]; /* of another one */
	struct loop_watch *watch;
	struct loop_watch *other;
	unsigned int runs;
	uint32_t events;
	int signal_number;
};

static int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	*state = scene;
	if (pipe2(scene->ends, O_CLOEXEC | O_NONBLOCK) < 0 ||
	    pipe2(scene->others, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	return loop__new(&scene->loop, NULL);
}

static int tear_down(void **state)
{
	struct scene *scene = *state;

	loop__free(scene->loop);
	for (int i = 0; i < 2; i++) {
		close(scene->ends[i]);
		close(scene->others[i]);
	}
	free(scene);
	return 0;
}

static void on_fd(void *ctx, int fd, uint32_t epoll_events)
{
	struct scene *scene = ctx;
	char byte;

	scene->runs++;
	scene->events = epoll_events;
	if (epoll_events & EPOLLIN)
		assert_int_equal(read(fd, &byte, 1), 1);
}

static void on_timer(void *ctx)
{
	struct scene *scene = ctx;

	scene->runs++;
}

static void add_fd(struct scene *scene, int fd, loop_fd_fn run, struct loop_watch **ret_watch)
{
	assert_int_equal(loop__add_fd(scene->loop, fd, EPOLLIN, run, scene, ret_watch, NULL), 0);
}

static void test_fd__runs_while_there_is_something(void **state)
{
	struct scene *scene = *state;

	add_fd(scene, scene->ends[0], on_fd, &scene->watch);
	assert_int_equal(loop__run_once(scene->loop, 0), 0);
	assert_int_equal(write(scene->ends[1], "ab", 2), 2);
	assert_int_equal(loop__run_once(scene->loop, TIMEOUT_MS), 1);
	assert_int_equal(loop__run_once(scene->loop, TIMEOUT_MS), 1);
	assert_int_equal(loop__run_once(scene->loop, 0), 0);
	assert_int_equal(scene->runs, 2);
	assert_int_equal(scene->events, EPOLLIN);
}

static void test_fd__hangup_is_told(void **state)
{
	struct scene *scene = *state;

	add_fd(scene, scene->ends[0], on_fd, NULL);
	close(scene->ends[1]);
	scene->ends[1] = -1;
	assert_int_equal(loop__run_once(scene->loop, TIMEOUT_MS), 1);
	assert_int_equal(scene->events, EPOLLHUP);
}

static void test_add_fd__bad_descriptor_is_an_error(void **state)
{
	struct scene *scene = *state;
	struct err err = ERR_INIT;

	assert_int_equal(loop__add_fd(scene->loop, -1, EPOLLIN, on_fd, scene, &scene->watch, &err),
			 -EBADF);
	assert_string_equal(err.text, "cannot watch descriptor -1: Bad file descriptor");
	assert_null(scene->watch);
	add_fd(scene, scene->ends[0], on_fd, NULL);
	assert_int_equal(
		loop__add_fd(scene->loop, scene->ends[0], EPOLLIN, on_fd, scene, NULL, NULL),
		-EEXIST);
	err__done(&err);
}

static void test_remove__stops_the_callback(void **state)
{
	struct scene *scene = *state;

	add_fd(scene, scene->ends[0], on_fd, &scene->watch);
	assert_int_equal(write(scene->ends[1], "a", 1), 1);
	assert_null(loop__remove(scene->loop, scene->watch));
	assert_int_equal(loop__run_once(scene->loop, 0), 0);
	assert_int_equal(scene->runs, 0);
	assert_null(loop__remove(scene->loop, NULL));
}

static void remove_itself(void *ctx, int fd, uint32_t epoll_events)
{
	struct scene *scene = ctx;

	(void)fd;
	(void)epoll_events;
	scene->runs++;
	scene->watch = loop__remove(scene->loop, scene->watch);
}

static void test_remove__itself_inside_its_callback(void **state)
{
	struct scene *scene = *state;

	add_fd(scene, scene->ends[0], remove_itself, &scene->watch);
	assert_int_equal(write(scene->ends[1], "a", 1), 1);
	assert_int_equal(loop__run_once(scene->loop, TIMEOUT_MS), 1);
	assert_int_equal(loop__run_once(scene->loop, 0), 0);
	assert_int_equal(scene->runs, 1);
}

static void remove_both(void *ctx, int fd, uint32_t epoll_events)
{
	struct scene *scene = ctx;

	(void)fd;
	(void)epoll_events;
	scene->runs++;
	scene->watch = loop__remove(scene->loop, scene->watch);
	scene->other = loop__remove(scene->loop, scene->other);
}

/* Both are ready in the same round: whoever comes first removes the other, whose event is already
 * fetched. */
static void test_remove__another_that_is_due_in_the_same_round(void **state)
{
	struct scene *scene = *state;

	add_fd(scene, scene->ends[0], remove_both, &scene->watch);
	add_fd(scene, scene->others[0], remove_both, &scene->other);
	assert_int_equal(write(scene->ends[1], "a", 1), 1);
	assert_int_equal(write(scene->others[1], "a", 1), 1);
	assert_int_equal(loop__run_once(scene->loop, TIMEOUT_MS), 1);
	assert_int_equal(loop__run_once(scene->loop, 0), 0);
	assert_int_equal(scene->runs, 1);
}

static void replace_other(void *ctx, int fd, uint32_t epoll_events)
{
	struct scene *scene = ctx;
	struct loop_watch **watch = fd == scene->ends[0] ? &scene->other : &scene->watch;
	int other_fd = fd == scene->ends[0] ? scene->others[0] : scene->ends[0];

	(void)epoll_events;
	scene->runs++;
	loop__remove(scene->loop, *watch);
	add_fd(scene, other_fd, on_fd, watch);
}

/* The event of the removed watch must not reach the new one on the same descriptor. */
static void test_remove__another_and_watch_its_descriptor_anew(void **state)
{
	struct scene *scene = *state;

	add_fd(scene, scene->ends[0], replace_other, &scene->watch);
	add_fd(scene, scene->others[0], replace_other, &scene->other);
	assert_int_equal(write(scene->ends[1], "a", 1), 1);
	assert_int_equal(write(scene->others[1], "a", 1), 1);
	assert_int_equal(loop__run_once(scene->loop, TIMEOUT_MS), 1);
	assert_int_equal(scene->runs, 1);
}

static void run_a_round_inside(void *ctx, int fd, uint32_t epoll_events)
{
	struct scene *scene = ctx;

	(void)epoll_events;
	scene->runs++;
	scene->watch = loop__remove(scene->loop, scene->watch);
	scene->other = loop__remove(scene->loop, scene->other);
	assert_int_equal(loop__run_once(scene->loop, 0), 0);
	assert_true(fd >= 0);
}

/* The outer round still holds the event of the watch that the inner round could have freed. */
static void test_run_once__inside_a_callback_frees_nothing_early(void **state)
{
	struct scene *scene = *state;

	add_fd(scene, scene->ends[0], run_a_round_inside, &scene->watch);
	add_fd(scene, scene->others[0], run_a_round_inside, &scene->other);
	assert_int_equal(write(scene->ends[1], "a", 1), 1);
	assert_int_equal(write(scene->others[1], "a", 1), 1);
	assert_int_equal(loop__run_once(scene->loop, TIMEOUT_MS), 1);
	assert_int_equal(scene->runs, 1);
}

static void test_timer__at_once_and_only_once(void **state)
{
	struct scene *scene = *state;

	assert_int_equal(loop__add_timer(scene->loop, 0, 0, on_timer, scene, NULL, NULL), 0);
	assert_int_equal(loop__run_once(scene->loop, TIMEOUT_MS), 1);
	assert_int_equal(loop__run_once(scene->loop, 5), 0);
	assert_int_equal(scene->runs, 1);
}

static void test_timer__repeats(void **state)
{
	struct scene *scene = *state;

	assert_int_equal(
		loop__add_timer(scene->loop, 0, NS_PER_MS, on_timer, scene, &scene->watch, NULL),
		0);
	while (scene->runs < 5)
		assert_true(loop__run_once(scene->loop, TIMEOUT_MS) >= 0);
	loop__remove(scene->loop, scene->watch);
	assert_int_equal(loop__run_once(scene->loop, 5), 0);
}

static void test_timer__is_set_anew_and_stopped(void **state)
{
	struct scene *scene = *state;

	assert_int_equal(loop__add_timer(scene->loop, 3600 * NS_PER_S, 0, on_timer, scene,
					 &scene->watch, NULL),
			 0);
	assert_int_equal(loop__run_once(scene->loop, 0), 0);
	assert_int_equal(loop__set_timer(scene->watch, 0, 0), 0);
	assert_int_equal(loop__run_once(scene->loop, TIMEOUT_MS), 1);
	/* used up, set again */
	assert_int_equal(loop__set_timer(scene->watch, NS_PER_MS, 0), 0);
	assert_int_equal(loop__run_once(scene->loop, TIMEOUT_MS), 1);
	assert_int_equal(loop__set_timer(scene->watch, NS_PER_MS, NS_PER_MS), 0);
	assert_int_equal(loop__set_timer(scene->watch, -1, 0), 0);
	assert_int_equal(loop__run_once(scene->loop, 5), 0);
	assert_int_equal(scene->runs, 2);
}

static void set_both_anew(void *ctx)
{
	struct scene *scene = ctx;

	scene->runs++;
	assert_int_equal(loop__set_timer(scene->watch, 3600 * NS_PER_S, 0), 0);
	assert_int_equal(loop__set_timer(scene->other, 3600 * NS_PER_S, 0), 0);
}

static void test_timer__set_anew_in_the_round_in_which_it_is_due(void **state)
{
	struct scene *scene = *state;
	int64_t start = clock_monotonic_ns();

	loop__add_timer(scene->loop, 0, 0, set_both_anew, scene, &scene->watch, NULL);
	loop__add_timer(scene->loop, 0, 0, set_both_anew, scene, &scene->other, NULL);
	while (clock_monotonic_ns() - start < NS_PER_MS)
		; /* both are due now */
	assert_int_equal(loop__run_once(scene->loop, TIMEOUT_MS), 1);
	assert_int_equal(scene->runs, 1);
}

static void test_timer__refuses_what_is_no_timer(void **state)
{
	struct scene *scene = *state;
	struct err err = ERR_INIT;

	add_fd(scene, scene->ends[0], on_fd, &scene->watch);
	assert_int_equal(loop__set_timer(scene->watch, 0, 0), -EINVAL);
	assert_int_equal(loop__add_timer(scene->loop, 0, -1, on_timer, scene, NULL, &err), -EINVAL);
	assert_string_equal(err.text, "cannot set a timer: Invalid argument");
	err__done(&err);
}

static void on_signal(void *ctx, int signal_number)
{
	struct scene *scene = ctx;

	scene->runs++;
	scene->signal_number = signal_number;
	if (signal_number == SIGUSR2)
		loop__stop(scene->loop, 7);
}

static void test_signals__are_delivered_by_the_loop(void **state)
{
	struct scene *scene = *state;
	sigset_t signals, old;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigaddset(&signals, SIGUSR2);
	pthread_sigmask(SIG_SETMASK, NULL, &old);
	assert_int_equal(
		loop__add_signals(scene->loop, &signals, on_signal, scene, &scene->watch, NULL), 0);
	raise(SIGUSR1);
	assert_int_equal(loop__run_once(scene->loop, TIMEOUT_MS), 1);
	assert_int_equal(scene->signal_number, SIGUSR1);
	raise(SIGUSR1);
	raise(SIGUSR2);
	assert_int_equal(loop__run(scene->loop), 7);
	assert_int_equal(scene->runs, 3);

	/* still blocked when nobody listens any more */
	loop__remove(scene->loop, scene->watch);
	raise(SIGUSR1);
	assert_int_equal(sigwaitinfo(&signals, NULL), SIGUSR1);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void stop(void *ctx)
{
	struct scene *scene = ctx;

	scene->runs++;
	loop__stop(scene->loop, 3);
}

static void test_run__ends_with_the_status_of_stop(void **state)
{
	struct scene *scene = *state;

	loop__add_timer(scene->loop, 0, 0, stop, scene, &scene->watch, NULL);
	assert_int_equal(loop__run(scene->loop), 3);
	/* and can run again */
	loop__set_timer(scene->watch, 0, 0);
	assert_int_equal(loop__run(scene->loop), 3);
	assert_int_equal(scene->runs, 2);
	loop__stop(scene->loop, 5);
	assert_int_equal(loop__run(scene->loop), 5);
}

static void interrupt(int signal_number)
{
	(void)signal_number;
}

/* A handler that runs during the wait ends the round without an error. */
static void test_run_once__interrupted_is_an_empty_round(void **state)
{
	struct scene *scene = *state;
	struct sigaction action = { .sa_handler = interrupt }, old;
	timer_t timer;
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	/* again and again: the first may come before the wait */
	struct itimerspec soon = { .it_value.tv_nsec = 1000000, .it_interval.tv_nsec = 1000000 };

	sigaction(SIGALRM, &action, &old);
	assert_int_equal(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
	timer_settime(timer, 0, &soon, NULL);
	assert_int_equal(loop__run_once(scene->loop, -1), 0);
	timer_delete(timer);
	sigaction(SIGALRM, &old, NULL);
}

static void test_free__with_watches_left(void **state)
{
	struct scene *scene = *state;
	sigset_t none;

	sigemptyset(&none);
	add_fd(scene, scene->ends[0], on_fd, NULL);
	loop__add_timer(scene->loop, 0, 0, on_timer, scene, NULL, NULL);
	loop__add_signals(scene->loop, &none, on_signal, scene, NULL, NULL);
	scene->loop = loop__free(scene->loop);
	assert_null(scene->loop);
	assert_int_not_equal(fcntl(scene->ends[0], F_GETFD), -1); /* its owner's */
	assert_null(loop__free(NULL));
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_fd__runs_while_there_is_something),
		TEST(test_fd__hangup_is_told),
		TEST(test_add_fd__bad_descriptor_is_an_error),
		TEST(test_remove__stops_the_callback),
		TEST(test_remove__itself_inside_its_callback),
		TEST(test_remove__another_that_is_due_in_the_same_round),
		TEST(test_remove__another_and_watch_its_descriptor_anew),
		TEST(test_run_once__inside_a_callback_frees_nothing_early),
		TEST(test_timer__at_once_and_only_once),
		TEST(test_timer__repeats),
		TEST(test_timer__is_set_anew_and_stopped),
		TEST(test_timer__set_anew_in_the_round_in_which_it_is_due),
		TEST(test_timer__refuses_what_is_no_timer),
		TEST(test_signals__are_delivered_by_the_loop),
		TEST(test_run__ends_with_the_status_of_stop),
		TEST(test_run_once__interrupted_is_an_empty_round),
		TEST(test_free__with_watches_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
