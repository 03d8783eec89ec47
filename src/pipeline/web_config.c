/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/web_config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "config/web_file.h"
#include "web/security.h"
#include "web/server.h"

#define LOOK_INTERVAL_NS NS_PER_S
#define PEM_MAX_BYTES (1u << 20)

/* The web file itself, the certificate, its key, the CA of clients. */
#define MAX_FILES 4

/* What a file looked like just before it was read. */
struct mark {
	char *path; /* owned; NULL: no file */
	int error;  /* of looking at it */
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified, changed;
};

struct web_config {
	char *path;                /* owned */
	struct web_server *server; /* borrowed; NULL before it serves */
	struct mark marks[MAX_FILES];
	size_t mark_count;
	bool is_stale; /* what the server has is not what the files say: they are tried again and again */
	int64_t looked_ns;
};

/* ---- what the files look like ------------------------------------------------------------------------ */

static void look(struct mark *mark)
{
	struct stat info;

	mark->error = stat(mark->path, &info) < 0 ? errno : 0;
	if (mark->error)
		return;
	mark->device = info.st_dev;
	mark->inode = info.st_ino;
	mark->size = info.st_size;
	mark->modified = info.st_mtim;
	mark->changed = info.st_ctim;
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool has_changed(const struct mark *mark)
{
	struct mark now = { .path = mark->path };

	look(&now);
	if (mark->error || now.error)
		return mark->error != now.error;
	return mark->device != now.device || mark->inode != now.inode || mark->size != now.size ||
	       !is_same_time(&mark->modified, &now.modified) ||
	       !is_same_time(&mark->changed, &now.changed);
}

static void forget_marks(struct web_config *config)
{
	for (size_t i = 0; i < config->mark_count; i++)
		free(config->marks[i].path);
	config->mark_count = 0;
}

static int add_mark(struct web_config *config, const char *path)
{
	struct mark *mark = &config->marks[config->mark_count];

	*mark = (struct mark){ .path = strdup(path) };
	if (!mark->path)
		return -ENOMEM;
	look(mark);
	config->mark_count++;
	return 0;
}

/* ---- from texts to a security ------------------------------------------------------------------------ */

/* One reading of everything; dies when the server has taken what it needs. */
struct reading {
	struct web_config *config;
	struct arena arena;
	struct web_file file;
	char *texts[MAX_FILES]; /* owned; wiped */
	size_t text_lens[MAX_FILES];
	size_t text_count;
	struct tls_options tls;
	struct web_security security;
};

static void reading__done(struct reading *reading)
{
	for (size_t i = 0; i < reading->text_count; i++) {
		explicit_bzero(reading->texts[i], reading->text_lens[i]);
		free(reading->texts[i]);
	}
	arena__done(&reading->arena);
}

/* The file is seen before it is read: a change in between is found the next time. */
static int read_text(struct reading *reading, const char *path, size_t max, const char **ret_text,
		     struct err *err)
{
	const struct loc at = { .file = path };
	size_t *len = &reading->text_lens[reading->text_count];
	char **text = &reading->texts[reading->text_count];
	int r = add_mark(reading->config, path);

	if (r == 0)
		r = fd_read_all(AT_FDCWD, path, max, text, len);
	if (r < 0)
		return err__set(err, r, &at, "cannot be read: %s", strerror(-r));
	reading->text_count++;
	if (strlen(*text) != *len)
		return err__set(err, -EINVAL, &at, "there are NUL bytes in it; it has to be text");
	*ret_text = *text;
	return 0;
}

/* Paths are relative to the web file. */
static char *resolve(struct reading *reading, const char *path)
{
	const char *slash = strrchr(reading->config->path, '/');

	if (path[0] == '/' || !slash)
		return arena__strdup(&reading->arena, path);
	return arena__printf(&reading->arena, "%.*s%s", (int)(slash + 1 - reading->config->path),
			     reading->config->path, path);
}

/* Out of the file where one is named, else out of the text of the web file. */
static int read_pem(struct reading *reading, const struct spec_text *file,
		    const struct spec_text *inline_text, struct tls_text *ret_text, struct err *err)
{
	*ret_text = (struct tls_text){ .text = inline_text->text, .at = inline_text->at };
	if (!ret_text->at.file)
		ret_text->at = reading->file.tls.at;
	if (!file->text || !file->text[0])
		return 0;

	char *path = resolve(reading, file->text);

	if (!path)
		return err__set(err, -ENOMEM, NULL, "no memory for the web config");
	ret_text->at = (struct loc){ .file = path };
	return read_text(reading, path, PEM_MAX_BYTES, &ret_text->text, err);
}

static struct tls_text text_of(const struct spec_text *text)
{
	return (struct tls_text){ .text = text->text, .at = text->at };
}

static int list_of(struct reading *reading, const struct bind_list *list, struct tls_list *ret_list)
{
	const struct spec_text *texts = list->items;
	struct tls_text *items = arena_array(&reading->arena, struct tls_text, list->count);

	if (!items && list->count > 0)
		return -ENOMEM;
	for (uint32_t i = 0; i < list->count; i++) {
		items[i] = text_of(&texts[i]);
		items[i].text = items[i].text ? items[i].text : "";
	}
	*ret_list = (struct tls_list){ .items = items, .count = list->count };
	return 0;
}

static int fill_tls(struct reading *reading, struct err *err)
{
	const struct web_file_tls *file = &reading->file.tls;
	struct tls_options *tls = &reading->tls;
	int r = read_pem(reading, &file->cert_file, &file->cert, &tls->certificate, err);

	if (r == 0)
		r = read_pem(reading, &file->key_file, &file->key, &tls->key, err);
	if (r == 0)
		r = read_pem(reading, &file->client_ca_file, &file->client_ca, &tls->client_ca,
			     err);
	if (r < 0)
		return r;
	if (list_of(reading, &file->client_allowed_sans, &tls->allowed_names) < 0 ||
	    list_of(reading, &file->cipher_suites, &tls->cipher_suites) < 0 ||
	    list_of(reading, &file->curve_preferences, &tls->curves) < 0)
		return err__set(err, -ENOMEM, NULL, "no memory for the web config");
	tls->client_auth = text_of(&file->client_auth_type);
	tls->min_version = text_of(&file->min_version);
	tls->max_version = text_of(&file->max_version);
	tls->prefers_own_order = file->prefer_server_cipher_suites;
	reading->security.tls = tls;
	return 0;
}

static int fill_users(struct reading *reading)
{
	const struct web_file *file = &reading->file;
	struct auth_user *users = arena_array(&reading->arena, struct auth_user, file->user_count);
	struct web_header *headers = arena_array(&reading->arena, struct web_header,
						 file->header_count);

	if ((!users && file->user_count > 0) || (!headers && file->header_count > 0))
		return -ENOMEM;
	for (size_t i = 0; i < file->user_count; i++)
		users[i] = (struct auth_user){
			.name = file->users[i].name,
			.hash = file->users[i].hash,
			.cost = file->users[i].cost,
		};
	for (size_t i = 0; i < file->header_count; i++)
		headers[i] = (struct web_header){
			.name = file->headers[i].name,
			.value = file->headers[i].value,
		};
	reading->security.users = users;
	reading->security.user_count = file->user_count;
	reading->security.headers = headers;
	reading->security.header_count = file->header_count;
	reading->security.rate_interval_ns = file->rate.interval;
	reading->security.rate_burst = file->rate.burst;
	return 0;
}

/* The first error becomes the caller's; those behind it are logged. */
static int parse(struct reading *reading, const char *text, struct err *err)
{
	const char *origin = arena__strdup(&reading->arena, reading->config->path);
	struct err_list errors = { .len = 0 };
	int r = origin ? web_file_parse(text, strlen(text), origin, &reading->arena, &reading->file,
					&errors)
		       : -ENOMEM;

	for (size_t i = 1; i < errors.len; i++)
		log_err(LOG_ERROR, &errors.items[i], "web config");
	if (errors.len > 0 && err) {
		*err = errors.items[0];
		errors.items[0] = (struct err){ 0 };
	} else if (r < 0) {
		r = err__set(err, r, NULL, "no memory for the web config");
	}
	err_list__done(&errors);
	return r;
}

static int read_all(struct reading *reading, struct err *err)
{
	const char *text = NULL;
	int r;

	forget_marks(reading->config);
	r = read_text(reading, reading->config->path, WEB_FILE_MAX_BYTES, &text, err);
	if (r == 0)
		r = parse(reading, text, err);
	if (r == 0 && web_file__has_tls(&reading->file))
		r = fill_tls(reading, err);
	if (r == 0 && fill_users(reading) < 0)
		r = err__set(err, -ENOMEM, NULL, "no memory for the web config");
	return r;
}

/* ---- serving ----------------------------------------------------------------------------------------- */

static void refresh(struct web_config *config)
{
	struct reading reading = { .config = config };
	struct err err = ERR_INIT;
	bool was_stale = config->is_stale;
	int r = read_all(&reading, &err);

	if (r == 0)
		r = web_server__secure(config->server, &reading.security, &err);
	reading__done(&reading);
	config->is_stale = r < 0;
	web_server__note_security(config->server, r == 0);
	if (r == 0)
		log_info("Read the web config %s again", config->path);
	else if (!was_stale)
		log_err(LOG_ERROR, &err,
			"Error reading the web config again, what was there stays");
	err__done(&err);
}

static void look_again(void *ctx)
{
	struct web_config *config = ctx;
	int64_t now_ns = clock_monotonic_ns();
	bool is_different = config->is_stale;

	if (now_ns - config->looked_ns < LOOK_INTERVAL_NS)
		return;
	config->looked_ns = now_ns;
	for (size_t i = 0; i < config->mark_count; i++)
		is_different |= has_changed(&config->marks[i]);
	if (is_different)
		refresh(config);
}

int web_config__serve(struct web_config *config, struct loop *loop,
		      const struct web_options *options, struct web_server **ret_server,
		      struct err *err)
{
	struct reading reading = { .config = config };
	struct web_options own = *options;
	int r = read_all(&reading, err);

	own.security = &reading.security;
	own.before_use = look_again;
	own.before_use_ctx = config;
	if (r == 0)
		r = web_server__new(loop, &own, &config->server, err);
	if (r == 0)
		*ret_server = config->server;
	reading__done(&reading);
	config->looked_ns = clock_monotonic_ns();
	return r;
}

int web_config_check(const char *path, struct err *err)
{
	struct web_config *config = NULL;
	struct tls *tls = NULL;
	int r = web_config__new(path, &config, err);

	if (r < 0)
		return r;

	struct reading reading = { .config = config };

	r = read_all(&reading, err);
	if (r == 0 && reading.security.tls)
		r = tls__new(reading.security.tls, &tls, err);
	tls__unref(tls);
	reading__done(&reading);
	web_config__free(config);
	return r;
}

int web_config__new(const char *path, struct web_config **ret_config, struct err *err)
{
	struct web_config *config = new_zero(struct web_config);

	if (config)
		config->path = strdup(path);
	if (!config || !config->path) {
		web_config__free(config);
		return err__set(err, -ENOMEM, NULL, "no memory for the web config");
	}
	*ret_config = config;
	return 0;
}

struct web_config *web_config__free(struct web_config *config)
{
	if (!config)
		return NULL;
	forget_marks(config);
	free(config->path);
	free(config);
	return NULL;
}
