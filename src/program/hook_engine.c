/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "bpf/abi/policy_hash.h"
#include "host/host.h"
#include "program/feature.h"
#include "program/hook_private.h"
#include "program/kernel_targets.h"

/* Names in bpf/policy.bpf.c. */
#define RING_NAME "policy_records"
#define SWITCHES_NAME "policy_switches"
#define FIGURES_NAME "policy_figures"
#define PROCESSES_NAME "who_processes" /* bpf/who.bpf.c's own */

#define STACKS_NAME "policy_stacks"
#define SET_VALUE_MAX 64
#define STACK_FRAMES_MAX 127 /* PERF_MAX_STACK_DEPTH */

#define RING_BYTES_OF_A_CPU (64u << 10)

/* ---- what this kernel can do ---- */

static bool loads(uint32_t program_type, uint32_t attach_type, uint32_t btf_id, int32_t helper)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = 0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = helper },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options,
		    .expected_attach_type = (enum bpf_attach_type)attach_type,
		    .attach_btf_id = btf_id);
	int fd = bpf_prog_load((enum bpf_prog_type)program_type, NULL, "GPL",
			       helper ? insns : insns + 3, helper ? 5 : 2, &options);
	bool is_loaded = fd >= 0;

	fd_closep(&fd);
	return is_loaded;
}

/* The kernel's own tests of the two have functions that do nothing; where they are not built in, any will do. */
static void find_bound(struct hook_engine *engine)
{
	enum { CALL = 2, FUNCTIONS = CALL };
	struct kernel_target targets[] = {
		{ .name = "security_file_open", .kind = BTF_KIND_FUNC },
		{ .name = "bpf_fentry_test1", .kind = BTF_KIND_FUNC },
		{ .name = HOOK_SYSCALL_PREFIX "sys_read", .kind = BTF_KIND_FUNC },
	};
	__cleanup(arena__done) struct arena arena = { 0 };
	struct err ignored = { 0 };

	if (kernel_targets_find(engine->options.host, targets, array_size(targets), &arena,
				&ignored) == 0) {
		for (size_t i = 0; i < FUNCTIONS && !engine->features.has_fentry; i++)
			engine->features.has_fentry = targets[i].btf_id && !targets[i].module &&
						      loads(BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY,
							    targets[i].btf_id, 0);
		engine->features.has_modify_return = targets[0].btf_id &&
						     loads(BPF_PROG_TYPE_TRACING, BPF_MODIFY_RETURN,
							   targets[0].btf_id, 0);
		/* With error injection; newer kernels without it as well. */
		engine->features.has_modify_call = targets[CALL].btf_id &&
						   loads(BPF_PROG_TYPE_TRACING, BPF_MODIFY_RETURN,
							 targets[CALL].btf_id, 0);
	}
	err__done(&ignored);
}

/* The first of struct pt_regs, with itself: the verifier lets it pass or not, whatever the program hangs on. */
static bool try_registers(void)
{
	static const struct bpf_insn insns[] = {
		{ .code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_1 },
		{ .code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_2 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_KPROBE, NULL, "GPL", insns, array_size(insns), NULL);
	bool is_loaded = fd >= 0;

	fd_closep(&fd);
	return is_loaded;
}

static void find_features(struct hook_engine *engine)
{
	struct features *features = engine->program->features;
	struct err ignored = { 0 };

	engine->features.has_kprobes = features__kprobes(features, &ignored) == 0;
	err__done(&ignored);
	engine->features.has_uprobes = features__uprobes(features, &ignored) == 0;
	err__done(&ignored);
	engine->features.has_lsm = features__lsm(features, &ignored) == 0;
	err__done(&ignored);
	find_bound(engine);
	engine->features.has_override = loads(BPF_PROG_TYPE_KPROBE, 0, 0, BPF_FUNC_override_return);
	engine->features.has_signal = loads(BPF_PROG_TYPE_RAW_TRACEPOINT, 0, 0,
					    BPF_FUNC_send_signal);
	engine->features.has_user_registers = try_registers();
	engine->features.has_exchange = features__exchange(features);
}

const struct hook_features *hook_engine__features(const struct hook_engine *engine)
{
	return &engine->features;
}

/* Eight zeroes to nowhere. */
static bool try_write_user(void)
{
	static const struct bpf_insn insns[] = {
		{ .code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .off = -8, .imm = 0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_1, .imm = 0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X,
		  .dst_reg = BPF_REG_2,
		  .src_reg = BPF_REG_10 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_2, .imm = -8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = 8 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_probe_write_user },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_KPROBE, NULL, "GPL", insns, array_size(insns), NULL);
	bool is_loaded = fd >= 0;

	fd_closep(&fd);
	return is_loaded;
}

bool hook_engine__can_write_user(struct hook_engine *engine)
{
	if (!engine->is_write_tried)
		engine->can_write_user = try_write_user();
	engine->is_write_tried = true;
	return engine->can_write_user;
}

/* ---- open and close ---- */

int program__share_map(struct program *program, const char *name, const struct program *other,
		       struct err *err)
{
	struct inherited_map shared = { .name = name, .is_shared = true };
	struct program_map map;
	int r = program__map(other, name, &map, err);

	if (r < 0)
		return r;
	shared.fd = fcntl(map.fd, F_DUPFD_CLOEXEC, 0);
	if (shared.fd < 0 || vec_push(&program->inherited, shared) < 0) {
		fd_closep(&shared.fd);
		return err__set(err, -ENOMEM, NULL, "no descriptor for map '%s'", name);
	}
	return 0;
}

/* The processes that bpf/who.bpf.c keeps are those that hooks ask for. */
static int share_processes(struct hook_engine *engine, struct err *err)
{
	return engine->options.who ? program__share_map(engine->program, PROCESSES_NAME,
							engine->options.who, err)
				   : 0;
}

static uint32_t ring_bytes(const struct hook_engine *engine)
{
	uint32_t wanted = engine->options.ring_bytes;

	return wanted ? wanted : RING_BYTES_OF_A_CPU * host__possible_cpus(engine->options.host);
}

static int map_switches(struct hook_engine *engine, struct err *err)
{
	struct program_map map;
	int r = program__map(engine->program, SWITCHES_NAME, &map, err);
	void *at;

	if (r < 0)
		return r;
	at = mmap(NULL, POLICY_HOOKS_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, map.fd, 0);
	if (at == MAP_FAILED)
		return err__set(err, -errno, NULL, "the switches of hooks cannot be mapped: %s",
				strerror(errno));
	engine->switches = at;
	return 0;
}

/* Whoever knew it could make a text that is taken for another. */
static int make_seed(struct hook_engine *engine, struct err *err)
{
	if (getrandom(engine->seed, sizeof(engine->seed), 0) != (ssize_t)sizeof(engine->seed))
		return err__set(err, -EIO, NULL, "the kernel has no random numbers");
	engine->seed_spec = (struct rodata_spec){ .name = "policy_seed",
						  .value = engine->seed,
						  .value_size = sizeof(engine->seed) };
	return 0;
}

uint64_t hook_engine__hash(const struct hook_engine *engine, const void *bytes, size_t size)
{
	struct policy_hash hash;

	policy_hash_begin(&hash, engine->seed);
	for (size_t at = 0; at < size; at += sizeof(uint64_t)) {
		size_t rest = size - at;
		uint64_t word = 0;

		memcpy(&word, (const uint8_t *)bytes + at,
		       rest < sizeof(word) ? rest : sizeof(word));
		policy_hash_add(&hash, word);
	}
	return policy_hash_end(&hash, size);
}

/* Rooms for thousands of keys, of which most machines have some dozens. */
static const char *const sparse_maps[] = { "policy_counts", "policy_numbers", "policy_processes",
					   "policy_texts" };

static int open_object(struct hook_engine *engine, struct err *err)
{
	const struct program_options options = { .host = engine->options.host,
						 .btf_path = engine->options.btf_path };
	int r;

	engine->spec = (struct program_spec){ .name = "policy",
					      .kind = OBJECT_KIND_BUILTIN,
					      .object = "policy",
					      .rodata = &engine->seed_spec,
					      .rodata_count = 1 };
	r = make_seed(engine, err);
	if (r == 0)
		r = program__open(&engine->spec, &options, &engine->program, err);
	if (r == 0)
		r = share_processes(engine, err);
	if (r == 0)
		r = program__plan(engine->program, err);
	if (r == 0)
		r = program__want_mmap(engine->program, SWITCHES_NAME);
	for (size_t i = 0; i < array_size(sparse_maps) && r == 0; i++)
		r = program__want_sparse(engine->program, sparse_maps[i]);
	if (r == 0)
		r = program__want_ring(engine->program, RING_NAME, ring_bytes(engine));
	if (r == 0)
		r = program__load(engine->program, err);
	return r;
}

int hook_engine__open(const struct hook_engine_options *options, struct hook_engine **ret_engine,
		      struct err *err)
{
	struct hook_engine *engine = new_zero(struct hook_engine);
	int r;

	if (!engine)
		return err__set(err, -ENOMEM, NULL, "no memory for the engine of policies");
	engine->options = *options;
	r = open_object(engine, err);
	if (r == 0)
		r = map_switches(engine, err);
	if (r == 0)
		r = hook_engine__collect_routines(engine, err);
	if (r < 0) {
		hook_engine__close(engine);
		return err__wrap(err, r, NULL, "the engine of policies");
	}
	find_features(engine);
	*ret_engine = engine;
	return 0;
}

struct hook_engine *hook_engine__close(struct hook_engine *engine)
{
	if (!engine)
		return NULL;
	for (uint32_t hook = 0; hook < POLICY_HOOKS_MAX; hook++)
		hook_engine__remove(engine, hook);
	hook_engine__end_calls(engine);
	link_set__done(&engine->mappings);
	if (engine->switches)
		(void)munmap(engine->switches, POLICY_HOOKS_MAX);
	hook_engine__close_scopes(engine);
	program__close(engine->masks);
	program__close(engine->program);
	vec_done(&engine->routines);
	arena__done(&engine->texts);
	map__done(&engine->known, free);
	free(engine);
	return NULL;
}

int hook_engine__map(const struct hook_engine *engine, const char *name,
		     struct program_map *ret_map, struct err *err)
{
	return program__map(engine->program, name, ret_map, err);
}

int hook_engine__write(struct hook_engine *engine, const char *name, const void *key,
		       struct err *err)
{
	static const uint64_t nothing[SET_VALUE_MAX / sizeof(uint64_t)];
	struct program_map map;
	int r = program__map(engine->program, name, &map, err);

	if (r < 0)
		return r;
	if (map.value_size > sizeof(nothing))
		return err__set(err, -EINVAL, NULL, "map '%s' holds no sets", name);
	if (bpf_map_update_elem(map.fd, key, nothing, BPF_ANY) == 0)
		return 0;
	if (errno == E2BIG || errno == ENOSPC)
		return err__set(err, -E2BIG, NULL,
				"too many values: selectors of all policies together have room "
				"for %u in '%s'",
				map.max_entries, name);
	return err__set(err, -errno, NULL, "values of selectors cannot be written: %s",
			strerror(errno));
}

void hook_engine__erase(struct hook_engine *engine, const char *name, const void *key)
{
	struct program_map map;

	if (program__map(engine->program, name, &map, NULL) == 0)
		(void)bpf_map_delete_elem(map.fd, key); /* it may never have been written */
}

int hook_engine__stack(const struct hook_engine *engine, uint32_t id, uint64_t *addresses,
		       uint32_t max)
{
	struct program_map map;
	uint64_t frames[STACK_FRAMES_MAX] = { 0 };
	uint32_t count = 0;

	if (program__map(engine->program, STACKS_NAME, &map, NULL) < 0 ||
	    map.value_size > sizeof(frames) || bpf_map_lookup_elem(map.fd, &id, frames) < 0)
		return -ENOENT;
	while (count < max && count < STACK_FRAMES_MAX && frames[count]) {
		addresses[count] = frames[count];
		count++;
	}
	return (int)count;
}

int hook_engine__tracefs(struct hook_engine *engine, struct err *err)
{
	return features__tracefs(engine->program->features, err);
}

/* ---- numbers and rows ---- */

static bool is_free(const struct hook_engine *engine, uint32_t first, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (engine->is_row_used[first + i])
			return false;
	return true;
}

/* What a hook before left there. */
static int clear_rows(struct hook_engine *engine, uint32_t first, uint32_t count, struct err *err)
{
	uint32_t cpus = host__possible_cpus(engine->options.host);
	__cleanup(x_freep) struct policy_figures *none = calloc(cpus, sizeof(*none));
	struct program_map map;
	int r = none ? hook_engine__map(engine, FIGURES_NAME, &map, err) : -ENOMEM;

	for (uint32_t row = first; row < first + count && r == 0; row++)
		if (bpf_map_update_elem(map.fd, &row, none, BPF_ANY) < 0)
			r = err__set(err, -errno, NULL, "figures of a hook cannot be cleared: %s",
				     strerror(errno));
	return r;
}

static int reserve_rows(struct hook_engine *engine, struct hook *hook, struct err *err)
{
	for (uint32_t first = 0; first + hook->row_count <= POLICY_FIGURES_MAX; first++) {
		if (!is_free(engine, first, hook->row_count))
			continue;
		hook->first_row = first;
		memset(engine->is_row_used + first, true, hook->row_count);
		return clear_rows(engine, first, hook->row_count, err);
	}
	return err__set(err, -ENOSPC, NULL,
			"too many selectors: hooks of all policies together have at most %u",
			(uint32_t)POLICY_FIGURES_MAX);
}

int hook_engine__reserve(struct hook_engine *engine, uint32_t rules, uint32_t *ret_hook,
			 uint32_t *ret_first_figures, struct err *err)
{
	uint32_t number = engine->next;
	struct hook *hook;
	int r;

	while (engine->hooks[number]) {
		number = (number + 1) % POLICY_HOOKS_MAX;
		if (number == engine->next)
			return err__set(err, -ENOSPC, NULL,
					"too many hooks: policies together have at most %u",
					(uint32_t)POLICY_HOOKS_MAX);
	}
	hook = new_zero(struct hook);
	if (!hook)
		return err__set(err, -ENOMEM, NULL, "no memory for a hook");
	hook->row_count = rules ? rules : 1;
	engine->hooks[number] = hook;
	r = reserve_rows(engine, hook, err);
	if (r < 0) {
		hook_engine__remove(engine, number);
		return r;
	}
	/* One after the other: what is told late of one that is gone is not taken for the next one's. */
	engine->next = (number + 1) % POLICY_HOOKS_MAX;
	*ret_hook = number;
	*ret_first_figures = hook->first_row;
	return 0;
}

void hook_engine__set_switches(struct hook_engine *engine, uint32_t hook, uint8_t switches)
{
	__atomic_store_n(&engine->switches[hook], switches, __ATOMIC_RELAXED);
}

/* ---- hooks ---- */

struct hook_piece { /* of one hook, at one end */
	const struct hook_place *place;
	const struct hook_target *target;
	enum hook_end end;
	const struct linked_code *code;
};

static int add_piece(struct hook_engine *engine, uint32_t number, const struct hook_piece *piece,
		     struct err *err)
{
	struct hook *hook = engine->hooks[number];
	struct hook_loaded loaded;
	int r = hook_engine__attach(engine, piece->place, piece->target, piece->end, piece->code,
				    &loaded, err);

	if (r < 0)
		return r;
	if (vec_push(&hook->programs, loaded) < 0) {
		hook_loaded__done(&loaded);
		return err__set(err, -ENOMEM, NULL, "no memory for a hook");
	}
	if (!piece->target->is_chained)
		return 0;
	return hook_engine__add_call(engine, piece->end,
				     (struct hook_call){ .number = piece->place->syscall,
							 .hook = number,
							 .fd = loaded.fd },
				     err);
}

/* The end of a call is there before its beginning: whoever is seen to enter is seen to leave. */
static int add_place(struct hook_engine *engine, uint32_t number, const struct hook_place *place,
		     const struct hook_target ends[2], const struct linked_code codes[2],
		     struct err *err)
{
	int r = 0;

	if (!ends[HOOK_END_ENTER].kind)
		return 0;
	for (int end = HOOK_END_LEAVE; end >= HOOK_END_ENTER && r == 0; end--) {
		const struct hook_piece piece = { place, &ends[end], (enum hook_end)end,
						  &codes[end] };

		if (codes[end].insns.len)
			r = add_piece(engine, number, &piece, err);
	}
	return r;
}

static int add_places(struct hook_engine *engine, uint32_t number, const struct hook_place *places,
		      size_t count, const struct linked_code codes[2], struct err *err)
{
	struct hook_target(*targets)[2] = calloc(count + 1, sizeof(*targets));
	size_t index;
	int r;

	arena__reset(&engine->texts);
	if (!targets)
		return err__set(err, -ENOMEM, NULL, "no memory for hooks");
	r = hook_engine__find(engine, places, count, targets, &index, err);
	for (size_t i = 0; i < count && r == 0; i++)
		r = add_place(engine, number, &places[i], targets[i], codes, err);
	free(targets);
	return r;
}

int hook_engine__add(struct hook_engine *engine, uint32_t hook, const struct hook_place *places,
		     size_t place_count, const struct hook_image *enter,
		     const struct hook_image *leave, struct err *err)
{
	const struct hook_image *images[2] = { enter, leave };
	struct linked_code codes[2] = { 0 };
	int r = 0;

	for (int end = 0; end < 2 && r == 0; end++)
		if (images[end])
			r = hook_engine__link(engine, images[end], &codes[end], err);
	if (r == 0)
		r = add_places(engine, hook, places, place_count, codes, err);
	for (int end = 0; end < 2; end++)
		vec_done(&codes[end].insns);
	if (r < 0)
		hook_engine__remove(engine, hook);
	return r;
}

void hook_engine__remove(struct hook_engine *engine, uint32_t hook)
{
	struct hook *gone = engine->hooks[hook];

	if (!gone)
		return;
	hook_engine__set_switches(engine, hook, 0);
	hook_engine__remove_calls(engine, hook);
	vec_for_each(&gone->programs, loaded)
		hook_loaded__done(loaded);
	vec_done(&gone->programs);
	memset(engine->is_row_used + gone->first_row, false, gone->row_count);
	if (gone->has_call_table)
		engine->is_call_table_used[gone->call_table] = false;
	free(gone);
	engine->hooks[hook] = NULL;
}

uint32_t hook_engine__instructions(const struct hook_engine *engine, uint32_t hook)
{
	const struct hook *found = engine->hooks[hook];
	uint32_t sum = 0;

	if (found)
		vec_for_each(&found->programs, loaded)
			sum += loaded->instructions;
	return sum;
}

void hook_engine__figures(const struct hook_engine *engine, uint32_t hook,
			  struct hook_program_figures *ret_figures)
{
	struct hook_program_figures sum = { 0 };
	const struct hook *found = engine->hooks[hook];

	if (found)
		vec_for_each(&found->programs, loaded) {
			struct bpf_prog_info info = { 0 };
			uint32_t len = sizeof(info);

			sum.programs++;
			sum.links += (uint32_t)loaded->links.links.len;
			sum.instructions += loaded->instructions;
			sum.memory_bytes += program_memory_of(loaded->fd);
			if (bpf_obj_get_info_by_fd(loaded->fd, &info, &len) < 0)
				continue;
			sum.run_count += info.run_cnt;
			sum.run_time_ns += info.run_time_ns;
			sum.missed_runs += info.recursion_misses;
		}
	*ret_figures = sum;
}
