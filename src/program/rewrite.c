/* SPDX-License-Identifier: Apache-2.0 */
#include "program/rewrite.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "emit/insn.h"
#include "emit/sites.h"
#include "program/image.h"
#include "program/private.h"

#define OVERFLOW_MAP_NAME "sonde_overflow"
#define SUBPROGRAM_NAME "sonde_lookup_or_overflow"

/* ---- which maps ---- */

static struct overflow_map *find_overflow(const struct program *program, const char *name)
{
	vec_for_each(&program->rewriter.maps, map)
		if (str_eq(map->name, name))
			return map;
	return NULL;
}

static bool same_bucket_list(const struct overflow_layout *a, const struct overflow_layout *b)
{
	if (!a->buckets != !b->buckets || a->bucket_count != b->bucket_count)
		return false;
	for (uint32_t i = 0; i < a->bucket_count; i++)
		if (a->buckets[i].bucket != b->buckets[i].bucket ||
		    a->buckets[i].slot != b->buckets[i].slot)
			return false;
	return true;
}

static bool same_layout(const struct overflow_layout *a, const struct overflow_layout *b)
{
	return a->slot_count == b->slot_count && a->bucket_size == b->bucket_size &&
	       (a->bucket_size == 0 || (a->bucket_offset == b->bucket_offset &&
					a->first == b->first && same_bucket_list(a, b)));
}

/* Maps in which an insert can fail, and a failed insert loses what was to be added. */
static int check_type(const struct fact_map *map, struct err *err)
{
	switch (map->type) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_PERCPU_HASH:
		return 0;
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
		return err__set(
			err, -EOPNOTSUPP, NULL,
			"map '%s' is an LRU map: instead of refusing a key it throws another out, unseen",
			map->name);
	default:
		return err__set(err, -EOPNOTSUPP, NULL, "map '%s' has room for all its keys",
				map->name);
	}
}

int program__want_overflow(struct program *program, const char *map,
			   const struct overflow_layout *layout, struct err *err)
{
	const struct fact_map *facts = facts__find_map(&program->facts, map);
	const struct overflow_map *known = find_overflow(program, map);
	struct overflow_map overflow = { .layout = *layout, .fd = -1 };
	int r;

	if (!facts)
		return err__set(err, -ENOENT, NULL, "there is no map '%s'", map);
	r = check_type(facts, err);
	if (r < 0)
		return r;
	if (known)
		return same_layout(&known->layout, layout)
			       ? 0
			       : err__set(err, -EEXIST, NULL,
					  "another metric reads map '%s' by other buckets", map);
	if (program->is_loaded)
		return err__set(err, -EBUSY, NULL,
				"its programs run already, and stay as they are");
	overflow.name = facts->name;
	overflow.value_size = facts->value_size;
	overflow.layout.buckets =
		layout->buckets ? arena__memdup(&program->arena, layout->buckets,
						layout->bucket_count * sizeof(*layout->buckets))
				: NULL;
	if ((layout->buckets && !overflow.layout.buckets) ||
	    vec_push(&program->rewriter.maps, overflow) < 0)
		return err__set(err, -ENOMEM, NULL, "no memory for the overflow of map '%s'", map);
	return 0;
}

/* ---- before a load ---- */

static bool has_wishes(const struct program *program)
{
	return program->rewriter.maps.len > 0 || program->rings.rings.len > 0;
}

/* Per CPU, because programs that add without a lock may do so on several CPUs at once. */
static void make_map(struct program *program, struct overflow_map *map)
{
	map->fd = bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, OVERFLOW_MAP_NAME, sizeof(uint32_t),
				 map->value_size, map->layout.slot_count, NULL);
	if (map->fd < 0)
		map->problem = arena__printf(&program->arena, "its overflow map cannot be made: %s",
					     strerror(errno));
}

/* The kernel wants a type for each function, or for none. Nobody reads this one, so it tells no arguments. */
static int add_type(struct btf *btf)
{
	int pointer = btf__add_ptr(btf, 0 /* void */);
	int prototype = pointer < 0 ? pointer : btf__add_func_proto(btf, pointer);

	return prototype < 0 ? prototype
			     : btf__add_func(btf, SUBPROGRAM_NAME, BTF_FUNC_STATIC, prototype);
}

static int replace_types(struct program *program, const struct btf *btf)
{
	char *image;
	size_t len;
	uint32_t size;
	const void *types = btf__raw_data(btf, &size);
	int r = types ? image_replace_section(program->image, program->image_len, ".BTF", types,
					      size, &image, &len)
		      : -ENOMEM;

	if (r < 0)
		return r;
	free(program->image);
	program->image = image;
	program->image_len = len;
	return 0;
}

/*
 * It goes into the image, and the object is opened once more: types that are added to an open object move the others,
 * and libbpf 1.1.2 keeps pointers to their names (of externs).
 */
int rewriter__prepare(struct program *program, struct err *err)
{
	const void *section;
	struct btf *btf;
	size_t size;
	int r;

	if (!has_wishes(program) ||
	    image_find_section(program->image, program->image_len, ".BTF", &section, &size) < 0)
		return 0;
	btf = size <= UINT32_MAX ? btf__new(section, (uint32_t)size) : NULL;
	if (!btf)
		return 0; /* without types of its own there are none to add to */
	r = add_type(btf);
	if (r >= 0)
		r = replace_types(program, btf);
	btf__free(btf);
	if (r < 0 && r != -ENOMEM)
		return 0; /* the kernel will refuse a function without a type, and take the program as it was */
	if (r < 0)
		return err__set(err, r, &program->spec->at,
				"object '%s': no type for another function can be added: %s",
				program->spec->object, strerror(-r));
	return program__open_library(program, err);
}

static uint32_t find_function_type(const struct program *program)
{
	const struct btf *btf = bpf_object__btf(program->object);
	int id = btf ? btf__find_by_name_kind(btf, SUBPROGRAM_NAME, BTF_KIND_FUNC) : 0;

	return id > 0 ? (uint32_t)id : 0;
}

int rewriter__begin(struct program *program, struct err *err)
{
	struct rewriter *rewriter = &program->rewriter;

	rewriter->sites.len = 0;
	rewriter->known.len = rewriter->known_names.len = 0;
	if (!has_wishes(program))
		return 0;
	vec_for_each(&rewriter->maps, map) {
		if (map->fd < 0 && !map->problem)
			make_map(program, map);
		if (map->fd < 0 && !map->problem)
			return err__set(err, -ENOMEM, NULL, "no memory for an overflow map");
	}
	rewriter->function_type = find_function_type(program);
	return counted_rings__begin(program, err);
}

void rewriter__end(struct program *program)
{
	splice__done(&program->rewriter.splice);
	vec_done(&program->rewriter.known);
	vec_done(&program->rewriter.known_names);
}

void rewriter__done(struct program *program)
{
	rewriter__end(program);
	vec_for_each(&program->rewriter.maps, map)
		if (map->fd >= 0)
			(void)close(map->fd);
	vec_done(&program->rewriter.maps);
	vec_done(&program->rewriter.sites);
}

int rewriter__map(const struct rewriter *rewriter, uint32_t *index, const char **ret_name)
{
	vec_for_each(&rewriter->maps, map) {
		if (map->fd < 0 || (*index)-- > 0)
			continue;
		*ret_name = map->name;
		return map->fd;
	}
	return -1;
}

/* ---- what is known while libbpf loads ---- */

/* .rodata is final when programs are loaded and frozen behind them; .kconfig is not ours to look into. */
static void set_constants(struct flow_map *known, struct bpf_map *library)
{
	size_t size = 0;

	if (!bpf_map__is_internal(library) || !strstr(bpf_map__name(library), ".rodata"))
		return;
	known->data = bpf_map__initial_value(library, &size);
	known->data_size = known->data && size <= INT32_MAX ? (uint32_t)size : 0;
}

static int learn_maps(struct program *program)
{
	struct rewriter *rewriter = &program->rewriter;
	struct bpf_map *library;

	if (rewriter->known.len > 0)
		return 0;
	bpf_object__for_each_map(library, program->object)
	{
		struct flow_map known = {
			.fd = bpf_map__fd(library),
			.key_size = bpf_map__key_size(library),
			.value_size = bpf_map__value_size(library),
		};
		const char *name = bpf_map__name(library);

		if (known.fd < 0)
			continue;
		set_constants(&known, library);
		if (vec_push(&rewriter->known, known) < 0 ||
		    vec_push(&rewriter->known_names, name) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* ---- one program ---- */

struct rewrite {
	struct program *program;
	struct program_part *part;
	struct flow_program source;
	struct flow *flow;        /* owned */
	struct site_list sites;   /* owned; inserts into maps */
	struct counted_plan plan; /* owned; records */
	uint32_t redirected;
};

static int note_site(const struct rewrite *rewrite, const struct overflow_map *map,
		     const struct site *site, const char *reason)
{
	const struct rewrite_site noted = {
		.program = rewrite->part->view.name,
		.map = map->name,
		.instruction = site->verdict == SITE_LOOKUP_FOLLOWS ? site->lookup_at
								    : site->update_at,
		.reason = reason,
	};

	return vec_push(&rewrite->program->rewriter.sites, noted);
}

static int add_subprogram(const struct rewrite *rewrite, struct overflow_map *map, struct err *err)
{
	struct rewriter *rewriter = &rewrite->program->rewriter;
	struct code code = CODE_INIT;
	uint32_t subprogram;
	int r = overflow_emit(&map->layout, map->fd, &code, err);

	if (r == 0)
		r = splice__add(&rewriter->splice, &code, rewriter->function_type, &subprogram,
				err);
	if (r == 0)
		map->subprogram = subprogram;
	code__done(&code);
	return r;
}

static int redirect(struct rewrite *rewrite, struct overflow_map *map, const struct site *site,
		    struct err *err)
{
	int r = map->subprogram < 0 ? add_subprogram(rewrite, map, err) : 0;

	if (r == 0)
		r = splice__call(&rewrite->program->rewriter.splice, site->lookup_at,
				 (uint32_t)map->subprogram, err);
	rewrite->redirected += r == 0;
	return r;
}

static const char *reason_of(const struct overflow_map *map, enum site_verdict verdict)
{
	switch (verdict) {
	case SITE_LOOKUP_FOLLOWS:
		return map->problem;
	case SITE_NO_LOOKUP:
		return "the key is not looked up again behind the insert";
	case SITE_OVERWRITES:
		return "the update sets a value and adds nothing";
	}
	return NULL;
}

static int judge_site(struct rewrite *rewrite, const struct site *site, struct err *err)
{
	const char *name = rewrite->program->rewriter.known_names.items[site->map];
	struct overflow_map *map = find_overflow(rewrite->program, name);
	const char *reason;
	int r = 0;

	if (!map)
		return 0;
	reason = reason_of(map, site->verdict);
	if (!reason)
		r = redirect(rewrite, map, site, err);
	if (r < 0)
		return r;
	return note_site(rewrite, map, site, reason) < 0
		       ? err__set(err, -ENOMEM, NULL, "no memory for a site")
		       : 0;
}

static int splice_all(struct rewrite *rewrite, const struct bpf_prog_load_opts *options,
		      struct err *err)
{
	struct rewriter *rewriter = &rewrite->program->rewriter;
	const struct splice_source source = {
		.insns = rewrite->plan.insns ? rewrite->plan.insns : rewrite->source.insns,
		.insn_count = rewrite->source.insn_count,
		.functions = { options->func_info, options->func_info_cnt,
			       options->func_info_rec_size },
		.lines = { options->line_info, options->line_info_cnt,
			   options->line_info_rec_size },
	};
	uint32_t counted = 0;
	int r;

	splice__done(&rewriter->splice);
	r = splice__init(&rewriter->splice, &source, err);
	vec_for_each(&rewriter->maps, map)
		map->subprogram = -1;
	vec_for_each(&rewrite->sites.sites, site)
		r = r < 0 ? r : judge_site(rewrite, site, err);
	if (r == 0)
		r = counted_plan__splice(&rewrite->plan, rewrite->program, &rewriter->splice,
					 &counted, err);
	rewrite->redirected += counted;
	return r;
}

static int hand_over(struct rewrite *rewrite, struct bpf_prog_load_opts *options, struct err *err)
{
	struct splice *splice = &rewrite->program->rewriter.splice;
	int r = bpf_program__set_insns(rewrite->part->library, splice->insns.items,
				       splice->insns.len);

	if (r < 0)
		return err__set(err, r, NULL, "its new instructions cannot be set: %s",
				strerror(-r));
	if (splice->function_size)
		options->func_info = splice->functions.items;
	options->func_info_cnt = splice__function_count(splice);
	if (splice->line_size)
		options->line_info = splice->lines.items;
	options->line_info_cnt = splice__line_count(splice);
	rewrite->part->is_rewritten = true;
	return 0;
}

/* Whether anything in it can be of interest, by its calls alone. */
static bool has_calls(const struct program *program, const struct flow_program *source)
{
	for (uint32_t i = 0; i < source->insn_count; i++) {
		const struct bpf_insn *insn = &source->insns[i];

		if (insn_calls_helper(insn, BPF_FUNC_map_update_elem) ||
		    (program->rings.rings.len > 0 && insn_is_call(insn)))
			return true;
	}
	return false;
}

static int look_at(struct rewrite *rewrite, struct err *err)
{
	int r = flow__new(&rewrite->source, &rewrite->flow, err);

	if (r < 0)
		return r;
	if (sites_find(&rewrite->source, rewrite->flow, &rewrite->sites) < 0)
		return err__set(err, -ENOMEM, NULL, "no memory for the sites of a program");
	return counted_plan__make(&rewrite->plan, rewrite->program, rewrite->part, &rewrite->source,
				  rewrite->flow, err);
}

static int rewrite_part(struct rewrite *rewrite, struct bpf_prog_load_opts *options,
			struct err *err)
{
	struct rewriter *rewriter = &rewrite->program->rewriter;
	int r;

	rewrite->source.insns = bpf_program__insns(rewrite->part->library);
	rewrite->source.insn_count = (uint32_t)bpf_program__insn_cnt(rewrite->part->library);
	if (!has_calls(rewrite->program, &rewrite->source))
		return 0;
	if (learn_maps(rewrite->program) < 0)
		return err__set(err, -ENOMEM, NULL, "no memory for the maps of an object");
	rewrite->source.maps = rewriter->known.items;
	rewrite->source.map_count = (uint32_t)rewriter->known.len;
	r = look_at(rewrite, err);
	if (r == 0)
		r = splice_all(rewrite, options, err);
	if (r == 0 && rewrite->redirected > 0 && !rewrite->part->keeps_original)
		r = hand_over(rewrite, options, err);
	return r;
}

/* Keeps no site of this program that says it was redirected. */
static void take_back(struct program *program, const struct program_part *part)
{
	vec_for_each(&program->rewriter.sites, site)
		if (str_eq(site->program, part->view.name) && !site->reason)
			site->reason = part->view.why_original;
}

static void keep_original(struct program *program, struct program_part *part, const struct err *err)
{
	part->keeps_original = true;
	part->is_rewritten = false;
	part->view.why_original = arena__printf(
		&program->arena, "it runs unchanged, and what has no room in its maps is lost: %s",
		err->text ? err->text : strerror(-err->code));
}

int rewriter__run(struct program *program, struct program_part *part,
		  struct bpf_prog_load_opts *options)
{
	__cleanup(err__done) struct err err = ERR_INIT;
	struct rewrite rewrite = { .program = program, .part = part };

	part->is_rewritten = false;
	if (!has_wishes(program))
		return 0;
	if (rewrite_part(&rewrite, options, &err) < 0) {
		part->view.why_original = arena__strdup(&program->arena,
							err.text ? err.text : strerror(-err.code));
		part->keeps_original = true;
		counted_rings__refuse(program, part, part->view.why_original);
	}
	if (part->keeps_original)
		take_back(program, part);
	counted_plan__done(&rewrite.plan);
	site_list__done(&rewrite.sites);
	flow__free(rewrite.flow);
	return program->rings.must_retry ? -EAGAIN : 0;
}

void rewriter__give_up(struct program *program, struct program_part *part, struct err *err)
{
	keep_original(program, part, err);
	err__done(err);
}

/* ---- a program after another ---- */

int rewriter__inherit(struct program *program, const char *map, const struct program *before,
		      struct err *err)
{
	struct overflow_map *own = find_overflow(program, map);
	const struct overflow_map *former = find_overflow(before, map);

	if (!own || own->fd >= 0 || !former || former->fd < 0 ||
	    own->value_size != former->value_size || !same_layout(&own->layout, &former->layout))
		return 0;
	own->fd = fcntl(former->fd, F_DUPFD_CLOEXEC, 0);
	return own->fd < 0 ? err__set(err, -errno, &program->spec->at,
				      "no descriptor for the overflow of map '%s'", map)
			   : 0;
}

/* ---- what others see ---- */

uint32_t program__site_count(const struct program *program)
{
	return (uint32_t)program->rewriter.sites.len;
}

const struct rewrite_site *program__site(const struct program *program, uint32_t index)
{
	return index < program->rewriter.sites.len ? &program->rewriter.sites.items[index] : NULL;
}

/* Why the first site that is not redirected is not; NULL: there is none. */
static const char *first_reason(const struct program *program, const char *map,
				uint32_t *ret_redirected)
{
	const char *reason = NULL;

	*ret_redirected = 0;
	vec_for_each(&program->rewriter.sites, site) {
		if (!str_eq(site->map, map))
			continue;
		if (!site->reason)
			++*ret_redirected;
		else if (!reason)
			reason = site->reason;
	}
	return reason;
}

int program__overflow(const struct program *program, const char *map, struct program_map *ret_map,
		      struct err *err)
{
	const struct overflow_map *overflow = find_overflow(program, map);
	uint32_t redirected;
	const char *reason = first_reason(program, map, &redirected);

	if (!overflow || overflow->fd < 0 || redirected == 0)
		return err__set(err, -ENOENT, NULL, "%s",
				reason ? reason : "no insert into it was found");
	*ret_map = (struct program_map){
		.name = OVERFLOW_MAP_NAME,
		.fd = overflow->fd,
		.type = BPF_MAP_TYPE_PERCPU_ARRAY,
		.key_size = sizeof(uint32_t),
		.value_size = overflow->value_size,
		.max_entries = overflow->layout.slot_count,
	};
	return 0;
}
