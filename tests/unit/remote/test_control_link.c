/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/control_link.h"

#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"

#define SOCKET "agent.sock"

/* A child that takes one connection, reads a line, says the words, and hangs up. */
static pid_t start_agent(const char *words)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = SOCKET };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t pid;

	(void)unlink(SOCKET);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int client = accept(fd, NULL, NULL);
		char byte = 0;

		while (words && byte != '\n' && recv(client, &byte, 1, 0) == 1)
			;
		if (words)
			(void)send(client, words, strlen(words), MSG_NOSIGNAL);
		_exit(0);
	}
	close(fd);
	return pid;
}

static int call(const char *words, json_t **ret_result, struct control_link **ret_link,
		struct err *err)
{
	pid_t pid = start_agent(words);
	json_t *request = json_pack("{s:s}", "verb", "status");
	int status, r = control_link__open(SOCKET, ret_link, err);

	assert_int_equal(r, 0);
	r = control_link__call(*ret_link, request, ret_result, err);
	json_decref(request);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(unlink(SOCKET), 0);
	return r;
}

static void test_call__takes_the_result(void **state)
{
	struct control_link *link;
	json_t *result;

	(void)state;
	assert_int_equal(call("{\"ok\":true,\"result\":{\"pid\":7}}\n", &result, &link, NULL), 0);
	assert_int_equal(json_integer_value(json_object_get(result, "pid")), 7);
	json_decref(result);
	control_link__free(link);
}

static void test_call__takes_a_reply_without_result(void **state)
{
	struct control_link *link;
	json_t *result;

	(void)state;
	assert_int_equal(call("{\"ok\":true}\n", &result, &link, NULL), 0);
	assert_true(json_is_null(result));
	json_decref(result);
	control_link__free(link);
}

static void test_call__has_the_error_of_the_agent(void **state)
{
	struct control_link *link;
	struct err err = ERR_INIT;
	json_t *result;

	(void)state;
	assert_int_equal(
		call("{\"ok\":false,\"error\":\"no %s\",\"code\":\"EDOM\",\"cause\":\"why\"}\n",
		     &result, &link, &err),
		-EDOM);
	assert_string_equal(err.text, "no %s");
	assert_string_equal(err.cause, "why");
	err__done(&err);
	control_link__free(link);
	assert_int_equal(call("{\"ok\":0,\"code\":\"ESOMETHING\"}\n", &result, &link, &err),
			 -EREMOTEIO);
	err__done(&err);
	control_link__free(link);
}

static void test_call__hears_that_the_agent_hangs_up(void **state)
{
	static const char *const words[] = { NULL, "", "{\"ok\":true", "nonsense\n" };

	(void)state;
	for (size_t i = 0; i < array_size(words); i++) {
		struct control_link *link;
		struct err err = ERR_INIT;
		json_t *result;
		int r = call(words[i], &result, &link, &err);

		assert_true(r == -ECONNRESET || r == -EPIPE);
		assert_true(err__is_set(&err));
		err__done(&err);
		control_link__free(link);
	}
}

static void expect_line(struct control_link *link, const char *text)
{
	const char *line;
	size_t len;

	assert_int_equal(control_link__next(link, -1, &line, &len, NULL), 1);
	assert_int_equal(len, strlen(text));
	assert_memory_equal(line, text, len);
}

static void test_lines__come_before_and_behind_the_reply(void **state)
{
	struct control_link *link;
	const char *line;
	json_t *result;
	size_t len;

	(void)state;
	assert_int_equal(call("{\"a\":1}\n\n{\"ok\":true,\"result\":2}\n{\"b\":3}\nrest", &result,
			      &link, NULL),
			 0);
	assert_int_equal(json_integer_value(result), 2);
	json_decref(result);
	assert_true(control_link__has_line(link));
	expect_line(link, "{\"a\":1}");
	expect_line(link, "");
	expect_line(link, "{\"b\":3}");
	assert_false(control_link__has_line(link));
	assert_int_equal(control_link__next(link, -1, &line, &len, NULL), 0);
	control_link__free(link);
}

static void test_next__gives_up_when_nothing_comes(void **state)
{
	struct control_link *link;
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = SOCKET };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const char *line;
	size_t len;

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(control_link__open(SOCKET, &link, NULL), 0);
	assert_int_equal(control_link__next(link, 0, &line, &len, NULL), -EAGAIN);
	assert_int_equal(control_link__next(link, 1, &line, &len, NULL), -EAGAIN);
	control_link__free(link);
	close(fd);
	assert_int_equal(unlink(SOCKET), 0);
}

static void test_open__says_that_nobody_is_there(void **state)
{
	struct control_link *link;
	struct err err = ERR_INIT;
	char path[200];

	(void)state;
	assert_int_equal(control_link__open("nowhere", &link, &err), -ENOENT);
	assert_string_equal(err.text,
			    "no agent can be asked at 'nowhere': No such file or directory");
	err__done(&err);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(control_link__open(path, &link, NULL), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_call__takes_the_result),
		cmocka_unit_test(test_call__takes_a_reply_without_result),
		cmocka_unit_test(test_call__has_the_error_of_the_agent),
		cmocka_unit_test(test_call__hears_that_the_agent_hangs_up),
		cmocka_unit_test(test_lines__come_before_and_behind_the_reply),
		cmocka_unit_test(test_next__gives_up_when_nothing_comes),
		cmocka_unit_test(test_open__says_that_nobody_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
