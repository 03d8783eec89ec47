/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_WHO_FILTER_H
#define SRC_PIPELINE_WHO_FILTER_H

/*
 * Who is wanted: containers, pods, namespaces, units and users by name, as the command line gives them.
 * Of each kind that is named one has to fit, and all kinds together. It owns nothing: the texts are the caller's.
 * who_wanted.c asks it for every cgroup; cmd/ fills it from flags.
 */

#include <stdbool.h>
#include <stddef.h>
#include "config/spec.h"

struct host;
struct identity;

struct who_filter {
	struct who_names {
		const char *const *items;
		size_t count;
	} names[WHO_SUBJECT_COUNT];
};

/* "container", …: the flag and what messages call it. */
const char *who_subject_name(enum who_subject subject);
bool who_filter__is_empty(const struct who_filter *filter);
/* A name that has not come yet fits nothing. host: whose users they are; NULL: they have numbers only. */
bool who_filter__matches(const struct who_filter *filter, const struct identity *identity,
			 struct host *host);

#endif
