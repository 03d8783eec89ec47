/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "sink/compact_text.h"

/* An argument that is not there, or of another kind, says nothing. */
static const struct process_argument nothing = { .kind = ARGUMENT_NONE };

static const struct process_argument *get_argument(const struct process_event *event,
						   uint32_t index)
{
	return index < event->argument_count ? &event->arguments[index] : &nothing;
}

static const struct process_argument *get_kind(const struct process_event *event, uint32_t index,
					       enum argument_kind kind)
{
	const struct process_argument *argument = get_argument(event, index);

	return argument->kind == kind ? argument : &nothing;
}

/* How a call's line ends; also which label it has, where that depends on its arguments. */
struct call;

typedef void (*call_add_fn)(struct compact_printer *printer, const struct call *call,
			    const struct process_event *event);

struct call {
	const char *name;
	const char *emoji, *label;
	call_add_fn add;  /* of the arguments, with a blank before it; NULL: nothing */
	uint8_t argument; /* of which add tells; of what is checked, how many there are at least */
	/* Other labels by the arguments: of those that it is, or NULL. */
	bool (*relabel)(struct compact_printer *printer, const struct process_event *event);
};

static void add_blank(struct compact_printer *printer)
{
	strbuf__add_char(printer->out, ' ');
}

static void add_file(struct compact_printer *printer, const struct call *call,
		     const struct process_event *event)
{
	const struct process_argument *file = get_kind(event, call->argument, ARGUMENT_FILE);

	add_blank(printer);
	if (file->kind == ARGUMENT_FILE)
		compact__add_colored(printer, COMPACT_CYAN, &file->path.path);
}

static void add_file_and_size(struct compact_printer *printer, const struct call *call,
			      const struct process_event *event)
{
	add_file(printer, call, event);
	add_blank(printer);
	if (event->argument_count > 2)
		compact__printf_colored(
			printer, COMPACT_CYAN, "%llu bytes",
			(unsigned long long)get_kind(event, 2, ARGUMENT_SIZE)->number_u64);
}

static void add_string(struct compact_printer *printer, const struct process_event *event,
		       uint32_t index)
{
	add_blank(printer);
	if (index < event->argument_count)
		compact__add_colored(printer, COMPACT_CYAN,
				     &get_kind(event, index, ARGUMENT_STRING)->text);
}

static void add_path_text(struct compact_printer *printer, const struct call *call,
			  const struct process_event *event)
{
	add_string(printer, event, call->argument);
}

static void add_two_paths(struct compact_printer *printer, const struct call *call,
			  const struct process_event *event)
{
	(void)call;
	add_string(printer, event, 0);
	add_string(printer, event, 1);
}

static void add_number(struct compact_printer *printer, const struct call *call,
		       const struct process_event *event)
{
	add_blank(printer);
	if (event->argument_count > call->argument)
		compact__printf_colored(printer, COMPACT_CYAN, "%d",
					get_kind(event, call->argument, ARGUMENT_INT)->number_i32);
}

static void add_namespace(struct compact_printer *printer, const struct call *call,
			  const struct process_event *event)
{
	static const struct {
		int32_t flag; /* CLONE_NEW… */
		const char *name;
	} namespaces[] = {
		{ 0, "any" },           { 0x02000000, "cgroup" }, { 0x08000000, "ipc" },
		{ 0x40000000, "net" },  { 0x00020000, "mnt" },    { 0x20000000, "pid" },
		{ 0x00000080, "time" }, { 0x10000000, "user" },   { 0x04000000, "uts" },
	};
	int32_t flag = get_kind(event, call->argument, ARGUMENT_INT)->number_i32;

	add_blank(printer);
	for (size_t i = 0; i < array_size(namespaces) && event->argument_count > 1; i++)
		if (namespaces[i].flag == flag)
			strbuf__add_text(printer->out, namespaces[i].name);
}

static void add_connection(struct compact_printer *printer, const struct call *call,
			   const struct process_event *event)
{
	const struct sock_view *sock = &get_kind(event, call->argument, ARGUMENT_SOCK)->sock;

	add_blank(printer);
	if (event->argument_count == 0)
		return;
	compact__begin(printer, COMPACT_CYAN);
	strbuf__add_text(printer->out, "tcp ");
	compact__add_text(printer, &sock->source);
	strbuf__printf(printer->out, ":%u -> ", sock->source_port);
	compact__add_text(printer, &sock->destination);
	strbuf__printf(printer->out, ":%u", sock->destination_port);
	compact__end(printer);
}

static void add_sent(struct compact_printer *printer, const struct call *call,
		     const struct process_event *event)
{
	add_connection(printer, call, event);
	strbuf__printf(printer->out, " bytes %d", get_kind(event, 1, ARGUMENT_INT)->number_i32);
}

static void add_program(struct compact_printer *printer, const struct call *call,
			const struct process_event *event)
{
	const struct bpf_program_view *program =
		&get_kind(event, call->argument, ARGUMENT_BPF_ATTR)->bpf_program;

	add_blank(printer);
	if (event->argument_count == 0)
		return;
	compact__begin(printer, COMPACT_CYAN);
	compact__add_text(printer, &program->type);
	add_blank(printer);
	compact__add_text(printer, &program->name);
	strbuf__printf(printer->out, " instruction count %u", program->instruction_count);
	compact__end(printer);
}

static void add_perf_event(struct compact_printer *printer, const struct call *call,
			   const struct process_event *event)
{
	const struct perf_event_view *perf_event =
		&get_kind(event, call->argument, ARGUMENT_PERF_EVENT)->perf_event;

	add_blank(printer);
	if (event->argument_count == 0)
		return;
	compact__begin(printer, COMPACT_CYAN);
	compact__add_text(printer, &perf_event->type);
	add_blank(printer);
	compact__add_text(printer, &perf_event->function);
	compact__end(printer);
}

static void add_map(struct compact_printer *printer, const struct call *call,
		    const struct process_event *event)
{
	const struct bpf_map_view *map =
		&get_kind(event, call->argument, ARGUMENT_BPF_MAP)->bpf_map;

	add_blank(printer);
	if (event->argument_count == 0)
		return;
	compact__begin(printer, COMPACT_CYAN);
	compact__add_text(printer, &map->type);
	add_blank(printer);
	compact__add_text(printer, &map->name);
	strbuf__printf(printer->out, " key size %u value size %u max entries %u", map->key_size,
		       map->value_size, map->max_entries);
	compact__end(printer);
}

/* With its colour also when it is no file, as long as there are arguments. */
static void add_path(struct compact_printer *printer, const struct process_event *event,
		     enum argument_kind kind, uint32_t least)
{
	add_blank(printer);
	if (event->argument_count >= least)
		compact__add_colored(printer, COMPACT_CYAN, &get_kind(event, 0, kind)->path.path);
}

static void add_checked_file(struct compact_printer *printer, const struct call *call,
			     const struct process_event *event)
{
	add_path(printer, event, ARGUMENT_FILE, call->argument);
}

static void add_checked_path(struct compact_printer *printer, const struct call *call,
			     const struct process_event *event)
{
	add_path(printer, event, ARGUMENT_PATH, call->argument);
}

/* ---- labels that depend on arguments ---- */

static bool relabel_permission(struct compact_printer *printer, const struct process_event *event)
{
	int32_t mask = get_kind(event, 1, ARGUMENT_INT)->number_i32;

	if (mask != 2 && mask != 4) /* MAY_WRITE, MAY_READ */
		return false;
	compact__add_label(printer, mask == 2 ? "📝" : "📚", mask == 2 ? "write" : "read");
	return true;
}

static bool relabel_mmap(struct compact_printer *printer, const struct process_event *event)
{
	uint32_t protection = get_kind(event, 1, ARGUMENT_UINT)->number_u32;

	if (event->argument_count < 2)
		return false;
	compact__printf_colored(
		printer, COMPACT_BLUE, "📝 mmap-%s%s%s%*s", protection & 1 ? "r" : "",
		protection & 2 ? "w" : "", protection & 4 ? "x" : "",
		2 - __builtin_popcount(protection & 7) > 0 ? 2 - __builtin_popcount(protection & 7)
							   : 0,
		"");
	return true;
}

static bool relabel_truncate(struct compact_printer *printer, const struct process_event *event)
{
	if (event->argument_count == 0)
		return false;
	compact__add_label(printer, "📝", "truncate");
	return true;
}

/* Alphabetical. */
static const struct call calls[] = {
	{ "bpf_check", "🐝", "bpf_load", add_program, 0, NULL },
	{ "fd_install", "📬", "open", add_file, 1, NULL },
	{ "proc_exec_connector", "🔧", "proc_exec_connector", NULL, 0, NULL },
	{ "security_bpf_map_alloc", "🗺", "bpf_map_create", add_map, 0, NULL },
	{ "security_bpf_map_create", "🗺", "bpf_map_create", add_map, 0, NULL },
	{ "security_file_permission", "❓", "security_file_permission", add_checked_file, 2,
	  relabel_permission },
	{ "security_file_truncate", "❓", "security_file_truncate", add_checked_file, 1,
	  relabel_truncate },
	{ "security_mmap_file", "❓", "security_mmap_file", add_checked_file, 2, relabel_mmap },
	{ "security_path_truncate", "❓", "security_path_truncate", add_checked_path, 1,
	  relabel_truncate },
	{ "security_perf_event_alloc", "🐝", "perf_event_alloc", add_perf_event, 0, NULL },
	{ "sys_clock_settime", "⏰", "clock_settime", NULL, 0, NULL },
	{ "sys_close", "📪", "close", add_file, 0, NULL },
	{ "sys_mount", "💾", "mount", add_two_paths, 0, NULL },
	{ "sys_open", "📬️", "open", add_path_text, 1, NULL },
	{ "sys_openat", "📬️", "openat", add_path_text, 1, NULL },
	{ "sys_pivot_root", "💾", "pivot_root", add_two_paths, 0, NULL },
	{ "sys_read", "📚", "read", add_file_and_size, 0, NULL },
	{ "sys_setns", "🔧", "setns", add_namespace, 1, NULL },
	{ "sys_setuid", "🔑", "setuid", add_number, 0, NULL },
	{ "sys_write", "📝", "write", add_file_and_size, 0, NULL },
	{ "tcp_close", "🧹", "close", add_connection, 0, NULL },
	{ "tcp_connect", "🔌", "connect", add_connection, 0, NULL },
	{ "tcp_sendmsg", "📤", "sendmsg", add_sent, 0, NULL },
};

/* Without what an architecture puts before the names of system calls. */
static struct text_view bare_name(const struct text_view *function)
{
	static const char *const prefixes[] = { "__x64_", "__arm64_", "__ia32_" };

	for (size_t i = 0; i < array_size(prefixes); i++) {
		size_t len = strlen(prefixes[i]);

		if (function->len > len && memcmp(function->data, prefixes[i], len) == 0)
			return (struct text_view){ .data = function->data + len,
						   .len = function->len - len };
	}
	return *function;
}

static const struct call *find_call(const struct text_view *function)
{
	struct text_view name = bare_name(function);

	for (size_t i = 0; i < array_size(calls); i++)
		if (strlen(calls[i].name) == name.len &&
		    memcmp(calls[i].name, name.data, name.len) == 0)
			return &calls[i];
	return NULL;
}

void compact__add_call(struct compact_printer *printer, const struct process_event *event,
		       void (*add_who)(struct compact_printer *printer,
				       const struct process_event *event))
{
	const struct call *call = find_call(&event->function_name);

	if (!call) {
		compact__add_label(printer, "❓", "syscall");
		add_who(printer, event);
		add_blank(printer);
		compact__add_text(printer, &event->function_name);
		return;
	}
	if (!call->relabel || !call->relabel(printer, event))
		compact__add_label(printer, call->emoji, call->label);
	add_who(printer, event);
	if (call->add)
		call->add(printer, call, event);
}
