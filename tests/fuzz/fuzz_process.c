/* SPDX-License-Identifier: Apache-2.0 */
/* Records of processes: any bytes, one record after another, become processes or are refused, and all can be told. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "enrich/process.h"

#define RECORDS_MAX 64 /* a table of 8 is full long before */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void tell(const struct process_table *table, const struct process *process)
{
	const struct process *ancestors[4];
	char signal[SIGNAL_NAME_MAX];
	struct strbuf text = STRBUF_INIT;

	process_table__add_exec_id(table, &process->key, &text);
	process__add_flags(process, &text);
	process__add_arguments(process, &text);
	strbuf__add_text(&text, process->binary);
	strbuf__add_text(&text, process->interpreter);
	strbuf__add_text(&text, process->file);
	strbuf__add_text(&text, process->cwd);
	strbuf__add_text(&text, process_signal_name(process->exit_code, signal));
	(void)process_table__ancestors(table, process, ancestors, 4);
	strbuf__add(&text, process->environment, process->environment_size);
	strbuf__done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct process_options options = { .max = 8, .node = "n" };
	struct process_table *table = NULL;

	if (process_table__new(&options, &table) < 0)
		return 0;
	for (int i = 0; i < RECORDS_MAX && size >= sizeof(struct who_header); i++) {
		struct who_header header;
		const struct process *process;
		size_t len;

		memcpy(&header, data, sizeof(header));
		len = header.size < sizeof(header) || header.size > size ? size : header.size;
		(void)process_table__take(table, data, len);
		process = process_table__find(table, (uint32_t)header.time_ns);
		if (process)
			tell(table, process);
		for (uint32_t tgid = 0; tgid < 8; tgid++)
			if ((process = process_table__find_at(table, tgid, header.time_ns)))
				tell(table, process);
		process_table__expire(table, (int64_t)(header.time_ns >> 1));
		data += len;
		size -= len;
	}
	process_table__free(table);
	return 0;
}
