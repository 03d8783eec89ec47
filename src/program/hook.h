/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_HOOK_H
#define SRC_PROGRAM_HOOK_H

/*
 * Programs that sonde writes itself, linked with routines compiled from C, loaded and attached: the hooks of policies.
 * The engine owns bpf/policy.bpf.c's object (routines, shared maps) and each hook that was added: programs, links.
 * pipeline/ opens one engine when the first policy comes, adds hooks that emit/ has written, and reads the shared maps.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "emit/hook.h"
#include "program/program.h"

/* What kernels call the functions of system calls: "__x64_sys_read". */
#ifdef __aarch64__
#define HOOK_SYSCALL_PREFIX "__arm64_"
#define HOOK_SYSCALL_PREFIX_32 "__arm64_compat_"
#else
#define HOOK_SYSCALL_PREFIX "__x64_"
#define HOOK_SYSCALL_PREFIX_32 "__ia32_"
#endif

struct hook_engine;

struct hook_engine_options {
	struct host *host;    /* borrowed */
	const char *btf_path; /* or NULL: the running kernel's */
	const struct program
		*who; /* of bpf/who.bpf.c, loaded: its table of processes is asked; borrowed */
	uint32_t ring_bytes; /* 0: 64 KiB for each CPU */
};

/* What this kernel can do, found out by trying; policy/ refuses by it, with these words. */
struct hook_features {
	bool has_kprobes, has_uprobes, has_lsm;
	bool has_fentry, has_modify_return; /* of functions: fentry and fexit; fmod_ret */
	bool has_modify_call;               /* fmod_ret of system calls */
	bool has_override;                  /* bpf_override_return(), in kprobes */
	bool has_signal;                    /* bpf_send_signal() */
	bool has_user_registers;            /* programs of uprobes may write them */
	bool has_exchange;                  /* of words of memory, for hook_emit_options */
};

int hook_engine__open(const struct hook_engine_options *options, struct hook_engine **ret_engine,
		      struct err *err);
struct hook_engine *hook_engine__close(struct hook_engine *engine); /* detaches everything */
/* Before all hooks are removed: those of system calls that share a program end at once, and not each in its turn. */
void hook_engine__end_calls(struct hook_engine *engine);
const struct hook_features *hook_engine__features(const struct hook_engine *engine);
/* What hook_emit() may make use of. */
struct hook_emit_options hook_engine__emit_options(const struct hook_engine *engine);
/* bpf_probe_write_user(). To be asked by who wants it only: the kernel's log tells of each program that may. */
bool hook_engine__can_write_user(struct hook_engine *engine);
/* Files are measured (IMA), and bpf_ima_file_hash() tells what came of it. */
bool hook_engine__has_image_hash(struct hook_engine *engine);
/* A shared map by its name in bpf/policy.bpf.c. -ENOENT. */
int hook_engine__map(const struct hook_engine *engine, const char *name,
		     struct program_map *ret_map, struct err *err);

/* A directory descriptor of tracefs, borrowed; negative with a message that says how to get it. */
int hook_engine__tracefs(struct hook_engine *engine, struct err *err);

/* A key of a shared map of sets, with a value that means nothing. -E2BIG: the map is full, err says of how many. */
int hook_engine__write(struct hook_engine *engine, const char *map, const void *key,
		       struct err *err);
void hook_engine__erase(struct hook_engine *engine, const char *map, const void *key);
/* What a text is known by in `policy_texts` and `mask_texts` (bpf/abi/policy_hash.h); of another engine it is another. */
uint64_t hook_engine__hash(const struct hook_engine *engine, const void *bytes, size_t size);
/* ---- masks of processes: bpf/masks.bpf.c ---- */

/* From now on the kernel keeps them up to date; again is harmless. Who is there already has none. */
int hook_engine__open_masks(struct hook_engine *engine, struct err *err);
/* A row of one of its maps ("mask_texts"); mask NULL: it goes. */
int hook_engine__write_mask(struct hook_engine *engine, const char *map, const void *key,
			    const struct policy_mask *mask, struct err *err);
/* -ENOENT: it has none. */
int hook_engine__read_process(struct hook_engine *engine, uint32_t tgid,
			      struct policy_process *ret_process);
/* is_new: only if it has none by then, -EEXIST otherwise. */
int hook_engine__write_process(struct hook_engine *engine, uint32_t tgid,
			       const struct policy_process *process, bool is_new);
/* When its image began, as bpf/who.bpf.c has it; 0: it is not known. */
uint64_t hook_engine__image_time(struct hook_engine *engine, uint32_t tgid);

/* ---- masks of cgroups: bpf/scopes.bpf.c ---- */

/* Before hooks that ask for the scopes of a cgroup are added; again is harmless. */
int hook_engine__open_scopes(struct hook_engine *engine, struct err *err);
/* After the last of these hooks. */
void hook_engine__close_scopes(struct hook_engine *engine);
/* mask NULL: it is in none. -E2BIG: there is no room for one more. */
int hook_engine__write_scopes(struct hook_engine *engine, uint64_t cgroup_id,
			      const struct policy_mask *mask);

/* ---- files that processes map: hook_mappings.c ---- */

/* From now on the kernel calls perf_event_mmap_output() for each, with the build id; as often as this, until it is undone.
 * -EOPNOTSUPP: it does not know of build ids. */
int hook_engine__watch_mappings(struct hook_engine *engine, struct err *err);
void hook_engine__unwatch_mappings(struct hook_engine *engine);
/* attr.config2 of the struct perf_event that it is called for then. */
uint64_t hook_engine__mapping_mark(const struct hook_engine *engine);

/* The key goes from the map of counts, when nothing can be counted under it any more. */
void hook_engine__drop_count(struct hook_engine *engine, const struct policy_count_key *key);
/* Addresses of a stack, the innermost first: how many, or -ENOENT. */
int hook_engine__stack(const struct hook_engine *engine, uint32_t id, uint64_t *addresses,
		       uint32_t max);

/* ---- where a hook is ---- */

enum hook_place_kind {
	HOOK_PLACE_FUNCTION, /* of the kernel: fentry, else kprobe(.multi) */
	HOOK_PLACE_SYSCALL, /* "sys_read": its function, else the shared programs on sys_enter and sys_exit */
	HOOK_PLACE_RAW_TRACEPOINT, /* event */
	HOOK_PLACE_TRACEPOINT,     /* subsystem, event */
	HOOK_PLACE_LSM,            /* name of the hook without a prefix */
	HOOK_PLACE_UPROBE,         /* path, symbol or offset */
	HOOK_PLACE_USDT,           /* path, offset (of the note), semaphore */
};

struct hook_place {
	enum hook_place_kind kind;
	const char *name, *subsystem, *path;
	uint32_t
		syscall; /* HOOK_PLACE_SYSCALL: its number, POLICY_SYSCALL_32; UINT32_MAX: not known */
	uint64_t offset;           /* in the file */
	uint64_t semaphore_offset; /* refCtrOffset; 0: none */
	bool overrides; /* what it returns is to be replaced: fmod_ret or LSM (the program's own return code), or a kprobe
			 * where errors may be injected (bpf_override_return()) */
	bool is_optional; /* no error when there is no such function */
	bool sleeps;      /* HOOK_PLACE_LSM: its program may sleep */
};

/* How a place can be had here: which context its programs run in. Texts are the engine's until it resolves again. */
struct hook_attach {
	const char *
		how; /* "fentry", "kprobe", "shared sys_enter", "raw tracepoint"; NULL: it is optional, and not there */
	const char *where; /* "__x64_sys_read" */
	enum hook_context context, return_context;
	bool is_preemptible;
	bool is_chained; /* several hooks share one program there */
	bool hides_registers; /* of a system call: its programs may not load the one argument of its function */
};
/*
 * All at once, because names of functions are looked up in one pass over the kernel's types. -ENOENT: there is no such
 * place, err has the nearest name; -EOPNOTSUPP: this kernel cannot, err says what it lacks. *ret_index: of the place that
 * it is about.
 */
int hook_engine__resolve(struct hook_engine *engine, const struct hook_place *places, size_t count,
			 struct hook_attach *ret_attaches, size_t *ret_index, struct err *err);

/* ---- hooks ---- */

/* A free number, and rows of figures that are 0, one for each rule and at least one. -ENOSPC. */
int hook_engine__reserve(struct hook_engine *engine, uint32_t rules, uint32_t *ret_hook,
			 uint32_t *ret_first_figures, struct err *err);
/* A row of `policy_call_counts` that is 0, until the hook is removed. False: others have them all. */
bool hook_engine__reserve_calls(struct hook_engine *engine, uint32_t hook, uint32_t *ret_row);
/*
 * Links, loads and attaches the programs of a hook at one or many places; `leave` is the program at the end of a call, or
 * NULL. Its id is that which was reserved. On failure nothing of it is left; err has the end of the verifier's log.
 */
int hook_engine__add(struct hook_engine *engine, uint32_t hook, const struct hook_place *places,
		     size_t place_count, const struct hook_image *enter,
		     const struct hook_image *leave, struct err *err);
/* Detaches and forgets; its number and rows are free again: whoever wants its counts has read them. */
void hook_engine__remove(struct hook_engine *engine, uint32_t hook);

/* The switch, POLICY_SWITCH_… of bpf/abi/policy.h; takes effect with the next call that is seen. */
void hook_engine__set_switches(struct hook_engine *engine, uint32_t hook, uint8_t switches);

struct hook_program_figures {
	uint32_t programs, links, instructions;
	uint64_t memory_bytes; /* of programs and of maps of its own */
	uint64_t run_count, run_time_ns, missed_runs;
};
/* Asks the kernel for each program. */
void hook_engine__figures(const struct hook_engine *engine, uint32_t hook,
			  struct hook_program_figures *ret_figures);
/* Of the same, without asking. */
uint32_t hook_engine__instructions(const struct hook_engine *engine, uint32_t hook);

#endif
