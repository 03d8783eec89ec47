/* SPDX-License-Identifier: Apache-2.0 */
#include "program/elf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <string.h>

#include "base/fd.h"

int elf_file_refuse(const char *path, int code, struct err *err)
{
	if (code == -ENOENT)
		return err__set(err, code, NULL, "there is no file '%s'", path);
	if (code == -ENOEXEC)
		return err__set(err, code, NULL, "'%s' is not an ELF binary", path);
	return err__set(err, code, NULL, "'%s' cannot be read: %s", path, strerror(-code));
}

void elf_file__close(struct elf_file *file)
{
	if (file->elf)
		(void)elf_end(file->elf);
	file->elf = NULL;
	fd_closep(&file->fd);
}

int elf_file__open(struct elf_file *file, const char *path, struct err *err)
{
	(void)elf_version(EV_CURRENT);
	file->elf = NULL;
	file->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (file->fd < 0)
		return elf_file_refuse(path, -errno, err);
	/* Not mapped: a file of a container may become shorter while it is read. */
	file->elf = elf_begin(file->fd, ELF_C_READ, NULL);
	if (!file->elf || elf_kind(file->elf) != ELF_K_ELF) {
		elf_file__close(file);
		return elf_file_refuse(path, -ENOEXEC, err);
	}
	return 0;
}

/* The segment in which `at` is, an offset in the file or else an address. */
static int find_segment(const struct elf_file *file, uint64_t at, bool by_offset, uint32_t flags,
			GElf_Phdr *segment)
{
	size_t count;

	if (elf_getphdrnum(file->elf, &count) < 0)
		return -ENOEXEC;
	for (size_t i = 0; i < count; i++) {
		uint64_t start;

		if (!gelf_getphdr(file->elf, (int)i, segment) || segment->p_type != PT_LOAD ||
		    (segment->p_flags & flags) != flags)
			continue;
		start = by_offset ? segment->p_offset : segment->p_vaddr;
		if (at >= start && at - start < segment->p_filesz)
			return 0;
	}
	return -ENOENT;
}

int elf_file__offset_of(const struct elf_file *file, uint64_t address, uint32_t flags,
			uint64_t *ret_offset)
{
	GElf_Phdr segment;
	int r = find_segment(file, address, false, flags, &segment);

	if (r == 0)
		*ret_offset = address - segment.p_vaddr + segment.p_offset;
	return r;
}

int elf_file__address_of(const struct elf_file *file, uint64_t offset, uint32_t flags,
			 uint64_t *ret_address)
{
	GElf_Phdr segment;
	int r = find_segment(file, offset, true, flags, &segment);

	if (r == 0)
		*ret_address = offset - segment.p_offset + segment.p_vaddr;
	return r;
}
