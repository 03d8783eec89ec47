/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/process_export.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MINUTE 60000000000LL

static struct process_export *make(const struct process_export_options *options)
{
	struct process_export *export = NULL;
	struct err err = ERR_INIT;

	if (process_export__new(options, 0, &export, &err) < 0)
		fail_msg("%s", err.text);
	return export;
}

static void test_run__allowed_and_not_denied(void **state)
{
	struct process_export *export = make(&(struct process_export_options){
		.allow = "{\"event_set\":[\"PROCESS_EXEC\"]}", .deny = "{\"pid\":[2]}" });
	struct process_view one = { .pid = optional_u32_of(1) },
			    two = { .pid = optional_u32_of(2) };
	struct process_event kept = { .kind = PROCESS_EVENT_EXEC, .process = &one };
	struct process_event denied = { .kind = PROCESS_EVENT_EXEC, .process = &two };
	struct process_event not_allowed = { .kind = PROCESS_EVENT_EXIT, .process = &one };
	struct process_export_figures figures;

	(void)state;
	assert_int_equal(process_export__run(export, &kept, 0), PROCESS_VERDICT_KEEP);
	assert_int_equal(process_export__run(export, &denied, 0), PROCESS_VERDICT_FILTERED);
	assert_int_equal(process_export__run(export, &not_allowed, 0), PROCESS_VERDICT_FILTERED);
	process_export__figures(export, &figures);
	assert_int_equal(figures.kept, 1);
	assert_int_equal(figures.filtered, 2);
	assert_null(process_export__mask(export));
	process_export__free(export);
}

static void test_run__limited(void **state)
{
	struct process_export *export =
		make(&(struct process_export_options){ .is_limited = true, .per_minute = 1 });
	struct process_event event = { .kind = PROCESS_EVENT_EXEC };

	(void)state;
	assert_int_equal(process_export__run(export, &event, 0), PROCESS_VERDICT_KEEP);
	assert_int_equal(process_export__run(export, &event, 0), PROCESS_VERDICT_LIMITED);
	assert_int_equal(process_export__take_dropped(export, MINUTE), 1);
	assert_int_equal(process_export__run(export, &event, MINUTE), PROCESS_VERDICT_KEEP);
	process_export__free(export);
}

static void test_may_admit(void **state)
{
	static const struct {
		struct process_export_options options;
		bool admits_exec, admits_kprobe; /* of policy "p" */
	} rows[] = {
		{ { 0 }, true, true },
		{ { .is_limited = true, .per_minute = 0 }, false, false },
		{ { .allow = "{\"event_set\":[\"PROCESS_EXEC\"]}" }, true, false },
		{ { .allow = "{\"policy_names\":[\"p\"]}" }, false, true },
		{ { .deny = "{\"event_set\":[\"PROCESS_EXEC\"]}" }, false, true },
		{ { .deny = "{\"event_set\":[\"PROCESS_EXEC\"],\"pid\":[1]}" }, true, true },
		{ { .deny = "{\"policy_names\":[\"p\"]}" }, true, false },
		{ { .deny = "{}" }, false, false },
		{ { .allow = "{}", .deny = "{\"health_check\":true}" }, true, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct process_export *export = make(&rows[i].options);

		assert_int_equal(process_export__may_admit(export, PROCESS_EVENT_EXEC, ""),
				 rows[i].admits_exec);
		assert_int_equal(process_export__may_admit(export, PROCESS_EVENT_KPROBE, "p"),
				 rows[i].admits_kprobe);
		process_export__free(export);
	}
}

static void test_new__says_which_text_is_wrong(void **state)
{
	static const struct {
		struct process_export_options options;
		const char *message;
	} rows[] = {
		{ { .allow = "[]" }, "allow list:1:1: filter 1 is no object" },
		{ { .deny = "{\"x\":1}" }, "deny list:1:1: filter 1: 'x': there is no such key" },
		{ { .fields = "{}" }, "field filters:1:1: filter 1: 'fields': the key is missing" },
	};
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct process_export *export;
		char message[256];

		assert_int_equal(process_export__new(&rows[i].options, 0, &export, &err), -EINVAL);
		(void)err__format(&err, message, sizeof(message));
		assert_string_equal(message, rows[i].message);
		err__done(&err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run__allowed_and_not_denied),
		cmocka_unit_test(test_run__limited),
		cmocka_unit_test(test_may_admit),
		cmocka_unit_test(test_new__says_which_text_is_wrong),
	};

	return cmocka_run_group_tests_name("filter/process_export", tests, NULL, NULL);
}
