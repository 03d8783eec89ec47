/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_DERIVE_WORD_H
#define SRC_PIPELINE_DERIVE_WORD_H

/*
 * The words that say who somebody is, as fields of a record. It owns the table of them; texts are borrowed from the
 * identity, or made in the arena of the records at hand. derive.c is the only caller.
 */

#include "base/arena.h"
#include "decode/identity.h"
#include "record/record.h"

/* who NULL: nobody knows; the value is empty, or 0. 0 or -ENOMEM. */
int derive_word_get(uint32_t word, const struct identity_words *who, struct arena *texts,
		    struct value *ret_value);

#endif
