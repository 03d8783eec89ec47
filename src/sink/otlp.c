/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/otlp.h"

#include <errno.h>
#include <stdlib.h>

#include "base/vec.h"
#include "sink/otlp_encoder.h"

struct service_group {
	char *name;          /* owned */
	struct strbuf spans; /* owned; encoded one behind the other, as the request has them */
	uint32_t count;
};

struct otlp_batch {
	const struct otlp_encoder *encoder;
	const struct otlp_resource *resource;
	VEC(struct service_group) groups;
	uint32_t len;
};

int otlp_batch__new(enum otlp_encoding encoding, const struct otlp_resource *resource,
		    struct otlp_batch **ret_batch, struct err *err)
{
	struct otlp_batch *batch = new_zero(struct otlp_batch);

	if (!batch)
		return err__set(err, -ENOMEM, NULL, "no memory for spans");
	batch->encoder = encoding == OTLP_ENCODING_JSON ? &otlp_json : &otlp_protobuf;
	batch->resource = resource;
	*ret_batch = batch;
	return 0;
}

struct otlp_batch *otlp_batch__free(struct otlp_batch *batch)
{
	if (!batch)
		return NULL;
	vec_for_each(&batch->groups, group) {
		free(group->name);
		strbuf__done(&group->spans);
	}
	vec_done(&batch->groups);
	free(batch);
	return NULL;
}

int otlp_batch__service(struct otlp_batch *batch, const char *name)
{
	struct service_group group = { .count = 0 };

	for (size_t i = 0; i < batch->groups.len; i++)
		if (str_eq(batch->groups.items[i].name, name))
			return (int)i;
	group.name = strdup(name);
	if (!group.name || vec_push(&batch->groups, group) < 0) {
		free(group.name);
		return -ENOMEM;
	}
	return (int)(batch->groups.len - 1);
}

const char *otlp_batch__service_name(const struct otlp_batch *batch, uint32_t service)
{
	return batch->groups.items[service].name;
}

uint32_t otlp_batch__len(const struct otlp_batch *batch)
{
	return batch->len;
}

bool otlp_id_is_set(const uint8_t *id, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (id[i] != 0)
			return true;
	return false;
}

struct otlp_attribute otlp_resource__get(const struct otlp_resource *resource, const char *service,
					 size_t index)
{
	size_t before = 0; /* attributes that stand before the service's name */

	while (before < resource->attribute_count &&
	       strcmp(resource->attributes[before].key, OTLP_SERVICE_KEY) < 0)
		before++;
	if (index == before)
		return (struct otlp_attribute){ OTLP_SERVICE_KEY, service, strlen(service) };
	return resource->attributes[index < before ? index : index - 1];
}

int otlp_batch__add(struct otlp_batch *batch, uint32_t service, const struct otlp_span *span)
{
	struct service_group *group = &batch->groups.items[service];
	size_t len = group->spans.len;

	batch->encoder->add_span(&group->spans, span);
	if (strbuf__status(&group->spans) < 0) {
		/* What was there before is whole: spans only ever append. */
		group->spans.len = len;
		group->spans.has_failed = false;
		return -ENOMEM;
	}
	group->count++;
	batch->len++;
	return 0;
}

static void add_text(struct strbuf *out, const char *text)
{
	if (text)
		strbuf__add_text(out, text);
}

int otlp_batch__take(struct otlp_batch *batch, struct strbuf *out)
{
	const char *before = batch->encoder->head;

	vec_for_each(&batch->groups, group) {
		const struct otlp_group content = { .service = group->name,
						    .spans = &group->spans,
						    .resource = batch->resource };

		if (group->count == 0)
			continue;
		add_text(out, before);
		before = batch->encoder->separator;
		batch->encoder->add_group(out, &content);
		strbuf__reset(&group->spans);
		group->count = 0;
	}
	add_text(out, batch->encoder->tail);
	batch->len = 0;
	return strbuf__status(out);
}
