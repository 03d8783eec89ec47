/* SPDX-License-Identifier: Apache-2.0 */
#include "host/pci.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

/*
 * Read by hand and not by libpci, which looks in one place of its own, and keeps the subsystems, most of the file, in
 * memory.
 */

#define MAX_FILE_BYTES (16u << 20) /* the file has 1.4 MB */

enum entry_kind { ENTRY_VENDOR, ENTRY_DEVICE, ENTRY_CLASS, ENTRY_SUBCLASS };

struct entry {
	uint64_t key;  /* kind, then the number (a device's with its vendor) */
	uint32_t name; /* offset in the pool */
};

struct pci_names {
	struct entry *entries; /* owned; by key, of equal ones the last of the file first */
	size_t len, capacity;
	char *pool; /* owned */
	size_t pool_len, pool_capacity;
};

static uint64_t entry_key(enum entry_kind kind, uint32_t number)
{
	return (uint64_t)kind << 32 | number;
}

/* `digits` hex digits and two spaces at the start of text. */
static bool parse_id(const char *text, unsigned int digits, uint32_t *ret_id)
{
	uint32_t id = 0;

	for (unsigned int i = 0; i < digits; i++) {
		unsigned int c = (unsigned char)text[i];

		if (c - '0' < 10)
			id = id << 4 | (c - '0');
		else if ((c | 0x20) - 'a' < 6)
			id = id << 4 | ((c | 0x20) - 'a' + 10);
		else
			return false;
	}
	*ret_id = id;
	return text[digits] == ' ' && text[digits + 1] == ' ';
}

static int add_entry(struct pci_names *names, uint64_t key, const char *name)
{
	size_t size = strlen(name) + 1;

	if (mem_grow((void **)(void *)&names->entries, &names->capacity, names->len + 1,
		     sizeof(*names->entries)) < 0 ||
	    mem_grow((void **)(void *)&names->pool, &names->pool_capacity, names->pool_len + size,
		     1) < 0)
		return -ENOMEM;
	names->entries[names->len++] = (struct entry){ .key = key,
						       .name = (uint32_t)names->pool_len };
	memcpy(names->pool + names->pool_len, name, size);
	names->pool_len += size;
	return 0;
}

/* What the line above with fewer tabs said: under whom the indented lines stand. */
struct place {
	enum { UNDER_NOTHING, UNDER_VENDOR, UNDER_CLASS } under;
	uint32_t id;
};

/*
 * "vvvv  name", "\tdddd  name" below it, "C cc  name", "\tss  name" below that. Two tabs (subsystems, programming
 * interfaces), comments and other lists of the file are passed over.
 */
static int add_line(struct pci_names *names, struct place *place, const char *line)
{
	uint32_t id;

	if (line[0] == '\t') {
		if (place->under == UNDER_VENDOR && parse_id(line + 1, 4, &id))
			return add_entry(names, entry_key(ENTRY_DEVICE, place->id << 16 | id),
					 line + 7);
		if (place->under == UNDER_CLASS && parse_id(line + 1, 2, &id))
			return add_entry(names, entry_key(ENTRY_SUBCLASS, place->id << 8 | id),
					 line + 5);
		return 0;
	}
	if (line[0] == '\0' || line[0] == '#')
		return 0;
	if (line[0] == 'C' && line[1] == ' ' && parse_id(line + 2, 2, &id)) {
		*place = (struct place){ UNDER_CLASS, id };
		return add_entry(names, entry_key(ENTRY_CLASS, id), line + 6);
	}
	if (parse_id(line, 4, &id)) {
		*place = (struct place){ UNDER_VENDOR, id };
		return add_entry(names, entry_key(ENTRY_VENDOR, id), line + 6);
	}
	*place = (struct place){ UNDER_NOTHING, 0 };
	return 0;
}

static int compare_entries(const void *left, const void *right)
{
	const struct entry *a = left;
	const struct entry *b = right;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->name > b->name ? -1 : a->name < b->name;
}

static int parse(struct pci_names *names, char *text)
{
	struct place place = { UNDER_NOTHING, 0 };

	for (char *line = text, *next; line; line = next) {
		int r;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		r = add_line(names, &place, line);
		if (r < 0)
			return r;
	}
	if (names->len)
		qsort(names->entries, names->len, sizeof(*names->entries), compare_entries);
	return 0;
}

static bool is_there(int root_fd, const char *path)
{
	return faccessat(root_fd, path, R_OK, 0) == 0;
}

/* The file to read, relative to the root; false: there is none. */
static bool choose_file(int root_fd, char *path, size_t size)
{
	static const char hwdata[] = "usr/share/hwdata/pci.ids";
	static const char misc[] = "usr/share/misc/pci.ids";
	const char *named = getenv("PCIDB_PATH");
	const char *home = getenv("HOME");
	const char *shared = is_there(root_fd, hwdata) ? hwdata
			     : is_there(root_fd, misc) ? misc
						       : NULL;
	int len;

	if (!shared)
		return false;
	if (named && *named)
		len = snprintf(path, size, "%s", named + strspn(named, "/"));
	else
		len = snprintf(path, size, "%s/.cache/pci.ids",
			       home ? home + strspn(home, "/") : "");
	if (len > 0 && (size_t)len < size && path[0] != '/' && is_there(root_fd, path))
		return true;
	len = snprintf(path, size, "%s", shared);
	return len > 0 && (size_t)len < size;
}

int pci_names__open(int root_fd, struct pci_names **ret_names, struct err *err)
{
	__cleanup(x_freep) char *text = NULL;
	struct pci_names *names;
	char path[4096];
	int r;

	if (!choose_file(root_fd, path, sizeof(path)))
		return err__set(err, -ENOENT, NULL, "no pci.ids; install the package 'pci.ids'");
	r = fd_read_all(root_fd, path, MAX_FILE_BYTES, &text, NULL);
	if (r < 0)
		return err__set(err, r, NULL, "cannot read /%s: %s", path, strerror(-r));
	names = new_zero(struct pci_names);
	r = names ? parse(names, text) : -ENOMEM;
	if (r < 0) {
		pci_names__close(names);
		return err__set(err, r, NULL, "no memory for the names of /%s", path);
	}
	*ret_names = names;
	return 0;
}

struct pci_names *pci_names__close(struct pci_names *names)
{
	if (!names)
		return NULL;
	free(names->entries);
	free(names->pool);
	free(names);
	return NULL;
}

static const char *find(const struct pci_names *names, uint64_t key)
{
	size_t low = 0;
	size_t high = names->len;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (names->entries[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == names->len || names->entries[low].key != key)
		return NULL;
	return names->pool + names->entries[low].name;
}

const char *pci_names__find_vendor(const struct pci_names *names, uint16_t vendor)
{
	return find(names, entry_key(ENTRY_VENDOR, vendor));
}

const char *pci_names__find_device(const struct pci_names *names, uint16_t vendor, uint16_t device)
{
	return find(names, entry_key(ENTRY_DEVICE, (uint32_t)vendor << 16 | device));
}

const char *pci_names__find_class(const struct pci_names *names, uint8_t class_code)
{
	return find(names, entry_key(ENTRY_CLASS, class_code));
}

const char *pci_names__find_subclass(const struct pci_names *names, uint8_t class_code,
				     uint8_t subclass)
{
	return find(names, entry_key(ENTRY_SUBCLASS, (uint32_t)class_code << 8 | subclass));
}
