/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "cmd/table.h"
#include "cmd/version.h"

#define EXPORTER_NAME "ebpf_exporter"
/* Of Inspektor Gadget, before its commands: file systems of the kernel that are not mounted are mounted. Those that are needed
 * here are, whoever asks, and where nobody sees them. */
#define MOUNT_FLAG "--auto-mount-filesystems"

static const struct command commands[] = {
#define COMMAND(id, text) { .name = #id, .help = (text), .run = command_##id },
#include "cmd/command.def"
#undef COMMAND
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void print_help(void)
{
	struct table table = TABLE_INIT(2);
	struct strbuf out = STRBUF_INIT;

	strbuf__add_text(&out, "usage: sonde COMMAND [flags] …\n\n"
			       "Turns a Linux kernel into metrics through eBPF.\n\nCommands:\n");
	for (size_t i = 0; i < array_size(commands); i++) {
		char name[32];
		const char *const cells[] = { name, commands[i].help };

		(void)snprintf(name, sizeof(name), "  %s", commands[i].name);
		table__add_row(&table, cells);
	}
	table__write(&table, terminal_width(STDOUT_FILENO), &out);
	strbuf__add_text(
		&out,
		"\nsonde COMMAND --help tells the flags of a command, sonde --version the version.\n");
	(void)fd_write_all(STDOUT_FILENO, out.data, out.len); /* nobody reads: nobody to tell */
	table__done(&table);
	strbuf__done(&out);
}

static int fail_unknown(const char *word)
{
	const char *names[array_size(commands)];

	for (size_t i = 0; i < array_size(commands); i++)
		names[i] = commands[i].name;

	const char *nearest = str_nearest(word, names, array_size(names));

	(void)fprintf(stderr, "sonde: error: unknown %s '%s'", word[0] == '-' ? "flag" : "command",
		      word);
	if (nearest)
		(void)fprintf(stderr, ", did you mean '%s'", nearest);
	(void)fprintf(stderr, ", try --help\n");
	return STATUS_USAGE;
}

const struct command *command_at(size_t index)
{
	return index < array_size(commands) ? &commands[index] : NULL;
}

void command_read_flags(const struct command *command,
			void (*read)(void *ctx, const struct flag_set *set), void *ctx)
{
	const struct command_reader reader = { read, ctx };
	char program[64];
	const struct invocation invocation = { .program = program, .reader = &reader };

	(void)snprintf(program, sizeof(program), "sonde %s", command->name);
	(void)command->run(&invocation);
}

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < array_size(commands); i++)
		if (str_eq(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static bool is_mount_flag(const char *word)
{
	size_t len = strlen(MOUNT_FLAG);

	return strncmp(word, MOUNT_FLAG, len) == 0 && (!word[len] || word[len] == '=');
}

int command_main(int argc, const char *const *argv)
{
	if (argc > 0 && str_eq(base_name(argv[0]), EXPORTER_NAME)) {
		const struct invocation invocation = { .program = EXPORTER_NAME,
						       .argc = argc - 1,
						       .argv = argv + 1,
						       .is_ebpf_exporter = true };

		return command_exporter(&invocation);
	}
	while (argc > 1 && is_mount_flag(argv[1])) {
		argc--;
		argv++;
	}
	if (argc < 2) {
		print_help();
		return STATUS_USAGE;
	}

	const char *word = argv[1];

	if (str_eq(word, "help") || str_eq(word, "--help") || str_eq(word, "-h")) {
		print_help();
		return STATUS_OK;
	}
	if (str_eq(word, "version") || str_eq(word, "--version"))
		return version_print(STDOUT_FILENO, "sonde");

	const struct command *command = command_find(word);

	if (!command)
		return fail_unknown(word);

	char program[64];
	const struct invocation invocation = { .program = program,
					       .argc = argc - 2,
					       .argv = argv + 2 };

	(void)snprintf(program, sizeof(program), "sonde %s", command->name);
	return command->run(&invocation);
}

static int print_flags_help(const struct flag_set *set, int fd)
{
	struct strbuf out = STRBUF_INIT;
	int r;

	flags__format_help(set, terminal_width(fd), &out);
	r = fd_write_all(fd, out.data, out.len);
	strbuf__done(&out);
	return r;
}

static void print_usage_error(const struct invocation *invocation, const struct err *err)
{
	char text[1024];

	(void)err__format(err, text, sizeof(text));
	(void)fprintf(stderr, "%s: error: %s, try --help\n", invocation->program, text);
}

bool command_parse(const struct invocation *invocation, const struct flag_set *set,
		   int usage_status, void *ret_options, struct flags_result *ret_result,
		   int *ret_status)
{
	/* ebpf_exporter answers on stderr; whoever reads its version there finds ours. */
	int fd = invocation->is_ebpf_exporter ? STDERR_FILENO : STDOUT_FILENO;
	struct flag_set named = *set;
	struct err err = ERR_INIT;

	named.program = invocation->program;
	if (invocation->reader) {
		invocation->reader->read(invocation->reader->ctx, &named);
		*ret_status = STATUS_OK;
		return false;
	}

	int answer = flags__parse(&named, invocation->argc, invocation->argv, ret_options,
				  ret_result, &err);

	switch (answer) {
	case FLAGS_RUN:
		return true;
	case FLAGS_HELP:
		*ret_status = print_flags_help(&named, fd) < 0 ? STATUS_FAILED : STATUS_OK;
		break;
	case FLAGS_VERSION:
		*ret_status = version_print(fd,
					    invocation->is_ebpf_exporter ? EXPORTER_NAME : "sonde");
		break;
	default:
		print_usage_error(invocation, &err);
		*ret_status = usage_status;
		break;
	}
	err__done(&err);
	flags_result__done(ret_result);
	return false;
}

int command_refuse(const struct invocation *invocation, struct flags_result *result,
		   struct err *err, int usage_status)
{
	print_usage_error(invocation, err);
	err__done(err);
	flags_result__done(result);
	return usage_status;
}
