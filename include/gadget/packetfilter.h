/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef SONDE_GADGET_PACKETFILTER_H
#define SONDE_GADGET_PACKETFILTER_H

/*
 * Filters of packets that the user writes: GADGET_PF(NAME), or GADGET_PF() for one without a name, makes the function that
 * user space replaces by one made of the expression; gadget_pf_matches([NAME,] skb, data, data_end) asks it.
 * Include vmlinux.h or linux/types.h first.
 */

#include <bpf/bpf_helpers.h>

#include <gadget/types.h>

/* Three times the packet: what takes its place finds those registers full, and uses them. Never inlined, and with a result
 * that the compiler cannot know. */
#define GADGET_PF(name)                                                                            \
	static __noinline bool gadget_pf_##name(void *skb, void *again, void *once_more,           \
						void *data, void *data_end)                        \
	{                                                                                          \
		return skb == again && skb == once_more && data != data_end;                       \
	}

#define GADGET_PF_ASK_(name, skb, data, data_end)                                                  \
	gadget_pf_##name(skb, skb, skb, (void *)(data), (void *)(data_end))
#define GADGET_PF_ASK_UNNAMED_(skb, data, data_end) GADGET_PF_ASK_(, skb, data, data_end)
#define GADGET_PF_PICK_(a, b, c, d, macro, ...) macro
#define gadget_pf_matches(...)                                                                     \
	GADGET_PF_PICK_(__VA_ARGS__, GADGET_PF_ASK_, GADGET_PF_ASK_UNNAMED_, , , )(__VA_ARGS__)

#endif
