/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/decoder.h"

#include <errno.h>

#include "base/mem.h"

struct chain_step {
	const struct decoder *decoder;
	const struct step_spec *spec; /* borrowed from the spec, which outlives the chain */
	void *state;                  /* owned, by the meaning of decoder->ops->close */
};

struct decode_chain {
	const struct decode_env *env;
	struct strbuf between[2]; /* what one step hands to the next, in turns */
	uint32_t count;           /* steps that are open */
	struct chain_step steps[];
};

static int refuse_unknown_decoder(const struct step_spec *step, struct err *err)
{
	const char *names[64];
	size_t count;
	const struct decoder *decoders = decoder_list(&count);
	const char *nearest;

	if (count > array_size(names))
		count = array_size(names);
	for (size_t i = 0; i < count; i++)
		names[i] = decoders[i].name;
	nearest = str_nearest(step->decoder, names, count);
	if (nearest)
		return err__set(err, -EINVAL, &step->at, "unknown decoder '%s'; did you mean '%s'?",
				step->decoder, nearest);
	return err__set(err, -EINVAL, &step->at,
			"unknown decoder '%s'; the list is in docs/reference/decoders.md",
			step->decoder);
}

static void format_sizes(const struct decoder_ops *ops, struct strbuf *out)
{
	for (uint32_t i = 0; i < ops->size_count; i++)
		strbuf__printf(out, "%s%u",
			       !i                        ? ""
			       : i + 1 < ops->size_count ? ", "
							 : " or ",
			       ops->sizes[i]);
	if (ops->min_size)
		strbuf__printf(out, "at least %u", ops->min_size);
	if (ops->size_multiple)
		strbuf__printf(out, "%sa multiple of %u", ops->min_size ? ", " : "",
			       ops->size_multiple);
}

static bool takes_size(const struct decoder_ops *ops, size_t size)
{
	if (size < ops->min_size)
		return false;
	if (ops->size_multiple && size % ops->size_multiple != 0)
		return false;
	for (uint32_t i = 0; i < ops->size_count; i++) {
		if (ops->sizes[i] == size)
			return true;
	}
	return ops->size_count == 0;
}

static int check_size(const struct decoder *decoder, const struct step_spec *step, size_t size,
		      struct err *err)
{
	struct strbuf sizes = STRBUF_INIT;
	int r;

	if (takes_size(decoder->ops, size))
		return 0;
	format_sizes(decoder->ops, &sizes);
	r = err__set(err, -EINVAL, &step->at, "decoder '%s' got %zu bytes; it takes %s",
		     decoder->name, size, strbuf__text(&sizes));
	strbuf__done(&sizes);
	return r;
}

static int open_step(struct decode_chain *chain, const struct step_spec *spec, uint32_t size,
		     struct err *err)
{
	const struct decoder *decoder = decoder_find(spec->decoder);
	void *state = NULL;
	int r = 0;

	if (!decoder)
		return refuse_unknown_decoder(spec, err);
	if (decoder->ops->needs_identity && !chain->env->who)
		return err__set(err, -EOPNOTSUPP, &spec->at,
				"decoder '%s' has nobody to ask who a cgroup is; use 'cgroup'",
				spec->decoder);
	if (chain->count == 0 && size != 0)
		r = check_size(decoder, spec, size, err);
	if (r == 0 && decoder->ops->open)
		r = decoder->ops->open(spec, chain->env, &state, err);
	if (r < 0)
		return r;
	chain->steps[chain->count++] =
		(struct chain_step){ .decoder = decoder, .spec = spec, .state = state };
	return 0;
}

int decode_chain__open(const struct step_spec *steps, uint32_t step_count, uint32_t size,
		       const struct decode_env *env, struct decode_chain **ret_chain,
		       struct err *err)
{
	struct decode_chain *chain;

	if (step_count == 0)
		return err__set(err, -EINVAL, NULL,
				"no decoders; at least one is needed, for example 'uint'");
	chain = calloc(1, sizeof(*chain) + step_count * sizeof(chain->steps[0]));
	if (!chain)
		return err__set(err, -ENOMEM, &steps->at, "no memory for decoders");
	chain->env = env;
	for (uint32_t i = 0; i < step_count; i++) {
		int r = open_step(chain, &steps[i], size, err);

		if (r < 0) {
			decode_chain__close(chain);
			return r;
		}
	}
	*ret_chain = chain;
	return 0;
}

void decode_chain__prepare(const struct decode_chain *chain)
{
	for (uint32_t i = 0; i < chain->count; i++) {
		const struct decoder_ops *ops = chain->steps[i].decoder->ops;

		if (ops->prepare)
			ops->prepare(chain->env);
	}
}

struct decode_chain *decode_chain__close(struct decode_chain *chain)
{
	if (!chain)
		return NULL;
	for (uint32_t i = 0; i < chain->count; i++) {
		const struct chain_step *step = &chain->steps[i];

		if (step->decoder->ops->close)
			step->decoder->ops->close(step->state);
	}
	strbuf__done(&chain->between[0]);
	strbuf__done(&chain->between[1]);
	free(chain);
	return NULL;
}

static int run_step(const struct decode_chain *chain, const struct chain_step *step,
		    const void *data, size_t len, struct strbuf *out, struct err *err)
{
	const struct decoder *decoder = step->decoder;
	int r = check_size(decoder, step->spec, len, err);

	if (r < 0)
		return r;
	r = decoder->ops->run(step->state, chain->env, data, len, out, err);
	if (r >= 0 && strbuf__status(out) < 0)
		r = err__set(err, -ENOMEM, &step->spec->at, "no memory for a label");
	if (r < 0)
		return err__wrap(err, r, &step->spec->at, "decoder '%s'", decoder->name);
	return r;
}

int decode_chain__run(struct decode_chain *chain, const void *data, size_t len, struct strbuf *out,
		      struct err *err)
{
	size_t start = out->len;
	bool is_unknown = false;

	for (uint32_t i = 0; i < chain->count; i++) {
		bool is_last = i + 1 == chain->count;
		struct strbuf *to = is_last ? out : &chain->between[i & 1];
		int r;

		if (!is_last)
			strbuf__reset(to);
		r = run_step(chain, &chain->steps[i], data, len, to, err);
		if (r == DECODE_SKIP || r < 0) {
			out->len = start;
			return r == DECODE_SKIP && is_unknown ? DECODE_SKIP_UNKNOWN : r;
		}
		is_unknown |= r == DECODE_UNKNOWN;
		data = to->len ? to->data : ""; /* never NULL, which not every library takes */
		len = to->len;
	}
	return is_unknown ? DECODE_UNKNOWN : DECODE_OK;
}
