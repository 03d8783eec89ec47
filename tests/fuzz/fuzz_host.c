/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The texts of the machine: whatever /proc, /sys and pci.ids say, the views read it or say why not. The first byte
 * of the input chooses the file, the rest is its content.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "host/cgroup.h"
#include "host/host.h"
#include "host/kallsyms.h"
#include "host/pci.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void ask_kallsyms(struct host *host)
{
	struct kallsyms *symbols = host__kallsyms(host, NULL);
	uint64_t address;

	if (!symbols)
		return;
	(void)kallsyms__find_exact(symbols, 0x10);
	(void)kallsyms__find_nearest(symbols, UINT64_MAX);
	(void)kallsyms__find_address(symbols, "a", &address);
	(void)kallsyms__refresh(symbols, NULL);
}

static void ask_partitions(struct host *host)
{
	char name[16];

	(void)host__device_name(host, 8, 0, name, sizeof(name));
}

static void ask_mountinfo(struct host *host)
{
	struct cgroup_tree *cgroups = host__cgroups(host, NULL);

	if (cgroups)
		(void)cgroup_tree__find(cgroups, 1);
}

static void ask_pci(struct host *host)
{
	const struct pci_names *names = host__pci(host, NULL);

	if (!names)
		return;
	(void)pci_names__find_vendor(names, 1);
	(void)pci_names__find_device(names, 1, 1);
	(void)pci_names__find_class(names, 1);
	(void)pci_names__find_subclass(names, 1, 1);
}

static void ask_cpus(struct host *host)
{
	uint32_t *cpus = NULL;

	if (host__possible_cpus(host) == 0)
		abort();
	if (host__online_cpus(host, &cpus, NULL) > 0)
		free(cpus);
}

static void ask_process(struct host *host)
{
	struct process_figures figures;

	host__process_figures(host, &figures);
}

static void ask_users(struct host *host)
{
	const char *name = host__user_name(host, 1000);
	const char *group = host__group_name(host, 0);

	if ((name && !name[0]) || (group && !group[0]))
		abort();
}

static const struct {
	const char *path;
	void (*ask)(struct host *host);
} files[] = {
	{ "proc/kallsyms", ask_kallsyms },
	{ "proc/partitions", ask_partitions },
	{ "proc/self/mountinfo", ask_mountinfo },
	{ "usr/share/misc/pci.ids", ask_pci },
	{ "sys/devices/system/cpu/possible", ask_cpus },
	{ "sys/devices/system/cpu/online", ask_cpus },
	{ "proc/self/stat", ask_process },
	{ "proc/self/net/netstat", ask_process },
	{ "proc/stat", ask_process },
	{ "etc/passwd", ask_users },
	{ "etc/group", ask_users },
};

static char root[] = "/tmp/sonde-fuzz-XXXXXX";

static void remove_file(const char *path)
{
	char whole[256];

	(void)snprintf(whole, sizeof(whole), "%s/%s", root, path);
	(void)unlink(whole);
	/* Its folders go with the last file in them. */
	while (strlen(whole) > strlen(root)) {
		*strrchr(whole, '/') = '\0';
		if (rmdir(whole) < 0)
			return;
	}
}

static void remove_all(void)
{
	for (size_t i = 0; i < array_size(files); i++)
		remove_file(files[i].path);
}

static void write_file(const char *path, const uint8_t *data, size_t len)
{
	char whole[256];
	int fd;

	(void)snprintf(whole, sizeof(whole), "%s/%s", root, path);
	for (char *slash = whole + strlen(root) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = '\0';
		(void)mkdir(whole, 0700); /* mostly there already */
	}
	fd = open(whole, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		abort();
	(void)close(fd);
}

static void start(void)
{
	if (!mkdtemp(root))
		abort();
	(void)unsetenv("HOME");
	(void)unsetenv("PCIDB_PATH");
	(void)atexit(remove_all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static bool is_started;
	struct host *host = NULL;
	size_t choice;

	if (!is_started)
		start();
	is_started = true;
	if (!len)
		return 0;
	choice = data[0] % array_size(files);
	write_file(files[choice].path, data + 1, len - 1);
	if (host__open(root, &host, NULL) < 0)
		abort();
	files[choice].ask(host);
	host__close(host);
	return 0;
}
