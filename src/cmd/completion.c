/* SPDX-License-Identifier: Apache-2.0 */
/* Completion scripts for bash and zsh, made from the tables of commands and flags: what can be typed is what is offered. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/configs.h"
#include "cmd/gadgets.h"
#include "cmd/own_files.h"

struct completion_options {
	bool none; /* a command has options, if only empty ones */
};

static const struct flag_set flag_set = {
	.help = "Prints what makes bash or zsh complete the command line of sonde. SHELL is bash or zsh; with 'probes' or "
		"'gadgets' the names of those that are shipped are printed, which those scripts offer.",
	.arguments = "SHELL",
	.needs_arguments = true,
};

/* What stands for an argument of this command. */
enum argument_kind {
	ARGUMENT_NONE,
	ARGUMENT_FILE,
	ARGUMENT_PROBE, /* or a gadget */
	ARGUMENT_GADGET,
	ARGUMENT_COMMAND,
	ARGUMENT_SHELL
};

static enum argument_kind argument_kind(const struct flag_set *set)
{
	static const struct {
		const char *word;
		enum argument_kind kind;
	} words[] = {
		{ "CONFIG", ARGUMENT_FILE },     { "FILE", ARGUMENT_FILE },
		{ "PROBE", ARGUMENT_PROBE },     { "GADGET", ARGUMENT_GADGET },
		{ "COMMAND", ARGUMENT_COMMAND }, { "SHELL", ARGUMENT_SHELL },
	};

	for (size_t i = 0; set->arguments && i < array_size(words); i++)
		if (strstr(set->arguments, words[i].word))
			return words[i].kind;
	return ARGUMENT_NONE;
}

static void add_command_names(struct strbuf *out)
{
	const struct command *command;

	for (size_t i = 0; (command = command_at(i)); i++)
		strbuf__printf(out, "%s%s", i ? " " : "", command->name);
}

/* ---- bash -------------------------------------------------------------------------------------------- */

/* Cases of "$command": the flags, and what an argument is. */
static void add_bash_command(void *ctx, const struct flag_set *set)
{
	static const char *const kinds[] = {
		[ARGUMENT_NONE] = "none",       [ARGUMENT_FILE] = "file",
		[ARGUMENT_PROBE] = "probe",     [ARGUMENT_GADGET] = "gadget",
		[ARGUMENT_COMMAND] = "command", [ARGUMENT_SHELL] = "shell",
	};
	struct strbuf *out = ctx;

	strbuf__printf(out, "\t'%s')\n\t\targument=%s\n\t\tflags='--help --version", set->program,
		       kinds[argument_kind(set)]);
	for (size_t i = 0; i < set->flag_count; i++)
		strbuf__printf(out, set->flags[i].kind == FLAG_BOOL ? " --%s --no-%s" : " --%s=",
			       set->flags[i].name, set->flags[i].name);
	strbuf__add_text(out, "'\n\t\tdirectories='");
	for (size_t i = 0; i < set->flag_count; i++)
		if (set->flags[i].kind == FLAG_DIRECTORY)
			strbuf__printf(out, " --%s ", set->flags[i].name);
	strbuf__add_text(out, "'\n\t\t;;\n");
}

static void write_bash(struct strbuf *out)
{
	const struct command *command;

	strbuf__add_text(
		out,
		"# Completion of sonde for bash, made by `sonde completion bash`.\n"
		"_sonde() {\n"
		"\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} flag=\n"
		"\tlocal argument= flags= directories= commands='");
	add_command_names(out);
	strbuf__add_text(
		out,
		"'\n"
		"\tCOMPREPLY=()\n"
		"\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
		"\t\tCOMPREPLY=($(compgen -W \"$commands help --help --version\" -- \"$word\"))\n"
		"\t\treturn\n"
		"\tfi\n"
		"\tcase \"sonde ${COMP_WORDS[1]}\" in\n");
	for (size_t i = 0; (command = command_at(i)); i++)
		command_read_flags(command, add_bash_command, out);
	strbuf__add_text(
		out,
		"\tesac\n"
		"\t# \"=\" is a word of its own, unless the user has changed COMP_WORDBREAKS.\n"
		"\tcase $word in\n"
		"\t=) flag=$before word= ;;\n"
		"\t--*=*) flag=${word%%=*} word=${word#*=} ;;\n"
		"\tesac\n"
		"\tif [ \"$before\" = = ]; then\n"
		"\t\tflag=${COMP_WORDS[COMP_CWORD - 2]}\n"
		"\telif [ -z \"$flag\" ] && [[ \" $flags \" == *\" $before= \"* ]]; then\n"
		"\t\tflag=$before\n"
		"\tfi\n"
		"\tif [ -n \"$flag\" ]; then\n"
		"\t\tif [[ \"$directories\" == *\" $flag \"* ]]; then\n"
		"\t\t\tcompopt -o filenames\n"
		"\t\t\tCOMPREPLY=($(compgen -d -- \"$word\"))\n"
		"\t\telif [[ $flag == *path* || $flag == *file* ]]; then\n"
		"\t\t\tcompopt -o filenames\n"
		"\t\t\tCOMPREPLY=($(compgen -f -- \"$word\"))\n"
		"\t\tfi\n"
		"\t\treturn\n"
		"\tfi\n"
		"\tcase $word in\n"
		"\t-*)\n"
		"\t\tCOMPREPLY=($(compgen -W \"$flags\" -- \"$word\"))\n"
		"\t\t[[ \"${COMPREPLY[0]}\" != *= ]] || compopt -o nospace\n"
		"\t\treturn\n"
		"\t\t;;\n"
		"\tesac\n"
		"\tcase $argument in\n"
		"\tfile)\n"
		"\t\tcompopt -o filenames\n"
		"\t\tCOMPREPLY=($(compgen -f -- \"$word\"))\n"
		"\t\t;;\n"
		"\tprobe) COMPREPLY=($(compgen -W \"$(sonde completion probes 2>/dev/null; sonde completion gadgets 2>/dev/null)\" -- \"$word\")) ;;\n"
		"\tgadget)\n"
		"\t\tcompopt -o filenames\n"
		"\t\tCOMPREPLY=($(compgen -W \"$(sonde completion gadgets 2>/dev/null)\" -- \"$word\") $(compgen -f -- \"$word\"))\n"
		"\t\t;;\n"
		"\tcommand) COMPREPLY=($(compgen -W \"$commands\" -- \"$word\")) ;;\n"
		"\tshell) COMPREPLY=($(compgen -W 'bash zsh' -- \"$word\")) ;;\n"
		"\tesac\n"
		"}\n"
		"complete -F _sonde sonde\n");
}

/* ---- zsh --------------------------------------------------------------------------------------------- */

/* Inside single quotes, and between brackets: both have to be told apart from the text. */
static void add_zsh_text(struct strbuf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			strbuf__add_text(out, "'\\''");
		else if (strchr("[]:\\", *text))
			strbuf__printf(out, "\\%c", *text);
		else
			strbuf__add_char(out, *text);
	}
}

static void add_zsh_flag(struct strbuf *out, const struct flag *flag)
{
	const char *repeat = flag->kind == FLAG_LIST ? "*" : "";
	bool is_path = strstr(flag->name, "path") || strstr(flag->name, "file");

	strbuf__printf(out, " \\\n\t\t\t'%s--%s%s[", repeat, flag->name,
		       flag->kind == FLAG_BOOL ? "" : "=");
	add_zsh_text(out, flag->help);
	strbuf__add_char(out, ']');
	if (flag->kind == FLAG_DIRECTORY)
		strbuf__add_text(out, ":directory:_files -/");
	else if (flag->kind != FLAG_BOOL)
		strbuf__add_text(out, is_path ? ":file:_files" : ":value:");
	strbuf__add_char(out, '\'');
	if (flag->kind == FLAG_BOOL)
		strbuf__printf(out, " \\\n\t\t\t'--no-%s'", flag->name);
}

static void add_zsh_command(void *ctx, const struct flag_set *set)
{
	static const char *const arguments[] = {
		[ARGUMENT_NONE] = "",
		[ARGUMENT_FILE] = " \\\n\t\t\t'*:file:_files'",
		[ARGUMENT_PROBE] =
			" \\\n\t\t\t'*:probe:($(sonde completion probes 2>/dev/null; sonde completion gadgets 2>/dev/null))'",
		[ARGUMENT_GADGET] =
			" \\\n\t\t\t'*:gadget:_alternative \"gadgets:gadget:($(sonde completion gadgets 2>/dev/null))\" files:file:_files'",
		[ARGUMENT_COMMAND] = " \\\n\t\t\t'*:command:($names)'",
		[ARGUMENT_SHELL] = " \\\n\t\t\t'*:shell:(bash zsh)'",
	};
	struct strbuf *out = ctx;

	strbuf__printf(
		out,
		"\t'%s')\n\t\t_arguments '--help[Show this help.]' '--version[Show the version.]'",
		set->program);
	for (size_t i = 0; i < set->flag_count; i++)
		add_zsh_flag(out, &set->flags[i]);
	strbuf__printf(out, "%s\n\t\t;;\n", arguments[argument_kind(set)]);
}

static void write_zsh(struct strbuf *out)
{
	const struct command *command;

	strbuf__add_text(out, "#compdef sonde\n"
			      "# Completion of sonde for zsh, made by `sonde completion zsh`.\n"
			      "_sonde() {\n"
			      "\tlocal -a commands names\n"
			      "\tcommands=(\n");
	for (size_t i = 0; (command = command_at(i)); i++) {
		strbuf__printf(out, "\t\t'%s:", command->name);
		add_zsh_text(out, command->help);
		strbuf__add_text(out, "'\n");
	}
	strbuf__add_text(out, "\t)\n\tnames=(${commands%%:*})\n"
			      "\tif (( CURRENT == 2 )); then\n"
			      "\t\t_describe command commands\n"
			      "\t\treturn\n"
			      "\tfi\n"
			      "\tlocal command=\"sonde $words[2]\"\n"
			      "\tshift words\n"
			      "\t(( CURRENT-- ))\n"
			      "\tcase $command in\n");
	for (size_t i = 0; (command = command_at(i)); i++)
		command_read_flags(command, add_zsh_command, out);
	strbuf__add_text(out, "\tesac\n}\n_sonde \"$@\"\n");
}

/* ---- probes ------------------------------------------------------------------------------------------ */

/* None that can be found is none that can be offered. */
static void write_probes(struct strbuf *out)
{
	struct config_paths paths = { .len = 0 };
	char dir[PATH_MAX];

	if (own_files_find("probes", dir, sizeof(dir)) == 0 &&
	    config_paths__add(&paths, dir, NULL) == 0)
		vec_for_each(&paths, path)
			strbuf__printf(out, "%s\n", path->name);
	config_paths__done(&paths);
}

static void write_gadgets(struct strbuf *out)
{
	struct config_paths paths = { .len = 0 };

	if (gadgets_find("", &paths, NULL) == 0)
		vec_for_each(&paths, path)
			strbuf__printf(out, "%s\n", path->name);
	config_paths__done(&paths);
}

/* ---- the command ------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	void (*write)(struct strbuf *out);
} outputs[] = {
	{ "bash", write_bash },
	{ "zsh", write_zsh },
	{ "probes", write_probes },
	{ "gadgets", write_gadgets },
};

static int print(const char *name)
{
	struct strbuf out = STRBUF_INIT;
	int r = -ENOENT;

	for (size_t i = 0; i < array_size(outputs) && r == -ENOENT; i++) {
		if (!str_eq(outputs[i].name, name))
			continue;
		outputs[i].write(&out);
		r = fd_write_all(STDOUT_FILENO, out.data, out.len);
	}
	strbuf__done(&out);
	return r;
}

int command_completion(const struct invocation *invocation)
{
	struct completion_options options;
	struct flags_result result = FLAGS_RESULT_INIT;
	struct err err = ERR_INIT;
	int status, r;

	if (!command_parse(invocation, &flag_set, STATUS_USAGE, &options, &result, &status))
		return status;
	r = result.arguments.len == 1 ? print(result.arguments.items[0]) : -ENOENT;
	if (r == -ENOENT) {
		(void)err__set(&err, r, NULL, "SHELL is bash or zsh");
		return command_refuse(invocation, &result, &err, STATUS_USAGE);
	}
	flags_result__done(&result);
	return r < 0 ? STATUS_FAILED : STATUS_OK;
}
