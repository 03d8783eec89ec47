/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_STAGE_H
#define SRC_PIPELINE_STAGE_H

/*
 * The road, as a type: the stages in the order in which a number travels through them.
 * It owns nothing. The pipeline walks it and the ledger counts by it; src/README.md tells it in words.
 *
 * A journey (scrape.c, event.c) names each stage where it enters it, by value or as a STAGE_X comment.
 * tools/check-road holds the three against each other: this enum, src/README.md, and the journeys.
 */

enum stage {
	STAGE_CONFIG,  /* text to spec */
	STAGE_PROGRAM, /* spec to loaded and attached */
	STAGE_SOURCE,  /* kernel to bytes */
	STAGE_RECORD,  /* bytes to typed */
	STAGE_FILTER,  /* keep or drop */
	STAGE_ENRICH,  /* who it was */
	STAGE_METRIC,  /* sum */
	STAGE_SINK,    /* out */
};

#endif
