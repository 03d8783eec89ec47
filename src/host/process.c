/* SPDX-License-Identifier: Apache-2.0 */
#include "host/host.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/num.h"

#define STAT_BYTES 4096
#define KERNEL_STAT_BYTES (8u << 20) /* a line per CPU and all interrupts */
#define NETSTAT_BYTES (256u << 10)

/* Positions in /proc/PID/stat, counted from the field after the name as 3 (proc(5)). */
enum { STAT_UTIME = 14, STAT_STIME = 15, STAT_START = 22, STAT_VSIZE = 23, STAT_RSS = 24 };

#define STAT_FIRST 3
#define STAT_LAST STAT_RSS

/* The numbered fields as doubles; what is no number stays NAN. */
static bool read_stat(int root_fd, double values[STAT_LAST + 1])
{
	char text[STAT_BYTES];
	const char *field;

	if (fd_read_small(root_fd, "proc/self/stat", text, sizeof(text)) < 0)
		return false;
	field = strrchr(text, ')'); /* the name in brackets may hold anything */
	if (!field || field[1] != ' ')
		return false;
	field += 2;
	for (int i = STAT_FIRST; i <= STAT_LAST; i++) {
		size_t len = strcspn(field, " \n");

		if (num_parse_double(field, len, &values[i]) < 0)
			values[i] = NAN;
		field += len + (field[len] == ' ');
	}
	return true;
}

/* The number behind "\nbtime ": seconds since the epoch at boot. */
static double read_boot_time(int root_fd)
{
	__cleanup(x_freep) char *text = NULL;
	const char *line;
	double value;

	if (fd_read_all(root_fd, "proc/stat", KERNEL_STAT_BYTES, &text, NULL) < 0)
		return NAN;
	line = strstr(text, "\nbtime ");
	if (!line)
		return NAN;
	line += strlen("\nbtime ");
	return num_parse_double(line, strcspn(line, "\n"), &value) < 0 ? NAN : value;
}

static double count_open_fds(int root_fd)
{
	__cleanup(fd_closep) int fd = openat(root_fd, "proc/self/fd",
					     O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat status;
	double count = 0;
	DIR *dir;

	if (fd < 0)
		return NAN;
	/* From 6.2 the kernel tells by the size; ours is not to be counted. */
	if (fstat(fd, &status) == 0 && status.st_size > 0)
		return (double)(status.st_size - 1);
	dir = fdopendir(fd);
	if (!dir)
		return NAN;
	fd = -1; /* closedir() closes it */
	for (const struct dirent *entry; (entry = readdir(dir));)
		count += entry->d_name[0] != '.';
	(void)closedir(dir);
	return count - 1;
}

static double limit_of(__rlimit_resource_t resource)
{
	struct rlimit limit;

	return getrlimit(resource, &limit) < 0 ? NAN : (double)limit.rlim_cur;
}

/* The value below the name in the two "IpExt:" lines, names first. */
static double find_column(const char *names, const char *values, const char *wanted)
{
	while (*names && *names != '\n' && *values && *values != '\n') {
		size_t name_len = strcspn(names, " \n");
		size_t value_len = strcspn(values, " \n");
		double value;

		if (name_len == strlen(wanted) && memcmp(names, wanted, name_len) == 0)
			return num_parse_double(values, value_len, &value) < 0 ? NAN : value;
		names += name_len + (names[name_len] == ' ');
		values += value_len + (values[value_len] == ' ');
	}
	return NAN;
}

static void read_network(int root_fd, struct process_figures *figures)
{
	static const char prefix[] = "IpExt: ";
	__cleanup(x_freep) char *text = NULL;
	const char *names, *values;

	if (fd_read_all(root_fd, "proc/self/net/netstat", NETSTAT_BYTES, &text, NULL) < 0)
		return;
	names = strstr(text, prefix);
	values = names ? strstr(names + strlen(prefix), prefix) : NULL;
	if (!values)
		return;
	names += strlen(prefix);
	values += strlen(prefix);
	figures->network_receive_bytes = find_column(names, values, "InOctets");
	figures->network_transmit_bytes = find_column(names, values, "OutOctets");
}

void host__process_figures(struct host *host, struct process_figures *ret_figures)
{
	int root_fd = host__root_fd(host);
	double ticks = (double)sysconf(_SC_CLK_TCK);
	double stat[STAT_LAST + 1];

	*ret_figures = (struct process_figures){
		.cpu_seconds = NAN,
		.open_fds = count_open_fds(root_fd),
		.max_fds = limit_of(RLIMIT_NOFILE),
		.virtual_bytes = NAN,
		.virtual_max_bytes = limit_of(RLIMIT_AS),
		.resident_bytes = NAN,
		.start_time_s = NAN,
		.network_receive_bytes = NAN,
		.network_transmit_bytes = NAN,
	};
	read_network(root_fd, ret_figures);
	if (!read_stat(root_fd, stat))
		return;
	ret_figures->cpu_seconds = (stat[STAT_UTIME] + stat[STAT_STIME]) / ticks;
	ret_figures->virtual_bytes = stat[STAT_VSIZE];
	ret_figures->resident_bytes = stat[STAT_RSS] * (double)sysconf(_SC_PAGESIZE);
	ret_figures->start_time_s = read_boot_time(root_fd) + stat[STAT_START] / ticks;
}
