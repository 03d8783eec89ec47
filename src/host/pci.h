/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_HOST_PCI_H
#define SRC_HOST_PCI_H

/*
 * Names of PCI vendors, devices and classes, from the machine's pci.ids.
 * It owns a sorted index and a pool of names, read once on first use; subsystems and interfaces are left out.
 * The pci_* decoders ask it through host__pci().
 */

#include <stdint.h>
#include "base/err.h"

struct pci_names;

/*
 * Which file: $PCIDB_PATH if set; otherwise the first of $HOME/.cache/pci.ids, /usr/share/hwdata/pci.ids and
 * /usr/share/misc/pci.ids, and none of them when the latter two are both missing (as ebpf_exporter does it).
 * -ENOENT: there is none.
 */
int pci_names__open(int root_fd, struct pci_names **ret_names, struct err *err);
struct pci_names *pci_names__close(struct pci_names *names);

/* NULL when unknown; otherwise borrowed until close. */
const char *pci_names__find_vendor(const struct pci_names *names, uint16_t vendor);
const char *pci_names__find_device(const struct pci_names *names, uint16_t vendor, uint16_t device);
const char *pci_names__find_class(const struct pci_names *names, uint8_t class_code);
const char *pci_names__find_subclass(const struct pci_names *names, uint8_t class_code,
				     uint8_t subclass);

#endif
