// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* A tracer with every special type that a record may have. */
#include <vmlinux.h>

#include <bpf/bpf_helpers.h>

#include <gadget/buffer.h>
#include <gadget/common.h>
#include <gadget/core_fixes.bpf.h>
#include <gadget/filter.h>
#include <gadget/kernel_stack_map.h>
#include <gadget/macros.h>
#include <gadget/mntns.h>
#include <gadget/mntns_filter.h>
#include <gadget/types.h>

enum thing { THING_ONE = 1, THING_TWO };
enum flags_set { FLAG_A = 1, FLAG_B = 2 };

struct event {
	gadget_timestamp timestamp_raw;
	struct gadget_process proc;
	struct gadget_l4endpoint_t src;
	struct gadget_l3endpoint_t dst;
	gadget_errno error_raw;
	gadget_signal sig_raw;
	gadget_syscall call_raw;
	gadget_file_flags flags_raw;
	gadget_file_mode mode_raw;
	gadget_bytes amount_raw;
	gadget_duration took_raw;
	gadget_uid owner;
	gadget_netns_id netns_id;
	gadget_kernel_stack kstack_raw;
	enum thing thing_raw;
	enum flags_set bits_raw;
	__s16 small;
	bool is_good;
	__u8 raw[6];
	char name[20];
	__u32 __padding;
};

const volatile __s64 limit = -5;
GADGET_PARAM(limit);
const volatile bool only_bad = false;
GADGET_PARAM(only_bad);
const volatile char prefix[8] = "";
GADGET_PARAM(prefix);

GADGET_TRACER_MAP(events, 1024 * 256);
GADGET_TRACER(happenings, events, event);

SEC("raw_tp/sys_enter")
int on_enter(struct bpf_raw_tracepoint_args *ctx)
{
	struct event *event;

	if (gadget_should_discard_data_current())
		return 0;
	event = gadget_reserve_buf(&events, sizeof(*event));
	if (!event)
		return 0;
	gadget_process_populate(&event->proc);
	event->timestamp_raw = bpf_ktime_get_boot_ns();
	event->call_raw = gadget_get_syscall_nr((struct pt_regs *)ctx->args[0]);
	event->kstack_raw = gadget_get_kernel_stack(ctx);
	event->amount_raw = get_task_state((void *)bpf_get_current_task());
	if (event->amount_raw > 7)
		gadget_discard_buf(event);
	else
		gadget_submit_buf(ctx, &events, event, sizeof(*event));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
