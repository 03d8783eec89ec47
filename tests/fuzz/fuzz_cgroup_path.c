/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of cgroups, which anybody who may make one chooses: words are slices of the path, or of the result. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "enrich/cgroup_path.h"

static void require_inside(struct path_word word, const char *text, size_t len)
{
	if (word.len > 0 && (word.at < text || word.at + word.len > text + len))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *path = strndup((const char *)data, size);
	struct cgroup_path words;
	size_t len;

	if (!path)
		return 0;
	len = strlen(path);
	cgroup_path_read(path, &words);
	require_inside(words.container, path, len);
	require_inside(words.unit, path, len);
	require_inside(words.user_unit, path, len);
	require_inside(words.slice, path, len);
	if (words.pod_uid.at == words.pod_uid_text)
		require_inside(words.pod_uid, words.pod_uid_text, POD_UID_LEN);
	else
		require_inside(words.pod_uid, path, len);
	if ((words.runtime != CONTAINER_RUNTIME_NONE) != (words.container.len > 0))
		abort();
	(void)cgroup_path_is_container(&words, path);
	free(path);
	return 0;
}
