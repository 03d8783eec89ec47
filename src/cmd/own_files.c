/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/own_files.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

/* Seen from the directory of the binary. What was built comes before what it was built from: probes/ is in both. */
static const char *const places[] = { "", "../share/sonde/", "../" };

int own_files_find(const char *name, char *ret_path, size_t size)
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (len < 0)
		return -errno;
	self[len] = '\0';

	char *slash = strrchr(self, '/');

	if (slash)
		*slash = '\0';
	for (size_t i = 0; i < array_size(places); i++) {
		struct stat status;
		int needed = snprintf(ret_path, size, "%s/%s%s", self, places[i], name);

		if (needed > 0 && (size_t)needed < size && stat(ret_path, &status) == 0 &&
		    S_ISDIR(status.st_mode))
			return 0;
	}
	return -ENOENT;
}
