/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/ops.h"

#include <errno.h>

#include "host/host.h"

#define NAME_SIZE 64

static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	char name[NAME_SIZE];
	uint32_t index;
	int r;

	(void)state;
	(void)len; /* at least 4; what follows is not looked at */
	memcpy(&index, data, sizeof(index));
	r = host__interface_name(env->host, index, name, sizeof(name));
	if (r == -ENOENT) {
		strbuf__printf(out, "unknown:%u", index);
		return DECODE_UNKNOWN;
	}
	if (r < 0)
		return err__set(err, r, NULL, "cannot look up interface %u: %s", index,
				strerror(-r));
	strbuf__add(out, name, (size_t)r);
	return DECODE_OK;
}

const struct decoder_ops decode_ifname_ops = {
	.input = DECODER_INPUT_RAW,
	.run = run,
	.min_size = sizeof(uint32_t),
};
