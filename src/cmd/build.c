/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stddef.h>
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/own_files.h"
#include "pipeline/build.h"

struct build_flags {
	const char *include_dir;
	const char *output_dir;
	const char *btf_path;
	const char *clang;
};

static const struct flag flags[] = {
	{ .name = "include",
	  .kind = FLAG_DIRECTORY,
	  .offset = offsetof(struct build_flags, include_dir),
	  .help = "Directory searched for headers before sonde's own." },
	{ .name = "output",
	  .kind = FLAG_DIRECTORY,
	  .offset = offsetof(struct build_flags, output_dir),
	  .help = "Directory for the objects; without it they are put beside their sources." },
	{ .name = "btf.path",
	  .kind = FLAG_TEXT,
	  .offset = offsetof(struct build_flags, btf_path),
	  .help = "File with the types that vmlinux.h is made of; without it, those of the running kernel." },
	{ .name = "clang",
	  .kind = FLAG_TEXT,
	  .offset = offsetof(struct build_flags, clang),
	  .help = "The compiler; without it, the newest clang in PATH." },
};

static const struct flag_set flag_set = {
	.help = "Compiles NAME.bpf.c to NAME.bpf.o: one file, or all of a directory.",
	.arguments = "DIR|FILE…",
	.needs_arguments = true,
	.flags = flags,
	.flag_count = array_size(flags),
};

static void tell_file(void *ctx, const char *source, const char *object, const char *warnings,
		      const struct err *err)
{
	(void)ctx;
	if (err) {
		log_err(LOG_ERROR, err, "%s", source);
		return;
	}
	if (warnings[0])
		(void)fputs(warnings, stderr);
	(void)printf("%s\n", object);
}

static const char *text_or_null(const char *text)
{
	return text[0] ? text : NULL;
}

static int build_all(const struct build_flags *wishes, const struct flags_result *result,
		     struct err *err)
{
	const char *include_dirs[2];
	size_t count = 0;
	char own[PATH_MAX];
	int status = 0;

	if (wishes->include_dir[0])
		include_dirs[count++] = wishes->include_dir;
	/* Installed without headers it still compiles what needs none of them. */
	if (own_files_find("include", own, sizeof(own)) == 0)
		include_dirs[count++] = own;

	const struct build_options options = {
		.include_dirs = include_dirs,
		.include_dir_count = count,
		.output_dir = text_or_null(wishes->output_dir),
		.btf_path = text_or_null(wishes->btf_path),
		.clang = text_or_null(wishes->clang),
		.on_file = tell_file,
	};

	for (size_t i = 0; i < result->arguments.len; i++) {
		int r = build_objects(result->arguments.items[i], &options, err);

		if (r < 0) {
			status = r;
			if (err__is_set(err))
				log_err(LOG_ERROR, err, "build");
			err__done(err);
		}
	}
	return status;
}

int command_build(const struct invocation *invocation)
{
	struct build_flags wishes;
	struct flags_result result = FLAGS_RESULT_INIT;
	struct err err = ERR_INIT;
	int status;

	if (!command_parse(invocation, &flag_set, STATUS_USAGE, &wishes, &result, &status))
		return status;
	log_setup(&(struct log_options){ .level = LOG_INFO, .has_no_timestamps = true });
	status = build_all(&wishes, &result, &err) < 0 ? STATUS_FAILED : STATUS_OK;
	err__done(&err);
	flags_result__done(&result);
	return status;
}
