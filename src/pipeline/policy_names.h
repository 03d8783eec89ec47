/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_POLICY_NAMES_H
#define SRC_PIPELINE_POLICY_NAMES_H

/*
 * Numbers of the kernel by the names that Tetragon's events have for them; those without a name as they are.
 * Pure; the text goes into the caller's buffer. pipeline/policy_argument.c asks.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"

void policy_add_family(struct strbuf *text, uint32_t number);       /* "AF_INET" */
void policy_add_socket_type(struct strbuf *text, uint32_t number);  /* "SOCK_STREAM" */
void policy_add_protocol(struct strbuf *text, uint32_t number);     /* "IPPROTO_TCP" */
void policy_add_tcp_state(struct strbuf *text, uint32_t number);    /* "TCP_ESTABLISHED" */
void policy_add_map_type(struct strbuf *text, uint32_t number);     /* "BPF_MAP_TYPE_HASH" */
void policy_add_program_type(struct strbuf *text, uint32_t number); /* "BPF_PROG_TYPE_KPROBE" */
void policy_add_perf_type(struct strbuf *text, uint32_t number);    /* "PERF_TYPE_SOFTWARE" */
/* Of system calls, "x64" or "i386". */
const char *policy_abi_name(bool is_32);

#endif
