/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "enrich/identity.h"

#define ID "8c2f1b5a6d7e4f3019a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d7e6"
#define OTHER "11111111111111112222222222222222333333333333333344444444444444aa"
#define UID "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"
#define DOCKER "/docker/" ID
#define POD "/kubepods/besteffort/pod" UID
#define SECOND INT64_C(1000000000)

/* What an observer was told, as "seen 7, named 7". */
struct diary {
	char text[512];
	struct identity_table *table;
};

static void note(struct diary *diary, const char *what, const struct identity *identity)
{
	size_t len = strlen(diary->text);

	assert_non_null(identity->container);
	/* It may look things up. */
	assert_non_null(identity_table__find(diary->table, identity->cgroup_id));
	(void)snprintf(diary->text + len, sizeof(diary->text) - len, "%s%s %lu", len ? ", " : "",
		       what, identity->cgroup_id);
}

static void note_seen(void *ctx, const struct identity *identity)
{
	note(ctx, "seen", identity);
}

static void note_named(void *ctx, const struct identity *identity)
{
	note(ctx, "named", identity);
}

static void note_gone(void *ctx, const struct identity *identity)
{
	note(ctx, "gone", identity);
}

static struct identity_table *new_table(const struct identity_options *options)
{
	struct identity_table *table = NULL;

	assert_int_equal(identity_table__new(options, &table, NULL), 0);
	return table;
}

static void watch(struct identity_table *table, struct diary *diary)
{
	const struct identity_observer observer = {
		.seen = note_seen, .named = note_named, .gone = note_gone, .ctx = diary
	};

	*diary = (struct diary){ .table = table };
	assert_int_equal(identity_table__subscribe(table, &observer), 0);
}

static void add(struct identity_table *table, uint64_t id, const char *path, int64_t now_ns)
{
	assert_int_equal(identity_table__add_cgroup(table, id, path, now_ns), 0);
}

static void tell(struct identity_table *table, const struct container_info *info, int64_t now_ns)
{
	assert_int_equal(identity_table__tell(table, info, now_ns), 0);
}

static const struct identity *require(struct identity_table *table, uint64_t id)
{
	const struct identity *identity = identity_table__find(table, id);

	if (!identity)
		fail_msg("cgroup %lu is not known", id);
	assert_int_equal(identity->cgroup_id, id);
	return identity;
}

static void test_add__what_the_path_says(void **state)
{
	struct identity_table *table = new_table(&(struct identity_options){ 0 });
	const struct identity *identity;

	(void)state;
	add(table, 1, "/", 1);
	add(table, 2, "/system.slice/ssh.service", 1);
	add(table, 3, "/user.slice/user-1000.slice/user@1000.service/app.slice/emacs.service", 1);
	add(table, 4, "/sys/fs/cgroup/unified" POD "/" ID, 1);
	add(table, 5, "/lxc/web/init.scope", 1);
	identity = require(table, 1);
	assert_string_equal(identity->unit, "");
	assert_null(identity->container);
	assert_null(identity->pod);
	identity = require(table, 2);
	assert_string_equal(identity->unit, "ssh.service");
	assert_string_equal(identity->slice, "system.slice");
	assert_string_equal(require(table, 3)->user_unit, "emacs.service");
	identity = require(table, 4);
	assert_string_equal(identity->container->id, ID);
	assert_string_equal(identity->container->runtime, "containerd");
	assert_null(identity->container->name);
	assert_string_equal(identity->pod->uid, UID);
	assert_null(identity->pod->name);
	assert_false(identity->container->is_told);
	/* No runtime has to be asked who this is. */
	assert_string_equal(require(table, 5)->container->name, "web");
	assert_true(require(table, 5)->container->is_told);
	assert_null(identity_table__find(table, 6));
	assert_int_equal(identity_table__figures(table).containers, 2);
	assert_int_equal(identity_table__figures(table).misses, 1);
	identity_table__free(table);
}

static void test_tell__after_the_cgroup(void **state)
{
	static const struct label_pair labels[] = { { "app", "shop" }, { "tier", "" } };
	const struct container_info info = {
		.id = ID,
		.name = "web",
		.runtime = "docker",
		.image = "nginx:1",
		.image_digest = "sha256:12",
		.labels = labels,
		.label_count = 2,
		.pid = 77,
		.started_ns = 5,
	};
	struct identity_table *table = new_table(&(struct identity_options){ 0 });
	const struct container *container;
	struct diary diary;

	(void)state;
	watch(table, &diary);
	add(table, 7, DOCKER, 1 * SECOND);
	tell(table, &info, 3 * SECOND);
	assert_string_equal(diary.text, "seen 7, named 7");
	container = require(table, 7)->container;
	assert_string_equal(container->name, "web");
	assert_string_equal(container->image, "nginx:1");
	assert_string_equal(container->image_digest, "sha256:12");
	assert_int_equal(container->label_count, 2);
	assert_string_equal(container->labels[0].value, "shop");
	assert_string_equal(container->labels[1].key, "tier");
	assert_int_equal(container->pid, 77);
	assert_int_equal(identity_table__figures(table).named_late, 1);
	assert_int_equal(identity_table__figures(table).late_ns, 2 * SECOND);
	/* What a later answer does not say stays. */
	tell(table, &(struct container_info){ .id = ID, .name = "shop" }, 4 * SECOND);
	container = require(table, 7)->container;
	assert_string_equal(container->name, "shop");
	assert_string_equal(container->image, "nginx:1");
	assert_string_equal(container->labels[0].key, "app");
	assert_int_equal(identity_table__figures(table).named_late, 1);
	identity_table__free(table);
}

static void test_tell__before_the_cgroup(void **state)
{
	struct identity_table *table = new_table(&(struct identity_options){ 0 });
	struct diary diary;

	(void)state;
	watch(table, &diary);
	tell(table,
	     &(struct container_info){ .id = ID, .name = "web", .mntns_id = 40, .netns_id = 50 },
	     1);
	assert_int_equal(identity_table__figures(table).waiting_containers, 1);
	assert_null(identity_table__find_mntns(table, 40));
	add(table, 7, DOCKER, 9 * SECOND);
	assert_string_equal(diary.text, "seen 7");
	assert_string_equal(require(table, 7)->container->name, "web");
	assert_int_equal(identity_table__find_mntns(table, 40)->cgroup_id, 7);
	assert_int_equal(identity_table__find_netns(table, 50)->cgroup_id, 7);
	assert_int_equal(identity_table__figures(table).waiting_containers, 0);
	assert_int_equal(identity_table__figures(table).named_late, 0);
	identity_table__free(table);
}

static void test_tell__unusable(void **state)
{
	struct identity_table *table = new_table(&(struct identity_options){ 0 });
	static char huge[CONTAINER_MAX_TEXT_BYTES + 1];
	struct label_pair labels[3] = { { "a", "1" }, { "b", huge }, { "c", "3" } };
	const struct container_info with_labels = { .id = ID, .labels = labels, .label_count = 3 };

	(void)state;
	memset(huge, 'x', sizeof(huge) - 1);
	assert_int_equal(identity_table__tell(table, &(struct container_info){ .id = NULL }, 1),
			 -EINVAL);
	assert_int_equal(identity_table__tell(table, &(struct container_info){ .id = "" }, 1),
			 -EINVAL);
	assert_int_equal(identity_table__tell(table, &(struct container_info){ .id = huge }, 1),
			 -EINVAL);
	assert_int_equal(
		identity_table__tell(table, &(struct container_info){ .id = ID, .name = huge }, 1),
		-E2BIG);
	assert_int_equal(identity_table__figures(table).waiting_containers, 0);
	tell(table, &with_labels, 1);
	add(table, 7, DOCKER, 1);
	assert_int_equal(require(table, 7)->container->label_count, 1);
	assert_int_equal(identity_table__figures(table).labels_left_out, 2);
	identity_table__free(table);
}

static void test_pod__one_answer_names_all_containers(void **state)
{
	struct identity_table *table = new_table(&(struct identity_options){ 0 });
	struct diary diary;

	(void)state;
	watch(table, &diary);
	add(table, 6, POD, 1);
	add(table, 7, POD "/" ID, 1);
	add(table, 8, POD "/" OTHER, 1);
	tell(table, &(struct container_info){ .id = ID, .name = "app" }, 2);
	tell(table,
	     &(struct container_info){ .id = OTHER,
				       .pod_uid = UID,
				       .pod_name = "shop-0",
				       .pod_namespace = "prod",
				       .is_sandbox = true },
	     3);
	assert_string_equal(diary.text, "seen 7, seen 8, named 7, named 8, named 7");
	assert_string_equal(require(table, 6)->pod->name, "shop-0");
	assert_null(require(table, 6)->container);
	assert_string_equal(require(table, 7)->pod->namespace, "prod");
	assert_ptr_equal(require(table, 7)->pod, require(table, 8)->container->pod);
	assert_int_equal(identity_table__figures(table).pods, 1);
	assert_int_equal(identity_table__figures(table).named_late, 2);
	identity_table__free(table);
}

/* podman's pods have no uid in the path. */
static void test_pod__without_uid(void **state)
{
	struct identity_table *table = new_table(&(struct identity_options){ 0 });

	(void)state;
	add(table, 7, "/machine.slice/libpod-" ID ".scope/container", 1);
	tell(table, &(struct container_info){ .id = ID, .name = "web", .pod_name = "shop" }, 2);
	assert_string_equal(require(table, 7)->pod->name, "shop");
	assert_string_equal(require(table, 7)->pod->uid, "");
	/* An uid that comes later is another key of the same pod. */
	tell(table, &(struct container_info){ .id = ID, .pod_uid = UID, .pod_name = "shop" }, 2);
	assert_string_equal(require(table, 7)->pod->uid, UID);
	assert_int_equal(identity_table__figures(table).pods, 1);
	identity_table__free(table);
}

static void test_nested__is_the_container_above(void **state)
{
	struct identity_table *table = new_table(&(struct identity_options){ 0 });
	struct diary diary;

	(void)state;
	watch(table, &diary);
	add(table, 8, DOCKER "/init", 1);
	add(table, 7, DOCKER, 1);
	add(table, 9, DOCKER "/docker/" OTHER, 1);
	assert_string_equal(diary.text, "seen 8, seen 9");
	assert_ptr_equal(require(table, 7)->container, require(table, 8)->container);
	assert_string_equal(require(table, 9)->container->id, OTHER);
	identity_table__remove_cgroup(table, 8, 2);
	identity_table__remove_cgroup(table, 7, 2);
	assert_string_equal(diary.text, "seen 8, seen 9, gone 7");
	assert_int_equal(identity_table__figures(table).containers, 1);
	assert_int_equal(identity_table__figures(table).dead_containers, 1);
	identity_table__free(table);
}

static void test_remove__is_remembered_with_its_name(void **state)
{
	struct identity_table *table = new_table(&(struct identity_options){ .dead_ns = 10 });

	(void)state;
	add(table, 7, DOCKER, 1);
	identity_table__remove_cgroup(table, 7, 2);
	identity_table__remove_cgroup(table, 7, 2);
	identity_table__remove_cgroup(table, 99, 2);
	/* Also an answer that comes after the end. */
	tell(table, &(struct container_info){ .id = ID, .name = "web" }, 5);
	assert_true(require(table, 7)->is_dead);
	assert_string_equal(require(table, 7)->container->name, "web");
	/* Who is asked for stays longer. */
	identity_table__tidy(table, 14);
	assert_string_equal(require(table, 7)->container->name, "web");
	identity_table__tidy(table, 24);
	assert_null(identity_table__find(table, 7));
	assert_int_equal(identity_table__figures(table).dead_containers, 0);
	assert_int_equal(identity_table__figures(table).forgotten, 0);
	identity_table__free(table);
}

/* A container that is started again has a new cgroup and its old name. */
static void test_add__again_with_another_id(void **state)
{
	struct identity_table *table = new_table(&(struct identity_options){ 0 });
	struct diary diary;

	(void)state;
	watch(table, &diary);
	add(table, 7, DOCKER, 1);
	tell(table, &(struct container_info){ .id = ID, .name = "web" }, 1);
	identity_table__remove_cgroup(table, 7, 2);
	add(table, 8, DOCKER, 3);
	assert_string_equal(diary.text, "seen 7, named 7, gone 7, seen 8");
	assert_string_equal(require(table, 8)->container->name, "web");
	assert_string_equal(require(table, 7)->container->name, "web");
	assert_true(require(table, 7)->is_dead);
	assert_false(require(table, 8)->is_dead);
	assert_int_equal(identity_table__figures(table).named_late, 1);
	identity_table__free(table);
}

/* The kernel gives inode numbers of dead cgroups to new ones. */
static void test_add__id_is_used_again(void **state)
{
	struct identity_table *table = new_table(&(struct identity_options){ 0 });
	struct diary diary;

	(void)state;
	watch(table, &diary);
	add(table, 7, DOCKER, 1);
	identity_table__remove_cgroup(table, 7, 2);
	add(table, 7, "/docker/" OTHER, 3);
	assert_string_equal(require(table, 7)->container->id, OTHER);
	/* Nobody said that it went. */
	add(table, 7, "/system.slice/cron.service", 4);
	assert_null(require(table, 7)->container);
	assert_string_equal(diary.text, "seen 7, gone 7, seen 7, gone 7");
	assert_int_equal(identity_table__figures(table).cgroups, 1);
	assert_int_equal(identity_table__figures(table).dead_cgroups, 0);
	assert_int_equal(identity_table__figures(table).containers, 0);
	/* The same again is nothing new. */
	add(table, 7, "/system.slice/cron.service", 5);
	assert_int_equal(identity_table__figures(table).cgroups, 1);
	identity_table__free(table);
}

static void test_namespaces__newest_user_and_heirs(void **state)
{
	struct identity_table *table = new_table(&(struct identity_options){ 0 });

	(void)state;
	identity_table__set_host_namespaces(table, 1, 2);
	assert_true(identity_table__is_host_mntns(table, 1));
	assert_false(identity_table__is_host_mntns(table, 0));
	add(table, 7, POD "/" ID, 1);
	add(table, 8, POD "/" OTHER, 1);
	add(table, 9, POD "/" OTHER "/init", 1);
	identity_table__see_namespaces(table, 7, 40, 50);
	identity_table__see_namespaces(table, 9, 41, 50);
	identity_table__see_namespaces(table, 8, 41, 50);
	identity_table__see_namespaces(table, 99, 42, 52);
	/* The container's own cgroup says more than one below it. */
	assert_int_equal(identity_table__find_mntns(table, 41)->cgroup_id, 8);
	/* Of a pod's network namespace any container. */
	assert_int_equal(identity_table__find_netns(table, 50)->cgroup_id, 7);
	assert_null(identity_table__find_mntns(table, 42));
	/* Another container has the number now. */
	add(table, 10, "/lxc/web", 1);
	identity_table__see_namespaces(table, 10, 40, 0);
	assert_int_equal(identity_table__find_mntns(table, 40)->cgroup_id, 10);
	/* Those that stay take over what the forgotten one stood for. */
	identity_table__remove_cgroup(table, 7, 1);
	identity_table__tidy(table, 700 * SECOND);
	assert_int_equal(identity_table__find_netns(table, 50)->pod->uid[0], UID[0]);
	identity_table__remove_cgroup(table, 8, 700 * SECOND);
	identity_table__tidy(table, 1400 * SECOND);
	assert_int_equal(identity_table__find_mntns(table, 41)->cgroup_id, 9);
	/* Everybody is in those of the host. */
	identity_table__see_namespaces(table, 10, 1, 2);
	assert_null(identity_table__find_mntns(table, 1));
	assert_null(identity_table__find_netns(table, 2));
	identity_table__free(table);
}

static void test_namespaces__host_network(void **state)
{
	struct identity_table *table = new_table(&(struct identity_options){ 0 });

	(void)state;
	add(table, 7, DOCKER, 1);
	identity_table__see_namespaces(table, 7, 40, 50);
	assert_non_null(identity_table__find_netns(table, 50));
	tell(table, &(struct container_info){ .id = ID, .is_host_network = true }, 2);
	assert_null(identity_table__find_netns(table, 50));
	assert_non_null(identity_table__find_mntns(table, 40));
	identity_table__free(table);
}

static void test_bounds__are_kept_and_counted(void **state)
{
	struct identity_table *table =
		new_table(&(struct identity_options){ .live_limit = 3, .dead_limit = 2 });
	struct identity_figures figures;
	char text[80];

	(void)state;
	for (uint64_t i = 1; i <= 3; i++) {
		(void)snprintf(text, sizeof(text), "/docker/%064lx", i);
		add(table, i, text, 1);
	}
	assert_int_equal(identity_table__add_cgroup(table, 4, "/a", 1), -ENOSPC);
	assert_null(identity_table__find(table, 4));
	for (uint64_t i = 1; i <= 3; i++)
		identity_table__remove_cgroup(table, i, 2);
	assert_null(identity_table__find(table, 1));
	assert_non_null(identity_table__find(table, 2));
	for (uint64_t i = 10; i < 13; i++) {
		(void)snprintf(text, sizeof(text), "%064lx", i);
		tell(table, &(struct container_info){ .id = text, .name = "n" }, 3);
	}
	figures = identity_table__figures(table);
	assert_int_equal(figures.refused, 1);
	assert_int_equal(figures.forgotten, 2);
	assert_int_equal(figures.dead_cgroups, 2);
	assert_int_equal(figures.dead_containers, 2);
	assert_int_equal(figures.waiting_containers, 2);
	identity_table__free(table);
}

static void test_subscribe__later(void **state)
{
	struct identity_table *table = new_table(&(struct identity_options){ 0 });
	struct diary diary;

	(void)state;
	add(table, 8, DOCKER "/init", 1);
	add(table, 7, DOCKER, 1);
	add(table, 9, "/docker/" OTHER, 1);
	identity_table__remove_cgroup(table, 9, 1);
	watch(table, &diary);
	assert_string_equal(diary.text, "seen 7");
	identity_table__unsubscribe(table, &diary);
	identity_table__unsubscribe(table, &diary);
	add(table, 10, "/docker/" OTHER, 1);
	assert_string_equal(diary.text, "seen 7");
	identity_table__free(table);
}

/* What 1,000 short containers leave behind is bounded. */
static void test_many__short_ones(void **state)
{
	struct identity_table *table =
		new_table(&(struct identity_options){ .dead_limit = 100, .dead_ns = 50 * SECOND });
	char path[80];

	(void)state;
	for (uint64_t i = 1; i <= 1000; i++) {
		(void)snprintf(path, sizeof(path), "/docker/%064lx", i);
		add(table, i, path, (int64_t)i * SECOND / 10);
		identity_table__see_namespaces(table, i, 100000 + i % 7, 200000 + i % 5);
		tell(table,
		     &(struct container_info){ .id = path + strlen("/docker/"), .name = "n" },
		     (int64_t)i * SECOND / 10);
		identity_table__remove_cgroup(table, i, (int64_t)i * SECOND / 10);
		assert_string_equal(require(table, i)->container->name, "n");
	}
	assert_int_equal(identity_table__figures(table).dead_containers, 100);
	assert_int_equal(identity_table__find_mntns(table, 100000 + 1000 % 7)->cgroup_id, 1000);
	identity_table__tidy(table, 1000 * SECOND);
	assert_int_equal(identity_table__figures(table).dead_cgroups, 0);
	assert_int_equal(identity_table__figures(table).dead_containers, 0);
	assert_int_equal(identity_table__figures(table).pods, 0);
	assert_null(identity_table__find_mntns(table, 100000 + 1000 % 7));
	identity_table__free(table);
}

#define ROUND 1000

/* Containers that come, get their names, do something in namespaces of their own, and go. */
static void play_round(struct identity_table *table, uint64_t first, int64_t now_ns)
{
	for (uint64_t i = first; i < first + ROUND; i++) {
		const struct label_pair label = { "app", "one of many" };
		char id[65], path[256], name[32];
		struct container_info info = { .id = id,
					       .name = name,
					       .runtime = "containerd",
					       .image = "registry.local/some/image:1",
					       .pod_uid = UID,
					       .pod_name = "shop-0",
					       .pod_namespace = "prod",
					       .labels = &label,
					       .label_count = 1 };

		snprintf(id, sizeof(id), "%064lx", i);
		snprintf(path, sizeof(path), POD "/%s", id);
		snprintf(name, sizeof(name), "container-%lu", i);
		add(table, i, path, now_ns);
		tell(table, &info, now_ns);
		identity_table__see_namespaces(table, i, 4000 + i, 9000 + i);
		assert_non_null(identity_table__find_mntns(table, 4000 + i));
		identity_table__remove_cgroup(table, i, now_ns);
	}
}

static void test_many__leave_no_memory_behind(void **state)
{
	struct identity_table *table =
		new_table(&(struct identity_options){ .dead_ns = 10 * SECOND });
	size_t empty = identity_table__figures(table).bytes, most, after;

	(void)state;
	play_round(table, 1, 1 * SECOND);
	most = identity_table__figures(table).bytes;
	assert_true(most > (size_t)ROUND * 256);
	/* Remembered, for something may still name them. */
	identity_table__tidy(table, 10 * SECOND);
	assert_int_equal(identity_table__figures(table).dead_containers, ROUND);
	identity_table__tidy(table, 11 * SECOND);
	assert_int_equal(identity_table__figures(table).dead_containers, 0);
	assert_int_equal(identity_table__figures(table).pods, 0);
	after = identity_table__figures(table).bytes;
	/* What is left are five maps of a few places each. */
	assert_in_range(after, empty, empty + 5 * 16384);
	for (uint64_t round = 2; round < 12; round++) {
		play_round(table, round * ROUND, (int64_t)round * 100 * SECOND);
		assert_true(identity_table__figures(table).bytes <= most + most / 8);
		identity_table__tidy(table, ((int64_t)round * 100 + 10) * SECOND);
		assert_int_equal(identity_table__figures(table).bytes, after);
	}
	identity_table__free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add__what_the_path_says),
		cmocka_unit_test(test_tell__after_the_cgroup),
		cmocka_unit_test(test_tell__before_the_cgroup),
		cmocka_unit_test(test_tell__unusable),
		cmocka_unit_test(test_pod__one_answer_names_all_containers),
		cmocka_unit_test(test_pod__without_uid),
		cmocka_unit_test(test_nested__is_the_container_above),
		cmocka_unit_test(test_remove__is_remembered_with_its_name),
		cmocka_unit_test(test_add__again_with_another_id),
		cmocka_unit_test(test_add__id_is_used_again),
		cmocka_unit_test(test_namespaces__newest_user_and_heirs),
		cmocka_unit_test(test_namespaces__host_network),
		cmocka_unit_test(test_bounds__are_kept_and_counted),
		cmocka_unit_test(test_subscribe__later),
		cmocka_unit_test(test_many__short_ones),
		cmocka_unit_test(test_many__leave_no_memory_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
