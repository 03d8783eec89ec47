/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_HOST_HOST_H
#define SRC_HOST_HOST_H

/*
 * Read-only views of the machine, each opened on one root descriptor so that tests hand it a fixture tree.
 * A host owns the descriptor and the views opened so far (lazily, on first use); it outlives whoever borrowed them.
 * decode/, program/ and pipeline/ ask it; nothing else opens paths of the machine.
 */

#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

struct host;
struct kallsyms;
struct cgroup_tree;
struct pci_names;
struct user_symbols;

/* root: "/" or a fixture directory, or the host's root as seen from a container (HOST_ROOT). */
int host__open(const char *root, struct host **ret_host, struct err *err);
struct host *host__close(struct host *host);
int host__root_fd(const struct host *host);
const char *host__root(const struct host *host);

/* Views, opened and filled on first use; borrowed. NULL with err set when they cannot be had. */
struct kallsyms *host__kallsyms(struct host *host, struct err *err);
struct cgroup_tree *host__cgroups(struct host *host, struct err *err);
struct pci_names *host__pci(struct host *host, struct err *err);
/* Names of addresses in processes. NULL: no memory. */
struct user_symbols *host__user_symbols(struct host *host);
/* The cgroup tree if somebody has asked for it already, else NULL: the loop follows it only then. */
struct cgroup_tree *host__cgroups_opened(const struct host *host);

/* Opens /proc/kallsyms with the rights of this moment and reads nothing: for those who will ask after privileges were
 * dropped, when a file opened anew would show no addresses. */
int host__open_kallsyms(struct host *host, struct err *err);
/* Frees the symbols (5 MB) until somebody asks again. */
void host__forget_kallsyms(struct host *host);

/* Number of possible CPUs (what per-CPU maps are sized by); cached; at least 1. */
uint32_t host__possible_cpus(struct host *host);
/* Numbers of the online CPUs; caller frees. Count or -errno. */
int host__online_cpus(struct host *host, uint32_t **ret_cpus, struct err *err);

/* Name of an interface of our own network namespace: length, or -ENOENT. */
int host__interface_name(struct host *host, uint32_t index, char *buf, size_t size);
/* Name of a block device as in column 4 of /proc/partitions: length, -ENOENT, or -errno when the list cannot be read. */
int host__device_name(struct host *host, uint32_t major, uint32_t minor, char *buf, size_t size);
/* Names of /etc/passwd and /etc/group. Borrowed until asked again; NULL: there is none. */
const char *host__user_name(struct host *host, uint32_t uid);
const char *host__group_name(struct host *host, uint32_t gid);
/* Whether kernel.bpf_stats_enabled is on: 0, 1 or -errno. */
int host__bpf_stats_enabled(struct host *host);

/* What Prometheus' process collector reports, of this process. Absent figures are NAN. */
struct process_figures {
	double cpu_seconds, open_fds, max_fds, virtual_bytes, virtual_max_bytes, resident_bytes,
		start_time_s;
	double network_receive_bytes, network_transmit_bytes;
};
void host__process_figures(struct host *host, struct process_figures *ret_figures);

#endif
