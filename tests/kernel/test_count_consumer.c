/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody who wants the events of a gadget comes and goes while the kernel counts them: no count is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/loop.h"
#include "exporter.h"
#include "pipeline/agent.h"
#include "pipeline/gadget.h"
#include "pipeline/stream.h"

#define ROUNDS 20
#define FIRES 500

struct agent_run {
	struct exporter exporter; /* for its directory only */
	struct loop *loop;
	struct agent *agent;
	uint64_t records; /* that the consumer got */
};

static void must(int r, struct err *err)
{
	char text[512];

	if (r >= 0)
		return;
	err__format(err, text, sizeof(text));
	fail_msg("%s", text);
}

static void set_up(struct agent_run *run)
{
	const struct gadget_options options = { .metric_wish = METRIC_WISH_ALL };
	struct agent_options agent_options = { .version = "", .revision = "", .branch = "" };
	struct err_list errors = { .len = 0 };
	struct err err = ERR_INIT;
	struct gadget *gadget;
	char path[128];

	*run = (struct agent_run){ .records = 0 };
	exporter__init(&run->exporter);
	exporter__add(&run->exporter, "road_events", "road_events", "");
	/* Programs hang at "./trigger". */
	assert_int_equal(chdir(run->exporter.dir), 0);
	(void)snprintf(path, sizeof(path), "%s/road_events.yaml", run->exporter.dir);
	(void)unlink(path);
	must(loop__new(&run->loop, &err), &err);
	agent_options.loop = run->loop;
	must(agent__new(&agent_options, &run->agent, &err), &err);
	assert_int_equal(gadget_open("./road_events.bpf.o", &options, &gadget, &errors), 0);
	assert_int_equal(agent__add(run->agent, gadget__take_spec(gadget), &errors), 0);
	gadget__close(gadget);
	must(agent__load(run->agent, 0, &err), &err);
	must(agent__attach(run->agent, 0, &err), &err);
	must(agent__start(run->agent, &err), &err);
}

static void tear_down(struct agent_run *run)
{
	agent__detach(run->agent);
	agent__free(run->agent);
	loop__free(run->loop);
	assert_int_equal(chdir("/"), 0);
	exporter__done(&run->exporter);
}

static void take_records(void *ctx, const struct record *records, size_t count, bool is_batch)
{
	struct agent_run *run = ctx;

	(void)records;
	(void)is_batch;
	run->records += count;
}

static char *scrape(struct agent_run *run)
{
	const struct exposition exposition = { 0 };
	struct strbuf out = STRBUF_INIT;
	char *text;

	agent__scrape(run->agent, &exposition, &out);
	text = strdup(strbuf__text(&out));
	strbuf__done(&out);
	return text;
}

static double counted(struct agent_run *run, char **ret_rungs)
{
	static const char name[] = "road_events_events_total{";
	char *text = scrape(run), *lines = metrics_lines(text, name);
	const char *value = strrchr(lines, ' ');
	double count;

	assert_int_equal(metrics_count(text, name), 1);
	count = value ? atof(value) : 0;
	free(lines);
	if (ret_rungs)
		*ret_rungs = metrics_lines(text, "sonde_gadget_rung{");
	free(text);
	return count;
}

static void shoot(void)
{
	for (int i = 0; i < FIRES; i++)
		fire(1, (uint64_t)i);
}

static void test_consumer__comes_and_goes(void **state)
{
	struct agent_run run;
	struct stream_subscriber subscriber = { .records = take_records, .ctx = &run };
	struct err err = ERR_INIT;
	struct stream *stream;
	uint64_t wanted = 0;
	char *rungs;

	(void)state;
	set_up(&run);
	stream = agent__stream(run.agent, 0, 0);
	assert_non_null(stream);
	for (int i = 0; i < ROUNDS; i++) {
		shoot();
		must(stream__subscribe(stream, &subscriber, &err), &err);
		shoot();
		wanted += FIRES;
		must(stream__read(stream, &err), &err);
		stream__unsubscribe(stream, &run);
	}
	assert_true(counted(&run, &rungs) == 2.0 * FIRES * ROUNDS);
	/* On kernels that cannot count there all of them come here, wanted or not. */
	if (strstr(rungs, "rung=\"slot\""))
		assert_int_equal(run.records, wanted);
	else
		assert_true(run.records >= wanted);
	free(rungs);
	tear_down(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_consumer__comes_and_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
