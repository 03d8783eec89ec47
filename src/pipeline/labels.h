/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_LABELS_H
#define SRC_PIPELINE_LABELS_H

/*
 * The labels of a route: where their bytes are, and the chains that make text of them. Metrics and spans share it.
 * A route owns its labels; specs are borrowed. plan.c and span.c open them, route.c and span.c decode.
 */

#include <stdint.h>
#include "base/err.h"
#include "base/str.h"
#include "config/spec.h"
#include "decode/decoder.h"

#define ROUTE_LABELS_MAX 64u
#define ROUTE_KEY_MAX 4096u /* bytes of a map key or a record that labels are decoded from */
#define ROUTE_CPU_LABEL_SIZE                                                                       \
	2 /* a CPU number behind the key of a per-CPU row is a host-endian u16 */

struct route_label {
	const char *name;
	struct decode_chain *chain; /* owned */
	uint32_t offset,
		size; /* in the key; the CPU number of a per-CPU row stands behind the map's key */
	uint32_t
		position; /* where the family wants the value: its first spec may have another order */
};

/* Offset of each field of the stream (room for ROUTE_LABELS_MAX); what they cover in all in *ret_size. */
int route_labels__lay(const struct stream_spec *stream, uint32_t *offsets, uint32_t *ret_size,
		      struct err *err);
/* A label without a field is the CPU number at `cpu_offset`. */
int route_label__open(struct route_label *label, const struct label_spec *spec,
		      const struct stream_spec *stream, const uint32_t *offsets,
		      uint32_t cpu_offset, const struct decode_env *env, struct err *err);
void route_label__done(struct route_label *label);
/* Texts of all labels into `texts`, that of label i from offsets[i] to offsets[i + 1]. DECODE_* (UNKNOWN wins over OK)
 * or -errno. */
int route_labels__decode(const struct route_label *labels, uint32_t count, const uint8_t *key,
			 const struct loc *at, struct strbuf *texts, size_t *offsets,
			 struct err *err);

#endif
