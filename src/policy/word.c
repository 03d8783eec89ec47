/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/word.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"

#define NAMES_MAX 64

struct word {
	const char *name;
	uint16_t number;
};

static const struct word capabilities[] = {
	{ "CAP_CHOWN", 0 },
	{ "CAP_DAC_OVERRIDE", 1 },
	{ "CAP_DAC_READ_SEARCH", 2 },
	{ "CAP_FOWNER", 3 },
	{ "CAP_FSETID", 4 },
	{ "CAP_KILL", 5 },
	{ "CAP_SETGID", 6 },
	{ "CAP_SETUID", 7 },
	{ "CAP_SETPCAP", 8 },
	{ "CAP_LINUX_IMMUTABLE", 9 },
	{ "CAP_NET_BIND_SERVICE", 10 },
	{ "CAP_NET_BROADCAST", 11 },
	{ "CAP_NET_ADMIN", 12 },
	{ "CAP_NET_RAW", 13 },
	{ "CAP_IPC_LOCK", 14 },
	{ "CAP_IPC_OWNER", 15 },
	{ "CAP_SYS_MODULE", 16 },
	{ "CAP_SYS_RAWIO", 17 },
	{ "CAP_SYS_CHROOT", 18 },
	{ "CAP_SYS_PTRACE", 19 },
	{ "CAP_SYS_PACCT", 20 },
	{ "CAP_SYS_ADMIN", 21 },
	{ "CAP_SYS_BOOT", 22 },
	{ "CAP_SYS_NICE", 23 },
	{ "CAP_SYS_RESOURCE", 24 },
	{ "CAP_SYS_TIME", 25 },
	{ "CAP_SYS_TTY_CONFIG", 26 },
	{ "CAP_MKNOD", 27 },
	{ "CAP_LEASE", 28 },
	{ "CAP_AUDIT_WRITE", 29 },
	{ "CAP_AUDIT_CONTROL", 30 },
	{ "CAP_SETFCAP", 31 },
	{ "CAP_MAC_OVERRIDE", 32 },
	{ "CAP_MAC_ADMIN", 33 },
	{ "CAP_SYSLOG", 34 },
	{ "CAP_WAKE_ALARM", 35 },
	{ "CAP_BLOCK_SUSPEND", 36 },
	{ "CAP_AUDIT_READ", 37 },
	{ "CAP_PERFMON", 38 },
	{ "CAP_BPF", 39 },
	{ "CAP_CHECKPOINT_RESTORE", 40 },
};

static const struct word families[] = {
	{ "AF_ALG", 38 },    { "AF_APPLETALK", 5 },   { "AF_ASH", 18 },       { "AF_ATMPVC", 8 },
	{ "AF_ATMSVC", 20 }, { "AF_AX25", 3 },        { "AF_BLUETOOTH", 31 }, { "AF_BRIDGE", 7 },
	{ "AF_CAIF", 37 },   { "AF_CAN", 29 },        { "AF_DECnet", 12 },    { "AF_ECONET", 19 },
	{ "AF_IB", 27 },     { "AF_IEEE802154", 36 }, { "AF_INET", 2 },       { "AF_INET6", 10 },
	{ "AF_IPX", 4 },     { "AF_IRDA", 23 },       { "AF_ISDN", 34 },      { "AF_IUCV", 32 },
	{ "AF_KCM", 41 },    { "AF_KEY", 15 },        { "AF_LLC", 26 },       { "AF_LOCAL", 1 },
	{ "AF_MCTP", 45 },   { "AF_MPLS", 28 },       { "AF_NETBEUI", 13 },   { "AF_NETLINK", 16 },
	{ "AF_NETROM", 6 },  { "AF_NFC", 39 },        { "AF_PACKET", 17 },    { "AF_PHONET", 35 },
	{ "AF_PPPOX", 24 },  { "AF_QIPCRTR", 42 },    { "AF_RDS", 21 },       { "AF_ROSE", 11 },
	{ "AF_ROUTE", 16 },  { "AF_RXRPC", 33 },      { "AF_SECURITY", 14 },  { "AF_SMC", 43 },
	{ "AF_SNA", 22 },    { "AF_TIPC", 30 },       { "AF_UNIX", 1 },       { "AF_UNSPEC", 0 },
	{ "AF_VSOCK", 40 },  { "AF_WANPIPE", 25 },    { "AF_X25", 9 },        { "AF_XDP", 44 },
};

static const struct word file_types[] = {
	{ "blk", 6 },     { "block", 6 }, { "char", 2 },    { "chr", 2 },  { "dir", 4 },
	{ "fifo", 1 },    { "link", 10 }, { "lnk", 10 },    { "pipe", 1 }, { "reg", 8 },
	{ "regular", 8 }, { "sock", 12 }, { "socket", 12 },
};

static const struct word protocols[] = {
	{ "IPPROTO_AH", 51 },     { "IPPROTO_BEETPH", 94 },    { "IPPROTO_COMP", 108 },
	{ "IPPROTO_DCCP", 33 },   { "IPPROTO_EGP", 8 },        { "IPPROTO_ENCAP", 98 },
	{ "IPPROTO_ESP", 50 },    { "IPPROTO_ETHERNET", 143 }, { "IPPROTO_GRE", 47 },
	{ "IPPROTO_ICMP", 1 },    { "IPPROTO_ICMPV6", 58 },    { "IPPROTO_IDP", 22 },
	{ "IPPROTO_IGMP", 2 },    { "IPPROTO_IP", 0 },         { "IPPROTO_IPIP", 4 },
	{ "IPPROTO_IPV6", 41 },   { "IPPROTO_L2TP", 115 },     { "IPPROTO_MPLS", 137 },
	{ "IPPROTO_MPTCP", 262 }, { "IPPROTO_MTP", 92 },       { "IPPROTO_PIM", 103 },
	{ "IPPROTO_PUP", 12 },    { "IPPROTO_RAW", 255 },      { "IPPROTO_RSVP", 46 },
	{ "IPPROTO_SCTP", 132 },  { "IPPROTO_TCP", 6 },        { "IPPROTO_TP", 29 },
	{ "IPPROTO_UDP", 17 },    { "IPPROTO_UDPLITE", 136 },
};

static const struct word states[] = {
	{ "TCP_ESTABLISHED", 1 }, { "TCP_SYN_SENT", 2 },   { "TCP_SYN_RECV", 3 },
	{ "TCP_FIN_WAIT1", 4 },   { "TCP_FIN_WAIT2", 5 },  { "TCP_TIME_WAIT", 6 },
	{ "TCP_CLOSE", 7 },       { "TCP_CLOSE_WAIT", 8 }, { "TCP_LAST_ACK", 9 },
	{ "TCP_LISTEN", 10 },     { "TCP_CLOSING", 11 },   { "TCP_NEW_SYN_RECV", 12 },
};

static const struct {
	const struct word *words;
	size_t count;
	bool is_any_case;
} tables[POLICY_WORDS_COUNT] = {
	[POLICY_WORDS_CAPABILITIES] = { capabilities, array_size(capabilities), true },
	[POLICY_WORDS_FAMILIES] = { families, array_size(families), false },
	[POLICY_WORDS_FILE_TYPES] = { file_types, array_size(file_types), false },
	[POLICY_WORDS_PROTOCOLS] = { protocols, array_size(protocols), false },
	[POLICY_WORDS_STATES] = { states, array_size(states), false },
};
_Static_assert(array_size(capabilities) <= NAMES_MAX && array_size(families) <= NAMES_MAX,
	       "policy_word__nearest() has room for all");

int policy_word__find(enum policy_words words, const char *text, size_t len, uint64_t *ret_number)
{
	for (size_t i = 0; i < tables[words].count; i++) {
		const struct word *word = &tables[words].words[i];

		if (strlen(word->name) != len ||
		    (tables[words].is_any_case ? strncasecmp(word->name, text, len)
					       : strncmp(word->name, text, len)) != 0)
			continue;
		*ret_number = word->number;
		return 0;
	}
	return -ENOENT;
}

const char *policy_word__nearest(enum policy_words words, const char *text)
{
	const char *names[NAMES_MAX];

	for (size_t i = 0; i < tables[words].count; i++)
		names[i] = tables[words].words[i].name;
	return str_nearest(text, names, tables[words].count);
}
