/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/web/fixture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/mem.h"

/* ---- handlers ---------------------------------------------------------------------------------------- */

static void note_done(void *ctx, unsigned int status)
{
	struct fixture *fixture = ctx;

	fixture->done_count++;
	fixture->done_status = status;
}

static int reply_with(struct fixture *fixture, struct strbuf *text,
		      struct web_response *ret_response)
{
	fixture->runs++;
	ret_response->body = web_body__new(text);
	ret_response->done = note_done;
	ret_response->done_ctx = fixture;
	return 0;
}

static int run_hello(void *ctx, const struct web_request *request,
		     struct web_response *ret_response, struct err *err)
{
	struct strbuf text = STRBUF_INIT;
	const char *name = request->argument(request, "name");

	(void)err;
	strbuf__printf(&text, "%s %s, hello %s, %s\n", request->method, request->path,
		       name ? name : "nobody", request->accept ? request->accept : "-");
	return reply_with(ctx, &text, ret_response);
}

static int run_big(void *ctx, const struct web_request *request, struct web_response *ret_response,
		   struct err *err)
{
	struct strbuf text = STRBUF_INIT;
	char *bytes = strbuf__reserve(&text, BIG_BYTES);

	(void)request;
	(void)err;
	memset(bytes, 'x', BIG_BYTES);
	text.len = BIG_BYTES;
	return reply_with(ctx, &text, ret_response);
}

static int run_shared(void *ctx, const struct web_request *request,
		      struct web_response *ret_response, struct err *err)
{
	struct fixture *fixture = ctx;

	(void)request;
	(void)err;
	fixture->runs++;
	ret_response->content_type = "text/special";
	ret_response->body = web_body__ref(fixture->shared);
	return 0;
}

/* A body that costs time, so it is shared: it tells how many there have been. */
static int run_dear(void *ctx, const struct web_request *request, struct web_response *ret_response,
		    struct err *err)
{
	struct fixture *fixture = ctx;
	struct strbuf text = STRBUF_INIT;
	unsigned int variant = request->accept ? 1 : 0;

	(void)err;
	ret_response->done = note_done;
	ret_response->done_ctx = fixture;
	ret_response->body = web_request__shared_body(request, variant);
	if (ret_response->body)
		return 0;
	if (fixture->while_dear)
		fixture->while_dear(fixture);
	strbuf__printf(&text, "dear %u of variant %u\n", ++fixture->runs, variant);
	ret_response->body = web_body__new(&text);
	web_request__share_body(request, variant, ret_response->body);
	return 0;
}

static int run_failing(void *ctx, const struct web_request *request,
		       struct web_response *ret_response, struct err *err)
{
	(void)request;
	ret_response->done = note_done;
	ret_response->done_ctx = ctx;
	return err__set(err, -EIO, NULL, "map 'x' cannot be read");
}

static int run_slow(void *ctx, const struct web_request *request, struct web_response *ret_response,
		    struct err *err)
{
	const struct timespec time = { .tv_nsec = SLOW_NS };
	struct strbuf text = STRBUF_INIT;

	(void)request;
	(void)err;
	nanosleep(&time, NULL);
	strbuf__add_text(&text, "at last\n");
	return reply_with(ctx, &text, ret_response);
}

static int run_unavailable(void *ctx, const struct web_request *request,
			   struct web_response *ret_response, struct err *err)
{
	struct strbuf text = STRBUF_INIT;

	(void)request;
	(void)err;
	ret_response->status = 503;
	strbuf__add_text(&text, "later\n");
	return reply_with(ctx, &text, ret_response);
}

/* ---- fixture ----------------------------------------------------------------------------------------- */

static void start(struct fixture *fixture, const struct web_options *wanted)
{
	const struct web_route routes[] = {
		{ "/hello", run_hello, fixture, .allows_gzip = true },
		{ "/big", run_big, fixture, .allows_gzip = true },
		{ "/shared", run_shared, fixture, .allows_gzip = true },
		{ "/plain", run_shared, fixture, .allows_gzip = false },
		{ "/failing", run_failing, fixture, .allows_gzip = false },
		{ "/slow", run_slow, fixture, .allows_gzip = false },
		{ "/unavailable", run_unavailable, fixture, .allows_gzip = false },
		{ "/dear", run_dear, fixture, .allows_gzip = true },
		{ "/act", run_hello, fixture, .methods = WEB_METHODS_POST },
	};
	struct web_options options = *wanted;
	struct strbuf text = STRBUF_INIT;

	options.routes = routes;
	options.route_count = array_size(routes);
	assert_int_equal(loop__new(&fixture->loop, NULL), 0);
	assert_int_equal(web_server__new(fixture->loop, &options, &fixture->server, NULL), 0);
	assert_int_equal(web_server__listen(fixture->server, "127.0.0.1:0", NULL), 0);
	for (int i = 0; i < 1000; i++)
		strbuf__printf(&text, "line %d of what is shared\n", i);
	fixture->shared = web_body__new(&text);
	assert_non_null(fixture->shared);
}

int fixture_set_up(void **state)
{
	struct fixture *fixture = new_zero(struct fixture);
	const struct web_options options = { 0 };

	assert_non_null(fixture);
	start(fixture, &options);
	*state = fixture;
	return 0;
}

static void stop(struct fixture *fixture)
{
	web_server__free(fixture->server);
	web_body__unref(fixture->shared);
	loop__free(fixture->loop);
}

int fixture_tear_down(void **state)
{
	stop(*state);
	free(*state);
	return 0;
}

void fixture__open_client(struct fixture *fixture, struct client *client)
{
	client__open(client, fixture->loop, web_server__port(fixture->server));
}

void fixture__wait_until_closed(struct fixture *fixture)
{
	for (int i = 0; i < 3000 && web_server__figures(fixture->server).open > 0; i++)
		loop__run_once(fixture->loop, 10);
	assert_int_equal(web_server__figures(fixture->server).open, 0);
}

/* One request on a connection of its own; the reply stays in the client. */
void fixture__exchange(struct fixture *fixture, struct client *client, const char *request)
{
	fixture__open_client(fixture, client);
	client__say(client, request);
	client__expect_close(client);
}

/* The server still works: the last word of every test that tries to break it. */
void fixture__assert_serves(struct fixture *fixture)
{
	struct client client;

	fixture__exchange(fixture, &client, GET_AND_CLOSE("/hello"));
	client__expect(&client, "GET /hello, hello nobody, -\n");
	client__done(&client);
}

void fixture__restart(struct fixture *fixture, const struct web_options *options)
{
	stop(fixture);
	*fixture = (struct fixture){ 0 };
	start(fixture, options);
}
