/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/mem.h"
#include "program/image.h"

struct copy {
	char *data; /* owned */
	size_t len;
};

static struct copy read_object(void)
{
	struct copy copy;

	assert_int_equal(fd_read_all(AT_FDCWD, FACTS_OBJECT, 16 << 20, &copy.data, &copy.len), 0);
	return copy;
}

static void test_check__real_object(void **state)
{
	struct copy copy = read_object();

	(void)state;
	assert_int_equal(image_check(copy.data, copy.len, NULL), 0);
	free(copy.data);
}

static void test_wants_kernel_types__says_the_extension(void **state)
{
	/* magic, version, flags, length of the header: of .BTF.ext, since that of .BTF is shorter */
	static const char head[] = { '\x9f', '\xeb', 1, 0, 32, 0, 0, 0 };
	struct copy copy = read_object();
	char *extension = memmem(copy.data, copy.len, head, sizeof(head));
	uint32_t relocations_len = 0;

	(void)state;
	assert_non_null(extension);
	memcpy(extension + 28, &relocations_len, sizeof(relocations_len));
	assert_false(image_wants_kernel_types(copy.data, copy.len));
	relocations_len = 20;
	memcpy(extension + 28, &relocations_len, sizeof(relocations_len));
	assert_true(image_wants_kernel_types(copy.data, copy.len));
	assert_false(image_wants_kernel_types("", 0));
	free(copy.data);
}

static void test_check__no_object(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(image_check("", 0, &err), -ENOEXEC);
	assert_string_equal(err.text, "it is not an ELF file; clang -target bpf makes one");
	assert_int_equal(image_check("metrics:\n  counters: []\n", 24, &err), -ENOEXEC);
	err__done(&err);
}

static void test_check__cut_short(void **state)
{
	struct copy copy = read_object();

	(void)state;
	/* The section table is at the end. */
	for (size_t len = 0; len < copy.len; len += 97) {
		char *part = malloc(len ? len : 1);

		assert_non_null(part);
		memcpy(part, copy.data, len);
		assert_true(image_check(part, len, NULL) < 0);
		free(part);
	}
	free(copy.data);
}

static const struct {
	size_t offset; /* in the ELF header */
	unsigned char value;
	const char *text;
} headers[] = {
	{ EI_CLASS, ELFCLASS32, "it is damaged: it is not a 64-bit ELF file; build it again" },
	{ EI_DATA, ELFDATA2MSB, "it is built for the other byte order; use clang -target bpf" },
	{ offsetof(Elf64_Ehdr, e_machine), EM_X86_64 & 0xff,
	  "it is not an eBPF object; clang -target bpf -c makes one" },
	{ offsetof(Elf64_Ehdr, e_type), ET_EXEC,
	  "it is not an eBPF object; clang -target bpf -c makes one" },
	{ offsetof(Elf64_Ehdr, e_shentsize), 1,
	  "it is damaged: it has no sections, or too many; build it again" },
};

static void test_check__headers(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(headers); i++) {
		struct copy copy = read_object();
		struct err err = ERR_INIT;

		if (headers[i].offset == offsetof(Elf64_Ehdr, e_machine))
			copy.data[headers[i].offset + 1] = 0;
		copy.data[headers[i].offset] = (char)headers[i].value;
		if (image_check(copy.data, copy.len, &err) != -EINVAL)
			fail_msg("row %zu is taken", i);
		assert_string_equal(err.text, headers[i].text);
		err__done(&err);
		free(copy.data);
	}
}

/* Each byte of the header and of the section table, set to something else. */
static void test_check__damaged_bytes(void **state)
{
	struct copy copy = read_object();
	Elf64_Ehdr header;

	(void)state;
	memcpy(&header, copy.data, sizeof(header));
	for (size_t i = 0; i < copy.len; i++) {
		char *part;

		if (i == sizeof(header))
			i = header.e_shoff;
		part = malloc(copy.len);
		assert_non_null(part);
		memcpy(part, copy.data, copy.len);
		part[i] = (char)0xff;
		(void)image_check(part, copy.len,
				  NULL); /* whatever it says, the sanitizers watch */
		free(part);
	}
	free(copy.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check__real_object),
		cmocka_unit_test(test_wants_kernel_types__says_the_extension),
		cmocka_unit_test(test_check__no_object),
		cmocka_unit_test(test_check__cut_short),
		cmocka_unit_test(test_check__headers),
		cmocka_unit_test(test_check__damaged_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
