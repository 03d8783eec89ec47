/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sink/negotiate.h"

/* Prometheus 2.42 (Debian 12), and 3. */
#define PROMETHEUS_2                                                                               \
	"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"   \
	"q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
#define PROMETHEUS_3                                                                               \
	"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/"       \
	"openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;"      \
	"q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"

static void assert_negotiated(const char *accept, bool prefers_openmetrics, enum text_format format,
			      enum name_escaping escaping)
{
	struct exposition exposition;

	exposition_negotiate(accept, prefers_openmetrics, &exposition);
	assert_int_equal(exposition.format, format);
	assert_int_equal(exposition.escaping, escaping);
}

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
		{ PROMETHEUS_2, NAME_ESCAPING_UNDERSCORES },
		/* the word stands in clauses that are passed over */
		{ PROMETHEUS_3, NAME_ESCAPING_ALLOW_UTF8 },
		/* by quality, not by place */
		{ "text/plain;escaping=dots;q=0.1,text/plain;escaping=values;q=0.9",
		  NAME_ESCAPING_VALUES },
		{ "text/plain;escaping=dots,text/plain;escaping=values", NAME_ESCAPING_DOTS },
		{ ";;,,;q=;,text/plain;;escaping=;q=x", NAME_ESCAPING_UNDERSCORES },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++)
		assert_negotiated(rows[i].accept, false, TEXT_FORMAT_PROMETHEUS, rows[i].escaping);
}

static void test_negotiate__openmetrics(void **state)
{
	static const struct {
		const char *accept;
		enum text_format if_preferred, otherwise;
		enum name_escaping escaping;
	} rows[] = {
		{ PROMETHEUS_2, TEXT_FORMAT_OPENMETRICS_1_0_0, TEXT_FORMAT_PROMETHEUS,
		  NAME_ESCAPING_UNDERSCORES },
		{ PROMETHEUS_3, TEXT_FORMAT_OPENMETRICS_1_0_0, TEXT_FORMAT_PROMETHEUS,
		  NAME_ESCAPING_ALLOW_UTF8 },
		{ "application/openmetrics-text;version=1.0.0", TEXT_FORMAT_OPENMETRICS_1_0_0,
		  TEXT_FORMAT_OPENMETRICS_1_0_0, NAME_ESCAPING_UNDERSCORES },
		{ "application/openmetrics-text; version=1.0.0; escaping=dots, */*;q=0.1",
		  TEXT_FORMAT_OPENMETRICS_1_0_0, TEXT_FORMAT_OPENMETRICS_1_0_0,
		  NAME_ESCAPING_DOTS },
		{ "application/openmetrics-text;version=0.0.1;escaping=values",
		  TEXT_FORMAT_OPENMETRICS_0_0_1, TEXT_FORMAT_OPENMETRICS_0_0_1,
		  NAME_ESCAPING_VALUES },
		/* as client_golang has it */
		{ "application/openmetrics-text", TEXT_FORMAT_OPENMETRICS_0_0_1,
		  TEXT_FORMAT_OPENMETRICS_0_0_1, NAME_ESCAPING_UNDERSCORES },
		{ "application/openmetrics-text;version=2.0.0", TEXT_FORMAT_PROMETHEUS,
		  TEXT_FORMAT_PROMETHEUS, NAME_ESCAPING_UNDERSCORES },
		{ "application/openmetrics-text;version=1.0.0;q=0", TEXT_FORMAT_PROMETHEUS,
		  TEXT_FORMAT_PROMETHEUS, NAME_ESCAPING_UNDERSCORES },
		{ "application/openmetrics-text;version=1.0.0;q=0.1,text/plain;q=0.2",
		  TEXT_FORMAT_PROMETHEUS, TEXT_FORMAT_PROMETHEUS, NAME_ESCAPING_UNDERSCORES },
		{ "application/openmetrics-text;version=1.0.0,text/plain;q=0",
		  TEXT_FORMAT_OPENMETRICS_1_0_0, TEXT_FORMAT_OPENMETRICS_1_0_0,
		  NAME_ESCAPING_UNDERSCORES },
		{ "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
		  "encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5",
		  TEXT_FORMAT_OPENMETRICS_1_0_0, TEXT_FORMAT_OPENMETRICS_1_0_0,
		  NAME_ESCAPING_UNDERSCORES },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		assert_negotiated(rows[i].accept, true, rows[i].if_preferred, rows[i].escaping);
		assert_negotiated(rows[i].accept, false, rows[i].otherwise, rows[i].escaping);
	}
}

static void test_negotiate__more_clauses_than_are_looked_at(void **state)
{
	struct strbuf accept = STRBUF_INIT;

	(void)state;
	for (int i = 0; i < 10000; i++)
		strbuf__add_text(&accept, "a/b;q=0.5,");
	strbuf__add_text(&accept, "text/plain;escaping=dots");
	assert_negotiated(strbuf__text(&accept), true, TEXT_FORMAT_PROMETHEUS,
			  NAME_ESCAPING_UNDERSCORES);
	strbuf__done(&accept);
}

static void test_content_type__names_format_and_scheme(void **state)
{
	static const char *const starts[] = {
		[TEXT_FORMAT_PROMETHEUS] = "text/plain; version=0.0.4; charset=utf-8; escaping=",
		[TEXT_FORMAT_OPENMETRICS_0_0_1] =
			"application/openmetrics-text; version=0.0.1; charset=utf-8; escaping=",
		[TEXT_FORMAT_OPENMETRICS_1_0_0] =
			"application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=",
	};

	(void)state;
	for (unsigned int format = 0; format < array_size(starts); format++) {
		for (unsigned int i = 0; i < NAME_ESCAPING_COUNT; i++) {
			const struct exposition exposition = { (enum text_format)format,
							       (enum name_escaping)i };
			const char *type = exposition_content_type(&exposition);

			assert_true(str_starts(type, starts[format]));
			assert_true(str_ends(type, name_escaping_word(exposition.escaping)));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_negotiate__what_scrapers_send),
		cmocka_unit_test(test_negotiate__openmetrics),
		cmocka_unit_test(test_negotiate__more_clauses_than_are_looked_at),
		cmocka_unit_test(test_content_type__names_format_and_scheme),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
