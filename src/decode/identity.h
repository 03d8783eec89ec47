/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_DECODE_IDENTITY_H
#define SRC_DECODE_IDENTITY_H

/*
 * Who a cgroup is, as the decoders container, image, namespace, pod and unit ask for it: injected functions, because
 * the table of identities is enrich's and another stage's.
 * It owns nothing. pipeline/ fills a struct identity_source in; those decoders share what is below it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

struct decode_env;
struct label_pair;
struct strbuf;

/* Texts are borrowed until the next call of the source. */
struct identity_words {
	const char *container_id;         /* NULL: in none */
	const char *container;            /* its name; NULL: not known yet */
	const char *image, *image_digest; /* NULL: not known */
	const char *runtime;              /* "docker"; NULL or "": nobody says */
	const char *pod_uid;              /* NULL: in none; "" when nobody says */
	const char *pod, *namespace;      /* NULL: not known yet */
	const char *unit;                 /* "": none */
	const struct label_pair *labels;  /* of the container, as its runtime tells them */
	uint32_t label_count;
	uint32_t container_pid; /* of its first process; 0: not known */
	int64_t started_ns;     /* the container, since the epoch; 0: not known */
	bool is_told;           /* a runtime has said what it knows of the container */
	bool is_sandbox;        /* the container holds a pod's namespaces and does nothing else */
	bool is_host_network;
};

struct identity_source {
	/* False: nothing is known of such a cgroup. */
	bool (*find_cgroup)(void *ctx, uint64_t id, struct identity_words *ret_words);
	/* The same of whom a mount namespace belongs to. The host's own is nobody's. */
	bool (*find_mntns)(void *ctx, uint64_t id, struct identity_words *ret_words);
	/* Of a network namespace: what all have in common who are in it, which of a pod is the pod. */
	bool (*find_netns)(void *ctx, uint64_t id, struct identity_words *ret_words);
	/* Of a process, by its number in the first pid namespace; also of one that ended lately. */
	bool (*find_pid)(void *ctx, uint64_t pid, struct identity_words *ret_words);
	/* Whether it is the machine's own mount namespace, which is nobody's for good. */
	bool (*is_host_mntns)(void *ctx, uint64_t id);
	void *ctx;
};

/* ---- for the decoders ---- */

/* From decimal text. DECODE_OK, or DECODE_UNKNOWN and a placeholder is in out, or -errno with err set. */
int decode_identity_find(const struct decode_env *env, const void *data, size_t len,
			 struct identity_words *ret_words, struct strbuf *out, struct err *err);
/* Placeholder of a pod that has no name yet. DECODE_UNKNOWN */
int decode_identity_unnamed_pod(const struct identity_words *words, struct strbuf *out);

#endif
