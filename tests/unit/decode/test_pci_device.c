/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "pci_rows.h"

static const struct decode_row rows[] = {
	ROW("2156269568", DECODE_OK, "82542 Gigabit Ethernet Controller (Fiber)"),
	ROW("268596191", DECODE_OK, "Navi 22 [Radeon RX 6700/6700 XT/6750 XT / 6800M/6850M XT]"),
	ROW("282994436", DECODE_OK, "AD103 [GeForce RTX 4080]"),
	ROW("364056607", DECODE_OK, "MT2894 Family [ConnectX-6 Lx]"),
	ROW("340633610", DECODE_OK, "NVMe SSD Controller PM9A1/PM9A3/980PRO"),
	ROW("350492180", DECODE_OK, "BCM57454 NetXtreme-E 10Gb/25Gb/40Gb/50Gb/100Gb Ethernet"),
	ROW("3735928559", DECODE_OK, "unknown pci device: 0xdeadbeef"),
	ROW("235995137", DECODE_OK, "PCI to EISA Bridge"), /* 0x0e110001 */
	ROW("0", DECODE_OK, "unknown pci device: 0x0000"), /* seen where a device has no id */
	ROW("4294967295", DECODE_OK, "unknown pci device: 0xffffffff"),
	ROW("", -EINVAL, "'' is no decimal number"),
	ROW("0x8086", -EINVAL, "'0x8086' is no decimal number"),
	ROW("-1", -ERANGE, "-1 is no PCI number of 32 bits"),
	ROW("4294967296", -ERANGE, "4294967296 is no PCI number of 32 bits"),
};

static void test_run__rows(void **state)
{
	(void)state;
	assert_pci_rows("pci_device", rows, array_size(rows));
}

static void test_run__no_names(void **state)
{
	(void)state;
	assert_pci_missing("pci_device");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
		cmocka_unit_test(test_run__no_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
