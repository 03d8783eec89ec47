/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_HOST_LIBRARY_CACHE_H
#define SRC_HOST_LIBRARY_CACHE_H

/*
 * The dynamic linker's cache (/etc/ld.so.cache, as glibc 2.2 and newer write it): which file a library's name means.
 * It owns nothing, and reads bytes that a container may have made up. program/ asks it for the libraries of containers.
 */

#include <stddef.h>
#include <stdint.h>

/* The largest that is read; one of a full desktop has 200 KiB. */
#define LIBRARY_CACHE_MAX_BYTES (16u << 20)

/* Calls found for every entry whose name is wanted, in the cache's order, until it answers with something else than 0,
 * which is returned. 0: none was right, -EBADMSG: these bytes are no such cache. */
int library_cache_find(const char *bytes, size_t len,
		       int (*found)(void *ctx, const char *name, const char *path), void *ctx);

#endif
