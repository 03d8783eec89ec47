/* SPDX-License-Identifier: Apache-2.0 */
/* Whom the pod, container and host selectors of policies are about, as runtimes tell more and more. */
#include "pipeline/policy_scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/spec.h"
#include "enrich/identity.h"

#define POD_UID "0a1b2c3d-0000-4000-8000-000000000001"
#define MAIN_ID "1111111111111111111111111111111111111111111111111111111111111111"
#define PAUSE_ID "2222222222222222222222222222222222222222222222222222222222222222"
#define ALONE_ID "3333333333333333333333333333333333333333333333333333333333333333"
#define INNER_ID "4444444444444444444444444444444444444444444444444444444444444444"
#define POD_PATH "/kubepods/pod" POD_UID

enum cgroup { SERVICE = 1, POD, MAIN, BELOW, PAUSE, ALONE, INNER };

static const struct {
	enum cgroup id;
	const char *path;
} cgroups[] = {
	{ SERVICE, "/system.slice/ssh.service" },
	{ POD, POD_PATH },
	{ MAIN, POD_PATH "/" MAIN_ID },
	{ BELOW, POD_PATH "/" MAIN_ID "/workers" },
	{ PAUSE, POD_PATH "/" PAUSE_ID },
	{ ALONE, "/docker/" ALONE_ID },
	{ INNER, POD_PATH "/" MAIN_ID "/docker/" INNER_ID },
};

static const struct label_pair web_labels[] = { { "app", "web" }, { "tier", "front" } };
static const struct container_info main_info = {
	.id = MAIN_ID,
	.name = "server",
	.image = "registry.test:5000/shop/server:1.2@sha256:ab",
	.pod_uid = POD_UID,
	.pod_name = "web-0",
	.pod_namespace = "shop",
	.labels = web_labels,
	.label_count = array_size(web_labels)
};
static const struct container_info pause_info = { .id = PAUSE_ID,
						  .pod_uid = POD_UID,
						  .pod_name = "web-0",
						  .pod_namespace = "shop",
						  .labels = web_labels,
						  .label_count = array_size(web_labels),
						  .is_sandbox = true };
static const struct container_info alone_info = { .id = ALONE_ID,
						  .name = "batch",
						  .image = "busybox" };

static void tell(struct identity_table *table, const struct container_info *info)
{
	assert_int_equal(identity_table__tell(table, info, 1), 0);
}

static int open_table(void **state)
{
	const struct identity_options options = { 0 };
	struct identity_table *table;

	if (identity_table__new(&options, &table, NULL) < 0)
		return -1;
	for (size_t i = 0; i < array_size(cgroups); i++)
		if (identity_table__add_cgroup(table, cgroups[i].id, cgroups[i].path, 1) < 0)
			return -1;
	*state = table;
	return 0;
}

static int close_table(void **state)
{
	identity_table__free(*state);
	return 0;
}

static enum policy_scope_answer ask(struct identity_table *table, const struct scope_spec *scope,
				    enum cgroup id)
{
	const struct identity *identity = identity_table__find(table, id);

	assert_non_null(identity);
	return policy_scope_ask(scope, identity);
}

/* One requirement. */
static enum policy_scope_answer require(struct identity_table *table,
					const struct selector_spec *requirement, enum cgroup id)
{
	const struct scope_spec scope = { .has_containers = true,
					  .requirements = requirement,
					  .requirement_count = 1 };

	return ask(table, &scope, id);
}

static void test_ask__the_host_and_any_container(void **state)
{
	static const struct scope_spec host = { .has_host = true },
				       containers = { .has_containers = true },
				       both = { .has_host = true, .has_containers = true };
	static const struct {
		enum cgroup id;
		bool is_container;
	} rows[] = {
		{ SERVICE, false }, { POD, false },  { MAIN, true },  { BELOW, true },
		{ PAUSE, true },    { ALONE, true }, { INNER, true },
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		assert_int_equal(ask(*state, &host, rows[i].id),
				 rows[i].is_container ? POLICY_SCOPE_OUT : POLICY_SCOPE_IN);
		assert_int_equal(ask(*state, &containers, rows[i].id),
				 rows[i].is_container ? POLICY_SCOPE_IN : POLICY_SCOPE_OUT);
		assert_int_equal(ask(*state, &both, rows[i].id), POLICY_SCOPE_IN);
	}
}

#define ONE(text_) { { .text = text_ } }, 1
#define NONE { { .text = NULL } }, 0

static void test_ask__each_operator(void **state)
{
	static const struct {
		enum selector_subject subject;
		const char *key;
		enum selector_op op;
		struct spec_text values[2];
		uint32_t value_count;
		bool main, pause, alone;
	} rows[] = {
		{ SELECTOR_POD, "app", SELECTOR_IN, ONE("web"), true, true, false },
		{ SELECTOR_POD, "app", SELECTOR_IN, ONE("we"), false, false, false },
		{ SELECTOR_POD, "app", SELECTOR_IN, ONE(""), false, false, false },
		{ SELECTOR_POD,
		  "app",
		  SELECTOR_IN,
		  { { .text = "x" }, { .text = "web" } },
		  2,
		  true,
		  true,
		  false },
		{ SELECTOR_POD, "ap", SELECTOR_IN, ONE("web"), false, false, false },
		{ SELECTOR_POD, "app", SELECTOR_NOT_IN, ONE("web"), false, false, false },
		{ SELECTOR_POD, "app", SELECTOR_NOT_IN, ONE("db"), true, true, false },
		{ SELECTOR_POD, "none", SELECTOR_NOT_IN, ONE("db"), true, true, false },
		{ SELECTOR_POD, "tier", SELECTOR_EXISTS, NONE, true, true, false },
		{ SELECTOR_POD, "none", SELECTOR_EXISTS, NONE, false, false, false },
		{ SELECTOR_POD, "tier", SELECTOR_NOT_EXISTS, NONE, false, false, false },
		{ SELECTOR_POD, "none", SELECTOR_NOT_EXISTS, NONE, true, true, false },
		{ SELECTOR_NAMESPACE, NULL, SELECTOR_IN, ONE("shop"), true, true, false },
		{ SELECTOR_NAMESPACE, NULL, SELECTOR_IN, ONE("default"), false, false, false },
		{ SELECTOR_NAMESPACE, NULL, SELECTOR_NOT_IN, ONE("default"), true, true, false },
		{ SELECTOR_NAMESPACE, NULL, SELECTOR_EXISTS, NONE, true, true, false },
		{ SELECTOR_CONTAINER, "name", SELECTOR_IN, ONE("server"), true, false, false },
		{ SELECTOR_CONTAINER, "name", SELECTOR_IN, ONE("batch"), false, false, true },
		{ SELECTOR_CONTAINER, "name", SELECTOR_NOT_IN, ONE("batch"), true, false, false },
		{ SELECTOR_CONTAINER, "name", SELECTOR_EXISTS, NONE, true, false, true },
		{ SELECTOR_CONTAINER, "repo", SELECTOR_IN, ONE("registry.test:5000/shop/server"),
		  true, false, false },
		{ SELECTOR_CONTAINER, "repo", SELECTOR_IN, ONE("shop/server"), false, false,
		  false },
		{ SELECTOR_CONTAINER, "repo", SELECTOR_IN, ONE("busybox"), false, false, true },
		{ SELECTOR_CONTAINER, "repo", SELECTOR_NOT_EXISTS, NONE, false, false, false },
	};

	tell(*state, &main_info);
	tell(*state, &pause_info);
	tell(*state, &alone_info);
	for (size_t i = 0; i < array_size(rows); i++) {
		const struct selector_spec requirement = { .subject = rows[i].subject,
							   .key = rows[i].key,
							   .op = rows[i].op,
							   .values = rows[i].values,
							   .value_count = rows[i].value_count };

		assert_int_equal(require(*state, &requirement, MAIN),
				 rows[i].main ? POLICY_SCOPE_IN : POLICY_SCOPE_OUT);
		assert_int_equal(require(*state, &requirement, BELOW),
				 rows[i].main ? POLICY_SCOPE_IN : POLICY_SCOPE_OUT);
		assert_int_equal(require(*state, &requirement, PAUSE),
				 rows[i].pause ? POLICY_SCOPE_IN : POLICY_SCOPE_OUT);
		assert_int_equal(require(*state, &requirement, ALONE),
				 rows[i].alone ? POLICY_SCOPE_IN : POLICY_SCOPE_OUT);
		assert_int_equal(require(*state, &requirement, SERVICE), POLICY_SCOPE_OUT);
	}
}

static const struct spec_text web = { .text = "web" }, shop = { .text = "shop" },
			      server = { .text = "server" };
static const struct selector_spec is_web = {
	.subject = SELECTOR_POD, .key = "app", .values = &web, .value_count = 1
};
static const struct selector_spec is_not_web = { .subject = SELECTOR_POD,
						 .key = "app",
						 .op = SELECTOR_NOT_IN,
						 .values = &web,
						 .value_count = 1 };
static const struct selector_spec is_shop = { .subject = SELECTOR_NAMESPACE,
					      .values = &shop,
					      .value_count = 1 };
static const struct selector_spec is_server = {
	.subject = SELECTOR_CONTAINER, .key = "name", .values = &server, .value_count = 1
};

static void test_ask__waits_until_somebody_tells(void **state)
{
	const struct selector_spec *requirements[] = { &is_web, &is_not_web, &is_shop, &is_server };

	for (size_t i = 0; i < array_size(requirements); i++) {
		assert_int_equal(require(*state, requirements[i], MAIN), POLICY_SCOPE_WAITS);
		assert_int_equal(require(*state, requirements[i], ALONE), POLICY_SCOPE_WAITS);
		assert_int_equal(require(*state, requirements[i], SERVICE), POLICY_SCOPE_OUT);
	}
	/* Of its pod is told by what holds its namespaces; what the container itself is called is not. */
	tell(*state, &pause_info);
	assert_int_equal(require(*state, &is_web, MAIN), POLICY_SCOPE_IN);
	assert_int_equal(require(*state, &is_not_web, MAIN), POLICY_SCOPE_OUT);
	assert_int_equal(require(*state, &is_shop, MAIN), POLICY_SCOPE_IN);
	assert_int_equal(require(*state, &is_server, MAIN), POLICY_SCOPE_WAITS);
	tell(*state, &main_info);
	assert_int_equal(require(*state, &is_server, MAIN), POLICY_SCOPE_IN);
}

static void test_ask__what_runs_in_a_container_of_its_own_is_in_the_pod(void **state)
{
	tell(*state, &main_info);
	assert_int_equal(require(*state, &is_web, INNER), POLICY_SCOPE_IN);
	assert_int_equal(require(*state, &is_shop, INNER), POLICY_SCOPE_IN);
	assert_int_equal(require(*state, &is_server, INNER), POLICY_SCOPE_WAITS);
}

static void test_ask__all_have_to_hold(void **state)
{
	const struct selector_spec both[] = { is_web, is_server };
	const struct scope_spec scope = { .has_containers = true,
					  .requirements = both,
					  .requirement_count = 2 };
	struct container_info other = main_info;

	assert_int_equal(ask(*state, &scope, MAIN), POLICY_SCOPE_WAITS);
	tell(*state, &main_info);
	assert_int_equal(ask(*state, &scope, MAIN), POLICY_SCOPE_IN);
	assert_int_equal(ask(*state, &scope, PAUSE), POLICY_SCOPE_WAITS);
	tell(*state, &pause_info);
	assert_int_equal(ask(*state, &scope, PAUSE), POLICY_SCOPE_OUT);
	other.name = "helper";
	tell(*state, &other);
	assert_int_equal(ask(*state, &scope, MAIN), POLICY_SCOPE_OUT);
}

static void test_ask__follows_labels_that_change(void **state)
{
	static const struct label_pair old[] = { { "app", "db" } };
	struct container_info info = main_info;

	info.labels = old;
	info.label_count = array_size(old);
	tell(*state, &info);
	assert_int_equal(require(*state, &is_web, MAIN), POLICY_SCOPE_OUT);
	tell(*state, &main_info);
	assert_int_equal(require(*state, &is_web, MAIN), POLICY_SCOPE_IN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_table, close_table)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_ask__the_host_and_any_container),
		TEST(test_ask__each_operator),
		TEST(test_ask__waits_until_somebody_tells),
		TEST(test_ask__what_runs_in_a_container_of_its_own_is_in_the_pod),
		TEST(test_ask__all_have_to_hold),
		TEST(test_ask__follows_labels_that_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
