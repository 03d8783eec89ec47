/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/params.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/load.h"

#define CONFIG                                                                                     \
	"params: [{name: by_cgroup, help: h}, {name: count, help: h, type: u64}]\n"                \
	"metrics: {counters: [{name: m, help: h}]}\n"

static struct spec *load(const char *name, const char *text)
{
	const struct dialect_input input = {
		.name = name, .origin = "c.yaml", .text = text, .len = strlen(text)
	};
	struct err_list errors = { .len = 0 };
	struct spec *spec = NULL;

	assert_int_equal(config_load_text(dialect_find("ebpf_exporter"), &input, &spec, &errors),
			 0);
	return spec;
}

static int parse(struct param_settings *settings, const char *text, const char *by, struct err *err)
{
	return param_settings__parse(
		settings, &(struct flag_list){ .items = &text, .count = text ? 1 : 0 }, by, err);
}

static void test_parse__refuses_what_is_no_setting(void **state)
{
	static const char *const bad[] = { "", "x", "x.y", "x=1", ".y=1", "x.=1", "=x.y", "x=y.z" };

	(void)state;
	for (size_t i = 0; i < array_size(bad); i++) {
		struct param_settings settings = PARAM_SETTINGS_INIT;

		if (parse(&settings, bad[i], "", NULL) != -EINVAL)
			fail_msg("'%s' was taken", bad[i]);
		param_settings__done(&settings);
	}
}

static void test_apply__names_of_configs_may_have_dots(void **state)
{
	struct param_settings settings = PARAM_SETTINGS_INIT;
	struct spec *spec = load("tcp.v2", CONFIG), *other = load("tcp", CONFIG);

	(void)state;
	assert_int_equal(parse(&settings, "tcp.v2.count=12", "", NULL), 0);
	assert_int_equal(param_settings__check_applied(&settings, NULL), -ENOENT);
	assert_int_equal(param_settings__apply(&settings, spec, NULL), 0);
	assert_int_equal(param_settings__apply(&settings, other, NULL), 0);
	assert_int_equal(param_settings__check_applied(&settings, NULL), 0);
	assert_string_equal(spec__find_param(spec, "count")->value, "12");
	assert_string_equal(spec__find_param(other, "count")->value, "0");
	param_settings__done(&settings);
	spec__free(spec);
	spec__free(other);
}

static void test_apply__errors_say_what_was_meant(void **state)
{
	struct param_settings settings = PARAM_SETTINGS_INIT;
	struct spec *spec = load("tcp", CONFIG);
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(parse(&settings, "tcp.counts=12", "", &err), 0);
	assert_int_equal(param_settings__apply(&settings, spec, &err), -ENOENT);
	assert_string_equal(err.text,
			    "--param: 'tcp' has no parameter 'counts'; did you mean 'count'?");
	err__done(&err);
	param_settings__done(&settings);
	spec__free(spec);
}

static void test_apply__by_switches_on_and_remembers_the_others(void **state)
{
	struct param_settings settings = PARAM_SETTINGS_INIT;
	struct spec *spec = load("a", CONFIG);
	struct spec *without = load("b", "metrics: {counters: [{name: m, help: h}]}\n");

	(void)state;
	assert_int_equal(parse(&settings, NULL, "cgroup", NULL), 0);
	assert_int_equal(param_settings__apply(&settings, without, NULL), 0);
	assert_int_equal(param_settings__check_applied(&settings, NULL), -ENOENT);
	assert_int_equal(param_settings__apply(&settings, spec, NULL), 0);
	assert_int_equal(param_settings__check_applied(&settings, NULL), 0);
	assert_string_equal(spec__find_param(spec, "by_cgroup")->value, "true");
	assert_string_equal(strbuf__text(&settings.without), "b");
	param_settings__done(&settings);
	spec__free(spec);
	spec__free(without);
}

/* The switch is that of cgroups, the labels say who they are. */
static void test_apply__by_who_cgroups_are(void **state)
{
	static const char config[] =
		"params: [{name: by_cgroup, help: h}]\n"
		"metrics: {counters: [{name: m, help: h, when: [{label: kind, value: a}], labels: [\n"
		"  {name: cgroup, if: by_cgroup, size: 8, decoders: [{name: uint}, {name: cgroup}]},\n"
		"  {name: kind, size: 8, decoders: [{name: uint}]}]}]}\n";
	struct param_settings settings = PARAM_SETTINGS_INIT;
	struct spec *spec = load("a", config);
	const struct metric_spec *metric;

	(void)state;
	assert_int_equal(parse(&settings, NULL, "pod", NULL), 0);
	assert_int_equal(param_settings__apply(&settings, spec, NULL), 0);
	assert_int_equal(param_settings__check_applied(&settings, NULL), 0);
	assert_string_equal(spec__find_param(spec, "by_cgroup")->value, "true");
	metric = &spec->metrics[0];
	assert_true(metric->labels[0].is_replaced);
	assert_int_equal(metric->labels[0].identity_count, 2);
	assert_string_equal(metric->labels[0].identity[0].text, "namespace");
	assert_int_equal(metric->labels[1].identity_count, 0);
	/* Its condition is about the label as it is now. */
	assert_ptr_equal(metric->when[0].label, &metric->labels[1]);
	assert_int_equal(spec__apply_identity(spec), 0);
	metric = &spec->metrics[0];
	assert_int_equal(metric->label_count, 3);
	assert_string_equal(metric->labels[0].name, "namespace");
	assert_string_equal(metric->labels[1].name, "pod");
	assert_string_equal(metric->labels[1].steps[0].decoder, "uint");
	assert_string_equal(metric->labels[1].steps[1].decoder, "pod");
	assert_int_equal(metric->labels[1].step_count, 2);
	assert_int_equal(metric->labels[1].field, 0);
	assert_string_equal(metric->labels[2].name, "kind");
	param_settings__done(&settings);
	spec__free(spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse__refuses_what_is_no_setting),
		cmocka_unit_test(test_apply__names_of_configs_may_have_dots),
		cmocka_unit_test(test_apply__errors_say_what_was_meant),
		cmocka_unit_test(test_apply__by_switches_on_and_remembers_the_others),
		cmocka_unit_test(test_apply__by_who_cgroups_are),
	};

	return cmocka_run_group_tests_name("params", tests, NULL, NULL);
}
