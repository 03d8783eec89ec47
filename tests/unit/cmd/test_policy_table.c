/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/policy_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/load.h"

#define HEAD                                                                                       \
	"kind: TracingPolicy\n"                                                                    \
	"metadata: {name: x}\n"                                                                    \
	"spec:\n"

static void assert_rows(const char *text, const char *wanted)
{
	const struct dialect_input input = {
		.name = "x", .origin = "x.yaml", .text = text, .len = strlen(text)
	};
	struct table table = TABLE_INIT(POLICY_TABLE_COLUMNS);
	struct err_list errors = { .len = 0 };
	struct strbuf out = STRBUF_INIT;
	struct spec *spec;

	if (config_load_text(dialect_of_text(text), &input, &spec, &errors) < 0)
		fail_msg("%s", errors.items[0].text);
	policy_table_add(spec, &table);
	table__write(&table, 0, &out);
	assert_string_equal(strbuf__text(&out), wanted);
	strbuf__done(&out);
	table__done(&table);
	spec__free(spec);
}

static void test_add__hooks(void **state)
{
	(void)state;
	assert_rows(
		HEAD "  kprobes:\n"
		     "  - {call: sys_read, args: [{index: 0, type: int}], return: true,\n"
		     "     returnArg: {index: 0, type: long}}\n"
		     "  - {call: fd_install, syscall: false, selectors: [{}, {}],\n"
		     "     data: [{index: 0, source: current_task, resolve: pid}]}\n"
		     "  tracepoints: [{subsystem: a, event: b, raw: true}]\n"
		     "  uprobes: [{path: /x, symbols: [f, g]}, {path: /y, offsets: [16]}]\n"
		     "  usdts: [{path: /x, provider: p, name: m}]\n"
		     "  lsmhooks: [{hook: file_open}]\n",
		"x  kprobe sys_read     int, -> long  0  Post  -\n"
		"x  kprobe fd_install   pid           2  Post  kprobes or fentry, types of the kernel (BTF)\n"
		"x  raw tracepoint a/b  -             0  Post  -\n"
		"x  uprobe /x:f,g       -             0  Post  uprobes\n"
		"x  uprobe /y:+0x10     -             0  Post  uprobes\n"
		"x  usdt /x:p/m         -             0  Post  uprobes\n"
		"x  lsm file_open       -             0  Post  bpf among the LSMs\n");
}

static void test_add__actions_and_needs(void **state)
{
	(void)state;
	assert_rows(
		HEAD
		"  podSelector: {}\n"
		"  kprobes:\n"
		"  - {call: sys_read, selectors: [{matchActions: [{action: Override, argError: -1}]}]}\n"
		"  - {call: security_x, syscall: false,\n"
		"     selectors: [{matchActions: [{action: Override}, {action: Post}]}]}\n",
		"x  kprobe sys_read    -  1  Override        error injection, containers that are known\n"
		"x  kprobe security_x  -  1  Post, Override  kprobes or fentry, fmod_ret, containers that are known\n");
}

static void test_add__no_hook(void **state)
{
	(void)state;
	assert_rows(HEAD "  loader: true\n", "x  loader  libraries that are mapped  -  Post  -\n");
	assert_rows(
		"kind: TracingPolicyNamespaced\nmetadata: {name: x, namespace: shop}\nspec: {}\n",
		"shop/x  -  -  -  -  -\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add__hooks),
		cmocka_unit_test(test_add__actions_and_needs),
		cmocka_unit_test(test_add__no_hook),
	};

	return cmocka_run_group_tests_name("cmd/policy_table", tests, NULL, NULL);
}
