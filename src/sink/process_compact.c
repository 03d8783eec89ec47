/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/process_compact.h"

#include <errno.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/rfc3339.h"
#include "sink/compact_text.h"

/* Where the mark of capabilities ends. */
#define MARK_COLUMN 120
#define MARK "🛑 CAP_SYS_ADMIN"
#define MARK_CELLS 15 /* as Go counts: characters */
#define CAP_SYS_ADMIN 21

struct process_compact {
	struct process_compact_options options;
	struct compact_printer printer;
};

int process_compact__new(const struct process_compact_options *options,
			 struct process_compact **ret_compact, struct err *err)
{
	struct process_compact *compact = new_zero(struct process_compact);
	int r;

	if (!compact)
		return -ENOMEM;
	compact->options = *options;
	r = compact_printer__init(&compact->printer, options->is_colored, err);
	if (r < 0) {
		process_compact__free(compact);
		return r;
	}
	*ret_compact = compact;
	return 0;
}

struct process_compact *process_compact__free(struct process_compact *compact)
{
	if (!compact)
		return NULL;
	compact_printer__done(&compact->printer);
	free(compact);
	return NULL;
}

/* ---- who ---- */

static const struct process_view no_process = { 0 };

static const struct process_view *get_process(const struct process_event *event)
{
	return event->process ? event->process : &no_process;
}

/* " SOURCE BINARY": the pod, or else the node. */
static void add_who(struct compact_printer *printer, const struct process_event *event)
{
	const struct process_view *process = get_process(event);

	strbuf__add_char(printer->out, ' ');
	if (process->pod) {
		compact__begin(printer, COMPACT_GREEN);
		compact__add_text(printer, &process->pod->namespace);
		strbuf__add_char(printer->out, '/');
		compact__add_text(printer, &process->pod->name);
		compact__end(printer);
	} else {
		compact__add_colored(printer, COMPACT_GREEN, &event->node_name);
	}
	strbuf__add_char(printer->out, ' ');
	compact__add_colored(printer, COMPACT_MAGENTA, &process->binary);
}

/*
 * What a process may do is marked at the end of its line. The column counts bytes, those of colours with it, and with
 * colours there is a mark, maybe an empty one, at the end of every line: so it has been since tetra first printed them.
 */
static void add_mark(struct compact_printer *printer, const struct process_event *event,
		     size_t line_start)
{
	const struct capabilities_view *capabilities = get_process(event)->capabilities;
	bool is_marked = capabilities && (capabilities->effective >> CAP_SYS_ADMIN & 1);
	size_t len = printer->out->len - line_start;
	size_t cells = is_marked ? MARK_CELLS : 0;

	if (!is_marked && !printer->is_colored)
		return;
	if (printer->is_colored)
		cells += strlen("\x1b[35m\x1b[0m");
	strbuf__add_char(printer->out, ' ');
	for (; len + cells < MARK_COLUMN; len++)
		strbuf__add_char(printer->out, ' ');
	compact__printf_colored(printer, COMPACT_MAGENTA, "%s", is_marked ? MARK : "");
}

/* ---- kinds of events ---- */

static void add_exec(struct process_compact *compact, const struct process_event *event)
{
	struct compact_printer *printer = &compact->printer;

	compact__add_label(printer, "🚀", "process");
	add_who(printer, event);
	strbuf__add_char(printer->out, ' ');
	compact__add_colored(printer, COMPACT_CYAN, &get_process(event)->arguments);
}

static void add_exit(struct process_compact *compact, const struct process_event *event)
{
	struct compact_printer *printer = &compact->printer;

	compact__add_label(printer, "💥", "exit");
	add_who(printer, event);
	strbuf__add_char(printer->out, ' ');
	compact__add_colored(printer, COMPACT_CYAN, &get_process(event)->arguments);
	strbuf__add_char(printer->out, ' ');
	compact__begin(printer, COMPACT_RED);
	if (event->signal.len > 0)
		compact__add_text(printer, &event->signal);
	else
		strbuf__add_u64(printer->out, event->status);
	compact__end(printer);
}

static void add_kprobe(struct process_compact *compact, const struct process_event *event)
{
	compact__add_call(&compact->printer, event, add_who);
}

static bool is_text(const struct text_view *text, const char *expected)
{
	return text->len == strlen(expected) && memcmp(text->data, expected, text->len) == 0;
}

static void add_syscall(struct process_compact *compact, const struct process_event *event)
{
	static const struct text_view own_abi = { .data = "", .len = 0 };
	struct compact_printer *printer = &compact->printer;
	const struct process_argument *call = event->argument_count > 0 ? event->arguments : NULL;
	const char *name = NULL;

	compact__add_label(printer, "☎ ", "syscall");
	add_who(printer, event);
	strbuf__add_char(printer->out, ' ');
	if (call && compact->options.syscall_name) {
		if (call->kind == ARGUMENT_LONG)
			name = compact->options.syscall_name(&own_abi, call->number_i64);
		else if (call->kind == ARGUMENT_SYSCALL)
			name = compact->options.syscall_name(&call->syscall.abi, call->syscall.id);
	}
	compact__add_syscall(printer, name ? name : "unknown", event);
}

static void add_tracepoint(struct process_compact *compact, const struct process_event *event)
{
	struct compact_printer *printer = &compact->printer;

	if (is_text(&event->subsystem, "raw_syscalls") && is_text(&event->event, "sys_enter")) {
		add_syscall(compact, event);
		return;
	}
	compact__add_label(printer, "⁉️", "tracepoint");
	add_who(printer, event);
	strbuf__add_char(printer->out, ' ');
	compact__add_text(printer, &event->subsystem);
	strbuf__add_char(printer->out, ' ');
	compact__add_text(printer, &event->event);
}

static void add_loader(struct process_compact *compact, const struct process_event *event)
{
	struct compact_printer *printer = &compact->printer;
	char *to;

	compact__add_label(printer, "🧬", "loader");
	add_who(printer, event);
	strbuf__add_char(printer->out, ' ');
	to = strbuf__reserve(printer->out, 2 * event->build_id.len);
	if (to && event->build_id.len > 0) {
		printer->out->len += num_format_hex(to, event->build_id.data, event->build_id.len);
		strbuf__add_char(printer->out, ' ');
	}
	compact__add_colored(printer, COMPACT_YELLOW, &event->path);
}

static void add_uprobe(struct process_compact *compact, const struct process_event *event)
{
	struct compact_printer *printer = &compact->printer;

	compact__add_label(printer, "🕵️", "uprobe");
	add_who(printer, event);
	strbuf__add_char(printer->out, ' ');
	compact__add_word(printer, &event->path);
	strbuf__add_char(printer->out, ' ');
	compact__add_word(printer, &event->symbol);
}

static void add_usdt(struct process_compact *compact, const struct process_event *event)
{
	struct compact_printer *printer = &compact->printer;

	compact__add_label(printer, "🕵️", "usdt");
	add_who(printer, event);
	strbuf__add_char(printer->out, ' ');
	compact__add_word(printer, &event->path);
	strbuf__add_char(printer->out, ' ');
	compact__add_word(printer, &event->provider);
	strbuf__add_char(printer->out, ' ');
	compact__add_word(printer, &event->name);
}

static void add_lsm(struct process_compact *compact, const struct process_event *event)
{
	struct compact_printer *printer = &compact->printer;

	compact__add_label(printer, "🔒", "LSM");
	add_who(printer, event);
	strbuf__add_char(printer->out, ' ');
	compact__add_text(printer, &event->function_name);
}

static void add_throttle(struct process_compact *compact, const struct process_event *event)
{
	struct compact_printer *printer = &compact->printer;

	compact__printf_colored(printer, COMPACT_RED, "🧬 throttle");
	strbuf__add_char(printer->out, ' ');
	if (event->throttle == PROCESS_THROTTLE_START)
		compact__printf_colored(printer, COMPACT_RED, "START");
	else if (event->throttle == PROCESS_THROTTLE_STOP)
		compact__printf_colored(printer, COMPACT_GREEN, "STOP ");
	strbuf__add_char(printer->out, ' ');
	compact__add_word(printer, &event->cgroup);
}

/* Tetra ends where one comes. */
static void add_limited(struct process_compact *compact, const struct process_event *event)
{
	struct compact_printer *printer = &compact->printer;

	compact__printf_colored(printer, COMPACT_RED, "🧬 limited");
	strbuf__printf(printer->out, "  %llu events dropped", (unsigned long long)event->dropped);
}

static void add_test(struct process_compact *compact, const struct process_event *event)
{
	(void)event;
	strbuf__add_text(compact->printer.out, "TEST EVENT");
}

static const struct {
	void (*add)(struct process_compact *compact, const struct process_event *event);
	bool has_mark; /* it is about a process */
} kinds[PROCESS_EVENT_KIND_COUNT] = {
	[PROCESS_EVENT_EXEC] = { add_exec, true },
	[PROCESS_EVENT_EXIT] = { add_exit, true },
	[PROCESS_EVENT_KPROBE] = { add_kprobe, true },
	[PROCESS_EVENT_TRACEPOINT] = { add_tracepoint, true },
	[PROCESS_EVENT_LOADER] = { add_loader, true },
	[PROCESS_EVENT_UPROBE] = { add_uprobe, true },
	[PROCESS_EVENT_THROTTLE] = { add_throttle, false },
	[PROCESS_EVENT_LSM] = { add_lsm, true },
	[PROCESS_EVENT_USDT] = { add_usdt, true },
	[PROCESS_EVENT_TEST] = { add_test, false },
	[PROCESS_EVENT_RATE_LIMIT_INFO] = { add_limited, false },
};

/* ---- what follows a line ---- */

static void add_kernel_stack(struct compact_printer *printer, const struct process_event *event)
{
	if (event->kernel_stack_count > 0)
		strbuf__add_text(printer->out, "Kernel:\n");
	for (uint32_t i = 0; i < event->kernel_stack_count; i++) {
		const struct stack_frame *frame = &event->kernel_stack[i];

		compact__printf_colored(printer, COMPACT_GREEN,
					"   0x%llx:", (unsigned long long)frame->address);
		compact__begin(printer, COMPACT_BLUE);
		strbuf__add_char(printer->out, ' ');
		compact__add_word(printer, &frame->symbol);
		compact__end(printer);
		strbuf__add_char(printer->out, '+');
		compact__printf_colored(printer, COMPACT_YELLOW, "0x%llx\n",
					(unsigned long long)frame->offset);
	}
}

static void add_user_stack(struct compact_printer *printer, const struct process_event *event)
{
	if (event->user_stack_count > 0)
		strbuf__add_text(printer->out, "User:\n");
	for (uint32_t i = 0; i < event->user_stack_count; i++) {
		const struct stack_frame *frame = &event->user_stack[i];

		compact__printf_colored(printer, COMPACT_GREEN,
					"   0x%llx:", (unsigned long long)frame->address);
		if (frame->symbol.len > 0) {
			compact__begin(printer, COMPACT_BLUE);
			strbuf__add_char(printer->out, ' ');
			compact__add_word(printer, &frame->symbol);
			compact__end(printer);
		}
		compact__begin(printer, COMPACT_YELLOW);
		strbuf__add_text(printer->out, " (");
		compact__add_word(printer, &frame->module);
		strbuf__printf(printer->out, "+0x%llx)\n", (unsigned long long)frame->offset);
		compact__end(printer);
	}
}

/* Of the file that a LSM hook has as its first argument. */
static void add_ima_hash(struct compact_printer *printer, const struct process_event *event)
{
	const struct process_argument *file = event->argument_count > 0 ? event->arguments : NULL;

	if (event->ima_hash.len == 0 || !file ||
	    (file->kind != ARGUMENT_FILE && file->kind != ARGUMENT_LINUX_BINPRM) ||
	    file->path.path.len == 0)
		return;
	compact__begin(printer, COMPACT_GREEN);
	strbuf__add_text(printer->out, "   ");
	compact__add_word(printer, &file->path.path);
	compact__end(printer);
	compact__begin(printer, COMPACT_BLUE);
	strbuf__add_char(printer->out, ' ');
	compact__add_text(printer, &event->ima_hash);
	strbuf__add_char(printer->out, '\n');
	compact__end(printer);
}

static void add_time(struct compact_printer *printer, const struct event_time *time)
{
	char *to = strbuf__reserve(printer->out, RFC3339_MAX_LEN);

	if (!to)
		return;
	printer->out->len += rfc3339_format(to, time->seconds, time->nanoseconds,
					    RFC3339_DIGITS_ALL);
	strbuf__add_char(printer->out, ' ');
}

int process_compact__write(struct process_compact *compact, const struct process_event *event,
			   struct strbuf *out)
{
	struct compact_printer *printer = &compact->printer;
	size_t line_start;

	if ((size_t)event->kind >= array_size(kinds) || !kinds[event->kind].add)
		return 0;
	printer->out = out;
	if (compact->options.has_times)
		add_time(printer, &event->time);
	line_start = out->len;
	kinds[event->kind].add(compact, event);
	if (kinds[event->kind].has_mark)
		add_mark(printer, event, line_start);
	strbuf__add_char(out, '\n');
	if (compact->options.has_stacks) {
		add_kernel_stack(printer, event);
		add_user_stack(printer, event);
	}
	if (compact->options.has_ima_hash)
		add_ima_hash(printer, event);
	printer->out = NULL;
	return out->has_failed ? -ENOMEM : 1;
}
