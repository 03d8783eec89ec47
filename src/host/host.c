/* SPDX-License-Identifier: Apache-2.0 */
#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/mem.h"
#include "host/cgroup.h"
#include "host/cpu.h"
#include "host/devices.h"
#include "host/kallsyms.h"
#include "host/pci.h"
#include "host/rate_limit.h"
#include "host/user.h"
#include "host/user_symbols.h"

#define POSSIBLE_PATH "sys/devices/system/cpu/possible"
#define ONLINE_PATH "sys/devices/system/cpu/online"
#define BPF_STATS_PATH "proc/sys/kernel/bpf_stats_enabled"
#define PASSWD_PATH "etc/passwd"
#define GROUP_PATH "etc/group"

/* A view that could not be opened is tried again now and then, not for every row that asks. */
struct attempt {
	struct rate_limit limit;
	int code;   /* of the last attempt */
	char *text; /* owned; what it said */
};

struct host {
	int root_fd;               /* owned */
	char *root;                /* owned */
	struct kallsyms *kallsyms; /* owned, like all views below; NULL: not asked for yet */
	struct cgroup_tree *cgroups;
	struct pci_names *pci;
	struct user_symbols *user_symbols;
	struct attempt kallsyms_attempt, kallsyms_load, cgroups_attempt, pci_attempt;
	struct device_list devices;
	struct user_list users, groups;
	uint32_t possible_cpus; /* 0: not asked for yet */
};

static void attempt_init(struct attempt *attempt)
{
	*attempt = (struct attempt){ .limit = { .interval_ns = 10 * NS_PER_S, .burst = 1 } };
}

/* 0: the view may be tried (again). Otherwise the code of the last attempt, and err says what it said. */
static int attempt_begins(struct attempt *attempt, struct err *err)
{
	if (rate_limit__take(&attempt->limit, clock_monotonic_ns()))
		return 0;
	return err__set(err, attempt->code, NULL, "%s",
			attempt->text ? attempt->text : strerror(-attempt->code));
}

/* Keeps the error for those who ask before the next attempt. `own` is used up, err may be NULL. Returns code. */
static int attempt_ends(struct attempt *attempt, int code, struct err *own, struct err *err)
{
	free(attempt->text);
	attempt->text = own->text ? strdup(own->text) : NULL; /* NULL: said in fewer words then */
	attempt->code = code;
	if (code < 0)
		(void)err__set(err, code, NULL, "%s", own->text ? own->text : strerror(-code));
	else
		attempt->limit.taken = 0; /* only failures count */
	err__done(own);
	return code;
}

static void attempt_done(struct attempt *attempt)
{
	free(attempt->text);
	attempt->text = NULL;
}

int host__open(const char *root, struct host **ret_host, struct err *err)
{
	__cleanup(fd_closep) int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct host *host;

	if (fd < 0)
		return err__set(err, -errno, NULL,
				"cannot open '%s' as the root of the machine: %s", root,
				strerror(errno));
	host = new_zero(struct host);
	if (!host)
		return err__set(err, -ENOMEM, NULL, "no memory for the host");
	host->root_fd = take_fd(fd);
	host->root = strdup(root);
	attempt_init(&host->kallsyms_attempt);
	attempt_init(&host->kallsyms_load);
	attempt_init(&host->cgroups_attempt);
	attempt_init(&host->pci_attempt);
	device_list__init(&host->devices);
	user_list__init(&host->users, PASSWD_PATH);
	user_list__init(&host->groups, GROUP_PATH);
	if (!host->root) {
		host__close(host);
		return err__set(err, -ENOMEM, NULL, "no memory for the host");
	}
	*ret_host = host;
	return 0;
}

struct host *host__close(struct host *host)
{
	if (!host)
		return NULL;
	kallsyms__close(host->kallsyms);
	cgroup_tree__close(host->cgroups);
	pci_names__close(host->pci);
	attempt_done(&host->kallsyms_attempt);
	attempt_done(&host->kallsyms_load);
	attempt_done(&host->cgroups_attempt);
	attempt_done(&host->pci_attempt);
	device_list__done(&host->devices);
	user_symbols__free(host->user_symbols);
	user_list__done(&host->users);
	user_list__done(&host->groups);
	fd_closep(&host->root_fd);
	free(host->root);
	free(host);
	return NULL;
}

int host__root_fd(const struct host *host)
{
	return host->root_fd;
}

const char *host__root(const struct host *host)
{
	return host->root;
}

/* Opens a view unless it is there: `name` of type struct `type`, by type##__open(root_fd, ret, err). */
#define DEFINE_OPEN_VIEW(name, type)                                                               \
	static int open_##name(struct host *host, struct err *err)                                 \
	{                                                                                          \
		struct err own = ERR_INIT;                                                         \
		int r;                                                                             \
                                                                                                   \
		if (host->name)                                                                    \
			return 0;                                                                  \
		r = attempt_begins(&host->name##_attempt, err);                                    \
		if (r < 0)                                                                         \
			return r;                                                                  \
		r = type##__open(host->root_fd, &host->name, &own);                                \
		return attempt_ends(&host->name##_attempt, r, &own, err);                          \
	}

DEFINE_OPEN_VIEW(kallsyms, kallsyms)
DEFINE_OPEN_VIEW(cgroups, cgroup_tree)
DEFINE_OPEN_VIEW(pci, pci_names)

int host__open_kallsyms(struct host *host, struct err *err)
{
	return open_kallsyms(host, err);
}

struct kallsyms *host__kallsyms(struct host *host, struct err *err)
{
	struct err own = ERR_INIT;
	int r;

	if (open_kallsyms(host, err) < 0)
		return NULL;
	if (kallsyms__is_loaded(host->kallsyms))
		return host->kallsyms;
	if (attempt_begins(&host->kallsyms_load, err) < 0)
		return NULL;
	r = kallsyms__load(host->kallsyms, &own);
	return attempt_ends(&host->kallsyms_load, r, &own, err) < 0 ? NULL : host->kallsyms;
}

void host__forget_kallsyms(struct host *host)
{
	if (host->kallsyms)
		kallsyms__unload(host->kallsyms);
}

struct cgroup_tree *host__cgroups(struct host *host, struct err *err)
{
	return open_cgroups(host, err) < 0 ? NULL : host->cgroups;
}

struct pci_names *host__pci(struct host *host, struct err *err)
{
	return open_pci(host, err) < 0 ? NULL : host->pci;
}

struct cgroup_tree *host__cgroups_opened(const struct host *host)
{
	return host->cgroups;
}

uint32_t host__possible_cpus(struct host *host)
{
	struct cpu_list list = CPU_LIST_INIT;

	if (host->possible_cpus)
		return host->possible_cpus;
	if (cpu_list__read(&list, host->root_fd, POSSIBLE_PATH) == 0) {
		/* Values of per-CPU maps are one per possible CPU, without holes. */
		host->possible_cpus = (uint32_t)list.len;
	} else {
		long configured = sysconf(_SC_NPROCESSORS_CONF);

		host->possible_cpus = configured > 0 ? (uint32_t)configured : 1;
	}
	cpu_list__done(&list);
	return host->possible_cpus;
}

int host__online_cpus(struct host *host, uint32_t **ret_cpus, struct err *err)
{
	struct cpu_list list = CPU_LIST_INIT;
	int r = cpu_list__read(&list, host->root_fd, ONLINE_PATH);

	if (r < 0) {
		cpu_list__done(&list);
		return err__set(err, r, NULL, "cannot read the online CPUs from /%s: %s",
				ONLINE_PATH, strerror(-r));
	}
	*ret_cpus = list.cpus;
	return (int)list.len;
}

int host__device_name(struct host *host, uint32_t major, uint32_t minor, char *buf, size_t size)
{
	return device_list__find(&host->devices, host->root_fd, major, minor, buf, size);
}

struct user_symbols *host__user_symbols(struct host *host)
{
	if (!host->user_symbols)
		(void)user_symbols__new(host->root_fd, &host->user_symbols); /* NULL says it */
	return host->user_symbols;
}

const char *host__user_name(struct host *host, uint32_t uid)
{
	return user_list__find(&host->users, host->root_fd, uid);
}

const char *host__group_name(struct host *host, uint32_t gid)
{
	return user_list__find(&host->groups, host->root_fd, gid);
}

int host__bpf_stats_enabled(struct host *host)
{
	char text[16];
	ssize_t len = fd_read_small(host->root_fd, BPF_STATS_PATH, text, sizeof(text));

	return len < 0 ? (int)len : text[0] == '1';
}
