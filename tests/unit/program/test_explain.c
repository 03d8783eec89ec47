/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "program/explain.h"

static void test_explain_object__says_what_is_missing(void **state)
{
	static const struct {
		const char *log;
		int code;
		const char *text;
		bool has_cause;
	} rows[] = {
		{ "libbpf: Error in bpf_object__probe_loading():Operation not permitted(1).\n"
		  "libbpf: failed to load object 'x'\n",
		  -EPERM,
		  "loading eBPF is not permitted; it needs root, or CAP_BPF and CAP_PERFMON",
		  false },
		{ "libbpf: failed to parse target BTF: -22\nlibbpf: failed to load object 'x'\n",
		  -EINVAL,
		  "the file with the kernel's types holds no BTF that can be read; /sys/kernel/btf/vmlinux "
		  "is such a file",
		  true },
		{ "libbpf: Error in bpf_create_map_xattr(rows):Invalid argument(-22).\n"
		  "libbpf: map 'rows': failed to create: Invalid argument(-22)\n",
		  -EINVAL,
		  "map 'rows' cannot be made: Invalid argument; its type, sizes or flags are not for this "
		  "kernel",
		  true },
		{ "libbpf: map 'rows': failed to create: Operation not permitted(-1)\n", -EPERM,
		  "map 'rows' may not be made; CAP_BPF is needed (CAP_SYS_RESOURCE too before 5.11)",
		  true },
		{ "libbpf: extern (func ksym) 'bpf_cpumask_create': not found in kernel or module BTFs\n",
		  -ESRCH,
		  "kernel function (kfunc) 'bpf_cpumask_create' is not in this kernel; declare it __weak to "
		  "do without",
		  true },
		{ "", -E2BIG, "it cannot be loaded: Argument list too long", false },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(explain_object(rows[i].log, rows[i].code, &err), rows[i].code);
		assert_string_equal(err.text, rows[i].text);
		assert_int_equal(err.cause != NULL, rows[i].has_cause);
		err__done(&err);
	}
}

static void test_explain_culprit__is_named_by_the_library(void **state)
{
	static const char log[] = "libbpf: prog 'good': relo #0: matched\n"
				  "libbpf: prog 'bad': BPF program load failed: Permission denied\n"
				  "libbpf: prog 'bad': failed to load: -13\n";
	const char *name;
	size_t len;

	(void)state;
	assert_int_equal(explain_culprit(log, &name, &len), 0);
	assert_int_equal(len, 3);
	assert_memory_equal(name, "bad", 3);
	assert_int_equal(explain_culprit("libbpf: failed to load object\n", &name, &len), -ENOENT);
}

static void test_explain_program__translates_the_verifier(void **state)
{
	static const struct explain_subject subject = { .hook = "kprobe", .target = "do_exit" };
	static const struct {
		const char *log;
		int code;
		const char *text;
	} rows[] = {
		{ "-- BEGIN PROG LOAD LOG --\nunknown func bpf_loop#181\nprocessed 4 insns\n"
		  "-- END PROG LOAD LOG --\n",
		  -EINVAL, "this kernel, or this kind of program, has no helper bpf_loop#181" },
		{ "-- BEGIN PROG LOAD LOG --\nR0 invalid mem access 'scalar'\nprocessed 4 insns\n"
		  "-- END PROG LOAD LOG --\n",
		  -EACCES, "the verifier refuses it: R0 invalid mem access 'scalar'" },
		{ "", -EPERM,
		  "loading is not permitted (EPERM); CAP_BPF and CAP_PERFMON are needed" },
		{ "", -EINVAL, "kprobe is refused by this kernel: Invalid argument" },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(explain_program(rows[i].log, rows[i].code, &subject, &err),
				 rows[i].code);
		assert_string_equal(err.text, rows[i].text);
		err__done(&err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_explain_object__says_what_is_missing),
		cmocka_unit_test(test_explain_culprit__is_named_by_the_library),
		cmocka_unit_test(test_explain_program__translates_the_verifier),
	};

	return cmocka_run_group_tests_name("program/explain", tests, NULL, NULL);
}
