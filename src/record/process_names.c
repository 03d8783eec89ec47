/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/capability.h>
#include <string.h>

#include "base/mem.h"
#include "record/process_schema.h"

#define NAMES(names_) .names = (names_), .count = array_size(names_)

/* Without CAP_ Tetragon's API has that one (capabilities.proto), and who reads its events knows it so. */
#define CAPABILITY(name_, number_)                                                                 \
	[number_] = (number_) == CAP_DAC_OVERRIDE ? #name_ : "CAP_" #name_,
static const char *const capability_names[] = {
#include "record/kernel_capabilities.inc"
};
#undef CAPABILITY
const struct event_names event_capability_names = { NAMES(capability_names) };

static const char *const securebit_names[] = {
	"SecBitNoRoot",
	"SecBitNoRootLocked",
	"SecBitNoSetUidFixup",
	"SecBitNoSetUidFixupLocked",
	"SecBitKeepCaps",
	"SecBitKeepCapsLocked",
	"SecBitNoCapAmbientRaise",
	"SecBitNoCapAmbientRaiseLocked",
};
const struct event_names event_securebit_names = { NAMES(securebit_names), .is_shifted = true };

static const char *const taint_names[] = {
	[0] = "TAINT_PROPRIETARY_MODULE",        [1] = "TAINT_FORCED_MODULE",
	[2] = "TAINT_FORCED_UNLOAD_MODULE",      [10] = "TAINT_STAGED_MODULE",
	[12] = "TAINT_OUT_OF_TREE_MODULE",       [13] = "TAINT_UNSIGNED_MODULE",
	[15] = "TAINT_KERNEL_LIVE_PATCH_MODULE", [18] = "TAINT_TEST_MODULE",
};
const struct event_names event_taint_names = { NAMES(taint_names), .is_shifted = true };

static const char *const privilege_names[] = {
	"PRIVILEGES_CHANGED_UNSET",
	"PRIVILEGES_RAISED_EXEC_FILE_CAP",
	"PRIVILEGES_RAISED_EXEC_FILE_SETUID",
	"PRIVILEGES_RAISED_EXEC_FILE_SETGID",
};
const struct event_names event_privilege_names = { NAMES(privilege_names) };

#define ACTION(name_) [PROCESS_ACTION_##name_] = "KPROBE_ACTION_" #name_
static const char *const action_names[] = {
	ACTION(UNKNOWN),     ACTION(POST),           ACTION(FOLLOWFD),
	ACTION(SIGKILL),     ACTION(UNFOLLOWFD),     ACTION(OVERRIDE),
	ACTION(COPYFD),      ACTION(GETURL),         ACTION(DNSLOOKUP),
	ACTION(NOPOST),      ACTION(SIGNAL),         ACTION(TRACKSOCK),
	ACTION(UNTRACKSOCK), ACTION(NOTIFYENFORCER), ACTION(CLEANUPENFORCERNOTIFICATION),
	ACTION(SET),
};
const struct event_names event_action_names = { NAMES(action_names) };

static const char *const throttle_names[] = {
	[PROCESS_THROTTLE_UNKNOWN] = "THROTTLE_UNKNOWN",
	[PROCESS_THROTTLE_START] = "THROTTLE_START",
	[PROCESS_THROTTLE_STOP] = "THROTTLE_STOP",
};
const struct event_names event_throttle_names = { NAMES(throttle_names) };

static const char *const bpf_command_names[] = {
	"BPF_MAP_CREATE",        "BPF_MAP_LOOKUP_ELEM",
	"BPF_MAP_UPDATE_ELEM",   "BPF_MAP_DELETE_ELEM",
	"BPF_MAP_GET_NEXT_KEY",  "BPF_PROG_LOAD",
	"BPF_OBJ_PIN",           "BPF_OBJ_GET",
	"BPF_PROG_ATTACH",       "BPF_PROG_DETACH",
	"BPF_PROG_TEST_RUN",     "BPF_PROG_GET_NEXT_ID",
	"BPF_MAP_GET_NEXT_ID",   "BPF_PROG_GET_FD_BY_ID",
	"BPF_MAP_GET_FD_BY_ID",  "BPF_OBJ_GET_INFO_BY_FD",
	"BPF_PROG_QUERY",        "BPF_RAW_TRACEPOINT_OPEN",
	"BPF_BTF_LOAD",          "BPF_BTF_GET_FD_BY_ID",
	"BPF_TASK_FD_QUERY",     "BPF_MAP_LOOKUP_AND_DELETE_ELEM",
	"BPF_MAP_FREEZE",        "BPF_BTF_GET_NEXT_ID",
	"BPF_MAP_LOOKUP_BATCH",  "BPF_MAP_LOOKUP_AND_DELETE_BATCH",
	"BPF_MAP_UPDATE_BATCH",  "BPF_MAP_DELETE_BATCH",
	"BPF_LINK_CREATE",       "BPF_LINK_UPDATE",
	"BPF_LINK_GET_FD_BY_ID", "BPF_LINK_GET_NEXT_ID",
	"BPF_ENABLE_STATS",      "BPF_ITER_CREATE",
	"BPF_LINK_DETACH",       "BPF_PROG_BIND_MAP",
	"BPF_TOKEN_CREATE",
};
const struct event_names event_bpf_command_names = { NAMES(bpf_command_names) };

const char *event_names__get(const struct event_names *names, int64_t number)
{
	return number >= 0 && number < names->count ? names->names[number] : NULL;
}

bool event_names__find(const struct event_names *names, const char *name, size_t len,
		       uint32_t *ret_number)
{
	for (uint32_t i = 0; i < names->count; i++) {
		if (!names->names[i] || strlen(names->names[i]) != len ||
		    memcmp(names->names[i], name, len) != 0)
			continue;
		*ret_number = i;
		return true;
	}
	return false;
}
