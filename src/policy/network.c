/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/num.h"

int policy_network__parse(struct arena *arena, const char *text, struct policy_set_value *ret_value)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char address[INET6_ADDRSTRLEN];
	uint8_t bytes[16] = { 0 };
	uint32_t size;
	uint64_t bits;

	if (len >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, len);
	address[len] = '\0';
	if (inet_pton(AF_INET, address, bytes) == 1)
		size = 4;
	else if (inet_pton(AF_INET6, address, bytes) == 1)
		size = 16;
	else
		return -EINVAL;
	bits = size * 8;
	if (slash && (num_parse_u64(slash + 1, strlen(slash + 1), &bits) < 0 || bits > size * 8))
		return -EINVAL;
	for (uint32_t i = (uint32_t)bits; i < size * 8; i++)
		bytes[i / 8] &= (uint8_t) ~(0x80u >> i % 8);
	*ret_value = (struct policy_set_value){ .bytes = arena__memdup(arena, bytes, size),
						.size = size,
						.bits = (uint32_t)bits };
	return ret_value->bytes ? 0 : -ENOMEM;
}
