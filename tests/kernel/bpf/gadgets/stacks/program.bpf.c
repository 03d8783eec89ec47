// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Uses the headers for stacks, paths, sockets of the kernel, and what kernels call differently. */
#include <vmlinux.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define GADGET_TYPE_TRACING
#define GPU_BRIDGE_WANT_ALL

#include <gadget/buffer.h>
#include <gadget/common.h>
#include <gadget/core_fixes.bpf.h>
#include <gadget/filesystem.h>
#include <gadget/filter.h>
#include <gadget/gpu_bridge_maps.h>
#include <gadget/macros.h>
#include <gadget/sockets-map.h>
#include <gadget/user_stack_map.h>

struct event {
	gadget_timestamp timestamp_raw;
	struct gadget_process proc;
	struct gadget_user_stack ustack;
	__u64 changed;
	__u64 used_gpu_memory;
	char path[GADGET_PATH_MAX];
};

GADGET_TRACER_MAP(events, 256 * 1024);
GADGET_TRACER(stacks, events, event);

SEC("uprobe//proc/self/exe:fire")
int BPF_UPROBE(on_fire, long a, long b, long c, long d, long e, long f)
{
	struct file *file = get_struct_file_for_fd(a);
	struct gpu_pid_metrics_aggregated *gpu;
	struct event *event;

	if (gadget_should_discard_data_current())
		return 0;
	event = gadget_reserve_buf(&events, sizeof(*event));
	if (!event)
		return 0;
	event->timestamp_raw = bpf_ktime_get_boot_ns();
	gadget_process_populate(&event->proc);
	gadget_get_user_stack(ctx, &event->ustack);
	event->changed = file ? gadget_get_ctime_nanosec_from_inode(BPF_CORE_READ(file, f_inode))
			      : f;
	gpu = gpu_pid_holder(event->proc.pid, 1);
	event->used_gpu_memory = gpu ? gpu->used_gpu_memory_total : 0;
	if (read_full_path_of_open_file_fd(a, event->path, sizeof(event->path)) < 0)
		event->path[0] = 0;
	gadget_submit_buf(ctx, &events, event, sizeof(*event));
	return 0;
}

SEC("tracepoint/tcp/tcp_retransmit_skb")
int on_retransmit(void *ctx)
{
	const struct sock *sock = gadget_get_tcp_retransmit_skb_skaddr(ctx);
	struct gadget_socket_value *value = gadget_socket_lookup(sock, 1);
	struct event *event;

	if (!value)
		return 0;
	event = gadget_reserve_buf(&events, sizeof(*event));
	if (!event)
		return 0;
	event->timestamp_raw = bpf_ktime_get_boot_ns();
	gadget_process_populate_from_socket(value, &event->proc);
	gadget_get_user_stack_from_tracepoint(ctx, &event->ustack);
	event->changed = event->used_gpu_memory = event->path[0] = 0;
	gadget_submit_buf(ctx, &events, event, sizeof(*event));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
