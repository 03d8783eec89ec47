/* SPDX-License-Identifier: Apache-2.0 */
#include "program/compile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/vec.h"
#include "program/vmlinux.h"

#define MESSAGES_MAX_BYTES (256u << 10)

#if defined(__x86_64__)
#define OWN_ARCH "x86"
#define MULTIARCH_DIR "/usr/include/x86_64-linux-gnu"
#elif defined(__aarch64__)
#define OWN_ARCH "arm64"
#define MULTIARCH_DIR "/usr/include/aarch64-linux-gnu"
#else
#error "say here how libbpf's headers name this architecture"
#endif

/* Newest first: older ones leave calls to memcmp() behind, which no kernel has (seen with 14). */
static const char *const clang_names[] = {
	"clang-21", "clang-20", "clang-19", "clang-18", "clang-17",
	"clang-16", "clang",    "clang-15", "clang-14",
};

extern char **environ;

struct arguments {
	VEC(char *) list; /* owned, each */
	bool has_failed;
};

__attribute__((format(printf, 2, 3))) static void add(struct arguments *arguments,
						      const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (!text || vec_push(&arguments->list, text) < 0) {
		free(text);
		arguments->has_failed = true;
	}
}

static void arguments__done(struct arguments *arguments)
{
	vec_for_each(&arguments->list, text)
		free(*text);
	vec_done(&arguments->list);
}

static int make_arguments(const struct compile_options *options, const char *vmlinux_dir,
			  const char *output, struct arguments *arguments)
{
	add(arguments, "clang"); /* replaced by the name that is run */
	add(arguments, "-target");
	add(arguments, "bpf");
	add(arguments, "-mcpu=v3");
	add(arguments, "-O2");
	add(arguments, "-g");
	add(arguments, "-Wall");
	add(arguments, "-D__TARGET_ARCH_%s", options->arch ? options->arch : OWN_ARCH);
	for (size_t i = 0; i < options->include_dir_count; i++)
		add(arguments, "-I%s", options->include_dirs[i]);
	add(arguments, "-I%s", vmlinux_dir);
	/* For a target without a system of its own, clang does not look for <asm/…> where Debian keeps it. */
	add(arguments, "-idirafter");
	add(arguments, MULTIARCH_DIR);
	add(arguments, "-c");
	add(arguments, "%s", options->input);
	add(arguments, "-o");
	add(arguments, "%s", output);
	if (arguments->has_failed || vec_push(&arguments->list, NULL) < 0)
		return -ENOMEM;
	return 0;
}

/* ---- running it ---- */

/* Takes everything until the end, keeps the first MESSAGES_MAX_BYTES: the first error is the telling one. */
static void read_messages(int fd, struct strbuf *messages)
{
	char chunk[4096];
	ssize_t len;

	while ((len = read(fd, chunk, sizeof(chunk))) > 0 || (len < 0 && errno == EINTR))
		if (len > 0 && messages->len < MESSAGES_MAX_BYTES)
			strbuf__add(messages, chunk, (size_t)len);
}

static int spawn(const char *name, char *const *arguments, int output_fd, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	int r = posix_spawn_file_actions_init(&actions);

	if (r != 0)
		return -r;
	r = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, output_fd, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, output_fd, STDERR_FILENO);
	if (r == 0)
		r = posix_spawnp(ret_pid, name, &actions, NULL /* attributes */, arguments,
				 environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	return -r;
}

/* The exit status of clang (128 and more: ended by a signal), or -errno; -ENOENT: there is no such program. */
static int run(const char *name, char *const *arguments, struct strbuf *messages)
{
	__cleanup(fd_closep) int reader = -1;
	__cleanup(fd_closep) int writer = -1;
	int pipe_fds[2];
	pid_t pid;
	int r, status;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return -errno;
	reader = pipe_fds[0];
	writer = pipe_fds[1];
	r = spawn(name, arguments, writer, &pid);
	if (r < 0)
		return r;
	fd_closep(&writer);
	read_messages(reader, messages);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run_clang(const struct compile_options *options, struct arguments *arguments,
		     struct strbuf *messages, struct err *err)
{
	int r = -ENOENT;

	if (options->clang)
		r = run(options->clang, arguments->list.items, messages);
	for (size_t i = 0; !options->clang && r == -ENOENT && i < array_size(clang_names); i++)
		r = run(clang_names[i], arguments->list.items, messages);
	if (r == -ENOENT && options->clang)
		return err__set(err, r, NULL, "there is no '%s' to compile with", options->clang);
	if (r == -ENOENT)
		return err__set(err, r, NULL,
				"there is no clang in PATH; `apt-get install clang` brings one");
	if (r < 0)
		return err__set(err, r, NULL, "clang cannot be run: %s", strerror(-r));
	if (r > 0) {
		(void)err__set(err, -EINVAL, NULL, "'%s' does not compile", options->input);
		err__cause(err, strbuf__text(messages));
		return -EINVAL;
	}
	return 0;
}

static int compile_to(const struct compile_options *options, const char *output,
		      struct strbuf *messages, struct err *err)
{
	__cleanup(arguments__done) struct arguments arguments = { 0 };
	char vmlinux_dir[PATH_MAX];
	int r = vmlinux_header(options->btf_path, options->cache_dir, vmlinux_dir,
			       sizeof(vmlinux_dir), err);

	if (r < 0)
		return r;
	r = make_arguments(options, vmlinux_dir, output, &arguments);
	if (r < 0)
		return err__set(err, r, NULL, "no memory for clang's arguments");
	return run_clang(options, &arguments, messages, err);
}

int program_compile(const struct compile_options *options, struct strbuf *ret_messages,
		    struct err *err)
{
	struct strbuf messages = STRBUF_INIT;
	char temporary[PATH_MAX];
	int r;

	if (access(options->input, R_OK) < 0)
		return err__set(err, -errno, NULL, "'%s' cannot be read: %s", options->input,
				strerror(errno));
	/* Beside the output, so that it can be renamed over it; an old object stays when the new one fails. */
	if (snprintf(temporary, sizeof(temporary), "%s.%d.tmp", options->output, (int)getpid()) >=
	    (int)sizeof(temporary))
		return err__set(err, -ENAMETOOLONG, NULL, "'%s' is too long a name",
				options->output);
	r = compile_to(options, temporary, &messages, err);
	if (r == 0 && rename(temporary, options->output) < 0)
		r = err__set(err, -errno, NULL, "'%s' cannot be written: %s", options->output,
			     strerror(errno));
	if (r < 0)
		(void)unlink(temporary); /* it may not even be there */
	if (r == 0 && ret_messages)
		strbuf__add(ret_messages, messages.data, messages.len);
	strbuf__done(&messages);
	return r;
}
