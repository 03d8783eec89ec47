/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "sink/compact_text.h"

/* What a system call takes: "unsigned int fd", with commas between; as the kernel's own events of them tell. */
struct syscall_parameters {
	const char *name;
	const char *parameters;
};

/* Alphabetical. */
static const struct syscall_parameters syscalls[] = {
#define SYSCALL_PARAMETERS(name_, parameters_) { name_, parameters_ },
#include "sink/syscall_parameters.inc"
#undef SYSCALL_PARAMETERS
};

static int compare_names(const void *name, const void *syscall)
{
	return strcmp(name, ((const struct syscall_parameters *)syscall)->name);
}

static const char *find_parameters(const char *name)
{
	const struct syscall_parameters *found = bsearch(name, syscalls, array_size(syscalls),
							 sizeof(*syscalls), compare_names);

	return found ? found->parameters : NULL;
}

/* "type name" as "type name=value"; pointers "type *name=0x…". What was not caught is "?". */
static void add_parameter(struct strbuf *out, const char *parameter, size_t len,
			  const struct process_argument *argument)
{
	const char *blank = memrchr(parameter, ' ', len);
	bool is_pointer = blank && blank > parameter && blank[-1] == '*';

	if (!argument || argument->kind != ARGUMENT_SIZE) {
		strbuf__add(out, parameter, len);
		strbuf__add_text(out, "=?");
		return;
	}
	if (!is_pointer) {
		strbuf__add(out, parameter, len);
		strbuf__printf(out, "=%llu", (unsigned long long)argument->number_u64);
		return;
	}
	strbuf__add(out, parameter, (size_t)(blank - parameter));
	strbuf__add(out, blank + 1, len - (size_t)(blank - parameter) - 1);
	strbuf__printf(out, "=0x%llx", (unsigned long long)argument->number_u64);
}

void compact__add_syscall(struct compact_printer *printer, const char *name,
			  const struct process_event *event)
{
	const char *parameter = find_parameters(name);
	struct strbuf *out = printer->out;

	strbuf__add_text(out, name);
	if (!parameter)
		return;
	strbuf__add_char(out, '(');
	/* The call's own number is the first argument. */
	for (uint32_t i = 1;; i++) {
		size_t len = strcspn(parameter, ",");

		add_parameter(out, parameter, len,
			      i < event->argument_count ? &event->arguments[i] : NULL);
		parameter += len;
		if (!*parameter)
			break;
		parameter++;
		strbuf__add_text(out, ", ");
	}
	strbuf__add_char(out, ')');
}
