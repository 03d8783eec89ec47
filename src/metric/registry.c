/* SPDX-License-Identifier: Apache-2.0 */
#include "metric/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"
#include "metric/name_escaping.h"

#define NAME_MAX_LEN 1024

struct entry {
	struct family *family; /* owned, unless is_shared */
	size_t uses;
	bool is_plain;  /* its name is the same in every scheme of escaping */
	bool is_shared; /* the family is that of the registry before this one, or of the one after */
};

struct registry {
	VEC(struct entry) entries; /* sorted by name */
	struct registry *before;   /* borrowed; NULL: this one follows nothing */
};

static const char *const histogram_suffixes[] = { "_bucket", "_count", "_sum" };

int registry__new(struct registry **ret_registry, struct err *err)
{
	struct registry *registry = new_zero(struct registry);

	if (!registry)
		return err__set(err, -ENOMEM, NULL, "no memory for the registry");
	*ret_registry = registry;
	return 0;
}

int registry__new_after(struct registry *before, struct registry **ret_registry, struct err *err)
{
	int r = registry__new(ret_registry, err);

	if (r == 0)
		(*ret_registry)->before = before;
	return r;
}

static void free_family(struct entry *entry)
{
	if (!entry->is_shared)
		family__free(entry->family);
}

struct registry *registry__free(struct registry *registry)
{
	if (!registry)
		return NULL;
	vec_for_each(&registry->entries, entry)
		free_family(entry);
	vec_done(&registry->entries);
	free(registry);
	return NULL;
}

/* The place of the name, or where it would go. */
static size_t find_place(const struct registry *registry, const char *name, bool *ret_is_there)
{
	size_t low = 0;
	size_t high = registry->entries.len;

	*ret_is_there = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(family__name(registry->entries.items[middle].family), name);

		if (order == 0) {
			*ret_is_there = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* ---- names ----------------------------------------------------------------------------------- */

/* Whether it says so of the names in some scheme, as they are for one. */
typedef bool (*names_fn)(const char *a, const char *b);

static bool escaped(const char *a, const char *b, enum name_escaping escaping, names_fn holds)
{
	struct strbuf texts[2] = { STRBUF_INIT, STRBUF_INIT };
	bool result;

	name_add(&texts[0], a, escaping);
	name_add(&texts[1], b, escaping);
	result = holds(strbuf__text(&texts[0]), strbuf__text(&texts[1]));
	strbuf__done(&texts[0]);
	strbuf__done(&texts[1]);
	return result;
}

static bool holds_in_some_scheme(const char *a, const char *b, names_fn holds)
{
	if (holds(a, b))
		return true;
	if (name_is_plain(a) && name_is_plain(b)) /* which no scheme changes */
		return false;
	for (unsigned int i = 0; i < NAME_ESCAPING_COUNT; i++) {
		if (escaped(a, b, (enum name_escaping)i, holds))
			return true;
	}
	return false;
}

static bool are_equal(const char *a, const char *b)
{
	return str_eq(a, b);
}

static bool look_alike(const char *a, const char *b)
{
	return holds_in_some_scheme(a, b, are_equal);
}

static int check_name(const char *what, const char *name, struct err *err)
{
	size_t len = strlen(name);

	if (len == 0)
		return err__set(err, -EINVAL, NULL, "%s is empty", what);
	if (len > NAME_MAX_LEN)
		return err__set(err, -EINVAL, NULL,
				"%s of %zu bytes is too long; at most %d are possible", what, len,
				NAME_MAX_LEN);
	if (!str_is_utf8(name, len))
		return err__set(err, -EINVAL, NULL, "%s is not valid UTF-8", what);
	return 0;
}

static int check_label_name(const struct family_spec *spec, uint32_t index, struct err *err)
{
	const char *name = spec->label_names[index];
	int r = check_name("label name", name, err);

	if (r < 0)
		return r;
	if (str_starts(name, "__"))
		return err__set(err, -EINVAL, NULL,
				"label name '%s' is reserved; it must not start with '__'", name);
	if (spec->kind == FAMILY_KIND_HISTOGRAM && str_eq(name, "le"))
		return err__set(err, -EINVAL, NULL, "label name 'le' is reserved in a histogram");
	for (uint32_t i = 0; i < index; i++) {
		if (str_eq(spec->label_names[i], name))
			return err__set(err, -EINVAL, NULL, "label name '%s' stands there twice",
					name);
		if (look_alike(spec->label_names[i], name))
			return err__set(err, -EINVAL, NULL,
					"label names '%s' and '%s' are the same where "
					"Prometheus asks for names to be escaped; rename one",
					spec->label_names[i], name);
	}
	return 0;
}

static int check_names(const struct family_spec *spec, struct err *err)
{
	int r = check_name("metric name", spec->name, err);

	for (uint32_t i = 0; i < spec->label_count && r == 0; i++)
		r = check_label_name(spec, i, err);
	return r;
}

/* ---- collisions ------------------------------------------------------------------------------ */

/* Whether `name` is a line of histogram `histogram`: its name and one of the suffixes. */
static bool is_line_of(const char *histogram, const char *name)
{
	size_t len = strlen(histogram);

	if (strncmp(name, histogram, len) != 0)
		return false;
	for (size_t i = 0; i < array_size(histogram_suffixes); i++) {
		if (str_eq(name + len, histogram_suffixes[i]))
			return true;
	}
	return false;
}

static const char *find_collision(const struct family *family, const char *other,
				  enum family_kind other_kind)
{
	const char *name = family__name(family);

	if (look_alike(name, other))
		return "Prometheus asks for names to be escaped, and then they are the same";
	if ((family__kind(family) == FAMILY_KIND_HISTOGRAM &&
	     holds_in_some_scheme(name, other, is_line_of)) ||
	    (other_kind == FAMILY_KIND_HISTOGRAM && holds_in_some_scheme(other, name, is_line_of)))
		return "the lines of a histogram end in _bucket, _count and _sum";
	return NULL;
}

static int check_collisions(const struct registry *registry, const char *name,
			    enum family_kind kind, struct err *err)
{
	for (size_t i = 0; i < registry->entries.len; i++) {
		const struct family *family = registry->entries.items[i].family;

		const char *reason = find_collision(family, name, kind);

		if (reason)
			return err__set(err, -EEXIST, NULL, "it collides with '%s': %s; rename one",
					family__name(family), reason);
	}
	return 0;
}

/* ---- families -------------------------------------------------------------------------------- */

static struct entry *find(const struct registry *registry, const char *name)
{
	bool is_there;
	size_t place = find_place(registry, name, &is_there);

	return is_there ? &registry->entries.items[place] : NULL;
}

static int insert(struct registry *registry, size_t place, const struct entry *entry)
{
	struct entry *at;

	if (vec_reserve(&registry->entries, registry->entries.len + 1) < 0)
		return -ENOMEM;
	at = registry->entries.items + place;
	memmove(at + 1, at, (registry->entries.len - place) * sizeof(*at));
	*at = *entry;
	at->is_plain = name_is_plain(family__name(entry->family));
	registry->entries.len++;
	return 0;
}

static int new_family(const struct family_spec *spec, struct family **ret_family, struct err *err)
{
	struct family_spec begun = *spec;

	if (begun.since_ns == 0)
		begun.since_ns = clock_wall_ns();
	return family__new(&begun, ret_family, err);
}

/* That of the registry before, when it agrees; else a new one. */
static int add_family(struct registry *registry, size_t place, const struct family_spec *spec,
		      struct family **ret_family, struct err *err)
{
	const struct entry *former = registry->before ? find(registry->before, spec->name) : NULL;
	struct entry entry = { .uses = 1 };
	int r = 0;

	if (former && family__agrees(former->family, spec, NULL)) {
		entry.family = former->family;
		entry.is_shared = true;
	} else {
		r = new_family(spec, &entry.family, err);
	}
	if (r < 0)
		return r;
	if (insert(registry, place, &entry) < 0) {
		free_family(&entry);
		return err__set(err, -ENOMEM, NULL, "no memory for metric '%s'", spec->name);
	}
	*ret_family = entry.family;
	return 0;
}

int registry__family(struct registry *registry, const struct family_spec *spec,
		     struct family **ret_family, struct err *err)
{
	bool is_there;
	size_t place;
	int r = check_names(spec, err);

	if (r < 0)
		return err__wrap(err, r, NULL, "metric '%s'", spec->name);
	place = find_place(registry, spec->name, &is_there);
	if (is_there) {
		struct entry *entry = &registry->entries.items[place];

		if (!family__agrees(entry->family, spec, err))
			return -EEXIST;
		entry->uses++;
		*ret_family = entry->family;
		return 0;
	}
	r = check_collisions(registry, spec->name, spec->kind, err);
	if (r < 0)
		return r;
	return add_family(registry, place, spec, ret_family, err);
}

int registry__keep(struct registry *registry, struct family *family, struct err *err)
{
	const struct entry entry = { .family = family, .uses = 1, .is_shared = true };
	const char *name = family__name(family);
	bool is_there;
	size_t place = find_place(registry, name, &is_there);
	int r;

	if (!is_there) {
		/* Of those that came before it here one may be new. */
		r = check_collisions(registry, name, family__kind(family), err);
		if (r < 0)
			return err__wrap(err, r, NULL, "metric '%s'", name);
		return insert(registry, place, &entry) < 0
			       ? err__set(err, -ENOMEM, NULL, "no memory for metric '%s'", name)
			       : 0;
	}
	if (registry->entries.items[place].family != family)
		return err__set(err, -EEXIST, NULL,
				"metric '%s': another of that name does not agree with it", name);
	registry->entries.items[place].uses++;
	return 0;
}

void registry__succeed(struct registry *registry)
{
	struct entry *former;

	vec_for_each(&registry->entries, entry) {
		if (!entry->is_shared)
			continue;
		entry->is_shared = false;
		former = find(registry->before, family__name(entry->family));
		if (former)
			former->is_shared = true;
	}
	registry->before = NULL;
}

void registry__drop(struct registry *registry, struct family *family)
{
	struct entry *entry = find(registry, family__name(family));

	if (!entry || --entry->uses > 0)
		return;
	free_family(entry);
	registry->entries.len--;
	memmove(entry, entry + 1,
		(size_t)(registry->entries.items + registry->entries.len - entry) * sizeof(*entry));
}

bool registry__has_name(const struct registry *registry, const char *name)
{
	bool is_plain = name_is_plain(name);
	bool is_there;

	(void)find_place(registry, name, &is_there);
	for (size_t i = 0; i < registry->entries.len && !is_there; i++) {
		const struct entry *entry = &registry->entries.items[i];

		if (!entry->is_plain || !is_plain)
			is_there = look_alike(family__name(entry->family), name);
	}
	return is_there;
}

void registry__begin(struct registry *registry, const struct family_pass *pass)
{
	for (size_t i = 0; i < registry->entries.len; i++)
		family__begin(registry->entries.items[i].family, pass);
}

int registry__end(struct registry *registry)
{
	int result = 0;

	for (size_t i = 0; i < registry->entries.len; i++) {
		int r = family__end(registry->entries.items[i].family);

		if (r < 0)
			result = r;
	}
	return result;
}

struct family *registry__next(const struct registry *registry, size_t *cursor)
{
	if (*cursor >= registry->entries.len)
		return NULL;
	return registry->entries.items[(*cursor)++].family;
}
