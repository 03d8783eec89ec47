/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many rows the kernel's tables of a name have, all of that name together: for tests in machines where nobody else
 * has any. Of an array they are as many as there is room for.
 *
 *	map_rows NAME…
 */
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KEY_MAX 1024

static int ask(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static unsigned long count_rows(int fd)
{
	uint64_t keys[2][KEY_MAX / sizeof(uint64_t)];
	union bpf_attr attr = { 0 };
	unsigned long rows = 0;

	attr.map_fd = (uint32_t)fd;
	attr.next_key = (uint64_t)(uintptr_t)keys[0];
	while (ask(BPF_MAP_GET_NEXT_KEY, &attr) == 0) {
		attr.key = attr.next_key;
		attr.next_key = (uint64_t)(uintptr_t)keys[++rows % 2];
	}
	return rows;
}

static unsigned long count_of_map(uint32_t id, const char *name)
{
	union bpf_attr attr = { .map_id = id }, ask_info = { 0 };
	struct bpf_map_info info = { 0 };
	unsigned long rows = 0;
	int fd = ask(BPF_MAP_GET_FD_BY_ID, &attr);

	if (fd < 0)
		return 0; /* it went meanwhile */
	ask_info.info.bpf_fd = (uint32_t)fd;
	ask_info.info.info_len = sizeof(info);
	ask_info.info.info = (uint64_t)(uintptr_t)&info;
	if (ask(BPF_OBJ_GET_INFO_BY_FD, &ask_info) == 0 && info.key_size <= KEY_MAX &&
	    strncmp(info.name, name, sizeof(info.name) - 1) == 0)
		rows = count_rows(fd);
	(void)close(fd);
	return rows;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		union bpf_attr attr = { 0 };
		unsigned long rows = 0;

		for (; ask(BPF_MAP_GET_NEXT_ID, &attr) == 0; attr.start_id = attr.next_id)
			rows += count_of_map(attr.next_id, argv[i]);
		printf("%s %lu\n", argv[i], rows);
	}
	return 0;
}
