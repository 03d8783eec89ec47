/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/ops.h"

#include <errno.h>

#include "base/mem.h"
#include "base/pattern.h"

struct pattern_list {
	uint32_t count;
	struct pattern *patterns[]; /* owned */
};

static void close_patterns(void *state)
{
	struct pattern_list *list = state;

	for (uint32_t i = 0; i < list->count; i++)
		pattern__free(list->patterns[i]);
	free(list);
}

static int open_patterns(const struct step_spec *step, const struct decode_env *env,
			 void **ret_state, struct err *err)
{
	struct pattern_list *list;

	(void)env;
	if (!step->has_patterns)
		return err__set(err, -EINVAL, &step->at,
				"decoder 'regexp' has no patterns; add a list 'regexps'");
	list = calloc(1, sizeof(*list) + step->pattern_count * sizeof(list->patterns[0]));
	if (!list)
		return err__set(err, -ENOMEM, &step->at, "no memory for regular expressions");
	for (uint32_t i = 0; i < step->pattern_count; i++) {
		const struct spec_text *pattern = &step->patterns[i];
		int r = pattern__compile(pattern->text, &pattern->at, &list->patterns[i], err);

		if (r < 0) {
			close_patterns(list);
			return r;
		}
		list->count++;
	}
	*ret_state = list;
	return 0;
}

/*
 * No group: the text that matched, one group: what it caught, which may be nothing. More than one never match:
 * ebpf_exporter tries the next pattern then, and dashboards were made with what that gives.
 */
static bool add_match(const struct pattern *pattern, const char *text, struct strbuf *out)
{
	uint32_t groups = pattern__group_count(pattern);
	struct pattern_span span;

	if (groups > 1)
		return false;
	span = pattern__group(pattern, groups);
	if (span.start != PATTERN_UNSET)
		strbuf__add(out, text + span.start, span.end - span.start);
	return true;
}

static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	const struct pattern_list *list = state;

	(void)env;
	for (uint32_t i = 0; i < list->count; i++) {
		int r = pattern__match(list->patterns[i], data, len);

		if (r < 0)
			return err__set(err, r, NULL,
					"pattern %u needs too many steps for this value", i + 1);
		if (r > 0 && add_match(list->patterns[i], data, out))
			return DECODE_OK;
	}
	return DECODE_SKIP;
}

const struct decoder_ops decode_regexp_ops = {
	.input = DECODER_INPUT_TEXT,
	.open = open_patterns,
	.run = run,
	.close = close_patterns,
};
