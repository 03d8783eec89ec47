/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_POLICY_WORD_H
#define SRC_POLICY_WORD_H

/*
 * Names that values to compare with may use instead of numbers: CAP_SYS_ADMIN, AF_INET, TCP_LISTEN, "regular".
 * Constant tables, most of them those of record/kernel_name.h; it owns nothing.
 * number.c looks them up, matches say which table is meant.
 */

#include <stddef.h>
#include <stdint.h>

enum policy_words {
	POLICY_WORDS_NONE,
	POLICY_WORDS_CAPABILITIES,
	POLICY_WORDS_FAMILIES,
	POLICY_WORDS_FILE_TYPES, /* S_IFMT >> 12 */
	POLICY_WORDS_PROTOCOLS,
	POLICY_WORDS_STATES,
	POLICY_WORDS_COUNT,
};

/* 0, or -ENOENT. Capabilities in any case. */
int policy_word__find(enum policy_words words, const char *text, size_t len, uint64_t *ret_number);
/* NULL: none is near, or there are no words. */
const char *policy_word__nearest(enum policy_words words, const char *text);

#endif
