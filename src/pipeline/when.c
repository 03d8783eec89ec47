/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/when.h"

#include <errno.h>

#include "base/mem.h"

int route_whens__open(struct route_whens *whens, const struct metric_spec *metric,
		      const struct stream_spec *stream, const uint32_t *offsets,
		      uint32_t cpu_offset, const struct decode_env *env, struct err *err)
{
	if (metric->when_count == 0)
		return 0;
	whens->items = new_array(struct route_when, metric->when_count);
	if (!whens->items)
		return err__set(err, -ENOMEM, &metric->at, "no memory for conditions");
	for (uint32_t i = 0; i < metric->when_count; i++) {
		const struct when_spec *spec = &metric->when[i];
		struct route_when *when = &whens->items[whens->count++];
		int r = spec->label
				? route_label__open(&when->label, spec->label, stream, offsets,
						    cpu_offset, env, err)
				: err__set(err, -EINVAL, &spec->at,
					   "field '%s' of a condition is not known", spec->field);

		if (r >= 0)
			r = match__new(spec, &when->match, err);
		if (r < 0)
			return r;
	}
	return 0;
}

void route_whens__done(struct route_whens *whens)
{
	for (uint32_t i = 0; i < whens->count; i++) {
		route_label__done(&whens->items[i].label);
		match__free(whens->items[i].match);
	}
	free(whens->items);
	strbuf__done(&whens->scratch);
	*whens = (struct route_whens){ .count = 0 };
}

void route_whens__prepare(const struct route_whens *whens)
{
	for (uint32_t i = 0; i < whens->count; i++)
		decode_chain__prepare(whens->items[i].label.chain);
}

/* On text: what the chain makes of the bytes. A row that the chain itself refuses has no text that could match. */
static int run_on_text(struct route_whens *whens, struct route_when *when, const uint8_t *key,
		       struct err *err)
{
	const struct route_label *label = &when->label;
	int decoded, r;

	strbuf__reset(&whens->scratch);
	decoded = decode_chain__run(label->chain, key + label->offset, label->size, &whens->scratch,
				    err);
	if (decoded < 0 || decoded == DECODE_SKIP || decoded == DECODE_SKIP_UNKNOWN)
		return decoded;
	if (strbuf__status(&whens->scratch) < 0)
		return err__set(err, -ENOMEM, NULL, "no memory for a label's text");
	r = match__run(when->match, whens->scratch.len ? whens->scratch.data : "",
		       whens->scratch.len);
	if (r < 0)
		return err__set(err, r, NULL, "the pattern needs too many steps for this value");
	if (decoded == DECODE_UNKNOWN)
		return r ? DECODE_UNKNOWN : DECODE_SKIP_UNKNOWN;
	return r ? DECODE_OK : DECODE_SKIP;
}

static int run_on_bytes(const struct route_when *when, const uint8_t *key, struct err *err)
{
	int r = match__run(when->match, key + when->label.offset, when->label.size);

	if (r < 0)
		return err__set(err, r, NULL, "%u bytes are no number", when->label.size);
	return r ? DECODE_OK : DECODE_SKIP;
}

int route_whens__run(struct route_whens *whens, const uint8_t *key, struct err *err)
{
	int result = DECODE_OK;

	for (uint32_t i = 0; i < whens->count; i++) {
		struct route_when *when = &whens->items[i];
		int r = match__wants_text(when->match) ? run_on_text(whens, when, key, err)
						       : run_on_bytes(when, key, err);

		if (r < 0)
			return err__wrap(err, r, NULL, "condition on label '%s'", when->label.name);
		if (r == DECODE_SKIP || r == DECODE_SKIP_UNKNOWN)
			return r;
		if (r == DECODE_UNKNOWN)
			result = r;
	}
	return result;
}
