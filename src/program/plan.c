/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "program/hook_targets.h"
#include "program/private.h"
#include "program/request.h"
#include "program/section.h"

/* One that is optional is no matter while another can be had. */
static int check_requests(const struct attach_context *context, const struct program_part *part,
			  struct err *err)
{
	bool is_any = false;
	int r = 0;

	for (uint32_t i = 0; i < part->request_count; i++) {
		const struct attach_request *request = &part->requests[i];
		const struct attach_family *family = request->section->family;

		r = family && family->check ? family->check(context, request, err) : 0;
		if (r < 0 && !request->is_optional)
			return r;
		is_any |= r >= 0;
	}
	return is_any ? 0 : r;
}

/* What a part needs to be asked for, found without loading it. */
static int check_part(struct program *program, struct program_part *part, struct err *err)
{
	struct attach_context context = {
		.host = program->options.host,
		.features = program->features,
		.program = part->view.name,
		.fd = -1,
	};

	if (part->is_off)
		return 0;
	if (!part->section)
		return err__set(err, -EINVAL, NULL,
				"SEC(\"%s\") is none that is attached by itself",
				part->view.section);
	if (part->request_count == 0)
		return err__set(err, -EINVAL, NULL, "SEC(\"%s\") names nothing to attach to",
				part->view.section);
	return check_requests(&context, part, err);
}

/* ---- what nobody wants ---- */

int program__leave_out(struct program *program, const char *name, const char *reason,
		       struct err *err)
{
	struct program_part *part = program__find_part(program, name);

	if (!part)
		return err__set(err, -ENOENT, &program->spec->at, "object '%s' has no prog '%s'",
				program->spec->object, name);
	part->is_wanted = false;
	part->view.state = PART_STATE_LEFT_OUT;
	part->view.reason = arena__strdup(&program->arena, reason);
	return part->view.reason ? 0 : err__set(err, -ENOMEM, NULL, "no memory for a reason");
}

int program__leave_out_map(struct program *program, const char *name, struct err *err)
{
	struct bpf_map *map = bpf_object__find_map_by_name(program->object, name);

	if (!map)
		return err__set(err, -ENOENT, &program->spec->at, "object '%s' has no map '%s'",
				program->spec->object, name);
	return bpf_map__set_autocreate(map, false);
}

/* ---- alternatives ---- */

static void step_back(struct program *program, struct program_part *part, const char *chosen)
{
	part->is_stepped_back = true;
	part->view.state = PART_STATE_LEFT_OUT;
	part->view.reason = arena__printf(&program->arena, "prog '%s' does its work", chosen);
}

/*
 * The first of a group that may attach is loaded. Loading is no promise for every kind of hook: those behind it are
 * loaded too, until one that is sure to attach. What is known not to attach is not even loaded.
 */
static void choose(struct program *program, const struct alternative_spec *group)
{
	const char *chosen = NULL;
	bool is_any_wanted = false;

	for (uint32_t i = 0; i < group->program_count; i++) {
		struct program_part *part = program__find_part(program, group->programs[i]);

		part->is_wanted = !chosen && part->view.state == PART_STATE_PLANNED;
		is_any_wanted |= part->is_wanted;
		if (chosen && part->view.state == PART_STATE_PLANNED)
			step_back(program, part, chosen);
		if (part->is_wanted && part->section->family->is_bound_at_load)
			chosen = part->view.name;
	}
	for (uint32_t i = 0; i < group->program_count; i++) {
		struct program_part *part = program__find_part(program, group->programs[i]);

		part->has_stand_in = is_any_wanted;
		part->view.is_stood_in_for = is_any_wanted && !part->is_wanted;
	}
}

void program__choose_alternatives(struct program *program)
{
	for (uint32_t i = 0; i < program->part_count; i++) {
		struct program_part *part = &program->parts[i];

		if (!part->is_stepped_back)
			continue;
		part->is_stepped_back = false;
		part->view.state = PART_STATE_PLANNED;
		part->view.reason = NULL;
	}
	for (uint32_t i = 0; i < program->spec->alternative_count; i++)
		choose(program, &program->spec->alternatives[i]);
}

/* Those behind it in its group are planned still, or stepped back for it. */
bool program__has_successor(const struct program *program, const struct program_part *part)
{
	for (uint32_t i = 0; i < program->spec->alternative_count; i++) {
		const struct alternative_spec *group = &program->spec->alternatives[i];
		bool is_behind = false;

		for (uint32_t j = 0; j < group->program_count; j++) {
			const struct program_part *other = program__find_part(program,
									      group->programs[j]);

			if (is_behind &&
			    (other->is_stepped_back || other->view.state == PART_STATE_PLANNED))
				return true;
			is_behind |= other == part;
		}
	}
	return false;
}

/* ---- the plan ---- */

static int unknown_part(const struct program *program, const struct loc *at, const char *name,
			struct err *err)
{
	struct strbuf known = STRBUF_INIT;
	int r;

	for (uint32_t i = 0; i < program->part_count; i++)
		strbuf__printf(&known, "%s%s", i ? ", " : "", program->parts[i].view.name);
	r = err__set(err, -ENOENT, at, "object '%s' has no prog '%s' to choose; it has: %s",
		     program->spec->object, name, strbuf__text(&known));
	strbuf__done(&known);
	return r;
}

static int check_alternatives(const struct program *program, struct err *err)
{
	for (uint32_t i = 0; i < program->spec->alternative_count; i++) {
		const struct alternative_spec *group = &program->spec->alternatives[i];

		for (uint32_t j = 0; j < group->program_count; j++)
			if (!program__find_part(program, group->programs[j]))
				return unknown_part(program, &group->at, group->programs[j], err);
	}
	return 0;
}

/* A dialect may have said where to attach only after it had seen the object. */
static int read_requests_again(struct program *program, struct err *err)
{
	for (uint32_t i = 0; i < program->part_count; i++)
		if (program_part__read_requests(program, &program->parts[i]) < 0)
			return err__set(err, -ENOMEM, &program->spec->at, "no memory for a plan");
	program__bind_parts(program);
	return 0;
}

int program__plan(struct program *program, struct err *err)
{
	int r = check_alternatives(program, err);

	if (r == 0 && program->spec->attach_count > 0)
		r = read_requests_again(program, err);
	if (r < 0)
		return r;
	library_log__enter(&program->log);
	for (uint32_t i = 0; i < program->part_count; i++) {
		__cleanup(err__done) struct err reason = ERR_INIT;
		struct program_part *part = &program->parts[i];

		if (part->view.state == PART_STATE_PLANNED &&
		    check_part(program, part, &reason) < 0)
			program_part__fail(program, part, PART_STATE_NOT_ATTACHED, &reason);
	}
	r = program__check_targets(program, err);
	program__choose_alternatives(program);
	library_log__leave(&program->log);
	return r;
}
