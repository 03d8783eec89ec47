/* SPDX-License-Identifier: Apache-2.0 */
/* CRI: what is asked, and what is made of answers. Field numbers are those that containerd 1.6 was seen to use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/protobuf.h"
#include "runtime_fixture.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define POD_ID "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define DIGEST "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define GRPC_UNKNOWN 2
#define GRPC_NOT_FOUND 5
#define GRPC_UNIMPLEMENTED 12
#define STEPS_MAX 8

struct script {
	struct fake_step steps[STEPS_MAX];
	struct strbuf bodies[STEPS_MAX];
	size_t count;
};

/* ---- answers ------------------------------------------------------------------------------------------- */

static void add_text(struct strbuf *out, uint32_t field, const char *text)
{
	protobuf__add_text(out, field, text, strlen(text));
}

static void add_label(struct strbuf *out, uint32_t field, const char *key, const char *value)
{
	size_t start = protobuf__begin(out, field);

	add_text(out, 1, key);
	add_text(out, 2, value);
	protobuf__end(out, start);
}

static void add_nested(struct strbuf *out, uint32_t field, const char *text)
{
	size_t start = protobuf__begin(out, field);

	add_text(out, 1, text);
	protobuf__end(out, start);
}

/* The body of the next answer. */
static struct strbuf *next_answer(struct script *script)
{
	assert_true(script->count < STEPS_MAX);
	return &script->bodies[script->count++];
}

static void refuse(struct script *script, int grpc_status)
{
	assert_true(script->count < STEPS_MAX);
	script->steps[script->count++] = (struct fake_step){ FAKE_ANSWERS, grpc_status, NULL, 0 };
}

static void version(struct script *script)
{
	struct strbuf *out = next_answer(script);

	add_text(out, 1, "0.1.0");
	add_text(out, 2, "containerd");
	add_text(out, 3, "1.6.20");
	add_text(out, 4, "v1");
}

static void list_containers(struct script *script, const char *id)
{
	struct strbuf *out = next_answer(script);
	size_t start = protobuf__begin(out, 1);

	add_text(out, 1, id);
	add_text(out, 2, POD_ID);
	add_nested(out, 3, "app");
	add_nested(out, 4, "sha256:0000");
	add_text(out, 5, "sha256:1111");
	protobuf__add_varint(out, 6, 1);
	protobuf__add_varint(out, 7, 1700000000000000000);
	add_label(out, 8, "io.kubernetes.pod.name", "web-0");
	add_label(out, 8, "io.kubernetes.pod.namespace", "shop");
	protobuf__end(out, start);
}

static void container_status(struct script *script, const char *info)
{
	struct strbuf *out = next_answer(script);
	size_t start = protobuf__begin(out, 1);

	add_text(out, 1, ID);
	add_nested(out, 2, "app");
	protobuf__add_varint(out, 3, 1);
	protobuf__add_varint(out, 4, 1700000000000000000);
	protobuf__add_varint(out, 5, 1700000001000000000);
	add_nested(out, 8, "registry.example/nginx:1.25");
	add_text(out, 9, "registry.example/nginx@" DIGEST);
	add_label(out, 12, "io.kubernetes.pod.name", "web-0");
	add_label(out, 13, "an.annotation", "that is no label");
	protobuf__end(out, start);
	add_label(out, 2, "info", info);
}

static void add_pod(struct strbuf *out, uint32_t labels)
{
	size_t metadata;

	add_text(out, 1, POD_ID);
	metadata = protobuf__begin(out, 2);
	add_text(out, 1, "web-0");
	add_text(out, 2, "u-1");
	add_text(out, 3, "shop");
	protobuf__end(out, metadata);
	add_label(out, labels, "io.kubernetes.pod.name", "web-0");
	add_label(out, labels, "app", "shop");
}

static void list_pods(struct script *script)
{
	struct strbuf *out = next_answer(script);
	size_t start = protobuf__begin(out, 1);

	add_pod(out, 5);
	protobuf__end(out, start);
}

static void pod_status(struct script *script)
{
	struct strbuf *out = next_answer(script);
	size_t start = protobuf__begin(out, 1), of_linux, namespaces, options;

	add_pod(out, 7);
	of_linux = protobuf__begin(out, 6);
	namespaces = protobuf__begin(out, 1);
	options = protobuf__begin(out, 2);
	protobuf__add_varint(out, 1, 2 /* of the node */);
	protobuf__end(out, options);
	protobuf__end(out, namespaces);
	protobuf__end(out, of_linux);
	protobuf__end(out, start);
	add_label(out, 2, "info", "{\"pid\":12}");
}

/* ---- a run --------------------------------------------------------------------------------------------- */

static void open_cri(struct runtime_fixture *fixture, struct script *script,
		     const struct runtime_options *options)
{
	for (size_t i = 0; i < script->count; i++) {
		if (script->steps[i].status != 0 || script->steps[i].body)
			continue;
		script->steps[i].body = script->bodies[i].data;
		script->steps[i].body_len = script->bodies[i].len;
	}
	runtime_fixture__open(fixture, RUNTIME_KIND_CRI, options, script->steps, script->count);
}

static void close_cri(struct runtime_fixture *fixture, struct script *script)
{
	runtime_fixture__close(fixture);
	for (size_t i = 0; i < script->count; i++)
		strbuf__done(&script->bodies[i]);
}

static void assert_asked(struct runtime_fixture *fixture, size_t index, const char *bytes,
			 size_t len)
{
	size_t got_len;
	const char *got = fake_runtime__get(fixture->fake, index, &got_len);

	assert_int_equal(got_len, len);
	assert_memory_equal(got, bytes, len);
}

static void test_ask__container(void **state)
{
	struct script script = { 0 };
	struct runtime_fixture fixture = { 0 };
	const struct found *found = &fixture.found[0];

	(void)state;
	version(&script);
	list_containers(&script, ID);
	container_status(&script, "{\"sandboxID\":\"x\",\"pid\":4711,\"runtimeSpec\":{\"pid\":1}}");
	pod_status(&script);
	open_cri(&fixture, &script, NULL);
	runtime_client__ask(fixture.client, ID);
	runtime_fixture__run_found(&fixture, 1);
	assert_asked(&fixture, 0, "", 0);
	assert_asked(&fixture, 1, "\x0a\x42\x0a\x40" ID, 4 + 64);
	assert_asked(&fixture, 2, "\x0a\x40" ID "\x10\x01", 2 + 64 + 2);
	assert_asked(&fixture, 3, "\x0a\x40" POD_ID, 2 + 64);
	assert_string_equal(found->id, ID);
	assert_string_equal(found->name, "app");
	assert_string_equal(found->runtime, "containerd");
	assert_string_equal(found->image, "registry.example/nginx:1.25");
	assert_string_equal(found->digest, DIGEST);
	assert_string_equal(found->pod_name, "web-0");
	assert_string_equal(found->pod_namespace, "shop");
	assert_string_equal(found->pod_uid, "u-1");
	assert_int_equal(found->container.label_count, 3);
	assert_int_equal(found->container.own_label_count, 2);
	assert_string_equal(found->labels[2], "app=shop");
	assert_int_equal(found->container.pid, 4711);
	assert_true(found->container.started_ns == 1700000001 * NS_PER_S);
	assert_true(found->container.is_host_network);
	assert_false(found->container.is_sandbox);
	assert_string_equal(runtime_fixture__figures(&fixture).version, "1.6.20");
	close_cri(&fixture, &script);
}

static void test_ask__sandbox(void **state)
{
	struct script script = { 0 };
	struct runtime_fixture fixture = { 0 };

	(void)state;
	version(&script);
	(void)next_answer(&script); /* no such container */
	list_pods(&script);
	pod_status(&script);
	open_cri(&fixture, &script, NULL);
	runtime_client__ask(fixture.client, POD_ID);
	runtime_fixture__run_found(&fixture, 1);
	assert_true(fixture.found[0].container.is_sandbox);
	assert_true(fixture.found[0].container.is_host_network);
	assert_string_equal(fixture.found[0].id, POD_ID);
	assert_string_equal(fixture.found[0].pod_name, "web-0");
	assert_int_equal(fixture.found[0].container.pid, 12);
	close_cri(&fixture, &script);
}

static void test_ask__neither_container_nor_sandbox(void **state)
{
	struct script script = { 0 };
	struct runtime_fixture fixture = { 0 };

	(void)state;
	version(&script);
	list_containers(&script, ID); /* of whose id it is the beginning */
	(void)next_answer(&script);
	open_cri(&fixture, &script, NULL);
	runtime_client__ask(fixture.client, "0123");
	runtime_fixture__run_unknown(&fixture, 1);
	assert_int_equal(fixture.found_count, 0);
	close_cri(&fixture, &script);
}

/* Gone between one question and the next: what the list told stands. */
static void test_ask__gone_on_the_way(void **state)
{
	struct script script = { 0 };
	struct runtime_fixture fixture = { 0 };

	(void)state;
	version(&script);
	list_containers(&script, ID);
	refuse(&script, GRPC_NOT_FOUND);
	open_cri(&fixture, &script, NULL);
	runtime_client__ask(fixture.client, ID);
	runtime_fixture__run_found(&fixture, 1);
	assert_string_equal(fixture.found[0].name, "app");
	assert_string_equal(fixture.found[0].pod_name, "web-0");
	assert_string_equal(fixture.found[0].digest, "sha256:1111");
	assert_int_equal(fixture.found[0].container.pid, 0);
	close_cri(&fixture, &script);
}

static void test_ask__info_is_no_json(void **state)
{
	struct script script = { 0 };
	struct runtime_fixture fixture = { 0 };

	(void)state;
	version(&script);
	list_containers(&script, ID);
	container_status(&script, "{\"pid\":");
	pod_status(&script);
	open_cri(&fixture, &script, NULL);
	runtime_client__ask(fixture.client, ID);
	runtime_fixture__run_found(&fixture, 1);
	assert_int_equal(fixture.found[0].container.pid, 0);
	assert_true(fixture.found[0].container.started_ns > 0);
	close_cri(&fixture, &script);
}

static void test_hello__older_api(void **state)
{
	struct script script = { 0 };
	struct runtime_fixture fixture = { 0 };

	(void)state;
	refuse(&script, GRPC_UNIMPLEMENTED);
	version(&script);
	list_containers(&script, ID);
	refuse(&script, GRPC_NOT_FOUND);
	open_cri(&fixture, &script, NULL);
	runtime_client__ask(fixture.client, ID);
	runtime_fixture__run_found(&fixture, 1);
	assert_int_equal(runtime_fixture__figures(&fixture).failures[RUNTIME_FAILURE_REFUSED], 0);
	close_cri(&fixture, &script);
}

/* Docker's own containerd: nobody is to wait for it, and it is not asked again and again. */
static void test_hello__no_cri(void **state)
{
	struct script script = { 0 };
	struct runtime_fixture fixture = { 0 };
	size_t count;

	(void)state;
	refuse(&script, GRPC_UNIMPLEMENTED);
	open_cri(&fixture, &script, NULL);
	runtime_client__ask(fixture.client, ID);
	runtime_fixture__run_unknown(&fixture, 1);
	assert_int_equal(fixture.state, RUNTIME_STATE_DOWN);
	assert_non_null(strstr(fixture.error, "it does not serve CRI"));
	count = fake_runtime__count(fixture.fake);
	runtime_client__ask(fixture.client, ID);
	assert_true(loop__run_once(fixture.loop, 5) >= 0);
	assert_int_equal(fake_runtime__count(fixture.fake), count);
	assert_int_equal(runtime_fixture__figures(&fixture).dropped, 1);
	close_cri(&fixture, &script);
}

static void test_list__running_containers_and_ready_pods(void **state)
{
	struct script script = { 0 };
	struct runtime_fixture fixture = { 0 };

	(void)state;
	version(&script);
	list_containers(&script, ID);
	list_pods(&script);
	(void)next_answer(&script); /* the details: both are gone */
	open_cri(&fixture, &script, NULL);
	runtime_client__list(fixture.client);
	runtime_fixture__run_found(&fixture, 2);
	assert_asked(&fixture, 1, "\x0a\x04\x12\x02\x08\x01", 6);
	assert_asked(&fixture, 2, "\x0a\x02\x12\x00", 4);
	assert_string_equal(fixture.found[0].name, "app");
	assert_false(fixture.found[0].container.is_sandbox);
	assert_string_equal(fixture.found[1].id, POD_ID);
	assert_true(fixture.found[1].container.is_sandbox);
	runtime_fixture__run_all(&fixture);
	assert_int_equal(fixture.unknown_count, 0); /* nobody had asked */
	assert_int_equal(runtime_fixture__figures(&fixture).lists, 1);
	close_cri(&fixture, &script);
}

/* Each kind of failure once, in the place of the list with the container: then the real one. */
static void test_ask__failure_and_then_an_answer(void **state)
{
	static const struct {
		struct fake_step step;
		enum runtime_failure failure;
	} rows[] = {
		{ { FAKE_IS_ENDLESS, 0, NULL, 0 }, RUNTIME_FAILURE_TOO_LARGE },
		{ { FAKE_HAS_NO_STATUS, 0, "\x0a\x00", 2 }, RUNTIME_FAILURE_MALFORMED },
		{ { FAKE_ANSWERS, 0, "\x0a", 1 }, RUNTIME_FAILURE_MALFORMED },
		{ { FAKE_ANSWERS, 0, "\x0a\x02\x0a\x05", 4 }, RUNTIME_FAILURE_MALFORMED },
		{ { FAKE_ANSWERS, GRPC_UNKNOWN, NULL, 0 }, RUNTIME_FAILURE_REFUSED },
		{ { FAKE_ANSWERS, GRPC_NOT_FOUND, NULL, 0 }, RUNTIME_FAILURE_REFUSED },
	};
	const struct runtime_options options = { .deadline_ns = 60 * NS_PER_S,
						 .give_up_ns = 60 * NS_PER_S,
						 .reply_max_bytes = 100000 };

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct script script = { 0 };
		struct runtime_fixture fixture = { 0 };
		struct runtime_figures figures;

		version(&script);
		script.steps[script.count] = rows[i].step;
		script.steps[script.count++].body = rows[i].step.body ? rows[i].step.body
								      : ""; /* as it is */
		list_containers(&script, ID);
		refuse(&script, GRPC_NOT_FOUND);
		open_cri(&fixture, &script, &options);
		runtime_client__ask(fixture.client, ID);
		runtime_fixture__run_found(&fixture, 1);
		figures = runtime_fixture__figures(&fixture);
		for (int j = 0; j < RUNTIME_FAILURE_COUNT; j++)
			assert_int_equal(figures.failures[j], (int)rows[i].failure == j);
		assert_int_equal(fixture.unknown_count, 0);
		close_cri(&fixture, &script);
	}
}

/* In the middle of an answer, on the way to it, and with something else instead of it. */
static void test_ask__cut_off(void **state)
{
	static const enum fake_manner manners[] = { FAKE_IS_CUT_OFF, FAKE_HANGS_UP,
						    FAKE_IS_GARBAGE };
	const struct runtime_options options = { .give_up_ns = 2 * NS_PER_S,
						 .longest_wait_ns = 10 * NS_PER_MS };

	(void)state;
	for (size_t i = 0; i < array_size(manners); i++) {
		struct script script = { 0 };
		struct runtime_fixture fixture = { 0 };
		struct runtime_figures figures;

		version(&script);
		script.steps[script.count++] = (struct fake_step){ manners[i], 0, "0123456789",
								   10 };
		open_cri(&fixture, &script, &options);
		runtime_client__ask(fixture.client, ID);
		runtime_fixture__run_unknown(&fixture, 1);
		figures = runtime_fixture__figures(&fixture);
		assert_true(figures.failures[RUNTIME_FAILURE_CONNECTION] +
				    figures.failures[RUNTIME_FAILURE_MALFORMED] >
			    0);
		assert_int_equal(figures.given_up, 1);
		assert_int_equal(fixture.state, RUNTIME_STATE_DOWN);
		close_cri(&fixture, &script);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ask__container),
		cmocka_unit_test(test_ask__sandbox),
		cmocka_unit_test(test_ask__neither_container_nor_sandbox),
		cmocka_unit_test(test_ask__gone_on_the_way),
		cmocka_unit_test(test_ask__info_is_no_json),
		cmocka_unit_test(test_hello__older_api),
		cmocka_unit_test(test_hello__no_cri),
		cmocka_unit_test(test_list__running_containers_and_ready_pods),
		cmocka_unit_test(test_ask__failure_and_then_an_answer),
		cmocka_unit_test(test_ask__cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
