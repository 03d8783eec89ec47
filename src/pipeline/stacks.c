/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/stacks.h"

#include "source/stack_map.h"

/* As the gadget language calls them. */
static const char *const map_names[] = {
	[STACK_KERNEL] = "ig_kstack",
	[STACK_USER] = "ig_ustack",
	[STACKS_FRAMES] = "ig_build_id",
};

/* False: the program has none. */
static bool find_map(struct stacks *stacks, unsigned int kind, struct map_info *ret_info)
{
	const struct program_map *map = &stacks->kinds[kind].map;

	if (!stacks->kinds[kind].is_sought) {
		stacks->kinds[kind].is_sought = true;
		stacks->kinds[kind].is_there = program__map(stacks->program, map_names[kind],
							    &stacks->kinds[kind].map,
							    NULL /* it keeps none */) == 0;
	}
	*ret_info = (struct map_info){
		.name = map->name,
		.fd = map->fd,
		.type = map->type,
		.key_size = map->key_size,
		.value_size = map->value_size,
	};
	return stacks->kinds[kind].is_there;
}

static int find(void *ctx, enum stack_kind kind, uint32_t id, uint64_t *ret_addresses, size_t max)
{
	struct map_info map;

	return find_map(ctx, kind, &map) ? stack_map_find(&map, id, ret_addresses, max) : 0;
}

static int find_frames(void *ctx, uint32_t id, struct user_frame *ret_frames, size_t max)
{
	struct map_info map;
	size_t count = 0;
	int r;

	if (!find_map(ctx, STACKS_FRAMES, &map))
		return 0;
	if (map.value_size / sizeof(*ret_frames) < max)
		max = map.value_size / sizeof(*ret_frames);
	r = stack_map_read(&map, id, ret_frames, max * sizeof(*ret_frames));
	if (r <= 0)
		return r;
	while (count < max && ret_frames[count].status != STACK_FRAME_NONE)
		count++;
	return (int)count;
}

void stacks__init(struct stacks *stacks, struct program *program)
{
	*stacks = (struct stacks){
		.program = program,
		.source = { .find = find, .find_frames = find_frames, .ctx = stacks },
	};
}
