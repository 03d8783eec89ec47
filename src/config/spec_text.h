/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CONFIG_SPEC_TEXT_H
#define SRC_CONFIG_SPEC_TEXT_H

/*
 * The two words that every part of a spec is made of: a text with its position, and an index that points nowhere.
 * The text belongs to the spec's arena.
 * spec.h and spec_policy.h include it; nobody else needs to.
 */

#include <stdint.h>
#include "base/loc.h"

#define SPEC_NONE UINT32_MAX /* an index that points nowhere */

struct spec_text {
	const char *text;
	struct loc at;
};

#endif
