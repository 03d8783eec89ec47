/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "host/elf_symbols.h"

/* A file of one segment (offset 0x1000, address 0x401000) and three functions in it. */
struct image {
	Elf64_Ehdr header;
	Elf64_Phdr segment;
	Elf64_Shdr sections[3]; /* none, symbols, strings */
	Elf64_Sym symbols[6];
	char strings[32];
};

#define AT(member) offsetof(struct image, member)

static Elf64_Sym function(uint32_t name, uint64_t address, uint64_t size, unsigned int type)
{
	return (Elf64_Sym){ .st_name = name,
			    .st_info = ELF64_ST_INFO(STB_GLOBAL, type),
			    .st_shndx = 1,
			    .st_value = address,
			    .st_size = size };
}

static struct image make_image(void)
{
	struct image image = { 0 };

	memcpy(image.header.e_ident, ELFMAG, SELFMAG);
	image.header.e_ident[EI_CLASS] = ELFCLASS64;
	image.header.e_ident[EI_DATA] = ELFDATA2LSB;
	image.header.e_phoff = AT(segment);
	image.header.e_phentsize = sizeof(Elf64_Phdr);
	image.header.e_phnum = 1;
	image.header.e_shoff = AT(sections);
	image.header.e_shentsize = sizeof(Elf64_Shdr);
	image.header.e_shnum = 3;
	image.segment = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_offset = 0x1000, .p_vaddr = 0x401000, .p_filesz = 0x1000
	};
	image.sections[1] = (Elf64_Shdr){ .sh_type = SHT_SYMTAB,
					  .sh_offset = AT(symbols),
					  .sh_size = sizeof(image.symbols),
					  .sh_entsize = sizeof(Elf64_Sym),
					  .sh_link = 2 };
	image.sections[2] = (Elf64_Shdr){ .sh_type = SHT_STRTAB,
					  .sh_offset = AT(strings),
					  .sh_size = sizeof(image.strings) };
	memcpy(image.strings, "\0one\0two\0three\0data\0alias", 25);
	image.symbols[1] = function(9, 0x401300, 0, STT_FUNC); /* three */
	image.symbols[2] = function(1, 0x401100, 0x10, STT_FUNC);
	image.symbols[3] = function(5, 0x401200, 0x10, STT_FUNC);
	image.symbols[4] = function(15, 0x401180, 8, STT_OBJECT);
	image.symbols[5] = function(20, 0x401100, 0x10, STT_GNU_IFUNC);
	return image;
}

static int read_image(const struct image *image, size_t len, struct elf_symbols **ret_symbols)
{
	int fd __attribute__((cleanup(fd_closep))) = memfd_create("image", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, image, len), 0);
	return elf_symbols__read(fd, ret_symbols);
}

static void assert_name(const struct elf_symbols *symbols, uint64_t offset, const char *want)
{
	const char *name = elf_symbols__find(symbols, offset);

	if (want)
		assert_string_equal(name ? name : "(none)", want);
	else
		assert_null(name);
}

static void test_find__functions(void **state)
{
	const struct image image = make_image();
	struct elf_symbols *symbols;

	(void)state;
	assert_int_equal(read_image(&image, sizeof(image), &symbols), 0);
	assert_name(symbols, 0x1100, "one");
	assert_name(symbols, 0x110f, "one");
	assert_name(symbols, 0x1110, NULL); /* between two */
	assert_name(symbols, 0x1180, NULL); /* no code */
	assert_name(symbols, 0x1208, "two");
	assert_name(symbols, 0x1300, "three");
	assert_name(symbols, 0x1fff, "three"); /* it does not say where it ends */
	assert_name(symbols, 0x2000, NULL);    /* beyond the segment */
	assert_name(symbols, 0x10, NULL);
	assert_true(elf_symbols__bytes(symbols) > sizeof(image.strings));
	elf_symbols__free(symbols);
	assert_null(elf_symbols__free(NULL));
}

static void assert_refused(const struct image *image, size_t len, int code)
{
	struct elf_symbols *symbols;

	assert_int_equal(read_image(image, len, &symbols), code);
}

static void test_read__bad_files(void **state)
{
	const struct image good = make_image();
	struct image bad;

	(void)state;
	assert_refused(&good, 10, -ENOEXEC);
	assert_refused(&good, AT(sections), -EBADMSG);
	assert_refused(&good, AT(strings), -EBADMSG);
	bad = good;
	bad.header.e_ident[0] = 'x';
	assert_refused(&bad, sizeof(bad), -ENOEXEC);
	bad = good;
	bad.header.e_ident[EI_CLASS] = ELFCLASS32;
	assert_refused(&bad, sizeof(bad), -ENOEXEC);
	bad = good;
	bad.header.e_shnum = 0;
	assert_refused(&bad, sizeof(bad), -ENODATA);
	bad = good;
	bad.header.e_shoff = UINT64_MAX - 8;
	assert_refused(&bad, sizeof(bad), -EBADMSG);
	bad = good;
	bad.sections[1].sh_link = 7;
	assert_refused(&bad, sizeof(bad), -EBADMSG);
	bad = good;
	bad.sections[1].sh_size = UINT64_MAX;
	assert_refused(&bad, sizeof(bad), -E2BIG);
	bad = good;
	bad.sections[1].sh_type = SHT_NOBITS;
	assert_refused(&bad, sizeof(bad), -ENODATA);
	bad = good;
	bad.sections[2].sh_size = 1; /* no name is in it */
	assert_refused(&bad, sizeof(bad), -ENODATA);
	bad = good;
	bad.sections[2].sh_size = 0;
	assert_refused(&bad, sizeof(bad), -ENODATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find__functions),
		cmocka_unit_test(test_read__bad_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
