/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_PROGRAM_H
#define SRC_PROGRAM_PROGRAM_H

/*
 * Spec to loaded and attached: one eBPF object with its programs, maps and links.
 * It owns the libbpf object, the links and the feeds; everything it attached is gone after program__close().
 * pipeline/ drives it in the order open, plan, load, attach; facts are there after open, nothing is loaded before load.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "config/facts.h"
#include "config/spec.h"
#include "emit/overflow.h"

struct host;
struct program;

struct program_options {
	struct host *host;    /* borrowed */
	const char *btf_path; /* kernel types from here, or NULL: the running kernel's */
	bool is_strict; /* a program that cannot load fails the object, instead of being left out */
	/* Messages of libbpf, line by line; NULL: dropped (they are kept for errors in any case). */
	void (*log)(void *ctx, int level, const char *line);
	void *log_ctx;
};

enum part_state {
	PART_STATE_PLANNED,
	PART_STATE_LEFT_OUT, /* an alternative was chosen, or it cannot load here: reason */
	PART_STATE_LOADED,
	PART_STATE_ATTACHED,
	PART_STATE_NOT_ATTACHED, /* loaded, but the hook cannot be had: reason */
};

/* One eBPF program of the object. Strings are the program's. */
struct part {
	const char *name;
	const char *section;
	const char
		*hook; /* how a person names it: "tp_btf sched_switch", "uprobe libc.so.6:malloc" */
	enum part_state state;
	const char *
		reason; /* or NULL: why it is left out or not attached; one line, what would be right */
	const char *cause; /* or NULL: the end of the verifier's log */
	const char *
		why_original; /* or NULL: why its lookups were not redirected, though they could be */
	uint32_t id;          /* 0: not loaded */
	char tag[17];         /* "" : not loaded */
	bool is_stood_in_for; /* not attached, and nothing is missing: another of its alternatives is, or nobody wants it */
	uint32_t link_count; /* places it is attached at (CPUs, processes, interfaces) */
	int fd;              /* -1: not loaded; borrowed */
};

/* Opens and reads the ELF file: facts are known afterwards. */
int program__open(const struct program_spec *spec, const struct program_options *options,
		  struct program **ret_program, struct err *err);
struct program *program__close(struct program *program); /* detaches everything */
const struct object_facts *program__facts(const struct program *program);

/* Finds out, without loading, which hooks are there and which alternative is chosen. Fills state and reason. */
int program__plan(struct program *program, struct err *err);
/* After the plan: this program of it is not loaded, for that reason (copied). -ENOENT, -ENOMEM. */
int program__leave_out(struct program *program, const char *part, const char *reason,
		       struct err *err);
/* Before load: nothing that is loaded uses this map, so that it need not be made. */
int program__leave_out_map(struct program *program, const char *map, struct err *err);
/* Before load: a constant of the object beside those of its spec, of 1 to 8 bytes. -ENOENT: it has none of that name,
 * or a longer one. */
int program__add_constant(struct program *program, const char *name, uint64_t value,
			  struct err *err);
/* Maps that will be read by mmap: array maps get the flag before load unless they have it. -ENOENT: no such map. */
int program__want_mmap(struct program *program, const char *map);
/* A hash map takes memory for the keys that it has, where the kernel can do that for programs, and not for all that it has
 * room for. -ENOENT: no such map. */
int program__want_sparse(struct program *program, const char *map);
/* A ring buffer gets at least so many bytes before load, up to a power of two; a larger or pinned one stays as it is.
 * -ENOENT: no such map; -EINVAL: it is no ring buffer, or that is no size for one. */
int program__want_ring(struct program *program, const char *map, uint32_t bytes);
/* That size, up to a power of two, be it more or less than it has; counts against what is wanted otherwise. */
int program__set_ring(struct program *program, const char *map, uint32_t bytes);
/* Sets constants, loads; programs that cannot load here are found by probing and left out. */
int program__load(struct program *program, struct err *err);
/* Attaches what is loaded; a hook that cannot be had is recorded, not an error. */
int program__attach(struct program *program, struct err *err);

/* ---- places that come and go (targets.c) ---- */

/* The host, or a container: where programs are attached that follow either kind of place. */
struct program_target {
	uint64_t id;      /* the caller's; each only once */
	const char *name; /* for people */
	int root_fd;      /* of its root directory, or -1; borrowed during the call */
	int netns_fd;     /* of its network namespace, or -1; borrowed during the call */
	bool is_host;
};

struct target_figures {
	uint64_t targets; /* now */
	uint64_t
		places; /* now: binaries and network namespaces, of each program those it hangs on */
	uint64_t absent;  /* times that a target had no such binary */
	uint64_t failed;  /* attaches that could not be had, for another reason */
	uint64_t refused; /* targets and places over their bounds */
};

#define PROGRAM_MAX_TARGETS 8192u
#define PROGRAM_MAX_PLACES 16384u

/* After open: whether anything in it follows containers or network namespaces. */
bool program__follows(const struct program *program);
/*
 * After attach. Attaches whatever follows at this target, unless it is there already: targets that have a binary or a
 * network namespace in common count as one place. What is not there or cannot be had is counted. -ENOSPC: one too many;
 * -ENOMEM.
 */
int program__add_target(struct program *program, const struct program_target *target,
			struct err *err);
/* Detaches where nobody else is. Of a target that is not known: nothing. */
void program__remove_target(struct program *program, uint64_t id);
void program__target_figures(const struct program *program, struct target_figures *ret_figures);

uint32_t program__part_count(const struct program *program);
const struct part *program__part(const struct program *program, uint32_t index);

struct program_map {
	const char *name;
	int fd; /* borrowed */
	uint32_t type, key_size, value_size, max_entries, flags;
};
/* After load. -ENOENT with the nearest name when there is none. */
int program__map(const struct program *program, const char *name, struct program_map *ret_map,
		 struct err *err);

/*
 * All maps of the object, also those that libbpf makes for its variables; and behind them those that were made to count its
 * records and what has no room, which are called as the ring or map that they are for.
 */
uint32_t program__map_count(const struct program *program);
struct map_figures {
	const char *name;
	uint32_t id;           /* 0: not loaded */
	bool is_variables;     /* the object's .rodata, .data, .bss or the like */
	bool is_growing;       /* with its keys; all other maps have their memory from the start */
	uint64_t memory_bytes; /* of this moment, as the kernel accounts it; 0: unknown */
};
void program__map_figures(const struct program *program, uint32_t index,
			  struct map_figures *ret_figures);
/* The memory alone, anew. */
uint64_t program__map_memory(const struct program *program, uint32_t index);

/* Of each program. The first two stand still while the kernel keeps no statistics. */
struct part_figures {
	uint64_t run_time_ns, run_count;
	uint64_t missed_runs; /* not run because it was running on that CPU; always counted … */
	bool has_missed_runs; /* … since Linux 5.12 */
};
/* -ENOENT when it is not loaded. */
int program__figures(const struct program *program, uint32_t index,
		     struct part_figures *ret_figures);
/* Of its instructions and their machine code; 0: unknown. The size of the code wants CAP_BPF. */
uint64_t program__part_memory(const struct program *program, uint32_t index);
/* Ids of the maps that it refers to, at most max of them. How many, or -errno. */
int program__part_maps(const struct program *program, uint32_t index, uint32_t *ids, uint32_t max);

/*
 * From now until the descriptor is closed the kernel counts and times the runs of every program of the machine.
 * -EPERM without CAP_SYS_ADMIN, also when kernel.bpf_stats_enabled is on anyway.
 */
int program_enable_statistics(struct err *err);

/* ---- what does not fit into a map (rewrite.c) ---- */

/*
 * Between plan and load: lookups that follow an insert into this map get a slot of an overflow map when the insert
 * failed; the layout says which. -EOPNOTSUPP: nothing is lost in such a map, or nobody could tell; -EEXIST: it is
 * wanted with another layout; -EBUSY: too late. err has the reason for a person.
 */
int program__want_overflow(struct program *program, const char *map,
			   const struct overflow_layout *layout, struct err *err);
/* After load: the overflow map of that map, when at least one place was redirected. -ENOENT, err says why not. */
int program__overflow(const struct program *program, const char *map, struct program_map *ret_map,
		      struct err *err);

/* A place where a key is put into a map whose overflow is wanted. Strings are the program's. */
struct rewrite_site {
	const char *program; /* of the object */
	const char *map;
	uint32_t instruction; /* of the program as it is loaded; the lookup, or the insert alone */
	const char *reason;   /* or NULL: the lookup is redirected */
};
uint32_t program__site_count(const struct program *program);
const struct rewrite_site *program__site(const struct program *program, uint32_t index);

/* ---- records that are counted where they are made (aggregate.c) ---- */

/* How far down a program's records come, from far to near. */
enum rung {
	RUNG_UNTOUCHED, /* the program runs as it is */
	RUNG_QUIET_RING, /* every record comes through the ring, but none wakes anybody up: drain it on a timer */
	RUNG_SLOT, /* counted in the kernel; no record comes through the ring, unless events are on */
	RUNG_PRUNED, /* the same, and what only served bytes that nobody counts is taken out of the program */
};

/*
 * Between plan and load: records that the object's programs send through this ring or perf buffer are counted in the
 * kernel by these aggregates (copied; all of the same record size), as far down as `most` at the highest. RUNG_PRUNED only
 * when no consumer of events can come: there is no switch then, and the ring is made as small as it can be.
 * RUNG_QUIET_RING with no aggregates only quiets the ring. A program that cannot have a rung takes the next one down, and
 * when one cannot be counted in the kernel, none of the programs of this ring is: then every record comes through it.
 * -ENOENT: no such map; -EEXIST: it is wanted already; -EINVAL, -E2BIG: aggregates that cannot be; -EBUSY: too late.
 */
struct aggregate;
int program__want_aggregate(struct program *program, const char *ring, const struct aggregate *list,
			    uint32_t count, enum rung most, struct err *err);
/*
 * After load: where the aggregate of that index counts. `counts` is a hash from key to value, which stays cumulative and
 * from which nothing may be deleted; the first value_size bytes of the only element of `spare` are the value of all keys
 * that had no room. -ENOENT: records come through the ring instead (err says why), or nothing was wanted.
 */
int program__aggregate(const struct program *program, const char *ring, uint32_t index,
		       struct program_map *ret_counts, struct program_map *ret_spare,
		       struct err *err);

/* After load, of each program that sends records through the ring. Strings are the program's. */
struct rung_view {
	const char *program;
	enum rung rung;
	const char *reason;                  /* or NULL: why it has none above it */
	const char *cause;                   /* or NULL: the end of the verifier's log for that */
	uint32_t instructions, removed;      /* before; of these RUNG_PRUNED took out */
	uint32_t record_bytes, needed_bytes; /* RUNG_PRUNED: those that are still filled in */
};
/* The rings that were wanted, by index; NULL behind the last. */
const char *program__counted_ring(const struct program *program, uint32_t index);
uint32_t program__rung_count(const struct program *program, const char *ring);
const struct rung_view *program__rung(const struct program *program, const char *ring,
				      uint32_t index);
const char *rung_name(enum rung rung); /* "pruned slot", "slot", "quiet ring", "untouched" */

/*
 * From now on records come through the ring, too, or no longer; each is counted in the kernel in either case. Nothing wakes
 * the consumer up. -EOPNOTSUPP: the ring was wanted without a switch. Without effect where they come through it anyway.
 */
int program__set_events(struct program *program, const char *ring, bool is_on, struct err *err);
/* What kept records from being seen; all 0 when they are not counted in the kernel. */
struct ring_losses {
	uint64_t uncounted; /* no slot was free: neither counted nor in the ring */
	uint64_t
		unsent; /* counted, but the ring had no room: the consumer that events are on for missed them */
};
struct ring_losses program__ring_losses(const struct program *program, const char *ring);

/*
 * Reads all that an attached iterator of the object writes, row by row, one network namespace after another when it
 * follows these; each is row_bytes long, and may be at any
 * alignment. Negative from the callback stops and is forwarded. -ENOENT: it is not attached; -EPROTO: half a row.
 */
int program__iterate(struct program *program, const char *iterator, size_t row_bytes,
		     int (*run)(void *ctx, const void *row), void *ctx, struct err *err);

/* Starts a feed (program/feed/): user space keeps writing into the map until close. */
int program__feed(struct program *program, const struct feed_spec *spec, struct err *err);

/* ---- a program after another, when a config is reloaded ---- */

/* Whether this spec, with the object file as it is now, would make the loaded program once more. */
bool program__would_be_same(const struct program *program, const struct program_spec *spec);
/* Of that, only whether the file is the same: the spec may be as it was read, before its object completed it. */
bool program__has_same_object(const struct program *program, const struct program_spec *spec);
/* Between plan and load: the counts of this map of `before` go on, if type, key and value agree (else nothing is
 * done). It is the same map when size and flags agree as well, otherwise it is copied. -ENOMEM, -EMFILE. */
int program__inherit(struct program *program, const char *map, const struct program *before,
		     struct err *err);
/* Between detaching `before` and attaching: fills the maps that are copies. *ret_lost: keys that have no room. */
int program__copy_inherited(struct program *program, uint64_t *ret_lost, struct err *err);
/* Ends all links and feeds; maps stay readable. */
void program__detach(struct program *program);

/* The running kernel's types for policies, looked up lazily; borrowed from the program module's caller. */
struct kernel_types;
int kernel_types__open(const char *btf_path, struct kernel_types **ret_types, struct err *err);
struct kernel_types *kernel_types__close(struct kernel_types *types);
struct btf_view kernel_types__view(struct kernel_types *types);

#endif
