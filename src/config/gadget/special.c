/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "config/gadget/gadget.h"

#define ANY "__*"

static const struct gadget_special specials[] = {
	{ "gadget_bytes", FIELD_ROLE_NONE, "bytes", "bytes", "formatters.bytes.target", NULL, 0 },
	{ "gadget_comm", FIELD_ROLE_COMM, "comm", NULL, NULL, NULL, 0 },
	{ "gadget_counter" ANY, FIELD_ROLE_NONE, NULL, NULL, NULL, NULL, GADGET_METRIC_COUNTER },
	{ "gadget_duration", FIELD_ROLE_DURATION, "duration", "duration",
	  "formatters.duration.target", NULL, 0 },
	{ "gadget_errno", FIELD_ROLE_ERRNO, "errorString", "error_name", "formatters.errno.target",
	  NULL, 0 },
	{ "gadget_file_flags", FIELD_ROLE_NONE, NULL, "file_flags", "formatters.file_flags.target",
	  NULL, 0 },
	{ "gadget_file_mode", FIELD_ROLE_NONE, NULL, "file_mode", "formatters.file_mode.target",
	  NULL, 0 },
	{ "gadget_gauge" ANY, FIELD_ROLE_NONE, NULL, NULL, NULL, NULL, GADGET_METRIC_GAUGE },
	{ "gadget_gid", FIELD_ROLE_GID, "gid", "group_name", "uidgidresolver.target", "group", 0 },
	{ "gadget_histogram_slot" ANY, FIELD_ROLE_NONE, NULL, NULL, NULL, NULL,
	  GADGET_METRIC_SLOTS },
	{ "gadget_kernel_stack", FIELD_ROLE_KSTACK, NULL, "kernel_stack", "ebpf.formatter.kstack",
	  NULL, 0 },
	{ "gadget_l4endpoint_t", FIELD_ROLE_NONE, "l4endpoint", NULL, NULL, NULL, 0 },
	{ "gadget_mntns_id", FIELD_ROLE_MNTNS_ID, "mntns_id", NULL, NULL, NULL, 0 },
	{ "gadget_netns_id", FIELD_ROLE_NETNS_ID, "netns_id", NULL, NULL, NULL, 0 },
	{ "gadget_pcomm", FIELD_ROLE_NONE, "pcomm", NULL, NULL, NULL, 0 },
	{ "gadget_pid", FIELD_ROLE_PID, "pid", NULL, NULL, NULL, 0 },
	{ "gadget_ppid", FIELD_ROLE_NONE, "ppid", NULL, NULL, NULL, 0 },
	{ "gadget_ptid", FIELD_ROLE_NONE, "ptid", NULL, NULL, NULL, 0 },
	{ "gadget_signal", FIELD_ROLE_SIGNAL, NULL, "signal", "formatters.signal.target", NULL, 0 },
	{ "gadget_syscall", FIELD_ROLE_SYSCALL, "syscall", "syscall_name",
	  "formatters.syscall.target", NULL, 0 },
	{ "gadget_tid", FIELD_ROLE_TID, "tid", NULL, NULL, NULL, 0 },
	{ "gadget_timestamp", FIELD_ROLE_TIMESTAMP, "timestamp", "timestamp",
	  "formatters.timestamp.target", NULL, 0 },
	{ "gadget_uid", FIELD_ROLE_UID, "uid", "user_name", "uidgidresolver.target", "user", 0 },
	{ "gadget_user_stack", FIELD_ROLE_USTACK, "user_stack", "ustack", NULL, NULL, 0 },
	/* As it was called until 2023. */
	{ "mnt_ns_id_t", FIELD_ROLE_MNTNS_ID, "mntns_id", NULL, NULL, NULL, 0 },
};

static bool is_called(const struct gadget_special *special, const char *name)
{
	size_t len = strlen(special->name);

	if (str_ends(special->name, ANY))
		return strncmp(special->name, name, len - 1) == 0;
	return str_eq(special->name, name);
}

const struct gadget_special *gadget_special_find(const char *name)
{
	for (size_t i = 0; i < array_size(specials); i++)
		if (is_called(&specials[i], name))
			return &specials[i];
	return NULL;
}

/* ---- templates ------------------------------------------------------------------------------ */

struct template
{
	const char *name;
	const char *width, *min_width, *max_width; /* or NULL */
	const char *alignment, *ellipsis;
	bool is_hidden;
};

static const struct template templates[] = {
	{ .name = "bytes", .width = "10", .alignment = "right" },
	{ .name = "comm", .max_width = "16" },
	{ .name = "container", .width = "30" },
	{ .name = "containerImageDigest", .width = "30" },
	{ .name = "containerImageName", .width = "30" },
	{ .name = "containerPid", .width = "6", .is_hidden = true },
	{ .name = "containerStartedAt", .width = "35", .is_hidden = true },
	{ .name = "duration", .width = "20", .alignment = "right" },
	{ .name = "errorString", .width = "12" },
	{ .name = "gid", .min_width = "8", .alignment = "right" },
	{ .name = "l4endpoint",
	  .min_width = "22",
	  .width = "40",
	  .max_width = "52",
	  .ellipsis = "middle" },
	{ .name = "mntns_id", .width = "12", .alignment = "right", .is_hidden = true },
	{ .name = "namespace", .width = "30" },
	{ .name = "netns_id", .width = "12", .alignment = "right", .is_hidden = true },
	{ .name = "node", .width = "30", .ellipsis = "middle" },
	{ .name = "ns", .width = "12", .alignment = "right", .is_hidden = true },
	{ .name = "pcomm", .max_width = "16", .is_hidden = true },
	{ .name = "pid", .min_width = "7", .alignment = "right" },
	{ .name = "pod", .width = "30", .ellipsis = "middle" },
	{ .name = "ppid", .min_width = "7", .alignment = "right", .is_hidden = true },
	{ .name = "ptid", .min_width = "7", .alignment = "right", .is_hidden = true },
	{ .name = "syscall", .width = "18", .max_width = "28" },
	{ .name = "tid", .min_width = "7", .alignment = "right" },
	{ .name = "timestamp", .width = "35", .is_hidden = true },
	{ .name = "uid", .min_width = "8", .alignment = "right" },
	{ .name = "user_stack", .is_hidden = true },
};

int gadget_template_apply(gadget_notes *notes, const char *name)
{
	for (size_t i = 0; i < array_size(templates); i++) {
		const struct template *template = &templates[i];
		const struct note_spec found[] = {
			{ "columns.width", template->width },
			{ "columns.minwidth", template->min_width },
			{ "columns.maxwidth", template->max_width },
			{ "columns.alignment", template->alignment },
			{ "columns.ellipsis", template->ellipsis },
			{ "columns.hidden", template->is_hidden ? "true" : NULL },
		};

		if (!str_eq(template->name, name))
			continue;
		for (size_t k = 0; k < array_size(found); k++)
			if (found[k].value &&
			    gadget_notes__set(notes, found[k].key, found[k].value) < 0)
				return -ENOMEM;
		return 0;
	}
	return -ENOENT;
}
