/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_SINK_EVENT_WRITER_PRIVATE_H
#define SRC_SINK_EVENT_WRITER_PRIVATE_H

/*
 * What a writer is compiled to, and how much room each of it may take: shared by event_writer_compile.c, which makes the
 * list, and event_writer.c, which runs it. It owns nothing by itself. Nobody else includes it.
 */

#include "base/num.h"
#include "base/str.h"
#include "sink/event_writer.h"

#define DERIVED_TEXT_LEN 64            /* longer ones reserve for themselves */
#define COPY_BLOCK 16                  /* what is copied runs over by up to that */
#define NUMBER_ROOM NUM_DOUBLE_MAX_LEN /* the longest of them, and of "null" and "false" */

/* The first ones read their bytes themselves; they are what nearly all fields are. */
enum op_kind {
	OP_U8,
	OP_U16,
	OP_U32,
	OP_U64,
	OP_S32,
	OP_S64,
	OP_SHORT_TEXT, /* bounded as numbers are */
	OP_TEXT,
	OP_DERIVED,
	OP_VALUE,  /* by record__get() */
	OP_ARRAY,  /* element by element */
	OP_STREAM, /* the stream's name */
	OP_END,
};

struct event_op {
	size_t text_at; /* in writer->text, what stands before the value */
	uint32_t text_len;
	enum op_kind kind;
	uint32_t field;
	uint32_t offset, size;
};

/* Ops in a row, whose text is the same of all records about one subject, or is not. */
struct event_span {
	size_t end; /* behind its last op */
	bool is_who;
	bool is_filled;
	uint64_t subject;   /* the text's */
	struct strbuf text; /* owned */
};

#endif
