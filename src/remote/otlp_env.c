/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/otlp_env.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"

#define DEFAULT_ENDPOINT "http://localhost:4318"
#define TRACES_PATH "/v1/traces"
#define DEFAULT_SERVICE "ebpf_exporter" /* the name under which existing users know these spans */
#define SERVICE_KEY "service.name"
#define PAIRS_MAX 128u
#define VALUE_MAX 65536u /* bytes of one variable that are read */

struct reader {
	otlp_env_fn get;
	void *ctx;
	struct otlp_settings *settings;
	struct err_list *warnings; /* or NULL */
};

/* An empty variable is one that is not set. */
static const char *get(const struct reader *reader, const char *name)
{
	const char *value = reader->get(reader->ctx, name);

	return value && value[0] && strnlen(value, VALUE_MAX) < VALUE_MAX ? value : NULL;
}

/* OTEL_EXPORTER_OTLP_TRACES_X, else OTEL_EXPORTER_OTLP_X; *ret_name is the one that was there. */
static const char *get_exporter(const struct reader *reader, const char *suffix, char *ret_name,
				size_t size)
{
	static const char *const prefixes[] = { "OTEL_EXPORTER_OTLP_TRACES_",
						"OTEL_EXPORTER_OTLP_" };

	for (size_t i = 0; i < array_size(prefixes); i++) {
		const char *value;

		(void)snprintf(ret_name, size, "%s%s", prefixes[i], suffix);
		value = get(reader, ret_name);
		if (value)
			return value;
	}
	return NULL;
}

static void warn(const struct reader *reader, const char *name, const char *text)
{
	if (reader->warnings)
		(void)err_list__set(reader->warnings, -EINVAL, NULL, "%s: %s, ignoring it", name,
				    text);
}

/* ---- numbers ------------------------------------------------------------------------------------------- */

struct number {
	const char *name;
	size_t offset;
	uint64_t initial, min, max;
	bool is_time; /* milliseconds into an int64_t of nanoseconds; otherwise into a uint32_t */
};

#define TIME(member, variable, default_ms)                                                         \
	{                                                                                          \
		.name = (variable), .offset = offsetof(struct otlp_settings, member),              \
		.initial = (default_ms), .min = 1, .max = 3600 * 1000, .is_time = true             \
	}
#define COUNT(member, variable, default_count)                                                     \
	{                                                                                          \
		.name = (variable), .offset = offsetof(struct otlp_settings, member),              \
		.initial = (default_count), .min = 1, .max = 1000000                               \
	}

static const struct number numbers[] = {
	TIME(timeout_ns, "OTEL_EXPORTER_OTLP_TIMEOUT", 10000),
	TIME(timeout_ns, "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", 0 /* what stands there stays */),
	TIME(delay_ns, "OTEL_BSP_SCHEDULE_DELAY", 5000),
	TIME(shutdown_ns, "OTEL_BSP_EXPORT_TIMEOUT", 30000),
	COUNT(queue_max, "OTEL_BSP_MAX_QUEUE_SIZE", 2048),
	COUNT(batch_max, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512),
};

static void put_number(struct otlp_settings *settings, const struct number *number, uint64_t value)
{
	char *to = (char *)settings + number->offset;
	int64_t ns = (int64_t)value * NS_PER_MS;
	uint32_t count = (uint32_t)value;

	if (number->is_time)
		memcpy(to, &ns, sizeof(ns));
	else
		memcpy(to, &count, sizeof(count));
}

static void read_numbers(const struct reader *reader)
{
	for (size_t i = 0; i < array_size(numbers); i++) {
		const struct number *number = &numbers[i];
		const char *text = get(reader, number->name);
		uint64_t value = number->initial;
		char problem[128];

		if (text && (num_parse_u64(text, strlen(text), &value) < 0 || value < number->min ||
			     value > number->max)) {
			(void)snprintf(problem, sizeof(problem),
				       "'%.32s' is no number from %llu to %llu%s", text,
				       (unsigned long long)number->min,
				       (unsigned long long)number->max,
				       number->is_time ? " (milliseconds)" : "");
			warn(reader, number->name, problem);
			value = number->initial;
		}
		if (value > 0)
			put_number(reader->settings, number, value);
	}
	/* A batch that never fills would never be sent early. */
	if (reader->settings->batch_max > reader->settings->queue_max)
		reader->settings->batch_max = reader->settings->queue_max;
}

/* ---- lists: key=value,key=value ------------------------------------------------------------------------ */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* %XX becomes its byte. NULL: no memory. A control character, also one that was hidden so, is -EINVAL: in a header it
 * would begin another one. */
static int unescape(struct arena *arena, const char *text, size_t len, const char **ret_text)
{
	char *out = arena__strndup(arena, text, len);
	size_t to = 0;

	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < len; i++) {
		int high = i + 2 < len && text[i] == '%' ? hex_digit(text[i + 1]) : -1;
		int low = high >= 0 ? hex_digit(text[i + 2]) : -1;

		if (text[i] == '%' && low < 0)
			return -EINVAL;
		out[to] = low >= 0 ? (char)(high << 4 | low) : text[i];
		if (low >= 0)
			i += 2;
		if ((unsigned char)out[to] < 0x20 || out[to] == 0x7f)
			return -EINVAL;
		to++;
	}
	out[to] = '\0';
	*ret_text = out;
	return 0;
}

static void trim(const char **text, size_t *len)
{
	while (*len > 0 && (**text == ' ' || **text == '\t')) {
		++*text;
		--*len;
	}
	while (*len > 0 && ((*text)[*len - 1] == ' ' || (*text)[*len - 1] == '\t'))
		--*len;
}

static bool is_token(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] == 0x7f || strchr("\"(),/:;<=>?@[\\]{}", text[i]))
			return false;
	return len > 0;
}

/* One `key=value` of len bytes. */
static int parse_pair(struct arena *arena, const char *text, size_t len, struct otlp_pair *ret_pair)
{
	const char *equals = memchr(text, '=', len), *value;
	size_t key_len, value_len;

	if (!equals)
		return -EINVAL;
	key_len = (size_t)(equals - text);
	value = equals + 1;
	value_len = len - key_len - 1;
	trim(&text, &key_len);
	trim(&value, &value_len);
	/* Headers are tokens, and keys of attributes that are none would not survive any back end. */
	if (!is_token(text, key_len))
		return -EINVAL;
	ret_pair->key = arena__strndup(arena, text, key_len);
	return ret_pair->key ? unescape(arena, value, value_len, &ret_pair->value) : -ENOMEM;
}

static int parse_pairs(const struct reader *reader, const char *name, const char *text,
		       struct otlp_pair **ret_pairs, uint32_t *ret_count)
{
	struct arena *arena = &reader->settings->arena;
	struct otlp_pair *pairs = arena_array(arena, struct otlp_pair, PAIRS_MAX);
	uint32_t count = 0;

	if (!pairs)
		return -ENOMEM;
	while (text && *text) {
		size_t len = strcspn(text, ",");
		const char *item = text;
		size_t item_len = len;
		int r = 0;

		text += len + (text[len] == ',');
		trim(&item, &item_len);
		if (item_len == 0)
			continue;
		if (count < PAIRS_MAX)
			r = parse_pair(arena, item, item_len, &pairs[count]);
		else
			r = -E2BIG;
		if (r == -ENOMEM)
			return r;
		if (r < 0)
			warn(reader, name,
			     r == -E2BIG ? "too many entries"
					 : "an entry is not key=value with a plain key");
		else
			count++;
	}
	*ret_pairs = pairs;
	*ret_count = count;
	return 0;
}

static int by_key(const void *a, const void *b)
{
	const struct otlp_pair *left = a, *right = b;

	return strcmp(left->key, right->key);
}

static int read_headers(const struct reader *reader)
{
	char name[64];
	const char *text = get_exporter(reader, "HEADERS", name, sizeof(name));
	struct otlp_pair *pairs = NULL;
	int r = parse_pairs(reader, name, text, &pairs, &reader->settings->header_count);

	reader->settings->headers = pairs;
	return r;
}

/* Of equal keys the last counts; the service's name has a place of its own. */
static int read_resource(const struct reader *reader)
{
	const char *name = "OTEL_RESOURCE_ATTRIBUTES";
	const char *service = get(reader, "OTEL_SERVICE_NAME");
	struct otlp_pair *pairs = NULL;
	const char *named = NULL;
	uint32_t count = 0, kept = 0;
	int r = parse_pairs(reader, name, get(reader, name), &pairs, &count);

	if (r < 0)
		return r;
	for (uint32_t i = 0; i < count; i++) {
		bool is_replaced = false;

		for (uint32_t k = i + 1; k < count; k++)
			is_replaced |= str_eq(pairs[i].key, pairs[k].key);
		if (str_eq(pairs[i].key, SERVICE_KEY))
			named = pairs[i].value;
		else if (!is_replaced)
			pairs[kept++] = pairs[i];
	}
	qsort(pairs, kept, sizeof(*pairs), by_key);
	reader->settings->resource = pairs;
	reader->settings->resource_count = kept;
	if (!service)
		service = named && named[0] ? named : DEFAULT_SERVICE;
	reader->settings->service = arena__strdup(&reader->settings->arena, service);
	return reader->settings->service ? 0 : -ENOMEM;
}

/* ---- exporter, protocol, endpoint ---------------------------------------------------------------------- */

struct word {
	const char *word;
	int meaning;
};

/* The meaning, or -ENOENT. */
static int find_word(const struct word *words, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(words[i].word, text))
			return words[i].meaning;
	return -ENOENT;
}

static int turn_off(const struct reader *reader, const char *why, bool is_on_purpose)
{
	reader->settings->exporter = OTLP_EXPORTER_OFF;
	reader->settings->why_off = why;
	reader->settings->is_off_on_purpose = is_on_purpose;
	return 0;
}

static int read_exporter(const struct reader *reader, struct err *err)
{
	static const struct word words[] = { { "console", OTLP_EXPORTER_CONSOLE },
					     { "none", OTLP_EXPORTER_OFF },
					     { "otlp", OTLP_EXPORTER_HTTP } };
	const char *exporter = get(reader, "OTEL_TRACES_EXPORTER");
	const char *disabled = get(reader, "OTEL_SDK_DISABLED");
	char name[64];
	int meaning;

	if (disabled && strcasecmp(disabled, "true") == 0)
		return turn_off(reader, "OTEL_SDK_DISABLED is true", true);
	if (!exporter && !get_exporter(reader, "ENDPOINT", name, sizeof(name)))
		return turn_off(reader,
				"no endpoint is configured; set OTEL_EXPORTER_OTLP_ENDPOINT, or "
				"OTEL_TRACES_EXPORTER to otlp (sends to " DEFAULT_ENDPOINT
				") or console",
				false);
	meaning = exporter ? find_word(words, array_size(words), exporter) : OTLP_EXPORTER_HTTP;
	if (meaning < 0)
		return err__set(
			err, -EINVAL, NULL,
			"OTEL_TRACES_EXPORTER '%s' is unknown; there are otlp, console and none",
			exporter);
	if (meaning == OTLP_EXPORTER_OFF)
		return turn_off(reader, "OTEL_TRACES_EXPORTER is none", true);
	reader->settings->exporter = (enum otlp_exporter)meaning;
	return 0;
}

static int read_protocol(const struct reader *reader, struct err *err)
{
	static const struct word words[] = { { "http/json", true }, { "http/protobuf", false } };
	char name[64];
	const char *protocol = get_exporter(reader, "PROTOCOL", name, sizeof(name));
	int meaning = protocol ? find_word(words, array_size(words), protocol) : false;

	if (meaning < 0)
		return err__set(
			err, -EINVAL, NULL,
			"%s '%s' is not spoken; set it to http/protobuf (port 4318 of a collector) "
			"or http/json",
			name, protocol);
	reader->settings->is_json = meaning;
	return 0;
}

static void read_compression(const struct reader *reader)
{
	static const struct word words[] = { { "gzip", true }, { "none", false } };
	char name[64];
	const char *compression = get_exporter(reader, "COMPRESSION", name, sizeof(name));
	int meaning = compression ? find_word(words, array_size(words), compression) : false;

	if (meaning < 0)
		warn(reader, name, "it is neither gzip nor none");
	reader->settings->is_gzip = meaning == true;
}

/* A URL that libcurl can be given: scheme and host are there, nothing in it ends a line. */
static bool is_url(const char *text)
{
	const char *host = str_starts(text, "http://")    ? text + strlen("http://")
			   : str_starts(text, "https://") ? text + strlen("https://")
							  : NULL;

	if (!host || strcspn(host, "/?#") == 0)
		return false;
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || *text == 0x7f)
			return false;
	return true;
}

/* The endpoint of traces is taken as it is; the one of all signals is a base to which the path is added. */
static int read_endpoint(const struct reader *reader, struct err *err)
{
	struct otlp_settings *settings = reader->settings;
	char name[64];
	const char *endpoint = get_exporter(reader, "ENDPOINT", name, sizeof(name));
	bool is_base = !endpoint || !strstr(name, "TRACES");
	size_t len;

	if (!endpoint)
		endpoint = DEFAULT_ENDPOINT;
	if (!is_url(endpoint))
		return err__set(
			err, -EINVAL, NULL,
			"%s '%s' is no URL; it begins with http:// or https:// and names a host",
			name, endpoint);
	len = strlen(endpoint);
	while (is_base && endpoint[len - 1] == '/')
		len--;
	settings->url = arena__printf(&settings->arena, "%.*s%s", (int)len, endpoint,
				      is_base ? TRACES_PATH : "");
	return settings->url ? 0 : -ENOMEM;
}

static int read_files(const struct reader *reader)
{
	static const struct {
		const char *suffix;
		size_t offset;
	} files[] = {
		{ "CERTIFICATE", offsetof(struct otlp_settings, certificate) },
		{ "CLIENT_CERTIFICATE", offsetof(struct otlp_settings, client_certificate) },
		{ "CLIENT_KEY", offsetof(struct otlp_settings, client_key) },
	};
	char name[64];

	for (size_t i = 0; i < array_size(files); i++) {
		const char *path = get_exporter(reader, files[i].suffix, name, sizeof(name));
		const char *copy = path ? arena__strdup(&reader->settings->arena, path) : NULL;

		if (path && !copy)
			return -ENOMEM;
		memcpy((char *)reader->settings + files[i].offset, &copy, sizeof(copy));
	}
	return 0;
}

/* ---- the whole ----------------------------------------------------------------------------------------- */

static int read_all(const struct reader *reader, struct err *err)
{
	int r = read_resource(reader);

	read_numbers(reader);
	if (r >= 0)
		r = read_exporter(reader, err);
	if (r < 0 || reader->settings->exporter != OTLP_EXPORTER_HTTP)
		return r;
	read_compression(reader);
	r = read_protocol(reader, err);
	if (r >= 0)
		r = read_endpoint(reader, err);
	if (r >= 0)
		r = read_headers(reader);
	return r < 0 ? r : read_files(reader);
}

int otlp_settings__read(struct otlp_settings *settings, otlp_env_fn get_variable, void *ctx,
			struct err_list *warnings, struct err *err)
{
	struct err local = ERR_INIT;
	const struct reader reader = {
		.get = get_variable, .ctx = ctx, .settings = settings, .warnings = warnings
	};
	int r;

	*settings = (struct otlp_settings){ .arena = ARENA_INIT };
	r = read_all(&reader, &local);
	if (r < 0 && !err__is_set(&local))
		err__set(&local, r, NULL, "no memory for OTEL_* settings");
	if (r < 0) {
		const char *why = arena__strdup(&settings->arena, local.text ? local.text : "");

		(void)turn_off(&reader, why ? why : "no memory", false);
		err__set(err, r, NULL, "%s", settings->why_off);
	}
	err__done(&local);
	return r;
}

void otlp_settings__done(struct otlp_settings *settings)
{
	arena__done(&settings->arena);
	*settings = (struct otlp_settings){ .arena = ARENA_INIT };
}
