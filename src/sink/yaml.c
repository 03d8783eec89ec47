/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/event_document.h"

static const struct document_notation notation = {
	.notation = EVENT_NOTATION_YAML,
	.batch_depth = 1,
	.before_event = "---\n",
	.after_event = "\n",
	.before_batch = "---\n- ",
	.between = "\n- ",
	.after_batch = "\n",
	.empty_batch = "---\n[]\n",
};

static int open_state(const struct event_sink_options *options, void **ret_state, struct err *err)
{
	(void)err; /* there is nothing to be wrong but memory */
	return event_document_open(&notation, options, ret_state);
}

const struct event_sink_ops sink_yaml_ops = {
	.open = open_state,
	.write = event_document_write,
	.reads = event_document_reads,
	.close = event_document_close,
};
