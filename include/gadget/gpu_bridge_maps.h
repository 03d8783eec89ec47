/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef SONDE_GADGET_GPU_BRIDGE_MAPS_H
#define SONDE_GADGET_GPU_BRIDGE_MAPS_H

/*
 * The pinned maps with what is in gpu_types.h. Say before which of them are wanted: GPU_BRIDGE_WANT_META, _DEVICE,
 * _PER_PID, _PER_PID_PER_DEVICE, or _ALL. Include vmlinux.h first.
 */

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include <gadget/gpu_types.h>

#ifdef GPU_BRIDGE_WANT_ALL
#define GPU_BRIDGE_WANT_META
#define GPU_BRIDGE_WANT_DEVICE
#define GPU_BRIDGE_WANT_PER_PID
#define GPU_BRIDGE_WANT_PER_PID_PER_DEVICE
#endif

#define GADGET_GPU_MAP_(name, kind, entries, key_type, value_type)                                 \
	struct {                                                                                   \
		__uint(type, kind);                                                                \
		__uint(max_entries, entries);                                                      \
		__type(key, key_type);                                                             \
		__type(value, struct value_type);                                                  \
		__uint(pinning, LIBBPF_PIN_BY_NAME);                                               \
	} name SEC(".maps")

#ifdef GPU_BRIDGE_WANT_META
GADGET_GPU_MAP_(gpu_meta, BPF_MAP_TYPE_ARRAY, 1, __u32, gpu_meta);

/* What the daemon says of itself; NULL when it has said nothing for longer. `now` is of the boot clock. */
static __always_inline struct gpu_meta *gpu_meta_fresh(__u64 now, __u64 longest_ms)
{
	__u32 zero = 0;
	struct gpu_meta *meta = bpf_map_lookup_elem(&gpu_meta, &zero);

	return meta && now - meta->last_update_boottime_ns <= longest_ms * 1000000 ? meta : NULL;
}
#endif

#ifdef GPU_BRIDGE_WANT_DEVICE
GADGET_GPU_MAP_(gpu_device, BPF_MAP_TYPE_ARRAY, GPU_MAX_DEVICES, __u32, gpu_device_metrics);
#endif

#ifdef GPU_BRIDGE_WANT_PER_PID
GADGET_GPU_MAP_(gpu_per_pid, BPF_MAP_TYPE_LRU_HASH, 4096, __u32, gpu_pid_metrics_aggregated);

/* Of a process that has this much of a GPU's memory; otherwise NULL. */
static __always_inline struct gpu_pid_metrics_aggregated *gpu_pid_holder(__u32 pid, __u64 bytes)
{
	struct gpu_pid_metrics_aggregated *metrics = bpf_map_lookup_elem(&gpu_per_pid, &pid);

	return metrics && metrics->used_gpu_memory_total >= bytes ? metrics : NULL;
}
#endif

#ifdef GPU_BRIDGE_WANT_PER_PID_PER_DEVICE
GADGET_GPU_MAP_(gpu_per_pid_per_device, BPF_MAP_TYPE_LRU_HASH, 4096, __u64, gpu_pid_metrics);
#endif

#endif
