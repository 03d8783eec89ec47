/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "program/compile.h"
#include "program/image.h"
#include "tree.h"

struct fixture {
	struct tree tree;
	char input[128], output[128], cache[128], headers[128];
	const char *include_dirs[1];
	struct compile_options options;
};

static int set_up(void **state)
{
	static struct fixture fixture;

	tree_make(&fixture.tree);
	snprintf(fixture.input, sizeof(fixture.input), "%s/x.bpf.c", fixture.tree.root);
	snprintf(fixture.output, sizeof(fixture.output), "%s/x.bpf.o", fixture.tree.root);
	snprintf(fixture.cache, sizeof(fixture.cache), "%s/cache", fixture.tree.root);
	snprintf(fixture.headers, sizeof(fixture.headers), "%s/headers", fixture.tree.root);
	fixture.include_dirs[0] = fixture.headers;
	fixture.options = (struct compile_options){
		.input = fixture.input,
		.output = fixture.output,
		.include_dirs = fixture.include_dirs,
		.include_dir_count = 1,
		.cache_dir = fixture.cache,
		/* Any object has types; this test needs none of the kernel's. */
		.btf_path = FACTS_OBJECT,
	};
	tree_write(&fixture.tree, "headers/answer.h", "#define ANSWER 42\n");
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	tree_remove(&((struct fixture *)*state)->tree);
	return 0;
}

static void test_compile__object(void **state)
{
	const struct fixture *fixture = *state;
	struct strbuf messages = STRBUF_INIT;
	struct err err = ERR_INIT;
	char *image;
	size_t len;

	/* `struct event` comes out of vmlinux.h; the warning is told and does not stop anything. */
	tree_write(&fixture->tree, "x.bpf.c",
		   "#include <vmlinux.h>\n#include \"answer.h\"\n"
		   "__attribute__((section(\"raw_tp/sys_enter\"))) int f(struct event *e)\n"
		   "{\n\tint unused;\n\treturn sizeof(*e) + ANSWER;\n}\n");
	if (program_compile(&fixture->options, &messages, &err) < 0)
		fail_msg("%s\n%s", err.text, err.cause ? err.cause : "");
	assert_non_null(strstr(strbuf__text(&messages), "unused variable 'unused'"));
	assert_int_equal(fd_read_all(AT_FDCWD, fixture->output, 1 << 20, &image, &len), 0);
	assert_int_equal(image_check(image, len, NULL), 0);
	free(image);
	strbuf__done(&messages);
}

static void test_compile__errors_keep_the_old_object(void **state)
{
	const struct fixture *fixture = *state;
	struct err err = ERR_INIT;
	char text[64];

	tree_write(&fixture->tree, "x.bpf.c", "int f(void) { return nothing; }\n");
	tree_write(&fixture->tree, "x.bpf.o", "old");
	assert_int_equal(program_compile(&fixture->options, NULL, &err), -EINVAL);
	assert_non_null(strstr(err.text, "x.bpf.c' does not compile"));
	assert_non_null(strstr(err.cause, "undeclared identifier 'nothing'"));
	assert_int_equal(fd_read_small(AT_FDCWD, fixture->output, text, sizeof(text)), 3);
	assert_string_equal(text, "old");
	err__done(&err);
}

static void test_compile__what_is_not_there(void **state)
{
	struct fixture *fixture = *state;
	struct err err = ERR_INIT;

	assert_int_equal(program_compile(&fixture->options, NULL, &err), -ENOENT);
	assert_non_null(strstr(err.text, "x.bpf.c' cannot be read: No such file or directory"));
	tree_write(&fixture->tree, "x.bpf.c", "int x;\n");
	fixture->options.clang = "sonde-no-such-clang";
	assert_int_equal(program_compile(&fixture->options, NULL, &err), -ENOENT);
	assert_string_equal(err.text, "there is no 'sonde-no-such-clang' to compile with");
	assert_int_equal(access(fixture->output, F_OK), -1);
	err__done(&err);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_compile__object),
		TEST(test_compile__errors_keep_the_old_object),
		TEST(test_compile__what_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
