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
	name = number.value <= UINT16_MAX
		       ? pci_names__find_vendor(number.names, (uint16_t)number.value)
		       : NULL;
	if (name)
		strbuf__add_text(out, name);
	else
		strbuf__printf(out, "unknown pci vendor: 0x%02x", number.value);
	return DECODE_OK;
}

const struct decoder_ops decode_pci_vendor_ops = {
	.input = DECODER_INPUT_TEXT,
	.run = run,
};
