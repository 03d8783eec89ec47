/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "host/user_symbols.h"
#include "tree.h"

void function_that_is_looked_for(void);
void function_that_is_looked_for(void)
{
}

static struct user_symbols *open_symbols(const char *root, int *ret_fd)
{
	struct user_symbols *symbols;

	*ret_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(*ret_fd >= 0);
	assert_int_equal(user_symbols__new(*ret_fd, &symbols), 0);
	return symbols;
}

static void assert_text(struct user_symbols *symbols, uint32_t pid, uint64_t address,
			const char *want)
{
	const struct user_image image = { .pid = pid, .inode = 1 };
	struct strbuf out = STRBUF_INIT;

	user_symbols__add(symbols, &image, address, &out);
	assert_string_equal(strbuf__text(&out), want);
	strbuf__done(&out);
}

static void test_add__this_process(void **state)
{
	uint64_t function = (uint64_t)(uintptr_t)function_that_is_looked_for;
	uint32_t pid = (uint32_t)getpid();
	int fd __attribute__((cleanup(fd_closep))) = -1;
	struct user_symbols *symbols = open_symbols("/", &fd);
	void *code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char number[32];

	(void)state;
	assert_true(code != MAP_FAILED);
	assert_text(symbols, pid, function, "function_that_is_looked_for");
	assert_text(symbols, pid, 1, "0x1");
	/* Code of no file. */
	(void)snprintf(number, sizeof(number), "0x%llx", (unsigned long long)(uintptr_t)code);
	assert_text(symbols, pid, (uint64_t)(uintptr_t)code, number);
	munmap(code, 4096);
	user_symbols__free(symbols);
}

static void test_add__process_that_is_gone(void **state)
{
	struct user_symbols *symbols;
	struct tree tree;
	int fd __attribute__((cleanup(fd_closep))) = -1;

	(void)state;
	tree_make(&tree);
	symbols = open_symbols(tree.root, &fd);
	assert_text(symbols, 7, 0x1234, "0x1234");
	user_symbols__free(symbols);
	tree_remove(&tree);
}

static const char maps[] = "00400000-00401000 r--p 00000000 08:01 77     /usr/bin/app\n"
			   "00401000-00402000 r-xp 00001000 08:01 77     /usr/bin/app\n"
			   "nonsense\n"
			   "7f0000000000-7f0000001000 r-xp 00000000 00:00 0 \n"
			   "7fff00000000-7fff00001000 r-xp 00000000 00:00 0      [vdso]";

/* Without the file, or with another one in its place, there is where it lies in the file. */
static void test_add__file_that_is_gone(void **state)
{
	struct user_symbols *symbols;
	struct tree tree;
	int fd __attribute__((cleanup(fd_closep))) = -1;

	(void)state;
	tree_make(&tree);
	tree_write(&tree, "proc/7/maps", maps);
	symbols = open_symbols(tree.root, &fd);
	assert_text(symbols, 7, 0x401234, "app+0x1234");
	assert_text(symbols, 7, 0x400234, "0x400234"); /* no code */
	assert_text(symbols, 7, 0x7f0000000010, "0x7f0000000010");
	assert_text(symbols, 7, 0x7fff00000010, "[vdso]+0x10");
	assert_text(symbols, 7, UINT64_MAX, "0xffffffffffffffff");
	/* Something else is there now: it is not asked for names. */
	tree_write(&tree, "proc/8/maps", maps);
	tree_write(&tree, "proc/8/root/usr/bin/app", "no ELF");
	assert_text(symbols, 8, 0x401234, "app+0x1234");
	user_symbols__free(symbols);
	tree_remove(&tree);
}

/* More processes than are kept. */
static void test_add__many_processes(void **state)
{
	struct user_symbols *symbols;
	struct tree tree;
	int fd __attribute__((cleanup(fd_closep))) = -1;

	(void)state;
	tree_make(&tree);
	tree_write(&tree, "proc/7/maps", maps);
	symbols = open_symbols(tree.root, &fd);
	for (uint32_t i = 0; i < 3 * USER_SYMBOLS_PROCESSES; i++)
		assert_text(symbols, 1000 + i, 16, "0x10");
	assert_text(symbols, 7, 0x401234, "app+0x1234");
	user_symbols__free(symbols);
	tree_remove(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add__this_process),
		cmocka_unit_test(test_add__process_that_is_gone),
		cmocka_unit_test(test_add__file_that_is_gone),
		cmocka_unit_test(test_add__many_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
