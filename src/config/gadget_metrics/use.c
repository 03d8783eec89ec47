/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/mem.h"
#include "base/str.h"
#include "config/gadget_metrics/writer.h"

/* Parameters that columns and gadgets of old need. */
static const char *const settings[WRITER_SETTINGS] = { "connect-only", "paths" };

void writer__done(struct writer *writer)
{
	vec_for_each(&writer->drafts, draft) {
		vec_done(&draft->fields);
		vec_done(&draft->metrics);
	}
	vec_done(&writer->drafts);
	map__done(&writer->names, NULL);
}

static void want_setting(struct draft *draft, const char *setting)
{
	for (size_t i = 0; setting && i < array_size(settings); i++)
		draft->wants_setting[i] |= str_eq(settings[i], setting);
}

struct draft *writer__draft(struct writer *writer, const struct legacy_gadget *gadget,
			    const struct loc *at)
{
	struct draft draft = { .gadget = gadget, .at = *at };

	vec_for_each(&writer->drafts, known)
		if (known->gadget == gadget)
			return known;
	want_setting(&draft, gadget->setting);
	return vec_push(&writer->drafts, draft) < 0 ? NULL
						    : &writer->drafts.items[writer->drafts.len - 1];
}

int draft__add_field(struct draft *draft, const char *asked, const struct loc *at)
{
	const struct legacy_column *column = legacy_column_find(draft->gadget, asked);
	const struct use_field_spec field = { .at = *at,
					      .asked = asked,
					      .name = column ? column->field : asked };

	if (column)
		want_setting(draft, column->setting);
	for (size_t i = 0; i < draft->fields.len; i++)
		if (str_eq(draft->fields.items[i].name, field.name))
			return (int)i;
	return vec_push(&draft->fields, field) < 0 ? -ENOMEM : (int)draft->fields.len - 1;
}

/* ---- the spec ------------------------------------------------------------------------------- */

static int set_columns(struct writer *writer, const struct draft *draft, struct use_spec *use)
{
	const struct legacy_column *column;
	struct spec_text *columns;
	uint32_t count = 0;

	while (legacy_column_at(draft->gadget, count))
		count++;
	columns = arena_array(writer->arena, struct spec_text, (size_t)count + 1);
	if (!columns)
		return -ENOMEM;
	for (uint32_t i = 0; (column = legacy_column_at(draft->gadget, i)); i++)
		columns[i].text = column->name;
	use->columns = columns;
	use->column_count = count;
	return 0;
}

static int set_settings(struct writer *writer, const struct draft *draft, struct use_spec *use)
{
	struct note_spec *notes = arena_array(writer->arena, struct note_spec,
					      array_size(settings));

	if (!notes)
		return -ENOMEM;
	for (size_t i = 0; i < array_size(settings); i++)
		if (draft->wants_setting[i])
			notes[use->setting_count++] = (struct note_spec){ settings[i], "true" };
	use->settings = notes;
	return 0;
}

static int make_use(struct writer *writer, const struct draft *draft, struct use_spec *use)
{
	*use = (struct use_spec){
		.at = draft->at,
		.gadget = draft->gadget->gadget,
		.called = arena__printf(writer->arena, "%s/%s", draft->gadget->category,
					draft->gadget->name),
		.mode = draft->gadget->mode,
		.fields = arena__memdup(writer->arena, draft->fields.items,
					draft->fields.len * sizeof(*draft->fields.items)),
		.field_count = (uint32_t)draft->fields.len,
		.metrics = arena__memdup(writer->arena, draft->metrics.items,
					 draft->metrics.len * sizeof(*draft->metrics.items)),
		.metric_count = (uint32_t)draft->metrics.len,
	};
	if (!use->called || !use->fields || !use->metrics || set_columns(writer, draft, use) < 0)
		return -ENOMEM;
	return set_settings(writer, draft, use);
}

int writer__make_uses(struct writer *writer)
{
	struct use_spec *uses = arena_array(writer->arena, struct use_spec, writer->drafts.len + 1);

	for (size_t i = 0; uses && i < writer->drafts.len; i++)
		if (make_use(writer, &writer->drafts.items[i], &uses[i]) < 0)
			return -ENOMEM;
	writer->spec->uses = uses;
	writer->spec->use_count = (uint32_t)writer->drafts.len;
	return uses ? 0 : -ENOMEM;
}
