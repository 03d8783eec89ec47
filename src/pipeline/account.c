/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/account.h"

#include "pipeline/route.h"

int route__add_overflow(struct route *route, uint32_t slot, uint64_t value, struct err *err)
{
	uint32_t series;
	int r;

	if (value == 0)
		return 0;
	r = family__overflow(route->family, &series, err);
	if (r < 0)
		return r;
	if (route->has_bucket)
		family__add_slot(route->family, series, (int32_t)slot, value);
	else
		family__add(route->family, series, value);
	return 0;
}
