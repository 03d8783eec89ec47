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
	ROW("5", DECODE_OK, "Image coprocessor"),
	ROW("264", DECODE_OK, "Non-Volatile memory controller"),
	ROW("512", DECODE_OK, "Ethernet controller"),
	ROW("770", DECODE_OK, "3D controller"),
	ROW("3075", DECODE_OK, "USB controller"),
	ROW("1536", DECODE_OK, "Host bridge"),
	ROW("1540", DECODE_OK, "PCI bridge"),
	ROW("64768", DECODE_OK, "unknown pci class: 0xfd"),
	ROW("267", DECODE_OK, "unknown pci subclass: 0x0b (class 0x01)"),
	ROW("3", DECODE_OK, "unknown pci subclass: 0x03 (class 0x00)"),
	ROW("65536", DECODE_OK, "unknown pci class: 0x100"),
	ROW("", -EINVAL, "'' is no decimal number"),
	ROW("0x8086", -EINVAL, "'0x8086' is no decimal number"),
	ROW("-1", -ERANGE, "-1 is no PCI number of 32 bits"),
	ROW("4294967296", -ERANGE, "4294967296 is no PCI number of 32 bits"),
};

static void test_run__rows(void **state)
{
	(void)state;
	assert_pci_rows("pci_subclass", rows, array_size(rows));
}

static void test_run__no_names(void **state)
{
	(void)state;
	assert_pci_missing("pci_subclass");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
		cmocka_unit_test(test_run__no_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
