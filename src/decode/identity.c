/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/identity.h"

#include <inttypes.h>

#include "decode/ops.h"

int decode_identity_find(const struct decode_env *env, const void *data, size_t len,
			 struct identity_words *ret_words, struct strbuf *out, struct err *err)
{
	int64_t id;
	int r = decode_number(data, len, &id, err);

	if (r < 0)
		return r;
	if (env->who->find_cgroup(env->who->ctx, (uint64_t)id, ret_words))
		return DECODE_OK;
	strbuf__printf(out, "unknown_cgroup_id:%" PRId64, id);
	return DECODE_UNKNOWN;
}

int decode_identity_unnamed_pod(const struct identity_words *words, struct strbuf *out)
{
	strbuf__printf(out, "unknown_pod_uid:%s", words->pod_uid);
	return DECODE_UNKNOWN;
}
