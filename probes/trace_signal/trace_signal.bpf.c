// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Signals that are sent: all of them where the kernel makes one, or the calls of the kill family with their outcome.
 */
#include "gadget.bpf.h"

#include "syscall.bpf.h"

struct event {
	gadget_timestamp timestamp_raw;
	struct gadget_process proc;
	u32 tpid;
	gadget_signal sig_raw;
	gadget_errno error_raw;
};

const volatile int target_signal = 0;
GADGET_PARAM(target_signal);
const volatile bool failed_only = false;
GADGET_PARAM(failed_only);
const volatile bool kill_only = false;
GADGET_PARAM(kill_only);

GADGET_TRACER_MAP(events, 256 * 1024);
GADGET_TRACER(signal, events, event);

static __always_inline int trace(u32 target, u32 number, long result)
{
	struct event *event;

	if ((target_signal && number != (u32)target_signal) || !is_wanted())
		return 0;
	event = reserve_record(&events, sizeof(*event));
	if (!event)
		return 0;
	event->timestamp_raw = bpf_ktime_get_boot_ns();
	fill_process(&event->proc);
	event->tpid = target;
	event->sig_raw = number;
	event->error_raw = result < 0 ? -result : 0;
	submit_record(event);
	return 0;
}

/* A signal that was made has not failed, so it is the calls that tell of failures. */
SEC("tp_btf/signal_generate")
int BPF_PROG(trace_generate, int number, void *details, struct task_struct *task)
{
	if (kill_only || failed_only)
		return 0;
	return trace(task->tgid, number, 0);
}

static __always_inline int trace_call(u32 target, u32 number, long result)
{
	if (!kill_only && !failed_only)
		return 0;
	if (failed_only && result >= 0)
		return 0;
	return trace(target, number, result);
}

SEC("tracepoint/syscalls/sys_exit_kill")
int trace_kill(struct syscall_trace_exit *ctx)
{
	return trace_call(left_argument(0), left_argument(1), ctx->ret);
}

SEC("tracepoint/syscalls/sys_exit_tkill")
int trace_tkill(struct syscall_trace_exit *ctx)
{
	return trace_call(left_argument(0), left_argument(1), ctx->ret);
}

SEC("tracepoint/syscalls/sys_exit_tgkill")
int trace_tgkill(struct syscall_trace_exit *ctx)
{
	return trace_call(left_argument(1), left_argument(2), ctx->ret);
}

char LICENSE[] SEC("license") = "GPL";
