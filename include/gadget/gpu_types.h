/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef SONDE_GADGET_GPU_TYPES_H
#define SONDE_GADGET_GPU_TYPES_H

/*
 * What a daemon that watches GPUs keeps in pinned maps for gadgets: layouts and names are those of Inspektor Gadget's
 * gpu-ebpf-bridge, version 1. Include vmlinux.h first, or nothing.
 */

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#define GPU_SCHEMA_VERSION 1
#define GPU_MAX_DEVICES 16
#define GPU_DEVICE_PRIMARY_MULTI 0xff /* the process is on several devices */

/* One, of the daemon itself. */
struct gpu_meta {
	__u32 schema_version;
	__u32 n_devices;
	__u64 last_update_boottime_ns; /* boot clock */
	__u32 helper_pid;
	__u32 _reserved;
	__s64 clock_offset_ns; /* wall clock less boot clock */
};

/* By number of the device; what is not known is 0. */
struct gpu_device_metrics {
	__u64 timestamp_ns;
	__u32 sm_util_pct;
	__u32 mem_util_pct;
	__u64 mem_total; /* bytes, as of those that follow */
	__u64 mem_used;  /* without what is reserved */
	__u64 mem_reserved;
	__u32 temp_c;
	__u32 power_mw;
	__u32 sm_clock_mhz;
	__u32 mem_clock_mhz;
	__u64 throttle_reasons; /* bits of NVML's */
	__u64 pcie_tx_kbps;
	__u64 pcie_rx_kbps;
	__u32 enc_util_pct;
	__u32 dec_util_pct;
	__u64 nvlink_tx_kbps;
	__u64 nvlink_rx_kbps;
	__u64 ecc_corrected_total;
	__u64 ecc_uncorrected_total;
	__u32 fan_speed_pct;
	__u32 compute_mode; /* number of NVML's */
};

/* By process (upper half of the key) and device. */
struct gpu_pid_metrics {
	__u64 timestamp_ns;
	__u64 used_gpu_memory; /* bytes */
	__u32 sm_util_pct;
	__u32 mem_util_pct;
	__u32 enc_util_pct;
	__u32 dec_util_pct;
	__u8 gpu_device;
	__u8 mig_instance;
	__u16 _pad;
};

/* By process: the sum of memory, the most of the rest, over its devices. */
struct gpu_pid_metrics_aggregated {
	__u64 timestamp_ns;
	__u64 used_gpu_memory_total; /* bytes */
	__u32 sm_util_pct_max;
	__u32 mem_util_pct_max;
	__u8 gpu_device_primary; /* or GPU_DEVICE_PRIMARY_MULTI */
	__u8 device_count;
	__u16 _pad;
};

_Static_assert(sizeof(struct gpu_meta) == 32, "the daemon writes 32 bytes");
_Static_assert(sizeof(struct gpu_device_metrics) == 128, "the daemon writes 128 bytes");
_Static_assert(sizeof(struct gpu_pid_metrics) == 40, "the daemon writes 40 bytes");
_Static_assert(sizeof(struct gpu_pid_metrics_aggregated) == 32, "the daemon writes 32 bytes");

#endif
