/* SPDX-License-Identifier: Apache-2.0 */
/* Symbol tables of files that belong to anybody: whatever stands in them, they are read within bounds or refused. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "host/elf_symbols.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct elf_symbols *symbols = NULL;

	if (fd < 0 || fd_write_all(fd, data, len) < 0)
		abort();
	if (elf_symbols__read(fd, &symbols) == 0) {
		for (uint64_t offset = 0; offset < 0x3000; offset += 0x80) {
			const char *name = elf_symbols__find(symbols, offset);

			if (name && strlen(name) > len)
				abort();
		}
		(void)elf_symbols__find(symbols, UINT64_MAX);
		if (elf_symbols__bytes(symbols) < len / 1024)
			abort();
		elf_symbols__free(symbols);
	}
	close(fd);
	return 0;
}
