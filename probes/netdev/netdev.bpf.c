// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Packets that network devices and what stands before them gave up, by device and reason: by XDP, by the driver at
 * sending, and by queues and traffic control. The name of a device is the kernel's, so it is right in every namespace.
 */
#include "kernel.bpf.h"

#include "maps.bpf.h"

#include "drop_reason.bpf.h"

#define DEVICE_NAME_SIZE 16
#define KEY_MAX 1024 /* devices * reasons */
#define XDP_ABORTED_ACTION 0
#define XDP_TX_ACTION 3
#define XDP_REDIRECT_ACTION 4
#define TRANSMIT_BUSY 0x10 /* the driver did not take it */

/* The numbers of each metric are the probe's own, as in the YAML. */
enum xdp_reason {
	XDP_REASON_ABORTED,
	XDP_REASON_INVALID_ACTION,
	XDP_REASON_TX,
	XDP_REASON_REDIRECT,
	XDP_REASON_REDIRECT_ERROR,
	XDP_REASON_BULK_TX,
	XDP_REASON_BULK_REDIRECT,
};

enum transmit_reason {
	TRANSMIT_REASON_BUSY,
	TRANSMIT_REASON_DROPPED,
};

enum drop_reason {
	DROP_REASON_NONE, /* of none of these */
	DROP_REASON_QUEUEING_DISCIPLINE,
	DROP_REASON_CPU_BACKLOG,
	DROP_REASON_TC_INGRESS,
	DROP_REASON_TC_EGRESS,
	DROP_REASON_DEVICE_NOT_READY,
	DROP_REASON_FULL_RING,
	DROP_REASON_TAP_FILTER,
};

struct device_key {
	char device[DEVICE_NAME_SIZE];
	u32 reason;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, KEY_MAX);
	__type(key, struct device_key);
	__type(value, u64);
} netdev_xdp_drops_total SEC(".maps");

/* What the map above has no room for. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} netdev_xdp_drops_overflow SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, KEY_MAX);
	__type(key, struct device_key);
	__type(value, u64);
} netdev_transmit_failures_total SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} netdev_transmit_failures_overflow SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, KEY_MAX);
	__type(key, struct device_key);
	__type(value, u64);
} netdev_drops_total SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} netdev_drops_overflow SEC(".maps");

struct timeout_key {
	char device[DEVICE_NAME_SIZE];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, KEY_MAX);
	__type(key, struct timeout_key);
	__type(value, u64);
} netdev_transmit_timeouts_total SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} netdev_transmit_timeouts_overflow SEC(".maps");

static __always_inline int count(void *map, void *overflow, const struct net_device *device,
				 u32 reason, u64 packets)
{
	struct device_key key = { .reason = reason };

	bpf_probe_read_kernel_str(key.device, sizeof(key.device), device->name);
	add_or_overflow(map, &key, packets, overflow, 0);
	return 0;
}

/* ---- XDP ---- */

static __always_inline u32 xdp_reason(u32 action)
{
	switch (action) {
	case XDP_ABORTED_ACTION:
		return XDP_REASON_ABORTED;
	case XDP_TX_ACTION:
		return XDP_REASON_TX;
	case XDP_REDIRECT_ACTION:
		return XDP_REASON_REDIRECT;
	}
	return XDP_REASON_INVALID_ACTION;
}

SEC("tp_btf/xdp_exception")
int BPF_PROG(xdp_exception, const struct net_device *device, void *program, u32 action)
{
	return count(&netdev_xdp_drops_total, &netdev_xdp_drops_overflow, device,
		     xdp_reason(action), 1);
}

SEC("tp_btf/xdp_redirect_err")
int BPF_PROG(xdp_redirect_err, const struct net_device *device)
{
	return count(&netdev_xdp_drops_total, &netdev_xdp_drops_overflow, device,
		     XDP_REASON_REDIRECT_ERROR, 1);
}

/* Once for up to 16 packets that a program sent back where they came from, in drivers that tell. */
SEC("tp_btf/xdp_bulk_tx")
int BPF_PROG(xdp_bulk_tx, const struct net_device *device, int sent, int drops)
{
	return drops > 0 ? count(&netdev_xdp_drops_total, &netdev_xdp_drops_overflow, device,
				 XDP_REASON_BULK_TX, drops)
			 : 0;
}

/* Likewise where a program sent them to another device, which is the one that did not take them. */
SEC("tp_btf/xdp_devmap_xmit")
int BPF_PROG(xdp_devmap_xmit, const struct net_device *from, const struct net_device *to, int sent,
	     int drops)
{
	return drops > 0 ? count(&netdev_xdp_drops_total, &netdev_xdp_drops_overflow, to,
				 XDP_REASON_BULK_REDIRECT, drops)
			 : 0;
}

/* ---- sending ---- */

/* Every packet that is sent passes here; all but a few leave at once. */
SEC("tp_btf/net_dev_xmit")
int BPF_PROG(net_dev_xmit, struct sk_buff *skb, int result, const struct net_device *device)
{
	if (result == 0)
		return 0;
	return count(&netdev_transmit_failures_total, &netdev_transmit_failures_overflow, device,
		     result == TRANSMIT_BUSY ? TRANSMIT_REASON_BUSY : TRANSMIT_REASON_DROPPED, 1);
}

SEC("tp_btf/net_dev_xmit_timeout")
int BPF_PROG(net_dev_xmit_timeout, const struct net_device *device)
{
	struct timeout_key key = {};

	bpf_probe_read_kernel_str(key.device, sizeof(key.device), device->name);
	add_or_overflow(&netdev_transmit_timeouts_total, &key, 1,
			&netdev_transmit_timeouts_overflow, 0);
	return 0;
}

/* ---- queues and traffic control ---- */

#define TELL(theirs, ours)                                                                         \
	do {                                                                                       \
		if (IS_DROP_REASON(reason, theirs))                                                \
			return DROP_REASON_##ours;                                                 \
	} while (0)

static __always_inline u32 tell(u32 reason)
{
	if (is_of_queueing_discipline(reason))
		return DROP_REASON_QUEUEING_DISCIPLINE;
	TELL(CPU_BACKLOG, CPU_BACKLOG);
	TELL(TC_INGRESS, TC_INGRESS);
	TELL(TC_EGRESS, TC_EGRESS);
	TELL(DEV_READY, DEVICE_NOT_READY);
	TELL(FULL_RING, FULL_RING);
	TELL(TAP_FILTER, TAP_FILTER);
	TELL(TAP_TXFILTER, TAP_FILTER);
	return DROP_REASON_NONE;
}

/* Untyped: where there are no reasons the third argument is not there, and the verifier must not see it read. */
SEC("tp_btf/kfree_skb")
int kfree_skb(u64 *ctx)
{
	struct sk_buff *skb = (struct sk_buff *)ctx[0];
	u32 reason;

	if (!bpf_core_enum_value_exists(enum skb_drop_reason, SKB_DROP_REASON_QDISC_DROP))
		return 0;
	reason = tell(ctx[2]);
	return reason ? count(&netdev_drops_total, &netdev_drops_overflow, skb->dev, reason, 1) : 0;
}

char LICENSE[] SEC("license") = "GPL";
