/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_METRIC_REGISTRY_H
#define SRC_METRIC_REGISTRY_H

/*
 * All families by name, in the order of output. It owns them; routes borrow.
 * Two routes may share a family when help, kind and labels agree: their rows are summed.
 */

#include "metric/family.h"

struct registry;

int registry__new(struct registry **ret_registry, struct err *err);
/*
 * One that is to follow another: a family that `before` has, and that agrees, is shared instead of made anew, so that
 * its values go on. Ends with registry__succeed(), or with registry__free() when nothing comes of it; until then
 * `before` lives, and no family leaves it.
 */
int registry__new_after(struct registry *before, struct registry **ret_registry, struct err *err);
/* One more use of a family that `before` has. -EEXIST when another one took its name here, or collides with it. */
int registry__keep(struct registry *registry, struct family *family, struct err *err);
/* From now on the shared families belong to this registry, and it follows nothing. */
void registry__succeed(struct registry *registry);
struct registry *registry__free(struct registry *registry);
/* Finds or makes; without since_ns counting begins now. -EEXIST when the name is taken by a family that does not agree, or would
 * collide with the _bucket, _sum or _count lines of a histogram, as it is or in some scheme of escaping. -EINVAL for an impossible name
 * or label name. */
int registry__family(struct registry *registry, const struct family_spec *spec,
		     struct family **ret_family, struct err *err);
/* Gives up one use; the family goes with its last, unless it is another registry's. */
void registry__drop(struct registry *registry, struct family *family);
/* Whether there is a family of this name, or one whose name some scheme of escaping makes the same. */
bool registry__has_name(const struct registry *registry, const char *name);
/* __begin() and __end() of every family. */
void registry__begin(struct registry *registry, const struct family_pass *pass);
int registry__end(struct registry *registry);
/* Walks in order of name: start with *cursor = 0; NULL at the end. */
struct family *registry__next(const struct registry *registry, size_t *cursor);

#endif
