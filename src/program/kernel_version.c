/* SPDX-License-Identifier: Apache-2.0 */
#include "program/kernel_version.h"

#include <errno.h>
#include <linux/version.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "program/image.h"

/*
 * libbpf 1.1.2 takes the version from uname's release, which says 6.1.0 for each of Debian's 6.1: the third number is
 * in uname's version. libbpf lets nobody else set LINUX_KERNEL_VERSION, but does so for names that begin with CONFIG_;
 * so the variable is given one of the same length. Seen with ebpf_exporter's biolatency on 5.10.262, which then read
 * the arguments of a 5.10.0 and could not attach.
 * FALLBACK: remove when the oldest libbpf reads Debian's version itself (1.5 does).
 */
#define VERSION_NAME "LINUX_KERNEL_VERSION"
#define OPTION_NAME "CONFIG_LINUX_VERSION"

_Static_assert(sizeof(VERSION_NAME) == sizeof(OPTION_NAME), "one is written over the other");

#define DEBIAN_PREFIX "Debian "

int kernel_version_parse_debian(const char *version, uint32_t *ret_number)
{
	const char *number = strstr(version, DEBIAN_PREFIX);
	unsigned int major, minor, patch;

	if (!number ||
	    sscanf(number + strlen(DEBIAN_PREFIX), "%3u.%3u.%5u", &major, &minor, &patch) != 3)
		return -ENOENT;
	/* The third number has one byte; kernels say 255 for all that is more. */
	*ret_number = KERNEL_VERSION(major, minor, patch > UINT8_MAX ? UINT8_MAX : patch);
	return 0;
}

void kernel_version_tell(void *image, size_t len, char *kconfig, size_t size)
{
	struct utsname names;
	uint32_t number;

	kconfig[0] = '\0';
	if (uname(&names) < 0 || kernel_version_parse_debian(names.version, &number) < 0)
		return;
	if (image_rename_extern(image, len, VERSION_NAME, OPTION_NAME) < 0)
		return; /* it does not ask */
	(void)snprintf(kconfig, size, OPTION_NAME "=%u\n", number);
}
