/* SPDX-License-Identifier: Apache-2.0 */
#include "host/host.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>

int host__interface_name(struct host *host, uint32_t index, char *buf, size_t size)
{
	char name[IF_NAMESIZE];
	size_t len;

	(void)host; /* of our network namespace, whatever root was given: /sys shows its mounter's */
	if (!if_indextoname(index, name))
		return errno == ENXIO || errno == ENODEV ? -ENOENT : -errno;
	len = strlen(name);
	if (len >= size)
		return -ENOBUFS;
	memcpy(buf, name, len + 1);
	return (int)len;
}
