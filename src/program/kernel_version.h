/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_KERNEL_VERSION_H
#define SRC_PROGRAM_KERNEL_VERSION_H

/*
 * Which kernel this is, for eBPF that asks LINUX_KERNEL_VERSION to know what was backported.
 * It owns nothing. object.c asks it for every object that is opened.
 */

#include <stddef.h>
#include <stdint.h>

/* The number in what Debian puts into uname's version ("#1 SMP Debian 6.1.170-1 (2026-05-01)"), as KERNEL_VERSION()
 * makes it. -ENOENT: this is another's. */
int kernel_version_parse_debian(const char *version, uint32_t *ret_number);
/* Changes the image of an object so that it is told the version of a Debian kernel; the text for libbpf's option
 * kconfig, "" when libbpf knows it by itself. */
void kernel_version_tell(void *image, size_t len, char *kconfig, size_t size);

#endif
