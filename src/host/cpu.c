/* SPDX-License-Identifier: Apache-2.0 */
#include "host/cpu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/num.h"

#define LIST_BYTES 4096
#define MAX_CPUS 65536u /* above any NR_CPUS */

static int parse_cpu(const char *text, size_t len, uint32_t *ret_cpu)
{
	uint64_t value;

	if (num_parse_u64(text, len, &value) < 0 || value >= MAX_CPUS)
		return -EINVAL;
	*ret_cpu = (uint32_t)value;
	return 0;
}

/* "3" or "0-3" */
static int add_range(struct cpu_list *list, const char *text, size_t len)
{
	const char *dash = memchr(text, '-', len);
	uint32_t first, last;

	if (parse_cpu(text, dash ? (size_t)(dash - text) : len, &first) < 0)
		return -EINVAL;
	last = first;
	if (dash && parse_cpu(dash + 1, len - (size_t)(dash + 1 - text), &last) < 0)
		return -EINVAL;
	if (last < first || list->len + (last - first) >= MAX_CPUS)
		return -EINVAL;
	for (uint32_t cpu = first; cpu <= last; cpu++) {
		if (mem_grow((void **)(void *)&list->cpus, &list->capacity, list->len + 1,
			     sizeof(*list->cpus)) < 0)
			return -ENOMEM;
		list->cpus[list->len++] = cpu;
	}
	return 0;
}

int cpu_list__read(struct cpu_list *list, int root_fd, const char *path)
{
	char text[LIST_BYTES];
	ssize_t len = fd_read_small(root_fd, path, text, sizeof(text));
	const char *part = text;

	if (len < 0)
		return (int)len;
	text[strcspn(text, "\n")] = '\0';
	while (*part) {
		size_t part_len = strcspn(part, ",");
		int r = add_range(list, part, part_len);

		if (r < 0)
			return r;
		part += part_len + (part[part_len] == ',');
	}
	return list->len ? 0 : -EINVAL;
}

void cpu_list__done(struct cpu_list *list)
{
	free(list->cpus);
	*list = (struct cpu_list){ 0 };
}
