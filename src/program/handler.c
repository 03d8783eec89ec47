/* SPDX-License-Identifier: Apache-2.0 */
#include "program/handler.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "program/private.h"
#include "program/rewrite.h"
#include "program/section.h"

/* libbpf's callbacks have no context argument that differs from program to program: it stands here. */
static struct program *entered;

void handler_enter(struct program *program)
{
	entered = program;
}

void handler_leave(void)
{
	entered = NULL;
}

/* These begin with xdp/ but name no interface: libbpf's own meaning stays. */
static const struct {
	const char *name;
	enum bpf_attach_type attach_type;
} xdp_map_sections[] = {
	{ "xdp/cpumap", BPF_XDP_CPUMAP },
	{ "xdp/devmap", BPF_XDP_DEVMAP },
};

int handler_set_up(struct bpf_program *library, long cookie)
{
	const char *name = bpf_program__section_name(library);

	for (size_t i = 0; i < array_size(xdp_map_sections); i++)
		if (str_eq(name, xdp_map_sections[i].name))
			return bpf_program__set_expected_attach_type(
				library, xdp_map_sections[i].attach_type);
	if (cookie & SECTION_SLEEPABLE)
		return bpf_program__set_flags(library,
					      bpf_program__flags(library) | BPF_F_SLEEPABLE);
	return 0;
}

static struct program_part *find_part(const struct program *program,
				      const struct bpf_program *library)
{
	for (uint32_t i = 0; program && i < program->part_count; i++)
		if (program->parts[i].library == library)
			return &program->parts[i];
	return NULL;
}

/* Where libbpf's own handler would look the target up, and in the words it would use: explain.c knows them. */
static int refuse_target(struct program *program, const struct program_part *part)
{
	char line[512];

	if (part->btf_target)
		(void)snprintf(line, sizeof(line),
			       "libbpf: prog '%s': failed to find kernel BTF type ID of '%s': %d\n",
			       part->view.name, part->btf_target, -ESRCH);
	else
		(void)snprintf(line, sizeof(line),
			       "libbpf: prog '%s': no BTF-based attach target is specified\n",
			       part->view.name);
	library_log__add(&program->log, line);
	return part->btf_target ? -ESRCH : -EINVAL;
}

int handler_prepare_load(struct bpf_program *library, struct bpf_prog_load_opts *options,
			 long cookie)
{
	struct program_part *part = find_part(entered, library);

	if (!part)
		return 0;
	if (cookie & SECTION_BTF && !options->attach_btf_id && !options->attach_prog_fd)
		return refuse_target(entered, part);
	return rewriter__run(entered, part, options);
}
