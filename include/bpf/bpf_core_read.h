/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef SONDE_BPF_CORE_READ_H
#define SONDE_BPF_CORE_READ_H

/*
 * libbpf's header of this name brings bpf_helpers.h along since 1.2, and programs rely on it.
 * FALLBACK: remove when the oldest libbpf is 1.2.
 */

#include <bpf/bpf_helpers.h>

#include_next <bpf/bpf_core_read.h>

#endif
