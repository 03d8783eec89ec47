// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* The tracer of road_events, with a second program whose hook exists nowhere. */
#include "road_events.bpf.c"

SEC("uprobe/./trigger:no_such_function_anywhere")
int BPF_KPROBE(cannot_attach)
{
	return 0;
}
