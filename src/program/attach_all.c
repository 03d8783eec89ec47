/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/libbpf.h>
#include <errno.h>

#include "program/private.h"
#include "program/request.h"
#include "program/section.h"

int program__attach_request(struct program *program, struct program_part *part,
			    const struct attach_request *request, struct attach_context *context,
			    struct err *err)
{
	const struct attach_family *family = request->section->family;

	context->host = program->options.host;
	context->features = program->features;
	context->object = program->object;
	context->library = part->library;
	context->program = part->view.name;
	context->fd = part->view.fd;
	if (!family)
		return err__set(err, -EOPNOTSUPP, NULL,
				"SEC(\"%s\") is none that is attached by itself",
				request->section->prefix);
	return family->attach(context, request, err);
}

/* It is attached at the places it follows to, once these are known. */
static bool is_only_following(const struct attach_request *request)
{
	return (request->scope == ATTACH_SCOPE_EACH_CONTAINER ||
		request->scope == ATTACH_SCOPE_EACH_NETNS) &&
	       !request->section->family->is_one_link;
}

/* An optional request that fails is passed over; when nothing at all could be had, its reason counts after all. */
static int attach_requests(struct program *program, struct program_part *part, struct err *err)
{
	struct attach_context context = { .links = &part->links };
	const struct attach_request *had = NULL;
	bool is_following = false;
	int r = 0;

	for (uint32_t i = 0; i < part->request_count; i++) {
		const struct attach_request *request = &part->requests[i];

		if (is_only_following(request)) {
			is_following = true;
			continue;
		}
		r = program__attach_request(program, part, request, &context, err);
		if (r < 0 && !request->is_optional)
			return r;
		if (r == 0 && !had)
			had = request;
	}
	/* For people it is what it hangs on, not what was tried first. */
	if (had && had != part->requests && program_part__name_hook(program, part, had) < 0)
		return err__set(err, -ENOMEM, NULL, "no memory for the name of a hook");
	return part->links.links.len || is_following ? 0 : r;
}

static void attach_part(struct program *program, struct program_part *part)
{
	__cleanup(err__done) struct err err = ERR_INIT;

	/* The plan's reason stands for what names nothing; whatever was merely doubtful is tried. */
	if (part->view.fd < 0 || part->request_count == 0)
		return;
	library_log__clear(&program->log);
	if (attach_requests(program, part, &err) < 0) {
		link_set__done(&part->links); /* on some CPUs and not on others would be a lie */
		err__cause(&err, *library_log__text(&program->log)
					 ? library_log__text(&program->log)
					 : NULL);
		program_part__fail(program, part, PART_STATE_NOT_ATTACHED, &err);
		return;
	}
	if (program__start_following(program, part) < 0) {
		(void)err__set(&err, -ENOMEM, NULL, "no memory for what it follows");
		link_set__done(&part->links);
		program_part__fail(program, part, PART_STATE_NOT_ATTACHED, &err);
		return;
	}
	part->view.state = PART_STATE_ATTACHED;
	part->view.reason = NULL;
	part->view.cause = NULL;
	part->view.link_count = (uint32_t)part->links.links.len;
}

/* Loaded in reserve for an alternative that did attach: out of the kernel again. */
static void unload_part(struct program *program, struct program_part *part, const char *chosen)
{
	if (part->view.fd < 0)
		return;
	bpf_program__unload(part->library);
	part->view.fd = -1;
	part->view.id = 0;
	part->view.tag[0] = '\0';
	part->view.state = PART_STATE_LEFT_OUT;
	part->view.reason = arena__printf(&program->arena, "prog '%s' does its work", chosen);
}

static void attach_group(struct program *program, const struct alternative_spec *group)
{
	const char *chosen = NULL;

	for (uint32_t i = 0; i < group->program_count; i++) {
		struct program_part *part = program__find_part(program, group->programs[i]);

		if (!part)
			continue;
		if (chosen)
			unload_part(program, part, chosen);
		else if (part->view.state == PART_STATE_LOADED)
			attach_part(program, part);
		if (!chosen && part->view.state == PART_STATE_ATTACHED)
			chosen = part->view.name;
	}
	for (uint32_t i = 0; chosen && i < group->program_count; i++) {
		struct program_part *part = program__find_part(program, group->programs[i]);

		if (part)
			part->view.is_stood_in_for = part->view.state != PART_STATE_ATTACHED;
	}
}

int program__attach(struct program *program, struct err *err)
{
	if (!program->is_loaded)
		return err__set(err, -EINVAL, &program->spec->at, "object '%s' is not loaded",
				program->spec->object);
	library_log__enter(&program->log);
	for (uint32_t i = 0; i < program->spec->alternative_count; i++)
		attach_group(program, &program->spec->alternatives[i]);
	for (uint32_t i = 0; i < program->part_count; i++) {
		struct program_part *part = &program->parts[i];

		if (part->view.state == PART_STATE_LOADED ||
		    part->view.state == PART_STATE_NOT_ATTACHED)
			attach_part(program, part);
	}
	library_log__leave(&program->log);
	return 0;
}
