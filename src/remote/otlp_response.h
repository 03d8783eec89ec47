/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_REMOTE_OTLP_RESPONSE_H
#define SRC_REMOTE_OTLP_RESPONSE_H

/*
 * What a receiver of OTLP says beside its status: that it took a request and threw some of its spans away. A plain
 * function over the protobuf of an ExportTraceServiceResponse; it owns nothing. The client asks after each success.
 */

#include <stddef.h>
#include <stdint.h>

/* partial_success.rejected_spans; 0 also when nothing of it can be read, or the bytes are cut off before. */
uint64_t otlp_rejected_spans(const void *bytes, size_t len);

#endif
