/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_POLICY_PIECES_H
#define SRC_PIPELINE_POLICY_PIECES_H

/*
 * Pieces of long buffers (maxData), which come through the ring before the record of the call that they are of.
 * It owns copies of the pieces, up to POLICY_PIECES_MAX bytes of all calls together; the oldest make room for new ones.
 * policy_stream.c adds them as they come, and policy_argument.c takes those of the call that is told.
 */

#include "base/arena.h"
#include "base/str.h"
#include "bpf/abi/policy.h"
#include "record/process_argument.h"

#define POLICY_PIECES_MAX (8u << 20)

struct policy_pieces {
	struct strbuf held; /* records, one behind the other */
	uint64_t dropped;   /* that made room, or for which there was no memory */
};

/* -EPROTO: it is not sound. */
int policy_pieces__add(struct policy_pieces *pieces, const struct policy_data *data, size_t len);
/*
 * The bytes at the beginning of a buffer, and behind them those pieces of it that follow without a gap; these are
 * forgotten. In the arena; the beginning alone where there are none, or no memory.
 */
struct text_view policy_pieces__join(struct policy_pieces *pieces,
				     const struct policy_record *record, uint32_t value,
				     struct text_view begin, struct arena *arena);
void policy_pieces__done(struct policy_pieces *pieces);

#endif
