/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/needs.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

static const struct {
	enum need need;
	const char *text;
} needs[] = {
	{ NEED_BPF, "CAP_BPF, CAP_PERFMON" },
	{ NEED_NETWORK, "CAP_NET_ADMIN" },
	{ NEED_TYPES, "the kernel's types (BTF)" },
	{ NEED_TRACEPOINTS, "tracefs" },
	{ NEED_KPROBES, "kprobes" },
	{ NEED_UPROBES, "uprobes" },
	{ NEED_LSM, "BPF among the security modules" },
};

/* By what a hook begins with; the others need nothing more. */
static const struct {
	const char *hook;
	unsigned int needs;
} hook_needs[] = {
	{ "cgroup", NEED_NETWORK },
	{ "classifier", NEED_NETWORK },
	{ "fentry", NEED_TYPES },
	{ "fexit", NEED_TYPES },
	{ "fmod_ret", NEED_TYPES },
	{ "iter", NEED_TYPES },
	{ "kprobe", NEED_KPROBES },
	{ "kretprobe", NEED_KPROBES },
	{ "kretsyscall", NEED_KPROBES },
	{ "ksyscall", NEED_KPROBES },
	{ "lsm", NEED_TYPES | NEED_LSM },
	{ "netfilter", NEED_NETWORK },
	{ "sk_", NEED_NETWORK },
	{ "sock", NEED_NETWORK },
	{ "tc", NEED_NETWORK },
	{ "tp_btf", NEED_TYPES },
	{ "tracepoint", NEED_TRACEPOINTS },
	{ "uprobe", NEED_UPROBES },
	{ "uretprobe", NEED_UPROBES },
	{ "usdt", NEED_UPROBES },
	{ "xdp", NEED_NETWORK },
};

unsigned int needs_of_hook(const char *hook)
{
	unsigned int found = NEED_BPF;

	for (size_t i = 0; i < array_size(hook_needs); i++)
		if (str_starts(hook, hook_needs[i].hook))
			found |= hook_needs[i].needs;
	return found;
}

void needs_format(unsigned int found, struct strbuf *out)
{
	const char *separator = "";

	for (size_t i = 0; i < array_size(needs); i++) {
		if (!(found & needs[i].need))
			continue;
		strbuf__printf(out, "%s%s", separator, needs[i].text);
		separator = ", ";
	}
}

void needs_add_json(unsigned int found, struct json_writer *json)
{
	for (size_t i = 0; i < array_size(needs); i++)
		if (found & needs[i].need)
			json__add_text(json, NULL, needs[i].text);
}
