/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_WHO_WORDS_H
#define SRC_PIPELINE_WHO_WORDS_H

/*
 * Who a cgroup is, in the words that decoders ask for: the seam between the table of identities and decode/.
 * It owns nothing. The agent puts it into the environment of its decoders, and asks which configs need it.
 */

#include <stdbool.h>
#include "decode/identity.h"

struct spec;
struct who;

/* The source borrows who. */
void who_words__init(struct identity_source *source, struct who *who);
/* Whether a decoder in it tells who somebody is. */
bool who_words_are_in(const struct spec *spec);

#endif
