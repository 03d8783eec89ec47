/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/policy_outputs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cmd/policy_serve.h"
#include "pipeline/agent.h"
#include "pipeline/event_file.h"
#include "pipeline/event_socket.h"
#include "pipeline/policy_output.h"

#define READER_NS (2 * NS_PER_S) /* how long the last events wait for whoever reads them */

static struct process_export_options export_options(const struct policy_options *options)
{
	return (struct process_export_options){
		.allow = options->allow[0] ? options->allow : NULL,
		.deny = options->deny[0] ? options->deny : NULL,
		.fields = options->fields[0] ? options->fields : NULL,
		.is_limited = options->rate_limit >= 0,
		.per_minute = (uint32_t)options->rate_limit,
	};
}

/* ---- standard output ------------------------------------------------------------------------------------ */

static int parse_color(const char *text, bool *ret_is_colored, struct err *err)
{
	*ret_is_colored = str_eq(text, "always") ||
			  (str_eq(text, "auto") && isatty(STDOUT_FILENO) && !getenv("NO_COLOR"));
	if (str_eq(text, "always") || str_eq(text, "auto") || str_eq(text, "never"))
		return 0;
	return err__set(err, -EINVAL, NULL,
			"--color: '%s' is no choice of colours; there are auto, always and never",
			text);
}

static int parse_format(const char *text, enum policy_format *ret_format, struct err *err)
{
	*ret_format = str_eq(text, "compact") ? POLICY_FORMAT_COMPACT : POLICY_FORMAT_JSON;
	if (str_eq(text, "none") || str_eq(text, "json") || str_eq(text, "compact"))
		return 0;
	return err__set(err, -EINVAL, NULL,
			"--output: '%s' is no form of events; there are none, json and compact",
			text);
}

static int open_text(struct policy_outputs *outputs, const struct policy_outputs_options *options,
		     struct err *err)
{
	const struct policy_options *flags = options->flags;
	struct policy_output_options output = {
		.policies = agent__policies(options->agent),
		.loop = options->loop,
		.fd = STDOUT_FILENO,
		.export = export_options(flags),
		.closed = options->closed,
		.ctx = options->ctx,
	};
	int r = parse_color(flags->color, &output.is_colored, err);

	if (r == 0)
		r = parse_format(flags->output, &output.format, err);
	if (r < 0 || str_eq(flags->output, "none"))
		return r;
	return policy_output__new(&output, &outputs->text, err);
}

/* ---- a file --------------------------------------------------------------------------------------------- */

/* "640"; what else there is in a mode is not for a file of events. */
static int parse_mode(const char *text, mode_t *ret_mode, struct err *err)
{
	mode_t mode = 0;

	for (const char *digit = text; *digit >= '0' && *digit <= '7' && mode <= 0666; digit++)
		mode = mode << 3 | (mode_t)(*digit - '0');
	if (mode == 0 || mode > 0666 || strspn(text, "01234567") != strlen(text))
		return err__set(err, -EINVAL, NULL,
				"--export-file-perm: '%s' is no mode of a file such as 600", text);
	*ret_mode = mode;
	return 0;
}

static int open_file(struct policy_outputs *outputs, const struct policy_outputs_options *options,
		     struct err *err)
{
	const struct policy_options *flags = options->flags;
	struct event_file_options file = {
		.policies = agent__policies(options->agent),
		.loop = options->loop,
		.export = export_options(flags),
		.file = { .path = flags->file,
			  .max_bytes = (uint64_t)flags->file_megabytes << 20,
			  .max_backups = (uint32_t)flags->file_backups,
			  .interval_ns = flags->file_interval_ns,
			  .compresses = flags->file_compresses },
	};
	int r;

	if (!flags->file[0])
		return 0;
	r = parse_mode(flags->file_mode, &file.file.mode, err);
	if (r == 0)
		r = event_file__new(&file, &outputs->file, err);
	if (r == 0)
		agent__set_event_file(options->agent, outputs->file);
	return r;
}

/* ---- a socket ------------------------------------------------------------------------------------------- */

static int open_socket(struct policy_outputs *outputs, const struct policy_outputs_options *options,
		       struct err *err)
{
	const struct event_socket_options socket = {
		.policies = agent__policies(options->agent),
		.loop = options->loop,
		.path = options->flags->socket,
		.export = export_options(options->flags),
	};
	int r;

	if (!socket.path[0])
		return 0;
	r = event_socket__new(&socket, &outputs->socket, err);
	if (r == 0)
		agent__set_event_socket(options->agent, outputs->socket);
	return r;
}

/* ---- before anything is opened -------------------------------------------------------------------------- */

static int check_number(const char *flag, int64_t number, int64_t least, struct err *err)
{
	if (number >= least && number <= UINT32_MAX)
		return 0;
	return err__set(err, -EINVAL, NULL, "--%s: %lld is not from %lld to %u", flag,
			(long long)number, (long long)least, UINT32_MAX);
}

static int check_numbers(const struct policy_options *flags, struct err *err)
{
	const struct {
		const char *flag;
		int64_t number, least;
	} rows[] = {
		{ "export-rate-limit", flags->rate_limit, -1 },
		{ "export-file-max-size-mb", flags->file_megabytes, 1 },
		{ "export-file-max-backups", flags->file_backups, 0 },
	};
	int r = 0;

	for (size_t i = 0; i < array_size(rows) && r == 0; i++)
		r = check_number(rows[i].flag, rows[i].number, rows[i].least, err);
	return r;
}

int policy_outputs_check(const struct policy_options *flags, struct err *err)
{
	const struct process_export_options export = export_options(flags);
	enum policy_format format;
	bool is_colored;
	mode_t mode;
	int r = parse_format(flags->output, &format, err);

	if (r == 0)
		r = parse_color(flags->color, &is_colored, err);
	if (r == 0)
		r = parse_mode(flags->file_mode, &mode, err);
	if (r == 0)
		r = check_numbers(flags, err);
	return r < 0 ? r : policy_output_check(&export, err);
}

/* ---- all of them ---------------------------------------------------------------------------------------- */

int policy_outputs__open(struct policy_outputs *outputs,
			 const struct policy_outputs_options *options, struct err *err)
{
	int r = open_text(outputs, options, err);

	outputs->agent = options->agent;
	if (r == 0)
		r = open_file(outputs, options, err);
	return r < 0 ? r : open_socket(outputs, options, err);
}

void policy_outputs__close(struct policy_outputs *outputs)
{
	if (outputs->agent) {
		agent__set_event_file(outputs->agent, NULL);
		agent__set_event_socket(outputs->agent, NULL);
	}
	outputs->text = policy_output__free(outputs->text, READER_NS);
	outputs->file = event_file__free(outputs->file);
	outputs->socket = event_socket__free(outputs->socket);
}
