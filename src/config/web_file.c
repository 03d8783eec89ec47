/* SPDX-License-Identifier: Apache-2.0 */
#include "config/web_file.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define HASH_FORM "write what 'htpasswd -nBC 10 \"\"' prints behind its colon"
/* "$2y$10$", then salt and hash in 53 letters of bcrypt's alphabet. */
#define HASH_PREFIX_LEN 7
#define HASH_LEN (HASH_PREFIX_LEN + 53)

/* ---- shape ------------------------------------------------------------------------------------------- */

struct http_section {
	struct loc at;
	bool http2;
	const struct node *headers;
};

struct root_section {
	struct loc at;
	struct web_file_tls tls_server_config;
	struct http_section http_server_config;
	struct web_file_rate rate_limit;
	const struct node *basic_auth_users;
};

static const struct bind_field tls_fields[] = {
	BIND_FIELD(struct web_file_tls, cert, &bind_text),
	BIND_FIELD(struct web_file_tls, cert_file, &bind_text),
	BIND_FIELD(struct web_file_tls, cipher_suites, &bind_texts),
	BIND_FIELD(struct web_file_tls, client_allowed_sans, &bind_texts),
	BIND_FIELD(struct web_file_tls, client_auth_type, &bind_text),
	BIND_FIELD(struct web_file_tls, client_ca, &bind_text),
	BIND_FIELD(struct web_file_tls, client_ca_file, &bind_text),
	BIND_FIELD(struct web_file_tls, curve_preferences, &bind_texts),
	BIND_FIELD(struct web_file_tls, key, &bind_text),
	BIND_FIELD(struct web_file_tls, key_file, &bind_text),
	BIND_FIELD(struct web_file_tls, max_version, &bind_text),
	BIND_FIELD(struct web_file_tls, min_version, &bind_text),
	BIND_FIELD(struct web_file_tls, prefer_server_cipher_suites, &bind_bool),
};
static const struct web_file_tls tls_initial = { .prefer_server_cipher_suites = true };
static const struct bind_type tls_type = {
	.kind = BIND_STRUCT,
	.noun = "tls_server_config",
	.size = sizeof(struct web_file_tls),
	.initial = &tls_initial,
	.fields = tls_fields,
	.field_count = array_size(tls_fields),
};

static const struct bind_field http_fields[] = {
	BIND_FIELD(struct http_section, headers, &bind_node),
	BIND_FIELD(struct http_section, http2, &bind_bool),
};
static const struct bind_type http_type = BIND_STRUCT_TYPE("http_server_config",
							   struct http_section, http_fields);

static const struct bind_field rate_fields[] = {
	BIND_FIELD(struct web_file_rate, burst, &bind_u32),
	BIND_FIELD(struct web_file_rate, interval, &bind_duration),
};
static const struct bind_type rate_type = BIND_STRUCT_TYPE("rate_limit", struct web_file_rate,
							   rate_fields);

static const struct bind_field root_fields[] = {
	BIND_FIELD(struct root_section, basic_auth_users, &bind_node),
	BIND_FIELD(struct root_section, http_server_config, &http_type),
	BIND_FIELD(struct root_section, rate_limit, &rate_type),
	BIND_FIELD(struct root_section, tls_server_config, &tls_type),
};
static const struct root_section root_initial = {
	.tls_server_config = { .prefer_server_cipher_suites = true },
};
static const struct bind_type root_type = {
	.kind = BIND_STRUCT,
	.noun = "web config",
	.size = sizeof(struct root_section),
	.initial = &root_initial,
	.fields = root_fields,
	.field_count = array_size(root_fields),
};

/* ---- maps whose keys are the user's ------------------------------------------------------------------ */

struct reader {
	const char *noun; /* of the map: for messages */
	struct err_list *errors;
	/* What is added to, with room for all of the map. */
	struct web_file_header *headers;
	size_t header_count;
	struct web_file_user *users;
	size_t user_count;
};

static bool is_null(const struct node *node)
{
	return node->kind == NODE_SCALAR && !node->is_quoted &&
	       (node->text_len == 0 || str_eq(node->text, "~") || str_eq(node->text, "null"));
}

static int refuse(const struct reader *reader, const struct node *node, const char *text)
{
	return err_list__set(reader->errors, -EINVAL, &node->at, "%s: %s", reader->noun, text);
}

static bool stands_before(const struct node *map, uint32_t index)
{
	for (uint32_t i = 0; i < index; i++)
		if (map->pairs[i].key->kind == NODE_SCALAR &&
		    str_eq(map->pairs[i].key->text, map->pairs[index].key->text))
			return true;
	return false;
}

static bool is_text(const struct node *node)
{
	return node->kind == NODE_SCALAR && strlen(node->text) == node->text_len;
}

/* Calls add() for each pair of texts; goes on behind an error, so that all of them are seen. */
static int read_pairs(struct reader *reader, const struct node *map, uint32_t max,
		      int (*add)(struct reader *reader, const struct node_pair *pair))
{
	int first = 0;

	if (!map || is_null(map))
		return 0;
	if (map->kind != NODE_MAP)
		return refuse(reader, map, "this is no map; write KEY: VALUE");
	if (map->count > max)
		return err_list__set(reader->errors, -E2BIG, &map->at,
				     "%s: there are %u entries; at most %u are read", reader->noun,
				     map->count, max);
	for (uint32_t i = 0; i < map->count; i++) {
		const struct node_pair *pair = &map->pairs[i];
		int r;

		if (!is_text(pair->key) || !is_text(pair->value))
			r = refuse(reader, pair->key, "write text: text without NUL bytes");
		else if (stands_before(map, i))
			r = refuse(reader, pair->key, "this key stands twice; keep one");
		else
			r = add(reader, pair);
		if (first == 0)
			first = r;
	}
	return first;
}

/* ---- headers ----------------------------------------------------------------------------------------- */

static const struct header_rule {
	const char *name;
	const char *values[3]; /* none: any */
} header_rules[] = {
	{ "Content-Security-Policy", { NULL } },
	{ "Strict-Transport-Security", { NULL } },
	{ "X-Content-Type-Options", { "nosniff" } },
	{ "X-Frame-Options", { "deny", "sameorigin" } },
	{ "X-XSS-Protection", { NULL } },
};

static const struct header_rule *find_rule(const char *name)
{
	for (size_t i = 0; i < array_size(header_rules); i++)
		if (str_eq(header_rules[i].name, name))
			return &header_rules[i];
	return NULL;
}

static bool is_one_of(const char *value, const char *const *values)
{
	if (!values[0])
		return true;
	for (; *values; values++)
		if (str_eq(*values, value))
			return true;
	return false;
}

/* A line break in a value would be a header of somebody else's. */
static bool is_printable(const char *value)
{
	for (const char *c = value; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return false;
	return true;
}

static int add_header(struct reader *reader, const struct node_pair *pair)
{
	const struct header_rule *rule = find_rule(pair->key->text);

	if (!rule)
		return refuse(
			reader, pair->key,
			"this one cannot be set; there are Content-Security-Policy, Strict-Transport-Security, "
			"X-Content-Type-Options, X-Frame-Options and X-XSS-Protection");
	if (!is_one_of(pair->value->text, rule->values))
		return err_list__set(
			reader->errors, -EINVAL, &pair->value->at, "%s: %s is '%s'%s%s%s",
			reader->noun, rule->name, rule->values[0], rule->values[1] ? " or '" : "",
			rule->values[1] ? rule->values[1] : "", rule->values[1] ? "'" : "");
	if (!is_printable(pair->value->text))
		return refuse(reader, pair->value, "a value is one line of printable text");
	if (!pair->value->text[0])
		return 0;
	reader->headers[reader->header_count++] =
		(struct web_file_header){ .name = rule->name, .value = pair->value->text };
	return 0;
}

/* ---- users ------------------------------------------------------------------------------------------- */

/* The cost of a hash of the right form, or 0. $2x$ is a mistake of one old library, kept apart on purpose. */
static uint32_t cost_of(const char *hash)
{
	static const char letters[] =
		"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

	if (strlen(hash) != HASH_LEN || memcmp(hash, "$2", 2) != 0 || !strchr("aby", hash[2]) ||
	    hash[3] != '$' || hash[6] != '$' ||
	    strspn(hash + HASH_PREFIX_LEN, letters) != HASH_LEN - HASH_PREFIX_LEN)
		return 0;
	if (hash[4] < '0' || hash[4] > '3' || hash[5] < '0' || hash[5] > '9')
		return 0;
	return (uint32_t)(hash[4] - '0') * 10 + (uint32_t)(hash[5] - '0');
}

static int add_user(struct reader *reader, const struct node_pair *pair)
{
	uint32_t cost = cost_of(pair->value->text);

	if (pair->key->text_len == 0 || strchr(pair->key->text, ':') ||
	    pair->key->text_len > WEB_FILE_MAX_USER_BYTES)
		return refuse(reader, pair->key, "a user's name has 1 to 255 bytes and no colon");
	if (cost == 0)
		return refuse(reader, pair->value, "this is no bcrypt hash; " HASH_FORM);
	if (cost < WEB_FILE_MIN_COST || cost > WEB_FILE_MAX_COST)
		return err_list__set(reader->errors, -EINVAL, &pair->value->at,
				     "%s: the hash has cost %u; %u to %u are taken, 10 is usual",
				     reader->noun, cost, WEB_FILE_MIN_COST, WEB_FILE_MAX_COST);
	reader->users[reader->user_count++] = (struct web_file_user){
		.name = pair->key->text,
		.hash = pair->value->text,
		.cost = cost,
	};
	return 0;
}

/* ---- the whole --------------------------------------------------------------------------------------- */

static int read_root(struct arena *arena, struct err_list *errors, const struct root_section *root,
		     struct web_file *file)
{
	struct reader reader = {
		.errors = errors,
		.headers = arena_array(arena, struct web_file_header, array_size(header_rules)),
		.users = arena_array(arena, struct web_file_user, WEB_FILE_MAX_USERS),
	};
	int r, next;

	if (!reader.headers || !reader.users)
		return -ENOMEM;
	reader.noun = "headers";
	r = read_pairs(&reader, root->http_server_config.headers, array_size(header_rules),
		       add_header);
	reader.noun = "basic_auth_users";
	next = read_pairs(&reader, root->basic_auth_users, WEB_FILE_MAX_USERS, add_user);
	r = r < 0 ? r : next;
	*file = (struct web_file){
		.at = root->at,
		.tls = root->tls_server_config,
		.rate = root->rate_limit,
		.headers = reader.headers,
		.header_count = reader.header_count,
		.users = reader.users,
		.user_count = reader.user_count,
	};
	if (file->rate.interval < 0)
		return err_list__set(errors, -EINVAL, &file->rate.at,
				     "rate_limit: interval is below 0; 0 means no limit");
	if (file->rate.interval > 0 && file->rate.burst == 0)
		return err_list__set(
			errors, -EINVAL, &file->rate.at,
			"rate_limit: burst is 0, so nothing could pass; write 1 or more");
	return r;
}

bool web_file__has_tls(const struct web_file *file)
{
	const struct spec_text *texts[] = {
		&file->tls.cert,
		&file->tls.key,
		&file->tls.client_ca,
		&file->tls.cert_file,
		&file->tls.key_file,
		&file->tls.client_ca_file,
		&file->tls.client_auth_type,
	};

	for (size_t i = 0; i < array_size(texts); i++)
		if (texts[i]->text && texts[i]->text[0])
			return true;
	return false;
}

int web_file_parse(const char *text, size_t len, const char *origin, struct arena *arena,
		   struct web_file *ret_file, struct err_list *errors)
{
	struct root_section root = root_initial;
	struct binder binder = { .arena = arena, .errors = errors, .is_strict = true };
	struct web_file file = { .at = { .file = origin } };
	const struct node *node = NULL;
	struct err err = ERR_INIT;
	int r = node_parse_yaml(text, len, origin, arena, &node, &err);

	/* An empty file asks for nothing. */
	if (r == -ENODATA)
		r = 0;
	else if (r < 0)
		err_list__add(errors, &err);
	err__done(&err);
	if (r == 0 && node)
		r = binder__run(&binder, node, &root_type, &root);
	if (r == 0)
		r = read_root(arena, errors, &root, &file);
	if (r < 0)
		return r;
	*ret_file = file;
	return 0;
}
