/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "program/usdt.h"
#include "tests/lib/usdt_probe.h"
#include "tree.h"

#define SELF "/proc/self/exe"

USDT_SEMAPHORE(listeners);

#if defined(__x86_64__)
static volatile long numbers[] = { 1, 2, 3 };

__attribute__((noinline)) static void third(void)
{
	USDT_PROBE("sonde", "variable", 0, "8@%0 8@nothing(%%rip)", "m"(numbers[1]));
}

/* However the compiler writes it, the operand is as far from the instruction in the file's headers as in memory. */
static void test_find__variables(void **state)
{
	const struct usdt_location *locations;
	struct arena arena = ARENA_INIT;
	uint64_t code, there;
	uint32_t count;

	(void)state;
	third();
	assert_int_equal(usdt_find(SELF, "sonde", "variable", &arena, &locations, &count, NULL), 0);
	assert_int_equal(count, 1);
	if (!locations[0].operands.symbols[0]) {
		arena__done(&arena);
		print_message("# skip: the compiler took a register\n");
		skip();
	}
	/* The probe is the first thing in the function, or near. */
	code = (uint64_t)(uintptr_t)third;
	there = code + (uint64_t)locations[0].operands.items[0].constant;
	assert_in_range(there - (uint64_t)(uintptr_t)&numbers[1] + 4096, 4096 - 64, 4096 + 64);
	assert_int_equal(locations[0].operands.items[1].kind, HOOK_USDT_UNKNOWN);
	arena__done(&arena);
}
#endif

/* The probe "sonde:twice" stands here, and a second time below. */
__attribute__((noinline)) static long first(long value)
{
	USDT_PROBE("sonde", "twice", 0, "8@%0", "r"(value));
	return value;
}

__attribute__((noinline)) static long second(long value)
{
	USDT_PROBE("sonde", "twice", 0, "8@%0 -8@%1", "r"(value), "m"(value));
	USDT_PROBE("sonde", "counted", listeners, "", "r"(value));
	return value;
}

/* The bytes of this very file at an offset are those that the symbol has in memory. */
static void assert_same_bytes(uint64_t offset, const void *memory, size_t size)
{
	char bytes[16];
	FILE *file = fopen(SELF, "re");

	assert_true(size <= sizeof(bytes));
	assert_non_null(file);
	assert_int_equal(fseek(file, (long)offset, SEEK_SET), 0);
	assert_int_equal(fread(bytes, 1, size, file), size);
	assert_memory_equal(bytes, memory, size);
	(void)fclose(file);
}

static void test_find__each_place_of_a_probe(void **state)
{
#if defined(__x86_64__)
	static const uint8_t nop[] = { 0x90 };
#else
	static const uint8_t nop[] = { 0x1f, 0x20, 0x03, 0xd5 };
#endif
	const struct usdt_location *locations;
	struct arena arena = ARENA_INIT;
	uint32_t count;

	(void)state;
	assert_int_equal(first(1) + second(2), 3);
	assert_int_equal(usdt_find(SELF, "sonde", "twice", &arena, &locations, &count, NULL), 0);
	assert_int_equal(count, 2);
	for (uint32_t i = 0; i < count; i++) {
		assert_same_bytes(locations[i].offset, nop, sizeof(nop));
		assert_int_equal(locations[i].semaphore_offset, 0);
		assert_int_equal(locations[i].operands.items[0].kind, HOOK_USDT_REGISTER);
	}
	assert_true(locations[0].offset != locations[1].offset);
	assert_int_equal(locations[0].operands.count + locations[1].operands.count, 3);
	arena__done(&arena);
}

static void test_find__the_semaphore(void **state)
{
	const struct usdt_location *locations;
	struct arena arena = ARENA_INIT;
	uint32_t count;

	(void)state;
	assert_int_equal(usdt_find(SELF, "sonde", "counted", &arena, &locations, &count, NULL), 0);
	assert_int_equal(count, 1);
	assert_int_equal(locations[0].operands.count, 0);
	assert_true(locations[0].semaphore_offset > 0);
	assert_same_bytes(locations[0].semaphore_offset, (const void *)&listeners,
			  sizeof(listeners));
	arena__done(&arena);
}

static void assert_refused(const char *path, const char *name, int code, const char *text)
{
	const struct usdt_location *locations;
	struct arena arena = ARENA_INIT;
	struct err err = ERR_INIT;
	uint32_t count;

	assert_int_equal(usdt_find(path, "sonde", name, &arena, &locations, &count, &err), code);
	assert_non_null(err.text);
	if (!strstr(err.text, text))
		fail_msg("'%s' has no '%s'", err.text, text);
	err__done(&err);
	arena__done(&arena);
}

static void test_find__tells_what_is_missing(void **state)
{
	char path[512];
	struct tree tree;

	(void)state;
	tree_make(&tree);
	tree_write(&tree, "script", "#!/bin/sh\n");
	(void)snprintf(path, sizeof(path), "%s/script", tree.root);
	assert_refused(path, "twice", -ENOEXEC, "is not an ELF binary");
	(void)snprintf(path, sizeof(path), "%s/none", tree.root);
	assert_refused(path, "twice", -ENOENT, "there is no file");
	assert_refused(SELF, "twise", -ENOENT, "nearest is 'sonde:twice'");
	assert_refused(FACTS_OBJECT, "twice", -ENOEXEC, "is a binary of another machine");
	tree_remove(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find__each_place_of_a_probe),
		cmocka_unit_test(test_find__the_semaphore),
#if defined(__x86_64__)
		cmocka_unit_test(test_find__variables),
#endif
		cmocka_unit_test(test_find__tells_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
