/* SPDX-License-Identifier: Apache-2.0 */
#include "program/section.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "program/attach.h"
#include "program/handler.h"
#include "program/kernel_abi.h"

#define TYPE(name) BPF_PROG_TYPE_##name

/* Alphabetical by prefix. A row without a family loads and is attached only when an attach_spec says where. */
static const struct section sections[] = {
	{ "action", NULL, TYPE(SCHED_ACT), 0, 0 },
	{ "cgroup/bind4", &attach_cgroup, TYPE(CGROUP_SOCK_ADDR), BPF_CGROUP_INET4_BIND, 0 },
	{ "cgroup/bind6", &attach_cgroup, TYPE(CGROUP_SOCK_ADDR), BPF_CGROUP_INET6_BIND, 0 },
	{ "cgroup/connect4", &attach_cgroup, TYPE(CGROUP_SOCK_ADDR), BPF_CGROUP_INET4_CONNECT, 0 },
	{ "cgroup/connect6", &attach_cgroup, TYPE(CGROUP_SOCK_ADDR), BPF_CGROUP_INET6_CONNECT, 0 },
	{ "cgroup/connect_unix", &attach_cgroup, TYPE(CGROUP_SOCK_ADDR), KERNEL_ATTACH_UNIX_CONNECT,
	  0 },
	{ "cgroup/dev", &attach_cgroup, TYPE(CGROUP_DEVICE), BPF_CGROUP_DEVICE, 0 },
	{ "cgroup/getpeername4", &attach_cgroup, TYPE(CGROUP_SOCK_ADDR),
	  BPF_CGROUP_INET4_GETPEERNAME, 0 },
	{ "cgroup/getpeername6", &attach_cgroup, TYPE(CGROUP_SOCK_ADDR),
	  BPF_CGROUP_INET6_GETPEERNAME, 0 },
	{ "cgroup/getpeername_unix", &attach_cgroup, TYPE(CGROUP_SOCK_ADDR),
	  KERNEL_ATTACH_UNIX_GETPEERNAME, 0 },
	{ "cgroup/getsockname4", &attach_cgroup, TYPE(CGROUP_SOCK_ADDR),
	  BPF_CGROUP_INET4_GETSOCKNAME, 0 },
	{ "cgroup/getsockname6", &attach_cgroup, TYPE(CGROUP_SOCK_ADDR),
	  BPF_CGROUP_INET6_GETSOCKNAME, 0 },
	{ "cgroup/getsockname_unix", &attach_cgroup, TYPE(CGROUP_SOCK_ADDR),
	  KERNEL_ATTACH_UNIX_GETSOCKNAME, 0 },
	{ "cgroup/getsockopt", &attach_cgroup, TYPE(CGROUP_SOCKOPT), BPF_CGROUP_GETSOCKOPT, 0 },
	{ "cgroup/post_bind4", &attach_cgroup, TYPE(CGROUP_SOCK), BPF_CGROUP_INET4_POST_BIND, 0 },
	{ "cgroup/post_bind6", &attach_cgroup, TYPE(CGROUP_SOCK), BPF_CGROUP_INET6_POST_BIND, 0 },
	{ "cgroup/recvmsg4", &attach_cgroup, TYPE(CGROUP_SOCK_ADDR), BPF_CGROUP_UDP4_RECVMSG, 0 },
	{ "cgroup/recvmsg6", &attach_cgroup, TYPE(CGROUP_SOCK_ADDR), BPF_CGROUP_UDP6_RECVMSG, 0 },
	{ "cgroup/recvmsg_unix", &attach_cgroup, TYPE(CGROUP_SOCK_ADDR), KERNEL_ATTACH_UNIX_RECVMSG,
	  0 },
	{ "cgroup/sendmsg4", &attach_cgroup, TYPE(CGROUP_SOCK_ADDR), BPF_CGROUP_UDP4_SENDMSG, 0 },
	{ "cgroup/sendmsg6", &attach_cgroup, TYPE(CGROUP_SOCK_ADDR), BPF_CGROUP_UDP6_SENDMSG, 0 },
	{ "cgroup/sendmsg_unix", &attach_cgroup, TYPE(CGROUP_SOCK_ADDR), KERNEL_ATTACH_UNIX_SENDMSG,
	  0 },
	{ "cgroup/setsockopt", &attach_cgroup, TYPE(CGROUP_SOCKOPT), BPF_CGROUP_SETSOCKOPT, 0 },
	{ "cgroup/skb", &attach_cgroup, TYPE(CGROUP_SKB), 0, 0 },
	{ "cgroup/sock", &attach_cgroup, TYPE(CGROUP_SOCK), BPF_CGROUP_INET_SOCK_CREATE, 0 },
	{ "cgroup/sock_create", &attach_cgroup, TYPE(CGROUP_SOCK), BPF_CGROUP_INET_SOCK_CREATE, 0 },
	{ "cgroup/sock_release", &attach_cgroup, TYPE(CGROUP_SOCK), BPF_CGROUP_INET_SOCK_RELEASE,
	  0 },
	{ "cgroup/sysctl", &attach_cgroup, TYPE(CGROUP_SYSCTL), BPF_CGROUP_SYSCTL, 0 },
	{ "cgroup_skb/egress", &attach_cgroup, TYPE(CGROUP_SKB), BPF_CGROUP_INET_EGRESS, 0 },
	{ "cgroup_skb/ingress", &attach_cgroup, TYPE(CGROUP_SKB), BPF_CGROUP_INET_INGRESS, 0 },
	{ "classifier", &attach_tc, TYPE(SCHED_CLS), 0, 0 },
	{ "classifier/egress", &attach_tc, TYPE(SCHED_CLS), 0, SECTION_EGRESS },
	{ "classifier/ingress", &attach_tc, TYPE(SCHED_CLS), 0, 0 },
	{ "fentry", &attach_tracing, TYPE(TRACING), BPF_TRACE_FENTRY, SECTION_BTF },
	{ "fentry.s", &attach_tracing, TYPE(TRACING), BPF_TRACE_FENTRY,
	  SECTION_BTF | SECTION_SLEEPABLE },
	{ "fexit", &attach_tracing, TYPE(TRACING), BPF_TRACE_FEXIT, SECTION_BTF | SECTION_RETURN },
	{ "fexit.s", &attach_tracing, TYPE(TRACING), BPF_TRACE_FEXIT,
	  SECTION_BTF | SECTION_RETURN | SECTION_SLEEPABLE },
	{ "fmod_ret", &attach_tracing, TYPE(TRACING), BPF_MODIFY_RETURN, SECTION_BTF },
	{ "fmod_ret.s", &attach_tracing, TYPE(TRACING), BPF_MODIFY_RETURN,
	  SECTION_BTF | SECTION_SLEEPABLE },
	{ "iter", &attach_iter, TYPE(TRACING), BPF_TRACE_ITER, SECTION_BTF },
	{ "iter.s", &attach_iter, TYPE(TRACING), BPF_TRACE_ITER, SECTION_BTF | SECTION_SLEEPABLE },
	{ "kprobe", &attach_kprobe, TYPE(KPROBE), 0, 0 },
	{ "kprobe.multi", &attach_kprobe_multi, TYPE(KPROBE), KERNEL_ATTACH_KPROBE_MULTI, 0 },
	{ "kprobe.session", &attach_kprobe_multi, TYPE(KPROBE), KERNEL_ATTACH_KPROBE_SESSION,
	  SECTION_SESSION },
	{ "kretprobe", &attach_kprobe, TYPE(KPROBE), 0, SECTION_RETURN },
	{ "kretprobe.multi", &attach_kprobe_multi, TYPE(KPROBE), KERNEL_ATTACH_KPROBE_MULTI,
	  SECTION_RETURN },
	{ "kretsyscall", &attach_kprobe, TYPE(KPROBE), 0, SECTION_RETURN },
	{ "ksyscall", &attach_kprobe, TYPE(KPROBE), 0, 0 },
	{ "lsm", &attach_tracing, TYPE(LSM), BPF_LSM_MAC, SECTION_BTF },
	{ "lsm.s", &attach_tracing, TYPE(LSM), BPF_LSM_MAC, SECTION_BTF | SECTION_SLEEPABLE },
	{ "lsm_cgroup", &attach_cgroup, TYPE(LSM), BPF_LSM_CGROUP, SECTION_BTF },
	{ "netfilter", &attach_netfilter, KERNEL_PROG_TYPE_NETFILTER, KERNEL_ATTACH_NETFILTER, 0 },
	{ "netkit/peer", &attach_tc, TYPE(SCHED_CLS), KERNEL_ATTACH_NETKIT_PEER, 0 },
	{ "netkit/primary", &attach_tc, TYPE(SCHED_CLS), KERNEL_ATTACH_NETKIT_PRIMARY, 0 },
	{ "perf_event", &attach_perf_event, TYPE(PERF_EVENT), 0, 0 },
	{ "raw_tp", &attach_raw_tracepoint, TYPE(RAW_TRACEPOINT), 0, 0 },
	{ "raw_tp.w", &attach_raw_tracepoint, TYPE(RAW_TRACEPOINT_WRITABLE), 0, 0 },
	{ "raw_tracepoint", &attach_raw_tracepoint, TYPE(RAW_TRACEPOINT), 0, 0 },
	{ "raw_tracepoint.w", &attach_raw_tracepoint, TYPE(RAW_TRACEPOINT_WRITABLE), 0, 0 },
	{ "sk_msg", &attach_socket_map, TYPE(SK_MSG), BPF_SK_MSG_VERDICT, 0 },
	{ "sk_skb/stream_parser", &attach_socket_map, TYPE(SK_SKB), BPF_SK_SKB_STREAM_PARSER, 0 },
	{ "sk_skb/stream_verdict", &attach_socket_map, TYPE(SK_SKB), BPF_SK_SKB_STREAM_VERDICT, 0 },
	{ "sockops", &attach_cgroup, TYPE(SOCK_OPS), BPF_CGROUP_SOCK_OPS, 0 },
	{ "socket", &attach_socket_filter, TYPE(SOCKET_FILTER), 0, 0 },
	/* Before 1.0 libbpf took every name that begins with "socket". */
	{ "socket1", &attach_socket_filter, TYPE(SOCKET_FILTER), 0, 0 },
	{ "tc", &attach_tc, TYPE(SCHED_CLS), 0, 0 },
	{ "tc/egress", &attach_tc, TYPE(SCHED_CLS), KERNEL_ATTACH_TCX_EGRESS, 0 },
	{ "tc/ingress", &attach_tc, TYPE(SCHED_CLS), KERNEL_ATTACH_TCX_INGRESS, 0 },
	{ "tcx/egress", &attach_tc, TYPE(SCHED_CLS), KERNEL_ATTACH_TCX_EGRESS, 0 },
	{ "tcx/ingress", &attach_tc, TYPE(SCHED_CLS), KERNEL_ATTACH_TCX_INGRESS, 0 },
	{ "tp", &attach_tracepoint, TYPE(TRACEPOINT), 0, 0 },
	{ "tp_btf", &attach_tracing, TYPE(TRACING), BPF_TRACE_RAW_TP, SECTION_BTF },
	{ "tracepoint", &attach_tracepoint, TYPE(TRACEPOINT), 0, 0 },
	{ "uprobe", &attach_uprobe, TYPE(KPROBE), 0, 0 },
	{ "uprobe.multi", &attach_uprobe_multi, TYPE(KPROBE), KERNEL_ATTACH_UPROBE_MULTI, 0 },
	{ "uprobe.multi.s", &attach_uprobe_multi, TYPE(KPROBE), KERNEL_ATTACH_UPROBE_MULTI,
	  SECTION_SLEEPABLE },
	{ "uprobe.s", &attach_uprobe, TYPE(KPROBE), 0, SECTION_SLEEPABLE },
	{ "uprobe.session", &attach_uprobe_multi, TYPE(KPROBE), KERNEL_ATTACH_UPROBE_SESSION,
	  SECTION_SESSION },
	{ "uprobe.session.s", &attach_uprobe_multi, TYPE(KPROBE), KERNEL_ATTACH_UPROBE_SESSION,
	  SECTION_SESSION | SECTION_SLEEPABLE },
	{ "uretprobe", &attach_uprobe, TYPE(KPROBE), 0, SECTION_RETURN },
	{ "uretprobe.multi", &attach_uprobe_multi, TYPE(KPROBE), KERNEL_ATTACH_UPROBE_MULTI,
	  SECTION_RETURN },
	{ "uretprobe.multi.s", &attach_uprobe_multi, TYPE(KPROBE), KERNEL_ATTACH_UPROBE_MULTI,
	  SECTION_RETURN | SECTION_SLEEPABLE },
	{ "uretprobe.s", &attach_uprobe, TYPE(KPROBE), 0, SECTION_RETURN | SECTION_SLEEPABLE },
	{ "usdt", &attach_usdt, TYPE(KPROBE), 0, 0 },
	{ "usdt.s", &attach_usdt, TYPE(KPROBE), 0, SECTION_SLEEPABLE },
	{ "xdp", &attach_xdp, TYPE(XDP), BPF_XDP, 0 },
};

/* These begin with xdp/ but name no interface: libbpf's own meaning stays (handler.c). */
static const char *const xdp_map_sections[] = { "xdp/cpumap", "xdp/devmap" };

static int register_one(const struct section *section, struct err *err)
{
	LIBBPF_OPTS(libbpf_prog_handler_opts, options, .cookie = (long)section->flags,
		    .prog_setup_fn = handler_set_up, .prog_prepare_load_fn = handler_prepare_load);
	char pattern[64];
	int r;

	/* "name+" is libbpf's way to say: SEC("name") and SEC("name/…"). */
	(void)snprintf(pattern, sizeof(pattern), "%s+", section->prefix);
	r = libbpf_register_prog_handler(pattern, section->program_type, section->attach_type,
					 &options);
	if (r < 0)
		return err__set(err, r, NULL, "section \"%s\" cannot be registered with libbpf",
				section->prefix);
	return 0;
}

int section_register(struct err *err)
{
	/* libbpf's own table is global, and growing it moves the definitions that open objects point to:
	 * so once, before the first object. */
	static bool is_registered;

	if (is_registered)
		return 0;
	/* libbpf takes the first that matches, and "tc+" matches "tc/egress" too: backwards, the longer come first. */
	for (size_t i = array_size(sections); i-- > 0;) {
		int r = register_one(&sections[i], err);

		if (r < 0)
			return r;
	}
	is_registered = true;
	return 0;
}

const struct section *section_find(const char *name, const char **ret_rest)
{
	const struct section *best = NULL;
	size_t best_len = 0;

	for (size_t i = 0; i < array_size(xdp_map_sections); i++)
		if (str_eq(name, xdp_map_sections[i]))
			return NULL;
	for (size_t i = 0; i < array_size(sections); i++) {
		size_t len = strlen(sections[i].prefix);

		if (strncmp(name, sections[i].prefix, len) == 0 &&
		    (name[len] == '\0' || name[len] == '/') && len >= best_len) {
			best = &sections[i];
			best_len = len;
		}
	}
	if (best)
		*ret_rest = name[best_len] ? name + best_len + 1 : NULL;
	return best;
}

/* As kernel/bpf/syscall.c has it; types that no section of ours makes are left out. */
bool section_is_network(const struct section *section)
{
	switch (section->program_type) {
	case TYPE(SCHED_CLS):
	case TYPE(SCHED_ACT):
	case TYPE(XDP):
	case TYPE(CGROUP_DEVICE):
	case TYPE(CGROUP_SOCK):
	case TYPE(CGROUP_SOCK_ADDR):
	case TYPE(CGROUP_SOCKOPT):
	case TYPE(CGROUP_SYSCTL):
	case TYPE(SOCK_OPS):
	case KERNEL_PROG_TYPE_NETFILTER:
		return true;
	default:
		return false;
	}
}
