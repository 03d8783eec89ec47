/* SPDX-License-Identifier: Apache-2.0 */
#include "program/image.h"

#include <assert.h>
#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "program/btf_check.h"

#define SECTION_MAX 4096u
#define SECTION_ALIGNMENT 8u

/* The file, with its header and section table read by memcpy: nothing in it is aligned for us. */
struct image {
	const unsigned char *data; /* borrowed */
	size_t len;
	Elf64_Ehdr header;
	const char *names; /* of sections; inside data, NUL-terminated */
	size_t names_len;
};

static int refuse(struct err *err, const char *what)
{
	return err__set(err, -EINVAL, NULL, "it is damaged: %s; build it again", what);
}

static bool is_inside(const struct image *image, uint64_t offset, uint64_t size)
{
	return offset <= image->len && size <= image->len - offset;
}

static Elf64_Shdr section_at(const struct image *image, uint32_t index)
{
	Elf64_Shdr section;

	memcpy(&section, image->data + image->header.e_shoff + (uint64_t)index * sizeof(section),
	       sizeof(section));
	return section;
}

static int check_header(struct image *image, struct err *err)
{
	const unsigned char *ident = image->header.e_ident;
	unsigned char order = BYTE_ORDER == LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB;

	if (image->len < sizeof(image->header) || memcmp(image->data, ELFMAG, SELFMAG) != 0)
		return err__set(err, -ENOEXEC, NULL,
				"it is not an ELF file; clang -target bpf makes one");
	memcpy(&image->header, image->data, sizeof(image->header));
	if (ident[EI_CLASS] != ELFCLASS64 || ident[EI_VERSION] != EV_CURRENT)
		return refuse(err, "it is not a 64-bit ELF file");
	if (ident[EI_DATA] != order)
		return err__set(err, -EINVAL, NULL,
				"it is built for the other byte order; use clang -target bpf");
	if (image->header.e_type != ET_REL ||
	    (image->header.e_machine != EM_BPF && image->header.e_machine != EM_NONE))
		return err__set(err, -EINVAL, NULL,
				"it is not an eBPF object; clang -target bpf -c makes one");
	return 0;
}

static int check_section(const struct image *image, uint32_t index, struct err *err)
{
	Elf64_Shdr section = section_at(image, index);

	if (section.sh_type == SHT_NULL)
		return 0;
	if (section.sh_name >= image->names_len)
		return refuse(err, "a section's name lies outside of the file");
	if (section.sh_type == SHT_NOBITS)
		return section.sh_size > UINT32_MAX ? refuse(err, "a section is too large") : 0;
	if (!is_inside(image, section.sh_offset, section.sh_size))
		return refuse(err, "a section lies outside of the file");
	if (section.sh_flags & SHF_COMPRESSED)
		return refuse(err, "a section is compressed");
	if (section.sh_link >= image->header.e_shnum)
		return refuse(err, "a section refers to one that is not there");
	if (section.sh_type == SHT_STRTAB && section.sh_size &&
	    image->data[section.sh_offset + section.sh_size - 1] != '\0')
		return refuse(err, "a string table has no end");
	return 0;
}

static int check_symbols(const struct image *image, const Elf64_Shdr *table, struct err *err)
{
	Elf64_Shdr strings = section_at(image, table->sh_link);

	if (table->sh_entsize != sizeof(Elf64_Sym) || table->sh_size % sizeof(Elf64_Sym))
		return refuse(err, "the symbol table has odd entries");
	if (strings.sh_type != SHT_STRTAB)
		return refuse(err, "the symbol table has no names");
	for (uint64_t at = 0; at < table->sh_size; at += sizeof(Elf64_Sym)) {
		Elf64_Sym symbol;

		memcpy(&symbol, image->data + table->sh_offset + at, sizeof(symbol));
		if (symbol.st_name >= strings.sh_size)
			return refuse(err, "a symbol's name lies outside of the file");
		if (symbol.st_shndx >= image->header.e_shnum && symbol.st_shndx < SHN_LORESERVE)
			return refuse(err, "a symbol's section is not there");
		if (symbol.st_shndx && symbol.st_shndx < image->header.e_shnum) {
			Elf64_Shdr home = section_at(image, symbol.st_shndx);

			if (symbol.st_value > home.sh_size ||
			    symbol.st_size > home.sh_size - symbol.st_value)
				return refuse(err, "a symbol lies outside of its section");
		}
	}
	return 0;
}

static int check_relocations(const struct image *image, const Elf64_Shdr *table, struct err *err)
{
	Elf64_Shdr symbols = section_at(image, table->sh_link);
	Elf64_Shdr target;

	if (table->sh_entsize != sizeof(Elf64_Rel) || table->sh_size % sizeof(Elf64_Rel))
		return refuse(err, "a relocation table has odd entries");
	if (symbols.sh_type != SHT_SYMTAB || table->sh_info >= image->header.e_shnum)
		return refuse(err, "a relocation table has no symbols or no target");
	target = section_at(image, table->sh_info);
	for (uint64_t at = 0; at < table->sh_size; at += sizeof(Elf64_Rel)) {
		Elf64_Rel relocation;

		memcpy(&relocation, image->data + table->sh_offset + at, sizeof(relocation));
		if (ELF64_R_SYM(relocation.r_info) >= symbols.sh_size / sizeof(Elf64_Sym))
			return refuse(err, "a relocation's symbol is not there");
		if (relocation.r_offset >= target.sh_size)
			return refuse(err, "a relocation lies outside of its section");
	}
	return 0;
}

static int find_names(struct image *image, struct err *err)
{
	Elf64_Shdr names;

	if (image->header.e_shentsize != sizeof(Elf64_Shdr) || image->header.e_shnum == 0 ||
	    image->header.e_shnum > SECTION_MAX)
		return refuse(err, "it has no sections, or too many");
	if (!is_inside(image, image->header.e_shoff,
		       (uint64_t)image->header.e_shnum * sizeof(Elf64_Shdr)))
		return refuse(err, "its section table lies outside of the file; is it cut short?");
	if (image->header.e_shstrndx >= image->header.e_shnum)
		return refuse(err, "its sections have no names");
	names = section_at(image, image->header.e_shstrndx);
	if (names.sh_type != SHT_STRTAB || !is_inside(image, names.sh_offset, names.sh_size) ||
	    names.sh_size == 0 || image->data[names.sh_offset + names.sh_size - 1] != '\0')
		return refuse(err, "its sections have no names");
	image->names = (const char *)image->data + names.sh_offset;
	image->names_len = names.sh_size;
	return 0;
}

static int check_contents(const struct image *image, uint32_t index, struct err *err)
{
	Elf64_Shdr section = section_at(image, index);
	const char *name = image->names + section.sh_name;

	if (section.sh_type == SHT_SYMTAB)
		return check_symbols(image, &section, err);
	if (section.sh_type == SHT_REL)
		return check_relocations(image, &section, err);
	if (section.sh_type == SHT_PROGBITS && strcmp(name, ".BTF") == 0)
		return btf_check(image->data + section.sh_offset, section.sh_size, err);
	return 0;
}

int image_check(const void *data, size_t len, struct err *err)
{
	struct image image = { .data = data, .len = len };
	int r = check_header(&image, err);

	if (r == 0)
		r = find_names(&image, err);
	for (uint32_t i = 0; r == 0 && i < image.header.e_shnum; i++)
		r = check_section(&image, i, err);
	/* A second pass: contents refer to other sections, which are known to lie inside now. */
	for (uint32_t i = 0; r == 0 && i < image.header.e_shnum; i++)
		r = check_contents(&image, i, err);
	return r;
}

/* ---- relocations by type ---- */

/* The head of .BTF.ext (linux/Documentation/bpf/btf.rst); without the last two members in objects of old compilers. */
struct extension_header {
	uint16_t magic;
	uint8_t version, flags;
	uint32_t header_len;
	uint32_t functions_offset, functions_len;
	uint32_t lines_offset, lines_len;
	uint32_t relocations_offset, relocations_len;
};

bool image_wants_kernel_types(const void *data, size_t len)
{
	struct image image = { .data = data, .len = len };

	if (check_header(&image, NULL) < 0 || find_names(&image, NULL) < 0)
		return false;
	for (uint32_t i = 0; i < image.header.e_shnum; i++) {
		Elf64_Shdr section = section_at(&image, i);
		struct extension_header header;

		if (section.sh_type != SHT_PROGBITS || section.sh_size < sizeof(header) ||
		    strcmp(image.names + section.sh_name, ".BTF.ext") != 0)
			continue;
		memcpy(&header, image.data + section.sh_offset, sizeof(header));
		return header.header_len >= sizeof(header) && header.relocations_len > 0;
	}
	return false;
}

/* ---- renaming ---- */

/* Where this name stands as a string of its own: behind a NUL, not as the end of another. 0: nowhere. */
static size_t find_string(const char *strings, size_t len, const char *name)
{
	size_t name_size = strlen(name) + 1;

	for (size_t at = 1; at + name_size <= len; at++)
		if (strings[at - 1] == '\0' && memcmp(strings + at, name, name_size) == 0)
			return at;
	return 0;
}

/* Offset in the image of the name of an undefined symbol, or 0. */
static size_t find_extern(const struct image *image, const Elf64_Shdr *table, const char *name)
{
	Elf64_Shdr strings = section_at(image, table->sh_link);
	const char *texts = (const char *)image->data + strings.sh_offset;
	size_t found = find_string(texts, strings.sh_size, name);

	for (uint64_t at = 0; found && at < table->sh_size; at += sizeof(Elf64_Sym)) {
		Elf64_Sym symbol;

		memcpy(&symbol, image->data + table->sh_offset + at, sizeof(symbol));
		if (symbol.st_name == found && symbol.st_shndx == SHN_UNDEF)
			return strings.sh_offset + found;
	}
	return 0;
}

static size_t find_type_name(const struct image *image, const Elf64_Shdr *section, const char *name)
{
	struct btf_walk walk;
	size_t found;

	if (btf_walk__init(&walk, image->data + section->sh_offset, section->sh_size, NULL) < 0)
		return 0;
	found = find_string(walk.strings, walk.strings_len, name);
	return found ? (size_t)(walk.strings - (const char *)image->data) + found : 0;
}

int image_rename_extern(void *data, size_t len, const char *name, const char *new_name)
{
	struct image image = { .data = data, .len = len };
	size_t symbol = 0, type = 0;

	assert(strlen(name) == strlen(new_name));
	memcpy(&image.header, data, sizeof(image.header));
	if (find_names(&image, NULL) < 0)
		return -ENOENT;
	for (uint32_t i = 0; i < image.header.e_shnum; i++) {
		Elf64_Shdr section = section_at(&image, i);

		if (section.sh_type == SHT_SYMTAB)
			symbol = find_extern(&image, &section, name);
		else if (section.sh_type == SHT_PROGBITS &&
			 strcmp(image.names + section.sh_name, ".BTF") == 0)
			type = find_type_name(&image, &section, name);
	}
	if (!symbol || !type)
		return -ENOENT;
	memcpy((char *)data + symbol, new_name, strlen(new_name));
	memcpy((char *)data + type, new_name, strlen(new_name));
	return 0;
}

/* ---- weakening ---- */

static bool weaken_in(const struct image *image, char *data, const Elf64_Shdr *table,
		      const char *wanted, size_t wanted_len)
{
	Elf64_Shdr strings = section_at(image, table->sh_link);

	for (uint64_t at = 0; at < table->sh_size; at += sizeof(Elf64_Sym)) {
		char *place = data + table->sh_offset + at;
		const char *name;
		Elf64_Sym symbol;

		memcpy(&symbol, place, sizeof(symbol));
		name = data + strings.sh_offset + symbol.st_name;
		if (symbol.st_shndx != SHN_UNDEF || ELF64_ST_BIND(symbol.st_info) != STB_GLOBAL ||
		    strlen(name) != wanted_len || memcmp(name, wanted, wanted_len) != 0)
			continue;
		symbol.st_info = ELF64_ST_INFO(STB_WEAK, ELF64_ST_TYPE(symbol.st_info));
		memcpy(place, &symbol, sizeof(symbol));
		return true;
	}
	return false;
}

bool image_weaken(void *data, size_t len, const char *symbol, size_t symbol_len)
{
	struct image image = { .data = data, .len = len };

	memcpy(&image.header, data, sizeof(image.header));
	if (find_names(&image, NULL) < 0)
		return false;
	for (uint32_t i = 0; i < image.header.e_shnum; i++) {
		Elf64_Shdr section = section_at(&image, i);

		if (section.sh_type == SHT_SYMTAB &&
		    weaken_in(&image, data, &section, symbol, symbol_len))
			return true;
	}
	return false;
}

/* ---- other bytes for a section ---- */

static int find_section(struct image *image, const char *name, uint32_t *ret_index)
{
	memcpy(&image->header, image->data, sizeof(image->header));
	if (find_names(image, NULL) < 0)
		return -ENOENT;
	for (uint32_t i = 0; i < image->header.e_shnum; i++) {
		Elf64_Shdr section = section_at(image, i);

		if (section.sh_type == SHT_PROGBITS &&
		    strcmp(image->names + section.sh_name, name) == 0) {
			*ret_index = i;
			return 0;
		}
	}
	return -ENOENT;
}

int image_find_section(const void *data, size_t len, const char *name, const void **ret_section,
		       size_t *ret_size)
{
	struct image image = { .data = data, .len = len };
	Elf64_Shdr section;
	uint32_t index;

	if (find_section(&image, name, &index) < 0)
		return -ENOENT;
	section = section_at(&image, index);
	*ret_section = image.data + section.sh_offset;
	*ret_size = section.sh_size;
	return 0;
}

/* The new bytes stand behind all others: nothing moves, and the old ones are nobody's any more. */
int image_replace_section(const void *data, size_t len, const char *name, const void *section,
			  size_t size, char **ret_data, size_t *ret_len)
{
	struct image image = { .data = data, .len = len };
	size_t start = (len + SECTION_ALIGNMENT - 1) / SECTION_ALIGNMENT * SECTION_ALIGNMENT;
	Elf64_Shdr header;
	uint32_t index;
	char *copy;

	if (find_section(&image, name, &index) < 0)
		return -ENOENT;
	copy = calloc(1, start + size);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, data, len);
	memcpy(copy + start, section, size);
	header = section_at(&image, index);
	header.sh_offset = start;
	header.sh_size = size;
	memcpy(copy + image.header.e_shoff + (size_t)index * sizeof(header), &header,
	       sizeof(header));
	*ret_data = copy;
	*ret_len = start + size;
	return 0;
}
