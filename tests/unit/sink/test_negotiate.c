/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "sink/prometheus.h"

static void test_negotiate__what_scrapers_send(void **state)
{
	static const struct {
		const char *accept;
		enum name_escaping escaping;
	} rows[] = {
		{ NULL, NAME_ESCAPING_UNDERSCORES },
		{ "", NAME_ESCAPING_UNDERSCORES },
		{ "*/*", NAME_ESCAPING_UNDERSCORES },
		{ "text/plain;version=0.0.4", NAME_ESCAPING_UNDERSCORES },
		{ "text/plain; version=0.0.4; escaping=allow-utf-8", NAME_ESCAPING_ALLOW_UTF8 },
		{ "text/plain;escaping=dots", NAME_ESCAPING_DOTS },
		{ "text/plain; escaping = values ; q=0.5", NAME_ESCAPING_VALUES },
		{ "text/plain;escaping=nonsense", NAME_ESCAPING_UNDERSCORES },
		/* Prometheus 2.42 */
		{ "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
		  "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		  NAME_ESCAPING_UNDERSCORES },
		/* Prometheus 3: the word stands in clauses that are passed over */
		{ "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/"
		  "openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;"
		  "q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
		  NAME_ESCAPING_ALLOW_UTF8 },
		/* by quality, not by place */
		{ "text/plain;escaping=dots;q=0.1,text/plain;escaping=values;q=0.9",
		  NAME_ESCAPING_VALUES },
		{ "text/plain;escaping=dots,text/plain;escaping=values", NAME_ESCAPING_DOTS },
		{ ";;,,;q=;,text/plain;;escaping=;q=x", NAME_ESCAPING_UNDERSCORES },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++)
		assert_int_equal(prometheus__negotiate(rows[i].accept), rows[i].escaping);
}

static void test_negotiate__more_clauses_than_are_looked_at(void **state)
{
	struct strbuf accept = STRBUF_INIT;

	(void)state;
	for (int i = 0; i < 10000; i++)
		strbuf__add_text(&accept, "a/b;q=0.5,");
	strbuf__add_text(&accept, "text/plain;escaping=dots");
	assert_int_equal(prometheus__negotiate(strbuf__text(&accept)), NAME_ESCAPING_UNDERSCORES);
	strbuf__done(&accept);
}

static void test_content_type__names_the_scheme(void **state)
{
	(void)state;
	for (enum name_escaping i = NAME_ESCAPING_UNDERSCORES; i <= NAME_ESCAPING_VALUES; i++) {
		const char *type = prometheus__content_type(i);

		assert_true(
			str_starts(type, "text/plain; version=0.0.4; charset=utf-8; escaping="));
		assert_true(str_ends(type, name_escaping_word(i)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_negotiate__what_scrapers_send),
		cmocka_unit_test(test_negotiate__more_clauses_than_are_looked_at),
		cmocka_unit_test(test_content_type__names_the_scheme),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
