/* SPDX-License-Identifier: Apache-2.0 */
/* One program on its way into the kernel: what it does with records, which rung it takes, and what then stands there. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "emit/prune.h"
#include "emit/splice.h"
#include "program/feature.h"
#include "program/private.h"
#include "program/section.h"

/* ---- which rung ---- */

static void lower(struct counted_part *part, enum rung rung, const char *reason)
{
	if (part->allowed <= rung)
		return;
	part->allowed = rung;
	part->view.reason = reason;
	part->view.cause = NULL;
}

static bool has_action(const struct record_list *list, enum record_action action)
{
	vec_for_each(&list->sites, site)
		if (site->action == action)
			return true;
	return false;
}

/* Bytes that a record needs to have, of those that are counted. */
static uint32_t needed_bytes(const struct counted_ring *ring)
{
	uint32_t most = 0;

	for (uint32_t i = 0; i < ring->aggregate_count; i++)
		if (ring->layouts[i].needed_bytes > most)
			most = ring->layouts[i].needed_bytes;
	return most;
}

/* Bytes of its records; -1: it reserves records of several sizes. */
static int32_t reserved_size(const struct record_list *list)
{
	int32_t size = 0;

	vec_for_each(&list->sites, site)
		if (site->action == RECORD_RESERVE)
			size = size == 0 || size == site->size ? site->size : -1;
	return size;
}

static const char *why_site_uncountable(struct program *program, const struct counted_ring *ring,
					const struct record_site *site)
{
	bool is_reserve = site->action == RECORD_RESERVE;

	if (site->action == RECORD_SUBMIT || site->action == RECORD_DISCARD)
		return NULL;
	if (is_reserve && (uint32_t)site->size > ring->record_size)
		return arena__printf(&program->arena, "it reserves %d bytes where a record has %u",
				     site->size, ring->record_size);
	if (site->size >= 0 && (uint32_t)site->size < needed_bytes(ring))
		return arena__printf(&program->arena, "it %s %d bytes where %u are looked at",
				     is_reserve ? "reserves" : "sends", site->size,
				     needed_bytes(ring));
	return NULL;
}

/* Why its records cannot be counted where they are made, or NULL. */
static const char *why_uncountable(struct program *program, const struct counted_ring *ring,
				   const struct record_list *list)
{
	const char *reason = NULL;

	vec_for_each(&list->sites, site)
		if (!reason)
			reason = why_site_uncountable(program, ring, site);
	/* A slot does not remember how much of it was asked for. */
	if (!reason && ring->most == RUNG_SLOT && reserved_size(list) < 0)
		reason = "it reserves records of several sizes";
	return reason;
}

/* What it may be at most, by what it does; notes why. */
static void judge(struct program *program, struct counted_sites *sites)
{
	struct counted_ring *ring = sites->ring;
	const char *reason = ring->problem;

	if (!reason && ring->most >= RUNG_SLOT)
		reason = why_uncountable(program, ring, &sites->list);
	if (reason)
		lower(sites->part, RUNG_QUIET_RING, reason);
	if (ring->is_counted && sites->part->allowed < RUNG_SLOT)
		program->rings.must_retry = true;
	if (has_action(&sites->list, RECORD_PERF_OUTPUT) && !ring->is_counted)
		lower(sites->part, RUNG_UNTOUCHED, "a perf buffer cannot be made quiet");
}

static void take_rung(struct counted_sites *sites)
{
	struct rung_view *view = &sites->part->view;
	enum rung most = sites->ring->is_counted ? RUNG_PRUNED : RUNG_QUIET_RING;

	view->rung = sites->part->allowed < most ? sites->part->allowed : most;
	if (sites->part->allowed == sites->ring->most)
		view->reason = view->rung < sites->part->allowed
				       ? "another program of the object cannot be counted"
				       : NULL;
}

/* ---- looking ---- */

static int find_ring_map(const struct program *program, const char *name)
{
	const struct rewriter *rewriter = &program->rewriter;

	for (size_t i = 0; i < rewriter->known_names.len; i++)
		if (str_eq(rewriter->known_names.items[i], name))
			return (int)i;
	return -1;
}

/* 0, 1: it does nothing with that ring, or -ENOMEM. */
static int find_sites(struct program *program, const struct flow_program *source,
		      const struct flow *flow, struct counted_sites *sites, struct err *err)
{
	__cleanup(err__done) struct err reason = ERR_INIT;
	int map = find_ring_map(program, sites->ring->name);
	int r = map < 0 ? 1 : records_find(source, flow, (uint16_t)map, &sites->list, &reason);

	if (r == -ENOMEM)
		return err__set(err, r, NULL, "%s", reason.text);
	if (r > 0 || (r == 0 && sites->list.sites.len == 0))
		return 1;
	sites->part->has_sites = true;
	if (r < 0) { /* it may send anything: nothing of it is changed */
		sites->list.sites.len = 0;
		lower(sites->part, RUNG_UNTOUCHED, arena__strdup(&program->arena, reason.text));
	}
	return 0;
}

static void mark(uint8_t *needed, const struct aggregate_field *field)
{
	memset(needed + field->offset, 1, field->size);
}

static void mark_needed(const struct aggregate *aggregate, uint8_t *needed)
{
	for (uint32_t i = 0; i < aggregate->condition_count; i++)
		mark(needed, &aggregate->conditions[i].field);
	for (uint32_t i = 0; i < aggregate->key_count; i++)
		mark(needed, &aggregate->keys[i].field);
	if (aggregate->value.kind != AGGREGATE_KIND_COUNT)
		mark(needed, &aggregate->value.field);
}

static struct bpf_insn *copy_insns(const struct flow_program *source)
{
	struct bpf_insn *insns = new_array(struct bpf_insn, source->insn_count);

	if (insns)
		memcpy(insns, source->insns, source->insn_count * sizeof(*insns));
	return insns;
}

static int prune(struct counted_plan *plan, const struct counted_sites *sites,
		 const struct flow_program *source, const struct flow *flow, int map,
		 struct err *err)
{
	const struct counted_ring *ring = sites->ring;
	__cleanup(x_freep) uint8_t *needed = calloc(1, ring->record_size);
	const struct prune_request request = {
		.program = source,
		.flow = flow,
		.ring = (uint16_t)map,
		.record_size = ring->record_size,
		.needed = needed,
	};
	struct rung_view *view = &sites->part->view;
	struct prune_result result;
	int r;

	if (!plan->insns)
		plan->insns = copy_insns(source);
	if (!needed || !plan->insns)
		return err__set(err, -ENOMEM, NULL, "no memory to prune a program");
	for (uint32_t i = 0; i < ring->aggregate_count; i++)
		mark_needed(&ring->aggregates[i], needed);
	r = prune_run(&request, plan->insns, &result, err);
	if (r < 0)
		return r;
	view->removed = result.removed;
	view->record_bytes = ring->record_size;
	view->needed_bytes = result.needed_bytes;
	return 0;
}

static int look_at_ring(struct counted_plan *plan, struct program *program,
			struct counted_sites *sites, const struct flow_program *source,
			const struct flow *flow, struct err *err)
{
	struct rung_view *view = &sites->part->view;
	int r = find_sites(program, source, flow, sites, err);

	if (r != 0)
		return r;
	judge(program, sites);
	take_rung(sites);
	view->instructions = source->insn_count;
	view->removed = view->record_bytes = view->needed_bytes = 0;
	/* What is sent from elsewhere is not followed: there would be nothing to take out. */
	if (view->rung == RUNG_PRUNED && !has_action(&sites->list, RECORD_RESERVE)) {
		view->rung = RUNG_SLOT;
		view->reason = "its records are put together outside the ring";
	}
	if (view->rung == RUNG_PRUNED)
		r = prune(plan, sites, source, flow, find_ring_map(program, sites->ring->name),
			  err);
	return r;
}

int counted_plan__make(struct counted_plan *plan, struct program *program,
		       const struct program_part *part, const struct flow_program *source,
		       const struct flow *flow, struct err *err)
{
	vec_for_each(&program->rings.rings, ring) {
		struct counted_sites sites = { .ring = ring,
					       .part = counted_ring__part(ring, part) };
		int r = sites.part ? look_at_ring(plan, program, &sites, source, flow, err)
				   : -ENOMEM;

		if (r == 0 && vec_push(&plan->rings, sites) == 0)
			continue;
		record_list__done(&sites.list);
		if (r <= 0)
			return err__set(err, -ENOMEM, NULL, "no memory to count records");
	}
	return 0;
}

void counted_rings__refuse(struct program *program, const struct program_part *part,
			   const char *reason)
{
	vec_for_each(&program->rings.rings, ring) {
		struct counted_part *counted = counted_ring__part(ring, part);

		if (!counted)
			continue;
		counted->has_sites = true;
		lower(counted, RUNG_UNTOUCHED, reason);
		counted->view.rung = RUNG_UNTOUCHED;
		program->rings.must_retry |= ring->is_counted;
	}
}

void counted_plan__done(struct counted_plan *plan)
{
	vec_for_each(&plan->rings, sites)
		record_list__done(&sites->list);
	vec_done(&plan->rings);
	free(plan->insns);
	plan->insns = NULL;
}

/* ---- slots ---- */

static bool fires_in_user_space(const struct section *section)
{
	return section &&
	       (str_starts(section->prefix, "uprobe") || str_starts(section->prefix, "uretprobe") ||
		str_starts(section->prefix, "usdt"));
}

/*
 * Programs on kprobes, tracepoints and perf events run one at a time on a CPU (bpf_prog_active). All others may be
 * interrupted by themselves: uprobes and LSM hooks since they may be preempted, those on raw tracepoints until Linux 6.1, and
 * on functions until 5.12, by interrupts.
 */
static bool runs_alone(const struct program_part *part)
{
	for (uint32_t i = 0; i < part->request_count; i++)
		if (fires_in_user_space(part->requests[i].section))
			return false;
	switch (bpf_program__type(part->library)) {
	case BPF_PROG_TYPE_KPROBE:
		return !fires_in_user_space(part->section);
	case BPF_PROG_TYPE_TRACEPOINT:
	case BPF_PROG_TYPE_PERF_EVENT:
		return true;
	default:
		return false;
	}
}

struct slot_choice {
	enum slot_home home;
	enum slot_lock lock;
	uint32_t first, count;
};

static struct slot_choice choose_slots(struct program *program, const struct counted_sites *sites)
{
	struct counted_ring *ring = sites->ring;
	bool is_alone = runs_alone(sites->part->part);

	if (is_alone && !sites->list.needs_many)
		return (struct slot_choice){ SLOT_HOME_OWN, SLOT_LOCK_NONE, ring->own_slots++, 1 };
	/*
	 * Up to 5.10 every program runs with preemption off (uprobes in trace_call_bpf() since 5.7, all others by
	 * migrate_disable()): who comes in between ends first, and a plain word will do. 5.12 brought the exchange. On 5.11
	 * alone, with CONFIG_PREEMPT, two tasks could take one slot in the same few instructions.
	 * FALLBACK: remove when the oldest kernel is 5.12.
	 */
	return (struct slot_choice){
		SLOT_HOME_SHARED,
		features__exchange(program->features) ? SLOT_LOCK_EXCHANGE : SLOT_LOCK_WORD,
		0,
		counted_ring__shared_slots(ring),
	};
}

/* ---- what stands in for the calls ---- */

struct stand_ins { /* of one ring in one program; subprograms of the splice, -1: none yet */
	struct program *program;
	const struct counted_sites *sites;
	struct splice *splice;
	struct slot_choice slots;
	int64_t subprograms[RECORD_PERF_OUTPUT + 1];
};

static const enum slot_helper helpers[] = {
	[RECORD_SUBMIT] = SLOT_HELPER_SUBMIT,
	[RECORD_OUTPUT] = SLOT_HELPER_OUTPUT,
	[RECORD_PERF_OUTPUT] = SLOT_HELPER_PERF_OUTPUT,
};

static int make_range(const struct stand_ins *stand_ins, enum record_action action,
		      struct slot_range *ret_range, struct err *err)
{
	struct counted_ring *ring = stand_ins->sites->ring;
	enum slot_content content = action == RECORD_OUTPUT || action == RECORD_PERF_OUTPUT
					    ? SLOT_CONTENT_KEY
					    : SLOT_CONTENT_RECORD;
	int fd = counted_ring__slots(ring, stand_ins->program, stand_ins->slots.home, content);

	if (fd < 0)
		return err__set(err, fd, NULL, "no slots can be made: %s", strerror(-fd));
	*ret_range = (struct slot_range){
		.layout = counted_ring__slot_layout(ring, content),
		.fd = fd,
		.first = stand_ins->slots.first,
		.count = stand_ins->slots.count,
		.lock = stand_ins->slots.lock,
		.control_fd = ring->control_fd,
	};
	return 0;
}

static int ring_fd(const struct stand_ins *stand_ins)
{
	const struct counted_ring *ring = stand_ins->sites->ring;
	int map = find_ring_map(stand_ins->program, ring->name);

	return ring->most == RUNG_PRUNED || map < 0
		       ? -1
		       : stand_ins->program->rewriter.known.items[map].fd;
}

static int emit_counted(const struct stand_ins *stand_ins, enum record_action action,
			struct code *code, struct err *err)
{
	const struct counted_ring *ring = stand_ins->sites->ring;
	struct slot_counting counting = {
		.helper = helpers[action],
		.aggregates = ring->codes,
		.aggregate_count = ring->aggregate_count,
		.ring_fd = ring_fd(stand_ins),
		.send_size = (uint32_t)reserved_size(&stand_ins->sites->list),
	};
	int r = make_range(stand_ins, action, &counting.slots, err);

	if (r < 0)
		return r;
	if (action == RECORD_RESERVE)
		return slot_emit_reserve(&counting.slots, code, err);
	if (action == RECORD_DISCARD)
		return slot_emit_discard(&counting.slots, code, err);
	return slot_emit_counting(&counting, code, err);
}

static int add_stand_in(struct stand_ins *stand_ins, enum record_action action, struct err *err)
{
	struct code code = CODE_INIT;
	uint32_t subprogram;
	int r = stand_ins->sites->part->view.rung == RUNG_QUIET_RING
			? slot_emit_quiet(helpers[action], &code, err)
			: emit_counted(stand_ins, action, &code, err);

	if (r == 0)
		r = splice__add(stand_ins->splice, &code,
				stand_ins->program->rewriter.function_type, &subprogram, err);
	if (r == 0)
		stand_ins->subprograms[action] = subprogram;
	code__done(&code);
	return r;
}

/* In the quiet rung only what sends stays to be changed: reserving and giving up wake nobody. */
static bool is_changed(const struct stand_ins *stand_ins, const struct record_site *site)
{
	return stand_ins->sites->part->view.rung != RUNG_QUIET_RING ||
	       site->action == RECORD_SUBMIT || site->action == RECORD_OUTPUT;
}

static int put(struct stand_ins *stand_ins, uint32_t *count, struct err *err)
{
	vec_for_each(&stand_ins->sites->list.sites, site) {
		int r = 0;

		if (!is_changed(stand_ins, site))
			continue;
		if (stand_ins->subprograms[site->action] < 0)
			r = add_stand_in(stand_ins, site->action, err);
		if (r == 0)
			r = splice__call(stand_ins->splice, site->at,
					 (uint32_t)stand_ins->subprograms[site->action], err);
		if (r < 0)
			return r;
		++*count;
	}
	return 0;
}

static int splice_ring(struct program *program, const struct counted_sites *sites,
		       struct splice *splice, uint32_t *count, struct err *err)
{
	struct stand_ins stand_ins = { .program = program, .sites = sites, .splice = splice };
	int r;

	if (sites->part->view.rung == RUNG_UNTOUCHED)
		return 0;
	for (size_t i = 0; i < array_size(stand_ins.subprograms); i++)
		stand_ins.subprograms[i] = -1;
	if (sites->part->view.rung != RUNG_QUIET_RING)
		stand_ins.slots = choose_slots(program, sites);
	r = put(&stand_ins, count, err);
	if (r == 0 || r == -ENOMEM)
		return r;
	/* What cannot be written, or has no map to be in, comes through the ring. */
	lower(sites->part,
	      sites->part->view.rung == RUNG_QUIET_RING ? RUNG_UNTOUCHED : RUNG_QUIET_RING,
	      arena__strdup(&program->arena, err && err->text ? err->text : strerror(-r)));
	program->rings.must_retry = true;
	err__done(err);
	return 0;
}

int counted_plan__splice(const struct counted_plan *plan, struct program *program,
			 struct splice *splice, uint32_t *ret_count, struct err *err)
{
	*ret_count = 0;
	vec_for_each(&plan->rings, sites) {
		int r = splice_ring(program, sites, splice, ret_count, err);

		if (r < 0)
			return r;
	}
	return 0;
}
