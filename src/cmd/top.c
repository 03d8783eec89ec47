/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/terminal.h"
#include "cmd/top_view.h"
#include "remote/ledger.h"

#define DEFAULT_URL "http://127.0.0.1:9435"
#define INTERVAL_MIN_NS (100 * NS_PER_MS)

struct top_options {
	int64_t interval_ns;
	const char *sort;
	const char *ca_file;
	bool is_once;
};

static const struct flag flags[] = {
	{ .name = "interval",
	  .kind = FLAG_DURATION,
	  .offset = offsetof(struct top_options, interval_ns),
	  .initial = "2s",
	  .help = "How often to ask." },
	{ .name = "sort",
	  .kind = FLAG_TEXT,
	  .offset = offsetof(struct top_options, sort),
	  .initial = "kernel",
	  .help = "What to sort by: kernel, sonde, memory, series, fill, lost, bytes or name." },
	{ .name = "ca",
	  .kind = FLAG_TEXT,
	  .offset = offsetof(struct top_options, ca_file),
	  .help = "File with the certificates of those who may vouch for an https URL." },
	{ .name = "once",
	  .kind = FLAG_BOOL,
	  .offset = offsetof(struct top_options, is_once),
	  .help = "Print the table once, as plain text; also when stdout is no terminal." },
};

static const struct flag_set flag_set = {
	.help = "Shows what every metric of a running sonde costs, dearest first. "
		"Without URL, of the one at " DEFAULT_URL ".",
	.arguments = "[URL]",
	.flags = flags,
	.flag_count = array_size(flags),
};

struct top {
	struct top_options options;
	struct loop *loop;            /* owned */
	struct ledger_client *client; /* owned */
	struct ledger_report report;  /* owned */
	bool has_report;
	char problem[512]; /* "": there is none */
	struct loop_watch *timer, *keys, *signals;
	struct terminal terminal;
	enum top_order order;
	size_t scroll;
	size_t escape; /* how much of "ESC [ A" has come */
};

/* ---- drawing --------------------------------------------------------------------------------------------- */

static void draw(struct top *top)
{
	struct terminal_size size = terminal__size(&top->terminal);
	struct top_view view = {
		.report = top->has_report ? &top->report : NULL,
		.url = ledger_client__url(top->client),
		.problem = top->problem[0] ? top->problem : NULL,
		.order = top->order,
		.is_screen = top->terminal.is_entered,
	};
	struct strbuf out = STRBUF_INIT;

	if (view.is_screen) {
		view.columns = size.columns;
		view.rows = size.rows;
	}
	if (top->has_report)
		top_view__sort(&top->report, top->order);
	if (top->scroll > top_view__last_scroll(&view))
		top->scroll = top_view__last_scroll(&view);
	view.scroll = top->scroll;
	top_view__write(&view, &out);
	/* Nobody reads any more: nobody to go on for. */
	if (fd_write_all(STDOUT_FILENO, out.data, out.len) < 0)
		loop__stop(top->loop, -EPIPE);
	strbuf__done(&out);
}

/* ---- answers --------------------------------------------------------------------------------------------- */

static void take_report(void *ctx, struct ledger_report *report)
{
	struct top *top = ctx;

	ledger_report__done(&top->report);
	top->report = *report;
	top->has_report = true;
	top->problem[0] = '\0';
	draw(top);
	if (top->options.is_once)
		loop__stop(top->loop, 0);
}

static void take_problem(void *ctx, const struct err *err)
{
	struct top *top = ctx;

	(void)err__format(err, top->problem, sizeof(top->problem));
	if (top->options.is_once)
		loop__stop(top->loop, err->code);
	else
		draw(top);
}

static void ask(void *ctx)
{
	struct top *top = ctx;

	ledger_client__ask(top->client);
}

/* ---- keys and signals ------------------------------------------------------------------------------------ */

static void scroll_by(struct top *top, int rows)
{
	if (rows < 0)
		top->scroll -= top->scroll < (size_t)-rows ? top->scroll : (size_t)-rows;
	else
		top->scroll += (size_t)rows; /* drawing knows where the end is */
}

/* The keys that are more than a byte: "ESC [ A" and the like. Whether the byte was part of one. */
static bool take_escape(struct top *top, char key)
{
	static const struct {
		char last;
		int rows;
	} moves[] = { { 'A', -1 }, { 'B', 1 }, { '5', -10 }, { '6', 10 } };

	if (key == '\033') {
		top->escape = 1;
		return true;
	}
	if (top->escape == 1 && (key == '[' || key == 'O')) {
		top->escape = 2;
		return true;
	}
	if (top->escape < 2) {
		top->escape = 0;
		return false;
	}
	for (size_t i = 0; i < array_size(moves); i++)
		if (moves[i].last == key)
			scroll_by(top, moves[i].rows);
	/* Page keys end with a tilde. */
	top->escape = key >= '0' && key <= '9' ? 2 : 0;
	return true;
}

static void take_key(struct top *top, char key)
{
	int order;

	if (take_escape(top, key))
		return;
	order = top_order_of_key(key);
	if (key == 'q' || key == '\004')
		loop__stop(top->loop, 0);
	else if (order >= 0)
		top->order = (enum top_order)order;
}

static void on_keys(void *ctx, int fd, uint32_t events)
{
	struct top *top = ctx;
	char keys[64];
	ssize_t count = read(fd, keys, sizeof(keys));

	(void)events;
	if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN)) {
		loop__stop(top->loop, 0); /* the terminal is gone */
		return;
	}
	for (ssize_t i = 0; i < count; i++)
		take_key(top, keys[i]);
	draw(top);
}

/* Ctrl-Z: the shell gets its terminal as it was, and we get it back afterwards. */
static void stop_for_a_while(struct top *top)
{
	terminal__leave(&top->terminal);
	(void)raise(SIGSTOP);
	if (terminal__enter(&top->terminal, STDIN_FILENO, STDOUT_FILENO, NULL) < 0)
		loop__stop(top->loop, -ENOTTY);
}

static void on_signal(void *ctx, int signal_number)
{
	struct top *top = ctx;

	switch (signal_number) {
	case SIGTSTP:
		stop_for_a_while(top);
		draw(top);
		break;
	case SIGWINCH:
		draw(top);
		break;
	default:
		loop__stop(top->loop, 0);
	}
}

/* ---- the whole ------------------------------------------------------------------------------------------- */

static int watch(struct top *top, struct err *err)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH };
	sigset_t signals;
	int r;

	(void)signal(SIGPIPE, SIG_IGN);
	r = loop__add_timer(top->loop, 0, top->options.is_once ? 0 : top->options.interval_ns, ask,
			    top, &top->timer, err);
	if (r < 0 || top->options.is_once)
		return r;
	sigemptyset(&signals);
	for (size_t i = 0; i < array_size(numbers); i++)
		sigaddset(&signals, numbers[i]);
	/* Before the screen is taken, so that no signal finds it taken and nobody to give it back. */
	r = loop__add_signals(top->loop, &signals, on_signal, top, &top->signals, err);
	if (r >= 0)
		r = loop__add_fd(top->loop, STDIN_FILENO, EPOLLIN, on_keys, top, &top->keys, err);
	if (r >= 0)
		r = terminal__enter(&top->terminal, STDIN_FILENO, STDOUT_FILENO, err);
	return r;
}

static int run(struct top *top, const char *url, struct err *err)
{
	const struct ledger_client_options options = {
		.url = url,
		.ca_file = top->options.ca_file[0] ? top->options.ca_file : NULL,
		.user_agent = "sonde/" SONDE_VERSION,
		.answered = take_report,
		.failed = take_problem,
		.ctx = top,
	};
	int r = loop__new(&top->loop, err);

	if (r >= 0) {
		struct ledger_client_options with_loop = options;

		with_loop.loop = top->loop;
		r = ledger_client__new(&with_loop, &top->client, err);
	}
	if (r >= 0)
		r = watch(top, err);
	if (r < 0)
		return r;
	if (top->terminal.is_entered)
		draw(top);
	r = loop__run(top->loop);
	terminal__leave(&top->terminal);
	if (r < 0 && top->problem[0])
		return err__set(err, r, NULL, "%s", top->problem);
	return r < 0 ? err__set(err, r, NULL, "%s", strerror(-r)) : 0;
}

static void close_top(struct top *top)
{
	terminal__leave(&top->terminal);
	ledger_client__free(top->client);
	ledger_report__done(&top->report);
	if (top->loop) {
		loop__remove(top->loop, top->timer);
		loop__remove(top->loop, top->keys);
		loop__remove(top->loop, top->signals);
	}
	loop__free(top->loop);
}

/* What the flags' kinds cannot say. */
static int check_options(struct top *top, const struct flags_result *result, struct err *err)
{
	int order = top_order_of_name(top->options.sort);
	struct strbuf names = STRBUF_INIT;

	if (result->arguments.len > 1)
		return err__set(err, -E2BIG, NULL, "one URL is enough");
	if (top->options.interval_ns < INTERVAL_MIN_NS)
		return err__set(err, -EINVAL, NULL, "--interval: at least 100ms");
	if (order >= 0) {
		top->order = (enum top_order)order;
		return 0;
	}
	top_order_names(&names);
	order = err__set(err, -EINVAL, NULL, "--sort: there is no '%s'; there are %s",
			 top->options.sort, strbuf__text(&names));
	strbuf__done(&names);
	return order;
}

int command_top(const struct invocation *invocation)
{
	struct top top = { .order = TOP_KERNEL };
	struct flags_result result = FLAGS_RESULT_INIT;
	struct err err = ERR_INIT;
	int status;

	if (!command_parse(invocation, &flag_set, STATUS_USAGE, &top.options, &result, &status))
		return status;
	if (check_options(&top, &result, &err) < 0)
		return command_refuse(invocation, &result, &err, STATUS_USAGE);
	log_setup(&(struct log_options){ .level = LOG_WARN, .has_no_timestamps = true });
	top.options.is_once |= !isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO);

	int r = run(&top, result.arguments.len ? result.arguments.items[0] : DEFAULT_URL, &err);

	close_top(&top);
	if (err__is_set(&err))
		log_err(LOG_ERROR, &err, "top");
	err__done(&err);
	flags_result__done(&result);
	return r < 0 ? STATUS_FAILED : STATUS_OK;
}
