/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_HOOK_PRIVATE_H
#define SRC_PROGRAM_HOOK_PRIVATE_H

/*
 * The inside of the engine of hooks, shared by hook_*.c; nobody else includes it.
 * The engine owns everything. hook_engine.c opens and ends it, hook_place.c finds out how a place can be had, hook_known.c
 * remembers it, hook_link.c puts routines behind an image, hook_attach.c loads and attaches, hook_calls.c keeps the shared
 * programs of system calls, hook_mappings.c has the kernel tell of files that are mapped.
 */

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"
#include "program/attach.h"
#include "program/hook.h"
#include "program/private.h"

/* As libbpf relocated it: the function itself first, then whatever it calls. */
struct hook_routine {
	const char *name;
	const struct bpf_insn *insns; /* borrowed from the object */
	uint32_t count;
};

struct hook_loaded {
	enum hook_end end;
	int fd; /* owned */
	uint32_t instructions;
	struct link_set links; /* owned */
};

/* One end of a hook among those that share the program of a system call. */
struct hook_call {
	uint32_t number; /* POLICY_SYSCALL_32 */
	uint32_t hook;
	int fd; /* borrowed */
};

struct hook_calls {
	VEC(struct hook_call) calls; /* in the order they are asked in */
	struct link_set links; /* owned; the shared program is attached while there is a call */
};

struct hook {
	VEC(struct hook_loaded) programs;
	uint32_t first_row, row_count; /* of figures */
	bool has_call_table;
	uint32_t call_table; /* a row of counts by number */
};

struct hook_engine {
	struct hook_engine_options options;
	__u64 seed[POLICY_SEED_WORDS]; /* what texts are hashed with */
	struct rodata_spec seed_spec;  /* of both objects */
	struct program_spec spec;      /* of bpf/policy.bpf.c */
	struct program *program;       /* owned */
	struct program_spec masks_spec;
	struct program *masks; /* owned; NULL: no policy asks */
	struct program_spec scopes_spec;
	struct program *scopes; /* owned; NULL: no policy asks */
	struct hook_features features;
	bool is_write_tried, can_write_user;
	VEC(struct hook_routine) routines;
	struct arena texts;                   /* of the last hook_engine__resolve() */
	struct map known;                     /* of hook_known.c; values owned */
	uint8_t *switches;                    /* mapped; POLICY_HOOKS_MAX bytes */
	struct hook *hooks[POLICY_HOOKS_MAX]; /* owned; NULL: free */
	uint32_t next;                        /* where the search for a free one begins */
	bool is_row_used[POLICY_FIGURES_MAX]; /* of figures */
	bool is_call_table_used[POLICY_CALL_TABLES];
	struct hook_calls calls[2]; /* by enum hook_end */
	struct link_set mappings;   /* owned; open while there are users */
	uint32_t mapping_users;
	uint64_t mapping_mark; /* 0: nobody asked yet */
};

/* What a program is loaded as, and how it gets to its place. */
struct hook_manner {
	const char *how;
	uint32_t program_type, attach_type;
	enum hook_context context;
	bool is_bound; /* to a type of the kernel, at load */
	bool is_preemptible;
	bool sleeps;
};

/* ---- hook_place.c ---- */

/* What was found of one place, for one end of it. */
struct hook_target {
	const struct hook_manner *kind;
	const char *name; /* function, event: in the engine's texts */
	uint32_t btf_id;  /* is_bound */
	bool is_chained;
	bool hides_registers;
};
/* Both ends; the second is of no use where a place has none. */
int hook_engine__find(struct hook_engine *engine, const struct hook_place *places, size_t count,
		      struct hook_target (*ret_targets)[2], size_t *ret_index, struct err *err);

/* ---- hook_known.c ---- */

struct kernel_target;
/* Whether its btf_id is there now. */
bool hook_engine__knows(const struct hook_engine *engine, struct kernel_target *target);
void hook_engine__note(struct hook_engine *engine, const struct kernel_target *target);
/* What programs that are bound to it may do. */
enum hook_bond {
	HOOK_BOND_NONE,
	HOOK_BOND_BLIND /* not load its first argument */,
	HOOK_BOND_WHOLE
};
/* False: that was not tried yet. */
bool hook_engine__knows_bond(const struct hook_engine *engine, const struct kernel_target *target,
			     uint32_t attach_type, enum hook_bond *ret_bond);
void hook_engine__note_bond(struct hook_engine *engine, const struct kernel_target *target,
			    uint32_t attach_type, enum hook_bond bond);

/* ---- hook_link.c ---- */

/* After the object was loaded. */
int hook_engine__collect_routines(struct hook_engine *engine, struct err *err);

struct linked_code {
	VEC(struct bpf_insn) insns; /* owned */
};
int hook_engine__link(const struct hook_engine *engine, const struct hook_image *image,
		      struct linked_code *ret_code, struct err *err);

/* ---- hook_engine.c ---- */

/* Between open and load: the program's map of that name is that of the other one. */
int program__share_map(struct program *program, const char *name, const struct program *other,
		       struct err *err);

/* ---- hook_attach.c ---- */

/* Loads and attaches; on failure nothing is left of it. */
int hook_engine__attach(struct hook_engine *engine, const struct hook_place *place,
			const struct hook_target *target, enum hook_end end,
			const struct linked_code *code, struct hook_loaded *ret_loaded,
			struct err *err);
void hook_loaded__done(struct hook_loaded *loaded);

/* ---- hook_calls.c ---- */

int hook_engine__add_call(struct hook_engine *engine, enum hook_end end, struct hook_call call,
			  struct err *err);
void hook_engine__remove_calls(struct hook_engine *engine, uint32_t hook);

#endif
