/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_CAPABILITIES_H
#define SRC_CMD_CAPABILITIES_H

/*
 * The privileges of this process: as text, and given up once everything is attached. It owns nothing; libcap-ng
 * keeps the state of the process it works on. exporter gives up, check and run look. The process has one thread, so that a change of
 * this thread is a change of all.
 */

#include "base/err.h"
#include "base/str.h"

/* As cap_to_text(3) writes them: "=ep cap_sys_resource-ep", "cap_bpf,cap_perfmon=ep", "=". */
void capabilities__format(struct strbuf *out);

/* -EPERM, and what would be right, when this process cannot load eBPF: the kernel's own answer says neither. */
int capabilities__check_bpf(struct err *err);

/*
 * "none", or a comma list of names: exactly these stay permitted and effective, none inheritable; the bounding set
 * stays. Nothing is changed when one of them is unknown (-EINVAL) or not ours (-EPERM).
 */
int capabilities__keep(const char *list, struct err *err);

#endif
