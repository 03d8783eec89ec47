/* SPDX-License-Identifier: Apache-2.0 */
#include "host/elf_symbols.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"

#define MAX_SEGMENTS 64

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NATIVE_DATA ELFDATA2LSB
#else
#define NATIVE_DATA ELFDATA2MSB
#endif

struct segment {
	uint64_t offset, size, address;
};

struct function {
	uint64_t address;
	uint32_t size; /* 0: up to the next one */
	uint32_t name; /* in strings */
};

struct elf_symbols {
	struct segment segments[MAX_SEGMENTS];
	size_t segment_count;
	struct function *functions; /* owned; by address */
	size_t count;
	char *strings; /* owned; ended by a NUL */
	size_t strings_len;
};

/* Fresh memory with this part of the file. */
static int read_part(int fd, uint64_t offset, uint64_t len, void **ret_part)
{
	uint8_t *part __cleanup(x_freep) = NULL;
	size_t done = 0;

	if (len > ELF_SYMBOLS_MAX_BYTES)
		return -E2BIG;
	if (offset > INT64_MAX - len)
		return -EBADMSG;
	part = malloc(len + 1);
	if (!part)
		return -ENOMEM;
	while (done < len) {
		ssize_t n = pread(fd, part + done, len - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EBADMSG; /* it ends before its headers say so */
		done += (size_t)n;
	}
	part[len] = '\0';
	*ret_part = take_ptr(part);
	return 0;
}

static int read_header(int fd, Elf64_Ehdr *ret_header)
{
	void *part __cleanup(x_freep) = NULL;
	int r = read_part(fd, 0, sizeof(*ret_header), &part);

	if (r < 0)
		return r == -EBADMSG ? -ENOEXEC : r;
	memcpy(ret_header, part, sizeof(*ret_header));
	if (memcmp(ret_header->e_ident, ELFMAG, SELFMAG) != 0 ||
	    ret_header->e_ident[EI_CLASS] != ELFCLASS64 ||
	    ret_header->e_ident[EI_DATA] != NATIVE_DATA)
		return -ENOEXEC;
	return 0;
}

static int read_segments(int fd, const Elf64_Ehdr *header, struct elf_symbols *symbols)
{
	void *part __cleanup(x_freep) = NULL;
	int r;

	if (header->e_phentsize != sizeof(Elf64_Phdr))
		return -EBADMSG;
	r = read_part(fd, header->e_phoff, (uint64_t)header->e_phnum * sizeof(Elf64_Phdr), &part);
	for (size_t i = 0; r == 0 && i < header->e_phnum; i++) {
		Elf64_Phdr segment;

		memcpy(&segment, (uint8_t *)part + i * sizeof(segment), sizeof(segment));
		if (segment.p_type != PT_LOAD || symbols->segment_count == MAX_SEGMENTS)
			continue;
		symbols->segments[symbols->segment_count++] = (struct segment){
			.offset = segment.p_offset,
			.size = segment.p_filesz,
			.address = segment.p_vaddr,
		};
	}
	return r;
}

/* The symbol table, or the dynamic one, and the table of strings that belongs to it. */
static int find_tables(const Elf64_Shdr *sections, size_t count, Elf64_Shdr *ret_symbols,
		       Elf64_Shdr *ret_strings)
{
	const Elf64_Shdr *found = NULL;

	for (size_t i = 0; i < count; i++)
		if (sections[i].sh_type == SHT_SYMTAB ||
		    (sections[i].sh_type == SHT_DYNSYM && !found))
			found = &sections[i];
	if (!found)
		return -ENODATA;
	if (found->sh_entsize != sizeof(Elf64_Sym) || found->sh_link >= count ||
	    sections[found->sh_link].sh_type != SHT_STRTAB)
		return -EBADMSG;
	*ret_symbols = *found;
	*ret_strings = sections[found->sh_link];
	return 0;
}

static int compare_functions(const void *a, const void *b)
{
	const struct function *left = a, *right = b;

	if (left->address != right->address)
		return left->address < right->address ? -1 : 1;
	/* Of two at one address the first name of the table. */
	return left->name < right->name ? -1 : left->name > right->name;
}

static bool is_function(const Elf64_Sym *symbol, size_t strings_len)
{
	unsigned int type = ELF64_ST_TYPE(symbol->st_info);

	return (type == STT_FUNC || type == STT_GNU_IFUNC) && symbol->st_value != 0 &&
	       symbol->st_shndx != SHN_UNDEF && symbol->st_name != 0 &&
	       symbol->st_name < strings_len;
}

static int take_functions(struct elf_symbols *symbols, const uint8_t *table, size_t count)
{
	symbols->functions = new_array(struct function, count + 1);
	if (!symbols->functions)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		Elf64_Sym symbol;

		memcpy(&symbol, table + i * sizeof(symbol), sizeof(symbol));
		if (!is_function(&symbol, symbols->strings_len))
			continue;
		symbols->functions[symbols->count++] = (struct function){
			.address = symbol.st_value,
			.size = symbol.st_size < UINT32_MAX ? (uint32_t)symbol.st_size : UINT32_MAX,
			.name = symbol.st_name,
		};
	}
	if (symbols->count == 0)
		return -ENODATA;
	qsort(symbols->functions, symbols->count, sizeof(*symbols->functions), compare_functions);
	return 0;
}

static int read_tables(int fd, const Elf64_Ehdr *header, struct elf_symbols *symbols)
{
	void *sections __cleanup(x_freep) = NULL;
	void *table __cleanup(x_freep) = NULL;
	void *strings = NULL;
	Elf64_Shdr of_symbols, of_strings;
	int r;

	if (header->e_shnum == 0)
		return -ENODATA;
	if (header->e_shentsize != sizeof(Elf64_Shdr))
		return -EBADMSG;
	r = read_part(fd, header->e_shoff, (uint64_t)header->e_shnum * sizeof(Elf64_Shdr),
		      &sections);
	if (r == 0)
		r = find_tables(sections, header->e_shnum, &of_symbols, &of_strings);
	if (r == 0)
		r = read_part(fd, of_strings.sh_offset, of_strings.sh_size, &strings);
	if (r < 0)
		return r;
	symbols->strings = strings;
	symbols->strings_len = of_strings.sh_size;
	r = read_part(fd, of_symbols.sh_offset, of_symbols.sh_size, &table);
	return r < 0 ? r : take_functions(symbols, table, of_symbols.sh_size / sizeof(Elf64_Sym));
}

int elf_symbols__read(int fd, struct elf_symbols **ret_symbols)
{
	struct elf_symbols *symbols;
	Elf64_Ehdr header;
	int r = read_header(fd, &header);

	if (r < 0)
		return r;
	symbols = new_zero(struct elf_symbols);
	if (!symbols)
		return -ENOMEM;
	r = read_segments(fd, &header, symbols);
	if (r == 0)
		r = read_tables(fd, &header, symbols);
	if (r < 0) {
		elf_symbols__free(symbols);
		return r;
	}
	*ret_symbols = symbols;
	return 0;
}

struct elf_symbols *elf_symbols__free(struct elf_symbols *symbols)
{
	if (!symbols)
		return NULL;
	free(symbols->functions);
	free(symbols->strings);
	free(symbols);
	return NULL;
}

size_t elf_symbols__bytes(const struct elf_symbols *symbols)
{
	return sizeof(*symbols) + symbols->count * sizeof(*symbols->functions) +
	       symbols->strings_len;
}

/* 0: no function has this as its address. */
static uint64_t address_of(const struct elf_symbols *symbols, uint64_t offset)
{
	for (size_t i = 0; i < symbols->segment_count; i++) {
		const struct segment *segment = &symbols->segments[i];

		if (offset >= segment->offset && offset - segment->offset < segment->size)
			return segment->address + (offset - segment->offset);
	}
	return 0;
}

const char *elf_symbols__find(const struct elf_symbols *symbols, uint64_t file_offset)
{
	uint64_t address = address_of(symbols, file_offset);
	const struct function *function;
	size_t low = 0, high = symbols->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symbols->functions[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return NULL;
	function = &symbols->functions[low - 1];
	if (function->size && address - function->address >= function->size)
		return NULL; /* in a gap: of something that has no name */
	/* Of several at one address the first. */
	while (function > symbols->functions && function[-1].address == function->address)
		function--;
	return symbols->strings + function->name;
}
