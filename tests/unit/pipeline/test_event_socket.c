/* SPDX-License-Identifier: Apache-2.0 */
/* A socket of events of policies that are made up: the functions of pipeline/policies.h that it needs are this test's. */
#include "pipeline/event_socket.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/str.h"
#include "pipeline/policies.h"

#define PATH "events.sock"
#define EXEC "{\"process_exec\":{}}\n"
#define ROUNDS 3000 /* of 10 ms at most */

struct policies {
	struct policy_subscriber subscriber;
	bool has_subscriber;
	uint64_t exports[POLICY_EXPORT_COUNT];
};

int policies__subscribe(struct policies *policies, const struct policy_subscriber *subscriber,
			struct err *err)
{
	(void)err;
	assert_false(policies->has_subscriber);
	policies->subscriber = *subscriber;
	policies->has_subscriber = true;
	return 0;
}

void policies__unsubscribe(struct policies *policies, const void *ctx)
{
	if (policies->subscriber.ctx == ctx)
		policies->has_subscriber = false;
}

struct process_event policies__own_event(const struct policies *policies,
					 enum process_event_kind kind)
{
	(void)policies;
	return (struct process_event){ .kind = kind, .node_name = text_view_of("node") };
}

void policies__note_export(struct policies *policies, enum policy_export what, uint64_t bytes)
{
	(void)bytes;
	policies->exports[what]++;
}

struct fixture {
	struct loop *loop;
	struct policies policies;
	struct event_socket_options options;
	struct event_socket *socket;
	int client; /* -1: none */
	struct strbuf got;
};

static int set_up(void **state)
{
	struct fixture *fixture = new_zero(struct fixture);

	assert_non_null(fixture);
	assert_int_equal(loop__new(&fixture->loop, NULL), 0);
	fixture->options = (struct event_socket_options){ .policies = &fixture->policies,
							  .loop = fixture->loop,
							  .path = PATH };
	fixture->client = -1;
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	event_socket__free(fixture->socket);
	assert_false(fixture->policies.has_subscriber);
	assert_int_equal(access(PATH, F_OK), -1);
	loop__free(fixture->loop);
	fd_closep(&fixture->client);
	strbuf__done(&fixture->got);
	free(fixture);
	return 0;
}

static void open_socket(struct fixture *fixture)
{
	assert_int_equal(event_socket__new(&fixture->options, &fixture->socket, NULL), 0);
}

static int connect_to_it(void)
{
	const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = PATH };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static uint32_t count_clients(const struct fixture *fixture)
{
	struct event_socket_figures figures;

	event_socket__figures(fixture->socket, &figures);
	return figures.clients;
}

static void run_until_clients(struct fixture *fixture, uint32_t count)
{
	for (int i = 0; i < ROUNDS && count_clients(fixture) != count; i++)
		loop__run_once(fixture->loop, 10);
	assert_int_equal(count_clients(fixture), count);
}

static void open_with_client(struct fixture *fixture)
{
	open_socket(fixture);
	fixture->client = connect_to_it();
	run_until_clients(fixture, 1);
}

static void tell(struct fixture *fixture, uint32_t times)
{
	const struct process_event event = { .kind = PROCESS_EVENT_EXEC };

	for (uint32_t i = 0; i < times; i++)
		fixture->policies.subscriber.event(fixture->policies.subscriber.ctx, &event);
}

static bool has_end(const struct fixture *fixture, const char *end)
{
	const struct strbuf *got = &fixture->got;
	size_t len = strlen(end);

	return got->len >= len && memcmp(got->data + got->len - len, end, len) == 0;
}

/* Until the end of what it got is that. */
static void read_until(struct fixture *fixture, const char *end)
{
	char bytes[4096];

	for (int i = 0; i < ROUNDS && !has_end(fixture, end); i++) {
		ssize_t len;

		loop__run_once(fixture->loop, 10);
		while ((len = recv(fixture->client, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
			strbuf__add(&fixture->got, bytes, (size_t)len);
	}
	assert_true(has_end(fixture, end));
}

/* Lines that begin so. */
static uint32_t count_lines(const struct fixture *fixture, const char *begin)
{
	const char *end = fixture->got.data + fixture->got.len;
	size_t len = strlen(begin);
	uint32_t count = 0;

	for (const char *at = fixture->got.data, *next; at < end; at = next + 1) {
		next = memchr(at, '\n', (size_t)(end - at));
		assert_non_null(next);
		count += (size_t)(next + 1 - at) >= len && memcmp(at, begin, len) == 0;
	}
	return count;
}

static void test_socket__wants_nothing_while_nobody_is_there(void **state)
{
	struct fixture *fixture = *state;

	open_socket(fixture);
	assert_false(fixture->policies.has_subscriber);
	fixture->client = connect_to_it();
	run_until_clients(fixture, 1);
	assert_true(fixture->policies.has_subscriber);
	fd_closep(&fixture->client);
	run_until_clients(fixture, 0);
	assert_false(fixture->policies.has_subscriber);
}

static void test_client__gets_what_happens(void **state)
{
	struct fixture *fixture = *state;

	open_with_client(fixture);
	tell(fixture, 3);
	read_until(fixture, EXEC EXEC EXEC);
	assert_string_equal(strbuf__text(&fixture->got), EXEC EXEC EXEC);
	assert_int_equal(fixture->policies.exports[POLICY_EXPORT_WRITTEN], 3);
}

static void test_client__that_says_nothing_more_reads_on(void **state)
{
	struct fixture *fixture = *state;

	open_with_client(fixture);
	assert_int_equal(shutdown(fixture->client, SHUT_WR), 0);
	for (int i = 0; i < 10; i++)
		loop__run_once(fixture->loop, 10);
	tell(fixture, 1);
	read_until(fixture, EXEC);
	fd_closep(&fixture->client);
	run_until_clients(fixture, 0);
}

static void test_clients__have_the_same(void **state)
{
	struct fixture *fixture = *state;
	int other;

	open_with_client(fixture);
	other = connect_to_it();
	run_until_clients(fixture, 2);
	tell(fixture, 2);
	read_until(fixture, EXEC EXEC);
	fd_closep(&fixture->client);
	fixture->client = other;
	strbuf__reset(&fixture->got);
	read_until(fixture, EXEC EXEC);
	run_until_clients(fixture, 1);
}

/* What it takes at once is the kernel's business; what waits for it has a bound of our own. */
static void test_client__that_is_behind_is_told_what_it_missed(void **state)
{
	struct fixture *fixture = *state;
	struct event_socket_figures figures;
	uint32_t told = 0, got;
	char missed[96];

	open_with_client(fixture);
	do {
		tell(fixture, 1000);
		told += 1000;
		event_socket__figures(fixture->socket, &figures);
	} while (figures.dropped == 0);
	tell(fixture, 500);
	told += 500;
	event_socket__figures(fixture->socket, &figures);
	assert_int_equal(figures.written + figures.dropped, told);
	assert_int_equal(fixture->policies.exports[POLICY_EXPORT_OVERFLOWED], figures.dropped);
	(void)snprintf(missed, sizeof(missed),
		       "{\"rate_limit_info\":{\"number_of_dropped_process_events\":\"%llu\"",
		       (unsigned long long)figures.dropped);
	read_until(fixture, "\"node_name\":\"node\"}\n");
	got = count_lines(fixture, EXEC);
	assert_int_equal(got, figures.written);
	assert_int_equal(count_lines(fixture, missed), 1);
	strbuf__reset(&fixture->got);
	tell(fixture, 1);
	read_until(fixture, EXEC);
}

static void test_clients__are_bounded(void **state)
{
	struct fixture *fixture = *state;
	int fds[EVENT_SOCKET_CLIENTS_MAX + 1];
	struct event_socket_figures figures = { 0 };
	char byte;

	open_socket(fixture);
	for (uint32_t i = 0; i <= EVENT_SOCKET_CLIENTS_MAX; i++) {
		fds[i] = connect_to_it();
		for (int k = 0; k < ROUNDS && figures.connected + figures.refused <= i; k++) {
			loop__run_once(fixture->loop, 10);
			event_socket__figures(fixture->socket, &figures);
		}
	}
	assert_int_equal(figures.clients, EVENT_SOCKET_CLIENTS_MAX);
	assert_int_equal(figures.refused, 1);
	assert_int_equal(recv(fds[EVENT_SOCKET_CLIENTS_MAX], &byte, 1, 0), 0);
	for (uint32_t i = 0; i <= EVENT_SOCKET_CLIENTS_MAX; i++)
		fd_closep(&fds[i]);
}

static void test_lists__decide_what_is_told(void **state)
{
	struct fixture *fixture = *state;
	const struct policy_subscriber *subscriber = &fixture->policies.subscriber;

	fixture->options.export.deny = "{\"event_set\":[\"PROCESS_EXEC\"]}";
	open_with_client(fixture);
	assert_false(subscriber->wants(subscriber->ctx, PROCESS_EVENT_EXEC, ""));
	tell(fixture, 5);
	assert_int_equal(fixture->policies.exports[POLICY_EXPORT_WRITTEN], 0);
}

static void test_socket__is_nobody_elses(void **state)
{
	struct fixture *fixture = *state;
	struct event_socket *second;
	struct stat status;

	open_socket(fixture);
	assert_int_equal(stat(PATH, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(event_socket__new(&fixture->options, &second, NULL), -EADDRINUSE);
}

#define socket_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		socket_test(test_socket__wants_nothing_while_nobody_is_there),
		socket_test(test_client__gets_what_happens),
		socket_test(test_client__that_says_nothing_more_reads_on),
		socket_test(test_clients__have_the_same),
		socket_test(test_client__that_is_behind_is_told_what_it_missed),
		socket_test(test_clients__are_bounded),
		socket_test(test_lists__decide_what_is_told),
		socket_test(test_socket__is_nobody_elses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
