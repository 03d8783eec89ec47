/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/ledger_flags.h"

#include <errno.h>

#include "base/clock.h"

/* Switching statistics on and off patches the kernel's text on every CPU: not something to do all the time. */
#define INTERVAL_MIN_NS (100 * NS_PER_MS)
#define WINDOW_MIN_NS NS_PER_MS

int ledger_flags__check(const struct ledger_flags *flags, struct err *err)
{
	if (flags->interval_ns == 0)
		return 0;
	if (flags->interval_ns < INTERVAL_MIN_NS)
		return err__set(err, -EINVAL, NULL,
				"--ledger.interval: at least 100ms, or 0 for never");
	if (flags->window_ns < WINDOW_MIN_NS || flags->window_ns >= flags->interval_ns)
		return err__set(err, -EINVAL, NULL,
				"--ledger.window: at least 1ms, and less than --ledger.interval");
	return 0;
}
