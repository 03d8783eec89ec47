// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Uses the headers for packets, whose programs know no type of the kernel. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#define GADGET_TYPE_NETWORKING

#include <gadget/buffer.h>
#include <gadget/filter.h>
#include <gadget/macros.h>
#include <gadget/packetfilter.h>
#include <gadget/sockets-map.h>
#include <gadget/types.h>

struct event {
	gadget_timestamp timestamp_raw;
	struct gadget_process proc;
	gadget_netns_id netns_id;
	__u32 len;
};

GADGET_TRACER_MAP(events, 256 * 1024);
GADGET_TRACER(packets, events, event);
GADGET_PF(wanted)

SEC("classifier/egress/sent")
int on_packet(struct __sk_buff *skb)
{
	struct gadget_socket_value *value = gadget_socket_lookup_with_direction(skb, 0);
	void *data = (void *)(long)skb->data, *data_end = (void *)(long)skb->data_end;
	struct event *event;

	if (gadget_should_discard_data_by_skb(value) ||
	    !gadget_pf_matches(wanted, skb, data, data_end))
		return -1;
	event = gadget_reserve_buf(&events, sizeof(*event));
	if (!event)
		return -1;
	event->timestamp_raw = bpf_ktime_get_boot_ns();
	event->netns_id = skb->cb[0];
	event->len = skb->len;
	gadget_process_populate_from_socket(value, &event->proc);
	gadget_submit_buf(skb, &events, event, sizeof(*event));
	return -1;
}

char LICENSE[] SEC("license") = "GPL";
