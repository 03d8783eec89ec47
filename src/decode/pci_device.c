/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/pci_number.h"

#include "host/pci.h"

static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	struct pci_number number;
	const char *name;
	int r = decode_pci_number(env, data, len, &number, out, err);

	(void)state;
	if (r != DECODE_OK)
		return r;
	name = pci_names__find_device(number.names, (uint16_t)(number.value >> 16),
				      (uint16_t)number.value);
	if (name)
		strbuf__add_text(out, name);
	else
		strbuf__printf(out, "unknown pci device: 0x%04x", number.value);
	return DECODE_OK;
}

const struct decoder_ops decode_pci_device_ops = {
	.input = DECODER_INPUT_TEXT,
	.run = run,
};
