/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_PRIVATE_H
#define SRC_PROGRAM_PRIVATE_H

/*
 * The inside of a program, shared by the files of program/ that drive it; nobody else includes it.
 * The program owns all of it; strings live in its arena. object.c makes and ends it, plan.c, load.c and attach_all.c
 * move its parts on.
 */

#include "program/aggregate.h"
#include "program/attach.h"
#include "program/library.h"
#include "program/place.h"
#include "program/program.h"
#include "program/rewrite.h"

struct bpf_object;
struct bpf_program;

struct program_part {
	struct part view;                      /* what others see */
	const struct section *section;         /* or NULL: the name means nothing to us */
	const struct attach_request *requests; /* arena; what to attach to */
	uint32_t request_count;
	const char
		*btf_target; /* or NULL; what it is bound to in the kernel's types (SECTION_BTF) */
	bool is_off;         /* loaded, and attached to nothing */
	struct bpf_program *library; /* of the object that is open now */
	struct link_set links;       /* owned */
	bool is_wanted;              /* takes part in the next load */
	bool is_stepped_back;        /* left out only because an alternative before it is there */
	bool is_rewritten;           /* in the load under way, or the one that went well */
	bool keeps_original;         /* it is not rewritten (again): view.why_original */
	bool has_stand_in; /* another of its alternatives is wanted: no loss when it is left out */
};

/* A map that is not the object's own: of the program before this one, or lent by the agent. */
struct inherited_map {
	const char *name; /* of the facts */
	int fd;           /* owned; a duplicate */
	bool is_shared; /* it is that very map; else its entries are copied once the old one is detached */
};

struct wanted_ring {
	const char *name; /* arena */
	uint32_t bytes;
	bool is_exact; /* also less than it has */
};

struct own_constant {
	const char *name; /* of the facts */
	uint64_t value;
};

/* A place at which a request is attached, for all targets that have it. */
struct followed_place {
	struct attach_place place; /* its descriptor is open only where it is needed later */
	uint32_t refs;             /* targets */
	struct link_set links;     /* owned */
};

/* A request that follows targets. */
struct followed {
	struct program_part *part;
	const struct attach_request *request;
	int array_fd;                        /* owned or -1; of its dispatchers */
	VEC(struct followed_place *) places; /* owned */
};

struct target_use {
	size_t followed; /* index */
	struct followed_place *place;
};

struct followed_target {
	uint64_t id;
	VEC(struct target_use) uses;
};

#define PROGRAM_OBJECT_MAX_BYTES (64u << 20)

struct program {
	struct program_options options;
	const struct program_spec *spec; /* borrowed: lives as long as the caller's spec */
	struct arena arena;
	char *image; /* owned; the object file, kept until it is loaded: a second try opens it again */
	size_t image_len;
	size_t file_len;     /* of the file it was read from */
	uint64_t image_hash; /* of the file's bytes: whether a reload finds the same */
	char kconfig[64];    /* what libbpf is told about the kernel; "" for nothing */
	char object_name[64];
	int types_fd;              /* owned or -1: other types than the kernel's */
	struct bpf_object *object; /* owned */
	struct library_log log;
	struct features *features;  /* owned */
	struct object_facts facts;  /* arena */
	struct program_part *parts; /* arena */
	uint32_t part_count;
	VEC(const char *) mmap_maps;   /* names; arena */
	VEC(const char *) sparse_maps; /* likewise */
	VEC(struct wanted_ring) wanted_rings;
	const char *missing_functions; /* arena, or NULL; kfuncs that this kernel lacks, "a, b" */
	VEC(struct program_feed *) feeds; /* owned */
	VEC(struct inherited_map) inherited;
	VEC(struct own_constant) constants; /* beside those of the spec */
	VEC(struct followed) followed;
	VEC(struct followed_target) targets;
	struct target_figures target_figures;
	struct rewriter rewriter;
	struct counted_rings rings;
	bool is_loaded;
};

/* object.c: opens the image with libbpf (again) and binds the parts to it. */
int program__open_library(struct program *program, struct err *err);
/* object.c: after requests were read. */
void program__bind_parts(struct program *program);
/* facts.c */
int facts__fill(struct object_facts *facts, const struct bpf_object *object, const char *path,
		struct arena *arena, struct err *err);
const struct fact_map *facts__find_map(const struct object_facts *facts, const char *name);
/* plan.c: decides for each group of alternatives which parts are wanted, after one of them turned out not to load. */
void program__choose_alternatives(struct program *program);
/* plan.c: whether an alternative behind this part may still do its work. */
bool program__has_successor(const struct program *program, const struct program_part *part);
/* constants.c: writes the constants of the spec into the opened object. */
int program__set_constants(struct program *program, struct err *err);
/* constants.c: makes maps as large as constants say, once those are set. */
int program__set_map_sizes(struct program *program, struct err *err);
/* Moves a part to a state with a reason (the error's text and cause are copied; err is emptied). */
void program_part__fail(struct program *program, struct program_part *part, enum part_state state,
			struct err *err);
struct program_part *program__find_part(const struct program *program, const char *name);

/* targets.c: what parts that were attached follow; again is harmless. -ENOMEM. */
int program__start_following(struct program *program, struct program_part *part);
/* Leaves all targets. */
void program__stop_following(struct program *program);
/* attach_all.c: one request; what it made stays in the set when it fails. */
int program__attach_request(struct program *program, struct program_part *part,
			    const struct attach_request *request, struct attach_context *context,
			    struct err *err);

/* figures.c: what a map or program costs the kernel; 0: it does not tell. */
uint64_t program_memory_of(int fd);

/* succeed.c: between open and load, puts the shared maps of the program before into the object. */
void program__share_inherited(struct program *program);
void program__forget_inherited(struct program *program);

/* feed/: ends one feed. Returns NULL. */
struct program_feed *program_feed__free(struct program_feed *feed);

#endif
