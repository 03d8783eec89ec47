/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/ops.h"

#include <errno.h>

#include "host/host.h"

#define NAME_SIZE 64

/* The kernel's new_encode_dev(): 12 bits of major in the middle, 8 low and 12 high bits of minor around it. */
static uint32_t major_of(uint32_t device)
{
	return (device >> 8) & 0xfff;
}

static uint32_t minor_of(uint32_t device)
{
	return (device & 0xff) | ((device >> 12) & 0xfff00);
}

static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	char name[NAME_SIZE];
	uint32_t device;
	int r;

	(void)state;
	(void)len; /* at least 4; what follows is not looked at */
	memcpy(&device, data, sizeof(device));
	r = host__device_name(env->host, major_of(device), minor_of(device), name, sizeof(name));
	if (r == -ENOENT) {
		strbuf__printf(out, "unknown:%u:%u", major_of(device), minor_of(device));
		return DECODE_UNKNOWN;
	}
	if (r < 0)
		return err__set(err, r, NULL, "cannot read the list of block devices: %s",
				strerror(-r));
	strbuf__add(out, name, (size_t)r);
	return DECODE_OK;
}

const struct decoder_ops decode_majorminor_ops = {
	.input = DECODER_INPUT_RAW,
	.run = run,
	.min_size = sizeof(uint32_t),
};
