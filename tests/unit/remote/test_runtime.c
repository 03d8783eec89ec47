/* SPDX-License-Identifier: Apache-2.0 */
/* The client, whatever it speaks: what waits, what is tried again, and runtimes that are slow, gone or hostile. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "runtime_fixture.h"

#define HELLO                                                                                      \
	{                                                                                          \
		FAKE_ANSWERS, 200, "{\"Version\":\"1\"}", 0                                        \
	}
#define ANSWER(id)                                                                                 \
	{                                                                                          \
		FAKE_ANSWERS, 200, "{\"Id\":\"" id "\",\"Name\":\"/" id "\"}", 0                   \
	}
#define NOT_FOUND                                                                                  \
	{                                                                                          \
		FAKE_ANSWERS, 404, "{\"message\":\"No such container\"}", 0                        \
	}
/* Long enough for a machine that is busy with everything else, and for ever. */
#define SHORT_NS (500 * NS_PER_MS)
#define LONG_NS (60 * NS_PER_S)

static void open_docker(struct runtime_fixture *fixture, const struct runtime_options *options,
			const struct fake_step *steps, size_t count)
{
	runtime_fixture__open(fixture, RUNTIME_KIND_DOCKER, options, steps, count);
}

static void test_new__required_socket_is_not_there(void **state)
{
	struct runtime_options options = { .kind = RUNTIME_KIND_DOCKER,
					   .socket_path = "/nowhere/x.sock",
					   .is_required = true };
	struct runtime_client *client = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(loop__new(&options.loop, NULL), 0);
	assert_int_equal(runtime_client__new(&options, &client, &err), -ENOENT);
	assert_string_equal(err.text, "nobody answers at the runtime's socket '/nowhere/x.sock': "
				      "No such file or directory");
	err__done(&err);
	options.root = "/else//";
	assert_int_equal(runtime_client__new(&options, &client, &err), -ENOENT);
	assert_non_null(strstr(err.text, "'/else/nowhere/x.sock'"));
	err__done(&err);
	options.socket_path = "x.sock";
	assert_int_equal(runtime_client__new(&options, &client, NULL), -EINVAL);
	options.is_required = false;
	options.socket_path =
		"/0123456789012345678901234567890123456789012345678901234567890123456789"
		"0123456789012345678901234567890123456789";
	assert_int_equal(runtime_client__new(&options, &client, NULL), -ENAMETOOLONG);
	assert_null(client);
	loop__free(options.loop);
}

/* Nobody waits for a default socket; when it comes, it is asked for everything that was missed. */
static void test_ask__socket_comes_later(void **state)
{
	const struct fake_step steps[] = { HELLO,
					   { FAKE_ANSWERS, 200,
					     "[{\"Id\":\"a1\",\"Names\":[\"/early\"]}]", 0 },
					   ANSWER("a1") };
	struct runtime_fixture fixture = { 0 };
	struct runtime_figures figures;

	(void)state;
	open_docker(&fixture, NULL, NULL, 0);
	runtime_client__ask(fixture.client, "a1");
	runtime_fixture__run_all(&fixture);
	figures = runtime_fixture__figures(&fixture);
	assert_int_equal(figures.state, RUNTIME_STATE_ABSENT);
	assert_int_equal(figures.dropped, 1);
	assert_int_equal(figures.requests, 0);
	assert_int_equal(fixture.change_count, 0);
	runtime_fixture__start(&fixture, false, steps, array_size(steps));
	while (fixture.found_count < 1) {
		runtime_client__ask(fixture.client, "a1");
		assert_true(loop__run_once(fixture.loop, 10) >= 0);
	}
	assert_string_equal(fixture.found[0].id, "a1");
	assert_int_equal(fixture.state, RUNTIME_STATE_UP);
	runtime_fixture__close(&fixture);
}

static void test_ask__coalesces_and_refuses(void **state)
{
	static const char *const bad[] = { "", "../secret", "a/b", "a b", "a%20", ".", "a\n", "ä" };
	const struct fake_step steps[] = { HELLO, ANSWER("a1"), ANSWER("b2") };
	const struct runtime_options options = { .queue_max = 2 };
	struct runtime_fixture fixture = { 0 };
	struct runtime_figures figures;
	char long_id[200];

	(void)state;
	memset(long_id, 'a', sizeof(long_id) - 1);
	long_id[sizeof(long_id) - 1] = '\0';
	open_docker(&fixture, &options, steps, array_size(steps));
	for (size_t i = 0; i < array_size(bad); i++)
		runtime_client__ask(fixture.client, bad[i]);
	runtime_client__ask(fixture.client, long_id);
	runtime_client__ask(fixture.client, "a1");
	runtime_client__ask(fixture.client, "b2");
	runtime_client__ask(fixture.client, "a1");
	runtime_client__ask(fixture.client, "c3"); /* beyond the queue */
	figures = runtime_fixture__figures(&fixture);
	assert_int_equal(figures.queued, 2);
	assert_int_equal(figures.coalesced, 1);
	assert_int_equal(figures.dropped, array_size(bad) + 2);
	assert_int_equal(figures.asked, array_size(bad) + 5);
	runtime_fixture__run_all(&fixture);
	assert_string_equal(fixture.found[0].id, "a1");
	assert_string_equal(fixture.found[1].id, "b2");
	runtime_fixture__close(&fixture);
}

static void test_ask__unknown_is_asked_again(void **state)
{
	const struct fake_step steps[] = { HELLO, NOT_FOUND, NOT_FOUND, ANSWER("a1") };
	const struct runtime_options options = { .missing_ns = LONG_NS };
	struct runtime_fixture fixture = { 0 };

	(void)state;
	open_docker(&fixture, &options, steps, array_size(steps));
	runtime_client__ask(fixture.client, "a1");
	runtime_fixture__run_found(&fixture, 1);
	assert_int_equal(runtime_fixture__figures(&fixture).retried, 2);
	assert_int_equal(runtime_fixture__figures(&fixture).unknown, 0);
	runtime_fixture__close(&fixture);
}

static void test_ask__unknown_after_a_while(void **state)
{
	const struct fake_step steps[] = { HELLO, NOT_FOUND };
	struct runtime_fixture fixture = { 0 };
	struct runtime_figures figures;

	(void)state;
	open_docker(&fixture, NULL, steps, array_size(steps));
	fixture.ask_again = "c3"; /* from within the observer */
	runtime_client__ask(fixture.client, "b2");
	runtime_fixture__run_unknown(&fixture, 1);
	assert_string_equal(fixture.unknown, "b2");
	runtime_fixture__run_unknown(&fixture, 2);
	assert_string_equal(fixture.unknown, "c3");
	figures = runtime_fixture__figures(&fixture);
	assert_int_equal(figures.unknown, 2);
	assert_int_equal(figures.state, RUNTIME_STATE_UP);
	runtime_fixture__close(&fixture);
}

/* Each kind of failure once: counted by its cause, and the next try gets the answer. */
static void test_ask__failure_and_then_an_answer(void **state)
{
	static const char many[] = "[1]";
	static char large[60000], crowded[600000];
	const struct {
		struct fake_step step;
		enum runtime_failure failure;
	} rows[] = {
		/* on a connection that was used before libcurl tries again by itself */
		{ { FAKE_HANGS_UP, 0, NULL, 0 }, RUNTIME_FAILURE_COUNT },
		{ { FAKE_IS_ENDLESS, 0, NULL, 0 }, RUNTIME_FAILURE_TOO_LARGE },
		{ { FAKE_ANSWERS, 200, large, sizeof(large) }, RUNTIME_FAILURE_MALFORMED },
		{ { FAKE_ANSWERS, 200, crowded, sizeof(crowded) }, RUNTIME_FAILURE_TOO_LARGE },
		{ { FAKE_IS_CUT_OFF, 200, "{\"Id\":\"a1\"}", 0 }, RUNTIME_FAILURE_CONNECTION },
		{ { FAKE_IS_GARBAGE, 0, "SSH-2.0-OpenSSH\r\n", 0 }, RUNTIME_FAILURE_MALFORMED },
		{ { FAKE_ANSWERS, 200, "{\"Id\":", 0 }, RUNTIME_FAILURE_MALFORMED },
		{ { FAKE_ANSWERS, 200, "{\"Id\":\"a2\"}", 0 }, RUNTIME_FAILURE_MALFORMED },
		{ { FAKE_ANSWERS, 200, many, 0 }, RUNTIME_FAILURE_MALFORMED },
		{ { FAKE_ANSWERS, 200, "\xff\xfe", 0 }, RUNTIME_FAILURE_MALFORMED },
		{ { FAKE_ANSWERS, 500, "{}", 0 }, RUNTIME_FAILURE_REFUSED },
		{ { FAKE_ANSWERS, 301, "", 0 }, RUNTIME_FAILURE_REFUSED },
	};
	const struct runtime_options options = { .deadline_ns = LONG_NS,
						 .give_up_ns = LONG_NS,
						 .reply_max_bytes = 1000000 };

	(void)state;
	memset(large, '[', sizeof(large));
	for (size_t i = 0; i + 2 < sizeof(crowded); i += 3)
		memcpy(crowded + i, "{},", 3);
	for (size_t i = 0; i < array_size(rows); i++) {
		const struct fake_step steps[] = { HELLO, rows[i].step, ANSWER("a1") };
		/* After a broken connection it is greeted anew: the answer serves for that as well. */
		struct runtime_fixture fixture = { 0 };
		struct runtime_figures figures;

		open_docker(&fixture, &options, steps, array_size(steps));
		runtime_client__ask(fixture.client, "a1");
		runtime_fixture__run_found(&fixture, 1);
		figures = runtime_fixture__figures(&fixture);
		for (int j = 0; j < RUNTIME_FAILURE_COUNT; j++)
			assert_int_equal(figures.failures[j], (int)rows[i].failure == j);
		assert_int_equal(figures.state, RUNTIME_STATE_UP);
		assert_int_equal(figures.queued, 0);
		assert_int_equal(fixture.unknown_count, 0);
		runtime_fixture__close(&fixture);
	}
}

/* However often: a machine that is busy lets good answers come too late as well. */
static void test_ask__silence_and_then_an_answer(void **state)
{
	const struct fake_step steps[] = { HELLO, { FAKE_IS_SILENT, 0, NULL, 0 }, ANSWER("a1") };
	const struct runtime_options options = { .deadline_ns = SHORT_NS, .give_up_ns = LONG_NS };
	struct runtime_fixture fixture = { 0 };

	(void)state;
	open_docker(&fixture, &options, steps, array_size(steps));
	runtime_client__ask(fixture.client, "a1");
	runtime_fixture__run_found(&fixture, 1);
	assert_true(runtime_fixture__figures(&fixture).failures[RUNTIME_FAILURE_TIMEOUT] > 0);
	runtime_fixture__close(&fixture);
}

/* One that never says anything of use: every question ends, the observer is told once that it is down. */
static void test_ask__given_up(void **state)
{
	static const struct fake_step rows[] = {
		{ FAKE_HANGS_UP, 0, NULL, 0 },        { FAKE_IS_SILENT, 0, NULL, 0 },
		{ FAKE_IS_ENDLESS, 0, NULL, 0 },      { FAKE_IS_GARBAGE, 0, "\n\n\n", 0 },
		{ FAKE_ANSWERS, 200, "nonsense", 0 }, { FAKE_ANSWERS, 503, "", 0 },
	};
	const struct runtime_options options = { .deadline_ns = 20 * NS_PER_MS,
						 .give_up_ns = SHORT_NS,
						 .longest_wait_ns = 10 * NS_PER_MS };

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct runtime_fixture fixture = { 0 };
		struct runtime_figures figures;

		open_docker(&fixture, &options, &rows[i], 1);
		runtime_client__ask(fixture.client, "a1");
		runtime_client__ask(fixture.client, "b2");
		runtime_fixture__run_unknown(&fixture, 2);
		figures = runtime_fixture__figures(&fixture);
		assert_int_equal(figures.given_up, 2);
		assert_int_equal(figures.state, RUNTIME_STATE_DOWN);
		assert_int_equal(fixture.change_count, 1);
		assert_non_null(strstr(fixture.error, fixture.path));
		runtime_fixture__close(&fixture);
	}
}

static void test_ask__gone_and_back_again(void **state)
{
	const struct fake_step first[] = { HELLO, ANSWER("a1") };
	const struct fake_step second[] = {
		{ FAKE_ANSWERS, 200, "{\"Components\":[{\"Name\":\"Podman Engine\"}]}", 0 },
		{ FAKE_ANSWERS, 200, "[{\"Id\":\"b2\",\"Names\":[\"/late\"]}]", 0 },
		ANSWER("b2"),
	};
	const struct runtime_options options = { .give_up_ns = 4 * SHORT_NS,
						 .longest_wait_ns = 10 * NS_PER_MS };
	struct runtime_fixture fixture = { 0 };

	(void)state;
	open_docker(&fixture, &options, first, array_size(first));
	runtime_client__ask(fixture.client, "a1");
	runtime_fixture__run_found(&fixture, 1);
	runtime_fixture__stop(&fixture);
	runtime_client__ask(fixture.client, "b2");
	runtime_fixture__run_unknown(&fixture, 1);
	assert_int_equal(fixture.state, RUNTIME_STATE_DOWN);
	/* What was lost meanwhile comes by itself, from another one than before. */
	runtime_fixture__start(&fixture, false, second, array_size(second));
	runtime_fixture__run_found(&fixture, 2);
	assert_string_equal(fixture.found[1].name, "late");
	assert_string_equal(fixture.found[1].runtime, "podman");
	assert_int_equal(fixture.state, RUNTIME_STATE_UP);
	runtime_fixture__run_all(&fixture);
	runtime_fixture__close(&fixture);
}

/* A list that cannot be read does not keep containers from their names. */
static void test_list__broken(void **state)
{
	const struct fake_step steps[] = {
		HELLO, { FAKE_ANSWERS, 200, "{}", 0 }, ANSWER("a1"), { FAKE_ANSWERS, 200, "[]", 0 }
	};
	struct runtime_fixture fixture = { 0 };

	(void)state;
	open_docker(&fixture, NULL, steps, array_size(steps));
	runtime_client__list(fixture.client);
	while (runtime_fixture__figures(&fixture).failures[RUNTIME_FAILURE_MALFORMED] == 0)
		assert_true(loop__run_once(fixture.loop, -1) >= 0);
	runtime_client__ask(fixture.client, "a1");
	while (runtime_fixture__figures(&fixture).lists == 0)
		assert_true(loop__run_once(fixture.loop, -1) >= 0);
	assert_int_equal(fixture.unknown_count, 0);
	runtime_fixture__close(&fixture);
}

/* Also with a request on its way. */
static void test_free__while_it_waits(void **state)
{
	const struct fake_step steps[] = { HELLO, { FAKE_IS_SILENT, 0, NULL, 0 } };
	struct runtime_fixture fixture = { 0 };

	(void)state;
	open_docker(&fixture, NULL, steps, array_size(steps));
	runtime_client__ask(fixture.client, "a1");
	runtime_client__ask(fixture.client, "b2");
	while (fake_runtime__count(fixture.fake) < 2)
		assert_true(loop__run_once(fixture.loop, 10) >= 0);
	runtime_fixture__close(&fixture);
	assert_int_equal(fixture.unknown_count, 0);
}

/* Who asks for names only need not listen for what has none. */
static void test_ask__nobody_listens_for_unknown(void **state)
{
	const struct fake_step steps[] = { HELLO, NOT_FOUND };
	struct runtime_fixture fixture = { 0 };

	(void)state;
	fixture.is_deaf = true;
	open_docker(&fixture, NULL, steps, array_size(steps));
	runtime_client__ask(fixture.client, "a1");
	runtime_fixture__run_all(&fixture);
	assert_int_equal(runtime_fixture__figures(&fixture).unknown, 1);
	runtime_fixture__close(&fixture);
}

static void test_default_sockets__are_absolute(void **state)
{
	size_t count;
	const struct runtime_socket *sockets = runtime_default_sockets(&count);

	(void)state;
	assert_true(count > 0);
	for (size_t i = 0; i < count; i++)
		assert_true(sockets[i].path[0] == '/' && !str_starts(sockets[i].path, "/run/user"));
	for (int i = 0; i < RUNTIME_FAILURE_COUNT; i++)
		assert_non_null(runtime_failure_name((enum runtime_failure)i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new__required_socket_is_not_there),
		cmocka_unit_test(test_ask__socket_comes_later),
		cmocka_unit_test(test_ask__coalesces_and_refuses),
		cmocka_unit_test(test_ask__unknown_is_asked_again),
		cmocka_unit_test(test_ask__unknown_after_a_while),
		cmocka_unit_test(test_ask__failure_and_then_an_answer),
		cmocka_unit_test(test_ask__silence_and_then_an_answer),
		cmocka_unit_test(test_ask__given_up),
		cmocka_unit_test(test_ask__gone_and_back_again),
		cmocka_unit_test(test_list__broken),
		cmocka_unit_test(test_free__while_it_waits),
		cmocka_unit_test(test_ask__nobody_listens_for_unknown),
		cmocka_unit_test(test_default_sockets__are_absolute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
