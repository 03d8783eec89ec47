/* SPDX-License-Identifier: Apache-2.0 */
#include "web/control.h"

#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"

#define SOCKET "control.sock"
#define MANY 3000 /* rounds of the loop of 10 ms each, before a test gives up */

struct fixture {
	struct loop *loop;
	struct control_server *server;
	struct control_client *streaming; /* the last one that asked for a stream */
	unsigned int closed, drained;
	char fill[1000];
};

/* ---- verbs ---------------------------------------------------------------------------------------------- */

static int run_echo(void *ctx, struct control_client *client, const json_t *request,
		    struct strbuf *reply, struct err *err)
{
	char *text = json_dumps(json_object_get(request, "what"), JSON_ENCODE_ANY);

	(void)ctx;
	(void)client;
	(void)err;
	if (text)
		strbuf__add_text(reply, text);
	free(text);
	return 0;
}

static int run_fail(void *ctx, struct control_client *client, const json_t *request,
		    struct strbuf *reply, struct err *err)
{
	(void)ctx;
	(void)client;
	(void)request;
	strbuf__add_text(reply, "what nobody sees");
	(void)err__set(err, -EDOM, NULL, "it is \"wrong\"\nand more so");
	err__cause(err, "evidence");
	return -EDOM;
}

static void on_closed(void *ctx)
{
	struct fixture *fixture = ctx;

	fixture->closed++;
	fixture->streaming = NULL;
}

static void on_drained(void *ctx)
{
	struct fixture *fixture = ctx;

	fixture->drained++;
}

static int run_stream(void *ctx, struct control_client *client, const json_t *request,
		      struct strbuf *reply, struct err *err)
{
	const struct control_stream stream = { .closed = on_closed,
					       .drained = on_drained,
					       .ctx = ctx };
	struct fixture *fixture = ctx;
	int r = control_client__stream(client, &stream, err);

	if (r < 0)
		return r;
	fixture->streaming = client;
	strbuf__add_text(reply, "\"begun\"");
	assert_true(control_client__send(client, "1", 1)); /* behind the reply all the same */
	if (json_object_get(request, "fails"))
		return err__set(err, -EIO, NULL, "not this time");
	return 0;
}

static int run_same(void *ctx, struct control_client *client, const json_t *request,
		    struct strbuf *reply, struct err *err)
{
	(void)request;
	(void)err;
	strbuf__printf(reply, "%s",
		       control_client__stream_ctx(client, on_closed) == ctx ? "true" : "false");
	return 0;
}

static const struct control_verb verbs[] = {
	{ "echo", run_echo },
	{ "fail", run_fail },
	{ "same", run_same },
	{ "stream", run_stream },
};

/* ---- the fixture ---------------------------------------------------------------------------------------- */

static void restart(struct fixture *fixture, struct control_options options)
{
	fixture->server = control_server__free(fixture->server);
	options.loop = fixture->loop;
	options.path = SOCKET;
	assert_int_equal(control_server__new(&options, &fixture->server, NULL), 0);
	assert_int_equal(
		control_server__add_verbs(fixture->server, verbs, array_size(verbs), fixture, NULL),
		0);
}

static int set_up(void **state)
{
	struct fixture *fixture = new_zero(struct fixture);

	assert_non_null(fixture);
	assert_int_equal(loop__new(&fixture->loop, NULL), 0);
	memset(fixture->fill, 'x', sizeof(fixture->fill));
	restart(fixture, (struct control_options){ 0 });
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	control_server__free(fixture->server);
	loop__free(fixture->loop);
	free(fixture);
	assert_int_equal(access(SOCKET, F_OK), -1);
	return 0;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Runs the loop until the peer has said so many bytes, or has closed. */
static size_t hear(struct fixture *fixture, int fd, char *buffer, size_t want)
{
	size_t len = 0;

	for (int i = 0; i < MANY && len < want; i++) {
		ssize_t got;

		loop__run_once(fixture->loop, 10);
		got = recv(fd, buffer + len, want - len, MSG_DONTWAIT);
		if (got == 0 || (got < 0 && errno != EAGAIN))
			break;
		if (got > 0)
			len += (size_t)got;
	}
	return len;
}

static void expect(struct fixture *fixture, int fd, const char *text)
{
	char buffer[1024] = "";

	assert_true(strlen(text) < sizeof(buffer));
	buffer[hear(fixture, fd, buffer, strlen(text))] = '\0';
	assert_string_equal(buffer, text);
}

/* The peer closes, without a word more. */
static void expect_close(struct fixture *fixture, int fd)
{
	char byte;

	for (int i = 0; i < MANY; i++) {
		ssize_t got = recv(fd, &byte, 1, MSG_DONTWAIT);

		if (got == 0 || (got < 0 && errno != EAGAIN))
			return;
		assert_true(got < 0);
		loop__run_once(fixture->loop, 10);
	}
	fail_msg("it is not closed");
}

static void run_a_while(struct fixture *fixture)
{
	for (int i = 0; i < 20; i++)
		loop__run_once(fixture->loop, 0);
}

/* ---- requests ------------------------------------------------------------------------------------------- */

static void test_request__is_answered(void **state)
{
	struct fixture *fixture = *state;
	int fd = connect_to(SOCKET);

	say(fd, "{\"verb\":\"echo\",\"what\":[1,\"two\"]}\n");
	expect(fixture, fd, "{\"ok\":true,\"result\":[1, \"two\"]}\n");
	say(fd, "{\"verb\":\"echo\"}\n{\"verb\":");
	expect(fixture, fd, "{\"ok\":true,\"result\":null}\n");
	say(fd, "\"echo\",\"what\":2}\n");
	expect(fixture, fd, "{\"ok\":true,\"result\":2}\n");
	assert_int_equal(control_server__figures(fixture->server).succeeded, 3);
	assert_int_equal(control_server__figures(fixture->server).clients, 1);
	close(fd);
	run_a_while(fixture);
	assert_int_equal(control_server__figures(fixture->server).clients, 0);
}

static void test_failure__is_told_with_its_cause(void **state)
{
	struct fixture *fixture = *state;
	int fd = connect_to(SOCKET);

	say(fd, "{\"verb\":\"fail\"}\n");
	expect(fixture, fd,
	       "{\"ok\":false,\"error\":\"it is \\\"wrong\\\"\\nand more so\",\"code\":\"EDOM\",\"cause\":\"evidence\"}\n");
	assert_int_equal(control_server__figures(fixture->server).failed, 1);
	close(fd);
}

static void test_malformed_request__is_refused_and_the_next_served(void **state)
{
	static const char *const requests[] = {
		"\n",
		"{\n",
		"[]\n",
		"7\n",
		"\"status\"\n",
		"{}\n",
		"{\"verb\":7}\n",
		"{\"verb\":\"echo\",\"verb\":\"echo\"}\n",
		"{\"verb\":\"echo\"}x\n",
		"{\"verb\":\"ech\\u0000o\"}\n",
		"{\"verb\":\"\xff\"}\n",
	};
	struct fixture *fixture = *state;
	char reply[512];

	for (size_t i = 0; i < array_size(requests); i++) {
		int fd = connect_to(SOCKET);

		say(fd, requests[i]);
		assert_int_equal(hear(fixture, fd, reply, 12), 12);
		assert_memory_equal(reply, "{\"ok\":false,", 12);
		while (recv(fd, reply, sizeof(reply), MSG_DONTWAIT) > 0)
			;
		say(fd, "{\"verb\":\"echo\",\"what\":1}\n");
		expect(fixture, fd, "{\"ok\":true,\"result\":1}\n");
		close(fd);
	}
	assert_int_equal(control_server__figures(fixture->server).malformed, array_size(requests));
}

static void test_unknown_verb__names_the_nearest(void **state)
{
	struct fixture *fixture = *state;
	int fd = connect_to(SOCKET);

	say(fd, "{\"verb\":\"strem\"}\n");
	expect(fixture, fd,
	       "{\"ok\":false,\"error\":\"there is no verb 'strem'; did you mean 'stream'?\",\"code\":\"EOPNOTSUPP\"}\n");
	close(fd);
}

static void test_many_requests_at_once__are_answered_in_order(void **state)
{
	struct fixture *fixture = *state;
	int fd = connect_to(SOCKET);
	struct strbuf requests = STRBUF_INIT, replies = STRBUF_INIT;
	char *heard;

	for (int i = 0; i < 1000; i++) {
		strbuf__printf(&requests, "{\"verb\":\"echo\",\"what\":%d}\n", i);
		strbuf__printf(&replies, "{\"ok\":true,\"result\":%d}\n", i);
	}
	say(fd, strbuf__text(&requests));
	heard = calloc(1, replies.len);
	assert_int_equal(hear(fixture, fd, heard, replies.len), replies.len);
	assert_memory_equal(heard, replies.data, replies.len);
	free(heard);
	strbuf__done(&requests);
	strbuf__done(&replies);
	close(fd);
}

static void test_last_words__are_answered_after_the_end_of_speech(void **state)
{
	struct fixture *fixture = *state;
	int fd = connect_to(SOCKET);

	say(fd, "{\"verb\":\"echo\",\"what\":1}\n{\"verb\":\"echo\",\"what\":2}\nhalf a requ");
	(void)shutdown(fd, SHUT_WR);
	expect(fixture, fd, "{\"ok\":true,\"result\":1}\n{\"ok\":true,\"result\":2}\n");
	expect_close(fixture, fd);
	close(fd);
}

static void test_long_request__is_refused(void **state)
{
	struct fixture *fixture = *state;
	int fd;

	restart(fixture, (struct control_options){ .max_line_bytes = 100 });
	fd = connect_to(SOCKET);
	assert_int_equal(send(fd, fixture->fill, 101, MSG_NOSIGNAL), 101);
	expect(fixture, fd,
	       "{\"ok\":false,\"error\":\"a request has at most 100 bytes\",\"code\":\"EMSGSIZE\"}\n");
	expect_close(fixture, fd);
	assert_int_equal(control_server__figures(fixture->server).malformed, 1);
	close(fd);
}

static void test_deep_request__is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct strbuf text = STRBUF_INIT;
	int fd = connect_to(SOCKET);
	char reply[12];

	for (int i = 0; i < 100000; i++)
		strbuf__add_char(&text, '[');
	strbuf__add_char(&text, '\n');
	say(fd, strbuf__text(&text));
	assert_int_equal(hear(fixture, fd, reply, sizeof(reply)), sizeof(reply));
	assert_memory_equal(reply, "{\"ok\":false,", 12);
	strbuf__done(&text);
	close(fd);
}

/* ---- streams -------------------------------------------------------------------------------------------- */

static void test_stream__follows_its_reply(void **state)
{
	struct fixture *fixture = *state;
	int fd = connect_to(SOCKET);

	say(fd, "{\"verb\":\"stream\"}\n");
	expect(fixture, fd, "{\"ok\":true,\"result\":\"begun\"}\n1\n");
	assert_true(control_client__send(fixture->streaming, "{\"a\":2}", 7));
	control_client__flush(fixture->streaming);
	expect(fixture, fd, "{\"a\":2}\n");
	assert_int_equal(control_server__figures(fixture->server).streams, 1);
	assert_int_equal(control_server__figures(fixture->server).lines, 2);
	/* The end of speech is no end of listening. */
	say(fd, "{\"verb\":\"same\"}\n{\"verb\":\"stream\"}\n");
	(void)shutdown(fd, SHUT_WR);
	expect(fixture, fd,
	       "{\"ok\":true,\"result\":true}\n{\"ok\":false,\"error\":\"this connection has a stream already\",\"code\":\"EBUSY\"}\n");
	run_a_while(fixture);
	assert_true(control_client__send(fixture->streaming, "3", 1));
	control_client__end(fixture->streaming);
	expect(fixture, fd, "3\n");
	expect_close(fixture, fd);
	assert_int_equal(fixture->closed, 0);
	close(fd);
}

static void test_stream_that_fails__leaves_nothing(void **state)
{
	struct fixture *fixture = *state;
	int fd = connect_to(SOCKET);

	say(fd, "{\"verb\":\"stream\",\"fails\":true}\n{\"verb\":\"same\"}\n");
	expect(fixture, fd,
	       "{\"ok\":false,\"error\":\"not this time\",\"code\":\"EIO\"}\n{\"ok\":true,\"result\":false}\n");
	close(fd);
	run_a_while(fixture);
	assert_int_equal(fixture->closed, 0);
}

static void test_client_that_leaves__closes_its_stream(void **state)
{
	struct fixture *fixture = *state;
	int fd = connect_to(SOCKET);

	say(fd, "{\"verb\":\"stream\"}\n");
	expect(fixture, fd, "{\"ok\":true,\"result\":\"begun\"}\n1\n");
	close(fd);
	/* Between its leaving and the loop's noticing. */
	(void)control_client__send(fixture->streaming, "2", 1);
	control_client__flush(fixture->streaming);
	for (int i = 0; i < MANY && fixture->closed == 0; i++)
		loop__run_once(fixture->loop, 10);
	assert_int_equal(fixture->closed, 1);
	assert_int_equal(control_server__figures(fixture->server).clients, 0);
}

static void test_server_that_ends__closes_streams(void **state)
{
	struct fixture *fixture = *state;
	int fd = connect_to(SOCKET);

	say(fd, "{\"verb\":\"stream\"}\n");
	expect(fixture, fd, "{\"ok\":true,\"result\":\"begun\"}\n1\n");
	restart(fixture, (struct control_options){ 0 });
	assert_int_equal(fixture->closed, 1);
	expect_close(fixture, fd);
	close(fd);
}

/* Reads what is there, and counts lines and what they say was dropped. */
static void count_lines(int fd, struct strbuf *rest, uint64_t *lines, uint64_t *dropped)
{
	char buffer[65536];
	ssize_t len = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
	const char *end;

	if (len > 0)
		strbuf__add(rest, buffer, (size_t)len);
	while (rest->len > 0 && (end = memchr(rest->data, '\n', rest->len))) {
		size_t whole = (size_t)(end - rest->data) + 1;
		unsigned long long told;

		if (sscanf(strbuf__text(rest), "{\"dropped\":%llu}", &told) == 1)
			*dropped += told;
		else
			++*lines;
		memmove(rest->data, rest->data + whole, rest->len - whole);
		rest->len -= whole;
	}
}

static void test_slow_reader__is_told_what_it_missed(void **state)
{
	enum { SENT = 20000 };
	struct fixture *fixture = *state;
	uint64_t lines = 0, dropped = 0;
	struct strbuf rest = STRBUF_INIT;
	int fd;

	restart(fixture, (struct control_options){ .max_queue_bytes = 1u << 20 });
	fd = connect_to(SOCKET);
	say(fd, "{\"verb\":\"stream\"}\n");
	expect(fixture, fd, "{\"ok\":true,\"result\":\"begun\"}\n1\n");
	for (int i = 0; i < SENT; i++)
		(void)control_client__send(fixture->streaming, fixture->fill,
					   sizeof(fixture->fill));
	control_client__flush(fixture->streaming);
	assert_true(control_client__is_full(fixture->streaming));
	assert_true(control_server__figures(fixture->server).queue_bytes <= (1u << 20) + 1100);
	for (int i = 0; i < MANY && lines + dropped < SENT; i++) {
		count_lines(fd, &rest, &lines, &dropped);
		loop__run_once(fixture->loop, 0);
	}
	assert_int_equal(lines + dropped, SENT);
	assert_true(dropped > 0);
	assert_int_equal(dropped, control_server__figures(fixture->server).dropped);
	assert_int_equal(lines + 1, control_server__figures(fixture->server).lines);
	assert_true(fixture->drained > 0);
	strbuf__done(&rest);
	close(fd);
}

/* ---- who may ask, and for how long ---------------------------------------------------------------------- */

static void test_clients__over_the_limit_are_refused(void **state)
{
	struct fixture *fixture = *state;
	int fds[3];

	restart(fixture, (struct control_options){ .max_clients = 2 });
	for (size_t i = 0; i < array_size(fds); i++)
		fds[i] = connect_to(SOCKET);
	expect(fixture, fds[2],
	       "{\"ok\":false,\"error\":\"too many clients are connected\",\"code\":\"EBUSY\"}\n");
	expect_close(fixture, fds[2]);
	say(fds[1], "{\"verb\":\"echo\",\"what\":1}\n");
	expect(fixture, fds[1], "{\"ok\":true,\"result\":1}\n");
	assert_int_equal(control_server__figures(fixture->server).refused, 1);
	for (size_t i = 0; i < array_size(fds); i++)
		close(fds[i]);
}

static void test_late_clients__are_cut(void **state)
{
	struct fixture *fixture = *state;
	int half, deaf, idle;

	restart(fixture, (struct control_options){ .request_timeout_ns = NS_PER_MS,
						   .idle_timeout_ns = NS_PER_MS,
						   .reply_timeout_ns = NS_PER_MS });
	half = connect_to(SOCKET);
	deaf = connect_to(SOCKET);
	idle = connect_to(SOCKET);
	say(deaf, "{\"verb\":\"stream\"}\n");
	say(half, "{\"verb\":");
	expect(fixture, deaf, "{\"ok\":true,\"result\":\"begun\"}\n1\n");
	while (control_client__send(fixture->streaming, fixture->fill, sizeof(fixture->fill)))
		;
	expect_close(fixture, half);
	expect_close(fixture, idle);
	for (int i = 0; i < MANY && fixture->closed == 0; i++)
		loop__run_once(fixture->loop, 10);
	assert_int_equal(fixture->closed, 1);
	assert_int_equal(control_server__figures(fixture->server).timed_out, 2);
	close(half);
	close(deaf);
	close(idle);
}

static void test_other_users__are_denied(void **state)
{
	struct fixture *fixture = *state;
	char reply[256] = "";
	int status, tell[2];
	pid_t pid;

	if (geteuid() != 0) {
		printf("# skip: only root can be somebody else\n");
		skip();
	}
	assert_int_equal(chmod(SOCKET, 0666), 0);
	assert_int_equal(pipe(tell), 0);
	pid = fork();
	if (pid == 0) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);
		struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = SOCKET };

		/* The path is relative: folders above are not looked at. */
		if (setresuid(65534, 65534, 65534) < 0 ||
		    connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
			_exit(1);
		while (recv(fd, reply, sizeof(reply), 0) > 0)
			(void)fd_write_all(tell[1], reply, strlen(reply));
		_exit(0);
	}
	close(tell[1]);
	for (int i = 0; i < MANY && waitpid(pid, &status, WNOHANG) != pid; i++)
		loop__run_once(fixture->loop, 10);
	assert_int_equal(status, 0);
	assert_true(read(tell[0], reply, sizeof(reply) - 1) > 0);
	assert_non_null(strstr(reply, "\"EPERM\""));
	assert_int_equal(control_server__figures(fixture->server).denied, 1);
	assert_int_equal(control_server__figures(fixture->server).accepted, 0);
	close(tell[0]);
}

/* ---- the socket ----------------------------------------------------------------------------------------- */

static int open_server(struct fixture *fixture, const char *path, struct control_server **ret,
		       struct err *err)
{
	const struct control_options options = { .loop = fixture->loop, .path = path };

	return control_server__new(&options, ret, err);
}

static void test_socket__is_for_its_owner_alone(void **state)
{
	struct stat status;

	(void)state;
	assert_int_equal(lstat(SOCKET, &status), 0);
	assert_int_equal(status.st_mode, S_IFSOCK | 0600);
}

static void test_socket_in_use__is_left_alone(void **state)
{
	struct fixture *fixture = *state;
	struct control_server *other;
	struct err err = ERR_INIT;

	assert_int_equal(open_server(fixture, SOCKET, &other, &err), -EADDRINUSE);
	assert_string_equal(err.text,
			    "an agent listens at '" SOCKET "' already; name another path");
	err__done(&err);
	assert_int_equal(access(SOCKET, F_OK), 0);
}

static void test_socket_left_behind__is_replaced(void **state)
{
	struct fixture *fixture = *state;
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "left" };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct control_server *server;

	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	assert_int_equal(open_server(fixture, "left", &server, NULL), 0);
	close(connect_to("left"));
	control_server__free(server);
	assert_int_equal(access("left", F_OK), -1);
}

static void test_other_file__is_left_alone(void **state)
{
	struct fixture *fixture = *state;
	FILE *file = fopen("file", "w");
	struct control_server *server;
	struct err err = ERR_INIT;

	assert_non_null(file);
	fclose(file);
	assert_int_equal(open_server(fixture, "file", &server, &err), -EEXIST);
	assert_string_equal(err.text, "'file' is there and no socket");
	err__done(&err);
	assert_int_equal(unlink("file"), 0);
}

static void test_folder__is_made(void **state)
{
	struct fixture *fixture = *state;
	struct control_server *server;

	assert_int_equal(open_server(fixture, "folder/socket", &server, NULL), 0);
	control_server__free(server);
	assert_int_equal(rmdir("folder"), 0);
	assert_int_equal(open_server(fixture, "no/folder/socket", &server, NULL), -ENOENT);
}

static void test_long_path__is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct control_server *server;
	char path[200];

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(open_server(fixture, path, &server, NULL), -ENAMETOOLONG);
	assert_int_equal(open_server(fixture, "", &server, NULL), -ENAMETOOLONG);
}

/* Its successor's socket is not ours to remove. */
static void test_socket_of_somebody_else__outlives_us(void **state)
{
	struct fixture *fixture = *state;
	struct control_server *first, *second;

	assert_int_equal(open_server(fixture, "two", &first, NULL), 0);
	assert_int_equal(unlink("two"), 0);
	assert_int_equal(open_server(fixture, "two", &second, NULL), 0);
	control_server__free(first);
	close(connect_to("two"));
	control_server__free(second);
	assert_int_equal(access("two", F_OK), -1);
}

static void test_verb__cannot_be_there_twice(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(control_server__add_verbs(fixture->server, verbs, 1, NULL, NULL), -EEXIST);
}

#define control_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		control_test(test_request__is_answered),
		control_test(test_failure__is_told_with_its_cause),
		control_test(test_malformed_request__is_refused_and_the_next_served),
		control_test(test_unknown_verb__names_the_nearest),
		control_test(test_many_requests_at_once__are_answered_in_order),
		control_test(test_last_words__are_answered_after_the_end_of_speech),
		control_test(test_long_request__is_refused),
		control_test(test_deep_request__is_refused),
		control_test(test_stream__follows_its_reply),
		control_test(test_stream_that_fails__leaves_nothing),
		control_test(test_client_that_leaves__closes_its_stream),
		control_test(test_server_that_ends__closes_streams),
		control_test(test_slow_reader__is_told_what_it_missed),
		control_test(test_clients__over_the_limit_are_refused),
		control_test(test_late_clients__are_cut),
		control_test(test_other_users__are_denied),
		control_test(test_socket__is_for_its_owner_alone),
		control_test(test_socket_in_use__is_left_alone),
		control_test(test_socket_left_behind__is_replaced),
		control_test(test_other_file__is_left_alone),
		control_test(test_folder__is_made),
		control_test(test_long_path__is_refused),
		control_test(test_socket_of_somebody_else__outlives_us),
		control_test(test_verb__cannot_be_there_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
