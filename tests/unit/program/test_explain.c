/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "program/explain.h"

#define VERIFIER(lines)                                                                            \
	"libbpf: prog 'x': BPF program load failed: Invalid argument\n"                            \
	"libbpf: prog 'x': -- BEGIN PROG LOAD LOG --\n" lines "-- END PROG LOAD LOG --\n"          \
	"libbpf: prog 'x': failed to load: -22\n"                                                  \
	"libbpf: failed to load object 'y'\n"
#define COUNTS                                                                                     \
	"processed 1 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n"

static const struct {
	const char *log, *name;
} culprits[] = {
	{ "libbpf: prog 'sys_enter': failed to load: -22\nlibbpf: failed to load object 'x'\n",
	  "sys_enter" },
	{ "prog 'a': failed to load: -1\n", "a" },
	{ "libbpf: prog 'first': failed to bind map 'm': Invalid argument\n"
	  "libbpf: prog 'second': failed to load: -13\n",
	  "second" },
	{ "libbpf: prog 'x': relo #3: failed to relocate: -22\nlibbpf: failed to perform CO-RE relocations: -22\n",
	  "x" },
	{ "libbpf: prog 'x': failed to relocate calls: -22\n", "x" },
	{ "libbpf: map 'm': failed to create: Invalid argument(-22)\n", NULL },
	{ "libbpf: extern (func ksym) 'prog': failed to load: 1\n", NULL },
	{ "prog ': failed to load: ", NULL },
	{ "': failed to load: ", NULL },
	{ "", NULL },
};

static void test_culprit__table(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(culprits); i++) {
		const char *name;
		size_t len;
		int r = explain_culprit(culprits[i].log, &name, &len);

		if (!culprits[i].name) {
			if (r != -ENOENT)
				fail_msg("%s", culprits[i].log);
			continue;
		}
		assert_int_equal(r, 0);
		assert_int_equal(len, strlen(culprits[i].name));
		assert_memory_equal(name, culprits[i].name, len);
	}
}

static const struct {
	const char *log;
	int code;
	bool is_btf;
	const char *text, *cause; /* cause: its beginning, or NULL: none */
} programs[] = {
	{ VERIFIER("R0 !read_ok\n" COUNTS), -EACCES, false, "the verifier refuses it: R0 !read_ok",
	  "R0 !read_ok" },
	{ VERIFIER("1: (85) call bpf_loop#181\nunknown func bpf_loop#181\n" COUNTS), -EINVAL, false,
	  "this kernel, or this kind of program, has no helper bpf_loop#181", "1: (85)" },
	{ VERIFIER("7: (85) call unknown#178\ninvalid func unknown#178\n" COUNTS), -EINVAL, false,
	  "this kernel has no helper with the number #178", "7: (85)" },
	{ VERIFIER(
		  "4: <invalid CO-RE relocation>\n"
		  "failed to resolve CO-RE relocation <byte_off> [18] struct request.rq_disk (0:1 @ offset 8)\n" COUNTS),
	  -EINVAL, false,
	  "this kernel's types have no <byte_off> [18] struct request.rq_disk (0:1 @ offset 8)",
	  "4: <inv" },
	{ VERIFIER("cannot call GPL-restricted function from non-GPL compatible program\n" COUNTS),
	  -EINVAL, false,
	  "it needs a GPL-compatible license: char LICENSE[] SEC(\"license\") = \"GPL\"",
	  "cannot" },
	{ VERIFIER(COUNTS), -EINVAL, false, "fentry is refused by this kernel: Invalid argument",
	  "processed" },
	{ "1: (79) r3 = *(u64 *)(r6 +0)\ninvalid bpf_context access off=0 size=8\n" COUNTS, -EACCES,
	  true, "the verifier refuses it: invalid bpf_context access off=0 size=8", "1: (79)" },
	{ "", -EACCES, true, "fentry is refused by this kernel: Permission denied", NULL },
	{ "libbpf: prog 'x': failed to load: -1\n", -EPERM, true,
	  "fentry is refused by this kernel (EPERM)", NULL },
	{ "libbpf: prog 'x': failed to load: -1\n", -EPERM, false,
	  "loading is not permitted (EPERM); CAP_BPF and CAP_PERFMON are needed", NULL },
	{ "libbpf: prog 'x': failed to find kernel BTF type ID of 'foo': -3\n", -ESRCH, true,
	  "fentry target 'foo' is not in this kernel's BTF", NULL },
	{ "libbpf: prog 'x': missing BPF prog type, check ELF section name 'zzz'\n", -EINVAL, false,
	  "its section is none that is known; SEC(\"tp_btf/sched_switch\"), for example, is",
	  NULL },
};

static void test_program__table(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(programs); i++) {
		const struct explain_subject subject = { .hook = "fentry",
							 .target = "foo",
							 .is_btf = programs[i].is_btf };
		struct err err = ERR_INIT;

		assert_int_equal(explain_program(programs[i].log, programs[i].code, &subject, &err),
				 programs[i].code);
		assert_string_equal(err.text, programs[i].text);
		if (!programs[i].cause)
			assert_null(err.cause);
		else if (!err.cause ||
			 strncmp(err.cause, programs[i].cause, strlen(programs[i].cause)) != 0)
			fail_msg("cause: %s", err.cause ? err.cause : "none");
		err__done(&err);
	}
}

static void test_program__network_privilege(void **state)
{
	const struct explain_subject subject = { .hook = "xdp", .is_network = true };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(
		explain_program("libbpf: prog 'x': failed to load: -1\n", -EPERM, &subject, &err),
		-EPERM);
	assert_string_equal(
		err.text,
		"loading is not permitted (EPERM); xdp programs need CAP_NET_ADMIN beside CAP_BPF");
	err__done(&err);
}

/* From 7.3 on the verifier writes a report behind its verdict; the verdict stays what is told. */
static void test_program__report_of_newer_kernels(void **state)
{
	static const char log[] = VERIFIER(
		"0: R1=ctx() R10=fp0\n1: (61) r0 = *(u32 *)(r1 +0)\nR1 invalid mem access 'scalar'\n"
		"Verification failed: Register Type Safety: Invalid dereference\nReason:\n"
		"  R1 is an integer scalar here, not a pointer to memory.\nSuggestion:\n  Preserve it.\n" COUNTS);
	const struct explain_subject subject = { .hook = "raw_tp" };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(explain_program(log, -EACCES, &subject, &err), -EACCES);
	assert_string_equal(err.text, "the verifier refuses it: R1 invalid mem access 'scalar'");
	assert_true(strncmp(err.cause, "0: R1=ctx()", 11) == 0);
	assert_non_null(strstr(err.cause, "R1 is an integer scalar here"));
	err__done(&err);
}

static void test_program__missing_kernel_function(void **state)
{
	static const char *const logs[] = {
		VERIFIER("invalid kernel function call not eliminated in verifier pass\n" COUNTS),
		VERIFIER("kernel btf_id 0 is not a function\n" COUNTS),
		VERIFIER(
			"invalid kernel function btf_id 0\n0: (b4) w1 = 1\n1: (85) call <error>#0\nR0 !read_ok\n" COUNTS),
		VERIFIER("BPF_CALL uses reserved fields\n" COUNTS),
	};
	const struct explain_subject subject = { .hook = "raw_tp", .missing = "bpf_foo" };

	(void)state;
	for (size_t i = 0; i < array_size(logs); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(explain_program(logs[i], -EINVAL, &subject, &err), -EINVAL);
		assert_string_equal(
			err.text, "it calls kernel function (kfunc) 'bpf_foo', which is not there");
		err__done(&err);
	}
}

static void test_missing_function__is_named(void **state)
{
	const char *name;
	size_t len;

	(void)state;
	assert_int_equal(
		explain_missing_function(
			"libbpf: extern (func ksym) 'bpf_foo': not found in kernel or module BTFs\n",
			&name, &len),
		0);
	assert_int_equal(len, 7);
	assert_memory_equal(name, "bpf_foo", 7);
	assert_int_equal(explain_missing_function("libbpf: extern 'x' (strong): not resolved\n",
						  &name, &len),
			 -ENOENT);
}

/* Of megabytes of log only the end was kept: its begin mark is gone. */
static void test_program__log_without_its_beginning(void **state)
{
	const struct explain_subject subject = { .hook = "kprobe" };
	struct err err = ERR_INIT;
	char log[8192];
	size_t len = 0;
	size_t lines = 0;

	(void)state;
	for (int i = 0; i < 100; i++)
		len += (size_t)snprintf(log + len, sizeof(log) - len, "%d: (bf) r6 = r1\n", i);
	(void)snprintf(log + len, sizeof(log) - len,
		       "R1 invalid mem access 'scalar'\n" COUNTS "-- END PROG LOAD LOG --\n"
		       "libbpf: prog 'x': failed to load: -13\n");
	assert_int_equal(explain_program(log, -EACCES, &subject, &err), -EACCES);
	assert_string_equal(err.text, "the verifier refuses it: R1 invalid mem access 'scalar'");
	for (const char *at = err.cause; *at; at++)
		lines += *at == '\n';
	assert_int_equal(lines, 20);
	err__done(&err);
}

static const struct {
	const char *log;
	int code;
	const char *text;
} objects[] = {
	{ "libbpf: extern (func ksym) 'bpf_foo': not found in kernel or module BTFs\n", -EINVAL,
	  "kernel function (kfunc) 'bpf_foo' is not in this kernel; declare it __weak to do without" },
	{ "libbpf: extern 'CONFIG_FOO' (strong): not resolved\n", -ESRCH,
	  "extern 'CONFIG_FOO' is not in this kernel; declare it __weak to do without" },
	{ "libbpf: kernel BTF is missing at '/sys/kernel/btf/vmlinux', was CONFIG_DEBUG_INFO_BTF enabled?\n"
	  "libbpf: Error loading vmlinux BTF: -2\n",
	  -ENOENT,
	  "this kernel has no BTF at /sys/kernel/btf/vmlinux; --btf.path names a file with its types" },
	{ "libbpf: failed to parse target BTF: -22\nlibbpf: failed to load object 'x'\n", -EINVAL,
	  "the file with the kernel's types holds no BTF that can be read; /sys/kernel/btf/vmlinux is such a file" },
	{ "libbpf: Error in bpf_object__probe_loading():Operation not permitted(1).\n", -EPERM,
	  "loading eBPF is not permitted; it needs root, or CAP_BPF and CAP_PERFMON" },
	{ "", -ENOMEM, "it cannot be loaded: Cannot allocate memory" },
};

static void test_missing_map__is_named(void **state)
{
	const char *name;
	size_t len;

	(void)state;
	assert_int_equal(
		explain_missing_map(
			"libbpf: Error in bpf_create_map_xattr(m):Invalid argument(-22). Retrying without BTF.\n"
			"libbpf: map 'rows': failed to create: Invalid argument(-22)\n"
			"libbpf: failed to load object 'x'\n",
			&name, &len),
		0);
	assert_int_equal(len, 4);
	assert_memory_equal(name, "rows", 4);
	assert_int_equal(explain_missing_map("libbpf: map 'rows': found\n", &name, &len), -ENOENT);
	assert_int_equal(explain_missing_map("", &name, &len), -ENOENT);
}

static void test_pin__table(void **state)
{
	static const struct {
		const char *log;
		const char *text; /* NULL: it was not that */
	} rows[] = {
		{ "libbpf: map 'm': created successfully, fd=7\n"
		  "libbpf: specified path /sys/fs/bpf/m is not on BPF FS\n"
		  "libbpf: map 'm': failed to auto-pin at '/sys/fs/bpf/m': -22\n"
		  "libbpf: map 'm': failed to create: Invalid argument(-22)\n",
		  "'/sys/fs/bpf/m': there is no bpf file system to pin a map in; "
		  "mount one, as with: mount -t bpf bpf /sys/fs/bpf" },
		{ "libbpf: couldn't reuse pinned map at '/sys/fs/bpf/m': parameter mismatch\n"
		  "libbpf: map 'm': error reusing pinned map\n",
		  "'/sys/fs/bpf/m': what is pinned there is another map than the program's; "
		  "remove it, or end what uses it" },
		{ "libbpf: failed to pin map: Read-only file system\n"
		  "libbpf: map 'm': failed to auto-pin at '/sys/fs/bpf/m': -30\n",
		  "'/sys/fs/bpf/m': a map cannot be pinned there" },
		{ "libbpf: map 'm': failed to create: Invalid argument(-22)\n", NULL },
		{ "libbpf: specified path ", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(explain_pin(rows[i].log, -EINVAL, &err), rows[i].text != NULL);
		if (rows[i].text)
			assert_string_equal(err.text, rows[i].text);
		err__done(&err);
	}
}

static void test_object__table(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(objects); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(explain_object(objects[i].log, objects[i].code, &err),
				 objects[i].code);
		assert_string_equal(err.text, objects[i].text);
		err__done(&err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_culprit__table),
		cmocka_unit_test(test_program__table),
		cmocka_unit_test(test_program__log_without_its_beginning),
		cmocka_unit_test(test_program__network_privilege),
		cmocka_unit_test(test_program__report_of_newer_kernels),
		cmocka_unit_test(test_program__missing_kernel_function),
		cmocka_unit_test(test_missing_function__is_named),
		cmocka_unit_test(test_missing_map__is_named),
		cmocka_unit_test(test_pin__table),
		cmocka_unit_test(test_object__table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
