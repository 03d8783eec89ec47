/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "program/fact_types.h"
#include "program/library.h"
#include "program/program.h"

#define KERNEL_TYPES "/sys/kernel/btf/vmlinux"

struct kernel_types {
	struct btf *btf; /* owned; several megabytes: close it as soon as the plan is made */
};

/* libbpf has numbers of its own from 4000 on: a file that is no BTF, mostly. */
static int explain_types(const char *path, int error, struct library_log *log, struct err *err)
{
	int r;

	if (error < __LIBBPF_ERRNO__START)
		return err__set(err, -error, NULL, "kernel types (BTF) at '%s' cannot be read: %s",
				path, strerror(error));
	r = err__set(err, -EINVAL, NULL,
		     "'%s' has no kernel types; a file of BTF, or an ELF file with a section .BTF, "
		     "has them",
		     path);
	err__cause(err, library_log__text(log));
	return r;
}

int kernel_types__open(const char *btf_path, struct kernel_types **ret_types, struct err *err)
{
	struct kernel_types *types = new_zero(struct kernel_types);
	struct library_log log = { 0 };
	int r = 0;

	if (!types)
		return err__set(err, -ENOMEM, NULL, "no memory for the kernel's types");
	library_log__enter(&log);
	types->btf = btf_path ? btf__parse(btf_path, NULL) : btf__load_vmlinux_btf();
	if (!types->btf)
		r = explain_types(btf_path ? btf_path : KERNEL_TYPES, errno, &log, err);
	library_log__leave(&log);
	library_log__done(&log);
	if (r < 0) {
		free(types);
		return r;
	}
	*ret_types = types;
	return 0;
}

struct kernel_types *kernel_types__close(struct kernel_types *types)
{
	if (!types)
		return NULL;
	btf__free(types->btf);
	free(types);
	return NULL;
}

static const struct fact_type *type_of(const struct kernel_types *types, uint32_t id,
				       struct arena *arena)
{
	struct fact_types *converted = fact_types__new(types->btf, arena);
	const struct fact_type *type = converted ? fact_types__get(converted, id) : NULL;

	fact_types__free(converted);
	return type;
}

static const struct fact_type *find_parameter(void *ctx, const char *function, int index,
					      struct arena *arena)
{
	const struct kernel_types *types = ctx;
	int id = btf__find_by_name_kind(types->btf, function, BTF_KIND_FUNC);
	const struct btf_type *prototype = id > 0 ? btf__type_by_id(types->btf, (uint32_t)id)
						  : NULL;

	prototype = prototype ? btf__type_by_id(types->btf, prototype->type) : NULL;
	if (!prototype || !btf_is_func_proto(prototype) || index >= (int)btf_vlen(prototype))
		return NULL;
	return type_of(types, index < 0 ? prototype->type : btf_params(prototype)[index].type,
		       arena);
}

static const struct fact_type *find_type(void *ctx, const char *name, struct arena *arena)
{
	static const uint32_t kinds[] = { BTF_KIND_STRUCT, BTF_KIND_UNION, BTF_KIND_ENUM,
					  BTF_KIND_TYPEDEF };
	const struct kernel_types *types = ctx;

	for (size_t i = 0; i < array_size(kinds); i++) {
		int id = btf__find_by_name_kind(types->btf, name, kinds[i]);

		if (id > 0)
			return type_of(types, (uint32_t)id, arena);
	}
	return NULL;
}

struct btf_view kernel_types__view(struct kernel_types *types)
{
	return (struct btf_view){ .ctx = types,
				  .find_parameter = find_parameter,
				  .find_type = find_type };
}
