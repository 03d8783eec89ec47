/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "host/host.h"
#include "program/feed/cgroup_id.h"
#include "program/private.h"

int program__feed(struct program *program, const struct feed_spec *spec, struct err *err)
{
	struct program_feed *feed = NULL;
	struct cgroup_tree *tree;
	struct program_map map;
	int r = program__map(program, spec->map, &map, err);

	if (r < 0)
		return err__wrap(err, r, &spec->at, "cgroup ids");
	tree = host__cgroups(program->options.host, err);
	if (!tree)
		return err__wrap(err, -EOPNOTSUPP, &spec->at, "map '%s' needs the cgroup tree",
				 spec->map);
	r = cgroup_id_feed__start(tree, spec, &map, &feed, err);
	if (r < 0)
		return r;
	if (vec_push(&program->feeds, feed) < 0) {
		(void)program_feed__free(feed);
		return err__set(err, -ENOMEM, &spec->at, "no memory for a feed");
	}
	return 0;
}
