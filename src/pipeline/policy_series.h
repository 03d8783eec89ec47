/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_POLICY_SERIES_H
#define SRC_PIPELINE_POLICY_SERIES_H

/*
 * Series of policies' events: families that Tetragon's users know by name, and what the kernel counts them under.
 * It owns what it remembers of keys and binaries; families are the registry's. policy_counts.c adds what was counted,
 * policy_metrics.c makes the families and fills those of the policies themselves.
 */

#include <stdbool.h>
#include "base/map.h"
#include "bpf/abi/policy.h"
#include "metric/registry.h"
#include "source/source.h"

#define POLICY_SERIES_LABELS_MAX 8

struct policy_series {
	struct family *events, *policy_events, *syscalls; /* borrowed */
	struct family **others; /* owned list of borrowed ones, by policy_metrics.c */
	struct family **health; /* likewise, POLICY_HEALTH_FAMILIES of them, by policy_health.c */
	struct table_source *counts;      /* owned; NULL: not opened yet */
	struct table_source *call_counts; /* likewise */
	struct map keys;                  /* policy_count_key → owned struct counted */
	struct map binaries;              /* hash → owned text */
	struct map ended; /* number of a process that ended → owned text of its binary */
};

struct policies;

/* policy_health.c: what was lost, dropped and remembered, by Tetragon's names. */
#define POLICY_HEALTH_FAMILIES 20
int policy_health__open(struct policy_series *series, struct registry *registry, struct err *err);
void policy_health__collect(const struct policies *policies);

/* "read", with POLICY_SYSCALL_32 of the other table; NULL: it has no name. */
const char *policy_syscall_name(uint32_t number);
/* bytes: of a struct policy_figures. */
void policy_figures__add(struct policy_figures *sum, const void *bytes);

#endif
