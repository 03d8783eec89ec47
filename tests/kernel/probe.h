/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_KERNEL_PROBE_H
#define TESTS_KERNEL_PROBE_H

/*
 * A shipped probe under a real exporter, and how far its series move while the test does something.
 * It owns the exporter and the scrape taken at begin. Counts over the whole system are exact only where nobody else
 * does anything: in a VM; elsewhere they are a lower bound.
 */

#include "exporter.h"

struct probe {
	struct exporter exporter;
	char *before; /* owned; the scrape at begin */
	char *after;  /* owned; the scrape at end */
	char config[64];
};

/* Starts the probe out of $SONDE_PROBES and takes the first scrape. */
void probe__begin(struct probe *probe, const char *name);
/* The same with its parameter `by_cgroup`. */
void probe__begin_by_cgroup(struct probe *probe, const char *name);
/* Takes the second scrape; again, when it is called again. */
void probe__end(struct probe *probe);
/* Takes it until the series moved that far: for what the kernel counts later. Fails when it does not within a minute. */
void probe__end_when_moved(struct probe *probe, const char *series, double by);
/* The same of all series of this name together that have this text among their labels. */
void probe__end_when_all_moved(struct probe *probe, const char *name, const char *label, double by);
/* How far a series moved; one that was not there before began at 0. */
double probe__moved(const struct probe *probe, const char *series);
/* How far all series of this name moved together that have this label, `name="value"`. */
double probe__moved_with(const struct probe *probe, const char *name, const char *label);
/* Runs of its programs that did not take place since it began, because the program was running on that CPU already. */
double probe__missed(const struct probe *probe);
/*
 * Fails unless the series moved by this much (in a VM), or by at least this much (elsewhere, where others are counted, too).
 * What a program missed is told and may be missing: others, and on Linux 7 also a task that has to leave the CPU in the middle
 * of it, may keep it from running.
 */
void probe__assert_moved(const struct probe *probe, const char *series, double by);
void probe__done(struct probe *probe);

#endif
