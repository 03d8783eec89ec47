/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/gadgets.h"
#include "cmd/inspect_view.h"
#include "cmd/table.h"
#include "pipeline/inspect.h"

struct inspect_flags {
	struct flag_list params;
	bool is_json;
};

static const struct flag flags[] = {
	{ .name = "json",
	  .kind = FLAG_BOOL,
	  .offset = offsetof(struct inspect_flags, is_json),
	  .help = "Print JSON, for programs." },
	{ .name = "param",
	  .kind = FLAG_LIST,
	  .offset = offsetof(struct inspect_flags, params),
	  .help = "NAME=VALUE of a parameter that shapes the gadget itself (params.custom)." },
};

static const struct flag_set flag_set = {
	.help = "Tells what a gadget shows, what it takes and what it needs: its data sources and fields, parameters, programs and maps. Nothing is loaded, and no privilege is needed.",
	.arguments = "GADGET",
	.needs_arguments = true,
	.flags = flags,
	.flag_count = array_size(flags),
};

/* NAME=VALUE of the command line, in the result's arena. */
static int read_values(const struct inspect_flags *wishes, struct flags_result *result,
		       const struct note_spec **ret_values, struct err *err)
{
	struct note_spec *values = arena_array(&result->arena, struct note_spec,
					       wishes->params.count);

	for (size_t i = 0; values && i < wishes->params.count; i++) {
		const char *text = wishes->params.items[i], *sign = strchr(text, '=');

		if (!sign || sign == text)
			return err__set(err, -EINVAL, NULL, "--param: '%s' is no NAME=VALUE", text);
		values[i].key = arena__strndup(&result->arena, text, (size_t)(sign - text));
		values[i].value = sign + 1;
		if (!values[i].key)
			return err__set(err, -ENOMEM, NULL, "no memory for parameters");
	}
	if (!values)
		return err__set(err, -ENOMEM, NULL, "no memory for parameters");
	*ret_values = values;
	return 0;
}

static int print(const struct inspection *inspection, bool is_json)
{
	const struct spec *spec = inspection__spec(inspection);
	struct strbuf out = STRBUF_INIT;
	int r;

	for (uint32_t i = 0; i < spec->warning_count; i++)
		log_at(LOG_WARN, &spec->warnings[i].at, "%s", spec->warnings[i].text);
	if (is_json)
		inspect_view_json(inspection, &out);
	else
		inspect_view_text(inspection, terminal_width(STDOUT_FILENO), &out);
	r = strbuf__status(&out);
	if (r == 0)
		r = fd_write_all(STDOUT_FILENO, out.data, out.len);
	strbuf__done(&out);
	return r;
}

static int inspect(const char *path, const struct inspect_options *options, bool is_json)
{
	struct err_list errors = { .len = 0 };
	struct inspection *inspection = NULL;
	char found[PATH_MAX];
	int r = gadget_locate(path, found, sizeof(found));

	if (r == 0)
		r = inspect_gadget(found, options, &inspection, &errors);
	else
		(void)err_list__set(&errors, r, NULL, "the name of the gadget is too long");

	for (size_t i = 0; i < errors.len; i++)
		log_err(LOG_ERROR, &errors.items[i], "inspect");
	err_list__done(&errors);
	if (r == 0)
		r = print(inspection, is_json);
	inspection__close(inspection);
	return r;
}

int command_inspect(const struct invocation *invocation)
{
	struct inspect_flags wishes;
	struct flags_result result = FLAGS_RESULT_INIT;
	struct inspect_options options = { .value_count = 0 };
	struct err err = ERR_INIT;
	int status;

	if (!command_parse(invocation, &flag_set, STATUS_USAGE, &wishes, &result, &status))
		return status;
	log_setup(&(struct log_options){ .level = LOG_WARN, .has_no_timestamps = true });
	if (read_values(&wishes, &result, &options.values, &err) < 0)
		return command_refuse(invocation, &result, &err, STATUS_USAGE);
	if (result.arguments.len > 1) {
		(void)err__set(&err, -EINVAL, NULL, "unexpected %s; name one gadget",
			       result.arguments.items[1]);
		return command_refuse(invocation, &result, &err, STATUS_USAGE);
	}
	options.value_count = (uint32_t)wishes.params.count;
	status = inspect(result.arguments.items[0], &options, wishes.is_json) < 0 ? STATUS_FAILED
										  : STATUS_OK;
	flags_result__done(&result);
	return status;
}
