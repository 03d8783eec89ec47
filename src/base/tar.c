/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tar.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"

#define BLOCK_BYTES 512

/* A header, byte by byte as POSIX has it. */
struct header {
	char name[100];
	char mode[8], uid[8], gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char link[100];
	char magic[6], version[2];
	char user[32], group[32];
	char device_major[8], device_minor[8];
	char prefix[155];
	char padding[12];
};
_Static_assert(sizeof(struct header) == BLOCK_BYTES, "a header is a block");

/* Octal digits, blanks or NULs around them. GNU's binary form is for sizes that are far over any bound here. */
static int parse_octal(const char *text, size_t len, uint64_t *ret_value)
{
	uint64_t value = 0;
	size_t i = 0;

	while (i < len && text[i] == ' ')
		i++;
	for (; i < len && text[i] >= '0' && text[i] <= '7'; i++)
		value = value << 3 | (uint64_t)(text[i] - '0');
	for (; i < len; i++)
		if (text[i] != ' ' && text[i] != '\0')
			return -EINVAL;
	*ret_value = value;
	return 0;
}

static bool has_right_checksum(const struct header *header)
{
	const uint8_t *bytes = (const uint8_t *)header;
	size_t first = offsetof(struct header, checksum);
	uint64_t wanted, sum = 0;

	if (parse_octal(header->checksum, sizeof(header->checksum), &wanted) < 0)
		return false;
	for (size_t i = 0; i < sizeof(*header); i++)
		sum += i >= first && i < first + sizeof(header->checksum) ? ' ' : bytes[i];
	return sum == wanted;
}

static bool is_end(const uint8_t *block)
{
	for (size_t i = 0; i < BLOCK_BYTES; i++)
		if (block[i])
			return false;
	return true;
}

/* ---- names ---------------------------------------------------------------------------------- */

static int set_name(char *name, const char *text, size_t len)
{
	if (len >= 2 && memcmp(text, "./", 2) == 0) {
		text += 2;
		len -= 2;
	}
	if (len >= TAR_MAX_NAME)
		return -E2BIG;
	memcpy(name, text, len);
	name[len] = '\0';
	return 0;
}

static int set_header_name(char *name, const struct header *header)
{
	char whole[sizeof(header->prefix) + 1 + sizeof(header->name)];
	size_t prefix_len = memcmp(header->magic, "ustar\0", 6) == 0
				    ? strnlen(header->prefix, sizeof(header->prefix))
				    : 0;
	size_t len = strnlen(header->name, sizeof(header->name));

	memcpy(whole, header->prefix, prefix_len);
	if (prefix_len > 0)
		whole[prefix_len++] = '/';
	memcpy(whole + prefix_len, header->name, len);
	return set_name(name, whole, prefix_len + len);
}

/* Records of a pax header: "LENGTH KEY=VALUE\n", of which only the path matters. */
static int read_pax(const char *text, size_t len, char *name)
{
	static const char key[] = "path=";

	while (len > 0) {
		const char *blank = memchr(text, ' ', len);
		size_t digits = blank ? (size_t)(blank - text) : 0, key_at = digits + 1;
		uint64_t record;

		if (!blank || num_parse_u64(text, digits, &record) < 0 || record > len ||
		    record <= key_at)
			return -EINVAL;
		if (record - key_at > sizeof(key) &&
		    memcmp(text + key_at, key, sizeof(key) - 1) == 0) {
			int r = set_name(name, text + key_at + sizeof(key) - 1,
					 record - key_at - sizeof(key));

			if (r < 0)
				return r;
		}
		text += record;
		len -= record;
	}
	return 0;
}

/* ---- entries -------------------------------------------------------------------------------- */

/* The next header and what follows it. 1, 0 at the end, -EINVAL, -E2BIG. */
static int next_entry(struct tar *tar, struct header *ret_header, const char **ret_data,
		      size_t *ret_len)
{
	uint64_t size, blocks;
	size_t left = tar->len - tar->at;

	if (left < BLOCK_BYTES || is_end(tar->data + tar->at))
		return 0;
	if (++tar->entries > TAR_MAX_ENTRIES)
		return -E2BIG;
	memcpy(ret_header, tar->data + tar->at, sizeof(*ret_header));
	if (!has_right_checksum(ret_header) ||
	    parse_octal(ret_header->size, sizeof(ret_header->size), &size) < 0)
		return -EINVAL;
	left -= BLOCK_BYTES;
	if (size > left)
		return -EINVAL;
	blocks = (size + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
	*ret_data = (const char *)tar->data + tar->at + BLOCK_BYTES;
	*ret_len = size;
	tar->at += BLOCK_BYTES + (blocks < left ? blocks : left);
	return 1;
}

int tar__next(struct tar *tar, struct tar_file *ret_file)
{
	char long_name[TAR_MAX_NAME] = "";
	struct header header;
	const char *data;
	size_t len;
	int r;

	while ((r = next_entry(tar, &header, &data, &len)) > 0) {
		int named = 0;

		switch (header.type) {
		case 'L': /* GNU: the name of the next entry */
			named = set_name(long_name, data, strnlen(data, len));
			break;
		case 'x':
			named = read_pax(data, len, long_name);
			break;
		case '0':
		case '\0':
			ret_file->data = data;
			ret_file->len = len;
			named = long_name[0]
					? set_name(ret_file->name, long_name, strlen(long_name))
					: set_header_name(ret_file->name, &header);
			return named < 0 ? named : 1;
		case 'g':
			break;
		default: /* folders, links, devices: nobody asks for them */
			long_name[0] = '\0';
			break;
		}
		if (named < 0)
			return named;
	}
	return r;
}

int tar_find(const void *data, size_t len, const char *name, struct tar_file *ret_file)
{
	struct tar tar = { .data = data, .len = len };
	int r;

	while ((r = tar__next(&tar, ret_file)) > 0)
		if (str_eq(ret_file->name, name))
			return 0;
	return r < 0 ? r : -ENOENT;
}
