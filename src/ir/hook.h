/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_IR_HOOK_H
#define SRC_IR_HOOK_H

/*
 * What the program of one hook of a policy does: which values it fetches and how they are reached, which tests decide, what
 * is done, what is counted. Offsets, registers, sets and bits are resolved; no name is looked up any more.
 * Plain data that borrows its lists; whoever compiles a policy keeps them in an arena as long as the code is used.
 * policy/ makes it, hook_format.c prints it (--dump-ir), emit/ makes instructions of it, pipeline/ reads records by it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/str.h"
#include "bpf/abi/policy.h"

/* ---- where a value comes from ------------------------------------------------------------------------- */

/* What the context of the program is. Two are the same for both ends of a call. */
enum hook_context {
	HOOK_CONTEXT_REGISTERS, /* kprobe, kretprobe, uprobe: struct pt_regs */
	HOOK_CONTEXT_CALL, /* fentry, fexit, LSM, fmod_ret: arguments as u64s, then the returned value */
	HOOK_CONTEXT_RAW_TRACEPOINT, /* arguments as u64s */
	HOOK_CONTEXT_TRACEPOINT,     /* the record that the tracepoint's format describes */
	HOOK_CONTEXT_SYSCALL_ENTER,  /* raw tracepoint sys_enter: struct pt_regs *, number */
	HOOK_CONTEXT_SYSCALL_EXIT,   /* raw tracepoint sys_exit: struct pt_regs *, returned value */
};

enum hook_base {
	HOOK_BASE_ARGUMENT, /* of the function, tracepoint or USDT, by index */
	HOOK_BASE_SYSCALL, /* argument of the system call whose registers are the first argument, or the context's */
	HOOK_BASE_SYSCALL_NUMBER, /* of a system call, with HOOK_ABI_32 in bit 31 */
	HOOK_BASE_FIELD,          /* bytes of the context at an offset: classic tracepoints */
	HOOK_BASE_RETURN,
	HOOK_BASE_TASK,      /* struct task_struct of the current task */
	HOOK_BASE_REGISTERS, /* the 8 bytes at `index` of struct pt_regs, the user's in uprobes */
};

/* One step on the way through structs: `offset` is added, then 8 bytes there are followed as a pointer. */
struct hook_step {
	int32_t offset;
	bool is_followed;
};

/* One operand of a USDT probe, as its note says: a whole register when extended from its size. */
enum hook_usdt_kind {
	HOOK_USDT_UNKNOWN, /* nothing that a program can reach, such as a floating point register */
	HOOK_USDT_CONSTANT,
	HOOK_USDT_REGISTER,
	HOOK_USDT_MEMORY,
	HOOK_USDT_INDEXED,
};

struct hook_usdt {
	enum hook_usdt_kind kind;
	uint8_t size; /* 1, 2, 4 or 8 */
	bool is_signed;
	int64_t constant;     /* or the displacement */
	int16_t base_offset;  /* of the register in struct pt_regs */
	int16_t index_offset; /* HOOK_USDT_INDEXED */
	uint8_t scale;        /* likewise: 1, 2, 4, 8 */
};

/* What stands where the steps end, for classes that can be had from several things. */
enum hook_form {
	HOOK_FORM_PLAIN, /* the number; text up to its NUL; bytes; struct path, sock, sk_buff, sockaddr, cred, module, … */
	HOOK_FORM_RECORD, /* TEXT, BYTES of HOOK_BASE_FIELD: max_size bytes in the context's record itself */
	HOOK_FORM_DYNAMIC, /* TEXT of HOOK_BASE_FIELD: 4 bytes there say at which offset of the record (lower half), how long */
	HOOK_FORM_DENTRY,  /* PATH: struct dentry; no mount is passed */
	HOOK_FORM_DESCRIPTOR, /* PATH: the number of an open file of the current task */
	HOOK_FORM_VECTOR,     /* BYTES: an array of struct iovec; size_value says how many */
	HOOK_FORM_ITERATOR,   /* BYTES: struct iov_iter */
	HOOK_FORM_LOAD_INFO,  /* MODULE: struct load_info */
};

/*
 * The base gives a word. Each step adds its offset to the word, and follows it if it says so: the word is then what is read
 * there, 8 bytes. A number (NUMBER, CAPABILITY, CAPABILITIES, SYSCALL) without steps is the word itself, and of
 * HOOK_BASE_FIELD `size` bytes of the record; with steps its `size` bytes are read where they end, so that a single step of
 * offset 0 that is not followed means "what the argument points to". What any other class is made of starts where the
 * steps end.
 */
struct hook_value {
	enum hook_base base;
	uint32_t index; /* of the argument; offset in the context of HOOK_BASE_FIELD */
	const struct hook_usdt *usdt;  /* or NULL */
	const struct hook_step *steps; /* from what the base gives to what the class wants */
	uint32_t step_count;
	enum hook_form form;
	bool is_user;            /* the steps, or what is where they end, are the user's */
	bool is_anywhere;        /* TEXT, BYTES: the user's or the kernel's: the address tells */
	enum policy_class class; /* what is there, and how its bytes look in a record */
	uint32_t size;           /* POLICY_CLASS_NUMBER: 1, 2, 4 or 8 */
	bool is_signed;          /* likewise */
	bool is_bit_field;
	uint8_t bit_offset, bit_size;
	uint32_t size_value; /* buffers: the value that says how long; HOOK_NONE: see max_size */
	uint32_t max_size;   /* bytes taken at most: texts, buffers */
	bool is_at_return;   /* fetched when the call returns (returnCopy, the returned value) */
	bool is_captured;    /* wanted in records, not only by tests */
	bool is_address; /* ARGUMENT, RETURN of HOOK_CONTEXT_CALL: a pointer by the kernel's types, whatever is made of it */
};

#define HOOK_NONE UINT32_MAX
#define HOOK_VALUES_MAX POLICY_VALUES_MAX

/* ---- what decides ------------------------------------------------------------------------------------- */

enum hook_test_kind { /* in the order of a rule, which is from cheap to dear: policy/rule.c */
		      HOOK_TEST_SCOPE, /* bit `index` of the scopes of the process's cgroup: pod, container and host selectors */
		      HOOK_TEST_PID,           /* numbers; is_own_namespace, follows_forks */
		      HOOK_TEST_NUMBER,        /* value */
		      HOOK_TEST_BINARY,        /* bit `index` of the process's match mask */
		      HOOK_TEST_PARENT_BINARY, /* the same of its parent */
		      HOOK_TEST_NAMESPACE,     /* index: WHO_NAMESPACE_…; numbers: inodes */
		      HOOK_TEST_NAMESPACE_CHANGE, /* mask: a bit for each WHO_NAMESPACE_…, against those at exec */
		      HOOK_TEST_CAPABILITY,        /* index: enum policy_capabilities; mask */
		      HOOK_TEST_CAPABILITY_CHANGE, /* likewise, against those at exec */
		      HOOK_TEST_FILE_TYPE, /* value: a path; mask: a bit for each S_IFMT >> 12 */
		      HOOK_TEST_SOCKET, /* value: a socket, packet or address; index: enum policy_socket_part */
		      HOOK_TEST_TEXT, /* value: text, path, bytes, unix address; index: enum policy_text_op; set */
		      HOOK_TEST_CAPABILITIES_GAINED, /* value: the new set, other_value: the old one */
		      HOOK_TEST_EXPRESSION,          /* expression: not 0 */
};

enum hook_number_op {
	HOOK_NUMBER_EQUAL, /* any of the ranges; equal is a range of one */
	HOOK_NUMBER_MASK,  /* any bit of any mask (ranges[].first) */
	HOOK_NUMBER_SET,   /* in a set of the shared map: too many for instructions */
	HOOK_NUMBER_GREATER,
	HOOK_NUMBER_LESS,
};

struct hook_range { /* both ends belong to it; sign-extended when the value is signed */
	uint64_t first, last;
};

struct hook_text { /* without a NUL */
	const uint8_t *bytes;
	uint32_t size;
};

/* ---- expressions over numbers ---- */

enum hook_operation {
	HOOK_OPERATION_VALUE,  /* of the hook: `value` */
	HOOK_OPERATION_NUMBER, /* `number` */
	/* Of the last two results, which make one. */
	HOOK_OPERATION_ADD,
	HOOK_OPERATION_SUBTRACT,
	HOOK_OPERATION_AND,
	HOOK_OPERATION_OR,
	HOOK_OPERATION_XOR,
	HOOK_OPERATION_EQUAL, /* this and what follows makes 0 or 1 */
	HOOK_OPERATION_NOT_EQUAL,
	HOOK_OPERATION_LESS,
	HOOK_OPERATION_LESS_EQUAL,
	HOOK_OPERATION_GREATER,
	HOOK_OPERATION_GREATER_EQUAL,
	/* Of the last result. */
	HOOK_OPERATION_IS_ZERO, /* 0 or 1 */
	HOOK_OPERATION_COMPLEMENT,
	HOOK_OPERATION_NEGATE,
	HOOK_OPERATION_CAST,
};
#define HOOK_OPERATION_COUNT (HOOK_OPERATION_CAST + 1)

/* One step. Results are 64 bits wide; those of 32 bits are extended by their sign, or by zeros. */
struct hook_term {
	enum hook_operation operation;
	uint8_t size; /* 4 or 8: of what comes out, of comparisons of what goes in */
	bool is_signed;
	uint32_t value;
	uint64_t number;
};

#define HOOK_EXPRESSION_DEPTH 8 /* results that wait for their operation */

/* Operands first, then what is done with them; one result is left. */
struct hook_expression {
	const struct hook_term *terms;
	uint32_t term_count;
};

struct hook_test {
	enum hook_test_kind kind;
	uint32_t value, other_value; /* indexes into values; HOOK_NONE */
	uint32_t index;              /* by kind */
	uint32_t set;                /* id in the shared maps of sets; HOOK_NONE */
	enum hook_number_op op;
	const struct hook_range *ranges;
	uint32_t range_count;
	const struct hook_text *texts; /* HOOK_TEST_TEXT: what the set has, too */
	uint32_t text_count;
	const struct hook_expression *expression;
	uint64_t mask;
	bool is_negated;
	bool is_own_namespace; /* HOOK_TEST_PID: the number that the process has in its own; capabilities: likewise */
	bool follows_forks;
};

/* ---- what is done ------------------------------------------------------------------------------------- */

/* What a register of user space is set to: `constant`, or what `from` has (or points to) with the constant added. */
enum hook_source { HOOK_SOURCE_CONSTANT, HOOK_SOURCE_REGISTER, HOOK_SOURCE_MEMORY };

struct hook_assignment {
	enum hook_source source;
	int16_t to, from;           /* offsets in struct pt_regs */
	uint8_t to_size, from_size; /* 1, 2, 4 or 8 */
	int64_t constant;
};

struct hook_action {
	enum policy_action kind;
	int32_t number; /* errno of OVERRIDE and NOTIFY_ENFORCER (negative), signal of SIGNAL, value of SET */
	int32_t signal;  /* NOTIFY_ENFORCER */
	uint32_t value;  /* TRACK_SOCK, UNTRACK_SOCK, SET: of which value */
	int64_t rate_ns; /* POST: at most one in that time of what is the same; 0: all */
	enum policy_rate_scope rate_scope;
	bool wants_kernel_stack, wants_user_stack, wants_image_hash;
	/* OVERRIDE in user space: one after the other, when all else is done; there `number` means nothing. */
	const struct hook_assignment *assignments;
	uint32_t assignment_count;
	bool is_enforcement; /* left out while the policy only monitors, and counted as such */
};

struct hook_rule { /* the first whose tests all hold decides */
	const struct hook_test *tests;
	uint32_t test_count;
	const struct hook_test *return_tests;
	uint32_t return_test_count;
	const struct hook_action *actions; /* none: POST */
	uint32_t action_count;
	const struct hook_action *return_actions;
	uint32_t return_action_count;
	const char *label; /* or NULL */
};

/* ---- the whole ----------------------------------------------------------------------------------------- */

/* What a count is kept under beside the hook: the fewer, the cheaper. */
enum hook_count_part {
	HOOK_COUNT_BINARY = 1 << 0,
	HOOK_COUNT_CGROUP = 1 << 1,
	HOOK_COUNT_SYSCALL = 1 << 2, /* the number in `syscall_value` */
};

/* The struct file whose hash a POST wants: an argument, or what a member of it points to. */
struct hook_file {
	uint8_t argument;
	bool is_member;
	int16_t offset; /* of the member */
};

struct hook_code {
	uint32_t
		id; /* of the hook: its switches, its part of keys, its row in the chain of a call */
	uint32_t first_figures; /* row of the first rule in `policy_figures`; the others follow */
	enum hook_context context;
	uint8_t argument_count; /* of the function; HOOK_CONTEXT_CALL has the returned value behind them */
	bool has_return;        /* there is a second program at the end of the call */
	bool is_preemptible; /* tasks may change in the middle of it */
	bool hides_registers; /* HOOK_CONTEXT_CALL of a system call: struct pt_regs * is a pointer that may not be loaded */
	bool is_chained; /* it shares its place with others: it ends with a call of the one behind it */
	const struct hook_value *values;
	uint32_t value_count;
	const struct hook_rule *rules; /* none: everything is posted */
	uint32_t rule_count;
	uint32_t count_parts;   /* of enum hook_count_part */
	bool has_call_table;    /* counts by number alone have a row of `policy_call_counts` … */
	uint32_t call_table;    /* … this one */
	uint32_t syscall_value; /* or HOOK_NONE */
	enum policy_action
		return_value_action; /* TRACK_SOCK, UNTRACK_SOCK of what is returned; POLICY_ACTION_NONE */
	bool can_have_events;        /* else it only counts, and there is no second half */
	uint32_t
		policy; /* whose notes and sockets are meant; whoever adds it to the engine fills it in */
	struct hook_file file; /* LSM hooks: of actions that want an image hash */
	bool is_enforcer; /* it only does what NOTIFY_ENFORCER noted for this thread: no values, rules, counts, records */
};

/* For people and golden tests; the text goes into the caller's buffer. */
void hook_code__format(const struct hook_code *code, struct strbuf *text);

#endif
