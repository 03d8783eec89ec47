/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/who_filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "enrich/identity.h"
#include "host/host.h"
#include "tree.h"

static const struct pod pod = { .uid = "u-1", .name = "web-0", .namespace = "shop" };
static const struct pod nameless_pod = { .uid = "u-2" };
static const struct container container = {
	.id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	.name = "nginx",
	.pod = &pod,
};
static const struct container nameless = { .id = "fedcba9876543210", .pod = &nameless_pod };

static const struct identity in_pod = {
	.path = "/kubepods/podu-1/0123",
	.unit = "",
	.user_unit = "",
	.slice = "",
	.container = &container,
	.pod = &pod,
};
static const struct identity new_in_pod = {
	.path = "/kubepods/podu-2/fedc",
	.unit = "",
	.user_unit = "",
	.slice = "",
	.container = &nameless,
	.pod = &nameless_pod,
};
static const struct identity service = {
	.path = "/system.slice/ssh.service",
	.unit = "ssh.service",
	.user_unit = "",
	.slice = "system.slice",
};
static const struct identity session = {
	.path = "/user.slice/user-1000.slice/user@1000.service/app.slice/vim.scope",
	.unit = "user@1000.service",
	.user_unit = "vim.scope",
	.slice = "user-1000.slice",
};

static bool matches(enum who_subject subject, const char *name, const struct identity *identity)
{
	struct who_filter filter = { 0 };

	filter.names[subject] = (struct who_names){ &name, 1 };
	return who_filter__matches(&filter, identity, NULL);
}

static void test_matches__each_subject(void **state)
{
	static const struct {
		enum who_subject subject;
		const char *name;
		const struct identity *identity;
		bool wanted;
	} rows[] = {
		{ WHO_CONTAINER, "nginx", &in_pod, true },
		{ WHO_CONTAINER, "ngin", &in_pod, false },
		{ WHO_CONTAINER, "0123456789ab", &in_pod, true },
		{ WHO_CONTAINER, "0123456789a", &in_pod, false },
		{ WHO_CONTAINER, "0123456789ac", &in_pod, false },
		{ WHO_CONTAINER, "nginx", &new_in_pod, false },
		{ WHO_CONTAINER, "fedcba9876543210", &new_in_pod, true },
		{ WHO_CONTAINER, "ssh.service", &service, false },
		{ WHO_POD, "web-0", &in_pod, true },
		{ WHO_POD, "shop/web-0", &in_pod, true },
		{ WHO_POD, "sho/web-0", &in_pod, false },
		{ WHO_POD, "shop/", &in_pod, false },
		{ WHO_POD, "u-1", &in_pod, true },
		{ WHO_POD, "u-2", &new_in_pod, true },
		{ WHO_POD, "shop/web-0", &new_in_pod, false },
		{ WHO_POD, "web-0", &service, false },
		{ WHO_NAMESPACE, "shop", &in_pod, true },
		{ WHO_NAMESPACE, "shop", &new_in_pod, false },
		{ WHO_NAMESPACE, "", &new_in_pod, false },
		{ WHO_UNIT, "ssh", &service, true },
		{ WHO_UNIT, "ssh.service", &service, true },
		{ WHO_UNIT, "ss", &service, false },
		{ WHO_UNIT, "vim.scope", &session, true },
		{ WHO_UNIT, "vim", &session, false },
		{ WHO_UNIT, "user@1000", &session, true },
		{ WHO_UNIT, "ssh", &in_pod, false },
		{ WHO_USER, "1000", &session, true },
		{ WHO_USER, "100", &session, false },
		{ WHO_USER, "1000", &service, false },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++)
		if (matches(rows[i].subject, rows[i].name, rows[i].identity) != rows[i].wanted)
			fail_msg("%s '%s' in %s", who_subject_name(rows[i].subject), rows[i].name,
				 rows[i].identity->path);
}

static void test_matches__one_of_each_kind(void **state)
{
	const char *const containers[] = { "redis", "nginx" };
	const char *const namespaces[] = { "shop" };
	struct who_filter filter = { 0 };

	(void)state;
	assert_true(who_filter__is_empty(&filter));
	assert_true(who_filter__matches(&filter, &service, NULL));
	filter.names[WHO_CONTAINER] = (struct who_names){ containers, 2 };
	filter.names[WHO_NAMESPACE] = (struct who_names){ namespaces, 1 };
	assert_false(who_filter__is_empty(&filter));
	assert_true(who_filter__matches(&filter, &in_pod, NULL));
	assert_false(who_filter__matches(&filter, &new_in_pod, NULL));
	filter.names[WHO_UNIT] = (struct who_names){ containers, 1 };
	assert_false(who_filter__matches(&filter, &in_pod, NULL));
}

static void test_matches__user_by_name(void **state)
{
	const char *name = "mara";
	struct who_filter filter = { .names[WHO_USER] = { &name, 1 } };
	struct host *host = NULL;
	struct tree tree;

	(void)state;
	tree_make(&tree);
	tree_write(&tree, "etc/passwd", "root:x:0:0::/root:/bin/sh\nmara:x:1000:1000::/:/bin/sh\n");
	assert_int_equal(host__open(tree.root, &host, NULL), 0);
	assert_true(who_filter__matches(&filter, &session, host));
	assert_false(who_filter__matches(&filter, &service, host));
	assert_false(who_filter__matches(&filter, &session, NULL));
	name = "root";
	assert_false(who_filter__matches(&filter, &session, host));
	host__close(host);
	tree_remove(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matches__each_subject),
		cmocka_unit_test(test_matches__one_of_each_kind),
		cmocka_unit_test(test_matches__user_by_name),
	};

	return cmocka_run_group_tests_name("who_filter", tests, NULL, NULL);
}
