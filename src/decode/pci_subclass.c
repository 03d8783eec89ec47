/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/pci_number.h"

#include "host/pci.h"

static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	struct pci_number number;
	uint32_t class_code, subclass;
	const char *name;
	int r = decode_pci_number(env, data, len, &number, out, err);

	(void)state;
	if (r != DECODE_OK)
		return r;
	class_code = number.value >> 8;
	subclass = number.value & 0xff;
	if (class_code > UINT8_MAX || !pci_names__find_class(number.names, (uint8_t)class_code)) {
		strbuf__printf(out, "unknown pci class: 0x%02x", class_code);
		return DECODE_OK;
	}
	name = pci_names__find_subclass(number.names, (uint8_t)class_code, (uint8_t)subclass);
	if (name)
		strbuf__add_text(out, name);
	else
		strbuf__printf(out, "unknown pci subclass: 0x%02x (class 0x%02x)", subclass,
			       class_code);
	return DECODE_OK;
}

const struct decoder_ops decode_pci_subclass_ops = {
	.input = DECODER_INPUT_TEXT,
	.run = run,
};
