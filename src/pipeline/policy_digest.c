/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a binary is the one that a policy means: by a digest of its bytes, or by its build id. */
#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "pipeline/policies_private.h"
#include "program/binary.h"

#define DIGEST_BYTES_MAX 64
#define CHUNK_BYTES (64u << 10)

static const gnutls_digest_algorithm_t algorithms[] = {
	[DIGEST_KIND_SHA1] = GNUTLS_DIG_SHA1,
	[DIGEST_KIND_SHA256] = GNUTLS_DIG_SHA256,
	[DIGEST_KIND_SHA384] = GNUTLS_DIG_SHA384,
	[DIGEST_KIND_SHA512] = GNUTLS_DIG_SHA512,
};

struct digest {
	uint8_t bytes[DIGEST_BYTES_MAX];
	size_t len;
};

static int hash_chunks(int fd, gnutls_hash_hd_t hash)
{
	__cleanup(x_freep) uint8_t *chunk = malloc(CHUNK_BYTES);
	off_t at = 0;
	ssize_t len;

	if (!chunk)
		return -ENOMEM;
	while ((len = pread(fd, chunk, CHUNK_BYTES, at)) > 0) {
		if (gnutls_hash(hash, chunk, (size_t)len) < 0)
			return -EIO;
		at += len;
	}
	return len < 0 ? -errno : 0;
}

static int hash_file(int fd, enum digest_kind kind, struct digest *digest)
{
	gnutls_hash_hd_t hash;
	int r;

	if (gnutls_hash_init(&hash, algorithms[kind]) < 0)
		return -EOPNOTSUPP;
	r = hash_chunks(fd, hash);
	digest->len = gnutls_hash_get_len(algorithms[kind]);
	gnutls_hash_deinit(hash, digest->bytes);
	return r;
}

static int read_digest(int fd, const char *path, enum digest_kind kind, struct digest *digest,
		       struct err *err)
{
	int r;

	if (kind == DIGEST_KIND_BUILD_ID)
		return binary_build_id(path, digest->bytes, sizeof(digest->bytes), &digest->len,
				       err);
	r = hash_file(fd, kind, digest);
	return r < 0 ? err__set(err, r, NULL, "the digest of '%s' cannot be made: %s", path,
				strerror(-r))
		     : 0;
}

static bool is_same(const struct digest *digest, const char *hex)
{
	char text[2 * DIGEST_BYTES_MAX + 1];

	text[num_format_hex(text, digest->bytes, digest->len)] = '\0';
	return str_eq(text, hex);
}

int policy_digest__open(const struct hook_spec *hook, const char *path, struct err *err)
{
	__cleanup(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	char opened[64];

	if (fd < 0)
		return err__set(err, -errno, &hook->at, "'%s' cannot be read: %s", path,
				strerror(errno));
	(void)snprintf(opened, sizeof(opened), "/proc/self/fd/%d", fd);
	for (uint32_t i = 0; i < hook->digest_count; i++) {
		struct digest digest;
		int r = read_digest(fd, opened, hook->digests[i].kind, &digest, err);

		if (r < 0)
			return err__wrap(err, r, &hook->digests[i].at, "binaryDigests of '%s'",
					 path);
		if (is_same(&digest, hook->digests[i].hex))
			return take_fd(fd);
	}
	return err__set(err, -EKEYREJECTED, &hook->at, "'%s' has none of the binaryDigests", path);
}
