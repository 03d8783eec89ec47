/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gadgets and columns as Inspektor Gadget v0.21 called them, and what they are called today. Columns without a row here
 * are taken for names of today's fields.
 */
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "config/gadget_metrics/gadget_metrics.h"

#define PATHS "paths"

static const struct legacy_column common_columns[] = {
	{ "k8s.container", "k8s.containerName", NULL },
	{ "k8s.hostnetwork", "k8s.hostnetwork", NULL },
	{ "k8s.namespace", "k8s.namespace", NULL },
	{ "k8s.node", "k8s.node", NULL },
	{ "k8s.pod", "k8s.podName", NULL },
	{ "netns", "netns_id", NULL },
	{ "runtime.containerId", "runtime.containerId", NULL },
	{ "runtime.containerImageName", "runtime.containerImageName", NULL },
	{ "runtime.containerName", "runtime.containerName", NULL },
	{ "runtime.runtimeName", "runtime.runtimeName", NULL },
	{ "timestamp", "timestamp", NULL },
};

/* Of today's gadgets that tell the process as a whole. */
#define PROCESS                                                                                    \
	{ "comm", "proc.comm", NULL }, { "gid", "proc.creds.gid", NULL },                          \
		{ "mntns", "proc.mntns_id", NULL }, { "pid", "proc.pid", NULL },                   \
		{ "ppid", "proc.parent.pid", NULL }, { "tid", "proc.tid", NULL },                  \
	{                                                                                          \
		"uid", "proc.creds.uid", NULL                                                      \
	}

/* One end of a connection; the column of its own name is both parts of the address. */
#define ENDPOINT(name_)                                                                            \
	{ name_, name_ ".endpoint", NULL }, { name_ ".addr", name_ ".addr", NULL },                \
		{ name_ ".kind", name_ ".k8s.kind", NULL },                                        \
		{ name_ ".name", name_ ".k8s.name", NULL },                                        \
		{ name_ ".ns", name_ ".k8s.namespace", NULL },                                     \
		{ name_ ".port", name_ ".port", NULL }, { name_ ".proto", name_ ".proto", NULL },  \
	{                                                                                          \
		name_ ".v", name_ ".version", NULL                                                 \
	}

static const struct legacy_column bind_columns[] = {
	PROCESS,
	{ "addr", "addr.addr", NULL },
	{ "if", "bound_dev_if", NULL },
	{ "opts", "opts", NULL },
	{ "port", "addr.port", NULL },
	{ "proto", "addr.proto", NULL },
	{ "ret", "error_raw", NULL },
};

static const struct legacy_column capabilities_columns[] = {
	PROCESS,
	{ "audit", "audit", NULL },
	{ "cap", "cap_raw", NULL },
	{ "capName", "cap", NULL },
	{ "caps", "cap_effective_raw", NULL },
	{ "capsNames", "cap_effective", NULL },
	{ "currentUserNs", "current_userns", NULL },
	{ "insetid", "insetid", NULL },
	{ "syscall", "syscall", NULL },
	{ "targetUserNs", "target_userns", NULL },
	{ "verdict", "capable", NULL },
};

static const struct legacy_column dns_columns[] = {
	PROCESS,
	{ "addresses", "addresses", NULL },
	{ "cwd", "cwd", PATHS },
	{ "dstIP", "dst.addr", NULL },
	{ "dstPort", "dst.port", NULL },
	{ "exepath", "exepath", PATHS },
	{ "id", "id", NULL },
	{ "latency", "latency_ns_raw", NULL },
	{ "name", "name", NULL },
	{ "nameserver", "nameserver.addr", NULL },
	{ "numAnswers", "num_answers", NULL },
	{ "proto", "src.proto", NULL },
	{ "qr", "qr", NULL },
	{ "qtype", "qtype", NULL },
	{ "rcode", "rcode", NULL },
	{ "srcIP", "src.addr", NULL },
	{ "srcPort", "src.port", NULL },
	{ "type", "pkt_type", NULL },
};

static const struct legacy_column exec_columns[] = {
	PROCESS,
	{ "args", "args", NULL },
	{ "cwd", "cwd", PATHS },
	{ "exepath", "exepath", PATHS },
	{ "loginuid", "loginuid", NULL },
	{ "pcomm", "proc.parent.comm", NULL },
	{ "ret", "error_raw", NULL },
	{ "sessionid", "sessionid", NULL },
	{ "upperlayer", "upper_layer", NULL },
};

static const struct legacy_column fsslower_columns[] = {
	PROCESS,
	{ "T", "op", NULL },
	{ "bytes", "size", NULL },
	{ "file", "file", NULL },
	{ "lat", "delta_us", NULL },
	{ "latency", "delta_us", NULL },
	{ "offset", "offset", NULL },
};

static const struct legacy_column mount_columns[] = {
	PROCESS,
	{ "data", "data", NULL },
	{ "dst", "dest", NULL },
	{ "flags", "flags", NULL },
	{ "fs", "fs", NULL },
	{ "latency", "delta_raw", NULL },
	{ "op", "op", NULL },
	{ "ret", "error_raw", NULL },
	{ "src", "src", NULL },
};

/* "t" was who triggered it, today it is the target; "k" was who was killed. */
static const struct legacy_column oomkill_columns[] = {
	{ "kcomm", "tcomm", NULL },         { "kpid", "tpid", NULL },
	{ "mntns", "tmntns_id", NULL },     { "pages", "pages", NULL },
	{ "tcomm", "fprocess.comm", NULL }, { "tgid", "fprocess.creds.gid", NULL },
	{ "tpid", "fprocess.pid", NULL },   { "tuid", "fprocess.creds.uid", NULL },
};

static const struct legacy_column open_columns[] = {
	PROCESS,
	{ "err", "error_raw", NULL },
	{ "fd", "fd", NULL },
	{ "flags", "flags", NULL },
	{ "fullPath", "fpath", PATHS },
	{ "mode", "mode", NULL },
	{ "path", "fname", NULL },
	{ "ret", "error_raw", NULL },
};

static const struct legacy_column process_columns[] = {
	{ "comm", "comm", NULL },     { "gid", "creds.gid", NULL },   { "mntns", "mntns_id", NULL },
	{ "pid", "pid", NULL },       { "ppid", "parent.pid", NULL }, { "tid", "tid", NULL },
	{ "uid", "creds.uid", NULL },
};

static const struct legacy_column seccomp_columns[] = {
	PROCESS,
	{ "code", "code", NULL },
	{ "syscall", "syscall", NULL },
};

static const struct legacy_column signal_columns[] = {
	PROCESS,
	{ "ret", "error_raw", NULL },
	{ "signal", "sig", NULL },
	{ "tpid", "tpid", NULL },
};

static const struct legacy_column sni_columns[] = {
	PROCESS,
	{ "name", "name", NULL },
};

static const struct legacy_column socket_columns[] = {
	ENDPOINT("src"),
	ENDPOINT("dst"),
	{ "inode", "ino", NULL },
	{ "protocol", "src.proto", NULL },
	{ "status", "state", NULL },
};

static const struct legacy_column tcp_columns[] = {
	PROCESS,
	ENDPOINT("src"),
	ENDPOINT("dst"),
	{ "ip", "src.version", NULL },
	{ "latency", "latency_ns_raw", NULL },
	{ "t", "type", NULL },
};

/* The packet's owner is no process as a whole there. */
static const struct legacy_column tcpdrop_columns[] = {
	ENDPOINT("src"),
	ENDPOINT("dst"),
	{ "comm", "comm", NULL },
	{ "gid", "gid", NULL },
	{ "ip", "src.version", NULL },
	{ "mntns", "mount_ns_id", NULL },
	{ "pid", "pid", NULL },
	{ "reason", "reason", NULL },
	{ "state", "state", NULL },
	{ "tcpflags", "tcpflags", NULL },
	{ "uid", "uid", NULL },
};

static const struct legacy_column tcpretrans_columns[] = {
	PROCESS,
	ENDPOINT("src"),
	ENDPOINT("dst"),
	{ "ip", "src.version", NULL },
	{ "state", "state", NULL },
	{ "tcpflags", "tcpflags", NULL },
};

#define GADGET(category_, name_, gadget_, mode_, setting_, columns_)                               \
	{                                                                                          \
		.category = (category_), .name = (name_), .gadget = (gadget_), .mode = (mode_),    \
		.setting = (setting_), .columns = (columns_),                                      \
		.column_count = sizeof(columns_) / sizeof((columns_)[0])                           \
	}
#define TRACE(name_, columns_)                                                                     \
	GADGET("trace", #name_, "trace_" #name_, STREAM_MODE_EVENTS, NULL, columns_)

static const struct legacy_gadget gadgets[] = {
	GADGET("audit", "seccomp", "audit_seccomp", STREAM_MODE_EVENTS, NULL, seccomp_columns),
	GADGET("snapshot", "process", "snapshot_process", STREAM_MODE_SNAPSHOT, NULL,
	       process_columns),
	GADGET("snapshot", "socket", "snapshot_socket", STREAM_MODE_SNAPSHOT, NULL, socket_columns),
	TRACE(bind, bind_columns),
	TRACE(capabilities, capabilities_columns),
	TRACE(dns, dns_columns),
	TRACE(exec, exec_columns),
	TRACE(fsslower, fsslower_columns),
	TRACE(mount, mount_columns),
	TRACE(oomkill, oomkill_columns),
	TRACE(open, open_columns),
	TRACE(signal, signal_columns),
	TRACE(sni, sni_columns),
	TRACE(tcp, tcp_columns),
	GADGET("trace", "tcpconnect", "trace_tcp", STREAM_MODE_EVENTS, "connect-only", tcp_columns),
	TRACE(tcpdrop, tcpdrop_columns),
	TRACE(tcpretrans, tcpretrans_columns),
};

const struct legacy_gadget *legacy_gadget_find(const char *category, const char *name)
{
	for (size_t i = 0; i < array_size(gadgets); i++)
		if (str_eq(gadgets[i].category, category) && str_eq(gadgets[i].name, name))
			return &gadgets[i];
	return NULL;
}

const struct legacy_gadget *legacy_gadget_at(uint32_t index)
{
	return index < array_size(gadgets) ? &gadgets[index] : NULL;
}

const struct legacy_column *legacy_column_at(const struct legacy_gadget *gadget, uint32_t index)
{
	if (index < gadget->column_count)
		return &gadget->columns[index];
	index -= gadget->column_count;
	return index < array_size(common_columns) ? &common_columns[index] : NULL;
}

const struct legacy_column *legacy_column_find(const struct legacy_gadget *gadget, const char *name)
{
	const struct legacy_column *column;

	for (uint32_t i = 0; (column = legacy_column_at(gadget, i)); i++)
		if (strcasecmp(column->name, name) == 0)
			return column;
	return NULL;
}
