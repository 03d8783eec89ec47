/* SPDX-License-Identifier: Apache-2.0 */
#include "record/kernel_name.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"

#define NAMES_MAX 64

/* A number may have several names to be found by; it is told by the one that Tetragon's events have for it, or by none. */
enum use { READ_AND_TOLD, ONLY_READ };

struct kernel_name {
	uint16_t number;
	const char *name;
	enum use use;
};

#define NAME(name_, number_)                                                                       \
	{                                                                                          \
		number_, #name_, READ_AND_TOLD                                                     \
	}
#define ALIAS(name_, number_)                                                                      \
	{                                                                                          \
		number_, #name_, ONLY_READ                                                         \
	}

#define CAPABILITY(name_, number_) NAME(CAP_##name_, number_),
static const struct kernel_name capabilities[] = {
#include "record/kernel_capabilities.inc"
};
#undef CAPABILITY

static const struct kernel_name families[] = {
	NAME(AF_UNSPEC, 0),     NAME(AF_UNIX, 1),    ALIAS(AF_LOCAL, 1),
	NAME(AF_INET, 2),       NAME(AF_AX25, 3),    NAME(AF_IPX, 4),
	NAME(AF_APPLETALK, 5),  NAME(AF_NETROM, 6),  NAME(AF_BRIDGE, 7),
	NAME(AF_ATMPVC, 8),     NAME(AF_X25, 9),     NAME(AF_INET6, 10),
	NAME(AF_ROSE, 11),      NAME(AF_DECnet, 12), NAME(AF_NETBEUI, 13),
	NAME(AF_SECURITY, 14),  NAME(AF_KEY, 15),    NAME(AF_NETLINK, 16),
	ALIAS(AF_ROUTE, 16),    NAME(AF_PACKET, 17), NAME(AF_ASH, 18),
	NAME(AF_ECONET, 19),    NAME(AF_ATMSVC, 20), NAME(AF_RDS, 21),
	NAME(AF_SNA, 22),       NAME(AF_IRDA, 23),   NAME(AF_PPPOX, 24),
	NAME(AF_WANPIPE, 25),   NAME(AF_LLC, 26),    NAME(AF_IB, 27),
	NAME(AF_MPLS, 28),      NAME(AF_CAN, 29),    NAME(AF_TIPC, 30),
	NAME(AF_BLUETOOTH, 31), NAME(AF_IUCV, 32),   NAME(AF_RXRPC, 33),
	NAME(AF_ISDN, 34),      NAME(AF_PHONET, 35), NAME(AF_IEEE802154, 36),
	NAME(AF_CAIF, 37),      NAME(AF_ALG, 38),    NAME(AF_NFC, 39),
	NAME(AF_VSOCK, 40),     NAME(AF_KCM, 41),    NAME(AF_QIPCRTR, 42),
	NAME(AF_SMC, 43),       NAME(AF_XDP, 44),    NAME(AF_MCTP, 45),
};

static const struct kernel_name protocols[] = {
	NAME(IPPROTO_IP, 0),        NAME(IPPROTO_ICMP, 1),     NAME(IPPROTO_IGMP, 2),
	NAME(IPPROTO_IPIP, 4),      NAME(IPPROTO_TCP, 6),      NAME(IPPROTO_EGP, 8),
	NAME(IPPROTO_PUP, 12),      NAME(IPPROTO_UDP, 17),     NAME(IPPROTO_IDP, 22),
	NAME(IPPROTO_TP, 29),       NAME(IPPROTO_DCCP, 33),    NAME(IPPROTO_IPV6, 41),
	NAME(IPPROTO_RSVP, 46),     NAME(IPPROTO_GRE, 47),     NAME(IPPROTO_ESP, 50),
	NAME(IPPROTO_AH, 51),       ALIAS(IPPROTO_ICMPV6, 58), NAME(IPPROTO_MTP, 92),
	NAME(IPPROTO_BEETPH, 94),   NAME(IPPROTO_ENCAP, 98),   NAME(IPPROTO_PIM, 103),
	NAME(IPPROTO_COMP, 108),    ALIAS(IPPROTO_L2TP, 115),  NAME(IPPROTO_SCTP, 132),
	NAME(IPPROTO_UDPLITE, 136), NAME(IPPROTO_MPLS, 137),   NAME(IPPROTO_ETHERNET, 143),
	NAME(IPPROTO_RAW, 255),     NAME(IPPROTO_MPTCP, 262),
};

/* As the kernel has them: glibc has other names for some. */
static const struct kernel_name tcp_states[] = {
	NAME(TCP_ESTABLISHED, 1), NAME(TCP_SYN_SENT, 2),   NAME(TCP_SYN_RECV, 3),
	NAME(TCP_FIN_WAIT1, 4),   NAME(TCP_FIN_WAIT2, 5),  NAME(TCP_TIME_WAIT, 6),
	NAME(TCP_CLOSE, 7),       NAME(TCP_CLOSE_WAIT, 8), NAME(TCP_LAST_ACK, 9),
	NAME(TCP_LISTEN, 10),     NAME(TCP_CLOSING, 11),   NAME(TCP_NEW_SYN_RECV, 12),
};

static const struct {
	const struct kernel_name *rows;
	size_t count;
	bool is_any_case; /* when read */
} tables[KERNEL_NAMES_COUNT] = {
	[KERNEL_NAMES_CAPABILITIES] = { capabilities, array_size(capabilities), true },
	[KERNEL_NAMES_FAMILIES] = { families, array_size(families), false },
	[KERNEL_NAMES_PROTOCOLS] = { protocols, array_size(protocols), false },
	[KERNEL_NAMES_TCP_STATES] = { tcp_states, array_size(tcp_states), false },
};
_Static_assert(array_size(capabilities) <= NAMES_MAX && array_size(families) <= NAMES_MAX &&
		       array_size(protocols) <= NAMES_MAX,
	       "kernel_name_nearest() has room for all");

const char *kernel_name_get(enum kernel_names names, uint32_t number)
{
	for (size_t i = 0; i < tables[names].count; i++)
		if (tables[names].rows[i].number == number &&
		    tables[names].rows[i].use == READ_AND_TOLD)
			return tables[names].rows[i].name;
	return NULL;
}

int kernel_name_find(enum kernel_names names, const char *text, size_t len, uint32_t *ret_number)
{
	int (*const compare)(const char *, const char *,
			     size_t) = tables[names].is_any_case ? strncasecmp : strncmp;

	for (size_t i = 0; i < tables[names].count; i++) {
		const struct kernel_name *row = &tables[names].rows[i];

		if (strlen(row->name) != len || compare(row->name, text, len) != 0)
			continue;
		*ret_number = row->number;
		return 0;
	}
	return -ENOENT;
}

const char *kernel_name_nearest(enum kernel_names names, const char *text)
{
	const char *all[NAMES_MAX];

	for (size_t i = 0; i < tables[names].count; i++)
		all[i] = tables[names].rows[i].name;
	return str_nearest(text, all, tables[names].count);
}

/* Those of all architectures that we run on; real-time signals have no names. */
static const char *const signals[] = {
	[SIGHUP] = "SIGHUP",       [SIGINT] = "SIGINT",       [SIGQUIT] = "SIGQUIT",
	[SIGILL] = "SIGILL",       [SIGTRAP] = "SIGTRAP",     [SIGABRT] = "SIGABRT",
	[SIGBUS] = "SIGBUS",       [SIGFPE] = "SIGFPE",       [SIGKILL] = "SIGKILL",
	[SIGUSR1] = "SIGUSR1",     [SIGSEGV] = "SIGSEGV",     [SIGUSR2] = "SIGUSR2",
	[SIGPIPE] = "SIGPIPE",     [SIGALRM] = "SIGALRM",     [SIGTERM] = "SIGTERM",
	[SIGSTKFLT] = "SIGSTKFLT", [SIGCHLD] = "SIGCHLD",     [SIGCONT] = "SIGCONT",
	[SIGSTOP] = "SIGSTOP",     [SIGTSTP] = "SIGTSTP",     [SIGTTIN] = "SIGTTIN",
	[SIGTTOU] = "SIGTTOU",     [SIGURG] = "SIGURG",       [SIGXCPU] = "SIGXCPU",
	[SIGXFSZ] = "SIGXFSZ",     [SIGVTALRM] = "SIGVTALRM", [SIGPROF] = "SIGPROF",
	[SIGWINCH] = "SIGWINCH",   [SIGIO] = "SIGIO",         [SIGPWR] = "SIGPWR",
	[SIGSYS] = "SIGSYS",
};

const char *kernel_signal_name(uint32_t number)
{
	return number < array_size(signals) ? signals[number] : NULL;
}
