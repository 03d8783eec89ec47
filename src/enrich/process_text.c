/* SPDX-License-Identifier: Apache-2.0 */
/* The text of what a process is, in the words of Tetragon's events. */
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/mem.h"
#include "base/str.h"
#include "enrich/process_private.h"
#include "record/kernel_name.h"
#include "record/process_schema.h"

/* ---- exec_id ---------------------------------------------------------------------------------- */

void process_table__add_exec_id(const struct process_table *table, const struct who_key *key,
				struct strbuf *text)
{
	struct strbuf plain = STRBUF_INIT;
	char *to;

	strbuf__add_text(&plain, table->options.node);
	strbuf__add_char(&plain, ':');
	strbuf__add_u64(&plain, key->time_ns);
	strbuf__add_char(&plain, ':');
	strbuf__add_u64(&plain, key->tgid);
	to = strbuf__reserve(text, BASE64_LEN(plain.len));
	if (to && strbuf__status(&plain) == 0)
		text->len += base64_format(to, plain.data, plain.len);
	else
		text->has_failed = true;
	strbuf__done(&plain);
}

/* ---- flags ------------------------------------------------------------------------------------ */

static bool has_flag(const struct process *process, uint32_t flag)
{
	return process->flags & flag;
}

static bool is_execve(const struct process *process, uint32_t flag)
{
	(void)flag;
	return has_flag(process, WHO_FLAG_EXEC) && !has_flag(process, WHO_FLAG_SEED);
}

static bool is_missed(const struct process *process, uint32_t flag)
{
	(void)flag;
	return process->is_missed;
}

static bool has_no_cwd(const struct process *process, uint32_t flag)
{
	(void)flag;
	return process->cwd[0] == '\0' &&
	       !has_flag(process, WHO_FLAG_CWD_ERROR | WHO_FLAG_KERNEL_THREAD);
}

/* The first image after a fork, with an exec or without. */
static bool is_clone(const struct process *process, uint32_t flag)
{
	(void)flag;
	return !has_flag(process, WHO_FLAG_SEED) && process->key.tgid != process->parent.tgid;
}

/* In Tetragon's order. */
static const struct {
	const char *name;
	bool (*is_set)(const struct process *process, uint32_t flag);
	uint32_t flag;
} flag_names[] = {
	{ "execve", is_execve, 0 },
	{ "procFS", has_flag, WHO_FLAG_SEED },
	{ "errorEnvs", has_flag, WHO_FLAG_ENVIRONMENT_ERROR },
	{ "truncArgs", has_flag, WHO_FLAG_ARGUMENTS_CUT },
	{ "miss", is_missed, 0 },
	{ "errorFilename", has_flag, WHO_FLAG_FILENAME_ERROR },
	{ "errorArgs", has_flag, WHO_FLAG_ARGUMENTS_ERROR },
	{ "nocwd", has_no_cwd, 0 },
	{ "rootcwd", has_flag, WHO_FLAG_ROOT_CWD },
	{ "errorCWD", has_flag, WHO_FLAG_CWD_ERROR },
	{ "clone", is_clone, 0 },
	{ "errorPathResolutionCwd", has_flag, WHO_FLAG_CWD_CUT },
	{ "inInitTree", has_flag, WHO_FLAG_IN_INIT_TREE },
};

void process__add_flags(const struct process *process, struct strbuf *text)
{
	bool is_first = true;

	for (size_t i = 0; i < array_size(flag_names); i++) {
		if (!flag_names[i].is_set(process, flag_names[i].flag))
			continue;
		if (!is_first)
			strbuf__add_char(text, ' ');
		strbuf__add_text(text, flag_names[i].name);
		is_first = false;
	}
}

/* ---- arguments -------------------------------------------------------------------------------- */

void process__add_arguments(const struct process *process, struct strbuf *text)
{
	const char *at = process->arguments, *end = at + process->arguments_size;

	while (at < end) {
		size_t len = strnlen(at, (size_t)(end - at));
		bool is_quoted = memchr(at, ' ', len) != NULL;

		if (at != process->arguments)
			strbuf__add_char(text, ' ');
		if (is_quoted)
			strbuf__add_char(text, '"');
		strbuf__add(text, at, len);
		if (is_quoted)
			strbuf__add_char(text, '"');
		at += len + 1;
	}
}

/* ---- names ------------------------------------------------------------------------------------ */

const char *capability_name(uint32_t number, char buffer[CAPABILITY_NAME_MAX])
{
	const char *name = event_names__get(&event_capability_names, number);

	if (name)
		return name;
	(void)snprintf(buffer, CAPABILITY_NAME_MAX, "CAP_%u", number);
	return buffer;
}

static const char *const namespace_names[WHO_NAMESPACE_COUNT] = {
	[WHO_NAMESPACE_UTS] = "uts",
	[WHO_NAMESPACE_IPC] = "ipc",
	[WHO_NAMESPACE_MNT] = "mnt",
	[WHO_NAMESPACE_PID] = "pid",
	[WHO_NAMESPACE_PID_FOR_CHILDREN] = "pid_for_children",
	[WHO_NAMESPACE_NET] = "net",
	[WHO_NAMESPACE_TIME] = "time",
	[WHO_NAMESPACE_TIME_FOR_CHILDREN] = "time_for_children",
	[WHO_NAMESPACE_CGROUP] = "cgroup",
	[WHO_NAMESPACE_USER] = "user",
};

const char *namespace_name(uint32_t index)
{
	return index < WHO_NAMESPACE_COUNT ? namespace_names[index] : "";
}

/* The first two of real time are the C library's, which begins to count behind them; from the middle on people count from
 * the end, as kill -l does. */
#define REAL_TIME_FIRST 34
#define REAL_TIME_MIDDLE 50
#define REAL_TIME_LAST 64

static const char *real_time_name(uint32_t number, char buffer[SIGNAL_NAME_MAX])
{
	if (number == REAL_TIME_FIRST)
		return "SIGRTMIN";
	if (number == REAL_TIME_LAST)
		return "SIGRTMAX";
	if (number < REAL_TIME_FIRST || number > REAL_TIME_LAST)
		(void)snprintf(buffer, SIGNAL_NAME_MAX, "SIG%u", number);
	else if (number < REAL_TIME_MIDDLE)
		(void)snprintf(buffer, SIGNAL_NAME_MAX, "SIGRTMIN+%u", number - REAL_TIME_FIRST);
	else
		(void)snprintf(buffer, SIGNAL_NAME_MAX, "SIGRTMAX-%u", REAL_TIME_LAST - number);
	return buffer;
}

const char *process_signal_name(uint32_t exit_code, char buffer[SIGNAL_NAME_MAX])
{
	uint32_t number = exit_code & 0x7f;
	const char *name = kernel_signal_name(number);

	if (number == 0)
		return "";
	return name ? name : real_time_name(number, buffer);
}

const char *process_raised_name(uint32_t place)
{
	static const char *const names[PROCESS_RAISED_COUNT] = {
		"PRIVILEGES_RAISED_EXEC_FILE_CAP",
		"PRIVILEGES_RAISED_EXEC_FILE_SETUID",
		"PRIVILEGES_RAISED_EXEC_FILE_SETGID",
	};

	return place < array_size(names) ? names[place] : "";
}
