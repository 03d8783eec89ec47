/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_INCLUDE_DROP_REASON_BPF_H
#define BPF_INCLUDE_DROP_REASON_BPF_H

/*
 * Why the kernel dropped a packet, as tp_btf/kfree_skb tells it since 5.17. Every kernel numbers the reasons differently:
 * each name is looked up in the running one when the program is loaded, and one that it lacks is never met.
 * Include kernel.bpf.h first.
 */

#define DROP_REASON_SUBSYSTEM_SHIFT 16

#define IS_DROP_REASON(reason, name)                                                               \
	(bpf_core_enum_value_exists(enum skb_drop_reason, SKB_DROP_REASON_##name) &&               \
	 (reason) == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_##name))

/* The newest kernels have a list of their own for queueing disciplines; its number is in the upper half. */
static __always_inline bool is_of_queueing_discipline(u32 reason)
{
	if (bpf_core_enum_value_exists(enum skb_drop_reason_subsys, SKB_DROP_REASON_SUBSYS_QDISC) &&
	    reason >> DROP_REASON_SUBSYSTEM_SHIFT ==
		    bpf_core_enum_value(enum skb_drop_reason_subsys, SKB_DROP_REASON_SUBSYS_QDISC))
		return true;
	return IS_DROP_REASON(reason, QDISC_DROP) || IS_DROP_REASON(reason, QDISC_OVERLIMIT) ||
	       IS_DROP_REASON(reason, QDISC_CONGESTED) ||
	       IS_DROP_REASON(reason, QDISC_BURST_DROP) || IS_DROP_REASON(reason, CAKE_FLOOD) ||
	       IS_DROP_REASON(reason, FQ_BAND_LIMIT) || IS_DROP_REASON(reason, FQ_HORIZON_LIMIT) ||
	       IS_DROP_REASON(reason, FQ_FLOW_LIMIT) || IS_DROP_REASON(reason, DUALPI2_STEP_DROP);
}

#endif
