// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* A tracer: a record for each call of the test's fire(what, value). */
#include "gadget.bpf.h"

struct event {
	gadget_timestamp timestamp_raw;
	struct gadget_process proc;
	u64 what;
	s64 value;
	gadget_errno error_raw;
	gadget_signal sig_raw;
	char text[8];
};

const volatile u64 wanted = 0; /* 0: all */
GADGET_PARAM(wanted);
const volatile bool is_failing = false;
GADGET_PARAM(is_failing);
const volatile char text[8] = "";
GADGET_PARAM(text);
const volatile u32 events_max_entries = 256 * 1024;
GADGET_PARAM(events_max_entries);

GADGET_TRACER_MAP(events, 4096);
GADGET_TRACER(fires, events, event);

SEC("uprobe/./trigger:fire")
int BPF_KPROBE(on_fire, u64 what, u64 value)
{
	struct event *event;

	if ((wanted && what != wanted) || !is_wanted())
		return 0;
	event = reserve_record(&events, sizeof(*event));
	if (!event)
		return 0;
	fill_process(&event->proc);
	event->timestamp_raw = bpf_ktime_get_boot_ns();
	event->what = what;
	event->value = value;
	event->error_raw = is_failing ? 2 : 0;
	event->sig_raw = 9;
	for (int i = 0; i < 8; i++)
		event->text[i] = text[i];
	submit_record(event);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
