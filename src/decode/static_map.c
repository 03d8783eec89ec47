/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/ops.h"

#include <errno.h>

#include "base/map.h"
#include "base/mem.h"

struct mapping {
	struct map values; /* text to text of the spec, borrowed */
	bool has_pairs;
	bool allows_unknown;
};

static void close_mapping(void *state)
{
	struct mapping *mapping = state;

	map__done(&mapping->values, NULL /* the spec's */);
	free(mapping);
}

static int open_mapping(const struct step_spec *step, const struct decode_env *env,
			void **ret_state, struct err *err)
{
	struct mapping *mapping = new_zero(struct mapping);

	(void)env;
	if (!mapping)
		return err__set(err, -ENOMEM, &step->at, "no memory for a mapping");
	mapping->has_pairs = step->has_pairs;
	mapping->allows_unknown = step->allows_unknown;
	for (uint32_t i = 0; i < step->pair_count; i++) {
		const struct step_pair *pair = &step->pairs[i];

		/* The map keeps void pointers; the text is only read. */
		if (map__set(&mapping->values, pair->key, strlen(pair->key), (void *)pair->value,
			     NULL /* of equal keys the last wins */) < 0) {
			close_mapping(mapping);
			return err__set(err, -ENOMEM, &step->at, "no memory for a mapping");
		}
	}
	*ret_state = mapping;
	return 0;
}

static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	const struct mapping *mapping = state;
	const char *value = map__find(&mapping->values, data, len);

	(void)env;
	(void)err;
	if (value) {
		strbuf__add_text(out, value);
	} else if (!mapping->has_pairs) {
		/* What ebpf_exporter prints when the key static_map is not there at all. */
		strbuf__add_text(out, "empty mapping");
	} else {
		if (!mapping->allows_unknown)
			strbuf__add_text(out, "unknown:");
		strbuf__add(out, data, len);
	}
	return DECODE_OK;
}

const struct decoder_ops decode_static_map_ops = {
	.input = DECODER_INPUT_TEXT,
	.open = open_mapping,
	.run = run,
	.close = close_mapping,
};
