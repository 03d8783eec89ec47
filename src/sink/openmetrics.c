/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/openmetrics.h"

#include "sink/family_text.h"

#define TOTAL "_total"
#define CREATED "_created"

/* What a family is in OpenMetrics. */
struct description {
	struct strbuf name, created_name; /* the latter empty: nothing says when series were 0 */
	const char *kind;
};

static const char *const kind_words[] = {
	[FAMILY_KIND_COUNTER] = "counter",
	[FAMILY_KIND_GAUGE] = "gauge",
	[FAMILY_KIND_HISTOGRAM] = "histogram",
};

/* Suffixes are put behind escaped names, as client_golang does: of "a.b_total" with dots, "a_dot_b__total", the family is
 * "a_dot_b_". In quotes names stay as they are. */
static void add_escaped(struct strbuf *out, const char *name, enum name_escaping escaping)
{
	if (escaping == NAME_ESCAPING_ALLOW_UTF8)
		strbuf__add_text(out, name);
	else
		name_add(out, name, escaping);
}

/* Takes "_total" off. False: there is none, or the rest is the name of another family. */
static bool shorten(const struct registry *registry, struct strbuf *name)
{
	const size_t len = strlen(TOTAL);

	if (name->len <= len || memcmp(name->data + name->len - len, TOTAL, len) != 0)
		return false;
	name->len -= len;
	if (!registry__has_name(registry, strbuf__text(name)))
		return true;
	name->data[name->len] = TOTAL[0];
	name->len += len;
	return false;
}

static void describe(const struct registry *registry, const struct family *family,
		     enum name_escaping escaping, struct description *ret_description)
{
	struct strbuf *name = &ret_description->name;
	struct strbuf *created = &ret_description->created_name;

	ret_description->kind = kind_words[family__kind(family)];
	add_escaped(name, family__name(family), escaping);
	if (family__kind(family) == FAMILY_KIND_GAUGE)
		return;
	if (family__kind(family) == FAMILY_KIND_COUNTER && !shorten(registry, name)) {
		ret_description->kind = "unknown";
		return;
	}
	strbuf__add(created, name->data, name->len);
	strbuf__add_text(created, CREATED);
	if (registry__has_name(registry, strbuf__text(created)))
		strbuf__reset(created);
}

/* "x_seconds" has the unit "seconds". */
static bool has_unit(const char *name, const char *unit)
{
	size_t name_len = strlen(name), unit_len = strlen(unit);

	return name_is_plain(unit) && name_len > unit_len + 1 &&
	       name[name_len - unit_len - 1] == '_' && str_ends(name, unit);
}

static void write_header(const struct family *family, const char *name, const char *kind,
			 enum name_escaping escaping, struct strbuf *out)
{
	const char *unit = family__unit(family);

	family_text__write_line("HELP", name, escaping, family__help(family), "\\\"", out);
	family_text__write_line("TYPE", name, escaping, kind, "", out);
	if (has_unit(name, unit))
		family_text__write_line("UNIT", name, escaping, unit, "", out);
}

void openmetrics__write_family(const struct registry *registry, const struct family *family,
			       const struct openmetrics_options *options, struct strbuf *out)
{
	struct description description = { .name = STRBUF_INIT, .created_name = STRBUF_INIT };
	struct family_text_options text = { .escaping = options->escaping, .is_openmetrics = true };

	describe(registry, family, options->escaping, &description);
	if (description.created_name.len > 0)
		text.created_name = strbuf__text(&description.created_name);
	/* Only counters and buckets may have exemplars. */
	if (description.kind == kind_words[FAMILY_KIND_COUNTER] ||
	    description.kind == kind_words[FAMILY_KIND_HISTOGRAM])
		text.exemplars = options->exemplars;
	write_header(family, strbuf__text(&description.name), description.kind, options->escaping,
		     out);
	family_text__write_series(family, &text, out);
	if (strbuf__status(&description.name) < 0 || strbuf__status(&description.created_name) < 0)
		out->has_failed = true;
	strbuf__done(&description.name);
	strbuf__done(&description.created_name);
}

void openmetrics__write_end(struct strbuf *out)
{
	strbuf__add_text(out, "# EOF\n");
}

void openmetrics__write(const struct registry *registry, const struct openmetrics_options *options,
			struct strbuf *out)
{
	const struct family *family;
	size_t cursor = 0;

	while ((family = registry__next(registry, &cursor))) {
		if (family__shown_count(family) > 0)
			openmetrics__write_family(registry, family, options, out);
	}
	openmetrics__write_end(out);
}
