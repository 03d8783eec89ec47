/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/bpf.h>
#include <errno.h>

#include "program/hook_private.h"

#define SCOPES_NAME "policy_scopes"

static int open_object(struct hook_engine *engine, struct err *err)
{
	const struct program_options options = { .host = engine->options.host,
						 .btf_path = engine->options.btf_path,
						 .is_strict = true };
	int r;

	engine->scopes_spec = (struct program_spec){ .name = "scopes",
						     .kind = OBJECT_KIND_BUILTIN,
						     .object = "scopes" };
	r = program__open(&engine->scopes_spec, &options, &engine->scopes, err);
	if (r == 0)
		r = program__plan(engine->scopes, err);
	if (r == 0)
		r = program__want_sparse(engine->scopes, SCOPES_NAME);
	if (r == 0)
		r = program__load(engine->scopes, err);
	return r < 0 ? r : program__attach(engine->scopes, err);
}

int hook_engine__open_scopes(struct hook_engine *engine, struct err *err)
{
	int r;

	if (engine->scopes)
		return 0;
	r = open_object(engine, err);
	if (r < 0)
		hook_engine__close_scopes(engine);
	return r;
}

void hook_engine__close_scopes(struct hook_engine *engine)
{
	engine->scopes = program__close(engine->scopes);
}

int hook_engine__write_scopes(struct hook_engine *engine, uint64_t cgroup_id,
			      const struct policy_mask *mask)
{
	struct program_map map;
	int r = program__map(engine->scopes, SCOPES_NAME, &map, NULL);

	if (r < 0)
		return r;
	if (mask)
		return bpf_map_update_elem(map.fd, &cgroup_id, mask, BPF_ANY) < 0 ? -errno : 0;
	(void)bpf_map_delete_elem(map.fd, &cgroup_id); /* it may never have had any */
	return 0;
}
