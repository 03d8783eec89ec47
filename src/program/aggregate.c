/* SPDX-License-Identifier: Apache-2.0 */
#include "program/aggregate.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "ir/ir.h"
#include "program/private.h"

#define COUNTS_MAP_NAME "sonde_counts"
#define SPARE_MAP_NAME "sonde_spare"
#define CONTROL_MAP_NAME "sonde_control"
#define SLOTS_MAP_NAME "sonde_slots"
#define SHARED_SLOTS_LEAST 4u
#define SHARED_SLOTS_BYTES (32u << 10) /* on each CPU, as far as that leaves enough slots */

static struct counted_ring *find_ring(const struct program *program, const char *name)
{
	vec_for_each(&program->rings.rings, ring)
		if (str_eq(ring->name, name))
			return ring;
	return NULL;
}

const char *rung_name(enum rung rung)
{
	switch (rung) {
	case RUNG_UNTOUCHED:
		return "untouched";
	case RUNG_QUIET_RING:
		return "quiet ring";
	case RUNG_SLOT:
		return "slot";
	case RUNG_PRUNED:
		return "pruned slot";
	}
	return "";
}

/* ---- what is wanted ---- */

static const void *copy(struct arena *arena, const void *bytes, size_t size)
{
	return size ? arena__memdup(arena, bytes, size) : NULL;
}

/* The lists that an aggregate borrows. False: no memory. */
static bool copy_lists(struct arena *arena, const struct aggregate *from, struct aggregate *to)
{
	struct aggregate_condition *conditions = arena_array(arena, struct aggregate_condition,
							     from->condition_count);

	if (from->condition_count && !conditions)
		return false;
	for (uint32_t i = 0; i < from->condition_count; i++) {
		conditions[i] = from->conditions[i];
		conditions[i].text = copy(arena, from->conditions[i].text,
					  from->conditions[i].text_len);
		if (from->conditions[i].text_len && !conditions[i].text)
			return false;
	}
	to->conditions = conditions;
	to->keys = copy(arena, from->keys, from->key_count * sizeof(*from->keys));
	to->value.boundaries = copy(arena, from->value.boundaries,
				    from->value.boundary_count * sizeof(*from->value.boundaries));
	return (to->keys || !from->key_count) &&
	       (to->value.boundaries || !from->value.boundary_count);
}

static int add_aggregate(struct program *program, struct counted_ring *ring,
			 const struct aggregate *from, struct err *err)
{
	uint32_t index = ring->aggregate_count;
	struct aggregate *to = &ring->aggregates[index];
	struct aggregate_layout *layout = &ring->layouts[index];
	int r = aggregate__layout(from, layout, err);

	if (r < 0)
		return r;
	if (from->record_size != ring->record_size)
		return err__set(err, -EINVAL, NULL, "records of '%s' have %u bytes, or %u",
				ring->name, ring->record_size, from->record_size);
	*to = *from;
	if (!copy_lists(&program->arena, from, to))
		return err__set(err, -ENOMEM, NULL, "no memory for an aggregate");
	ring->codes[index] = (struct aggregate_code){
		.aggregate = to, .layout = layout, .counts_fd = -1, .spare_fd = -1
	};
	if (layout->key_size > ring->key_size)
		ring->key_size = layout->key_size;
	ring->aggregate_count++;
	return 0;
}

static int fill_ring(struct program *program, struct counted_ring *ring,
		     const struct aggregate *list, uint32_t count, struct err *err)
{
	int r = 0;

	ring->aggregates = arena_array(&program->arena, struct aggregate, count);
	ring->layouts = arena_array(&program->arena, struct aggregate_layout, count);
	ring->codes = arena_array(&program->arena, struct aggregate_code, count);
	if (count && (!ring->aggregates || !ring->layouts || !ring->codes))
		return err__set(err, -ENOMEM, NULL, "no memory for %u aggregates", count);
	ring->record_size = count ? list[0].record_size : 0;
	for (uint32_t i = 0; r == 0 && i < count; i++)
		r = add_aggregate(program, ring, &list[i], err);
	return r;
}

static int check_ring(const struct program *program, const struct fact_map *facts, const char *name,
		      struct err *err)
{
	if (!facts)
		return err__set(err, -ENOENT, NULL, "there is no map '%s'", name);
	if (facts->type != BPF_MAP_TYPE_RINGBUF && facts->type != BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		return err__set(err, -EINVAL, NULL, "map '%s' is no ring or perf buffer", name);
	if (find_ring(program, name))
		return err__set(err, -EEXIST, NULL, "records of map '%s' are counted already",
				name);
	if (program->is_loaded)
		return err__set(err, -EBUSY, NULL,
				"its programs run already, and stay as they are");
	return 0;
}

int program__want_aggregate(struct program *program, const char *ring, const struct aggregate *list,
			    uint32_t count, enum rung most, struct err *err)
{
	const struct fact_map *facts = facts__find_map(&program->facts, ring);
	struct counted_ring counted = { .most = most, .control_fd = -1 };
	int r = check_ring(program, facts, ring, err);

	if (r < 0)
		return r;
	memset(counted.slot_fds, 0xff, sizeof(counted.slot_fds)); /* -1 */
	counted.name = facts->name;
	counted.type = facts->type;
	if (count == 0 && most > RUNG_QUIET_RING)
		counted.most = RUNG_QUIET_RING;
	r = fill_ring(program, &counted, list, count, err);
	if (r < 0)
		return r;
	if (vec_push(&program->rings.rings, counted) < 0)
		return err__set(err, -ENOMEM, NULL, "no memory to count records of '%s'", ring);
	return 0;
}

/* ---- maps ---- */

static int make_map(const char *name, uint32_t type, uint32_t key_size, uint32_t value_size,
		    uint32_t entries, uint32_t flags)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = flags);
	int fd = bpf_map_create(type, name, key_size, value_size, entries, &options);

	return fd < 0 ? -errno : fd;
}

static int make_control(struct counted_ring *ring)
{
	void *page;

	if (ring->control)
		return 0;
	ring->control_fd = make_map(CONTROL_MAP_NAME, BPF_MAP_TYPE_ARRAY, sizeof(uint32_t),
				    SLOT_CONTROL_BYTES, 1, BPF_F_MMAPABLE);
	if (ring->control_fd < 0)
		return ring->control_fd;
	page = mmap(NULL, SLOT_CONTROL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, ring->control_fd,
		    0);
	if (page == MAP_FAILED)
		return -errno;
	ring->control = page;
	return 0;
}

static int make_counts(struct aggregate_code *code)
{
	const struct aggregate_layout *layout = code->layout;

	if (code->counts_fd < 0)
		code->counts_fd = make_map(COUNTS_MAP_NAME, BPF_MAP_TYPE_HASH, layout->key_size,
					   layout->value_size, code->aggregate->max_keys, 0);
	if (code->counts_fd >= 0 && code->spare_fd < 0)
		code->spare_fd = make_map(SPARE_MAP_NAME, BPF_MAP_TYPE_ARRAY, sizeof(uint32_t),
					  AGGREGATE_SPARE_BYTES(layout), 1, 0);
	return code->counts_fd < 0 ? code->counts_fd : code->spare_fd < 0 ? code->spare_fd : 0;
}

/* Once; what cannot be made leaves the ring as it is. */
static void make_maps(struct program *program, struct counted_ring *ring)
{
	int r = ring->problem || ring->most < RUNG_SLOT ? 0 : make_control(ring);

	for (uint32_t i = 0; r == 0 && !ring->problem && i < ring->aggregate_count; i++)
		r = make_counts(&ring->codes[i]);
	if (r < 0)
		ring->problem = arena__printf(&program->arena,
					      "a map to count in cannot be made: %s", strerror(-r));
}

uint32_t counted_ring__shared_slots(const struct counted_ring *ring)
{
	struct slot_layout layout = counted_ring__slot_layout(ring, SLOT_CONTENT_RECORD);
	uint32_t count = SHARED_SLOTS_BYTES / slot_layout__size(&layout);

	if (count > COUNTED_SHARED_SLOTS_MAX)
		return COUNTED_SHARED_SLOTS_MAX;
	return count < SHARED_SLOTS_LEAST ? SHARED_SLOTS_LEAST : count;
}

struct slot_layout counted_ring__slot_layout(const struct counted_ring *ring,
					     enum slot_content content)
{
	return (struct slot_layout){
		.record_size = content == SLOT_CONTENT_RECORD ? ring->record_size : 0,
		.key_size = ring->key_size,
	};
}

int counted_ring__slots(struct counted_ring *ring, const struct program *program,
			enum slot_home home, enum slot_content content)
{
	struct slot_layout layout = counted_ring__slot_layout(ring, content);
	int *fd = &ring->slot_fds[home][content];

	if (*fd < 0)
		*fd = make_map(SLOTS_MAP_NAME, BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(uint32_t),
			       slot_layout__size(&layout),
			       home == SLOT_HOME_OWN ? program->part_count
						     : counted_ring__shared_slots(ring),
			       0);
	return *fd;
}

/* ---- a load ---- */

/* No record passes through it: the smallest one that the kernel makes will do. */
static void shrink(const struct program *program, const struct counted_ring *ring)
{
	struct bpf_map *library = bpf_object__find_map_by_name(program->object, ring->name);
	long page = sysconf(_SC_PAGESIZE);

	if (library && ring->type == BPF_MAP_TYPE_RINGBUF && !bpf_map__pin_path(library) &&
	    page > 0)
		(void)bpf_map__set_max_entries(library, (uint32_t)page);
}

/* One that cannot be counted takes all others with it, or its records could not be told from theirs. */
static bool all_counted(const struct counted_ring *ring)
{
	if (ring->problem || ring->most < RUNG_SLOT)
		return false;
	vec_for_each(&ring->parts, part)
		if (part->part->is_wanted && part->has_sites && part->allowed < RUNG_SLOT)
			return false;
	return true;
}

int counted_rings__begin(struct program *program, struct err *err)
{
	program->rings.must_retry = false;
	vec_for_each(&program->rings.rings, ring) {
		bool had_problem = ring->problem;

		make_maps(program, ring);
		if (!had_problem && ring->problem && program->options.is_strict)
			return err__set(err, -EIO, &program->spec->at, "map '%s': %s", ring->name,
					ring->problem);
		ring->is_counted = all_counted(ring);
		ring->own_slots = 0;
		if (ring->is_counted && ring->most == RUNG_PRUNED)
			shrink(program, ring);
	}
	return 0;
}

static void close_map(int fd)
{
	if (fd >= 0)
		(void)close(fd);
}

static void end_ring(struct counted_ring *ring)
{
	for (uint32_t i = 0; i < ring->aggregate_count; i++) {
		close_map(ring->codes[i].counts_fd);
		close_map(ring->codes[i].spare_fd);
	}
	for (size_t i = 0; i < SLOT_HOME_COUNT; i++)
		for (size_t j = 0; j < SLOT_CONTENT_COUNT; j++)
			close_map(ring->slot_fds[i][j]);
	if (ring->control)
		(void)munmap(ring->control, SLOT_CONTROL_BYTES);
	close_map(ring->control_fd);
	vec_done(&ring->parts);
}

void counted_rings__done(struct counted_rings *rings)
{
	vec_for_each(&rings->rings, ring)
		end_ring(ring);
	vec_done(&rings->rings);
}

static bool is_map(int fd, uint32_t *index)
{
	return fd >= 0 && (*index)-- == 0;
}

static int find_map(const struct counted_ring *ring, uint32_t *index)
{
	for (uint32_t i = 0; i < ring->aggregate_count; i++) {
		if (is_map(ring->codes[i].counts_fd, index))
			return ring->codes[i].counts_fd;
		if (is_map(ring->codes[i].spare_fd, index))
			return ring->codes[i].spare_fd;
	}
	for (size_t i = 0; i < SLOT_HOME_COUNT; i++)
		for (size_t j = 0; j < SLOT_CONTENT_COUNT; j++)
			if (is_map(ring->slot_fds[i][j], index))
				return ring->slot_fds[i][j];
	return is_map(ring->control_fd, index) ? ring->control_fd : -1;
}

int counted_rings__map(const struct counted_rings *rings, uint32_t *index, const char **ret_name)
{
	vec_for_each(&rings->rings, ring) {
		int fd = find_map(ring, index);

		if (fd < 0)
			continue;
		*ret_name = ring->name;
		return fd;
	}
	return -1;
}

struct counted_part *counted_ring__part(struct counted_ring *ring, const struct program_part *part)
{
	const struct counted_part added = {
		.part = part,
		.allowed = ring->most,
		.view = { .program = part->view.name },
	};

	vec_for_each(&ring->parts, known)
		if (known->part == part)
			return known;
	if (vec_push(&ring->parts, added) < 0)
		return NULL;
	return &ring->parts.items[ring->parts.len - 1];
}

/* Pruning that took nothing out made no other program than the next rung will. */
static enum rung next_rung(const struct counted_part *part)
{
	if (part->view.rung == RUNG_PRUNED)
		return part->view.removed > 0 ? RUNG_SLOT : RUNG_QUIET_RING;
	return part->view.rung == RUNG_SLOT ? RUNG_QUIET_RING : RUNG_UNTOUCHED;
}

static bool step_down(struct program *program, struct counted_part *part, const struct err *err)
{
	if (!part->has_sites || part->view.rung == RUNG_UNTOUCHED)
		return false;
	/* Without a verifier's log it was not about the instructions. */
	part->allowed = err->cause ? next_rung(part) : RUNG_UNTOUCHED;
	part->view.reason = arena__printf(&program->arena, "as %s it is refused: %s",
					  rung_name(part->view.rung),
					  err->text ? err->text : strerror(-err->code));
	part->view.cause = err->cause ? arena__strdup(&program->arena, err->cause) : NULL;
	return true;
}

bool counted_rings__step_down(struct program *program, const struct program_part *part,
			      const struct err *err)
{
	bool is_any = false;

	vec_for_each(&program->rings.rings, ring)
		vec_for_each(&ring->parts, counted)
			if (counted->part == part)
				is_any |= step_down(program, counted, err);
	return is_any;
}

/* ---- what others see ---- */

static const char *why_not_counted(const struct counted_ring *ring)
{
	if (ring->problem)
		return ring->problem;
	vec_for_each(&ring->parts, part)
		if (part->has_sites && part->allowed < RUNG_SLOT && part->view.reason)
			return part->view.reason;
	return "its records come through the ring";
}

static struct program_map describe_map(const char *name, int fd, uint32_t type, uint32_t key_size,
				       uint32_t value_size, uint32_t entries)
{
	return (struct program_map){
		.name = name,
		.fd = fd,
		.type = type,
		.key_size = key_size,
		.value_size = value_size,
		.max_entries = entries,
	};
}

int program__aggregate(const struct program *program, const char *ring, uint32_t index,
		       struct program_map *ret_counts, struct program_map *ret_spare,
		       struct err *err)
{
	const struct counted_ring *counted = find_ring(program, ring);
	const struct aggregate_code *code;

	if (!counted || index >= counted->aggregate_count || !program->is_loaded)
		return err__set(err, -ENOENT, NULL, "nothing is counted of map '%s'", ring);
	if (!counted->is_counted)
		return err__set(err, -ENOENT, NULL, "%s", why_not_counted(counted));
	code = &counted->codes[index];
	*ret_counts = describe_map(COUNTS_MAP_NAME, code->counts_fd, BPF_MAP_TYPE_HASH,
				   code->layout->key_size, code->layout->value_size,
				   code->aggregate->max_keys);
	*ret_spare = describe_map(SPARE_MAP_NAME, code->spare_fd, BPF_MAP_TYPE_ARRAY,
				  sizeof(uint32_t), AGGREGATE_SPARE_BYTES(code->layout), 1);
	return 0;
}

static bool is_seen(const struct counted_part *part)
{
	return part->has_sites && part->part->is_wanted;
}

const char *program__counted_ring(const struct program *program, uint32_t index)
{
	return index < program->rings.rings.len ? program->rings.rings.items[index].name : NULL;
}

uint32_t program__rung_count(const struct program *program, const char *ring)
{
	const struct counted_ring *counted = find_ring(program, ring);
	uint32_t count = 0;

	if (!counted)
		return 0;
	vec_for_each(&counted->parts, part)
		count += is_seen(part);
	return count;
}

const struct rung_view *program__rung(const struct program *program, const char *ring,
				      uint32_t index)
{
	const struct counted_ring *counted = find_ring(program, ring);

	if (!counted)
		return NULL;
	vec_for_each(&counted->parts, part)
		if (is_seen(part) && index-- == 0)
			return &part->view;
	return NULL;
}

int program__set_events(struct program *program, const char *ring, bool is_on, struct err *err)
{
	struct counted_ring *counted = find_ring(program, ring);

	if (!counted || !counted->is_counted)
		return 0;
	if (counted->most == RUNG_PRUNED)
		return err__set(err, -EOPNOTSUPP, NULL,
				"records of map '%s' are only counted, and no longer filled in",
				ring);
	__atomic_store_n(&counted->control[SLOT_CONTROL_EVENTS / sizeof(uint64_t)], is_on,
			 __ATOMIC_RELEASE);
	return 0;
}

static uint64_t read_control(const struct counted_ring *ring, enum slot_control what)
{
	return __atomic_load_n(&ring->control[what / sizeof(uint64_t)], __ATOMIC_ACQUIRE);
}

struct ring_losses program__ring_losses(const struct program *program, const char *ring)
{
	const struct counted_ring *counted = find_ring(program, ring);

	if (!counted || !counted->is_counted)
		return (struct ring_losses){ .uncounted = 0 };
	return (struct ring_losses){
		.uncounted = read_control(counted, SLOT_CONTROL_NO_SLOT),
		.unsent = read_control(counted, SLOT_CONTROL_NO_RING),
	};
}
