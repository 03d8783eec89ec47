/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attaches that follow containers and network namespaces: a target comes, and each request that follows is attached at
 * its place there, once for all targets that share it; the last one that goes takes the links with it.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "program/private.h"
#include "program/section.h"

/* ---- what is followed ---- */

static bool is_following(const struct attach_request *request)
{
	return request->scope == ATTACH_SCOPE_EACH_CONTAINER ||
	       request->scope == ATTACH_SCOPE_EACH_NETNS;
}

bool program__follows(const struct program *program)
{
	for (uint32_t i = 0; i < program->part_count; i++)
		for (uint32_t j = 0; j < program->parts[i].request_count; j++)
			if (is_following(&program->parts[i].requests[j]))
				return true;
	return false;
}

static bool is_known(const struct program *program, const struct attach_request *request)
{
	vec_for_each(&program->followed, followed)
		if (followed->request == request)
			return true;
	return false;
}

int program__start_following(struct program *program, struct program_part *part)
{
	for (uint32_t i = 0; i < part->request_count; i++) {
		const struct followed followed = { .part = part,
						   .request = &part->requests[i],
						   .array_fd = -1 };

		if (is_following(followed.request) && !is_known(program, followed.request) &&
		    vec_push(&program->followed, followed) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* ---- places ---- */

static struct followed_place *place__free(struct followed_place *place)
{
	if (!place)
		return NULL;
	link_set__done(&place->links);
	attach_place__done(&place->place);
	free(place);
	return NULL;
}

static void count_links(struct program *program, struct program_part *part)
{
	size_t count = part->links.links.len;

	vec_for_each(&program->followed, followed) {
		if (followed->part != part)
			continue;
		vec_for_each(&followed->places, place)
			count += (*place)->links.links.len;
	}
	part->view.link_count = (uint32_t)count;
}

static struct followed_place *find_place(const struct followed *followed,
					 const struct attach_place *wanted)
{
	vec_for_each(&followed->places, place)
		if (attach_place__equals(&(*place)->place, wanted))
			return *place;
	return NULL;
}

static void drop_place(struct program *program, struct followed *followed,
		       struct followed_place *place)
{
	if (--place->refs > 0)
		return;
	for (size_t i = 0; i < followed->places.len; i++) {
		if (followed->places.items[i] != place)
			continue;
		followed->places.items[i] = followed->places.items[--followed->places.len];
		break;
	}
	place__free(place);
	program->target_figures.places--;
	count_links(program, followed->part);
}

static int attach_at(struct program *program, struct followed *followed,
		     struct followed_place *place, struct err *err)
{
	struct attach_context context = {
		.links = &place->links,
		.place = &place->place,
		.array_fd = &followed->array_fd,
	};
	int r = program__attach_request(program, followed->part, followed->request, &context, err);

	/* The link keeps what it hangs on; only what goes there again needs it open. */
	if (r >= 0 && !followed->request->section->family->is_one_link)
		attach_place__done(&place->place);
	return r;
}

/* Takes the place. NULL with err set: it could not be had. */
static struct followed_place *make_place(struct program *program, struct followed *followed,
					 struct attach_place *at, struct err *err)
{
	struct followed_place *place;
	int r;

	if (program->target_figures.places >= PROGRAM_MAX_PLACES) {
		attach_place__done(at);
		(void)err__set(err, -ENOSPC, NULL, "there are %u places already",
			       PROGRAM_MAX_PLACES);
		return NULL;
	}
	place = new_zero(struct followed_place);
	if (!place) {
		attach_place__done(at);
		(void)err__set(err, -ENOMEM, NULL, "no memory for a place");
		return NULL;
	}
	place->place = *at;
	r = attach_at(program, followed, place, err);
	if (r >= 0 && vec_push(&followed->places, place) < 0)
		r = err__set(err, -ENOMEM, NULL, "no memory for a place");
	if (r < 0)
		return place__free(place);
	program->target_figures.places++;
	return place;
}

/* ---- targets ---- */

/* That the host has no such binary is nothing unusual, a kernel that refuses is: then it will refuse everywhere. */
static void note_failure(struct program *program, const struct program_target *target,
			 struct followed *followed, struct err *err)
{
	struct program_part *part = followed->part;
	char text[256];

	err__format(err, text, sizeof(text));
	log_debug("prog '%s' at %s: %s", part->view.name, target->name, text);
	if (err->code == -ENOENT) {
		program->target_figures.absent++;
	} else {
		if (err->code == -ENOSPC)
			program->target_figures.refused++;
		else
			program->target_figures.failed++;
		count_links(program, part);
		if (target->is_host && part->view.link_count == 0)
			program_part__fail(program, part, PART_STATE_NOT_ATTACHED, err);
	}
	err__done(err);
}

static void note_success(struct program *program, struct program_part *part)
{
	part->view.state = PART_STATE_ATTACHED;
	part->view.reason = part->view.cause = NULL;
	count_links(program, part);
}

/* -ENOMEM; everything else is counted. */
static int follow_to(struct program *program, const struct program_target *target,
		     struct followed_target *known, size_t index)
{
	__cleanup(err__done) struct err err = ERR_INIT;
	struct followed *followed = &program->followed.items[index];
	struct target_use use = { .followed = index };
	struct attach_place at = ATTACH_PLACE_INIT;

	if (vec_reserve(&known->uses, known->uses.len + 1) < 0)
		return -ENOMEM;
	if (attach_place__open(target, followed->request, &at, &err) < 0) {
		note_failure(program, target, followed, &err);
		return 0;
	}
	use.place = find_place(followed, &at);
	if (use.place)
		attach_place__done(&at);
	else
		use.place = make_place(program, followed, &at, &err);
	if (!use.place) {
		note_failure(program, target, followed, &err);
		return 0;
	}
	use.place->refs++;
	note_success(program, followed->part);
	return vec_push(&known->uses, use);
}

static struct followed_target *find_target(const struct program *program, uint64_t id)
{
	vec_for_each(&program->targets, target)
		if (target->id == id)
			return target;
	return NULL;
}

static struct followed_target *make_target(struct program *program,
					   const struct program_target *target, struct err *err)
{
	const struct followed_target fresh = { .id = target->id };

	if (program->targets.len >= PROGRAM_MAX_TARGETS) {
		program->target_figures.refused++;
		(void)err__set(err, -ENOSPC, NULL, "%s: there are %u targets already", target->name,
			       PROGRAM_MAX_TARGETS);
		return NULL;
	}
	if (vec_push(&program->targets, fresh) < 0) {
		(void)err__set(err, -ENOMEM, NULL, "no memory for a target");
		return NULL;
	}
	program->target_figures.targets++;
	return &program->targets.items[program->targets.len - 1];
}

static bool has_use(const struct followed_target *target, size_t index)
{
	vec_for_each(&target->uses, use)
		if (use->followed == index)
			return true;
	return false;
}

int program__add_target(struct program *program, const struct program_target *target,
			struct err *err)
{
	struct followed_target *known = find_target(program, target->id);
	int r = 0;

	if (program->followed.len == 0)
		return 0;
	if (!known)
		known = make_target(program, target, err);
	if (!known)
		return program->targets.len >= PROGRAM_MAX_TARGETS ? -ENOSPC : -ENOMEM;
	library_log__enter(&program->log);
	for (size_t i = 0; r == 0 && i < program->followed.len; i++)
		if (!has_use(known, i))
			r = follow_to(program, target, known, i);
	library_log__leave(&program->log);
	return r < 0 ? err__set(err, r, NULL, "no memory for a target") : 0;
}

void program__remove_target(struct program *program, uint64_t id)
{
	struct followed_target *target = find_target(program, id);

	if (!target)
		return;
	library_log__enter(&program->log);
	vec_for_each(&target->uses, use)
		drop_place(program, &program->followed.items[use->followed], use->place);
	library_log__leave(&program->log);
	vec_done(&target->uses);
	*target = program->targets.items[--program->targets.len];
	program->target_figures.targets--;
}

void program__stop_following(struct program *program)
{
	vec_for_each(&program->targets, target)
		vec_done(&target->uses);
	vec_done(&program->targets);
	vec_for_each(&program->followed, followed) {
		vec_for_each(&followed->places, place)
			(void)place__free(*place);
		vec_done(&followed->places);
		if (followed->array_fd >= 0)
			(void)close(followed->array_fd);
	}
	vec_done(&program->followed);
	program->target_figures.targets = program->target_figures.places = 0;
}

void program__target_figures(const struct program *program, struct target_figures *ret_figures)
{
	*ret_figures = program->target_figures;
}
