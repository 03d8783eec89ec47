/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/run_shared.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "cmd/run_options.h"
#include "cmd/terminal.h"
#include "config/load.h"
#include "pipeline/gadget.h"
#include "remote/control_link.h"

#define OBJECT_MAX_BYTES (64u << 20)

struct show {
	const struct run_shared *run;
	struct control_link *link; /* owned */
	struct loop *loop;         /* owned */
	struct loop_watch *lines, *signals, *timeout;
	uint64_t
		missed; /* records; lines of the socket that were dropped tell no number of records */
	uint64_t dropped;
	struct err err;
};

/* ---- what is asked -------------------------------------------------------------------------------------- */

/* Of the gadget's object. -EOPNOTSUPP: it has none, or several. */
static int digest_object(const struct spec *spec, char ret_hex[SHA256_HEX_LEN + 1])
{
	__cleanup(x_freep) char *image = NULL;
	size_t len;
	int r;

	if (spec->program_count != 1 || spec->programs[0].kind != OBJECT_KIND_PATH)
		return -EOPNOTSUPP;
	r = fd_read_all(AT_FDCWD, spec->programs[0].object, OBJECT_MAX_BYTES, &image, &len);
	if (r == 0)
		sha256_hex(image, len, ret_hex);
	return r;
}

static void add_text(json_t *request, const char *member, const char *text)
{
	if (text[0])
		(void)json_object_set_new(request, member, json_string(text));
}

static void add_list(json_t *request, const char *member, const struct flag_list *list)
{
	json_t *texts = json_array();

	for (size_t i = 0; i < list->count; i++)
		(void)json_array_append_new(texts, json_string(list->items[i]));
	(void)json_object_set_new(request, member, texts);
}

/* NULL: no memory. What could not be added is missed by the agent, which refuses what it does not understand. */
static json_t *make_request(const struct run_shared *run, const struct spec *spec,
			    const char *digest)
{
	const struct run_options *options = run->options;
	json_t *request = json_pack("{s:s, s:s, s:b, s:b, s:b, s:i, s:i}", "verb",
				    "gadget.subscribe", "object", digest, "colors", run->is_colored,
				    "pods", run->has_pods, "terminal", run->columns > 0, "columns",
				    (int)run->columns, "rows", (int)run->rows);
	json_t *params = json_object();

	for (uint32_t i = 0; i < spec->setting_count; i++)
		(void)json_object_set_new(params, spec->settings[i].key,
					  json_string(spec->settings[i].value));
	(void)json_object_set_new(request, "params", params);
	add_text(request, "format", options->format);
	add_text(request, "fields", options->fields);
	add_text(request, "sort", options->order);
	add_text(request, "max_entries", options->max_entries);
	add_list(request, "filters", &options->filters);
	add_list(request, "expressions", &options->expressions);
	return request;
}

/* What the agent is asked for is the gadget as it would be run here. */
static int ask(struct show *show, struct err *err)
{
	const struct run_shared *run = show->run;
	const struct gadget_options options = { .values = run->values,
						.value_count = run->value_count };
	struct err_list errors = { .len = 0 };
	char digest[SHA256_HEX_LEN + 1];
	json_t *request, *result = NULL;
	struct gadget *gadget = NULL;
	int r = gadget_open(run->path, &options, &gadget, &errors);

	err_list__done(&errors); /* running it here tells them */
	if (r == 0)
		r = digest_object(gadget__spec(gadget), digest);
	request = r == 0 ? make_request(run, gadget__spec(gadget), digest) : NULL;
	gadget__close(gadget);
	if (r == 0)
		r = request ? control_link__call(show->link, request, &result, err) : -ENOMEM;
	json_decref(request);
	json_decref(result);
	return r;
}

/* ---- what comes ----------------------------------------------------------------------------------------- */

static int show_line(struct show *show, const char *line, size_t len)
{
	json_t *value = json_loadb(line, len, JSON_ALLOW_NUL, NULL);
	const json_t *text = json_object_get(value, "text");
	const char *end = json_string_value(json_object_get(value, "end"));
	int r = 0;

	if (text)
		r = fd_write_all(STDOUT_FILENO, json_string_value(text), json_string_length(text));
	show->missed += (uint64_t)json_integer_value(json_object_get(value, "missed"));
	show->dropped += (uint64_t)json_integer_value(json_object_get(value, "dropped"));
	if (end)
		(void)err__set(&show->err, -ESHUTDOWN, NULL, "no more events: %s", end);
	json_decref(value);
	return r;
}

/* A reader of ours that has gone is no error: there is nobody to tell. */
static void on_lines(void *ctx, int fd, uint32_t events)
{
	struct show *show = ctx;

	(void)fd;
	(void)events;
	do {
		const char *line;
		size_t len;
		int r = control_link__next(show->link, 0, &line, &len, &show->err);

		if (r == -EAGAIN || r == -EINTR)
			return;
		if (r == 0 && !err__is_set(&show->err))
			(void)err__set(&show->err, -ECONNRESET, NULL,
				       "no more events: the agent has ended");
		if (r <= 0 || show_line(show, line, len) < 0) {
			loop__stop(show->loop, 0);
			return;
		}
	} while (control_link__has_line(show->link));
}

static void on_signal(void *ctx, int signal_number)
{
	struct show *show = ctx;
	const struct terminal terminal = { .in_fd = STDOUT_FILENO, .out_fd = STDOUT_FILENO };
	struct terminal_size size;
	json_t *request;

	if (signal_number != SIGWINCH) {
		loop__stop(show->loop, 0);
		return;
	}
	if (show->run->columns == 0)
		return;
	size = terminal__size(&terminal);
	request = json_pack("{s:s, s:i, s:i}", "verb", "gadget.resize", "columns",
			    (int)size.columns, "rows", (int)size.rows);
	(void)control_link__send(show->link, request, NULL); /* a line may be too long, then */
	json_decref(request);
}

static void on_timeout(void *ctx)
{
	struct show *show = ctx;

	loop__stop(show->loop, 0);
}

static int watch(struct show *show, struct err *err)
{
	int64_t timeout_ns = show->run->options->timeout_ns;
	sigset_t signals;
	int r = loop__new(&show->loop, err);

	(void)signal(SIGPIPE, SIG_IGN); /* stdout may be a closed pipe */
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGWINCH);
	if (r == 0)
		r = loop__add_signals(show->loop, &signals, on_signal, show, &show->signals, err);
	if (r == 0)
		r = loop__add_fd(show->loop, control_link__fd(show->link), EPOLLIN, on_lines, show,
				 &show->lines, err);
	if (r == 0 && timeout_ns > 0)
		r = loop__add_timer(show->loop, timeout_ns, 0 /* once */, on_timeout, show,
				    &show->timeout, err);
	return r;
}

/* What was lost is never silent. */
static void tell_losses(const struct show *show)
{
	if (show->missed > 0)
		log_warn("%llu events were left out, what reads them is too slow",
			 (unsigned long long)show->missed);
	if (show->dropped > 0)
		log_warn("%llu parts of the output were left out, what reads it is too slow",
			 (unsigned long long)show->dropped);
}

static int serve(struct show *show, struct err *err)
{
	int r = watch(show, err);

	if (r == 0 && control_link__has_line(show->link))
		on_lines(show, -1, 0); /* they came with the reply */
	if (r == 0)
		r = loop__run(show->loop);
	tell_losses(show);
	if (r >= 0 && err__is_set(&show->err)) {
		r = show->err.code;
		if (err)
			*err = show->err;
		show->err = (struct err)ERR_INIT;
	}
	return r < 0 ? r : 1;
}

int run_shared(const struct run_shared *run, struct err *err)
{
	struct show show = { .run = run };
	struct err reason = ERR_INIT;
	char text[512];
	int r = control_link__open(run->options->agent_socket, &show.link, &reason);

	if (r == 0)
		r = ask(&show, &reason);
	if (r < 0) {
		(void)err__format(&reason, text, sizeof(text));
		log_debug("the agent is not asked for events: %s", text);
		err__done(&reason);
		control_link__free(show.link);
		return 0;
	}
	log_debug("events come from the agent at '%s'", run->options->agent_socket);
	r = serve(&show, err);
	if (show.loop) {
		show.timeout = loop__remove(show.loop, show.timeout);
		show.lines = loop__remove(show.loop, show.lines);
		show.signals = loop__remove(show.loop, show.signals);
	}
	loop__free(show.loop);
	err__done(&show.err);
	control_link__free(show.link);
	return r;
}
