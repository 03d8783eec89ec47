/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/control_verbs.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/str.h"

int control_check_request(const json_t *request, const char *const *members, size_t count,
			  struct err *err)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)request, key, value)
	{
		const char *nearest;
		bool is_known = str_eq(key, "verb");

		for (size_t i = 0; i < count; i++)
			is_known |= str_eq(key, members[i]);
		if (is_known)
			continue;
		nearest = str_nearest(key, members, count);
		return err__set(err, -EINVAL, NULL, "this request has no '%s'%s%s%s", key,
				nearest ? "; did you mean '" : "", nearest ? nearest : "",
				nearest ? "'?" : "");
	}
	return 0;
}

void control_join_errors(const struct err_list *errors, int code, struct err *err)
{
	struct strbuf text = STRBUF_INIT;
	char line[1024];

	for (size_t i = 0; i < errors->len; i++) {
		(void)err__format(&errors->items[i], line, sizeof(line));
		strbuf__printf(&text, "%s%s", i > 0 ? "\n" : "", line);
	}
	if (errors->dropped > 0)
		strbuf__printf(&text, "\nand %zu more", errors->dropped);
	(void)err__set(err, code, NULL, "%s", text.len > 0 ? strbuf__text(&text) : strerror(-code));
	if (errors->len > 0 && errors->items[0].cause)
		err__cause(err, errors->items[0].cause);
	strbuf__done(&text);
}
