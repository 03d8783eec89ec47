/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_APPORTION_H
#define SRC_PIPELINE_APPORTION_H

/*
 * Who pays, and how much, for a program or a map that several outputs (metrics and spans) live on: the rule of
 * docs/reference/metrics.md, on plain numbers. Matrices are the caller's, row by row; it owns nothing. cost.c asks it
 * once per config.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

struct apportion_input {
	uint32_t programs, maps, outputs;
	const bool *uses;         /* programs × maps: the program refers to the map */
	const bool *feeds;        /* maps × outputs: the output is read from the map */
	const bool *is_left_out;  /* outputs: it pays only when there is no other */
	const bool *is_variables; /* maps: the object's variables, which tie nobody to anybody */
};

/*
 * Marks whose each program and each map is. With outputs there is at least one mark in every row. A program belongs to
 *   1. the outputs that are read from maps it uses, and from maps of programs with which it shares a helper map: one
 *      that no output is read from, as that of the times when something began; if there are none,
 *   2. those of the programs that are further away by such maps, the nearest ones first; if there are none,
 *   3. all outputs that are not left out.
 * A map belongs to the outputs that are read from it, else to those of the programs that use it, else to all.
 */
int apportion(const struct apportion_input *input, bool *ret_programs, bool *ret_maps,
	      struct err *err);

/*
 * The parts (their sum is 1) that the marked outputs pay of a program: in proportion to how often each moves, counting no
 * more than the program runs; NAN: as often as that. Equal ones when none moves.
 */
void apportion_run_time(const bool *marks, const double *moves_per_s, uint32_t outputs,
			double runs_per_s, double *ret_parts);

#endif
