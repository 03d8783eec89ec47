/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/endpoint.h"

#include "decode/ops.h"

static const uint32_t sizes[] = { ENDPOINT_SIZE };

bool endpoint_add_address(struct strbuf *out, const void *endpoint, size_t version_at)
{
	const uint8_t *bytes = endpoint;

	switch (bytes[version_at]) {
	case 4:
		decode_add_ipv4(out, bytes + ENDPOINT_ADDRESS);
		return true;
	case 6:
		decode_add_ipv6(out, bytes + ENDPOINT_ADDRESS);
		return true;
	default:
		return false;
	}
}

static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	uint16_t port;

	(void)state;
	(void)env;
	(void)len;
	(void)err;
	memcpy(&port, (const char *)data + L4ENDPOINT_PORT, sizeof(port));
	if (endpoint_add_address(out, data, L4ENDPOINT_VERSION))
		strbuf__printf(out, ":%u", port);
	return DECODE_OK;
}

const struct decoder_ops decode_endpoint_ops = {
	.input = DECODER_INPUT_RAW,
	.run = run,
	.sizes = sizes,
	.size_count = 1,
};
