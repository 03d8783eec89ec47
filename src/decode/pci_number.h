/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_DECODE_PCI_NUMBER_H
#define SRC_DECODE_PCI_NUMBER_H

/*
 * The beginning that the pci_* decoders share: the table of names, and the number to look up in it.
 * It owns nothing. Only they include it.
 */

#include "decode/ops.h"

struct pci_names;

struct pci_number {
	const struct pci_names *names; /* borrowed from the host */
	uint32_t value;
};

/*
 * DECODE_OK: look the number up. DECODE_UNKNOWN: there are no names on this machine, the text in their place is in
 * out, whatever the input is. -EINVAL or -ERANGE with err set: no such number.
 */
int decode_pci_number(const struct decode_env *env, const void *data, size_t len,
		      struct pci_number *ret_number, struct strbuf *out, struct err *err);

#endif
