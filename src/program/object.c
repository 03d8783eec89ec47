/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "host/host.h"
#include "program/builtin.h"
#include "program/feature.h"
#include "program/image.h"
#include "program/kernel_version.h"
#include "program/private.h"
#include "program/request.h"
#include "program/section.h"

/* ---- the file ---- */

/* As libbpf derives it from a path: the file's name up to the first dot. Global data maps are named after it. */
static void set_object_name(struct program *program, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	size_t len = strcspn(name, ".");

	if (len >= sizeof(program->object_name))
		len = sizeof(program->object_name) - 1;
	memcpy(program->object_name, name, len);
	program->object_name[len] = '\0';
}

static int read_file(struct program *program, struct err *err)
{
	const struct program_spec *spec = program->spec;
	int r = fd_read_all(AT_FDCWD, spec->object, PROGRAM_OBJECT_MAX_BYTES, &program->image,
			    &program->image_len);

	if (r == -EFBIG)
		return err__set(err, r, &spec->at, "object '%s' is larger than %u MiB",
				spec->object, PROGRAM_OBJECT_MAX_BYTES >> 20);
	if (r < 0)
		return err__set(err, r, &spec->at, "object '%s' cannot be read: %s%s", spec->object,
				strerror(-r),
				r == -ENOENT ? "; `sonde build` makes it from its .bpf.c" : "");
	return 0;
}

/* A copy: what is not right for this kernel is changed in it. */
static int copy_builtin(struct program *program, struct err *err)
{
	const struct program_spec *spec = program->spec;
	const struct builtin_object *builtin = builtin_find(spec->object);

	if (!builtin)
		return err__set(err, -ENOENT, &spec->at, "object '%s' is not built in",
				spec->object);
	program->image = new_array(char, builtin->size);
	if (!program->image)
		return err__set(err, -ENOMEM, &spec->at, "no memory for object '%s'", spec->object);
	memcpy(program->image, builtin->image, builtin->size);
	program->image_len = builtin->size;
	return 0;
}

static int read_image(struct program *program, struct err *err)
{
	const struct program_spec *spec = program->spec;
	int r = -EOPNOTSUPP;

	switch (spec->kind) {
	case OBJECT_KIND_PATH:
		r = read_file(program, err);
		break;
	case OBJECT_KIND_BUILTIN:
		r = copy_builtin(program, err);
		break;
	case OBJECT_KIND_GENERATED:
		return err__set(err, r, &spec->at, "object '%s' is no file", spec->object);
	}
	if (r < 0)
		return r;
	program->file_len = program->image_len;
	program->image_hash = hash_bytes(program->image, program->image_len);
	r = image_check(program->image, program->image_len, err);
	if (r < 0)
		return err__wrap(err, r, &spec->at, "object '%s'", spec->object);
	kernel_version_tell(program->image, program->image_len, program->kconfig,
			    sizeof(program->kconfig));
	set_object_name(program, spec->object);
	return 0;
}

/* ---- parts ---- */

static int init_part(struct program *program, struct program_part *part,
		     struct bpf_program *library)
{
	part->view.name = arena__strdup(&program->arena, bpf_program__name(library));
	part->view.section = arena__strdup(&program->arena, bpf_program__section_name(library));
	if (!part->view.name || !part->view.section)
		return -ENOMEM;
	part->view.state = PART_STATE_PLANNED;
	part->view.fd = -1;
	part->is_wanted = true;
	return program_part__read_requests(program, part);
}

static int init_parts(struct program *program, struct err *err)
{
	struct bpf_program *library;
	uint32_t count = 0;

	bpf_object__for_each_program(library, program->object) count++;
	program->parts = arena_array(&program->arena, struct program_part, count);
	if (!program->parts)
		return err__set(err, -ENOMEM, NULL, "no memory for %u programs", count);
	bpf_object__for_each_program(library, program->object)
	{
		int r = init_part(program, &program->parts[program->part_count], library);

		if (r < 0)
			return err__set(err, r, NULL, "no memory for a program");
		program->part_count++;
	}
	return 0;
}

void program_part__fail(struct program *program, struct program_part *part, enum part_state state,
			struct err *err)
{
	part->view.state = state;
	part->view.reason = arena__strdup(&program->arena,
					  err->text ? err->text : strerror(-err->code));
	part->view.cause = err->cause ? arena__strdup(&program->arena, err->cause) : NULL;
	err__done(err);
}

struct program_part *program__find_part(const struct program *program, const char *name)
{
	for (uint32_t i = 0; i < program->part_count; i++)
		if (str_eq(program->parts[i].view.name, name))
			return &program->parts[i];
	return NULL;
}

/* ---- open and close ---- */

/* Sections that libbpf does not know leave the type open; the attach_spec may have told it. */
static void bind_part(struct program_part *part, struct bpf_program *library)
{
	part->library = library;
	if (!part->section || bpf_program__type(library) != BPF_PROG_TYPE_UNSPEC)
		return;
	(void)bpf_program__set_type(library, part->section->program_type);
	(void)bpf_program__set_expected_attach_type(library, part->section->attach_type);
}

/* The same bytes give the same programs in the same order. */
void program__bind_parts(struct program *program)
{
	struct bpf_program *library;
	uint32_t index = 0;

	bpf_object__for_each_program(library, program->object) if (index < program->part_count)
		bind_part(&program->parts[index++], library);
}

int program__open_library(struct program *program, struct err *err)
{
	char types[32];
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = program->object_name,
		    .btf_custom_path = program->options.btf_path,
		    .kconfig = program->kconfig[0] ? program->kconfig : NULL);
	char text[128];

	(void)snprintf(types, sizeof(types), "/proc/self/fd/%d", program->types_fd);
	if (program->types_fd >= 0)
		options.btf_custom_path = types;
	bpf_object__close(program->object);
	library_log__clear(&program->log);
	program->object = bpf_object__open_mem(program->image, program->image_len, &options);
	if (!program->object) {
		int error = -errno;

		(void)err__set(err, library_errno(error), &program->spec->at,
			       "object '%s' cannot be opened: %s", program->spec->object,
			       library_error_text(error, text, sizeof(text)));
		err__cause(err, library_log__text(&program->log));
		return library_errno(error);
	}
	program__bind_parts(program);
	return 0;
}

static int open_all(struct program *program, struct err *err)
{
	int r = section_register(err);

	if (r == 0)
		r = features__new(program->options.host, &program->features, err);
	if (r == 0)
		r = read_image(program, err);
	if (r == 0)
		r = program__open_library(program, err);
	if (r == 0)
		r = facts__fill(&program->facts, program->object, program->spec->object,
				&program->arena, err);
	program->facts.wants_kernel_types = r == 0 && image_wants_kernel_types(program->image,
									       program->image_len);
	if (r == 0)
		r = init_parts(program, err);
	if (r == 0)
		program__bind_parts(program);
	return r;
}

int program__open(const struct program_spec *spec, const struct program_options *options,
		  struct program **ret_program, struct err *err)
{
	struct program *program = new_zero(struct program);
	int r;

	if (!program)
		return err__set(err, -ENOMEM, &spec->at, "no memory for object '%s'", spec->object);
	program->types_fd = -1;
	program->spec = spec;
	program->options = *options;
	program->log.forward = options->log;
	program->log.forward_ctx = options->log_ctx;
	library_log__enter(&program->log);
	r = open_all(program, err);
	library_log__leave(&program->log);
	if (r < 0) {
		program__close(program);
		return r;
	}
	*ret_program = program;
	return 0;
}

struct program *program__close(struct program *program)
{
	if (!program)
		return NULL;
	library_log__enter(&program->log);
	vec_for_each(&program->feeds, feed)
		(void)program_feed__free(*feed);
	vec_done(&program->feeds);
	program__stop_following(program);
	for (uint32_t i = 0; i < program->part_count; i++)
		link_set__done(&program->parts[i].links);
	program__forget_inherited(program);
	vec_done(&program->constants);
	rewriter__done(program);
	counted_rings__done(&program->rings);
	bpf_object__close(program->object);
	fd_closep(&program->types_fd);
	library_log__leave(&program->log);
	features__free(program->features);
	vec_done(&program->mmap_maps);
	vec_done(&program->sparse_maps);
	vec_done(&program->wanted_rings);
	free(program->image);
	library_log__done(&program->log);
	arena__done(&program->arena);
	free(program);
	return NULL;
}

const struct object_facts *program__facts(const struct program *program)
{
	return &program->facts;
}

uint32_t program__part_count(const struct program *program)
{
	return program->part_count;
}

const struct part *program__part(const struct program *program, uint32_t index)
{
	return index < program->part_count ? &program->parts[index].view : NULL;
}
