/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/ops.h"

#include <inttypes.h>

#include "base/mem.h"

/*
 * ebpf_exporter prints the names of strace's printers: "exit" for exit_group too, "futex_time64" on machines that
 * only have one futex. Dashboards and recorded series have them, so they are the default here; the kernel's own
 * names, of which no two are equal, are a flag away.
 */
struct syscall_names {
	const char *kernel;
	const char *usual; /* NULL: newer than ebpf_exporter's table */
};

static const struct syscall_names names[] = {
#define SYSCALL(number, kernel_name, usual_name) [number] = { kernel_name, usual_name },
#if defined(__x86_64__)
#include "decode/syscall_names_x86_64.inc"
#elif defined(__aarch64__)
#include "decode/syscall_names_aarch64.inc"
#else
#error "the names of system calls of this architecture are missing; see syscall_names_x86_64.inc"
#endif
#undef SYSCALL
};

/* Those of 32-bit programs; where there is no table of them they are known by number only. */
static const char *const names_32[] = {
#define SYSCALL(number, name) [number] = name,
#ifdef __x86_64__
#include "decode/syscall_names_i386.inc"
#else
	NULL,
#endif
#undef SYSCALL
};

const char *decode_syscall_name_32(int64_t number)
{
	return number >= 0 && number < (int64_t)array_size(names_32) ? names_32[number] : NULL;
}

const char *decode_syscall_name(int64_t number, bool is_of_kernel)
{
	if (number < 0 || number >= (int64_t)array_size(names))
		return NULL;
	return is_of_kernel ? names[number].kernel : names[number].usual;
}

static int run(void *state, const struct decode_env *env, const void *data, size_t len,
	       struct strbuf *out, struct err *err)
{
	const char *name;
	int64_t number;
	int r = decode_number(data, len, &number, err);

	(void)state;
	if (r < 0)
		return r;
	name = decode_syscall_name(number, env->uses_kernel_syscall_names);
	if (name)
		strbuf__add_text(out, name);
	else
		strbuf__printf(out, "unknown_syscall:%" PRId64, number);
	return DECODE_OK;
}

const struct decoder_ops decode_syscall_ops = {
	.input = DECODER_INPUT_TEXT,
	.run = run,
};
