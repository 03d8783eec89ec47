// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* A tracer: a record for each call of the test's fire(what, value); filtered as gadgets are, by mount namespace. */
#include "kernel.bpf.h"

#define GADGET_NO_BUF_RESERVE
#include <gadget/buffer.h>
#include <gadget/macros.h>
#include <gadget/mntns.h>
#include <gadget/mntns_filter.h>
#include <gadget/types.h>

struct event {
	gadget_mntns_id mntns_id;
	u64 what;
};

GADGET_TRACER_MAP(events, 1024 * 1024);
GADGET_TRACER(filtered, events, event);

SEC("uprobe/./trigger:fire")
int BPF_KPROBE(on_fire, u64 what)
{
	gadget_mntns_id mntns_id = gadget_get_current_mntns_id();
	struct event *event;

	if (gadget_should_discard_mntns_id(mntns_id))
		return 0;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		gadget_count_loss(&events_lost_samples);
		return 0;
	}
	event->mntns_id = mntns_id;
	event->what = what;
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
