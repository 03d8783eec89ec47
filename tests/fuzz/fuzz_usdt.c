/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notes of USDT probes in files that belong to anybody, and the operands that they have: whatever stands there, it is read
 * within bounds or refused with a reason. What is no ELF file is taken for operands.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "program/usdt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(const struct usdt_operands *operands, size_t len)
{
	if (operands->count > USDT_OPERANDS_MAX)
		abort();
	for (uint32_t i = 0; i < operands->count; i++) {
		const struct hook_usdt *operand = &operands->items[i];

		if (strlen(operands->texts[i]) > len)
			abort();
		if (operand->kind != HOOK_USDT_UNKNOWN && operand->size != 1 &&
		    operand->size != 2 && operand->size != 4 && operand->size != 8)
			abort();
		if (operand->base_offset < 0 || operand->index_offset < 0)
			abort();
	}
}

static void read_file(const uint8_t *data, size_t len, struct arena *arena)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	const struct usdt_location *locations;
	struct err err = ERR_INIT;
	uint32_t count;
	char path[64];

	if (fd < 0 || fd_write_all(fd, data, len) < 0)
		abort();
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (usdt_find(path, "sonde", "twice", arena, &locations, &count, &err) == 0) {
		if (count == 0 || count > USDT_LOCATIONS_MAX)
			abort();
		for (uint32_t i = 0; i < count; i++)
			check(&locations[i].operands, len);
	} else if (!err.text) {
		abort();
	}
	err__done(&err);
	(void)close(fd);
}

static void read_operands(const uint8_t *data, size_t len, struct arena *arena)
{
	char *text = arena__strndup(arena, (const char *)data, len);
	struct usdt_operands operands;

	if (!text || usdt_operands_parse(text, arena, &operands) < 0)
		abort();
	check(&operands, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena arena = ARENA_INIT;

	read_file(data, len, &arena);
	read_operands(data, len, &arena);
	arena__done(&arena);
	return 0;
}
