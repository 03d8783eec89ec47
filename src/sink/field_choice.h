/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_SINK_FIELD_CHOICE_H
#define SRC_SINK_FIELD_CHOICE_H

/*
 * Which fields of a stream are columns, and in which order: those that its styles do not hide, or what somebody asked
 * for. "a,b" is these and no others; "+x,-y" adds to what is shown anyway and takes away from it; with several streams
 * "exec:a,b;open:+c" says whose, and a list without a name is for all. Fields are called by name or title, in any case.
 * It owns nothing but the list that it hands out. sink/columns calls it once per stream.
 */

#include "sink/event_sink.h"

/* text NULL: nobody asked. *ret_fields (to be freed) are indexes into the schema. -EINVAL: no such field or stream. */
int field_choice_parse(const char *text, const struct event_sink_options *options, uint32_t stream,
		       uint32_t **ret_fields, size_t *ret_count, struct err *err);

#endif
