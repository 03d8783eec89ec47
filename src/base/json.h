/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_BASE_JSON_H
#define SRC_BASE_JSON_H

/*
 * A streaming JSON writer into a strbuf: commas and quoting are its business, the order of calls
 * the caller's. It owns nothing. Machine-readable outputs (plan, check) and later event sinks use
 * it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/str.h"

struct json_writer {
	struct strbuf *out; /* borrowed */
	bool needs_comma;
};

/* key NULL: in an array or at the top */
void json__begin_object(struct json_writer *json, const char *key);
void json__end_object(struct json_writer *json);
void json__begin_array(struct json_writer *json, const char *key);
void json__end_array(struct json_writer *json);
void json__add_string(struct json_writer *json, const char *key, const char *value, size_t len);
/* value NULL: null */
void json__add_text(struct json_writer *json, const char *key, const char *value);
void json__add_u64(struct json_writer *json, const char *key, uint64_t value);
void json__add_i64(struct json_writer *json, const char *key, int64_t value);
/* NaN and Inf: null */
void json__add_double(struct json_writer *json, const char *key, double value);
void json__add_bool(struct json_writer *json, const char *key, bool value);

#endif
