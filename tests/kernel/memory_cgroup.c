/* SPDX-License-Identifier: Apache-2.0 */
#include "memory_cgroup.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define LIMIT "16777216"
#define WANTED (64u << 20)

static bool write_text(const char *dir, const char *file, const char *text)
{
	char path[512];
	bool is_written;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	is_written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return is_written;
}

static bool make_in(char *dir, size_t size, const char *root)
{
	snprintf(dir, size, "%s/sonde-memory-%d", root, (int)getpid());
	return mkdir(dir, 0755) == 0;
}

bool memory_cgroup__make(struct memory_cgroup *group)
{
	static const struct {
		const char *root;
		const char *limit;
		const char *swap, *swap_limit; /* not there without swap */
		const char *name_root;         /* NULL: the same */
	} places[] = {
		{ "/sys/fs/cgroup", "memory.max", "memory.swap.max", "0", NULL },
		{ "/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.memsw.limit_in_bytes",
		  LIMIT, "/sys/fs/cgroup/unified" },
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		(void)write_text(places[i].root, "cgroup.subtree_control", "+memory");
		if (!make_in(group->limit_dir, sizeof(group->limit_dir), places[i].root))
			continue;
		if (!write_text(group->limit_dir, places[i].limit, LIMIT)) {
			rmdir(group->limit_dir);
			continue;
		}
		(void)write_text(group->limit_dir, places[i].swap, places[i].swap_limit);
		if (!places[i].name_root)
			memcpy(group->name_dir, group->limit_dir, sizeof(group->name_dir));
		else if (!make_in(group->name_dir, sizeof(group->name_dir), places[i].name_root))
			group->name_dir[0] = '\0';
		return true;
	}
	return false;
}

/* Touches more than the cgroup may have. */
static void want_too_much(const struct memory_cgroup *group)
{
	char *pages;

	if (group->name_dir[0] && !write_text(group->name_dir, "cgroup.procs", "0"))
		_exit(1);
	if (!write_text(group->limit_dir, "cgroup.procs", "0"))
		_exit(1);
	pages = mmap(NULL, WANTED, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED)
		_exit(2);
	for (size_t i = 0; i < WANTED; i += 4096)
		*(volatile char *)(pages + i) = 1;
	_exit(3);
}

int memory_cgroup__overrun(const struct memory_cgroup *group)
{
	int status;
	pid_t child = fork();

	if (child == 0)
		want_too_much(group);
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

void memory_cgroup__remove(struct memory_cgroup *group)
{
	assert_int_equal(rmdir(group->limit_dir), 0);
	if (group->name_dir[0] && strcmp(group->name_dir, group->limit_dir) != 0)
		assert_int_equal(rmdir(group->name_dir), 0);
}
