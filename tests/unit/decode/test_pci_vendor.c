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
	ROW("32902", DECODE_OK, "Intel Corporation"),
	ROW("4098", DECODE_OK, "Advanced Micro Devices, Inc. [AMD/ATI]"),
	ROW("4318", DECODE_OK, "NVIDIA Corporation"),
	ROW("5555", DECODE_OK, "Mellanox Technologies"),
	ROW("5197", DECODE_OK, "Samsung Electronics Co Ltd"),
	ROW("5348", DECODE_OK, "Broadcom Inc. and subsidiaries"),
	ROW("48879", DECODE_OK, "unknown pci vendor: 0xbeef"),
	ROW("0", DECODE_OK, "unknown pci vendor: 0x00"),
	ROW("3", DECODE_OK, "unknown pci vendor: 0x03"),
	ROW("3601", DECODE_OK, "Compaq Computer Corporation"), /* 0x0e11: below 0x1000 */
	ROW("65535", DECODE_OK, "Illegal Vendor ID"),
	ROW("65536", DECODE_OK, "unknown pci vendor: 0x10000"),
	ROW("98438", DECODE_OK, "unknown pci vendor: 0x18086"),
	ROW("", -EINVAL, "'' is no decimal number"),
	ROW("0x8086", -EINVAL, "'0x8086' is no decimal number"),
	ROW("-1", -ERANGE, "-1 is no PCI number of 32 bits"),
	ROW("4294967296", -ERANGE, "4294967296 is no PCI number of 32 bits"),
};

static void test_run__rows(void **state)
{
	(void)state;
	assert_pci_rows("pci_vendor", rows, array_size(rows));
}

static void test_run__no_names(void **state)
{
	(void)state;
	assert_pci_missing("pci_vendor");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
		cmocka_unit_test(test_run__no_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
