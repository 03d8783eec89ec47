/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"
#include "host/cgroup.h"
#include "tree.h"

#define BURST 20

/* ---- a machine of files: no events, no handles, only the walk ------------------------------------ */

static struct cgroup_tree *open_tree(int root_fd)
{
	struct cgroup_tree *cgroups = NULL;
	struct err err = ERR_INIT;

	if (cgroup_tree__open(root_fd, &cgroups, &err) < 0)
		fail_msg("cannot open: %s", err.text);
	return cgroups;
}

/* What the tree says about a directory that lies there at `path`. */
static void assert_found_at(const char *mountinfo, const char *directory, const char *path)
{
	struct cgroup_tree *cgroups;
	unsigned long id;
	struct tree tree;

	tree_make(&tree);
	tree_write(&tree, "proc/self/mountinfo", mountinfo);
	id = tree_mkdir(&tree, directory);
	cgroups = open_tree(tree.fd);
	assert_false(cgroup_tree__is_live(cgroups));
	assert_int_equal(cgroup_tree__event_fd(cgroups), -1);
	assert_string_equal(cgroup_tree__find(cgroups, id), path);
	assert_null(cgroup_tree__find(cgroups, 88888888888));
	assert_null(cgroup_tree__close(cgroups));
	tree_remove(&tree);
}

static void test_find__pure_v2(void **state)
{
	(void)state;
	assert_found_at("31 23 0:28 / /sys/fs/cgroup rw,relatime shared:4 - cgroup2 cgroup2 rw\n",
			"sys/fs/cgroup/a/b", "/sys/fs/cgroup/a/b");
}

static void test_find__hybrid(void **state)
{
	(void)state;
	assert_found_at(
		"31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
		"32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
		"41 31 0:38 / /sys/fs/cgroup/unified rw shared:1 master:2 - cgroup2 none rw\n",
		"sys/fs/cgroup/unified/a", "/sys/fs/cgroup/unified/a");
}

/* Inside a container, the whole hierarchy at an odd place goes before the part at the usual one. */
static void test_find__nested(void **state)
{
	const char *part = "50 23 0:38 /docker/1 /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
	const char *both = "50 23 0:38 /docker/1 /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
			   "51 23 0:38 / /host\\040files/cgroup rw - cgroup2 cgroup2 rw\n";

	(void)state;
	assert_found_at(part, "sys/fs/cgroup/a", "/sys/fs/cgroup/a");
	assert_found_at(both, "host files/cgroup/a", "/host files/cgroup/a");
}

/* A place of the list that is not there (or hidden by another mount) is passed over. */
static void test_find__second_place(void **state)
{
	(void)state;
	assert_found_at("50 23 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
			"51 23 0:38 / /mnt/cgroup rw - cgroup2 cgroup2 rw\n",
			"mnt/cgroup/a", "/mnt/cgroup/a");
}

/* The machine's root at another place than ours: the list of mounts has that place before its paths. There is the usual
 * place, which goes before where others may have mounted it as well. */
static void test_find__root_is_elsewhere(void **state)
{
	struct cgroup_tree *cgroups;
	char mountinfo[512];
	unsigned long id;
	struct tree tree;

	(void)state;
	tree_make(&tree);
	(void)snprintf(mountinfo, sizeof(mountinfo),
		       "49 23 0:38 / /run/x rw - cgroup2 cgroup2 rw\n"
		       "50 23 0:38 / %s/sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
		       "51 23 0:38 / %s/run/x rw - cgroup2 cgroup2 rw\n",
		       tree.root, tree.root);
	tree_write(&tree, "proc/self/mountinfo", mountinfo);
	tree_mkdir(&tree, "run/x");
	id = tree_mkdir(&tree, "sys/fs/cgroup/a");
	cgroups = open_tree(tree.fd);
	assert_string_equal(cgroup_tree__find(cgroups, id), "/sys/fs/cgroup/a");
	cgroup_tree__close(cgroups);
	tree_remove(&tree);
}

static void assert_open_fails(const char *mountinfo, const char *text)
{
	struct cgroup_tree *cgroups = NULL;
	struct err err = ERR_INIT;
	struct tree tree;

	tree_make(&tree);
	if (mountinfo)
		tree_write(&tree, "proc/self/mountinfo", mountinfo);
	assert_int_equal(cgroup_tree__open(tree.fd, &cgroups, &err), -ENOENT);
	assert_null(cgroups);
	assert_string_equal(err.text, text);
	err__done(&err);
	tree_remove(&tree);
}

static void test_open__no_hierarchy(void **state)
{
	(void)state;
	assert_open_fails(NULL, "cannot read /proc/self/mountinfo: No such file or directory");
	assert_open_fails("", "no cgroup v2 hierarchy is mounted");
	assert_open_fails("32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n",
			  "no cgroup v2 hierarchy is mounted");
	assert_open_fails("41 31 - cgroup2 none rw\n", "no cgroup v2 hierarchy is mounted");
	assert_open_fails("50 23 0:38 / /../.. rw - cgroup2 cgroup2 rw\n",
			  "no cgroup v2 hierarchy is mounted");
	assert_open_fails("50 23 0:38 / /not/there rw - cgroup2 cgroup2 rw\n",
			  "no cgroup v2 hierarchy is mounted");
}

static void test_find__later_directories_by_walk(void **state)
{
	unsigned long ids[BURST], gone;
	struct cgroup_tree *cgroups;
	struct tree tree;

	(void)state;
	tree_make(&tree);
	tree_write(&tree, "proc/self/mountinfo", "50 23 0:38 / /cgroup rw - cgroup2 cgroup2 rw\n");
	gone = tree_mkdir(&tree, "cgroup/gone");
	cgroups = open_tree(tree.fd);
	assert_string_equal(cgroup_tree__find(cgroups, gone), "/cgroup/gone");
	for (unsigned int i = 0; i < BURST; i++) {
		char path[32];

		(void)snprintf(path, sizeof(path), "cgroup/sub/%u", i);
		ids[i] = tree_mkdir(&tree, path);
	}
	tree_rmdir(&tree, "cgroup/gone"); /* last, or its inode number would come again */
	for (unsigned int i = 0; i < BURST; i++) {
		char path[32];

		(void)snprintf(path, sizeof(path), "/cgroup/sub/%u", i);
		assert_string_equal(cgroup_tree__find(cgroups, ids[i]), path);
	}
	assert_int_equal(cgroup_tree__count(cgroups), BURST + 2); /* the root, and sub */
	cgroup_tree__close(cgroups);
	tree_remove(&tree);
}

static void test_subscribe__not_live(void **state)
{
	const struct cgroup_observer observer = { 0 };
	struct cgroup_watch *watch = NULL;
	struct cgroup_tree *cgroups;
	struct err err = ERR_INIT;
	struct tree tree;

	(void)state;
	tree_make(&tree);
	tree_write(&tree, "proc/self/mountinfo", "50 23 0:38 / /cgroup rw - cgroup2 cgroup2 rw\n");
	tree_mkdir(&tree, "cgroup");
	cgroups = open_tree(tree.fd);
	assert_int_equal(cgroup_tree__subscribe(cgroups, &observer, &watch, &err), -EOPNOTSUPP);
	assert_string_equal(err.text,
			    "the kernel does not tell changes of cgroups: '/cgroup' is no cgroup2");
	err__done(&err);
	cgroup_tree__close(cgroups);
	tree_remove(&tree);
}

struct told {
	unsigned long added, removed; /* the latest */
	unsigned int count;
};

static void note_added(void *ctx, uint64_t id, const char *path)
{
	struct told *told = ctx;

	(void)path;
	told->added = id;
	told->count++;
}

static void note_removed(void *ctx, uint64_t id, const char *path)
{
	struct told *told = ctx;

	(void)path;
	told->removed = id;
	told->count++;
}

static void test_subscribe_anyway__told_by_walks(void **state)
{
	struct told told = { 0 };
	const struct cgroup_observer observer = { .added = note_added,
						  .removed = note_removed,
						  .ctx = &told };
	struct cgroup_watch *watch = NULL;
	struct cgroup_tree *cgroups;
	struct tree tree;
	unsigned long id;

	(void)state;
	tree_make(&tree);
	tree_write(&tree, "proc/self/mountinfo", "50 23 0:38 / /cgroup rw - cgroup2 cgroup2 rw\n");
	id = tree_mkdir(&tree, "cgroup");
	cgroups = open_tree(tree.fd);
	assert_int_equal(cgroup_tree__subscribe_anyway(cgroups, &observer, &watch, NULL), 0);
	assert_int_equal(told.added, id);
	id = tree_mkdir(&tree, "cgroup/later");
	assert_int_equal(told.count, 1);
	cgroup_tree__look_around(cgroups);
	assert_int_equal(told.added, id);
	tree_rmdir(&tree, "cgroup/later");
	cgroup_tree__look_around(cgroups);
	assert_int_equal(told.removed, id);
	assert_int_equal(told.count, 3);
	assert_string_equal(cgroup_tree__mount_path(cgroups), "/cgroup");
	assert_null(cgroup_tree__unsubscribe(cgroups, watch));
	cgroup_tree__close(cgroups);
	tree_remove(&tree);
}

static void test_open_dir__checks_the_id(void **state)
{
	struct cgroup_tree *cgroups;
	unsigned long id;
	struct stat status;
	struct tree tree;
	int fd;

	(void)state;
	tree_make(&tree);
	tree_write(&tree, "proc/self/mountinfo", "50 23 0:38 / /cgroup rw - cgroup2 cgroup2 rw\n");
	id = tree_mkdir(&tree, "cgroup/a");
	cgroups = open_tree(tree.fd);
	fd = cgroup_tree__open_dir(cgroups, id);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(status.st_ino, id);
	(void)close(fd);
	/* Another directory has the path now. */
	tree_mkdir(&tree, "cgroup/b");
	tree_rmdir(&tree, "cgroup/a");
	assert_int_equal(renameat(tree.fd, "cgroup/b", tree.fd, "cgroup/a"), 0);
	assert_int_equal(cgroup_tree__open_dir(cgroups, id), -ENOENT);
	assert_int_equal(cgroup_tree__open_dir(cgroups, 88888888888), -ENOENT);
	cgroup_tree__close(cgroups);
	tree_remove(&tree);
}

/* ---- the kernel's own hierarchy, in a directory of ours ------------------------------------------ */

struct real {
	int root_fd;
	struct cgroup_tree *cgroups;
	char path[512]; /* of our directory; "": there is none */
};

/* Without a hierarchy to write into the path stays empty, and the reason is printed. */
static int open_real(void **state)
{
	static struct real real;
	struct err err = ERR_INIT;
	const char *root;

	*state = &real;
	real = (struct real){ .root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC) };
	if (cgroup_tree__open(real.root_fd, &real.cgroups, &err) < 0) {
		print_message("# skip: %s\n", err.text);
		err__done(&err);
		return 0;
	}
	root = cgroup_tree__find(real.cgroups, 1);
	(void)snprintf(real.path, sizeof(real.path), "%s/sonde-test-%d",
		       root ? root : "/sys/fs/cgroup", getpid());
	if (mkdir(real.path, 0755) < 0) {
		print_message("# skip: cannot make %s: %s\n", real.path, strerror(errno));
		real.path[0] = '\0';
	}
	return 0;
}

/* Also after a failure nothing may stay. */
static int close_real(void **state)
{
	struct real *real = *state;

	for (unsigned int i = 0; *real->path && i < BURST; i++) {
		char path[600];

		(void)snprintf(path, sizeof(path), "%s/%u", real->path, i);
		(void)rmdir(path); /* mostly gone already */
	}
	cgroup_tree__close(real->cgroups);
	(void)close(real->root_fd);
	return *real->path ? rmdir(real->path) : 0;
}

static void skip_unless_real(const struct real *real)
{
	if (!*real->path)
		skip();
}

static void skip_unless_live(const struct real *real)
{
	skip_unless_real(real);
	if (cgroup_tree__is_live(real->cgroups))
		return;
	assert_int_equal(cgroup_tree__event_fd(real->cgroups), -1);
	print_message("# skip: this kernel does not tell changes of cgroups\n");
	skip();
}

static void child_path(const struct real *real, unsigned int number, char *path, size_t size)
{
	(void)snprintf(path, size, "%s/%u", real->path, number);
}

static uint64_t make_child(const struct real *real, unsigned int number)
{
	struct stat status;
	char path[600];

	child_path(real, number, path, sizeof(path));
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(stat(path, &status), 0);
	return status.st_ino;
}

static void remove_child(const struct real *real, unsigned int number)
{
	char path[600];

	child_path(real, number, path, sizeof(path));
	assert_int_equal(rmdir(path), 0);
}

static void assert_child(struct real *real, unsigned int number, uint64_t id)
{
	const char *found = cgroup_tree__find(real->cgroups, id);
	char path[600];

	child_path(real, number, path, sizeof(path));
	assert_non_null(found);
	assert_string_equal(found, path);
}

static void test_find__kernel_one_by_one(void **state)
{
	struct real *real = *state;
	struct stat status;

	skip_unless_real(real);
	assert_int_equal(stat(real->path, &status), 0);
	assert_string_equal(cgroup_tree__find(real->cgroups, status.st_ino), real->path);
	for (unsigned int i = 0; i < BURST; i++)
		assert_child(real, i, make_child(real, i));
	assert_null(cgroup_tree__find(real->cgroups, 88888888888));
}

static void test_find__kernel_burst(void **state)
{
	struct real *real = *state;
	uint64_t ids[BURST];

	skip_unless_real(real);
	for (unsigned int i = 0; i < BURST; i++)
		ids[i] = make_child(real, i);
	for (unsigned int i = 0; i < BURST; i++)
		assert_child(real, i, ids[i]);
}

/* The old id is remembered, the new one is told apart. */
static void test_find__kernel_same_path_again(void **state)
{
	struct real *real = *state;
	uint64_t before, after;

	skip_unless_real(real);
	before = make_child(real, 0);
	assert_child(real, 0, before);
	remove_child(real, 0);
	after = make_child(real, 0);
	assert_int_not_equal(before, after);
	assert_child(real, 0, after);
	assert_child(real, 0, before);
	remove_child(real, 0);
	assert_child(real, 0, after);
}

/* Gone before anybody looked: only events can tell. */
static void test_find__kernel_gone_already(void **state)
{
	struct real *real = *state;
	uint64_t id;

	skip_unless_live(real);
	id = make_child(real, 0);
	remove_child(real, 0);
	assert_child(real, 0, id);
}

static void test_open_dir__kernel(void **state)
{
	struct real *real = *state;
	struct stat status;
	uint64_t id;
	int fd;

	skip_unless_real(real);
	id = make_child(real, 0);
	fd = cgroup_tree__open_dir(real->cgroups, id);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &status), 0);
	(void)close(fd);
	assert_int_equal(status.st_ino, id);
}

struct sighting {
	struct cgroup_tree *cgroups;
	uint64_t id;
	unsigned int added, removed;
};

static void on_added(void *ctx, uint64_t id, const char *path)
{
	struct sighting *sighting = ctx;
	int fd = cgroup_tree__open_dir(sighting->cgroups, id);

	/* What is asked from inside changes nothing, or path would be gone. */
	assert_null(cgroup_tree__find(sighting->cgroups, 88888888888));
	assert_string_equal(cgroup_tree__find(sighting->cgroups, id), path);
	if (fd >= 0)
		(void)close(fd);
	sighting->added += id == sighting->id;
}

static void on_removed(void *ctx, uint64_t id, const char *path)
{
	struct sighting *sighting = ctx;

	(void)path;
	sighting->removed += id == sighting->id;
}

static void test_subscribe__kernel(void **state)
{
	struct real *real = *state;
	struct sighting old = { .cgroups = real->cgroups }, new = { .cgroups = real->cgroups };
	const struct cgroup_observer old_observer = { on_added, on_removed, &old };
	const struct cgroup_observer new_observer = { on_added, on_removed, &new };
	struct cgroup_watch *old_watch = NULL, *new_watch = NULL;

	skip_unless_live(real);
	assert_true(cgroup_tree__event_fd(real->cgroups) >= 0);
	old.id = make_child(real, 0);
	assert_int_equal(cgroup_tree__subscribe(real->cgroups, &old_observer, &old_watch, NULL), 0);
	assert_int_equal(cgroup_tree__subscribe(real->cgroups, &new_observer, &new_watch, NULL), 0);
	assert_int_equal(old.added, 1);
	new.id = make_child(real, 1);
	cgroup_tree__run(real->cgroups);
	assert_int_equal(new.added, 1);
	remove_child(real, 0);
	cgroup_tree__run(real->cgroups);
	assert_int_equal(old.removed, 1);
	assert_int_equal(new.removed, 0);
	assert_null(cgroup_tree__unsubscribe(real->cgroups, new_watch));
	remove_child(real, 1);
	cgroup_tree__run(real->cgroups);
	assert_int_equal(new.removed, 0);
	assert_int_equal(old.added, 1);
	/* The other watch ends with the tree. */
}

#define KERNEL_TEST(function) cmocka_unit_test_setup_teardown(function, open_real, close_real)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find__pure_v2),
		cmocka_unit_test(test_find__hybrid),
		cmocka_unit_test(test_find__nested),
		cmocka_unit_test(test_find__second_place),
		cmocka_unit_test(test_find__root_is_elsewhere),
		cmocka_unit_test(test_open__no_hierarchy),
		cmocka_unit_test(test_find__later_directories_by_walk),
		cmocka_unit_test(test_subscribe__not_live),
		cmocka_unit_test(test_subscribe_anyway__told_by_walks),
		cmocka_unit_test(test_open_dir__checks_the_id),
		KERNEL_TEST(test_find__kernel_one_by_one),
		KERNEL_TEST(test_find__kernel_burst),
		KERNEL_TEST(test_find__kernel_same_path_again),
		KERNEL_TEST(test_find__kernel_gone_already),
		KERNEL_TEST(test_open_dir__kernel),
		KERNEL_TEST(test_subscribe__kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
