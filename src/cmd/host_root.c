/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/host_root.h"

#include <stdlib.h>

const char *host_root(void)
{
	const char *root = getenv("HOST_ROOT");

	return root && root[0] ? root : NULL;
}
