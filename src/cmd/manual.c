/* SPDX-License-Identifier: Apache-2.0 */
/* Manual pages, made from the tables of commands and flags. What no table knows stands in the file given by --append. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/version.h"

#define APPENDIX_MAX_BYTES (256u << 10)

struct manual_options {
	const char *appendix;
};

static const struct flag flags[] = {
	{ .name = "append",
	  .kind = FLAG_TEXT,
	  .offset = offsetof(struct manual_options, appendix),
	  .help = "File with more sections, in roff." },
};

static const struct flag_set flag_set = {
	.help = "Prints the manual page of a command, or of sonde itself, in the format of man(7): 'sonde manual run | man -l -'.",
	.arguments = "[COMMAND]",
	.flags = flags,
	.flag_count = array_size(flags),
};

/* A line that begins with a dot would be an order; a minus of a flag is not a hyphen. */
static void add_text(struct strbuf *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		strbuf__add_text(out, "\\&");
	for (; *text; text++) {
		if (*text == '\\')
			strbuf__add_text(out, "\\e");
		else if (*text == '-')
			strbuf__add_text(out, "\\-");
		else if (strncmp(text, "…", strlen("…")) == 0) {
			strbuf__add_text(out, "...");
			text += strlen("…") - 1;
		} else {
			strbuf__add_char(out, *text);
		}
	}
}

static void add_heading(struct strbuf *out, const char *name, const char *help)
{
	strbuf__printf(out, ".\\\" Made by `sonde manual`.\n.TH %s 1 \"\" \"sonde %s\"\n.SH NAME\n",
		       name, version_number());
	add_text(out, name);
	strbuf__add_text(out, " \\- ");
	add_text(out, help);
	strbuf__add_text(out, "\n.SH SYNOPSIS\n");
}

static void add_flag(struct strbuf *out, const struct flag *flag)
{
	static const char *const values[] = {
		[FLAG_BOOL] = "",
		[FLAG_TEXT] = "=\\fITEXT\\fP",
		[FLAG_DIRECTORY] = "=\\fIDIR\\fP",
		[FLAG_I64] = "=\\fINUMBER\\fP",
		[FLAG_DURATION] = "=\\fIDURATION\\fP",
		[FLAG_LIST] = "=\\fITEXT\\fP",
	};

	strbuf__add_text(out, ".TP\n\\fB\\-\\-");
	add_text(out, flag->name);
	strbuf__printf(out, "\\fP%s", values[flag->kind]);
	if (flag->kind == FLAG_BOOL) {
		strbuf__add_text(out, ", \\fB\\-\\-no\\-");
		add_text(out, flag->name);
		strbuf__add_text(out, "\\fP");
	}
	strbuf__add_char(out, '\n');
	add_text(out, flag->help);
	if (flag->kind == FLAG_LIST)
		strbuf__add_text(out, " May be repeated.");
	if (flag->is_required)
		strbuf__add_text(out, " Required.");
	if (flag->initial && flag->initial[0]) {
		strbuf__add_text(out, " Default: ");
		add_text(out, flag->initial);
		strbuf__add_char(out, '.');
	}
	strbuf__add_char(out, '\n');
}

static void add_flags(void *ctx, const struct flag_set *set)
{
	struct strbuf *out = ctx;

	strbuf__printf(out, ".B %s\n[\\fIflags\\fP]", set->program);
	if (set->arguments) {
		strbuf__add_char(out, ' ');
		add_text(out, set->arguments);
	}
	strbuf__add_text(out, "\n.SH DESCRIPTION\n");
	add_text(out, set->help);
	strbuf__add_text(out, "\n.SH OPTIONS\n");
	for (size_t i = 0; i < set->flag_count; i++)
		add_flag(out, &set->flags[i]);
	strbuf__add_text(out, ".TP\n\\fB\\-\\-help\\fP, \\fB\\-h\\fP\nShow the flags and end.\n"
			      ".TP\n\\fB\\-\\-version\\fP\nShow the version and end.\n");
}

static void add_commands(struct strbuf *out)
{
	const struct command *command;

	strbuf__add_text(out, ".B sonde\n\\fICOMMAND\\fP [\\fIflags\\fP] ...\n.SH DESCRIPTION\n"
			      "Turns a Linux kernel into metrics through eBPF.\n.SH COMMANDS\n");
	for (size_t i = 0; (command = command_at(i)); i++) {
		strbuf__printf(out, ".TP\n\\fB%s\\fP\n", command->name);
		add_text(out, command->help);
		strbuf__printf(out, "; see \\fBsonde\\-%s\\fP(1)\n", command->name);
	}
}

static void add_exit_status(struct strbuf *out)
{
	static const struct {
		enum exit_status status;
		const char *meaning;
	} rows[] = {
		{ STATUS_OK, "It worked; a server was ended by SIGINT or SIGTERM." },
		{ STATUS_FAILED,
		  "A config, an object, the kernel or the machine would not; messages say which." },
		{ STATUS_USAGE,
		  "The command line is wrong (for \\fBsonde exporter\\fP that is 1, too)." },
	};

	strbuf__add_text(out, ".SH EXIT STATUS\n");
	for (size_t i = 0; i < array_size(rows); i++)
		strbuf__printf(out, ".TP\n%u\n%s\n", (unsigned int)rows[i].status, rows[i].meaning);
}

/* Where the other pages are named. */
static void add_see_also(struct strbuf *out, const struct command *own)
{
	const struct command *command;

	strbuf__add_text(out, ".SH SEE ALSO\n");
	if (own)
		strbuf__add_text(out, ".BR sonde (1)");
	for (size_t i = 0; (command = command_at(i)); i++)
		if (command != own)
			strbuf__printf(out, "%s.BR sonde\\-%s (1)", i || own ? ",\n" : "",
				       command->name);
	strbuf__add_char(out, '\n');
}

static int add_appendix(const char *path, struct strbuf *out, struct err *err)
{
	char *text;
	size_t len;
	int r;

	if (!path[0])
		return 0;
	r = fd_read_all(AT_FDCWD, path, APPENDIX_MAX_BYTES, &text, &len);
	if (r < 0)
		return err__set(err, r, NULL, "cannot read '%s': %s", path, strerror(-r));
	strbuf__add(out, text, len);
	free(text);
	return 0;
}

static int write_page(const struct command *command, const char *appendix, struct strbuf *out,
		      struct err *err)
{
	char name[64] = "sonde";

	if (command)
		(void)snprintf(name, sizeof(name), "sonde-%s", command->name);
	add_heading(out, name, command ? command->help : "metrics of a Linux kernel through eBPF");
	if (command)
		command_read_flags(command, add_flags, out);
	else
		add_commands(out);

	int r = add_appendix(appendix, out, err);

	add_exit_status(out);
	add_see_also(out, command);
	return r;
}

static int print_page(const struct command *command, const struct manual_options *options)
{
	struct strbuf out = STRBUF_INIT;
	struct err err = ERR_INIT;
	int r = write_page(command, options->appendix, &out, &err);

	if (r == 0)
		r = fd_write_all(STDOUT_FILENO, out.data, out.len);
	else
		log_err(LOG_ERROR, &err, "manual");
	err__done(&err);
	strbuf__done(&out);
	return r < 0 ? STATUS_FAILED : STATUS_OK;
}

int command_manual(const struct invocation *invocation)
{
	struct manual_options options;
	struct flags_result result = FLAGS_RESULT_INIT;
	struct err err = ERR_INIT;
	const struct command *command = NULL;
	int status;

	if (!command_parse(invocation, &flag_set, STATUS_USAGE, &options, &result, &status))
		return status;
	if (result.arguments.len > 0)
		command = command_find(result.arguments.items[0]);
	if (result.arguments.len > 1 || (result.arguments.len == 1 && !command)) {
		(void)err__set(&err, -ENOENT, NULL,
			       "COMMAND is one of those that sonde --help lists");
		return command_refuse(invocation, &result, &err, STATUS_USAGE);
	}
	status = print_page(command, &options);
	flags_result__done(&result);
	return status;
}
