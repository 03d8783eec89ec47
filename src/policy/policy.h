/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_POLICY_POLICY_H
#define SRC_POLICY_POLICY_H

/*
 * Compiles a policy: from what somebody wrote to what the programs of its hooks do, and to the sets that they ask.
 * Pure: what is known of the kernel is handed in. All results are in the caller's arena and borrow texts of the spec.
 * pipeline/ calls it when a policy is added: first for the places, then, once these were resolved, for the code.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"
#include "config/facts.h"
#include "config/spec_policy.h"
#include "ir/hook.h"
#include "record/process_argument.h"

/* ---- what is known before ---------------------------------------------------------------------------------- */

/* What the kernel can do, as program/hook.h found out. */
struct policy_kernel {
	bool has_modify_return;  /* fmod_ret of security_* */
	bool has_modify_call;    /* and of system calls */
	bool has_override;       /* bpf_override_return() */
	bool has_signal;         /* bpf_send_signal() */
	bool has_image_hash;     /* of files, by IMA */
	bool has_user_registers; /* programs of uprobes may write them */
	bool has_probe_write_user;
};

struct policy_syscall {
	const char *name; /* "read" */
	uint32_t number;
};

struct policy_syscalls { /* of one way to call: the machine's own, or that of 32 bits */
	const struct policy_syscall *calls;
	uint32_t count;
};

/* Bits of masks that are taken by policies that are there already. */
struct policy_bits {
	uint64_t words[POLICY_MASK_WORDS];
};

/* Somewhere in the code of a binary. */
struct policy_spot {
	const char *symbol; /* a function; or NULL */
	/* From the function on; without one in the file, or as the binary's headers count. */
	uint64_t at;
	bool is_address;
};

struct policy_scope;

struct policy_context {
	const struct btf_view *types;
	const struct policy_kernel *kernel;
	const char *syscall_prefix;    /* "__x64_": what events put before "sys_read" */
	const char *syscall_prefix_32; /* "__ia32_" */
	struct policy_syscalls syscalls, syscalls_32;
	/* Names of the kernel's functions for which a pattern holds (lists of generated_ftrace), in the arena. */
	int (*find_functions)(void *ctx, const char *pattern, struct arena *arena,
			      const char *const **ret_names, uint32_t *ret_count, struct err *err);
	void *find_functions_ctx;
	/* Types of a binary, or of what stands beside it (btfPath); NULL: they are not read. The view lives as long as the
	 * context. */
	const struct btf_view *(*find_types)(void *ctx, const char *path, struct err *err);
	void *find_types_ctx;
	/* As the headers of the binary count; NULL: nobody knows. 0, -ENOENT, … */
	int (*find_spot)(void *ctx, const char *path, const struct policy_spot *spot,
			 uint64_t *ret_address, struct err *err);
	void *find_spot_ctx;
	uint32_t host_namespaces
		[10]; /* inodes, WHO_NAMESPACE_… of bpf/abi/who.h; 0: the kernel has none */
	uint64_t mapping_mark; /* attr.config2 of the counters that are told of mapped files */
	uint32_t next_set;     /* the first id of a set that is free; 31 bits */
	struct policy_bits binaries; /* taken */
	bool can_scope;              /* cgroups tell processes of containers and the host apart */
	const struct policy_scope *scopes; /* of policies that are there: equal ones share a bit */
	uint32_t scope_count;
	uint32_t count_parts; /* enum hook_count_part: what labels of metrics want to know */
	bool can_have_events; /* else nobody will ever ask for events */
};

/* ---- sites: the places that a policy hooks ----------------------------------------------------------------- */

/* In the words of program/hook.h. */
enum policy_site_kind {
	POLICY_SITE_FUNCTION,
	POLICY_SITE_SYSCALL,
	POLICY_SITE_RAW_TRACEPOINT,
	POLICY_SITE_TRACEPOINT,
	POLICY_SITE_LSM,
	POLICY_SITE_UPROBE,
	POLICY_SITE_USDT,
};

struct policy_site {
	enum policy_site_kind kind;
	const struct hook_spec *hook; /* that it is one of the places of; NULL: an enforcer's */
	const struct loc *at;
	/* Function, event, LSM hook without prefix, symbol, name of the USDT; of a system call "sys_read". */
	const char *name;
	const char *subsystem; /* tracepoint */
	const char *path;      /* uprobe, USDT */
	const char *provider;  /* USDT */
	const char *function;  /* what events call it: "__x64_sys_read"; or NULL */
	uint64_t offset; /* of a uprobe: from the symbol, or in the file when there is no name */
	uint64_t address;
	bool has_address; /* a uprobe without name, of which `address` counts as the binary's headers do */
	uint64_t semaphore_offset;
	uint32_t syscall; /* its number, POLICY_SYSCALL_32; HOOK_NONE: not known on this machine */
	bool is_override; /* the hook overrides what it returns: fmod_ret, or bpf_override_return() */
	bool sleeps;      /* hashes of files may have to be read: LSM */
	bool wants_return; /* there will be a program at the end of the call, too */
	bool is_optional;  /* no error when there is no such place */
	bool is_loader;    /* its events are of libraries */
};

/* Arguments of the hook that `loader: true` stands for. */
enum { POLICY_LOADER_PATH, POLICY_LOADER_BUILD_ID, POLICY_LOADER_BUILD_ID_SIZE };

struct policy_sites {
	const struct policy_site *items;
	uint32_t count;
};

struct policy_field { /* of a classic tracepoint's format, in its order, common ones included */
	const char *name, *type;
	uint32_t offset, size;
	bool is_signed;
	bool is_dynamic; /* __data_loc: 4 bytes say where it is and how long */
};

struct policy_usdt { /* one of the locations of a USDT */
	uint64_t offset, semaphore_offset;
	const struct hook_usdt *operands;
	const char *const *texts; /* as the note has them: "-4@%edi" */
	uint32_t operand_count;
};

/* How a place can be had. One for each place, in their order. */
struct policy_attach {
	bool is_absent; /* an optional one that is not there: no hook is made of it */
	enum hook_context context, return_context;
	bool is_preemptible, is_chained, hides_registers;
	const struct policy_field *fields; /* TRACEPOINT */
	uint32_t field_count;
	uint64_t offset;                     /* in the file, of a site that has an address */
	const struct policy_usdt *locations; /* USDT: each becomes a hook */
	uint32_t location_count;
};

/* ---- what comes out ------------------------------------------------------------------------------------------ */

enum policy_value_role {
	POLICY_VALUE_ARGUMENT,
	POLICY_VALUE_DATA,
	POLICY_VALUE_RESULT,
	POLICY_VALUE_HIDDEN, /* only tests or sizes need it */
};

/* What one of hook_code.values is for people. */
struct policy_value {
	enum policy_value_role role;
	uint32_t position; /* in the spec's args[] or data[] */
	/* Where its value in events is; BYTES may turn out to be TRUNCATED_BYTES, anything ERROR. */
	enum argument_kind kind;
	const char *type;  /* documented name, "auto" resolved */
	const char *label; /* or NULL */
};

struct policy_action_text { /* of GET_URL and DNS_LOOKUP, which user space carries out */
	uint32_t rule;
	enum policy_action kind;
	const char *target;
};

struct policy_hook {
	const struct policy_site *site;
	uint32_t site_index;               /* in policy_sites */
	uint64_t offset, semaphore_offset; /* of a USDT's location; else those of the place */
	struct hook_code code; /* whoever adds it to the engine fills in id and first_figures */
	const struct policy_value *values; /* code.value_count of them */
	const struct policy_action_text *texts;
	uint32_t text_count;
	bool is_enforcer; /* of spec.enforcers: does what NOTIFY_ENFORCER left, and posts nothing */
	bool has_enforcement;
	bool wants_stacks, wants_rates, wants_socket_tracks, wants_processes;
};

enum policy_set_kind {
	POLICY_SET_NUMBERS,   /* policy_numbers */
	POLICY_SET_TEXTS,     /* policy_texts */
	POLICY_SET_PREFIXES,  /* policy_prefixes */
	POLICY_SET_POSTFIXES, /* policy_postfixes; bytes as written, not reversed */
	POLICY_SET_SUBSTRINGS,
	POLICY_SET_NETWORKS, /* policy_networks */
};

struct policy_set_value {
	uint64_t number;      /* NUMBERS */
	const uint8_t *bytes; /* texts, without a NUL; networks: 4 or 16 */
	uint32_t size;        /* of them */
	uint32_t bits;        /* NETWORKS: how many of them count */
};

struct policy_set {
	uint32_t id;
	enum policy_set_kind kind;
	const struct policy_set_value *values;
	uint32_t value_count;
};

/* A bit of policy_process.binaries: set in processes whose image is one of these. */
struct policy_binaries {
	uint32_t bit;
	enum policy_text_op op;
	bool follows_children; /* and in all that descend from them */
	const struct policy_set_value *values;
	uint32_t value_count;
};

/* A bit of a cgroup's mask: set for processes that it is about. */
struct policy_scope {
	uint32_t bit;
	const struct scope_spec *scope;
};

struct policy_program {
	struct policy_hook *hooks;
	uint32_t hook_count;
	const struct policy_set *sets;
	uint32_t set_count; /* ids next_set … next_set + set_count - 1 */
	const struct policy_binaries *binaries;
	uint32_t binaries_count;
	const struct policy_scope *scopes;
	uint32_t scope_count;
	bool has_enforcement; /* there is something that monitor mode would leave out */
	/* Texts, one each, of what is not as it says but works: "file:line:column: …" */
	const char *const *warnings;
	uint32_t warning_count;
};

/* The places of the policy's hooks and enforcers. -EINVAL, -ENOMEM: `errors` says why. */
int policy__find_sites(const struct policy_spec *policy, const struct policy_context *context,
		       struct arena *arena, struct policy_sites *ret_sites,
		       struct err_list *errors);

/*
 * The code. `attaches` has one for each of `sites`. -EINVAL: what is written is wrong; -EOPNOTSUPP: this kernel cannot, and
 * the text says what it lacks; -ENOSPC: masks are full; -ENOMEM. What comes out lives as long as arena, spec and context.
 */
int policy__compile(const struct policy_spec *policy, const struct policy_context *context,
		    const struct policy_sites *sites, const struct policy_attach *attaches,
		    struct arena *arena, struct policy_program *ret_program,
		    struct err_list *errors);

#endif
