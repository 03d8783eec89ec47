/* SPDX-License-Identifier: Apache-2.0 */
#include "host/devices.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/num.h"

#define PARTITIONS_PATH "proc/partitions"
#define MAX_FILE_BYTES (4u << 20)
#define MAX_DEVICES 65536u
#define NAME_SIZE 32 /* the kernel's DISK_NAME_LEN */

struct block_device {
	uint32_t major, minor;
	char name[NAME_SIZE];
};

void device_list__init(struct device_list *list)
{
	/* Two at once: the first reading, and a device that came right after it. */
	*list = (struct device_list){ .read_limit = { .interval_ns = NS_PER_S, .burst = 2 } };
}

void device_list__done(struct device_list *list)
{
	free(list->items);
	list->items = NULL;
	list->len = list->capacity = 0;
}

struct word {
	const char *text;
	size_t len;
};

/* Takes the next word of *text, which ends at `end`; an empty one when none is left. */
static struct word take_word(const char **text, const char *end)
{
	struct word word;

	while (*text < end && **text == ' ')
		(*text)++;
	word.text = *text;
	while (*text < end && **text != ' ')
		(*text)++;
	word.len = (size_t)(*text - word.text);
	return word;
}

/* "major minor #blocks name"; the heading and anything else is passed over. */
static int add_line(struct device_list *list, const char *line, const char *end)
{
	struct word words[4];
	struct block_device *device;
	uint64_t major, minor;

	for (size_t i = 0; i < array_size(words); i++)
		words[i] = take_word(&line, end);
	if (num_parse_u64(words[0].text, words[0].len, &major) < 0 || major > UINT32_MAX ||
	    num_parse_u64(words[1].text, words[1].len, &minor) < 0 || minor > UINT32_MAX ||
	    words[3].len == 0 || words[3].len >= NAME_SIZE || list->len >= MAX_DEVICES)
		return 0;
	if (mem_grow((void **)(void *)&list->items, &list->capacity, list->len + 1,
		     sizeof(*list->items)) < 0)
		return -ENOMEM;
	device = &list->items[list->len++];
	device->major = (uint32_t)major;
	device->minor = (uint32_t)minor;
	memcpy(device->name, words[3].text, words[3].len);
	device->name[words[3].len] = '\0';
	return 0;
}

static int read_list(struct device_list *list, int root_fd)
{
	__cleanup(x_freep) char *text = NULL;
	size_t len;
	int r = fd_read_all(root_fd, PARTITIONS_PATH, MAX_FILE_BYTES, &text, &len);

	if (r < 0)
		return r;
	list->len = 0;
	for (const char *line = text; r == 0 && line < text + len;) {
		const char *end = strchrnul(line, '\n');

		r = add_line(list, line, end);
		line = end + 1;
	}
	return r;
}

static const struct block_device *find(const struct device_list *list, uint32_t major,
				       uint32_t minor)
{
	for (size_t i = 0; i < list->len; i++) {
		if (list->items[i].major == major && list->items[i].minor == minor)
			return &list->items[i];
	}
	return NULL;
}

int device_list__find(struct device_list *list, int root_fd, uint32_t major, uint32_t minor,
		      char *buf, size_t size)
{
	const struct block_device *device = find(list, major, minor);
	size_t len;

	if (!device && rate_limit__take(&list->read_limit, clock_monotonic_ns())) {
		list->error = read_list(list, root_fd);
		device = find(list, major, minor);
	}
	if (!device) /* -ENOENT says that the list was read and the device is not in it */
		return list->error == -ENOENT ? -ENODATA : list->error < 0 ? list->error : -ENOENT;
	len = strlen(device->name);
	if (len >= size)
		return -ENOBUFS;
	memcpy(buf, device->name, len + 1);
	return (int)len;
}
