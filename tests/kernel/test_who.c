/* SPDX-License-Identifier: Apache-2.0 */
/* Processes as the kernel tells them: every way to become one, to become another one, and to end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "who_driver.h"

#define RUNS 1000
#define RUNS_EMULATED 200 /* by a processor that takes 10 ms for each */
#define TEST_PATH_MAX 4096
#define LONG_ARGUMENTS 100
#define LONG_ARGUMENT_BYTES 2000

/* What was told of the children of one process, and of one process. */
struct fixture {
	struct who_driver driver;
	char own_path[TEST_PATH_MAX], folder[TEST_PATH_MAX];
	uint32_t parent; /* whose children are counted */
	uint32_t child_execs, child_exits, children_of_shell;
	uint32_t watched; /* of which execs are counted and the last is kept */
	uint32_t watched_execs, watched_exits;
	struct who_key watched_keys[8];
};

static void on_exec(void *ctx, const struct process *process)
{
	struct fixture *fixture = ctx;
	const struct process *parent;

	if (fixture->parent && process->parent.tgid == fixture->parent) {
		fixture->child_execs++;
		parent = process_table__parent(fixture->driver.table, process);
		if (parent && parent->key.tgid == fixture->parent &&
		    parent->parent.tgid == (uint32_t)getpid() && strstr(parent->binary, "sh"))
			fixture->children_of_shell++;
	}
	if (process->key.tgid == fixture->watched &&
	    fixture->watched_execs < array_size(fixture->watched_keys))
		fixture->watched_keys[fixture->watched_execs++] = process->key;
}

static void on_exit_record(void *ctx, const struct process *process)
{
	struct fixture *fixture = ctx;

	if (fixture->parent && process->parent.tgid == fixture->parent)
		fixture->child_exits++;
	if (process->key.tgid == fixture->watched)
		fixture->watched_exits++;
}

static void open_driver(struct fixture *fixture)
{
	struct process_options options = {
		.node = "node", .exec = on_exec, .exit = on_exit_record, .ctx = fixture
	};
	struct err err = ERR_INIT;

	if (who_driver__open(&fixture->driver, &options, &err) < 0)
		fail_msg("%s\n%s", err.text ? err.text : "?", err.cause ? err.cause : "");
}

static int set_up(void **state)
{
	static struct fixture fixture;
	ssize_t len;

	fixture = (struct fixture){ 0 };
	*state = &fixture;
	if (geteuid() != 0) {
		print_message("# skip: needs root\n");
		skip();
	}
	len = readlink("/proc/self/exe", fixture.own_path, sizeof(fixture.own_path) - 1);
	assert_true(len > 0);
	(void)snprintf(fixture.folder, sizeof(fixture.folder), "/tmp/sonde-who-XXXXXX");
	assert_non_null(mkdtemp(fixture.folder));
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	who_driver__close(&fixture->driver);
	(void)rmdir(fixture->folder);
	return 0;
}

/* Held until its records are wanted: the number is known before it does anything. */
struct child {
	pid_t pid;
	int gate;
};

static struct child begin_child(void)
{
	struct child child;
	int gate[2];

	assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
	child.pid = fork();
	assert_true(child.pid >= 0);
	if (child.pid == 0) {
		char byte;

		(void)close(gate[1]);
		(void)!read(gate[0], &byte, 1);
		(void)close(gate[0]);
		return child;
	}
	(void)close(gate[0]);
	child.gate = gate[1];
	return child;
}

static void watch(struct fixture *fixture, const struct child *child)
{
	fixture->watched = (uint32_t)child->pid;
	(void)close(child->gate);
}

static const struct process *watched(const struct fixture *fixture, uint32_t index)
{
	assert_in_range(index + 1, 1, fixture->watched_execs);
	return process_table__find_key(fixture->driver.table, &fixture->watched_keys[index]);
}

/* Runs that in a child and waits until its end was told. The status. */
static int run(struct fixture *fixture, char *const arguments[])
{
	struct child child = begin_child();

	if (child.pid == 0) {
		(void)execv(arguments[0], arguments);
		_exit(127);
	}
	watch(fixture, &child);
	return who_driver__wait(&fixture->driver, child.pid);
}

static void assert_arguments(const struct process *process, const char *expected)
{
	struct strbuf text = STRBUF_INIT;

	process__add_arguments(process, &text);
	assert_string_equal(strbuf__text(&text), expected);
	strbuf__done(&text);
}

static void copy_self(const struct fixture *fixture, int to)
{
	char *bytes = NULL;
	size_t len;

	assert_int_equal(fd_read_all(AT_FDCWD, fixture->own_path, 256u << 20, &bytes, &len), 0);
	assert_int_equal(fd_write_all(to, bytes, len), 0);
	free(bytes);
}

/* ---- many ------------------------------------------------------------------------------------- */

static void test_exec__thousand_runs_of_a_shell(void **state)
{
	static const char script[] = "i=0; while [ $i -lt $1 ]; do /bin/true; i=$((i+1)); done";
	const uint32_t runs = getenv("SONDE_IN_VM") ? RUNS_EMULATED : RUNS;
	struct fixture *fixture = *state;
	char count[16];
	struct process_table_figures figures;
	struct who_figures lost;
	struct child child;

	if (access("/bin/true", X_OK) < 0) {
		print_message("# skip: there is no /bin/true\n");
		skip();
	}
	(void)snprintf(count, sizeof(count), "%u", runs);
	open_driver(fixture);
	child = begin_child();
	if (child.pid == 0) {
		(void)execl("/bin/sh", "sh", "-c", script, "sh", count, NULL);
		_exit(127);
	}
	fixture->parent = (uint32_t)child.pid;
	watch(fixture, &child);
	assert_int_equal(who_driver__wait(&fixture->driver, child.pid), 0);
	lost = who_driver__figures(&fixture->driver);
	assert_int_equal(lost.lost[WHO_RECORD_EXEC], 0);
	assert_int_equal(lost.lost[WHO_RECORD_EXIT], 0);
	assert_int_equal(fixture->child_execs, runs);
	assert_int_equal(fixture->child_exits, runs);
	assert_int_equal(fixture->children_of_shell, runs);
	process_table__expire(fixture->driver.table, INT64_MAX);
	process_table__figures(fixture->driver.table, &figures);
	assert_null(process_table__find(fixture->driver.table, (uint32_t)child.pid));
	assert_int_equal(figures.malformed, 0);
	assert_int_equal(figures.dropped, 0);
}

/* ---- ways to become another ------------------------------------------------------------------- */

static void test_exec__is_told_whole(void **state)
{
	struct fixture *fixture = *state;
	char *arguments[] = { fixture->own_path, (char *)"--end", (char *)"two words", NULL };
	const struct process *process, *parent;
	char cwd[TEST_PATH_MAX];
	struct stat status;

	open_driver(fixture);
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	assert_int_equal(stat(fixture->own_path, &status), 0);
	assert_int_equal(WEXITSTATUS(run(fixture, arguments)), 3);
	assert_int_equal(fixture->watched_execs, 1);
	assert_int_equal(fixture->watched_exits, 1);
	process = watched(fixture, 0);
	assert_string_equal(process->binary, fixture->own_path);
	assert_string_equal(process->interpreter, "");
	assert_string_equal(process->cwd, cwd);
	assert_arguments(process, "--end \"two words\"");
	assert_int_equal(process->exit_code, 3 << 8);
	assert_int_equal(process->inode, status.st_ino);
	assert_int_equal(process->credentials.euid, 0);
	assert_int_not_equal(process->credentials.effective, 0);
	assert_int_equal(process->tid, process->key.tgid);
	assert_false(process->is_missed);
	assert_int_equal(stat("/proc/self/ns/mnt", &status), 0);
	assert_int_equal(process->namespaces[WHO_NAMESPACE_MNT], status.st_ino);
	assert_int_equal(stat("/proc/self/ns/pid", &status), 0);
	assert_int_equal(process->namespaces[WHO_NAMESPACE_PID], status.st_ino);
	assert_int_equal(stat("/proc/self/ns/net", &status), 0);
	assert_int_equal(process->namespaces[WHO_NAMESPACE_NET], status.st_ino);
	assert_int_equal(stat("/proc/self/ns/user", &status), 0);
	assert_int_equal(process->namespaces[WHO_NAMESPACE_USER], status.st_ino);
	parent = process_table__parent(fixture->driver.table, process);
	assert_non_null(parent);
	assert_int_equal(parent->key.tgid, getpid());
	assert_string_equal(parent->binary, fixture->own_path);
}

static void test_exec__without_fork(void **state)
{
	struct fixture *fixture = *state;
	char *arguments[] = { fixture->own_path, (char *)"--again", NULL };
	const struct process *first, *second;

	open_driver(fixture);
	assert_int_equal(WEXITSTATUS(run(fixture, arguments)), 3);
	assert_int_equal(fixture->watched_execs, 2);
	assert_int_equal(fixture->watched_exits, 1);
	first = watched(fixture, 0);
	second = watched(fixture, 1);
	assert_ptr_equal(process_table__parent(fixture->driver.table, second), first);
	assert_int_equal(first->parent.tgid, getpid());
	assert_false(first->is_exited);
	assert_true(second->is_exited);
	assert_arguments(second, "--end");
}

static void test_exec__by_a_thread(void **state)
{
	struct fixture *fixture = *state;
	char *arguments[] = { fixture->own_path, (char *)"--thread", NULL };
	const struct process *process;

	open_driver(fixture);
	assert_int_equal(WEXITSTATUS(run(fixture, arguments)), 3);
	assert_int_equal(fixture->watched_execs, 2);
	assert_int_equal(fixture->watched_exits, 1);
	process = watched(fixture, 1);
	assert_int_not_equal(process->flags & WHO_FLAG_THREAD_EXEC, 0);
	assert_int_not_equal(process->tid, process->key.tgid);
	assert_arguments(process, "--end");
}

static void test_exec__of_a_script(void **state)
{
	static const char text[] = "#!/bin/sh\nexit 7\n";
	struct fixture *fixture = *state;
	const struct process *process;
	char path[TEST_PATH_MAX + 16];
	char *arguments[] = { path, (char *)"x", NULL };
	int fd;

	open_driver(fixture);
	(void)snprintf(path, sizeof(path), "%s/script", fixture->folder);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, sizeof(text) - 1), 0);
	(void)close(fd);
	assert_int_equal(WEXITSTATUS(run(fixture, arguments)), 7);
	(void)unlink(path);
	assert_int_equal(fixture->watched_execs, 1);
	process = watched(fixture, 0);
	assert_string_equal(process->binary, path);
	assert_string_equal(process->interpreter, "/bin/sh");
	assert_non_null(strstr(process->arguments, path));
}

static int run_descriptor(struct fixture *fixture, int fd)
{
	struct child child = begin_child();

	if (child.pid == 0) {
		char *arguments[] = { (char *)"nobody", (char *)"--end", NULL };
		char *environment[] = { NULL };

		(void)fexecve(fd, arguments, environment);
		_exit(127);
	}
	watch(fixture, &child);
	return who_driver__wait(&fixture->driver, child.pid);
}

static void test_exec__of_a_descriptor(void **state)
{
	struct fixture *fixture = *state;
	const struct process *process;
	int fd = open(fixture->own_path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	open_driver(fixture);
	assert_int_equal(WEXITSTATUS(run_descriptor(fixture, fd)), 3);
	(void)close(fd);
	process = watched(fixture, 0);
	assert_int_not_equal(process->links, 0);
	assert_true(str_starts(process->binary, "/dev/fd/"));
	assert_string_equal(process->file, fixture->own_path);
}

static void test_exec__of_a_memfd(void **state)
{
	struct fixture *fixture = *state;
	const struct process *process;
	int fd = memfd_create("sonde-who", MFD_CLOEXEC);

	assert_true(fd >= 0);
	open_driver(fixture);
	copy_self(fixture, fd);
	assert_int_equal(WEXITSTATUS(run_descriptor(fixture, fd)), 3);
	(void)close(fd);
	assert_int_equal(fixture->watched_execs, 1);
	process = watched(fixture, 0);
	assert_int_equal(process->links, 0);
	assert_string_equal(process->file, "/memfd:sonde-who");
	assert_true(str_starts(process->binary, "/dev/fd/"));
}

static void test_exec__of_a_deleted_file(void **state)
{
	struct fixture *fixture = *state;
	const struct process *process;
	char path[TEST_PATH_MAX + 16];
	int fd;

	open_driver(fixture);
	(void)snprintf(path, sizeof(path), "%s/gone", fixture->folder);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	assert_true(fd >= 0);
	copy_self(fixture, fd);
	(void)close(fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(WEXITSTATUS(run_descriptor(fixture, fd)), 3);
	(void)close(fd);
	assert_int_equal(fixture->watched_execs, 1);
	process = watched(fixture, 0);
	assert_int_equal(process->links, 0);
	assert_string_equal(process->file, path);
}

static void test_exec__with_long_arguments(void **state)
{
	struct fixture *fixture = *state;
	char *arguments[LONG_ARGUMENTS + 3] = { fixture->own_path, (char *)"--end" };
	struct strbuf expected = STRBUF_INIT;
	const struct process *process;

	open_driver(fixture);
	strbuf__add_text(&expected, "--end");
	for (int i = 0; i < LONG_ARGUMENTS; i++) {
		char *argument = arguments[i + 2] = malloc(LONG_ARGUMENT_BYTES + 1);

		assert_non_null(argument);
		memset(argument, 'a' + i % 26, LONG_ARGUMENT_BYTES);
		argument[LONG_ARGUMENT_BYTES] = '\0';
		strbuf__add_char(&expected, ' ');
		strbuf__add_text(&expected, argument);
	}
	assert_int_equal(WEXITSTATUS(run(fixture, arguments)), 3);
	process = watched(fixture, 0);
	assert_arguments(process, strbuf__text(&expected));
	assert_int_equal(process->flags & (WHO_FLAG_ARGUMENTS_CUT | WHO_FLAG_ARGUMENTS_ERROR), 0);
	strbuf__done(&expected);
	for (int i = 0; i < LONG_ARGUMENTS; i++)
		free(arguments[i + 2]);
}

static void test_exec__with_its_environment(void **state)
{
	struct fixture *fixture = *state;
	char *arguments[] = { fixture->own_path, (char *)"--end", NULL };
	char *value = malloc(3 * WHO_ARGUMENTS_PIECE);
	char *const environment[] = { (char *)"FIRST=1", value, (char *)"LAST=2", NULL };
	const struct process *process;
	struct child child;

	assert_non_null(value);
	memset(value, 'v', 3 * WHO_ARGUMENTS_PIECE);
	memcpy(value, "LONG=", strlen("LONG="));
	value[3 * WHO_ARGUMENTS_PIECE - 1] = '\0';
	fixture->driver.wants_environment = true;
	open_driver(fixture);
	child = begin_child();
	if (child.pid == 0) {
		(void)execve(arguments[0], arguments, environment);
		_exit(127);
	}
	watch(fixture, &child);
	assert_int_equal(WEXITSTATUS(who_driver__wait(&fixture->driver, child.pid)), 3);
	process = watched(fixture, 0);
	assert_int_equal(process->environment_size,
			 sizeof("FIRST=1") + 3 * WHO_ARGUMENTS_PIECE + sizeof("LAST=2"));
	assert_string_equal(process->environment, "FIRST=1");
	assert_string_equal(process->environment + sizeof("FIRST=1"), value);
	assert_string_equal(process->environment + process->environment_size - sizeof("LAST=2"),
			    "LAST=2");
	assert_arguments(process, "--end");
	assert_int_equal(process->flags & (WHO_FLAG_ENVIRONMENT_CUT | WHO_FLAG_ENVIRONMENT_ERROR),
			 0);
	free(value);
}

/* A file of root's with setuid, run by somebody who is nobody. */
static void test_exec__that_raises(void **state)
{
	struct fixture *fixture = *state;
	char path[TEST_PATH_MAX + 16];
	const struct process *process;
	struct child child;
	int fd;

	open_driver(fixture);
	(void)snprintf(path, sizeof(path), "%s/raised", fixture->folder);
	assert_int_equal(chmod(fixture->folder, 0755), 0);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	assert_true(fd >= 0);
	copy_self(fixture, fd);
	assert_int_equal(fchmod(fd, 04755), 0);
	(void)close(fd);
	child = begin_child();
	if (child.pid == 0) {
		if (setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0)
			(void)execl(path, path, "--end", NULL);
		_exit(127);
	}
	watch(fixture, &child);
	(void)who_driver__wait(&fixture->driver, child.pid);
	assert_int_equal(unlink(path), 0);
	if (fixture->watched_execs == 0 || watched(fixture, 0)->credentials.euid != 0) {
		print_message("# skip: setuid means nothing where /tmp is\n");
		skip();
	}
	process = watched(fixture, 0);
	assert_int_equal(process->credentials.uid, 65534);
	assert_int_equal(process->flags & WHO_FLAG_SETUID, WHO_FLAG_SETUID);
	assert_int_equal(process->raised, PROCESS_RAISED_BY_SETUID);
}

/* ---- ways to be there and to end -------------------------------------------------------------- */

static void test_seed__of_a_child_that_is_older(void **state)
{
	char signal[SIGNAL_NAME_MAX];
	struct fixture *fixture = *state;
	struct child child = begin_child();
	const struct process *process;
	struct who_process entry;
	uint32_t tgid;

	if (child.pid == 0) {
		(void)pause();
		_exit(0);
	}
	tgid = (uint32_t)child.pid;
	open_driver(fixture);
	fixture->watched = tgid;
	process = process_table__find(fixture->driver.table, tgid);
	assert_non_null(process);
	assert_int_not_equal(process->flags & WHO_FLAG_SEED, 0);
	assert_string_equal(process->binary, fixture->own_path);
	assert_int_equal(process->parent.tgid, getpid());
	assert_int_equal(who_driver__kernel_process(&fixture->driver, tgid, &entry), 0);
	assert_int_equal(entry.time_ns, process->key.time_ns);
	assert_int_equal(entry.parent_tgid, getpid());
	assert_int_equal(entry.cgroup_id, process->cgroup_id);
	assert_int_equal(entry.netns, process->namespaces[WHO_NAMESPACE_NET]);
	(void)kill(child.pid, SIGKILL);
	(void)close(child.gate);
	assert_int_equal(who_driver__wait(&fixture->driver, child.pid), SIGKILL);
	process = process_table__find(fixture->driver.table, tgid);
	assert_true(process->is_exited);
	assert_string_equal(process_signal_name(process->exit_code, signal), "SIGKILL");
	assert_int_equal(who_driver__kernel_process(&fixture->driver, tgid, &entry), -ENOENT);
}

static void test_fork__in_a_pid_namespace(void **state)
{
	struct fixture *fixture = *state;
	const struct process *process = NULL;
	struct child child;
	int status;

	open_driver(fixture);
	child = begin_child();
	if (child.pid == 0) {
		pid_t first;

		if (unshare(CLONE_NEWPID) < 0)
			_exit(2);
		first = fork();
		if (first == 0) {
			(void)execl(fixture->own_path, fixture->own_path, "--end", NULL);
			_exit(127);
		}
		_exit(first < 0 || waitpid(first, &status, 0) < 0 ? 1 : 0);
	}
	fixture->parent = (uint32_t)child.pid;
	watch(fixture, &child);
	status = who_driver__wait(&fixture->driver, child.pid);
	if (WEXITSTATUS(status) == 2) {
		print_message("# skip: no pid namespaces here\n");
		skip();
	}
	assert_int_equal(fixture->child_execs, 1);
	for (uint32_t tgid = 1; tgid < 1u << 22 && !process; tgid++) {
		process = process_table__find(fixture->driver.table, tgid);
		if (process && process->parent.tgid != fixture->parent)
			process = NULL;
	}
	assert_non_null(process);
	assert_int_equal(process->own_pid, 1);
	assert_int_not_equal(process->flags & WHO_FLAG_IN_INIT_TREE, 0);
	assert_int_equal(process_table__find(fixture->driver.table, fixture->watched)->flags &
				 WHO_FLAG_IN_INIT_TREE,
			 0);
}

/* ---- cgroups ---------------------------------------------------------------------------------- */

struct cgroup_seen {
	uint64_t id;
	uint32_t made, removed, hierarchy;
	char path[TEST_PATH_MAX];
};

static void on_cgroup(void *ctx, const struct who_header *header, const void *record)
{
	struct cgroup_seen *seen = ctx;
	struct who_cgroup cgroup;

	memcpy(&cgroup, record, sizeof(cgroup));
	if (cgroup.hierarchy != 0 || cgroup.path_size > sizeof(seen->path) ||
	    !strstr((const char *)record + sizeof(cgroup), "/sonde-who-test"))
		return;
	memcpy(seen->path, (const char *)record + sizeof(cgroup), cgroup.path_size);
	seen->id = cgroup.id;
	seen->made += header->kind == WHO_RECORD_CGROUP_MADE;
	seen->removed += header->kind == WHO_RECORD_CGROUP_REMOVED;
}

/* Where cgroups v2 are mounted. */
static bool find_cgroups(char path[TEST_PATH_MAX])
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *mount;
	bool is_found = false;

	while (mounts && !is_found && (mount = getmntent(mounts)))
		if (strcmp(mount->mnt_type, "cgroup2") == 0) {
			(void)snprintf(path, TEST_PATH_MAX, "%s", mount->mnt_dir);
			is_found = true;
		}
	if (mounts)
		(void)endmntent(mounts);
	return is_found;
}

static void test_cgroup__made_and_removed(void **state)
{
	struct fixture *fixture = *state;
	struct cgroup_seen seen = { 0 };
	char root[TEST_PATH_MAX], path[TEST_PATH_MAX + 64];
	struct stat status;

	if (!find_cgroups(root)) {
		print_message("# skip: cgroups v2 are not mounted\n");
		skip();
	}
	fixture->driver.other = on_cgroup;
	fixture->driver.ctx = &seen;
	open_driver(fixture);
	(void)snprintf(path, sizeof(path), "%s/sonde-who-test-%d", root, getpid());
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(rmdir(path), 0);
	assert_true(who_driver__drain(&fixture->driver) > 0);
	assert_int_equal(seen.made, 1);
	assert_int_equal(seen.removed, 1);
	assert_int_equal(seen.id, status.st_ino);
	assert_string_equal(strrchr(seen.path, '/'), strrchr(path, '/'));
}

static void write_pid(const char *group, pid_t pid)
{
	char path[TEST_PATH_MAX + 128], text[16];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	(void)snprintf(text, sizeof(text), "%d", pid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd);
}

static void test_cgroup__of_a_process_that_moves(void **state)
{
	struct fixture *fixture = *state;
	char root[TEST_PATH_MAX], path[TEST_PATH_MAX + 64];
	const struct process *process;
	struct who_process entry;
	struct child child;
	struct stat status;

	if (!find_cgroups(root)) {
		print_message("# skip: cgroups v2 are not mounted\n");
		skip();
	}
	open_driver(fixture);
	(void)snprintf(path, sizeof(path), "%s/sonde-who-test-%d", root, getpid());
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(stat(path, &status), 0);
	child = begin_child();
	if (child.pid == 0)
		_exit(3);
	write_pid(path, child.pid);
	assert_true(who_driver__drain(&fixture->driver) > 0);
	process = process_table__find(fixture->driver.table, (uint32_t)child.pid);
	assert_non_null(process);
	assert_int_equal(process->cgroup_id, status.st_ino);
	assert_int_equal(who_driver__kernel_process(&fixture->driver, (uint32_t)child.pid, &entry),
			 0);
	assert_int_equal(entry.cgroup_id, status.st_ino);
	watch(fixture, &child);
	assert_int_equal(WEXITSTATUS(who_driver__wait(&fixture->driver, child.pid)), 3);
	assert_int_equal(rmdir(path), 0);
}

/* ---- what the children do --------------------------------------------------------------------- */

static void *call_exec(void *path)
{
	(void)execl(path, path, "--end", NULL);
	return NULL;
}

static int be_child(const char *path, const char *what)
{
	pthread_t thread;

	if (strcmp(what, "--again") == 0) {
		(void)execl(path, path, "--end", NULL);
	} else if (strcmp(what, "--thread") == 0) {
		char own_path[TEST_PATH_MAX];

		(void)snprintf(own_path, sizeof(own_path), "%s", path);
		if (pthread_create(&thread, NULL, call_exec, own_path) == 0)
			(void)pthread_join(thread, NULL);
	}
	return 3;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define WHO_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		WHO_TEST(test_exec__thousand_runs_of_a_shell),
		WHO_TEST(test_exec__is_told_whole),
		WHO_TEST(test_exec__without_fork),
		WHO_TEST(test_exec__by_a_thread),
		WHO_TEST(test_exec__of_a_script),
		WHO_TEST(test_exec__of_a_descriptor),
		WHO_TEST(test_exec__of_a_memfd),
		WHO_TEST(test_exec__of_a_deleted_file),
		WHO_TEST(test_exec__with_long_arguments),
		WHO_TEST(test_seed__of_a_child_that_is_older),
		WHO_TEST(test_fork__in_a_pid_namespace),
		WHO_TEST(test_exec__with_its_environment),
		WHO_TEST(test_exec__that_raises),
		WHO_TEST(test_cgroup__made_and_removed),
		WHO_TEST(test_cgroup__of_a_process_that_moves),
#undef WHO_TEST
	};

	if (argc > 1 && argv[1][0] == '-' && argv[1][1] == '-')
		return be_child(argv[0], argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
