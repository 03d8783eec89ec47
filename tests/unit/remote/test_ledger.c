/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/ledger.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define STATISTICS "\"statistics\": {\"text\": \"Sampled.\"}"

static int parse(const char *text, struct ledger_report *report, struct err *err)
{
	return ledger_report__parse(text, strlen(text), report, err);
}

static void test_parse__takes_what_is_known(void **state)
{
	struct ledger_report report;
	const struct ledger_entry *entry;

	(void)state;
	assert_int_equal(
		parse("{\"version\": \"1.2\", " STATISTICS ", \"new\": [1], \"metrics\": ["
		      "{\"config\": \"c\", \"name\": \"m\", \"kind\": \"counter\", \"active\": true,"
		      "\"error\": null, \"kernel_ns_per_second\": 1e+06, \"runs_per_second\": null,"
		      "\"series\": 7, \"series_limit\": \"no number\", \"lost\": 3},"
		      "{\"config\": \"c\", \"name\": \"n\", \"kind\": \"span\", \"active\": false,"
		      "\"error\": \"no map\"}]}",
		      &report, NULL),
		0);
	assert_string_equal(report.version, "1.2");
	assert_string_equal(report.statement, "Sampled.");
	assert_int_equal(report.entry_count, 2);
	entry = &report.entries[0];
	assert_string_equal(entry->config, "c");
	assert_string_equal(entry->name, "m");
	assert_string_equal(entry->kind, "counter");
	assert_true(entry->is_active);
	assert_null(entry->error);
	assert_true(entry->kernel_ns_per_s == 1e6);
	assert_true(entry->series == 7);
	assert_true(entry->lost == 3);
	/* null, of another type, not there: all the same. */
	assert_true(isnan(entry->runs_per_s));
	assert_true(isnan(entry->series_limit));
	assert_true(isnan(entry->memory_bytes));
	assert_false(report.entries[1].is_active);
	assert_string_equal(report.entries[1].error, "no map");
	ledger_report__done(&report);
}

static void test_parse__refuses_what_is_no_ledger(void **state)
{
	static const struct {
		const char *text;
		const char *why;
	} rows[] = {
		{ "", "no ledger of sonde: '[' or '{' expected" },
		{ "ok", "'[' or '{' expected" },
		{ "{\"version\": \"1\"", "expected near end of file" },
		{ "[]", "it has no array 'metrics'" },
		{ "{\"metrics\": {}}", "it has no array 'metrics'" },
		{ "{\"metrics\": []}", "it has no version or no statistics" },
		{ "{\"version\": 1, " STATISTICS ", \"metrics\": []}", "no version" },
		{ "{\"version\": \"1\", " STATISTICS ", \"metrics\": [7]}", "has no config, name" },
		{ "{\"version\": \"1\", " STATISTICS
		  ", \"metrics\": [{\"config\": \"c\", \"name\": \"a\\u0000b\"}]}",
		  "\\u0000 is not allowed" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ledger_report report;
		struct err err = ERR_INIT;
		char text[512];

		assert_int_equal(parse(rows[i].text, &report, &err), -EPROTO);
		err__format(&err, text, sizeof(text));
		if (!strstr(text, rows[i].why))
			fail_msg("%s: %s", rows[i].text, text);
		err__done(&err);
	}
}

static void test_url__is_completed_and_shown_without_secrets(void **state)
{
	static const struct {
		const char *url, *shown;
	} rows[] = {
		{ "127.0.0.1:9435", "http://127.0.0.1:9435/ledger.json" },
		{ "http://h/", "http://h/ledger.json" },
		{ "https://h:1", "https://h:1/ledger.json" },
		{ "http://h/sonde/ledger.json", "http://h/sonde/ledger.json" },
		{ "https://user:pass@word@h/", "https://h/ledger.json" },
		{ "u:p@h", "http://h/ledger.json" },
		{ "http://h/a@b", "http://h/a@b" },
	};
	struct loop *loop;

	(void)state;
	assert_int_equal(loop__new(&loop, NULL), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct ledger_client_options options = { .loop = loop,
							       .url = rows[i].url,
							       .user_agent = "test" };
		struct ledger_client *client;
		struct err err = ERR_INIT;

		if (ledger_client__new(&options, &client, &err) == -ENOENT) {
			err__done(&err);
			loop__free(loop);
			printf("# skip: libcurl is not there\n");
			skip();
		}
		assert_string_equal(ledger_client__url(client), rows[i].shown);
		ledger_client__free(client);
	}
	loop__free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse__takes_what_is_known),
		cmocka_unit_test(test_parse__refuses_what_is_no_ledger),
		cmocka_unit_test(test_url__is_completed_and_shown_without_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
