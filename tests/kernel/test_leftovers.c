/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs last: what the kernel tests before it attached, loaded or pinned must be gone. Only a VM is ours
 * alone; on the host, others have programs, too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The kernel frees what nobody holds any more after a grace period, and emulated processors take theirs. */
#define GRACE_MS 20000
#define POLL_MS 100

struct kind {
	const char *name;
	int (*next_id)(uint32_t start, uint32_t *ret_next);
	int (*open)(uint32_t id);
};

static const struct kind programs = { "program", bpf_prog_get_next_id, bpf_prog_get_fd_by_id };
static const struct kind maps = { "map", bpf_map_get_next_id, bpf_map_get_fd_by_id };
static const struct kind links = { "link", bpf_link_get_next_id, bpf_link_get_fd_by_id };

/* The name behind the id; "" when it went meanwhile or has none. */
static void name_of(const struct kind *kind, uint32_t id, char *buf, size_t size)
{
	union {
		struct bpf_prog_info program;
		struct bpf_map_info map;
		struct bpf_link_info link;
	} info;
	uint32_t len = sizeof(info);
	int fd = kind->open(id);

	buf[0] = '\0';
	memset(&info, 0, sizeof(info));
	if (fd < 0)
		return;
	if (kind == &programs && bpf_obj_get_info_by_fd(fd, &info.program, &len) == 0)
		snprintf(buf, size, "%s", info.program.name);
	else if (kind == &maps && bpf_obj_get_info_by_fd(fd, &info.map, &len) == 0)
		snprintf(buf, size, "%s", info.map.name);
	close(fd);
}

/* How many there are; each is named on stdout when `tells`. */
static unsigned int count(const struct kind *kind, bool tells)
{
	unsigned int found = 0;
	uint32_t id = 0;
	char name[64];

	while (kind->next_id(id, &id) == 0) {
		found++;
		if (!tells)
			continue;
		name_of(kind, id, name, sizeof(name));
		print_message("# %s %u '%s' is left over\n", kind->name, id, name);
	}
	return found;
}

static void assert_none_left(const struct kind *kind)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };

	for (int waited = 0; count(kind, false) > 0 && waited < GRACE_MS; waited += POLL_MS)
		nanosleep(&pause, NULL);
	assert_int_equal(count(kind, true), 0);
}

static void test_programs__are_gone(void **state)
{
	(void)state;
	assert_none_left(&programs);
}

static void test_maps__are_gone(void **state)
{
	(void)state;
	assert_none_left(&maps);
}

static void test_links__are_gone(void **state)
{
	(void)state;
	assert_none_left(&links);
}

static void test_pins__are_gone(void **state)
{
	unsigned int found = 0;
	DIR *bpffs;

	(void)state;
	bpffs = opendir("/sys/fs/bpf");
	assert_non_null(bpffs);
	for (const struct dirent *entry = readdir(bpffs); entry; entry = readdir(bpffs)) {
		if (entry->d_name[0] == '.')
			continue;
		print_message("# /sys/fs/bpf/%s is left over\n", entry->d_name);
		found++;
	}
	closedir(bpffs);
	assert_int_equal(found, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links__are_gone),
		cmocka_unit_test(test_programs__are_gone),
		cmocka_unit_test(test_maps__are_gone),
		cmocka_unit_test(test_pins__are_gone),
	};

	if (!getenv("SONDE_IN_VM")) {
		printf("1..0 # SKIP only a VM is ours alone\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
