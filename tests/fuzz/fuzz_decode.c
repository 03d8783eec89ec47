/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoder chains: whatever steps, arguments and bytes come together, a chain opens or says why not, and a run gives
 * a result or an error, the same one twice, and leaves what was in the buffer before. The input is
 *
 *	steps (1 byte, up to MAX_STEPS), for each a decoder (1 byte) and arguments (length byte, text; each line
 *	is a pattern, or key=value), then the field's bytes.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "decode/decoder.h"
#include "decode/identity.h"
#include "host/host.h"

#define MAX_STEPS 4
#define MAX_ARGUMENTS 4
#define BEFORE "before"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* The steps of one input. The texts are copies, so that reading beyond one is seen. */
struct plan {
	struct step_spec steps[MAX_STEPS];
	struct spec_text patterns[MAX_STEPS][MAX_ARGUMENTS];
	struct step_pair pairs[MAX_STEPS][MAX_ARGUMENTS];
	char *texts[MAX_STEPS]; /* owned */
	uint32_t count;
};

struct input {
	const uint8_t *data;
	size_t len;
};

static uint8_t take_byte(struct input *input)
{
	if (!input->len)
		return 0;
	input->len--;
	return *input->data++;
}

static char *take_text(struct input *input)
{
	size_t len = take_byte(input);
	char *text;

	if (len > input->len)
		len = input->len;
	text = malloc(len + 1);
	if (!text)
		abort();
	if (len)
		memcpy(text, input->data, len);
	text[len] = '\0';
	input->data += len;
	input->len -= len;
	return text;
}

/* Every line is a pattern; and what stands before and after its '=' a pair. */
static void read_arguments(struct plan *plan, uint32_t number, const char *text)
{
	struct step_spec *step = &plan->steps[number];
	char *copy = plan->texts[number] = malloc(2 * (strlen(text) + 1));
	char *lines = copy;
	char *words = copy ? copy + strlen(text) + 1 : NULL;

	if (!copy)
		abort();
	memcpy(lines, text, strlen(text) + 1);
	memcpy(words, text, strlen(text) + 1);
	for (uint32_t i = 0; i < MAX_ARGUMENTS && lines; i++) {
		char *line_end = strchr(lines, '\n');
		char *word_end = strchr(words, '\n');
		char *value;

		if (line_end)
			*line_end++ = '\0';
		if (word_end)
			*word_end++ = '\0';
		value = strchr(words, '=');
		if (value)
			*value++ = '\0';
		plan->patterns[number][step->pattern_count++].text = lines;
		plan->pairs[number][step->pair_count++] = (struct step_pair){ words,
									      value ? value : "" };
		lines = line_end;
		words = word_end;
	}
	step->patterns = plan->patterns[number];
	step->pairs = plan->pairs[number];
}

static void read_plan(struct input *input, struct plan *plan)
{
	size_t decoder_count;
	const struct decoder *decoders = decoder_list(&decoder_count);

	plan->count = take_byte(input) % (MAX_STEPS + 1);
	for (uint32_t i = 0; i < plan->count; i++) {
		struct step_spec *step = &plan->steps[i];
		uint8_t choice = take_byte(input);
		char *text = take_text(input);

		/* Five bits for the decoder; the others say which keys are there. */
		step->decoder = decoders[choice % 32 % decoder_count].name;
		step->has_pairs = choice & 0x80;
		step->has_patterns = choice & 0x40;
		step->allows_unknown = choice & 0x20;
		read_arguments(plan, i, text);
		free(text);
	}
}

/* Runs the chain; what came out is in out, its result is returned. */
static int run(struct decode_chain *chain, const void *bytes, size_t len, struct strbuf *out)
{
	struct err err = ERR_INIT;
	int r;

	strbuf__add_text(out, BEFORE);
	r = decode_chain__run(chain, bytes, len, out, &err);
	if (out->len < strlen(BEFORE) || memcmp(out->data, BEFORE, strlen(BEFORE)) != 0)
		abort();
	if ((r < 0) != err__is_set(&err) || r > DECODE_SKIP_UNKNOWN)
		abort();
	if (r != DECODE_OK && r != DECODE_UNKNOWN && out->len != strlen(BEFORE))
		abort();
	err__done(&err);
	return r;
}

static void run_twice(struct decode_chain *chain, const struct input *input)
{
	void *bytes = malloc(input->len ? input->len : 1);
	struct strbuf first = STRBUF_INIT;
	struct strbuf second = STRBUF_INIT;
	int r;

	if (!bytes)
		abort();
	if (input->len)
		memcpy(bytes, input->data, input->len);
	r = run(chain, bytes, input->len, &first);
	if (run(chain, bytes, input->len, &second) != r || first.len != second.len ||
	    memcmp(first.data, second.data, first.len) != 0)
		abort();
	strbuf__done(&first);
	strbuf__done(&second);
	free(bytes);
}

/* Some are known, and of some more than of others. */
static bool find_cgroup(void *ctx, uint64_t id, struct identity_words *ret_words)
{
	(void)ctx;
	*ret_words = (struct identity_words){
		.container_id = id & 1 ? "8c2f1b5a6d7e4f30" : NULL,
		.container = id & 2 ? "web" : NULL,
		.image = id & 4 ? "nginx" : NULL,
		.pod_uid = id & 8 ? "" : NULL,
		.pod = id & 16 ? "shop-0" : NULL,
		.namespace = id & 32 ? "prod" : NULL,
		.unit = "",
		.is_told = id & 64,
	};
	return id < 128;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct identity_source who = { .find_cgroup = find_cgroup };
	static struct decode_env env = { .who = &who };
	struct input input = { data, len };
	struct plan plan = { 0 };
	struct decode_chain *chain = NULL;
	struct err err = ERR_INIT;

	if (!env.host && host__open(FIXTURE_ROOT, &env.host, NULL) < 0)
		abort();
	read_plan(&input, &plan);
	if (decode_chain__open(plan.steps, plan.count, 0 /* any size */, &env, &chain, &err) == 0)
		run_twice(chain, &input);
	else if (!err__is_set(&err))
		abort();
	decode_chain__close(chain);
	err__done(&err);
	for (uint32_t i = 0; i < plan.count; i++)
		free(plan.texts[i]);
	return 0;
}
