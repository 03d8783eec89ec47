/* SPDX-License-Identifier: Apache-2.0 */
#include "program/dispatcher.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stddef.h>
#include <string.h>

#include "base/fd.h"
#include "base/mem.h"
#include "emit/asm.h"
#include "program/section.h"

#define NAME "sonde_netns"

/* When the other program is gone, a packet is let alone: a filter of a socket passes nothing, traffic control has no
 * opinion. */
static int32_t answer_of(const struct section *section)
{
	return section->program_type == BPF_PROG_TYPE_SCHED_CLS ? TC_ACT_UNSPEC : 0;
}

static int write_code(struct code *code, int map_fd, const struct section *section, uint32_t netns,
		      struct err *err)
{
	code__move_imm(code, BPF_REG_2, (int32_t)netns);
	code__store(code, sizeof(uint32_t), BPF_REG_1, offsetof(struct __sk_buff, cb[0]),
		    BPF_REG_2);
	code__load_map(code, BPF_REG_2, map_fd);
	code__move_imm(code, BPF_REG_3, 0);
	code__call_helper(code, BPF_FUNC_tail_call);
	code__move_imm(code, BPF_REG_0, answer_of(section));
	code__exit(code);
	return code__finish(code, err);
}

int dispatcher_make_array(int prog_fd, struct err *err)
{
	__cleanup(fd_closep) int fd = bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, NAME,
						     sizeof(uint32_t), sizeof(uint32_t), 1, NULL);
	uint32_t zero = 0;
	int r = fd < 0 ? -errno : 0;

	if (r == 0 && bpf_map_update_elem(fd, &zero, &prog_fd, BPF_ANY) < 0)
		r = -errno;
	if (r < 0)
		return err__set(err, r, NULL, "a program cannot be called for many namespaces: %s",
				strerror(-r));
	return take_fd(fd);
}

int dispatcher_load(int array_fd, const struct section *section, uint32_t netns, struct err *err)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = section->attach_type);
	struct code code = CODE_INIT;
	int r = write_code(&code, array_fd, section, netns, err);

	if (r >= 0)
		r = bpf_prog_load(section->program_type, NAME, "GPL", code.insns.items,
				  code.insns.len, &options);
	code__done(&code);
	if (r < 0 && !err__is_set(err))
		return err__set(err, r, NULL,
				"the program that names the network namespace cannot be loaded: %s",
				strerror(-r));
	return r;
}
