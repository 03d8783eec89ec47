/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/policy_names.h"

#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "record/kernel_name.h"

struct number_name {
	uint32_t number;
	const char *name;
};

#define NAME(name)                                                                                 \
	{                                                                                          \
		name, #name                                                                        \
	}

static const struct number_name socket_types[] = {
	NAME(SOCK_STREAM),    NAME(SOCK_DGRAM), NAME(SOCK_RAW),    NAME(SOCK_RDM),
	NAME(SOCK_SEQPACKET), NAME(SOCK_DCCP),  NAME(SOCK_PACKET),
};

static const struct number_name map_types[] = {
	NAME(BPF_MAP_TYPE_UNSPEC),
	NAME(BPF_MAP_TYPE_HASH),
	NAME(BPF_MAP_TYPE_ARRAY),
	NAME(BPF_MAP_TYPE_PROG_ARRAY),
	NAME(BPF_MAP_TYPE_PERF_EVENT_ARRAY),
	NAME(BPF_MAP_TYPE_PERCPU_HASH),
	NAME(BPF_MAP_TYPE_PERCPU_ARRAY),
	NAME(BPF_MAP_TYPE_STACK_TRACE),
	NAME(BPF_MAP_TYPE_CGROUP_ARRAY),
	NAME(BPF_MAP_TYPE_LRU_HASH),
	NAME(BPF_MAP_TYPE_LRU_PERCPU_HASH),
	NAME(BPF_MAP_TYPE_LPM_TRIE),
	NAME(BPF_MAP_TYPE_ARRAY_OF_MAPS),
	NAME(BPF_MAP_TYPE_HASH_OF_MAPS),
	NAME(BPF_MAP_TYPE_DEVMAP),
	NAME(BPF_MAP_TYPE_SOCKMAP),
	NAME(BPF_MAP_TYPE_CPUMAP),
	NAME(BPF_MAP_TYPE_XSKMAP),
	NAME(BPF_MAP_TYPE_SOCKHASH),
	NAME(BPF_MAP_TYPE_CGROUP_STORAGE),
	NAME(BPF_MAP_TYPE_REUSEPORT_SOCKARRAY),
	NAME(BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE),
	NAME(BPF_MAP_TYPE_QUEUE),
	NAME(BPF_MAP_TYPE_STACK),
	NAME(BPF_MAP_TYPE_SK_STORAGE),
	NAME(BPF_MAP_TYPE_DEVMAP_HASH),
	NAME(BPF_MAP_TYPE_STRUCT_OPS),
	NAME(BPF_MAP_TYPE_RINGBUF),
	NAME(BPF_MAP_TYPE_INODE_STORAGE),
	NAME(BPF_MAP_TYPE_TASK_STORAGE),
	NAME(BPF_MAP_TYPE_BLOOM_FILTER),
	NAME(BPF_MAP_TYPE_USER_RINGBUF),
};

static const struct number_name program_types[] = {
	NAME(BPF_PROG_TYPE_UNSPEC),
	NAME(BPF_PROG_TYPE_SOCKET_FILTER),
	NAME(BPF_PROG_TYPE_KPROBE),
	NAME(BPF_PROG_TYPE_SCHED_CLS),
	NAME(BPF_PROG_TYPE_SCHED_ACT),
	NAME(BPF_PROG_TYPE_TRACEPOINT),
	NAME(BPF_PROG_TYPE_XDP),
	NAME(BPF_PROG_TYPE_PERF_EVENT),
	NAME(BPF_PROG_TYPE_CGROUP_SKB),
	NAME(BPF_PROG_TYPE_CGROUP_SOCK),
	NAME(BPF_PROG_TYPE_LWT_IN),
	NAME(BPF_PROG_TYPE_LWT_OUT),
	NAME(BPF_PROG_TYPE_LWT_XMIT),
	NAME(BPF_PROG_TYPE_SOCK_OPS),
	NAME(BPF_PROG_TYPE_SK_SKB),
	NAME(BPF_PROG_TYPE_CGROUP_DEVICE),
	NAME(BPF_PROG_TYPE_SK_MSG),
	NAME(BPF_PROG_TYPE_RAW_TRACEPOINT),
	NAME(BPF_PROG_TYPE_CGROUP_SOCK_ADDR),
	NAME(BPF_PROG_TYPE_LWT_SEG6LOCAL),
	NAME(BPF_PROG_TYPE_LIRC_MODE2),
	NAME(BPF_PROG_TYPE_SK_REUSEPORT),
	NAME(BPF_PROG_TYPE_FLOW_DISSECTOR),
	NAME(BPF_PROG_TYPE_CGROUP_SYSCTL),
	NAME(BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE),
	NAME(BPF_PROG_TYPE_CGROUP_SOCKOPT),
	NAME(BPF_PROG_TYPE_TRACING),
	NAME(BPF_PROG_TYPE_STRUCT_OPS),
	NAME(BPF_PROG_TYPE_EXT),
	NAME(BPF_PROG_TYPE_LSM),
	NAME(BPF_PROG_TYPE_SK_LOOKUP),
	NAME(BPF_PROG_TYPE_SYSCALL),
};

static const struct number_name perf_types[] = {
	NAME(PERF_TYPE_HARDWARE), NAME(PERF_TYPE_SOFTWARE), NAME(PERF_TYPE_TRACEPOINT),
	NAME(PERF_TYPE_HW_CACHE), NAME(PERF_TYPE_RAW),      NAME(PERF_TYPE_BREAKPOINT),
};

static void add(struct strbuf *text, const char *name, uint32_t number)
{
	if (name)
		strbuf__add_text(text, name);
	else
		strbuf__printf(text, "%u", number);
}

static void add_name(struct strbuf *text, const struct number_name *names, size_t count,
		     uint32_t number)
{
	const char *name = NULL;

	for (size_t i = 0; i < count && !name; i++)
		if (names[i].number == number)
			name = names[i].name;
	add(text, name, number);
}

void policy_add_family(struct strbuf *text, uint32_t number)
{
	add(text, kernel_name_get(KERNEL_NAMES_FAMILIES, number), number);
}

void policy_add_socket_type(struct strbuf *text, uint32_t number)
{
	add_name(text, socket_types, array_size(socket_types), number);
}

void policy_add_protocol(struct strbuf *text, uint32_t number)
{
	add(text, kernel_name_get(KERNEL_NAMES_PROTOCOLS, number), number);
}

void policy_add_tcp_state(struct strbuf *text, uint32_t number)
{
	add(text, kernel_name_get(KERNEL_NAMES_TCP_STATES, number), number);
}

void policy_add_map_type(struct strbuf *text, uint32_t number)
{
	add_name(text, map_types, array_size(map_types), number);
}

void policy_add_program_type(struct strbuf *text, uint32_t number)
{
	add_name(text, program_types, array_size(program_types), number);
}

void policy_add_perf_type(struct strbuf *text, uint32_t number)
{
	add_name(text, perf_types, array_size(perf_types), number);
}

const char *policy_abi_name(bool is_32)
{
#ifdef __aarch64__
	return is_32 ? "arm32" : "arm64";
#else
	return is_32 ? "i386" : "x64";
#endif
}
