/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/process_fields.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "event_line.h"
#include "sink/process_json.h"

static const char line[] =
	"{'process_kprobe':{'process':{'exec_id':'a','pid':1,'pod':{'name':'p','container':{'id':'c',"
	"'name':'n'}}},'parent':{'exec_id':'b','pid':2},'function_name':'f','args':[{'int_arg':1,"
	"'label':'x'},{'path_arg':{'path':'/a','permission':'rw'}}],'ancestors':[{'exec_id':'c',"
	"'pid':3}]},'node_name':'n'}";

/* The line with the fields that are left, quotes as '. */
static void assert_left(const char *filters, const char *expected)
{
	struct process_fields *fields = NULL;
	struct arena arena = ARENA_INIT;
	struct strbuf out = STRBUF_INIT;
	struct process_event event = event_of_line(&arena, line);
	struct err err = ERR_INIT;

	if (process_fields_parse(filters, NULL, &fields, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(process_json__write(&event, process_fields__mask(fields), &out), 0);
	for (size_t i = 0; i < out.len; i++)
		if (out.data[i] == '"')
			out.data[i] = '\'';
	out.len--; /* the line end */
	assert_string_equal(strbuf__text(&out), expected);
	process_fields__free(fields);
	strbuf__done(&out);
	arena__done(&arena);
	err__done(&err);
}

static void test_mask__no_filter(void **state)
{
	(void)state;
	assert_left("", line);
}

static void test_mask__include(void **state)
{
	(void)state;
	assert_left("{\"fields\":\"process.pid,parent\"}",
		    "{'process_kprobe':{'process':{'pid':1},'parent':{'exec_id':'b','pid':2}},"
		    "'node_name':'n'}");
	assert_left("{\"fields\":\"process.pod.container.id,args.label,ancestors.pid\","
		    "\"action\":\"INCLUDE\"}",
		    "{'process_kprobe':{'process':{'pod':{'container':{'id':'c'}}},"
		    "'args':[{'label':'x'},{}],'ancestors':[{'pid':3}]},'node_name':'n'}");
	assert_left("{\"fields\":\"process.pid,process\"}{\"fields\":\"process,process.pid\"}",
		    "{'process_kprobe':{'process':{'exec_id':'a','pid':1,'pod':{'name':'p',"
		    "'container':{'id':'c','name':'n'}}}},'node_name':'n'}");
}

static void test_mask__exclude(void **state)
{
	(void)state;
	assert_left("{\"fields\":\"parent,ancestors,args.path_arg.path,process.pod\","
		    "\"action\":\"EXCLUDE\"}",
		    "{'process_kprobe':{'process':{'exec_id':'a','pid':1},'function_name':'f',"
		    "'args':[{'int_arg':1,'label':'x'},{'path_arg':{'permission':'rw'}}]},"
		    "'node_name':'n'}");
	assert_left("{\"fields\":\"process.pid\",\"action\":\"EXCLUDE\"}"
		    "{\"fields\":\"process.exec_id,process.pid,parent.pid\"}",
		    "{'process_kprobe':{'process':{'exec_id':'a'},'parent':{'pid':2}},"
		    "'node_name':'n'}");
}

static void test_mask__one_after_the_other(void **state)
{
	(void)state;
	assert_left("{\"fields\":\"process.pid,parent.pid\"}{\"fields\":\"parent,args\"}",
		    "{'process_kprobe':{'parent':{'pid':2}},'node_name':'n'}");
	assert_left("{\"fields\":\"parent\"}{\"fields\":\"args\"}",
		    "{'process_kprobe':{},'node_name':'n'}");
}

static void test_mask__of_some_kinds(void **state)
{
	static const char only_pid[] = "{'process_kprobe':{'process':{'pid':1}},'node_name':'n'}";

	(void)state;
	assert_left("{\"event_set\":[\"PROCESS_EXEC\"],\"fields\":\"process.pid\"}", line);
	assert_left("{\"event_set\":[\"PROCESS_EXEC\",9],\"fields\":\"process.pid\"}", only_pid);
	assert_left("{\"eventSet\":[\"PROCESS_EXEC\"],\"fields\":\"process.pid\","
		    "\"invertEventSet\":true}",
		    only_pid);
	assert_left("{\"event_set\":[\"PROCESS_KPROBE\"],\"fields\":\"process.pid\","
		    "\"invert_event_set\":true}",
		    line);
	/* Of another kind alone. */
	assert_left("{\"fields\":\"process.pid,signal\"}", only_pid);
}

static void test_parse__what_is_wrong(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ "{", "filter 1 is no JSON: string or '}' expected near end of file" },
		{ "1", NULL },
		{ "{}", "filter 1: 'fields': the key is missing" },
		{ "{\"fields\":\"\"}", "filter 1: 'fields': there are no fields" },
		{ "{\"fields\":[\"a\"]}", "filter 1: 'fields': it is no string" },
		{ "{\"fields\":\"process.pidd\"}",
		  "filter 1: 'fields': no event that is meant has a field 'process.pidd'; "
		  "'process.binary' is one of most" },
		{ "{\"fields\":\"process.pid.value\"}",
		  "filter 1: 'fields': no event that is meant has a field 'process.pid.value'; "
		  "'process.binary' is one of most" },
		{ "{\"fields\":\"process\"}{\"event_set\":[\"PROCESS_EXEC\"],\"fields\":\"signal\"}",
		  "filter 2: 'fields': no event that is meant has a field 'signal'; "
		  "'process.binary' is one of most" },
		{ "{\"fields\":\"process\",\"action\":\"DROP\"}",
		  "filter 1: 'action': it is neither INCLUDE nor EXCLUDE" },
		{ "{\"fields\":\"process\",\"event_set\":[\"EXEC\"]}",
		  "filter 1: 'event_set': there is no event 'EXEC'; PROCESS_EXEC is one" },
		{ "{\"fields\":\"process\",\"invert_event_set\":1}",
		  "filter 1: 'invert_event_set': it is neither true nor false" },
		{ "{\"field\":\"process\"}",
		  "filter 1: 'field': there is no such key; there are event_set, fields, action and "
		  "invert_event_set" },
	};
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct process_fields *fields;

		assert_int_equal(process_fields_parse(rows[i].text, NULL, &fields, &err), -EINVAL);
		if (rows[i].message)
			assert_string_equal(err.text, rows[i].message);
	}
	err__done(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mask__no_filter),
		cmocka_unit_test(test_mask__include),
		cmocka_unit_test(test_mask__exclude),
		cmocka_unit_test(test_mask__one_after_the_other),
		cmocka_unit_test(test_mask__of_some_kinds),
		cmocka_unit_test(test_parse__what_is_wrong),
	};

	return cmocka_run_group_tests_name("filter/process_fields", tests, NULL, NULL);
}
