/* SPDX-License-Identifier: Apache-2.0 */
#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <linux/btf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "program/image.h"

/* An object of one undefined symbol, and type information of one name: what renaming looks at. */
enum { SECTION_NULL, SECTION_STRINGS, SECTION_SYMBOLS, SECTION_BTF, SECTION_COUNT };

#define STRINGS_SIZE 64
#define BTF_STRINGS_SIZE 32

struct object {
	Elf64_Ehdr header;
	Elf64_Shdr sections[SECTION_COUNT];
	char strings[STRINGS_SIZE];
	Elf64_Sym symbols[2];
	struct btf_header btf;
	char btf_strings[BTF_STRINGS_SIZE];
};

/* Offsets in strings: ".BTF" 1, ".strtab" 6, ".symtab" 14, the symbols' own from 22. */
#define SECTION_NAMES "\0.BTF\0.strtab\0.symtab\0"
#define SYMBOL_NAMES 22

static void make(struct object *object, const char *symbol, uint32_t symbol_skip,
		 uint16_t symbol_section, const char *type)
{
	*object = (struct object){
		.header = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
				     BYTE_ORDER == LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB,
				     EV_CURRENT },
			.e_type = ET_REL,
			.e_machine = EM_BPF,
			.e_shoff = offsetof(struct object, sections),
			.e_shentsize = sizeof(Elf64_Shdr),
			.e_shnum = SECTION_COUNT,
			.e_shstrndx = SECTION_STRINGS,
		},
		.sections = {
			[SECTION_STRINGS] = { .sh_name = 6, .sh_type = SHT_STRTAB,
					      .sh_offset = offsetof(struct object, strings),
					      .sh_size = STRINGS_SIZE },
			[SECTION_SYMBOLS] = { .sh_name = 14, .sh_type = SHT_SYMTAB,
					      .sh_offset = offsetof(struct object, symbols),
					      .sh_size = sizeof(object->symbols),
					      .sh_link = SECTION_STRINGS,
					      .sh_entsize = sizeof(Elf64_Sym) },
			[SECTION_BTF] = { .sh_name = 1, .sh_type = SHT_PROGBITS,
					  .sh_offset = offsetof(struct object, btf),
					  .sh_size = sizeof(object->btf) + BTF_STRINGS_SIZE },
		},
		.strings = SECTION_NAMES,
		.symbols = { { 0 }, { .st_name = SYMBOL_NAMES + symbol_skip,
				      .st_shndx = symbol_section } },
		.btf = { .magic = BTF_MAGIC, .version = BTF_VERSION,
			 .hdr_len = sizeof(struct btf_header), .str_len = BTF_STRINGS_SIZE },
	};
	memcpy(object->strings + SYMBOL_NAMES, symbol, strlen(symbol));
	memcpy(object->btf_strings + 1, type, strlen(type));
	assert_int_equal(image_check(object, sizeof(*object), NULL), 0);
}

static void test_rename_extern__symbol_and_type(void **state)
{
	struct object object;

	(void)state;
	make(&object, "LINUX_VERSION", 0, SHN_UNDEF, "LINUX_VERSION");
	assert_int_equal(
		image_rename_extern(&object, sizeof(object), "LINUX_VERSION", "OTHER_VERSION"), 0);
	assert_string_equal(object.strings + SYMBOL_NAMES, "OTHER_VERSION");
	assert_string_equal(object.btf_strings + 1, "OTHER_VERSION");
	assert_int_equal(image_check(&object, sizeof(object), NULL), 0);
}

/* Both or none: libbpf looks for the symbol's name in the types. */
static void test_rename_extern__nothing_changes(void **state)
{
	static const struct {
		const char *symbol;
		uint32_t skip;
		uint16_t section;
		const char *type;
	} rows[] = {
		{ "LINUX_VERSION", 0, SHN_UNDEF, "LINUX_VERSIONS" },
		{ "LINUX_VERSIONS", 0, SHN_UNDEF, "LINUX_VERSION" },
		{ "LINUX_VERSION", 0, SECTION_BTF, "LINUX_VERSION" },  /* its own variable */
		{ "MY_LINUX_VERSION", 3, SHN_UNDEF, "LINUX_VERSION" }, /* end of another's name */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct object object, before;

		make(&object, rows[i].symbol, rows[i].skip, rows[i].section, rows[i].type);
		before = object;
		assert_int_equal(image_rename_extern(&object, sizeof(object), "LINUX_VERSION",
						     "OTHER_VERSION"),
				 -ENOENT);
		assert_memory_equal(&object, &before, sizeof(object));
	}
}

static void test_replace_section__other_bytes(void **state)
{
	const char types[] =
		"quite other types, and more of them than before: ................................";
	struct object object;
	const void *section;
	char *copy;
	size_t len, size;

	(void)state;
	make(&object, "LINUX_VERSION", 0, SHN_UNDEF, "LINUX_VERSION");
	assert_int_equal(image_replace_section(&object, sizeof(object), ".BTF", types,
					       sizeof(types), &copy, &len),
			 0);
	assert_true(len >= sizeof(object) + sizeof(types));
	assert_int_equal(image_check(copy, sizeof(object), NULL),
			 -EINVAL); /* it is behind the end */
	assert_int_equal(image_find_section(copy, len, ".BTF", &section, &size), 0);
	assert_int_equal(size, sizeof(types));
	assert_memory_equal(section, types, sizeof(types));
	free(copy);
}

static void test_replace_section__none_of_that_name(void **state)
{
	struct object object;
	const void *section;
	char *copy = NULL;
	size_t len, size;

	(void)state;
	make(&object, "LINUX_VERSION", 0, SHN_UNDEF, "LINUX_VERSION");
	assert_int_equal(image_find_section(&object, sizeof(object), ".maps", &section, &size),
			 -ENOENT);
	assert_int_equal(
		image_replace_section(&object, sizeof(object), ".maps", "", 0, &copy, &len),
		-ENOENT);
	assert_null(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rename_extern__symbol_and_type),
		cmocka_unit_test(test_rename_extern__nothing_changes),
		cmocka_unit_test(test_replace_section__other_bytes),
		cmocka_unit_test(test_replace_section__none_of_that_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
