/* SPDX-License-Identifier: Apache-2.0 */
#include "metric/label_text.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define REPLACEMENT_LEN 3          /* the most that one byte of a value can become */

/* ---- names ----------------------------------------------------------------------------------- */

/* Few names: insertion is enough. */
static void sort_positions(struct label_text *labels)
{
	for (uint32_t i = 0; i < labels->count; i++) {
		uint32_t at = i;

		for (; at > 0 && strcmp(labels->names[labels->order[at - 1]], labels->names[i]) > 0;
		     at--)
			labels->order[at] = labels->order[at - 1];
		labels->order[at] = i;
	}
}

static int allocate(struct label_text *labels, uint32_t count)
{
	labels->names = new_array(char *, count);
	labels->order = new_array(uint32_t, count);
	labels->heads = new_array(char *, count);
	labels->head_lens = new_array(size_t, count);
	if (!labels->names || !labels->order || !labels->heads || !labels->head_lens)
		return -ENOMEM;
	labels->count = count;
	return 0;
}

static int fill(struct label_text *labels, const char *const *names)
{
	for (uint32_t i = 0; i < labels->count; i++) {
		labels->names[i] = strdup(names[i]);
		if (!labels->names[i])
			return -ENOMEM;
	}
	sort_positions(labels);
	for (uint32_t i = 0; i < labels->count; i++) {
		labels->heads[i] = str_printf("%s%s=\"", i ? "," : "",
					      labels->names[labels->order[i]]);
		if (!labels->heads[i])
			return -ENOMEM;
		labels->head_lens[i] = strlen(labels->heads[i]);
	}
	return 0;
}

int label_text__init(struct label_text *labels, const char *const *names, uint32_t count)
{
	*labels = (struct label_text){ 0 };
	if (count == 0)
		return 0;
	if (allocate(labels, count) < 0 || fill(labels, names) < 0) {
		label_text__done(labels);
		return -ENOMEM;
	}
	return 0;
}

void label_text__done(struct label_text *labels)
{
	for (uint32_t i = 0; i < labels->count; i++) {
		free(labels->names[i]);
		free(labels->heads[i]);
	}
	free(labels->names);
	free(labels->order);
	free(labels->heads);
	free(labels->head_lens);
	*labels = (struct label_text){ 0 };
}

/* ---- values ---------------------------------------------------------------------------------- */

static inline bool is_plain(uint8_t byte)
{
	return byte < 0x80 && byte != '"' && byte != '\\' && byte != '\n';
}

/* What can be kept of a value that is too long: characters are not cut in two. */
static size_t shortened_len(const char *value)
{
	size_t len = FAMILY_VALUE_MAX_LEN;

	for (size_t back = 0; back < 3 && ((uint8_t)value[len] & 0xc0) == 0x80; back++)
		len--;
	return len;
}

/* There is room for REPLACEMENT_LEN times the length. */
static char *put_value(char *to, const char *value, size_t len, struct label_damage *damage)
{
	for (size_t at = 0; at < len;) {
		uint8_t byte = (uint8_t)value[at];
		size_t step = 1;

		if (is_plain(byte)) {
			*to++ = (char)byte;
		} else if (byte < 0x80) {
			*to++ = '\\';
			*to++ = byte == '\n' ? 'n' : (char)byte;
		} else if ((step = str_utf8_step(value + at, len - at)) != 0) {
			memcpy(to, value + at, step);
			to += step;
		} else {
			memcpy(to, REPLACEMENT, REPLACEMENT_LEN);
			to += REPLACEMENT_LEN;
			damage->replaced_bytes++;
			step = 1;
		}
		at += step;
	}
	return to;
}

int label_text__format(const struct label_text *labels, const struct text_slice *values,
		       struct strbuf *out, struct label_damage *damage)
{
	size_t need = 1;
	char *to;

	for (uint32_t i = 0; i < labels->count; i++) {
		size_t len = values[i].len;

		/* the value's own quote included */
		need += labels->head_lens[i] + 1 +
			REPLACEMENT_LEN * (len < FAMILY_VALUE_MAX_LEN ? len : FAMILY_VALUE_MAX_LEN);
	}
	to = strbuf__reserve(out, need);
	if (!to)
		return -ENOMEM;
	for (uint32_t i = 0; i < labels->count; i++) {
		const struct text_slice *value = &values[labels->order[i]];
		size_t len = value->len;

		if (len > FAMILY_VALUE_MAX_LEN) {
			len = shortened_len(value->data);
			damage->shortened_values++;
		}
		memcpy(to, labels->heads[i], labels->head_lens[i]);
		to = put_value(to + labels->head_lens[i], value->data, len, damage);
		*to++ = '"';
	}
	*to++ = '\0';
	out->len = (size_t)(to - out->data);
	return 0;
}
