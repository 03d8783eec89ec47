/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What modules (WebAssembly) of well-known gadgets say of hooks, so that no module is needed: which functions of the kernel
 * programs hang on is up to a parameter, or to what this kernel has. Functions are facts of Linux: a file system's own
 * operations, and names that came and went (inotify_handle_inode_event in 5.11, fsnotify_insert_event in 5.16).
 */
#include <errno.h>

#include "base/mem.h"
#include "base/str.h"
#include "config/gadget/gadget.h"

/* Both programs of an operation on files: where it begins, and where it ends. No function: it is not traced. */
#define FILE_OPERATION(file_system, operation, function)                                           \
	{ "trace_fsslower", "filesystem", file_system, "ig_fssl_" operation "_e", function },      \
	{                                                                                          \
		"trace_fsslower", "filesystem", file_system, "ig_fssl_" operation "_x", function   \
	}
#define FILE_OPERATIONS(file_system, read, write, open, sync, statfs)                              \
	FILE_OPERATION(file_system, "read", read), FILE_OPERATION(file_system, "wr", write),       \
		FILE_OPERATION(file_system, "open", open),                                         \
		FILE_OPERATION(file_system, "sync", sync),                                         \
		FILE_OPERATION(file_system, "statfs", statfs)

static const struct {
	const char *gadget;
	const char *param, *value; /* only when it has this one; NULL: wherever the kernel has it */
	const char *program;
	const char *function; /* NULL: the program is not attached */
} choices[] = {
	{ "fsnotify", NULL, NULL, "fsnotify_insert_event_e", "fsnotify_insert_event" },
	{ "fsnotify", NULL, NULL, "fsnotify_insert_event_e", "fsnotify_add_event" },
	FILE_OPERATIONS("btrfs", "btrfs_file_read_iter", "btrfs_file_write_iter", "btrfs_file_open",
			"btrfs_sync_file", "btrfs_statfs"),
	FILE_OPERATIONS("ext4", "ext4_file_read_iter", "ext4_file_write_iter", "ext4_file_open",
			"ext4_sync_file", "ext4_statfs"),
	FILE_OPERATIONS("fuse", "fuse_file_read_iter", "fuse_file_write_iter", "fuse_open",
			"fuse_fsync", NULL),
	FILE_OPERATIONS("nfs", "nfs_file_read", "nfs_file_write", "nfs_file_open", "nfs_file_fsync",
			"nfs_statfs"),
	FILE_OPERATIONS("ntfs3", "ntfs_file_read_iter", "ntfs_file_write_iter", "ntfs_file_open",
			"generic_file_fsync", NULL),
	FILE_OPERATIONS("xfs", "xfs_file_read_iter", "xfs_file_write_iter", "xfs_file_open",
			"xfs_file_fsync", "xfs_fs_statfs"),
	{ "trace_gpu_starvation", NULL, NULL, "ig_finish_task_switch",
	  "finish_task_switch.isra.0" },
	{ "trace_gpu_starvation", NULL, NULL, "ig_finish_task_switch", "finish_task_switch" },
	{ "trace_gpu_starvation", NULL, NULL, "ig_finish_task_switch",
	  "finish_task_switch.constprop.0" },
	{ "trace_gpu_starvation", NULL, NULL, "ig_finish_task_switch",
	  "finish_task_switch.isra.0.constprop.0" },
};

/* Of two programs one does the work: the kernel has the function of only one of them. */
static const struct {
	const char *gadget;
	const char *programs[2];
} alternatives[] = {
	{ "fsnotify", { "inotify_handle_inode_event_e", "inotify_handle_event_e" } },
	{ "fsnotify", { "inotify_handle_inode_event_x", "inotify_handle_event_x" } },
};

static bool has_program(const struct object_facts *facts, const char *name)
{
	for (uint32_t i = 0; i < facts->program_count; i++)
		if (str_eq(facts->programs[i].name, name))
			return true;
	return false;
}

/* Sonde's own gadgets of the same names have other programs. */
static bool is_meant(const struct gadget_writer *writer, const struct object_facts *facts,
		     size_t index)
{
	return gadget_is_called(writer, choices[index].gadget) &&
	       has_program(facts, choices[index].program);
}

bool gadget_has_choices(const struct gadget_writer *writer, const struct object_facts *facts)
{
	for (size_t i = 0; i < array_size(choices); i++)
		if (is_meant(writer, facts, i))
			return true;
	return false;
}

/* ---- what a parameter chooses ------------------------------------------------------------------- */

static int refuse_value(struct gadget_writer *writer, const struct param_spec *param,
			const char *value, const char *gadget)
{
	struct strbuf known = STRBUF_INIT;
	const char *last = "";
	int r;

	for (size_t i = 0; i < array_size(choices); i++) {
		if (!choices[i].value || !str_eq(choices[i].gadget, gadget) ||
		    str_eq(choices[i].value, last))
			continue;
		strbuf__printf(&known, "%s%s", *last ? ", " : "", choices[i].value);
		last = choices[i].value;
	}
	r = err_list__set(writer->errors, -EINVAL, &param->at,
			  "parameter '%s' is \"%.64s\"; it must be one of %s", param->name, value,
			  strbuf__text(&known));
	strbuf__done(&known);
	return r;
}

/* In place of what was said of the program before. */
static int set_function(gadget_attaches *attaches, const struct loc *at, size_t index)
{
	struct attach_spec *attach = gadget_attach_of(attaches, at, choices[index].program);

	if (!attach)
		return -ENOMEM;
	attach->target = choices[index].function;
	attach->is_off = !choices[index].function;
	return 0;
}

/* 1: it was what the parameter has. */
static int choose_by_param(struct gadget_writer *writer, gadget_attaches *attaches, size_t index,
			   const struct param_spec **ret_param)
{
	const char *value = NULL;
	const struct param_spec *param = gadget_writer__find_param(writer, choices[index].param,
								   &value);
	int r;

	*ret_param = param;
	if (!param || !str_eq(value, choices[index].value))
		return 0;
	r = set_function(attaches, &param->at, index);
	return r < 0 ? r : 1;
}

/* ---- what the kernel has ------------------------------------------------------------------------ */

static int add_function(gadget_attaches *attaches, const struct object_facts *facts, size_t index)
{
	const struct attach_spec attach = {
		.at = { .file = facts->path },
		.program = choices[index].program,
		.kind = ATTACH_KIND_KPROBE,
		.target = choices[index].function,
		.is_optional = true,
	};

	vec_for_each(attaches, other)
		if (other->kind == attach.kind && other->target && other->program &&
		    str_eq(other->program, attach.program) && str_eq(other->target, attach.target))
			return 0;
	return vec_push(attaches, attach);
}

static int add_alternatives(struct gadget_writer *writer, struct program_spec *program,
			    const struct object_facts *facts)
{
	struct alternative_spec *groups = arena_array(writer->arena, struct alternative_spec,
						      array_size(alternatives));
	uint32_t count = 0;

	if (!groups)
		return -ENOMEM;
	for (size_t i = 0; i < array_size(alternatives); i++) {
		const char *const *programs = alternatives[i].programs;

		if (gadget_is_called(writer, alternatives[i].gadget) &&
		    has_program(facts, programs[0]) && has_program(facts, programs[1]))
			groups[count++] = (struct alternative_spec){
				.at = { .file = facts->path },
				.programs = programs,
				.program_count = array_size(alternatives[i].programs),
			};
	}
	if (count > 0) {
		program->alternatives = groups;
		program->alternative_count = count;
	}
	return 0;
}

/* ---- both --------------------------------------------------------------------------------------- */

int gadget_choose_hooks(struct gadget_writer *writer, const struct object_facts *facts,
			struct program_spec *program, gadget_attaches *attaches)
{
	const struct param_spec *asked = NULL;
	const char *gadget = NULL;
	bool is_known = false;

	for (size_t i = 0; i < array_size(choices); i++) {
		int r;

		if (!is_meant(writer, facts, i))
			continue;
		gadget = choices[i].gadget;
		r = choices[i].param ? choose_by_param(writer, attaches, i, &asked)
				     : add_function(attaches, facts, i);
		if (r < 0)
			return r;
		is_known |= r > 0;
	}
	if (asked && !is_known) {
		const char *value = "";

		(void)gadget_writer__find_param(writer, asked->name, &value);
		return refuse_value(writer, asked, value, gadget);
	}
	return add_alternatives(writer, program, facts);
}
