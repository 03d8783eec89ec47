/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names as Prometheus wants them: base units, the unit and _total behind the name. The other way is that of the exporter
 * of OpenTelemetry (v0.64) through which Inspektor Gadget shows its metrics: values as they are, units by its own table,
 * and of one that it does not know what is left without odd characters, so that microseconds with a Greek letter end in
 * "_s".
 */
#include "config/metric_name.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define RAW_SUFFIX "_raw"
#define COUNTER_SUFFIX "_total"

struct unit {
	const char *ucum;
	const char *name; /* as a suffix */
	double scale;     /* to it */
	const char *original;
};

/* By both code points of the Greek letter. */
static const struct unit units[] = {
	{ "%", "ratio", 0.01, "percent" },
	{ "1", "ratio", 1, "ratio" },
	{ "A", "amperes", 1, "amperes" },
	{ "By", "bytes", 1, "bytes" },
	{ "Cel", "celsius", 1, "celsius" },
	{ "GBy", "bytes", 1e9, "gigabytes" },
	{ "GiBy", "bytes", 1024.0 * 1024 * 1024, "gibibytes" },
	{ "Hz", "hertz", 1, "hertz" },
	{ "J", "joules", 1, "joules" },
	{ "KBy", "bytes", 1e3, "kilobytes" },
	{ "KiBy", "bytes", 1024, "kibibytes" },
	{ "MBy", "bytes", 1e6, "megabytes" },
	{ "MiBy", "bytes", 1024.0 * 1024, "mebibytes" },
	{ "V", "volts", 1, "volts" },
	{ "W", "watts", 1, "watts" },
	{ "d", "seconds", 86400, "days" },
	{ "h", "seconds", 3600, "hours" },
	{ "kBy", "bytes", 1e3, "kilobytes" },
	{ "m", "meters", 1, "meters" },
	{ "min", "seconds", 60, "minutes" },
	{ "ms", "seconds", 1e-3, "milliseconds" },
	{ "ns", "seconds", 1e-9, "nanoseconds" },
	{ "s", "seconds", 1, "seconds" },
	{ "us", "seconds", 1e-6, "microseconds" },
	{ "\xc2\xb5s", "seconds", 1e-6, NULL },
	{ "\xce\xbcs", "seconds", 1e-6, NULL },
};

static const struct unit *find_unit(const char *ucum)
{
	for (size_t i = 0; ucum && i < array_size(units); i++)
		if (str_eq(units[i].ucum, ucum))
			return &units[i];
	return NULL;
}

/* One "_" for any number of other characters, none at the end. */
static char *plain(struct arena *arena, const char *text)
{
	char *copy = arena__strdup(arena, text), *to = copy;

	for (const char *from = copy; from && *from; from++) {
		if (isalnum((unsigned char)*from))
			*to++ = *from;
		else if (to == copy || to[-1] != '_')
			*to++ = '_';
	}
	if (copy)
		*to = '\0';
	return copy;
}

const char *metric_name_plain(struct arena *arena, const char *name)
{
	char *text = plain(arena, name);

	if (text && isdigit((unsigned char)text[0]))
		return arena__printf(arena, "_%s", text);
	return text;
}

/* Raw fields that became texts are called so for no other reason. */
static const char *without_raw(struct arena *arena, const char *name)
{
	if (!str_ends(name, RAW_SUFFIX))
		return name;
	return arena__strndup(arena, name, strlen(name) - strlen(RAW_SUFFIX));
}

/* A name that says its unit in short would say it twice. */
static const char *without_unit(struct arena *arena, const char *name, const char *ucum)
{
	const char *suffix = arena__printf(arena, "_%s", ucum);

	if (!suffix || !str_ends(name, suffix))
		return name;
	return arena__strndup(arena, name, strlen(name) - strlen(suffix));
}

static const char *add_suffix(struct arena *arena, const char *name, const char *suffix)
{
	size_t len = strlen(name), suffix_len = strlen(suffix);

	if (len >= suffix_len && str_ends(name, suffix) &&
	    (len == suffix_len || name[len - suffix_len - 1] == '_'))
		return name;
	return arena__printf(arena, "%s_%s", name, suffix);
}

/* What the exporter makes of a unit: by its table, else without odd characters. */
static const char *original_unit(struct arena *arena, const struct metric_naming *naming)
{
	const struct unit *unit = find_unit(naming->unit);
	const char *text;

	if (str_eq(naming->unit, "1"))
		return naming->kind == METRIC_KIND_GAUGE ? unit->original : "";
	if (unit && unit->original)
		return unit->original;
	text = plain(arena, naming->unit);
	return text && text[0] == '_' ? text + 1 : text;
}

static int name_originally(struct arena *arena, const struct metric_naming *naming,
			   struct metric_name *ret_name)
{
	const char *name = plain(arena, naming->name);
	const char *unit = naming->unit ? original_unit(arena, naming) : "";

	if (name && unit && unit[0])
		name = add_suffix(arena, name, unit);
	if (name && naming->kind == METRIC_KIND_COUNTER && !str_ends(name, COUNTER_SUFFIX))
		name = arena__printf(arena, "%s" COUNTER_SUFFIX, name);
	if (!name || !unit)
		return -ENOMEM;
	*ret_name = (struct metric_name){ .name = name, .unit = unit[0] ? unit : NULL, .scale = 1 };
	return 0;
}

static const char *base_name(struct arena *arena, const struct metric_naming *naming)
{
	const char *name = naming->prefix ? without_raw(arena, naming->name) : naming->name;

	if (name && naming->prefix && naming->unit)
		name = without_unit(arena, name, naming->unit);
	if (name && naming->prefix)
		name = arena__printf(arena, "%s_%s", naming->prefix, name);
	return name ? metric_name_plain(arena, name) : NULL;
}

int metric_name_make(struct arena *arena, const struct metric_naming *naming,
		     struct metric_name *ret_name)
{
	const struct unit *unit = find_unit(naming->unit);
	/* A ratio is what a gauge is; of a counter it says nothing. */
	const char *suffix = unit ? unit->name : naming->unit ? plain(arena, naming->unit) : NULL;
	const char *name;

	if (naming->is_exact) {
		*ret_name = (struct metric_name){ .name = metric_name_plain(arena, naming->name),
						  .scale = 1 };
		return ret_name->name ? 0 : -ENOMEM;
	}
	if (naming->is_original)
		return name_originally(arena, naming, ret_name);
	if (unit && str_eq(unit->name, "ratio") && naming->kind != METRIC_KIND_GAUGE)
		suffix = NULL;
	name = base_name(arena, naming);
	if (name && naming->kind == METRIC_KIND_COUNTER && str_ends(name, COUNTER_SUFFIX))
		name = arena__strndup(arena, name, strlen(name) - strlen(COUNTER_SUFFIX));
	if (name && suffix && suffix[0])
		name = add_suffix(arena, name, suffix);
	if (name && naming->kind == METRIC_KIND_COUNTER)
		name = arena__printf(arena, "%s" COUNTER_SUFFIX, name);
	if (!name)
		return -ENOMEM;
	*ret_name = (struct metric_name){ .name = name,
					  .unit = suffix && suffix[0] ? suffix : NULL,
					  .scale = unit ? unit->scale : 1 };
	return 0;
}
