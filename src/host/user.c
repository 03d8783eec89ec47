/* SPDX-License-Identifier: Apache-2.0 */
#include "host/user.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/num.h"

#define MAX_FILE_BYTES (4u << 20)
#define MAX_NAMES 65536u
#define CHECK_NS NS_PER_S

struct user_name {
	uint32_t id;
	uint32_t line; /* the first one of an id counts */
	const char *name;
};

void user_list__init(struct user_list *list, const char *path)
{
	*list = (struct user_list){ .path = path };
}

void user_list__done(struct user_list *list)
{
	free(list->items);
	free(list->text);
	user_list__init(list, list->path);
}

/* ---- the text ----------------------------------------------------------------------------------------- */

/* "name:password:id:…", which ends at `end`. Terminates the name. */
static bool parse_line(char *line, const char *end, struct user_name *ret_name)
{
	char *name_end = memchr(line, ':', (size_t)(end - line));
	const char *id, *id_end, *colon;
	uint64_t value;

	if (!name_end || name_end == line || memchr(line, '\0', (size_t)(name_end - line)))
		return false;
	colon = memchr(name_end + 1, ':', (size_t)(end - name_end - 1));
	if (!colon)
		return false;
	id = colon + 1;
	id_end = memchr(id, ':', (size_t)(end - id));
	if (!id_end)
		id_end = end;
	if (num_parse_u64(id, (size_t)(id_end - id), &value) < 0 || value > UINT32_MAX)
		return false;
	*name_end = '\0';
	*ret_name = (struct user_name){ .id = (uint32_t)value, .name = line };
	return true;
}

static int by_id(const void *a, const void *b)
{
	const struct user_name *left = a, *right = b;

	if (left->id != right->id)
		return left->id < right->id ? -1 : 1;
	return left->line < right->line ? -1 : left->line > right->line;
}

static size_t count_lines(const char *text, size_t len)
{
	size_t count = 1;

	for (size_t i = 0; i < len; i++)
		count += text[i] == '\n';
	return count < MAX_NAMES ? count : MAX_NAMES;
}

/* Of several lines with an id the first is kept. */
static size_t drop_doubles(struct user_name *items, size_t len)
{
	size_t kept = 0;

	for (size_t i = 0; i < len; i++)
		if (kept == 0 || items[kept - 1].id != items[i].id)
			items[kept++] = items[i];
	return kept;
}

int user_list__parse(struct user_list *list, const char *text, size_t len)
{
	size_t most = count_lines(text, len);
	__cleanup(x_freep) struct user_name *items = new_array(struct user_name, most);
	char *copy = malloc(len + 1);
	size_t count = 0;

	if (!items || !copy) {
		free(copy);
		return -ENOMEM;
	}
	if (len)
		memcpy(copy, text, len);
	copy[len] = '\0';
	for (char *line = copy; line < copy + len && count < most;) {
		char *end = memchr(line, '\n', (size_t)(copy + len - line));

		if (!end)
			end = copy + len;
		if (parse_line(line, end, &items[count])) {
			items[count].line = (uint32_t)count;
			count++;
		}
		line = end + 1;
	}
	qsort(items, count, sizeof(*items), by_id);
	free(list->items);
	free(list->text);
	list->items = take_ptr(items);
	list->len = drop_doubles(list->items, count);
	list->text = copy;
	return 0;
}

/* ---- the file ----------------------------------------------------------------------------------------- */

static int read_file(struct user_list *list, int root_fd)
{
	__cleanup(x_freep) char *text = NULL;
	size_t len;
	int r = fd_read_all(root_fd, list->path, MAX_FILE_BYTES, &text, &len);

	return r < 0 ? r : user_list__parse(list, text, len);
}

/* A file that cannot be read leaves what was known: it may be replaced at this moment. */
static void refresh(struct user_list *list, int root_fd)
{
	int64_t now_ns = clock_monotonic_ns();
	struct stat status;
	int64_t changed_ns;

	if (list->checked_ns && now_ns - list->checked_ns < CHECK_NS)
		return;
	list->checked_ns = now_ns;
	if (fstatat(root_fd, list->path, &status, 0) < 0) {
		list->error = -errno;
		return;
	}
	changed_ns = (int64_t)status.st_mtim.tv_sec * NS_PER_S + status.st_mtim.tv_nsec;
	if (list->text && list->inode == status.st_ino && list->changed_ns == changed_ns &&
	    list->size_bytes == (uint64_t)status.st_size)
		return;
	list->error = read_file(list, root_fd);
	if (list->error < 0)
		return;
	list->inode = status.st_ino;
	list->changed_ns = changed_ns;
	list->size_bytes = (uint64_t)status.st_size;
}

static int compare_id(const void *key, const void *item)
{
	uint32_t id = *(const uint32_t *)key;
	const struct user_name *name = item;

	return id < name->id ? -1 : id > name->id;
}

const char *user_list__find(struct user_list *list, int root_fd, uint32_t id)
{
	const struct user_name *found;

	refresh(list, root_fd);
	if (list->len == 0)
		return NULL;
	found = bsearch(&id, list->items, list->len, sizeof(*list->items), compare_id);
	return found ? found->name : NULL;
}
