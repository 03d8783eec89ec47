/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/ops.h"

#include <inttypes.h>

#include "host/host.h"

/* Who has no name is the number: unlike that of a cgroup, people know it. A name may be given at any time. */
static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	const char *name = NULL;
	int64_t uid;
	int r = decode_number(data, len, &uid, err);

	(void)state;
	if (r < 0)
		return r;
	if (uid >= 0 && uid <= UINT32_MAX)
		name = host__user_name(env->host, (uint32_t)uid);
	if (!name) {
		strbuf__printf(out, "%" PRId64, uid);
		return DECODE_UNKNOWN;
	}
	strbuf__add_text(out, name);
	return DECODE_OK;
}

const struct decoder_ops decode_user_ops = {
	.input = DECODER_INPUT_TEXT,
	.run = run,
};
