/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CONFIG_SCALAR_H
#define SRC_CONFIG_SCALAR_H

/*
 * What a scalar of YAML 1.1 means: null, truth value, number or text, by the rules of go-yaml v2.
 * It owns nothing: text stays in the node. bind.c calls it; strings never need it, they keep the raw text.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "config/yaml.h"

enum scalar_kind { SCALAR_NULL, SCALAR_BOOL, SCALAR_INT, SCALAR_UINT, SCALAR_FLOAT, SCALAR_TEXT };

struct scalar {
	enum scalar_kind kind;
	union {
		bool truth;
		int64_t s64;  /* SCALAR_INT */
		uint64_t u64; /* SCALAR_UINT: above INT64_MAX */
		double f64;
	};
};

/* The node must be a scalar. -EINVAL when its explicit tag says something that its text is not. */
int scalar_parse(const struct node *node, struct scalar *ret_scalar, struct err *err);

/* Whether a node of any kind is null: nothing, ~, null. */
bool node__is_null(const struct node *node);

#endif
