/* SPDX-License-Identifier: Apache-2.0 */
#include "config/gadget/package.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "config/gadget/image.h"
#include "config/gadget/tree.h"

#define METADATA_NAME "gadget.yaml"
#define RECIPE_NAME "build.yaml"
#define OBJECT_SUFFIX ".bpf.o"
#define SOURCE_SUFFIX ".bpf.c"
#define MODULE_SUFFIX ".wasm"

struct gadget_package *gadget_package__close(struct gadget_package *package)
{
	if (!package)
		return NULL;
	fd_closep(&package->object_fd);
	free(package->name);
	free(package->origin);
	free(package->text);
	free(package->object);
	free(package);
	return NULL;
}

static void package_closep(struct gadget_package **package)
{
	*package = gadget_package__close(*package);
}

static int no_memory(struct err *err, const char *path)
{
	return err__set(err, -ENOMEM, NULL, "no memory for gadget '%s'", path);
}

/* ---- metadata ------------------------------------------------------------------------------- */

/* -ENOENT when there is none, which is for the caller to judge. */
static int read_metadata(struct gadget_package *package, const char *path, struct err *err)
{
	const struct loc at = { .file = path };
	int r = fd_read_all(AT_FDCWD, path, YAML_MAX_BYTES, &package->text, &package->len);

	if (r == -ENOENT)
		return r;
	if (r < 0)
		return err__set(err, r, &at, "cannot read the metadata: %s",
				r == -EFBIG ? "it is larger than 4 MiB" : strerror(-r));
	package->origin = strdup(path);
	return package->origin ? 0 : no_memory(err, path);
}

/* The object speaks for itself. */
static int have_no_metadata(struct gadget_package *package, const char *object, struct err *err)
{
	package->text = strdup("");
	package->len = 0;
	package->origin = strdup(object);
	return package->text && package->origin ? 0 : no_memory(err, object);
}

/* ---- a folder ------------------------------------------------------------------------------- */

struct listing {
	char *object; /* owned; the only object, or program.bpf.o; or NULL */
	char *source; /* owned; a source, or NULL */
	unsigned int object_count;
	bool has_metadata, has_index, has_module, has_recipe;
};

static void listing_done(struct listing *listing)
{
	free(listing->object);
	free(listing->source);
}

static int note_object(struct listing *listing, const char *name)
{
	listing->object_count++;
	/* As sources are called that are made for the original. */
	if (listing->object && !str_eq(name, "program" OBJECT_SUFFIX))
		return 0;
	free(listing->object);
	listing->object = strdup(name);
	return listing->object ? 0 : -ENOMEM;
}

static int note_entry(struct listing *listing, const char *name)
{
	listing->has_metadata |= str_eq(name, METADATA_NAME);
	listing->has_index |= str_eq(name, GADGET_INDEX_NAME);
	listing->has_module |= str_ends(name, MODULE_SUFFIX);
	listing->has_recipe |= str_eq(name, RECIPE_NAME);
	if (str_ends(name, OBJECT_SUFFIX))
		return note_object(listing, name);
	if (!str_ends(name, SOURCE_SUFFIX) || listing->source)
		return 0;
	listing->source = strdup(name);
	return listing->source ? 0 : -ENOMEM;
}

static int list(const char *path, struct listing *listing, struct err *err)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	int r = 0;

	if (!folder)
		return err__set(err, -errno, NULL, "cannot read folder '%s': %s", path,
				strerror(errno));
	while (r == 0 && (entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			r = note_entry(listing, entry->d_name);
	(void)closedir(folder);
	return r < 0 ? no_memory(err, path) : 0;
}

/* Whether build.yaml names a module to compile. What cannot be read does not name any. */
static bool recipe_has_module(const char *folder)
{
	__cleanup(x_freep) char *path = str_printf("%s/" RECIPE_NAME, folder);
	__cleanup(x_freep) char *text = NULL;
	struct arena arena = ARENA_INIT;
	const struct node *root = NULL;
	const char *module;
	bool has_module;
	size_t len;

	if (!path || fd_read_all(AT_FDCWD, path, YAML_MAX_BYTES, &text, &len) < 0)
		return false;
	(void)node_parse_yaml(text, len, path, &arena, &root, NULL);
	module = tree_text(tree_find(root, "wasm"));
	has_module = module && module[0];
	arena__done(&arena);
	return has_module;
}

static int choose_object(struct gadget_package *package, const char *path,
			 const struct listing *listing, struct err *err)
{
	if (listing->object_count > 1 && !str_eq(listing->object, "program" OBJECT_SUFFIX))
		return err__set(err, -EINVAL, NULL,
				"folder '%s' has %u objects; name the one that is meant", path,
				listing->object_count);
	if (!listing->object && listing->source)
		return err__set(err, -ENOENT, NULL,
				"folder '%s' has '%s' but no object; make it with: sonde build %s",
				path, listing->source, path);
	if (!listing->object)
		return 0;
	package->object = str_printf("%s/%s", path, listing->object);
	return package->object ? 0 : no_memory(err, path);
}

static int open_folder(struct gadget_package *package, const char *written, struct err *err)
{
	size_t len = strlen(written);
	__cleanup(listing_done) struct listing listing = { 0 };
	__cleanup(x_freep) char *path = NULL, *metadata = NULL;
	int r;

	while (len > 1 && written[len - 1] == '/')
		len--;
	path = strndup(written, len);
	metadata = path ? str_printf("%s/" METADATA_NAME, path) : NULL;
	r = metadata ? list(path, &listing, err) : no_memory(err, written);
	if (r < 0)
		return r;
	if (listing.has_index && !listing.has_metadata)
		return gadget_image_open_layout(package, path, err);
	if (!listing.has_metadata && listing.object_count == 0 && !listing.source)
		return err__set(err, -ENOENT, NULL,
				"'%s' is no gadget; a folder of one has " METADATA_NAME
				" and NAME" OBJECT_SUFFIX
				", or is an OCI layout with " GADGET_INDEX_NAME,
				path);
	r = choose_object(package, path, &listing, err);
	if (r < 0)
		return r;
	package->has_module = listing.has_module || (listing.has_recipe && recipe_has_module(path));
	r = read_metadata(package, metadata, err);
	return r == -ENOENT ? have_no_metadata(package, package->object, err) : r;
}

/* ---- a file --------------------------------------------------------------------------------- */

static int open_object(struct gadget_package *package, const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	int folder = slash ? (int)(slash - path) + 1 : 0;
	__cleanup(x_freep) char *own =
		str_printf("%.*s.yaml", (int)(strlen(path) - strlen(OBJECT_SUFFIX)), path);
	__cleanup(x_freep) char *beside = str_printf("%.*s" METADATA_NAME, folder, path);
	int r;

	package->object = strdup(path);
	if (!own || !beside || !package->object)
		return no_memory(err, path);
	r = read_metadata(package, own, err);
	if (r == -ENOENT)
		r = read_metadata(package, beside, err);
	return r == -ENOENT ? have_no_metadata(package, path, err) : r;
}

static int open_metadata(struct gadget_package *package, const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	__cleanup(x_freep) char *folder = slash ? strndup(path, (size_t)(slash - path) + 1)
						: strdup(".");
	__cleanup(x_freep) char *own = str_printf("%.*s" OBJECT_SUFFIX,
						  (int)(strlen(path) - strlen(".yaml")), path);
	__cleanup(listing_done) struct listing listing = { 0 };
	struct stat status;
	int r = read_metadata(package, path, err);

	if (r < 0)
		return r;
	if (!folder || !own)
		return no_memory(err, path);
	if (stat(own, &status) == 0) {
		package->object = take_ptr(own);
		return 0;
	}
	r = list(folder, &listing, err);
	return r < 0 ? r : choose_object(package, folder, &listing, err);
}

static int open_path(struct gadget_package *package, const char *path, struct err *err)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return err__set(err, -errno, NULL, "cannot open gadget '%s': %s", path,
				strerror(errno));
	if (S_ISDIR(status.st_mode))
		return open_folder(package, path, err);
	if (!S_ISREG(status.st_mode))
		return err__set(err, -EINVAL, NULL, "'%s' is neither a folder nor a file", path);
	if (str_ends(path, OBJECT_SUFFIX))
		return open_object(package, path, err);
	if (str_ends(path, ".yaml"))
		return open_metadata(package, path, err);
	return gadget_image_open_tar(package, path, err);
}

/* ---- the whole ------------------------------------------------------------------------------ */

static char *name_of(const char *path)
{
	static const char *const suffixes[] = { ".yaml", OBJECT_SUFFIX, ".tar", ".tar.gz", ".tgz" };
	size_t end = strlen(path), begin;

	while (end > 1 && path[end - 1] == '/')
		end--;
	begin = end;
	while (begin > 0 && path[begin - 1] != '/')
		begin--;
	for (size_t i = 0; i < array_size(suffixes); i++) {
		size_t len = strlen(suffixes[i]);

		if (end - begin > len && strncmp(path + end - len, suffixes[i], len) == 0) {
			end -= len;
			break;
		}
	}
	return strndup(path + begin, end - begin);
}

/* gadget.yaml says nothing about which gadget it is; its folder does. "." is called what it is. */
static char *name_of_gadget(const char *path)
{
	__cleanup(x_freep) char *whole = realpath(path, NULL);
	const char *base = whole ? strrchr(whole, '/') : NULL;
	char *folder;

	if (!whole || !base)
		return name_of(path);
	if (!str_eq(base + 1, METADATA_NAME) && !str_eq(base + 1, "program" OBJECT_SUFFIX))
		return name_of(whole);
	folder = strndup(whole, (size_t)(base - whole));
	if (folder) {
		char *name = name_of(folder);

		free(folder);
		return name;
	}
	return NULL;
}

int gadget_package_open(const char *path, struct gadget_package **ret_package, struct err *err)
{
	__cleanup(package_closep) struct gadget_package *package = new_zero(struct gadget_package);
	int r;

	if (!package)
		return no_memory(err, path);
	package->object_fd = -1;
	package->name = name_of_gadget(path);
	if (!package->name)
		return no_memory(err, path);
	r = open_path(package, path, err);
	if (r == -ENOENT && !err__is_set(err))
		r = err__set(err, r, NULL, "cannot open gadget '%s': %s", path, strerror(-r));
	if (r < 0)
		return r;
	*ret_package = take_ptr(package);
	return 0;
}
