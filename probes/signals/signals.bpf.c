// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Signals sent, by what came of sending, and signals that arrived, by what they met there.
 */
#include "kernel.bpf.h"

#include "maps.bpf.h"

#include "wanted_cgroups.bpf.h"

/* 64 signals (0 is none) with five results or three actions each: the maps cannot be full. */
#define SENT_MAX 320
#define ARRIVED_MAX 192

enum signal_action {
	SIGNAL_ACTION_DEFAULT,
	SIGNAL_ACTION_IGNORE,
	SIGNAL_ACTION_HANDLER,
};

struct signal_key {
	u8 signal;
	u8 how; /* result of sending, or enum signal_action */
	u16 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, SENT_MAX);
	__type(key, struct signal_key);
	__type(value, u64);
} signals_sent_total SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, ARRIVED_MAX);
	__type(key, struct signal_key);
	__type(value, u64);
} signals_arrived_total SEC(".maps");

SEC("tp_btf/signal_generate")
int BPF_PROG(signal_generate, int signal, void *info, struct task_struct *task, int is_group,
	     int result)
{
	struct signal_key key = { .signal = signal, .how = result };

	if (!is_current_wanted())
		return 0;
	increment_map(&signals_sent_total, &key, 1);
	return 0;
}

SEC("tp_btf/signal_deliver")
int BPF_PROG(signal_deliver, int signal, void *info, struct k_sigaction *action)
{
	/* Not read directly: newer verifiers do not take a pointer for the number that it is here. */
	unsigned long handler = (unsigned long)BPF_CORE_READ(action, sa.sa_handler);
	struct signal_key key = { .signal = signal, .how = SIGNAL_ACTION_HANDLER };

	if (!is_current_wanted())
		return 0;
	if (handler < SIGNAL_ACTION_HANDLER) /* SIG_DFL is 0, SIG_IGN 1 */
		key.how = handler;
	increment_map(&signals_arrived_total, &key, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
