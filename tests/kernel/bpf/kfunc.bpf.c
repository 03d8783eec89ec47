// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Kernel functions that no kernel has, called by one program each, beside a program that calls none. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

extern int sonde_no_such_kfunc(int value) __ksym;
extern int sonde_no_such_other(int value) __ksym;

SEC("raw_tp/sys_enter")
int plain(void *ctx)
{
	return 0;
}

SEC("raw_tp/sys_enter")
int caller(void *ctx)
{
	return sonde_no_such_kfunc(1);
}

SEC("raw_tp/sys_exit")
int other_caller(void *ctx)
{
	return sonde_no_such_other(2);
}

char LICENSE[] SEC("license") = "GPL";
