/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/ops.h"

static void write_records(void *state, uint32_t stream, const struct record *records, size_t count,
			  struct strbuf *out)
{
	(void)state;
	(void)stream;
	(void)records;
	(void)count;
	(void)out;
}

static bool reads_field(const void *state, uint32_t stream, uint32_t field)
{
	(void)state;
	(void)stream;
	(void)field;
	return false;
}

const struct event_sink_ops sink_none_ops = {
	.write = write_records,
	.reads = reads_field,
};
