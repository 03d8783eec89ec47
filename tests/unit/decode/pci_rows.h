/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_DECODE_PCI_ROWS_H
#define TESTS_UNIT_DECODE_PCI_ROWS_H

/*
 * Rows for the pci_* decoders, on a machine that has a pci.ids and on one that has none.
 * It owns nothing. The four tests call it.
 */

#include "rows.h"

void assert_pci_rows(const char *decoder, const struct decode_row *rows, size_t count);
/* The same text for every input, sensible or not. */
void assert_pci_missing(const char *decoder);

#endif
