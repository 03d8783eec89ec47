/* SPDX-License-Identifier: Apache-2.0 */
/* What an agent forgets between scrapes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "pipeline/internal.h"

#define SCRAPES 1000

static struct family *find_family(const struct agent *agent, const char *name)
{
	struct family *family;
	size_t cursor = 0;

	while ((family = registry__next(agent->registry, &cursor)))
		if (str_eq(family__name(family), name))
			return family;
	return NULL;
}

/* As if a reload between any two scrapes had replaced a program, which then has another id. */
static void test_sweep__own_series_of_what_is_gone(void **state)
{
	const struct exposition exposition = { .format = TEXT_FORMAT_PROMETHEUS };
	struct agent *agent = NULL;
	struct strbuf out = STRBUF_INIT;
	struct family *family;

	(void)state;
	assert_int_equal(
		agent__new(&(struct agent_options){ .version = "", .revision = "", .branch = "" },
			   &agent, NULL),
		0);
	family = find_family(agent, "ebpf_exporter_ebpf_program_attached");
	assert_non_null(family);
	for (unsigned int i = 0; i < SCRAPES; i++) {
		char id[16];
		const struct text_slice label = { id, (size_t)snprintf(id, sizeof(id), "%u", i) };
		uint32_t series;

		strbuf__reset(&out);
		agent__scrape(agent, &exposition, &out);
		assert_int_equal(family__series(family, &label, &series, NULL), 0);
		family__set(family, series, 1);
	}
	assert_in_range(family__series_count(family), 1, 200);
	strbuf__done(&out);
	agent__free(agent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sweep__own_series_of_what_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
