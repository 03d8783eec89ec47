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
	ROW("1", DECODE_OK, "Mass storage controller"),
	ROW("2", DECODE_OK, "Network controller"),
	ROW("3", DECODE_OK, "Display controller"),
	ROW("6", DECODE_OK, "Bridge"),
	ROW("12", DECODE_OK, "Serial bus controller"),
	ROW("0", DECODE_OK, "Unclassified device"),
	ROW("253", DECODE_OK, "unknown pci class: 0xfd"),
	ROW("4", DECODE_OK, "unknown pci class: 0x04"),
	ROW("255", DECODE_OK, "unknown pci class: 0xff"),
	ROW("257", DECODE_OK, "unknown pci class: 0x101"),
	ROW("", -EINVAL, "'' is no decimal number"),
	ROW("0x8086", -EINVAL, "'0x8086' is no decimal number"),
	ROW("-1", -ERANGE, "-1 is no PCI number of 32 bits"),
	ROW("4294967296", -ERANGE, "4294967296 is no PCI number of 32 bits"),
};

static void test_run__rows(void **state)
{
	(void)state;
	assert_pci_rows("pci_class", rows, array_size(rows));
}

static void test_run__no_names(void **state)
{
	(void)state;
	assert_pci_missing("pci_class");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__rows),
		cmocka_unit_test(test_run__no_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
