/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects: whatever the file holds, opening it ends in facts or in a message. libelf and libbpf trust what they read,
 * so this is mostly about what program/image.c lets through to them.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "host/host.h"
#include "program/image.h"
#include "program/program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Reads every fact, so that whatever points astray is found. */
static size_t walk_type(const struct fact_type *type, int depth)
{
	size_t sum = 0;

	if (!type || depth > 8)
		return 0;
	sum += type->name[0] + type->size;
	for (uint32_t i = 0; i < type->typedef_count; i++)
		sum += (size_t)type->typedefs[i][0];
	for (uint32_t i = 0; type->members && i < type->member_count && i < 64; i++)
		sum += (size_t)type->members[i].name[0] +
		       walk_type(type->members[i].type, depth + 1);
	for (uint32_t i = 0; type->enumerators && i < type->member_count; i++)
		sum += (size_t)type->enumerators[i].name[0];
	return sum + walk_type(type->element, depth + 1);
}

static size_t walk(const struct object_facts *facts)
{
	size_t sum = 0;

	for (uint32_t i = 0; i < facts->program_count; i++)
		sum += (size_t)facts->programs[i].name[0] + (size_t)facts->programs[i].section[0];
	for (uint32_t i = 0; i < facts->map_count; i++)
		sum += walk_type(facts->maps[i].key, 0) + walk_type(facts->maps[i].value, 0);
	for (uint32_t i = 0; i < facts->variable_count; i++) {
		const struct fact_variable *variable = &facts->variables[i];

		sum += walk_type(variable->type, 0);
		for (uint32_t j = 0; variable->initial && j < variable->size; j++)
			sum += ((const unsigned char *)variable->initial)[j];
	}
	for (uint32_t i = 0; i < facts->type_count; i++)
		sum += walk_type(facts->types[i], 0);
	return sum;
}

/* What is done to an image that passed the check, on a copy that ends where it ends. */
static void edit(const uint8_t *data, size_t len)
{
	char *copy = malloc(len);

	if (!copy)
		abort();
	memcpy(copy, data, len);
	if (image_check(copy, len, NULL) == 0) {
		(void)image_rename_extern(copy, len, "LINUX_KERNEL_VERSION",
					  "CONFIG_LINUX_VERSION");
		(void)image_weaken(copy, len, "bpf_map_sum_elem_count", 22);
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct host *host;
	struct program_options options = { 0 };
	struct program_spec spec = { .name = "fuzz", .kind = OBJECT_KIND_PATH };
	struct program *program = NULL;
	struct err err = ERR_INIT;
	char path[64];
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (!host && host__open("/", &host, NULL) < 0)
		abort();
	if (fd < 0 || fd_write_all(fd, data, len) < 0)
		abort();
	if (len)
		edit(data, len);
	options.host = host;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	spec.object = path;
	if (program__open(&spec, &options, &program, &err) == 0)
		(void)walk(program__facts(program));
	else if (!err.text)
		abort();
	program__close(program);
	err__done(&err);
	(void)close(fd);
	return 0;
}
