/* SPDX-License-Identifier: Apache-2.0 */
#include "config/gadget/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/sha256.h"
#include "base/str.h"
#include "base/tar.h"
#include "config/gadget/package.h"
#include "config/gadget/tree.h"

#define MAX_IMAGE_BYTES (256u << 20) /* a tar, unpacked; the largest gadget known has 9 MiB */
#define MAX_BLOB_BYTES (64u << 20)
#define MAX_JSON_BYTES (1u << 20)
#define MAX_INDEX_DEPTH 3
#define DIGEST_PREFIX "sha256:"

#define OBJECT_MEDIA "application/vnd.gadget.ebpf.program.v1+binary"
#define MODULE_MEDIA "application/vnd.gadget.wasm.program.v1+binary"
#define CONFIG_MEDIA "application/vnd.gadget.config.v1+yaml"

struct image {
	const char *path; /* borrowed; for messages */
	const void *tar;  /* borrowed; NULL: a folder */
	size_t tar_len;
	struct arena arena; /* of the JSON trees */
	struct gadget_package *package;
};

static int no_memory(const struct image *image, struct err *err)
{
	return err__set(err, -ENOMEM, NULL, "no memory for image '%s'", image->path);
}

/* ---- files and blobs ------------------------------------------------------------------------ */

/* The bytes of a file of the layout, copied and ended by a NUL. */
static int read_file(const struct image *image, const char *name, size_t max, char **ret_data,
		     size_t *ret_len, struct err *err)
{
	struct tar_file file;
	int r;

	if (image->tar) {
		r = tar_find(image->tar, image->tar_len, name, &file);
		if (r == 0 && file.len > max)
			r = -EFBIG;
		if (r == 0) {
			*ret_data = malloc(file.len + 1);
			if (!*ret_data)
				return no_memory(image, err);
			memcpy(*ret_data, file.data, file.len);
			(*ret_data)[file.len] = '\0';
			*ret_len = file.len;
		}
	} else {
		__cleanup(x_freep) char *path = str_printf("%s/%s", image->path, name);

		r = path ? fd_read_all(AT_FDCWD, path, max, ret_data, ret_len) : -ENOMEM;
	}
	if (r == -EFBIG)
		return err__set(err, r, NULL, "'%s' of image '%s' is larger than %zu bytes", name,
				image->path, max);
	return r < 0 ? err__set(err, r, NULL, "image '%s' has no '%s': %s", image->path, name,
				r == -EINVAL ? "the archive is broken" : strerror(-r))
		     : 0;
}

static bool is_digest(const char *text)
{
	const char *hex = text + strlen(DIGEST_PREFIX);

	return str_starts(text, DIGEST_PREFIX) && strlen(hex) == SHA256_HEX_LEN &&
	       strspn(hex, "0123456789abcdef") == SHA256_HEX_LEN;
}

/* What a descriptor points to, checked against its digest. */
static int read_blob(const struct image *image, const struct node *descriptor, size_t max,
		     char **ret_data, size_t *ret_len, struct err *err)
{
	const char *digest = tree_text(tree_find(descriptor, "digest"));
	char name[sizeof("blobs/sha256/") + SHA256_HEX_LEN], hex[SHA256_HEX_LEN + 1];
	__cleanup(x_freep) char *data = NULL;
	size_t len, prefix = sizeof("blobs/sha256/") - 1;
	int r;

	if (!digest || !is_digest(digest))
		return err__set(err, -EINVAL, descriptor ? &descriptor->at : NULL,
				"digest '%.80s' of image '%s' is no " DIGEST_PREFIX
				" and 64 hexadecimal digits",
				digest ? digest : "", image->path);
	memcpy(name, "blobs/sha256/", prefix);
	memcpy(name + prefix, digest + strlen(DIGEST_PREFIX), SHA256_HEX_LEN + 1);
	r = read_file(image, name, max, &data, &len, err);
	if (r < 0)
		return r;
	sha256_hex(data, len, hex);
	if (!str_eq(hex, name + prefix))
		return err__set(err, -EBADMSG, NULL,
				"'%s' of image '%s' has been changed: its digest is %s", name,
				image->path, hex);
	*ret_data = take_ptr(data);
	*ret_len = len;
	return 0;
}

/* JSON is read as the YAML that it is. */
static int parse_json(struct image *image, const char *name, const char *text, size_t len,
		      const struct node **ret_root, struct err *err)
{
	char *origin = arena__printf(&image->arena, "%s/%s", image->path, name);
	int r = origin ? node_parse_yaml(text, len, origin, &image->arena, ret_root, err) : -ENOMEM;

	if (r == 0 && (*ret_root)->kind != NODE_MAP)
		r = -EINVAL;
	if (r < 0 && !err__is_set(err))
		return err__set(err, r, &(struct loc){ .file = origin ? origin : image->path },
				"this is no JSON object; an image begins with one");
	return r;
}

/* ---- compression ---------------------------------------------------------------------------- */

static bool is_gzip(const void *data, size_t len)
{
	return len > 2 && memcmp(data, "\x1f\x8b", 2) == 0;
}

static int inflate_all(z_stream *stream, size_t max, struct strbuf *out)
{
	int r = Z_OK;

	while (r == Z_OK) {
		char *into = strbuf__reserve(out, 65536);

		if (!into)
			return -ENOMEM;
		stream->next_out = (Bytef *)into;
		stream->avail_out = 65536;
		r = inflate(stream, Z_NO_FLUSH);
		out->len += 65536 - stream->avail_out;
		if (out->len > max)
			return -EFBIG;
	}
	return r == Z_STREAM_END ? 0 : -EBADMSG;
}

static int gunzip(const struct image *image, const void *data, size_t len, size_t max,
		  struct strbuf *out, struct err *err)
{
	/* zlib does not write to what it reads, it only has no word for that. */
	z_stream stream = { .next_in = (Bytef *)(uintptr_t)data, .avail_in = (uInt)len };
	int r = len <= UINT32_MAX && inflateInit2(&stream, MAX_WBITS + 16) == Z_OK ? 0 : -ENOMEM;

	if (r == 0) {
		r = inflate_all(&stream, max, out);
		(void)inflateEnd(&stream);
	}
	if (r == -EFBIG)
		return err__set(err, r, NULL, "what is compressed in '%s' is larger than %zu bytes",
				image->path, max);
	return r < 0 ? err__set(err, r, NULL, "'%s' cannot be unpacked: %s", image->path,
				r == -ENOMEM ? "no memory" : "it is broken")
		     : 0;
}

/* ---- the object ----------------------------------------------------------------------------- */

/* An object that is no file becomes one that only this process has. */
static int keep_object(struct image *image, const void *data, size_t len, struct err *err)
{
	__cleanup(fd_closep) int fd = memfd_create("gadget", MFD_CLOEXEC);
	int r = fd < 0 ? -errno : fd_write_all(fd, data, len);

	if (r < 0)
		return err__set(err, r, NULL, "no room for the object of image '%s': %s",
				image->path, strerror(-r));
	if (image->package->object)
		return err__set(err, -EINVAL, NULL, "image '%s' has two objects", image->path);
	image->package->object = str_printf("/proc/self/fd/%d", fd);
	if (!image->package->object)
		return no_memory(image, err);
	image->package->object_fd = take_fd(fd);
	return 0;
}

static int unpack_object(struct image *image, const char *data, size_t len, struct err *err)
{
	struct strbuf unpacked = STRBUF_INIT;
	int r;

	if (!is_gzip(data, len))
		return keep_object(image, data, len, err);
	r = gunzip(image, data, len, MAX_BLOB_BYTES, &unpacked, err);
	if (r == 0)
		r = keep_object(image, unpacked.data, unpacked.len, err);
	strbuf__done(&unpacked);
	return r;
}

static int keep_metadata(struct image *image, char *text, size_t len, const char *name,
			 struct err *err)
{
	image->package->origin = str_printf("%s:%s", image->path, name);
	image->package->text = text;
	image->package->len = len;
	return image->package->origin ? 0 : no_memory(image, err);
}

/* ---- index and manifest --------------------------------------------------------------------- */

/* As images call what this program is built for; programs differ by architecture. */
#if defined(__x86_64__)
#define OWN_ARCH "amd64"
#elif defined(__aarch64__)
#define OWN_ARCH "arm64"
#else
#error "how do images call this architecture?"
#endif

static int read_config(struct image *image, const struct node *manifest, struct err *err)
{
	const struct node *config = tree_find(manifest, "config");
	const char *media = tree_text(tree_find(config, "mediaType"));
	char *text = NULL;
	size_t len;
	int r;

	if (!media || !str_eq(media, CONFIG_MEDIA))
		return keep_metadata(image, strdup(""), 0, "manifest", err);
	r = read_blob(image, config, YAML_MAX_BYTES, &text, &len, err);
	return r < 0 ? r : keep_metadata(image, text, len, "gadget.yaml", err);
}

static int read_layers(struct image *image, const struct node *manifest, struct err *err)
{
	const struct node *layers = tree_find(manifest, "layers");

	for (uint32_t i = 0; layers && layers->kind == NODE_LIST && i < layers->count; i++) {
		const char *media = tree_text(tree_find(layers->items[i], "mediaType"));
		__cleanup(x_freep) char *data = NULL;
		size_t len;
		int r;

		image->package->has_module |= media && str_starts(media, MODULE_MEDIA);
		/* Other layers are for others: modules, types of old kernels, signatures. */
		if (!media || !str_starts(media, OBJECT_MEDIA))
			continue;
		r = read_blob(image, layers->items[i], MAX_BLOB_BYTES, &data, &len, err);
		if (r == 0)
			r = unpack_object(image, data, len, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_manifest(struct image *image, const struct node *manifest, struct err *err)
{
	int r = read_config(image, manifest, err);

	if (r == 0 && !image->package->text)
		r = no_memory(image, err);
	if (r == 0)
		r = read_layers(image, manifest, err);
	if (r == 0 && !image->package->object && !image->package->len)
		return err__set(err, -EINVAL, NULL,
				"image '%s' is no gadget: it has neither metadata nor an object",
				image->path);
	return r;
}

/* The descriptor for this machine: by its architecture; of one alone nothing needs to be said. */
static const struct node *choose_manifest(const struct node *manifests)
{
	const struct node *unsaid = NULL;

	for (uint32_t i = 0; i < manifests->count; i++) {
		const struct node *platform = tree_find(manifests->items[i], "platform");
		const char *arch = tree_text(tree_find(platform, "architecture"));

		if (arch && str_eq(arch, OWN_ARCH))
			return manifests->items[i];
		if (!arch && !unsaid)
			unsaid = manifests->items[i];
	}
	return unsaid;
}

/* Indexes may lead to indexes; the digests of a chain of them cannot make a circle, but it may be long. */
static int read_index(struct image *image, const struct node *index, int depth, struct err *err)
{
	const struct node *manifests = tree_find(index, "manifests"), *chosen, *next;
	__cleanup(x_freep) char *text = NULL;
	size_t len;
	int r;

	if (!manifests)
		return read_manifest(image, index, err);
	if (manifests->kind != NODE_LIST || depth >= MAX_INDEX_DEPTH)
		return err__set(err, -EINVAL, &manifests->at, "%s",
				depth >= MAX_INDEX_DEPTH ? "indexes lead to indexes, too often"
							 : "'manifests' is no list");
	chosen = choose_manifest(manifests);
	if (!chosen)
		return err__set(err, -ENOENT, &manifests->at,
				"image '%s' has nothing for architecture " OWN_ARCH, image->path);
	r = read_blob(image, chosen, MAX_JSON_BYTES, &text, &len, err);
	if (r == 0)
		r = parse_json(image, "manifest", text, len, &next, err);
	return r == 0 ? read_index(image, next, depth + 1, err) : r;
}

static int read_layout(struct image *image, struct err *err)
{
	__cleanup(x_freep) char *text = NULL;
	const struct node *index;
	size_t len;
	int r = read_file(image, GADGET_INDEX_NAME, MAX_JSON_BYTES, &text, &len, err);

	if (r == 0)
		r = parse_json(image, GADGET_INDEX_NAME, text, len, &index, err);
	return r == 0 ? read_index(image, index, 0, err) : r;
}

int gadget_image_open_layout(struct gadget_package *package, const char *path, struct err *err)
{
	struct image image = { .path = path, .package = package };
	int r = read_layout(&image, err);

	arena__done(&image.arena);
	return r;
}

/* ---- tar ------------------------------------------------------------------------------------ */

static bool is_called(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	return str_eq(slash ? slash + 1 : path, name);
}

/* A folder of a gadget in a tar: gadget.yaml and one object, at any depth. */
static int read_folder(struct image *image, struct err *err)
{
	struct tar tar = { .data = image->tar, .len = image->tar_len };
	struct gadget_package *package = image->package;
	struct tar_file file;
	int r, found;

	while ((found = tar__next(&tar, &file)) > 0) {
		package->has_module |= str_ends(file.name, ".wasm");
		r = 0;
		if (str_ends(file.name, ".bpf.o"))
			r = keep_object(image, file.data, file.len, err);
		if (is_called(file.name, "gadget.yaml") && !package->text &&
		    file.len <= YAML_MAX_BYTES) {
			char *text = malloc(file.len + 1);

			if (!text)
				return no_memory(image, err);
			memcpy(text, file.data, file.len);
			text[file.len] = '\0';
			r = keep_metadata(image, text, file.len, file.name, err);
		}
		if (r < 0)
			return r;
	}
	if (found < 0)
		return err__set(err, found, NULL, "'%s' is no tar that can be read; %s",
				image->path,
				found == -E2BIG ? "it has too many files, or too long names"
						: "it is broken, or something else");
	if (!package->text && !package->object)
		return err__set(err, -ENOENT, NULL,
				"'%s' is no gadget: it has neither " GADGET_INDEX_NAME
				" nor gadget.yaml nor NAME.bpf.o",
				image->path);
	return package->text ? 0 : keep_metadata(image, strdup(""), 0, "object", err);
}

static int read_tar(struct image *image, struct err *err)
{
	struct tar_file file;
	int r = tar_find(image->tar, image->tar_len, GADGET_INDEX_NAME, &file);

	r = r == 0 ? read_layout(image, err) : read_folder(image, err);
	return r == 0 && !image->package->text ? no_memory(image, err) : r;
}

int gadget_image_read_tar(struct gadget_package *package, const char *path, const void *data,
			  size_t len, struct err *err)
{
	struct image image = { .path = path, .package = package };
	struct strbuf unpacked = STRBUF_INIT;
	int r = 0;

	image.tar = data;
	image.tar_len = len;
	if (is_gzip(data, len)) {
		r = gunzip(&image, data, len, MAX_IMAGE_BYTES, &unpacked, err);
		image.tar = unpacked.data ? unpacked.data : "";
		image.tar_len = unpacked.len;
	}
	if (r == 0)
		r = read_tar(&image, err);
	strbuf__done(&unpacked);
	arena__done(&image.arena);
	return r;
}

int gadget_image_open_tar(struct gadget_package *package, const char *path, struct err *err)
{
	__cleanup(x_freep) char *data = NULL;
	size_t len;
	int r = fd_read_all(AT_FDCWD, path, MAX_IMAGE_BYTES, &data, &len);

	if (r < 0)
		return err__set(err, r, NULL, "cannot read '%s': %s", path,
				r == -EFBIG ? "it is larger than 256 MiB" : strerror(-r));
	return gadget_image_read_tar(package, path, data, len, err);
}
