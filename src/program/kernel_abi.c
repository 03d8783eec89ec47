/* SPDX-License-Identifier: Apache-2.0 */
#include "program/kernel_abi.h"

#include <errno.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

int kernel_create_link(const struct kernel_link_create *request)
{
	/* The kernel wants zeroes up to the size it is told, and ignores what it does not know if zero. */
	long fd = syscall(__NR_bpf, BPF_LINK_CREATE, request, sizeof(*request));

	return fd < 0 ? -errno : (int)fd;
}
