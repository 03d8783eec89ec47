/* SPDX-License-Identifier: Apache-2.0 */
/* Filters, filters of fields and redactions of events of policies: any text, then run over one event. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "filter/process_export.h"
#include "filter/process_redaction.h"

static const struct text_pair labels[] = { { { "app", 3 }, { "cart", 4 } } };
static const struct container_view container = { .name = { "c", 1 } };
static const struct pod_view pod = {
	.namespace = { "n", 1 }, .container = &container, .labels = labels, .label_count = 1
};
static const struct capabilities_view capabilities = { .effective = 5 };
static const struct process_view process = { .pid = { 1, true },
					     .binary = { "/bin/a", 6 },
					     .arguments = { "-p secret \xff", 11 },
					     .pod = &pod,
					     .capabilities = &capabilities };
static const struct process_view *const ancestors[] = { &process };
static const struct process_event event = { .kind = PROCESS_EVENT_KPROBE,
					    .process = &process,
					    .parent = &process,
					    .ancestors = ancestors,
					    .ancestor_count = 1,
					    .policy_name = { "p", 1 } };

static void run_export(const char *text, bool is_fields)
{
	struct process_export_options options = { .allow = is_fields ? NULL : text,
						  .fields = is_fields ? text : NULL,
						  .filters.allows_pid_sets = true };
	struct process_export *export = NULL;

	if (process_export__new(&options, 0, &export, NULL) < 0)
		return;
	/* What is kept must have been expected. */
	if (process_export__run(export, &event, 0) == PROCESS_VERDICT_KEEP &&
	    !process_export__may_admit(export, event.kind, "p"))
		abort();
	process_export__free(export);
}

static void run_redaction(const char *text)
{
	struct process_redaction *redaction = NULL;
	struct strbuf out = STRBUF_INIT;

	if (process_redaction_parse(text, NULL, &redaction, NULL) < 0)
		return;
	(void)process_redaction__run(redaction, &process.binary, &process.arguments, &out);
	strbuf__done(&out);
	process_redaction__free(redaction);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = size > 0 ? strndup((const char *)data + 1, size - 1) : NULL;

	if (!text)
		return 0;
	if (data[0] % 3 == 2)
		run_redaction(text);
	else
		run_export(text, data[0] % 3);
	free(text);
	return 0;
}
