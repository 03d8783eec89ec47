/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_COUNT_SNAPSHOT_H
#define SRC_PIPELINE_COUNT_SNAPSHOT_H

/*
 * Gauges of what there is at the moment: iterators run when somebody asks, and every entry is counted by its labels.
 * It owns nothing. scrape.c calls it for each config.
 */

#include <stdint.h>

struct agent_config;

/* Each iterator runs once, whatever the number of metrics that count its entries. */
void count_snapshots(struct agent_config *config, uint32_t generation);

#endif
