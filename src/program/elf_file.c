/* SPDX-License-Identifier: Apache-2.0 */
#include "program/elf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <string.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

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

#define TABLE_BYTES_MAX (256u << 20)

/* How many there are of it; the address of the last. */
static uint32_t count_variables(const struct elf_file *file, Elf_Scn *section,
				const GElf_Shdr *header, const char *name, uint64_t *address)
{
	Elf_Data *data = header->sh_size <= TABLE_BYTES_MAX ? elf_getdata(section, NULL) : NULL;
	size_t count = data && header->sh_entsize ? data->d_size / header->sh_entsize : 0;
	uint32_t found = 0;

	for (size_t i = 0; i < count; i++) {
		const char *of;
		GElf_Sym symbol;

		if (!gelf_getsym(data, (int)i, &symbol) || symbol.st_shndx == SHN_UNDEF ||
		    GELF_ST_TYPE(symbol.st_info) != STT_OBJECT)
			continue;
		of = elf_strptr(file->elf, header->sh_link, symbol.st_name);
		if (!of || !str_eq(of, name))
			continue;
		*address = symbol.st_value;
		found++;
	}
	return found;
}

int elf_file__find_variable(const struct elf_file *file, const char *name, uint64_t *ret_address)
{
	/* All that .dynsym has is in .symtab, too, where there is one. */
	static const uint32_t tables[] = { SHT_SYMTAB, SHT_DYNSYM };

	for (size_t i = 0; i < array_size(tables); i++) {
		Elf_Scn *section = NULL;
		uint32_t found = 0;

		while ((section = elf_nextscn(file->elf, section))) {
			GElf_Shdr header;

			if (gelf_getshdr(section, &header) && header.sh_type == tables[i])
				found += count_variables(file, section, &header, name, ret_address);
		}
		if (found > 0)
			return found == 1 ? 0 : -ENOENT;
	}
	return -ENOENT;
}
