/* SPDX-License-Identifier: Apache-2.0 */
#include "probe.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* A minute. */
#define PAUSE_NS 50000000
#define PAUSES_MAX 1200

static char *read_file(const char *path)
{
	char *text = calloc(1, 65536);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_non_null(text);
	if (fd < 0 || read(fd, text, 65535) < 0)
		fail_msg("cannot read %s", path);
	close(fd);
	return text;
}

/* param: one more flag, or NULL. */
static void begin(struct probe *probe, const char *name, const char *param)
{
	const char *probes = getenv("SONDE_PROBES");
	char path[4096];
	char *yaml;

	assert_non_null(probes);
	snprintf(probe->config, sizeof(probe->config), "%s", name);
	snprintf(path, sizeof(path), "%s/%s.yaml", probes, name);
	yaml = read_file(path);
	/* The exporter's objects come from there. */
	assert_int_equal(setenv("SONDE_TEST_BPF", probes, 1), 0);
	exporter__init(&probe->exporter);
	exporter__add(&probe->exporter, name, name, yaml);
	free(yaml);
	exporter__start(&probe->exporter, name,
			(const char *const[]){ "--config.strict", param, NULL });
	probe->before = exporter__scrape(&probe->exporter);
	probe->after = NULL;
}

void probe__begin(struct probe *probe, const char *name)
{
	begin(probe, name, NULL);
}

void probe__begin_by_cgroup(struct probe *probe, const char *name)
{
	char param[128];

	snprintf(param, sizeof(param), "--param=%s.by_cgroup=true", name);
	begin(probe, name, param);
}

void probe__end(struct probe *probe)
{
	free(probe->after);
	probe->after = exporter__scrape(&probe->exporter);
}

void probe__end_when_moved(struct probe *probe, const char *series, double by)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };

	for (int i = 0; i < PAUSES_MAX; i++) {
		probe__end(probe);
		if (probe__moved(probe, series) >= by)
			return;
		nanosleep(&pause, NULL);
	}
	fail_msg("%s moved by %g only, not %g", series, probe__moved(probe, series), by);
}

void probe__end_when_all_moved(struct probe *probe, const char *name, const char *label, double by)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };

	for (int i = 0; i < PAUSES_MAX; i++) {
		probe__end(probe);
		if (probe__moved_with(probe, name, label) >= by)
			return;
		nanosleep(&pause, NULL);
	}
	fail_msg("all of %s with %s moved by %g only, not %g", name, label,
		 probe__moved_with(probe, name, label), by);
}

double probe__moved(const struct probe *probe, const char *series)
{
	double before = metrics_value(probe->before, series);
	double after = metrics_value(probe->after, series);

	return (isnan(after) ? 0 : after) - (isnan(before) ? 0 : before);
}

static double sum_with(const char *metrics, const char *name, const char *label)
{
	char prefix[128];
	char *lines, *rest, *line;
	double sum = 0;

	snprintf(prefix, sizeof(prefix), "%s{", name);
	lines = metrics_lines(metrics, prefix);
	rest = lines;
	while ((line = strsep(&rest, "\n")))
		if (strstr(line, label) && strrchr(line, ' '))
			sum += strtod(strrchr(line, ' ') + 1, NULL);
	free(lines);
	return sum;
}

double probe__moved_with(const struct probe *probe, const char *name, const char *label)
{
	return sum_with(probe->after, name, label) - sum_with(probe->before, name, label);
}

double probe__missed(const struct probe *probe)
{
	char label[128];

	snprintf(label, sizeof(label), "config=\"%s\"", probe->config);
	return probe__moved_with(probe, "sonde_program_missed_runs_total", label);
}

void probe__assert_moved(const struct probe *probe, const char *series, double by)
{
	double moved = probe__moved(probe, series), missed = probe__missed(probe);

	if (moved + missed < by || (getenv("SONDE_IN_VM") && moved > by))
		fail_msg("%s moved by %g, not %g, and %g runs were missed", series, moved, by,
			 missed);
}

void probe__done(struct probe *probe)
{
	free(probe->before);
	free(probe->after);
	assert_int_equal(exporter__stop(&probe->exporter), 0);
	exporter__done(&probe->exporter);
}
