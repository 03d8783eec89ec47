/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/stacks.h"

#include "source/stack_map.h"

/* As the gadget language calls them. */
static const char *const map_names[] = {
	[STACK_KERNEL] = "ig_kstack",
	[STACK_USER] = "ig_ustack",
};

static const struct program_map *find_map(struct stacks *stacks, enum stack_kind kind)
{
	if (!stacks->kinds[kind].is_sought) {
		stacks->kinds[kind].is_sought = true;
		stacks->kinds[kind].is_there = program__map(stacks->program, map_names[kind],
							    &stacks->kinds[kind].map,
							    NULL /* it keeps none */) == 0;
	}
	return stacks->kinds[kind].is_there ? &stacks->kinds[kind].map : NULL;
}

static int find(void *ctx, enum stack_kind kind, uint32_t id, uint64_t *ret_addresses, size_t max)
{
	const struct program_map *map = find_map(ctx, kind);
	struct map_info info;

	if (!map)
		return 0;
	info = (struct map_info){
		.name = map->name,
		.fd = map->fd,
		.type = map->type,
		.key_size = map->key_size,
		.value_size = map->value_size,
	};
	return stack_map_find(&info, id, ret_addresses, max);
}

void stacks__init(struct stacks *stacks, struct program *program)
{
	*stacks = (struct stacks){ .program = program, .source = { .find = find, .ctx = stacks } };
}
