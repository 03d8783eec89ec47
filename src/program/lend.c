/* SPDX-License-Identifier: Apache-2.0 */
#include "program/lend.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/num.h"
#include "program/private.h"

/* ---- types ---- */

/* Programs compare kinds and look up offsets and sizes; nobody looks at the names of numbers. */
static int add_number(struct btf *btf, uint32_t size)
{
	char name[16];

	(void)snprintf(name, sizeof(name), "lent_u%u", 8 * size);
	return btf__add_int(btf, name, size, 0 /* no sign */);
}

static int add_member_type(struct btf *btf, const struct lent_member *member, int index_id)
{
	int id = add_number(btf, member->size);

	if (id < 0 || member->count == 0)
		return id;
	return btf__add_array(btf, index_id, id, member->count);
}

#define MAX_MEMBERS 32u

static int add_type(struct btf *btf, const struct lent_type *type, int index_id)
{
	int ids[MAX_MEMBERS];
	int r = 0;

	if (type->member_count > MAX_MEMBERS)
		return -E2BIG;
	for (uint32_t i = 0; i < type->member_count && r >= 0; i++)
		r = ids[i] = add_member_type(btf, &type->members[i], index_id);
	if (r >= 0)
		r = btf__add_struct(btf, type->name, type->size);
	for (uint32_t i = 0; i < type->member_count && r >= 0; i++)
		r = btf__add_field(btf, type->members[i].name, ids[i], 8 * type->members[i].offset,
				   0 /* no bit-field */);
	return r < 0 ? r : 0;
}

static int write_types(const struct btf *btf)
{
	__cleanup(fd_closep) int fd = memfd_create("sonde types", MFD_CLOEXEC);
	const void *data;
	uint32_t size;
	int r;

	data = btf__raw_data(btf, &size);
	if (fd < 0 || !data)
		return fd < 0 ? -errno : -ENOMEM;
	r = fd_write_all(fd, data, size);
	return r < 0 ? r : take_fd(fd);
}

int lent_types_open(const char *btf_path, const struct lent_type *types, uint32_t count,
		    struct err *err)
{
	struct btf *btf = btf_path ? btf__parse(btf_path, NULL) : btf__load_vmlinux_btf();
	int r = btf ? 0 : -errno;
	int index_id = r < 0 ? r : add_number(btf, sizeof(uint32_t));

	if (r == 0)
		r = index_id < 0 ? index_id : 0;
	for (uint32_t i = 0; i < count && r >= 0; i++)
		r = add_type(btf, &types[i], index_id);
	if (r >= 0)
		r = write_types(btf);
	btf__free(btf);
	if (r < 0)
		return err__set(err, library_errno(r), NULL,
				"types beside the kernel's cannot be made: %s",
				strerror(-library_errno(r)));
	return r;
}

/* ---- maps ---- */

static int duplicate_map(const struct program *engine, const char *name)
{
	const struct bpf_map *map = engine->object
					    ? bpf_object__find_map_by_name(engine->object, name)
					    : NULL;
	int fd = map ? bpf_map__fd(map) : -1;

	if (fd < 0)
		return -ENOENT;
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

static int take_types(struct program *program, int types_fd, struct err *err)
{
	int fd = fcntl(types_fd, F_DUPFD_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return err__set(err, -errno, NULL, "no descriptor for types");
	fd_closep(&program->types_fd);
	program->types_fd = fd;
	library_log__enter(&program->log);
	r = program__open_library(program, err);
	library_log__leave(&program->log);
	return r;
}

int program__lend(struct program *program, const char *name, const struct program *engine,
		  const char *engine_map, int types_fd, struct err *err)
{
	const struct fact_map *own = facts__find_map(&program->facts, name);
	const struct fact_map *lent = facts__find_map(&engine->facts, engine_map);
	struct inherited_map inherited = { .is_shared = true };

	if (!own || !lent || own->key_size != lent->key_size || own->type != lent->type)
		return err__set(err, -EINVAL, &program->spec->at,
				"map '%s' of object '%s' is not as the engine has it", name,
				program->spec->object);
	inherited.name = own->name;
	inherited.fd = duplicate_map(engine, engine_map);
	if (inherited.fd < 0 || vec_push(&program->inherited, inherited) < 0) {
		fd_closep(&inherited.fd);
		return err__set(err, -ENOMEM, &program->spec->at,
				"no descriptor or memory for map '%s'", name);
	}
	return take_types(program, types_fd, err);
}
