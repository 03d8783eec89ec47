/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_IR_FORMAT_H
#define SRC_IR_FORMAT_H

/*
 * An aggregate as text, one line for each part of it, for people and for golden tests.
 * It owns nothing; the text goes into the caller's buffer, whose state says whether it is whole.
 */

#include "base/str.h"
#include "ir/ir.h"

void aggregate__format(const struct aggregate *aggregate, struct strbuf *text);

#endif
