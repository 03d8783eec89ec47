/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "bpf/abi/who.h"
#include "program/hook_private.h"

#define PROCESSES_NAME "policy_processes"
#define IMAGES_NAME "who_processes"

static int open_object(struct hook_engine *engine, struct err *err)
{
	const struct program_options options = { .host = engine->options.host,
						 .btf_path = engine->options.btf_path,
						 .is_strict = true };
	int r;

	engine->masks_spec = (struct program_spec){ .name = "masks",
						    .kind = OBJECT_KIND_BUILTIN,
						    .object = "masks",
						    .rodata = &engine->seed_spec,
						    .rodata_count = 1 };
	r = program__open(&engine->masks_spec, &options, &engine->masks, err);
	if (r == 0)
		r = program__share_map(engine->masks, PROCESSES_NAME, engine->program, err);
	if (r == 0)
		r = program__plan(engine->masks, err);
	if (r == 0)
		r = program__load(engine->masks, err);
	return r < 0 ? r : program__attach(engine->masks, err);
}

int hook_engine__open_masks(struct hook_engine *engine, struct err *err)
{
	int r;

	if (engine->masks)
		return 0;
	r = open_object(engine, err);
	if (r < 0)
		engine->masks = program__close(engine->masks);
	return r;
}

int hook_engine__write_mask(struct hook_engine *engine, const char *name, const void *key,
			    const struct policy_mask *mask, struct err *err)
{
	struct program_map map;
	int r = program__map(engine->masks, name, &map, err);

	if (r < 0)
		return r;
	if (!mask) {
		(void)bpf_map_delete_elem(map.fd, key); /* it may never have been written */
		return 0;
	}
	if (bpf_map_update_elem(map.fd, key, mask, BPF_ANY) == 0)
		return 0;
	return err__set(err, -errno, NULL, "paths of binaries of all policies together: %s",
			errno == E2BIG || errno == ENOSPC ? "there are too many" : strerror(errno));
}

int hook_engine__read_process(struct hook_engine *engine, uint32_t tgid,
			      struct policy_process *ret_process)
{
	struct program_map map;
	int r = program__map(engine->program, PROCESSES_NAME, &map, NULL);

	if (r < 0)
		return r;
	return bpf_map_lookup_elem(map.fd, &tgid, ret_process) < 0 ? -errno : 0;
}

int hook_engine__write_process(struct hook_engine *engine, uint32_t tgid,
			       const struct policy_process *process, bool is_new)
{
	struct program_map map;
	int r = program__map(engine->program, PROCESSES_NAME, &map, NULL);

	if (r < 0)
		return r;
	return bpf_map_update_elem(map.fd, &tgid, process, is_new ? BPF_NOEXIST : BPF_EXIST) < 0
		       ? -errno
		       : 0;
}

uint64_t hook_engine__image_time(struct hook_engine *engine, uint32_t tgid)
{
	struct who_process process;
	struct program_map map;

	if (program__map(engine->program, IMAGES_NAME, &map, NULL) < 0 ||
	    bpf_map_lookup_elem(map.fd, &tgid, &process) < 0)
		return 0;
	return process.time_ns;
}
