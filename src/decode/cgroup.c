/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/ops.h"

#include <inttypes.h>

#include "host/cgroup.h"
#include "host/host.h"

/* From the start on, so that cgroups which come and go before the first row are known. */
static void prepare(const struct decode_env *env)
{
	(void)host__cgroups(env->host, NULL); /* run() says it when it is missing */
}

static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	/* Without a hierarchy to look in, every id is unknown: the numbers are worth having all the same. */
	struct cgroup_tree *tree = host__cgroups(env->host, NULL);
	const char *path;
	int64_t id;
	int r = decode_number(data, len, &id, err);

	(void)state;
	if (r < 0)
		return r;
	path = tree ? cgroup_tree__find(tree, (uint64_t)id) : NULL;
	if (!path) {
		strbuf__printf(out, "unknown_cgroup_id:%" PRId64, id);
		return DECODE_UNKNOWN;
	}
	strbuf__add_text(out, path);
	return DECODE_OK;
}

const struct decoder_ops decode_cgroup_ops = {
	.input = DECODER_INPUT_TEXT,
	.prepare = prepare,
	.run = run,
};
