/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/str.h"
#include "host/host.h"
#include "host/kallsyms.h"
#include "host/user_symbols.h"
#include "pipeline/policies_private.h"
#include "pipeline/policy_views.h"

#define FRAMES_MAX 127 /* PERF_MAX_STACK_DEPTH of the kernel */

/* "name", or "name\t[module]" of a module's. */
static void name_kernel_frame(const struct kallsyms *symbols, uint64_t address,
			      struct policy_views *views, struct stack_frame *frame)
{
	const char *name = kallsyms__find_nearest(symbols, address);
	size_t len = name ? strcspn(name, "\t") : 0;
	uint64_t begin;

	if (!name)
		return;
	frame->symbol = policy_views__keep(views, name, len);
	if (frame->symbol.data &&
	    kallsyms__find_address(symbols, frame->symbol.data, &begin) == 0 && begin <= address)
		frame->offset = address - begin;
	if (name[len])
		frame->module = policy_views__keep(views, name + len + 2, strlen(name + len) - 3);
}

static void name_user_frame(struct user_symbols *symbols, uint32_t tgid, uint64_t address,
			    struct policy_views *views, struct stack_frame *frame)
{
	const struct user_image image = { .pid = tgid };

	views->text.len = 0;
	user_symbols__add(symbols, &image, address, &views->text);
	frame->symbol = policy_views__keep(views, views->text.data, views->text.len);
	views->text.len = 0;
}

/* NULL: there is none, or no memory. */
static struct stack_frame *read_stack(struct policies *policies, int32_t id,
				      struct policy_views *views, uint32_t *ret_count)
{
	uint64_t addresses[FRAMES_MAX];
	struct stack_frame *frames;
	int count = id < 0 ? 0
			   : hook_engine__stack(policies->engine, (uint32_t)id, addresses,
						FRAMES_MAX);

	*ret_count = 0;
	if (count <= 0)
		return NULL;
	frames = arena_array(&views->arena, struct stack_frame, (uint32_t)count);
	for (int i = 0; frames && i < count; i++)
		frames[i] = (struct stack_frame){ .address = addresses[i] };
	*ret_count = frames ? (uint32_t)count : 0;
	return frames;
}

void policy_stacks__add(struct policies *policies, const struct policy_record *record,
			struct policy_views *views, struct process_event *event)
{
	struct stack_frame *frames = read_stack(policies, record->kernel_stack, views,
						&event->kernel_stack_count);
	struct kallsyms *kernel = frames ? host__kallsyms(policies->options.host, NULL) : NULL;
	struct user_symbols *user;

	for (uint32_t i = 0; kernel && i < event->kernel_stack_count; i++)
		name_kernel_frame(kernel, frames[i].address, views, &frames[i]);
	event->kernel_stack = frames;
	frames = read_stack(policies, record->user_stack, views, &event->user_stack_count);
	user = frames ? host__user_symbols(policies->options.host) : NULL;
	for (uint32_t i = 0; user && i < event->user_stack_count; i++)
		name_user_frame(user, record->tgid, frames[i].address, views, &frames[i]);
	event->user_stack = frames;
}
