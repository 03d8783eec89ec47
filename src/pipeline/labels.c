/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/labels.h"

#include <errno.h>

int route_labels__lay(const struct stream_spec *stream, uint32_t *offsets, uint32_t *ret_size,
		      struct err *err)
{
	uint64_t offset = 0;
	uint32_t i;

	if (stream->field_count > ROUTE_LABELS_MAX)
		return err__set(err, -E2BIG, &stream->at, "%u labels; at most %u are possible",
				stream->field_count, ROUTE_LABELS_MAX);
	for (i = 0; i < stream->field_count; i++) {
		offsets[i] = (uint32_t)offset;
		offset += (uint64_t)stream->fields[i].size + stream->fields[i].padding;
		if (offset > ROUTE_KEY_MAX)
			return err__set(err, -E2BIG, &stream->fields[i].at,
					"labels cover more than %u bytes of the key",
					ROUTE_KEY_MAX);
	}
	*ret_size = (uint32_t)offset;
	return 0;
}

int route_label__open(struct route_label *label, const struct label_spec *spec,
		      const struct stream_spec *stream, const uint32_t *offsets,
		      uint32_t cpu_offset, const struct decode_env *env, struct err *err)
{
	bool is_cpu = spec->field == SPEC_NONE;
	int r;

	*label = (struct route_label){
		.name = spec->name,
		.offset = is_cpu ? cpu_offset : offsets[spec->field],
		.size = is_cpu ? ROUTE_CPU_LABEL_SIZE : stream->fields[spec->field].size,
	};
	r = decode_chain__open(spec->steps, spec->step_count, label->size, env, &label->chain, err);
	return r < 0 ? err__wrap(err, r, &spec->at, "label '%s'", spec->name) : 0;
}

void route_label__done(struct route_label *label)
{
	label->chain = decode_chain__close(label->chain);
}

int route_labels__decode(const struct route_label *labels, uint32_t count, const uint8_t *key,
			 const struct loc *at, struct strbuf *texts, size_t *offsets,
			 struct err *err)
{
	int result = DECODE_OK;
	uint32_t i;

	strbuf__reset(texts);
	for (i = 0; i < count; i++) {
		const struct route_label *label = &labels[i];
		int r;

		offsets[i] = texts->len;
		r = decode_chain__run(label->chain, key + label->offset, label->size, texts, err);
		if (r < 0)
			return err__wrap(err, r, at, "label '%s'", label->name);
		if (r == DECODE_SKIP || r == DECODE_SKIP_UNKNOWN)
			return r;
		if (r == DECODE_UNKNOWN)
			result = DECODE_UNKNOWN;
	}
	offsets[i] = texts->len;
	return strbuf__status(texts) < 0 ? err__set(err, -ENOMEM, NULL, "no memory for label texts")
					 : result;
}
