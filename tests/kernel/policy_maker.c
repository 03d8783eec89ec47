/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_maker SEED COUNT BINARY FOLDER: policies made at random, FOLDER/p0.yaml and so on, which hook calls that there are.
 * Most of what is in them fits together; some does not. BINARY is where uprobes are, on its main().
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static uint64_t chance;

static uint32_t below(uint32_t bound)
{
	chance ^= chance << 13;
	chance ^= chance >> 7;
	chance ^= chance << 17;
	return (uint32_t)(chance * 0x2545f4914f6cdd1d >> 32) % bound;
}

/* ---- what may be asked of what ---- */

enum family { NUMBER, TEXT, PATH, SOCKET, ADDRESS, CAPABILITY, SHOWN, FAMILIES };

static const char *const ops[FAMILIES][24] = {
	[NUMBER] = { "Equal", "NotEqual", "GreaterThan", "LessThan", "InRange", "NotInRange",
		     "InMap", "NotInMap", "Mask" },
	[TEXT] = { "Equal", "NotEqual", "Prefix", "NotPrefix", "Postfix", "NotPostfix", "SubString",
		   "SubStringIgnCase" },
	[PATH] = { "Equal", "NotEqual", "Prefix", "NotPrefix", "Postfix", "NotPostfix", "SubString",
		   "SubStringIgnCase", "FileType", "NotFileType" },
	[SOCKET] = { "SAddr", "DAddr", "NotSAddr", "NotDAddr", "SPort", "DPort", "NotSPort",
		     "NotDPort", "SPortPriv", "NotDPortPriv", "Protocol", "Family", "State" },
	[ADDRESS] = { "SAddr", "NotSAddr", "SPort", "NotSPort", "SPortPriv", "Family" },
	[CAPABILITY] = { "Equal", "NotEqual", "InMap", "NotInMap" },
	[SHOWN] = { "Equal" },
};

/* What an operator compares with; the first whose begin fits, NULL: any text. */
static const struct {
	const char *begin, *values[8];
} values[] = {
	{ "FileType", { "reg", "dir", "lnk", "chr" } },
	{ "NotFileType", { "reg", "fifo" } },
	{ "InRange", { "3:9", "0:65535", "0x10:100", "1:127" } },
	{ "NotInRange", { "3:9", "100:120" } },
	{ "InMap", { "1", "3:9", "100", "0x10" } },
	{ "NotInMap", { "1", "3:9", "100", "21" } },
	{ "SAddr", { "10.0.0.0/8", "127.0.0.1", "::1", "fc00::/7" } },
	{ "DAddr", { "10.0.0.0/8", "127.0.0.1", "::1", "fc00::/7" } },
	{ "NotSAddr", { "10.0.0.0/8", "::/0" } },
	{ "NotDAddr", { "127.0.0.0/8", "::1" } },
	{ "SPortPriv", { NULL } },
	{ "NotDPortPriv", { NULL } },
	{ "SPort", { "443", "1:1023", "8080" } },
	{ "DPort", { "443", "1:1023", "8080" } },
	{ "NotSPort", { "443", "1:1023", "8080" } },
	{ "NotDPort", { "53", "1:1023" } },
	{ "Protocol", { "IPPROTO_TCP", "17" } },
	{ "Family", { "AF_INET", "AF_INET6", "1" } },
	{ "State", { "TCP_ESTABLISHED", "TCP_LISTEN", "2" } },
	{ NULL,
	  { "a", "needle", "/etc/passwd", "/usr/lib/x86_64-linux-gnu/libcrypt.so.1.1.0", ".so",
	    "tail\\0", "ABC def" } },
};
static const char *const numbers[] = { "0", "1", "7", "100", "0x10", "021" };

static const char *pick_value(const char *op, bool is_number)
{
	size_t row = 0, count = 0;

	if (is_number && op[0] != 'I' && (op[0] != 'N' || op[3] != 'I'))
		return numbers[below(COUNT_OF(numbers))];
	while (values[row].begin && strcmp(values[row].begin, op) != 0)
		row++;
	while (count < COUNT_OF(values[row].values) && values[row].values[count])
		count++;
	return count ? values[row].values[below((uint32_t)count)] : NULL;
}

static uint32_t length(const char *const *list, uint32_t most)
{
	uint32_t count = 0;

	while (count < most && list[count])
		count++;
	return count;
}

/* ---- where it is hooked ---- */

struct argument {
	const char *types; /* one of these, by spaces */
	const char *more;
	enum family family;
	uint32_t index;
};

static const struct hook {
	const char *kind, *head;
	struct argument args[4];
	const char *result;
} hooks[] = {
	{ "kprobes",
	  "call: sys_write\n    syscall: true",
	  { { "int uint32 int64", "", NUMBER, 0 },
	    { "char_buf", ", sizeArgIndex: 3", TEXT, 1 },
	    { "size_t uint64 long", "", NUMBER, 2 } },
	  "int" },
	{ "kprobes",
	  "call: sys_openat\n    syscall: true",
	  { { "int int32", "", NUMBER, 0 },
	    { "string", "", TEXT, 1 },
	    { "int uint16", "", NUMBER, 2 } },
	  "int" },
	{ "kprobes",
	  "call: sys_close\n    syscall: true",
	  { { "fd", "", PATH, 0 }, { "int8", "", NUMBER, 0 } },
	  "long" },
	{ "kprobes",
	  "call: sys_connect\n    syscall: true",
	  { { "fd", "", PATH, 0 }, { "sockaddr", "", ADDRESS, 1 }, { "sockaddr_un", "", TEXT, 1 } },
	  "int" },
	{ "kprobes",
	  "call: sys_writev\n    syscall: true",
	  { { "char_iovec", ", sizeArgIndex: 3", TEXT, 1 }, { "ulong", "", NUMBER, 2 } },
	  NULL },
	{ "kprobes",
	  "call: fd_install\n    syscall: false",
	  { { "int", "", NUMBER, 0 }, { "file", "", PATH, 1 } },
	  NULL },
	{ "kprobes",
	  "call: security_file_open\n    syscall: false",
	  { { "file", "", PATH, 0 } },
	  "int" },
	{ "kprobes",
	  "call: tcp_connect\n    syscall: false",
	  { { "sock", "", SOCKET, 0 } },
	  "int" },
	{ "kprobes",
	  "call: security_socket_connect\n    syscall: false",
	  { { "socket", "", SOCKET, 0 }, { "sockaddr", "", ADDRESS, 1 }, { "int", "", NUMBER, 2 } },
	  "int" },
	{ "kprobes", "call: ip_output\n    syscall: false", { { "skb", "", SOCKET, 2 } }, NULL },
	{ "kprobes",
	  "call: cap_capable\n    syscall: false",
	  { { "cred", "", SHOWN, 0 },
	    { "user_namespace", "", SHOWN, 1 },
	    { "capability", "", CAPABILITY, 2 } },
	  "int" },
	{ "kprobes",
	  "call: security_bprm_check\n    syscall: false",
	  { { "linux_binprm", "", PATH, 0 } },
	  "int" },
	{ "tracepoints",
	  "subsystem: raw_syscalls\n    event: sys_enter",
	  { { "syscall64 int64 uint64", "", NUMBER, 4 }, { "uint64", "", NUMBER, 5 } },
	  NULL },
	{ "tracepoints",
	  "subsystem: raw_syscalls\n    event: sys_exit",
	  { { "syscall64 int64", "", NUMBER, 4 }, { "int64", "", NUMBER, 5 } },
	  NULL },
	{ "tracepoints",
	  "subsystem: sched\n    event: sched_process_exec",
	  { { "data_loc string", "", TEXT, 4 }, { "int", "", NUMBER, 5 } },
	  NULL },
	{ "tracepoints",
	  "subsystem: sched\n    event: sched_process_exec\n    raw: true",
	  { { "int", ", resolve: pid", NUMBER, 0 }, { "linux_binprm", "", PATH, 2 } },
	  NULL },
	{ "lsmhooks", "hook: file_open", { { "file", "", PATH, 0 } }, NULL },
	{ "lsmhooks", "hook: bprm_check_security", { { "linux_binprm", "", PATH, 0 } }, NULL },
	{ "uprobes",
	  "symbols: [main]",
	  { { "int", "", NUMBER, 0 }, { "ulong", "", NUMBER, 1 } },
	  "int" },
};

/* One of the words; the position is given back as the length to print. */
static const char *pick_word(const char *words, int *ret_len)
{
	uint32_t count = 1, wanted;

	for (const char *at = words; *at; at++)
		count += *at == ' ';
	for (wanted = below(count); wanted; words++)
		wanted -= *words == ' ';
	*ret_len = 0;
	while (words[*ret_len] && words[*ret_len] != ' ')
		++*ret_len;
	return words;
}

/* ---- a selector ---- */

static void print_match(const char *where, enum family family)
{
	enum family asked = below(100) ? family : (enum family)below(FAMILIES);
	const char *op = ops[asked][below(length(ops[asked], COUNT_OF(ops[asked])))];
	bool is_number = asked == NUMBER || asked == CAPABILITY || asked == SHOWN;
	uint32_t count = 1 + below(below(6) ? 3 : 20);

	printf("      - {%s, operator: %s", where, op);
	for (uint32_t i = 0; i < count; i++) {
		const char *value = pick_value(op, is_number);

		if (value)
			printf("%s\"%s\"", i ? ", " : ", values: [", value);
		if (!value || i + 1 == count)
			printf("%s", value ? "]" : "");
		if (!value)
			break;
	}
	printf("}\n");
}

static void print_process(const char *binary)
{
	switch (below(6)) {
	case 0:
		printf("      matchPIDs: [{operator: NotIn, followForks: %s, isNamespacePID: %s, "
		       "values: [1, 2]}]\n",
		       below(2) ? "true" : "false", below(2) ? "true" : "false");
		return;
	case 1:
		printf("      matchBinaries: [{operator: %s, values: [\"%s\", \"/bin/no\"]}]\n",
		       below(2) ? "In" : "NotIn", binary);
		return;
	case 2:
		printf("      matchNamespaces: [{namespace: Net, operator: %s, values: [host_ns, "
		       "\"4026531840\"]}]\n",
		       below(2) ? "In" : "NotIn");
		return;
	case 3:
		printf("      matchCapabilities: [{type: Effective, operator: %s, values: "
		       "[CAP_SYS_ADMIN, CAP_KILL]}]\n",
		       below(2) ? "In" : "NotIn");
		return;
	case 4:
		printf("      matchCapabilityChanges: [{type: Permitted, operator: In, values: "
		       "[CAP_SYS_ADMIN]}]\n");
		return;
	default:
		printf("      matchNamespaceChanges: [{operator: In, values: [Net, Mnt]}]\n");
	}
}

/* None that does anything to whoever calls: they are loaded on machines where others work. */
static void print_actions(void)
{
	static const char *const actions[] = {
		"{action: Post}",
		"{action: Post, rateLimit: \"1m\"}",
		"{action: Post, rateLimit: \"5s\", rateLimitScope: global, kernelStackTrace: true}",
		"{action: Post, kernelStackTrace: true, userStackTrace: true}",
		"{action: NoPost}",
	};

	if (below(2))
		printf("      matchActions: [%s]\n", actions[below(COUNT_OF(actions))]);
}

static void print_selector(const struct hook *hook, uint32_t arg_count, bool returns,
			   const char *binary)
{
	char where[32];
	bool is_open = false;

	printf("    - ");
	if (arg_count && below(5)) {
		uint32_t count = 1 + below(3);

		printf("matchArgs:\n");
		is_open = true;
		for (uint32_t i = 0; i < count; i++) {
			const struct argument *argument = &hook->args[below(arg_count)];

			(void)snprintf(where, sizeof(where), "index: %u", argument->index);
			print_match(where, argument->family);
		}
		if (below(8) == 0)
			printf("      - {operator: CelExpr, values: [\"%s\"]}\n",
			       below(2) || hook->args[0].family != NUMBER ? "true || false"
									  : "arg0 > 1");
	}
	if (returns && below(3) == 0) {
		printf("%smatchReturnArgs:\n", is_open ? "      " : "");
		is_open = true;
		print_match("index: 0", NUMBER);
	}
	if (!is_open)
		printf("label: some\n");
	for (uint32_t i = below(3); i > 0; i--) {
		if (i == 1)
			print_process(binary);
	}
	print_actions();
}

static void print_policy(uint32_t number, const char *binary)
{
	const struct hook *hook = &hooks[below(COUNT_OF(hooks))];
	uint32_t arg_count = 0, taken = 0;
	bool returns = hook->result && below(3) == 0;

	while (arg_count < COUNT_OF(hook->args) && hook->args[arg_count].types)
		arg_count++;
	printf("apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata: {name: p%u}\nspec:\n"
	       "  %s:\n  - %s\n",
	       number, hook->kind, hook->head);
	if (hook->kind[0] == 'u')
		printf("    path: %s\n", binary);
	for (uint32_t i = 0; i < arg_count && below(8); i++) {
		int len;
		const char *type = pick_word(hook->args[i].types, &len);

		printf("%s    - {index: %u, type: %.*s%s}\n", i ? "" : "    args:\n",
		       hook->args[i].index, len, type, hook->args[i].more);
		taken++;
	}
	if (below(4) == 0 && (hook->kind[0] == 'k' || hook->kind[0] == 'u'))
		printf("    data: [{index: 0, type: uint32, source: current_task, resolve: cred.uid.val}]\n");
	if (returns)
		printf("    return: true\n    returnArg: {index: 0, type: %s}\n", hook->result);
	for (uint32_t i = 0, count = below(5); i < count; i++) {
		if (i == 0)
			printf("    selectors:\n");
		print_selector(hook, taken, returns, binary);
	}
}

int main(int argc, char **argv)
{
	uint32_t count;

	if (argc != 5) {
		(void)fprintf(stderr, "usage: policy_maker SEED COUNT BINARY FOLDER\n");
		return 2;
	}
	chance = strtoull(argv[1], NULL, 0) * 0x9e3779b97f4a7c15 + 1;
	count = (uint32_t)strtoul(argv[2], NULL, 0);
	for (uint32_t i = 0; i < count; i++) {
		char path[512];

		(void)snprintf(path, sizeof(path), "%s/p%u.yaml", argv[4], i);
		if (!freopen(path, "we", stdout)) {
			perror(path);
			return 1;
		}
		print_policy(i, argv[3]);
	}
	return fclose(stdout) == 0 ? 0 : 1;
}
