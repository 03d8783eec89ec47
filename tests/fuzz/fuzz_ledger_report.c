/* SPDX-License-Identifier: Apache-2.0 */
/* What a sonde, or somebody in its place, answers to `sonde top`: any bytes become a report or an error. */
#include <stdint.h>
#include <stdlib.h>

#include "remote/ledger.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ledger_report report;

	if (ledger_report__parse((const char *)data, size, &report, NULL) == 0)
		ledger_report__done(&report);
	return 0;
}
