/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/word.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "record/kernel_name.h"

static const struct {
	const char *name;
	uint8_t number;
} file_types[] = {
	{ "blk", 6 },     { "block", 6 }, { "char", 2 },    { "chr", 2 },  { "dir", 4 },
	{ "fifo", 1 },    { "link", 10 }, { "lnk", 10 },    { "pipe", 1 }, { "reg", 8 },
	{ "regular", 8 }, { "sock", 12 }, { "socket", 12 },
};

/* The others. */
static const enum kernel_names kernel_names[POLICY_WORDS_COUNT] = {
	[POLICY_WORDS_CAPABILITIES] = KERNEL_NAMES_CAPABILITIES,
	[POLICY_WORDS_FAMILIES] = KERNEL_NAMES_FAMILIES,
	[POLICY_WORDS_PROTOCOLS] = KERNEL_NAMES_PROTOCOLS,
	[POLICY_WORDS_STATES] = KERNEL_NAMES_TCP_STATES,
};

static int find_file_type(const char *text, size_t len, uint64_t *ret_number)
{
	for (size_t i = 0; i < array_size(file_types); i++) {
		if (strlen(file_types[i].name) != len || memcmp(file_types[i].name, text, len) != 0)
			continue;
		*ret_number = file_types[i].number;
		return 0;
	}
	return -ENOENT;
}

int policy_word__find(enum policy_words words, const char *text, size_t len, uint64_t *ret_number)
{
	uint32_t number;
	int r;

	if (words == POLICY_WORDS_NONE)
		return -ENOENT;
	if (words == POLICY_WORDS_FILE_TYPES)
		return find_file_type(text, len, ret_number);
	r = kernel_name_find(kernel_names[words], text, len, &number);
	if (r == 0)
		*ret_number = number;
	return r;
}

const char *policy_word__nearest(enum policy_words words, const char *text)
{
	const char *names[array_size(file_types)];

	if (words == POLICY_WORDS_NONE)
		return NULL;
	if (words != POLICY_WORDS_FILE_TYPES)
		return kernel_name_nearest(kernel_names[words], text);
	for (size_t i = 0; i < array_size(file_types); i++)
		names[i] = file_types[i].name;
	return str_nearest(text, names, array_size(file_types));
}
