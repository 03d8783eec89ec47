/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/mem.h"
#include "config/gadget_metrics/writer.h"

#define SCOPE_PREFIX "gadgets.inspektor-gadget.io/"

static bool set_scope(struct writer *writer, const struct config_text *config)
{
	writer->scope = arena__printf(writer->arena, SCOPE_PREFIX "%s", config->metrics_name.text);
	return writer->scope != NULL;
}

static int read_configs(struct writer *writer, const struct document_list *documents)
{
	struct err_list warnings = { 0 };
	struct binder binder = { .arena = writer->arena,
				 .errors = writer->errors,
				 .warnings = &warnings };
	int first = 0;

	for (uint32_t i = 0; i < documents->count && first != -ENOMEM; i++) {
		struct config_text config = { .at = { .file = writer->spec->origin } };
		int r = binder__run(&binder, documents->roots[i], &gadget_metrics_text_type,
				    &config);

		if (r == 0 && !set_scope(writer, &config))
			r = -ENOMEM;
		if (r == 0)
			r = writer__add_metrics(writer, &config);
		if (first == 0 || r == -ENOMEM)
			first = r;
	}
	if (first == 0)
		first = spec__keep_warnings(writer->spec, &warnings);
	err_list__done(&warnings);
	return first;
}

int gadget_metrics_parse(const struct dialect_input *input, struct spec *spec,
			 struct err_list *errors)
{
	__cleanup(writer__done) struct writer writer = { .arena = &spec->arena,
							 .spec = spec,
							 .errors = errors };
	struct document_list documents;
	int r = documents_read(&spec->arena, input, &documents, errors);

	if (r == 0)
		r = read_configs(&writer, &documents);
	return r == 0 ? writer__make_uses(&writer) : r;
}

/* It has no object: what it asks for is laid over the specs of the gadgets that it uses. */
int gadget_metrics_complete(struct spec *spec, const struct object_facts *facts,
			    struct err_list *errors)
{
	(void)spec;
	(void)facts;
	(void)errors;
	return 0;
}
