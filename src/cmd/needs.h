/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CMD_NEEDS_H
#define SRC_CMD_NEEDS_H

/*
 * What programs want of a kernel and of the process that loads them, told by their hooks. It owns nothing.
 * list and inspect print it.
 */

struct json_writer;
struct strbuf;

enum need {
	NEED_BPF = 1 << 0,
	NEED_TYPES = 1 << 1,
	NEED_KPROBES = 1 << 2,
	NEED_UPROBES = 1 << 3,
	NEED_TRACEPOINTS = 1 << 4,
	NEED_NETWORK = 1 << 5,
	NEED_LSM = 1 << 6,
};

/* enum need, or'd, of a hook as a person writes it or of a section: "kprobe x", "kprobe/x". */
unsigned int needs_of_hook(const char *hook);
/* "CAP_BPF, CAP_PERFMON, tracefs" */
void needs_format(unsigned int found, struct strbuf *out);
/* The same as texts of the array that is open. */
void needs_add_json(unsigned int found, struct json_writer *json);

#endif
