/* SPDX-License-Identifier: Apache-2.0 */
/* The Docker API: what is asked, and what is made of answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "runtime_fixture.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DIGEST "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HELLO                                                                                                \
	{                                                                                                    \
		FAKE_ANSWERS, 200,                                                                           \
			"{\"Platform\":{},\"Components\":[{\"Name\":\"Engine\"}],\"Version\":\"20.10.24\"}", \
			0                                                                                    \
	}

static const char container_json[] =
	"{\"Id\":\"" ID "\",\"Name\":\"/web\",\"Image\":\"" DIGEST "\","
	"\"State\":{\"Status\":\"running\",\"Pid\":4711,\"StartedAt\":\"2024-02-03T04:05:06.5Z\"},"
	"\"Config\":{\"Image\":\"nginx:1.25\",\"Labels\":{\"a\":\"1\",\"b\":\"\"},\"Env\":[\"X=Y\"]},"
	"\"HostConfig\":{\"NetworkMode\":\"host\"}}";

static void ask_one(struct runtime_fixture *fixture, const char *json)
{
	const struct fake_step steps[] = { HELLO, { FAKE_ANSWERS, 200, json, 0 } };

	runtime_fixture__open(fixture, RUNTIME_KIND_DOCKER, NULL, steps, array_size(steps));
	runtime_client__ask(fixture->client, ID);
	runtime_fixture__run_found(fixture, 1);
	runtime_fixture__close(fixture);
}

static void test_ask__container(void **state)
{
	const struct fake_step steps[] = { HELLO, { FAKE_ANSWERS, 200, container_json, 0 } };
	struct runtime_fixture fixture = { 0 };
	const struct found *found = &fixture.found[0];
	size_t len;

	(void)state;
	runtime_fixture__open(&fixture, RUNTIME_KIND_DOCKER, NULL, steps, array_size(steps));
	runtime_client__ask(fixture.client, ID);
	assert_int_equal(fixture.found_count, 0);
	runtime_fixture__run_found(&fixture, 1);
	assert_string_equal(fake_runtime__get(fixture.fake, 0, &len), "GET /version HTTP/1.1");
	assert_string_equal(fake_runtime__get(fixture.fake, 1, &len),
			    "GET /containers/" ID "/json HTTP/1.1");
	assert_string_equal(found->id, ID);
	assert_string_equal(found->name, "web");
	assert_string_equal(found->runtime, "docker");
	assert_string_equal(found->image, "nginx:1.25");
	assert_string_equal(found->digest, DIGEST);
	assert_string_equal(found->pod_name, "");
	assert_int_equal(found->container.label_count, 2);
	assert_int_equal(found->container.own_label_count, 2);
	assert_string_equal(found->labels[0], "a=1");
	assert_string_equal(found->labels[1], "b=");
	assert_int_equal(found->container.pid, 4711);
	assert_true(found->container.started_ns == 1706933106LL * NS_PER_S + 500 * NS_PER_MS);
	assert_true(found->container.is_host_network);
	assert_false(found->container.is_sandbox);
	runtime_fixture__close(&fixture);
}

static void test_ask__container_of_a_pod(void **state)
{
	struct runtime_fixture fixture = { 0 };
	const struct found *found = &fixture.found[0];

	(void)state;
	ask_one(&fixture,
		"{\"Id\":\"" ID "\",\"Name\":\"/k8s_app_web-0_shop_u-1_0\","
		"\"State\":{\"Status\":\"running\",\"Pid\":1,\"StartedAt\":\"2024-02-03T04:05:06+01:00\"},"
		"\"Config\":{\"Labels\":{\"io.kubernetes.container.name\":\"app\","
		"\"io.kubernetes.pod.name\":\"web-0\",\"io.kubernetes.pod.namespace\":\"shop\","
		"\"io.kubernetes.pod.uid\":\"u-1\",\"io.kubernetes.docker.type\":\"container\"}}}");
	assert_string_equal(found->name, "app");
	assert_string_equal(found->pod_name, "web-0");
	assert_string_equal(found->pod_namespace, "shop");
	assert_string_equal(found->pod_uid, "u-1");
	assert_false(found->container.is_sandbox);
	assert_true(found->container.started_ns == 1706929506LL * NS_PER_S);
}

static void test_ask__sandbox(void **state)
{
	struct runtime_fixture fixture = { 0 };

	(void)state;
	ask_one(&fixture, "{\"Id\":\"" ID "\",\"Name\":\"/k8s_POD\",\"Config\":{\"Labels\":{"
			  "\"io.kubernetes.docker.type\":\"podsandbox\"}}}");
	assert_true(fixture.found[0].container.is_sandbox);
}

/* Members of other types than they should have are as if they were not there. */
static void test_ask__odd_members(void **state)
{
	static const char *const rows[] = {
		"{\"Id\":\"" ID "\"}",
		"{\"Id\":\"" ID "\",\"Name\":1,\"State\":[],\"Config\":null,\"HostConfig\":\"x\"}",
		"{\"Id\":\"" ID
		"\",\"Name\":\"/\",\"Image\":\"sha1:1\",\"Config\":{\"Labels\":[1]},"
		"\"State\":{\"Pid\":-1,\"StartedAt\":\"0001-01-01T00:00:00Z\"}}",
		"{\"Id\":\"" ID "\",\"State\":{\"Pid\":4294967296,\"StartedAt\":\"yesterday\"},"
		"\"Config\":{\"Labels\":{\"a\":1}}}",
		"{\"Id\":\"" ID "\",\"State\":{\"StartedAt\":\"9999-12-31T23:59:59Z\"}}",
		"{\"Id\":\"" ID "\",\"State\":{\"StartedAt\":\"2024-02-03T04:05:06.\"}}",
		"{\"Id\":\"" ID "\",\"State\":{\"StartedAt\":\"2024-02-03T04:05:06+-1:00\"}}",
		"{\"Id\":\"" ID "\",\"State\":{\"StartedAt\":\"2024-02-03T04:05:06+24:00\"}}",
		"{\"Id\":\"" ID "\",\"State\":{\"StartedAt\":\"2024-02-03T04:05:06+1:00\"}}",
		"{\"Id\":\"" ID "\",\"State\":{\"StartedAt\":\"1970-01-01T00:00:00+01:00\"}}",
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct runtime_fixture fixture = { 0 };

		ask_one(&fixture, rows[i]);
		assert_string_equal(fixture.found[0].name, "");
		assert_string_equal(fixture.found[0].digest, "");
		assert_int_equal(fixture.found[0].container.label_count, 0);
		assert_int_equal(fixture.found[0].container.pid, 0);
		assert_true(fixture.found[0].container.started_ns == 0);
	}
}

/* Longer than anybody needs: cut between characters, counted, the rest of the labels left out. */
static void test_ask__bounds(void **state)
{
	struct strbuf json = STRBUF_INIT;
	struct runtime_fixture fixture = { 0 };
	struct fake_step steps[] = { HELLO, { FAKE_ANSWERS, 200, NULL, 0 } };

	(void)state;
	strbuf__add_text(&json, "{\"Id\":\"" ID "\",\"Name\":\"/x");
	for (int i = 0; i < 1000; i++)
		strbuf__add_text(&json, "ä");
	strbuf__add_text(&json, "\",\"Config\":{\"Labels\":{");
	for (int i = 0; i < 1000; i++)
		strbuf__printf(&json, "%s\"l%d\":\"%d\"", i ? "," : "", i, i);
	strbuf__add_text(&json, "}}}");
	steps[1].body = strbuf__text(&json);
	runtime_fixture__open(&fixture, RUNTIME_KIND_DOCKER, NULL, steps, array_size(steps));
	runtime_client__ask(fixture.client, ID);
	runtime_fixture__run_found(&fixture, 1);
	assert_int_equal(strlen(fixture.found[0].name), 1023); /* 1024 is amid a character */
	assert_int_equal(fixture.found[0].container.label_count, 128);
	assert_int_equal(runtime_fixture__figures(&fixture).truncated, 1);
	runtime_fixture__close(&fixture);
	strbuf__done(&json);
}

static void test_list__names_at_once_and_details_after(void **state)
{
	const struct fake_step steps[] = {
		{ FAKE_ANSWERS, 200,
		  "{\"Components\":[{\"Name\":\"Podman Engine\"}],\"Version\":\"4.3.1\"}", 0 },
		{ FAKE_ANSWERS, 200,
		  "[{\"Id\":\"" ID
		  "\",\"Names\":[\"/web\"],\"Image\":\"nginx:1.25\",\"ImageID\":\"" DIGEST
		  "\",\"Labels\":{\"a\":\"1\"},\"State\":\"running\","
		  "\"HostConfig\":{\"NetworkMode\":\"bridge\"}},{\"Names\":null},7]",
		  0 },
		{ FAKE_ANSWERS, 200, container_json, 0 },
	};
	struct runtime_fixture fixture = { 0 };
	struct runtime_figures figures;
	size_t len;

	(void)state;
	runtime_fixture__open(&fixture, RUNTIME_KIND_PODMAN, NULL, steps, array_size(steps));
	runtime_client__list(fixture.client);
	runtime_fixture__run_found(&fixture, 1);
	assert_string_equal(fixture.found[0].name, "web");
	assert_string_equal(fixture.found[0].runtime, "podman");
	assert_string_equal(fixture.found[0].digest, DIGEST);
	assert_int_equal(fixture.found[0].container.pid, 0);
	assert_string_equal(fake_runtime__get(fixture.fake, 1, &len),
			    "GET /containers/json HTTP/1.1");
	runtime_fixture__run_found(&fixture, 2);
	runtime_fixture__run_all(&fixture);
	assert_int_equal(fixture.found[1].container.pid, 4711);
	figures = runtime_fixture__figures(&fixture);
	assert_int_equal(figures.lists, 1);
	assert_int_equal(figures.asked, 0);
	assert_int_equal(figures.requests, 3);
	assert_string_equal(figures.runtime, "podman");
	assert_string_equal(figures.version, "4.3.1");
	runtime_fixture__close(&fixture);
}

/* Between its making and its start it has a name, but no pid. */
static void test_ask__again_once_it_has_started(void **state)
{
	const struct fake_step steps[] = {
		HELLO,
		{ FAKE_ANSWERS, 200,
		  "{\"Id\":\"" ID
		  "\",\"Name\":\"/web\",\"State\":{\"Status\":\"created\",\"Pid\":0,"
		  "\"StartedAt\":\"0001-01-01T00:00:00Z\"}}",
		  0 },
		{ FAKE_ANSWERS, 200, container_json, 0 },
	};
	const struct runtime_options options = { .missing_ns = 60 * NS_PER_S };
	struct runtime_fixture fixture = { 0 };

	(void)state;
	runtime_fixture__open(&fixture, RUNTIME_KIND_DOCKER, &options, steps, array_size(steps));
	runtime_client__ask(fixture.client, ID);
	runtime_fixture__run_found(&fixture, 2);
	runtime_fixture__run_all(&fixture);
	assert_int_equal(fixture.found[0].container.pid, 0);
	assert_int_equal(fixture.found[1].container.pid, 4711);
	assert_int_equal(fixture.found_count, 2);
	assert_int_equal(fixture.unknown_count, 0);
	runtime_fixture__close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ask__container),
		cmocka_unit_test(test_ask__container_of_a_pod),
		cmocka_unit_test(test_ask__sandbox),
		cmocka_unit_test(test_ask__odd_members),
		cmocka_unit_test(test_ask__bounds),
		cmocka_unit_test(test_list__names_at_once_and_details_after),
		cmocka_unit_test(test_ask__again_once_it_has_started),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
