/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/runtime_json.h"

#include <errno.h>

/* Brackets and commas within texts are counted as well: no answer that is meant well comes near the bounds. */
static bool is_small_enough(const char *text, size_t len)
{
	size_t objects = 0, values = 1;

	for (size_t i = 0; i < len; i++) {
		objects += text[i] == '{' || text[i] == '[';
		values += text[i] == ',' || text[i] == '{' || text[i] == '[';
	}
	return objects <= RUNTIME_JSON_OBJECTS_MAX && values <= RUNTIME_JSON_VALUES_MAX;
}

int runtime_json__load(const char *text, size_t len, json_t **ret_root, struct err *err)
{
	json_error_t problem;
	json_t *root;

	if (!is_small_enough(text, len))
		return err__set(err, -EMSGSIZE, NULL, "its JSON has too many values");
	root = json_loadb(text, len, 0, &problem);
	if (!root)
		return err__set(err, -EBADMSG, NULL, "its answer is no JSON: %s", problem.text);
	*ret_root = root;
	return 0;
}
