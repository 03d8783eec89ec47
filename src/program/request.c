/* SPDX-License-Identifier: Apache-2.0 */
#include "program/request.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "program/private.h"
#include "program/section.h"

/* ---- for people ---- */

static const char *hook_text(struct program *program, const struct attach_request *request,
			     const char *section)
{
	const char *prefix = request ? request->section->prefix : section;
	const char *separator = request && request->symbol ? ":" : "";

	if (!request || !request->target)
		return arena__strdup(&program->arena, prefix);
	if (request->group && request->symbol)
		return arena__printf(&program->arena, "%s %s:%s:%s", prefix, request->target,
				     request->group, request->symbol);
	if (request->group)
		return arena__printf(&program->arena, "%s %s/%s", prefix, request->group,
				     request->target);
	return arena__printf(&program->arena, request->offset ? "%s %s%s%s+0x%llx" : "%s %s%s%s",
			     prefix, request->target, separator,
			     request->symbol ? request->symbol : "",
			     (unsigned long long)request->offset);
}

/* ---- what the section says ---- */

/* The last one about this program that leaves the hook to its section, those about all programs before; or NULL. */
static const struct attach_spec *find_amendment(const struct program *program,
						const struct program_part *part)
{
	const struct program_spec *spec = program->spec;
	const struct attach_spec *found = NULL;

	for (uint32_t i = 0; i < spec->attach_count; i++) {
		const struct attach_spec *attach = &spec->attaches[i];

		if (attach->kind != ATTACH_KIND_SECTION)
			continue;
		if (attach->program ? str_eq(attach->program, part->view.name) : !found)
			found = attach;
	}
	return found;
}

/* Which kind of place stands behind a scope. */
static enum place_kind place_of(enum attach_scope scope)
{
	switch (scope) {
	case ATTACH_SCOPE_EACH_CONTAINER:
		return PLACE_BINARY;
	case ATTACH_SCOPE_EACH_NETNS:
		return PLACE_NETNS;
	case ATTACH_SCOPE_HOST:
	case ATTACH_SCOPE_INTERFACE:
	case ATTACH_SCOPE_PROCESS:
		break;
	}
	return PLACE_NONE;
}

/* What is said of all programs is meant for those that can. */
static int set_scope(struct attach_request *request, const struct attach_spec *attach,
		     struct err *err)
{
	enum place_kind place = place_of(attach->scope);

	if (place == PLACE_NONE) {
		request->scope = attach->scope;
		return 0;
	}
	if (request->section->family && request->section->family->follows == place) {
		request->scope = attach->scope;
		return 0;
	}
	if (!attach->program)
		return 0;
	return err__set(err, -EINVAL, &attach->at, "SEC(\"%s\") of prog '%s' follows no %s",
			request->section->prefix, attach->program,
			place == PLACE_BINARY ? "containers" : "network namespaces");
}

static int amend(struct attach_request *request, const struct attach_spec *attach, struct err *err)
{
	if (!attach)
		return 0;
	request->map = attach->map;
	if (attach->cookie)
		request->cookie = attach->cookie;
	request->is_optional = attach->is_optional;
	return set_scope(request, attach, err);
}

/* No request and no error: it names no target. */
static int request_of_section(struct program *program, struct program_part *part, const char *rest,
			      const struct attach_spec *amendment, struct err *err)
{
	const struct attach_family *family = part->section->family;
	struct attach_request *request;
	int r = 0;

	if (amendment && amendment->target)
		rest = amendment->target;
	if (!family || (!rest && !(amendment && family->needs_no_target)))
		return 0;
	request = arena_new(&program->arena, struct attach_request);
	if (!request)
		return -ENOMEM;
	request->section = part->section;
	if (rest)
		r = family->parse(request, rest, &program->arena, err);
	if (r == 0)
		r = amend(request, amendment, err);
	if (r < 0)
		return r;
	if (part->section->flags & SECTION_BTF && rest)
		part->btf_target = rest;
	part->requests = request;
	part->request_count = 1;
	return 0;
}

/* ---- what the spec says ---- */

static bool is_meant(const struct attach_spec *attach, const char *program)
{
	return !attach->program || str_eq(attach->program, program);
}

static int request_of_spec(const struct attach_spec *attach, const struct section *section,
			   struct attach_request *request, struct err *err)
{
	*request = (struct attach_request){
		.section = section,
		.target = attach->target,
		.group = attach->module,
		.symbol = attach->symbol,
		.offset = attach->offset,
		.cookie = attach->cookie,
		.link_flags = attach->flags,
		.frequency_hz = attach->frequency_hz,
		.map = attach->map,
		.is_optional = attach->is_optional,
	};
	return set_scope(request, attach, err);
}

/* What the spec's attaches ask for; they replace what the section says. How many, or an error. */
static int requests_of_specs(struct program *program, struct program_part *part, struct err *err)
{
	const struct program_spec *spec = program->spec;
	struct attach_request *requests = arena_array(&program->arena, struct attach_request,
						      spec->attach_count);
	uint32_t count = 0;

	if (!requests)
		return -ENOMEM;
	for (uint32_t i = 0; i < spec->attach_count; i++) {
		const struct attach_spec *attach = &spec->attaches[i];
		const struct section *section;
		int r;

		if (attach->kind == ATTACH_KIND_SECTION || !is_meant(attach, part->view.name))
			continue;
		section = attach_spec_section(attach, part->section);
		if (!section)
			return err__set(err, -EINVAL, &attach->at,
					"prog '%s' in SEC(\"%s\") cannot be attached so",
					part->view.name, part->view.section);
		r = request_of_spec(attach, section, &requests[count++], err);
		if (r < 0)
			return r;
	}
	if (count) {
		part->requests = requests;
		part->request_count = count;
		part->section = requests[0].section;
	}
	if (count && part->section->family && part->section->family->is_bound_at_load) {
		part->btf_target = requests[0].target;
	}
	return (int)count;
}

/* ---- both ---- */

static int read_requests(struct program *program, struct program_part *part, struct err *err)
{
	const struct attach_spec *amendment = find_amendment(program, part);
	const char *rest = NULL;
	int r;

	part->view.state = PART_STATE_PLANNED;
	part->view.reason = part->view.cause = NULL;
	part->view.is_stood_in_for = part->is_off = false;
	part->requests = NULL;
	part->request_count = 0;
	part->btf_target = NULL;
	part->section = section_find(part->view.section, &rest);
	if (part->section && part->section->flags & SECTION_BTF && rest)
		part->btf_target = rest;
	if (amendment && amendment->is_off) {
		part->is_off = true;
		part->view.is_stood_in_for = true;
		part->view.reason = "it is loaded and attached to nothing, as its config says";
		return 0;
	}
	r = program->spec->attach_count ? requests_of_specs(program, part, err) : 0;
	if (r != 0 || !part->section)
		return r;
	return request_of_section(program, part, rest, amendment, err);
}

int program_part__name_hook(struct program *program, struct program_part *part,
			    const struct attach_request *request)
{
	const char *text = hook_text(program, request, part->view.section);

	if (text)
		part->view.hook = text;
	return text ? 0 : -ENOMEM;
}

int program_part__read_requests(struct program *program, struct program_part *part)
{
	__cleanup(err__done) struct err err = ERR_INIT;
	int r = read_requests(program, part, &err);

	if (r == -ENOMEM)
		return r;
	if (program_part__name_hook(program, part, part->request_count ? part->requests : NULL) < 0)
		return -ENOMEM;
	if (r < 0)
		program_part__fail(program, part, PART_STATE_NOT_ATTACHED, &err);
	return 0;
}
