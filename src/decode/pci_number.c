/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/pci_number.h"

#include <errno.h>
#include <inttypes.h>

#include "host/host.h"

int decode_pci_number(const struct decode_env *env, const void *data, size_t len,
		      struct pci_number *ret_number, struct strbuf *out, struct err *err)
{
	const struct pci_names *names = host__pci(env->host, NULL /* the text below says it */);
	int64_t value;
	int r;

	if (!names) {
		strbuf__add_text(out, "missing pci.ids db");
		return DECODE_UNKNOWN;
	}
	r = decode_number(data, len, &value, err);
	if (r < 0)
		return r;
	if (value < 0 || value > UINT32_MAX)
		return err__set(err, -ERANGE, NULL, "%" PRId64 " is no PCI number of 32 bits",
				value);
	*ret_number = (struct pci_number){ .names = names, .value = (uint32_t)value };
	return DECODE_OK;
}
