/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/spec.h"
#include "program/attach.h"
#include "program/section.h"

static const struct {
	enum attach_kind kind;
	const char *own; /* section of the program, or NULL: one that means nothing */
	const char *prefix;
} rows[] = {
	{ ATTACH_KIND_KPROBE, "kprobe", "kprobe" },
	{ ATTACH_KIND_KPROBE, NULL, "kprobe" },
	{ ATTACH_KIND_KPROBE, "kprobe.multi", "kprobe.multi" },
	{ ATTACH_KIND_KRETPROBE, "kprobe", "kretprobe" },
	{ ATTACH_KIND_FENTRY, "fentry.s", "fentry.s" },
	{ ATTACH_KIND_UPROBE, "uprobe.s/a:b", "uprobe.s" },
	{ ATTACH_KIND_SOCKET_FILTER, NULL, "socket" },
	{ ATTACH_KIND_TC, "tcx/egress", "tcx/egress" },
	{ ATTACH_KIND_CGROUP, "cgroup/connect6", "cgroup/connect6" },
	{ ATTACH_KIND_CGROUP, NULL, NULL }, /* which of them? */
	{ ATTACH_KIND_TRACEPOINT, "kprobe/x", "tracepoint" },
};

static void test_section__of_a_kind(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		const struct attach_spec spec = { .kind = rows[i].kind };
		const char *rest;
		const struct section *own = rows[i].own ? section_find(rows[i].own, &rest) : NULL;
		const struct section *section = attach_spec_section(&spec, own);

		if (rows[i].prefix)
			assert_string_equal(section->prefix, rows[i].prefix);
		else
			assert_null(section);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_section__of_a_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
