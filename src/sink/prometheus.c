/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/prometheus.h"

#include "sink/family_text.h"

static const char *const kind_words[] = {
	[FAMILY_KIND_COUNTER] = "counter",
	[FAMILY_KIND_GAUGE] = "gauge",
	[FAMILY_KIND_HISTOGRAM] = "histogram",
};

void prometheus__write_family(const struct family *family, enum name_escaping escaping,
			      struct strbuf *out)
{
	const struct family_text_options options = { .escaping = escaping };
	const char *name = family__name(family);

	family_text__write_line("HELP", name, escaping, family__help(family), "\\", out);
	family_text__write_line("TYPE", name, escaping, kind_words[family__kind(family)], "", out);
	family_text__write_series(family, &options, out);
}

void prometheus__write(const struct registry *registry, enum name_escaping escaping,
		       struct strbuf *out)
{
	const struct family *family;
	size_t cursor = 0;

	while ((family = registry__next(registry, &cursor))) {
		if (family__shown_count(family) > 0)
			prometheus__write_family(family, escaping, out);
	}
}
