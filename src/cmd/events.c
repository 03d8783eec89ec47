/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/control.h"
#include "pipeline/control.h"
#include "pipeline/event_lines.h"
#include "remote/control_link.h"

#define READ_SIZE 65536

struct events_flags {
	const char *output, *color, *terminal, *stream, *socket;
	struct flag_list include_fields, exclude_fields, kinds;
	struct flag_list namespaces, namespace_patterns, binaries, pods, containers, policies;
	bool is_host, has_times, has_stacks, has_ima_hash;
};

#define OFFSET(member) .offset = offsetof(struct events_flags, member)

static const struct flag flags[] = {
	{ .name = "output",
	  .letter = 'o',
	  .kind = FLAG_TEXT,
	  OFFSET(output),
	  .initial = "json",
	  .help = "How to print events: json or compact." },
	{ .name = "color",
	  .kind = FLAG_TEXT,
	  OFFSET(color),
	  .initial = "auto",
	  .help = "Colors of compact lines: auto, always or never." },
	{ .name = "event-types",
	  .letter = 'e',
	  .kind = FLAG_LIST,
	  OFFSET(kinds),
	  .help = "Only events of these types, such as PROCESS_EXEC; several with commas, as of all lists here." },
	{ .name = "include-fields",
	  .letter = 'f',
	  .kind = FLAG_LIST,
	  OFFSET(include_fields),
	  .help = "Only these fields of events, such as process.binary." },
	{ .name = "exclude-fields",
	  .letter = 'F',
	  .kind = FLAG_LIST,
	  OFFSET(exclude_fields),
	  .help = "All fields but these." },
	{ .name = "namespace",
	  .letter = 'n',
	  .kind = FLAG_LIST,
	  OFFSET(namespaces),
	  .help = "Only of pods in these namespaces of Kubernetes." },
	{ .name = "namespace-regex",
	  .kind = FLAG_LIST,
	  OFFSET(namespace_patterns),
	  .help = "Likewise, by regular expressions." },
	{ .name = "host",
	  .kind = FLAG_BOOL,
	  OFFSET(is_host),
	  .help = "Only of what is in no pod; with --namespace, of that as well." },
	{ .name = "process",
	  .kind = FLAG_LIST,
	  OFFSET(binaries),
	  .help = "Only of processes whose binary matches one of these regular expressions." },
	{ .name = "pod",
	  .kind = FLAG_LIST,
	  OFFSET(pods),
	  .help = "Only of pods whose name matches one of these regular expressions." },
	{ .name = "container",
	  .kind = FLAG_LIST,
	  OFFSET(containers),
	  .help = "Only of containers whose name matches one of these regular expressions." },
	{ .name = "policy-names",
	  .kind = FLAG_LIST,
	  OFFSET(policies),
	  .help = "Only of these policies." },
	{ .name = "timestamps",
	  .kind = FLAG_BOOL,
	  OFFSET(has_times),
	  .help = "Begin each compact line with its time." },
	{ .name = "stack-traces",
	  .kind = FLAG_BOOL,
	  OFFSET(has_stacks),
	  .initial = "true",
	  .help = "Print stacks below compact lines." },
	{ .name = "ima-hash",
	  .kind = FLAG_BOOL,
	  OFFSET(has_ima_hash),
	  .initial = "true",
	  .help = "Print hashes of IMA below compact lines." },
	{ .name = "tty-encode",
	  .letter = 't',
	  .kind = FLAG_TEXT,
	  OFFSET(terminal),
	  .help = "Print only what was written to this file, a terminal, as it is." },
	{ .name = "from",
	  .kind = FLAG_TEXT,
	  OFFSET(stream),
	  .help = "Path of a socket that gives lines of JSON to whoever connects, as events.socket of an agent does." },
	{ .name = "socket",
	  .kind = FLAG_TEXT,
	  OFFSET(socket),
	  .initial = CONTROL_DEFAULT_PATH,
	  .help = "Path of the control socket of the agent." },
};

static const struct flag_set flag_set = {
	.help = "Prints events of policies: of the agent that runs, or, when standard input is no terminal, those whose "
		"JSON lines come there, Tetragon's as well as sonde's; with --from those of a socket.",
	.flags = flags,
	.flag_count = array_size(flags),
};

/* ---- filters out of flags -------------------------------------------------------------------------------- */

typedef VEC(const char *) word_list;

struct filter_texts {
	struct strbuf allow, fields;
};

/* "a,b" and "c" are three words, "" is none. */
static int split(const struct flag_list *list, struct arena *arena, word_list *words)
{
	for (size_t i = 0; i < list->count; i++) {
		char *text = arena__strdup(arena, list->items[i]);
		const char *word;

		if (!text)
			return -ENOMEM;
		while ((word = strsep(&text, ",")))
			if (*word && vec_push(words, word) < 0)
				return -ENOMEM;
	}
	return 0;
}

static int add_fields(const struct flag_list *list, const char *action, struct strbuf *out)
{
	struct json_writer json = { .out = out };
	struct strbuf paths = STRBUF_INIT;

	for (size_t i = 0; i < list->count; i++) {
		strbuf__add_text(&paths, list->items[i]);
		strbuf__add_char(&paths, ',');
	}
	if (list->count > 0) {
		json__begin_object(&json, NULL);
		json__add_text(&json, "fields", strbuf__text(&paths));
		json__add_text(&json, "action", action);
		json__end_object(&json);
	}
	if (paths.has_failed)
		out->has_failed = true;
	strbuf__done(&paths);
	return strbuf__status(out);
}

static int make_allow(const struct events_flags *options, struct arena *arena, struct strbuf *out)
{
	const struct {
		const char *key;
		const struct flag_list *list;
	} lists[] = {
		{ "event_set", &options->kinds },
		{ "namespace", &options->namespaces },
		{ "namespace_regex", &options->namespace_patterns },
		{ "binary_regex", &options->binaries },
		{ "pod_regex", &options->pods },
		{ "container_name_regex", &options->containers },
		{ "policy_names", &options->policies },
	};
	struct event_filter_words words[array_size(lists)];
	word_list split_words[array_size(lists)] = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < array_size(lists); i++) {
		r = split(lists[i].list, arena, &split_words[i]);
		/* The namespace of what is in no pod is "". */
		if (r == 0 && options->is_host && lists[i].list == &options->namespaces)
			r = vec_push(&split_words[i], "");
		words[i] = (struct event_filter_words){ .key = lists[i].key,
							.values = split_words[i].items,
							.count = split_words[i].len };
	}
	if (r == 0)
		r = event_lines_filter_text(words, array_size(lists), out);
	for (size_t i = 0; i < array_size(lists); i++)
		vec_done(&split_words[i]);
	return r;
}

static int make_filters(const struct events_flags *options, struct filter_texts *texts)
{
	struct arena arena = ARENA_INIT;
	int r = make_allow(options, &arena, &texts->allow);

	if (r == 0)
		r = add_fields(&options->include_fields, "INCLUDE", &texts->fields);
	if (r == 0)
		r = add_fields(&options->exclude_fields, "EXCLUDE", &texts->fields);
	arena__done(&arena);
	return r;
}

/* ---- printing -------------------------------------------------------------------------------------------- */

struct printer {
	struct event_lines *lines; /* owned */
	struct strbuf out;
};

static int printer__flush(struct printer *printer)
{
	int r = fd_write_all(STDOUT_FILENO, printer->out.data, printer->out.len);

	printer->out.len = 0;
	return r;
}

static int printer__take(struct printer *printer, const char *line, size_t len)
{
	int r;

	if (len == 0)
		return 0;
	r = event_lines__take(printer->lines, line, len, &printer->out);
	if (r == 0 && printer->out.len >= READ_SIZE)
		r = printer__flush(printer);
	return r;
}

static void printer__report(const struct printer *printer, const struct invocation *invocation)
{
	struct event_lines_figures figures;
	const struct err *problem;
	char text[1024];

	event_lines__figures(printer->lines, &figures, &problem);
	if (!problem)
		return;
	(void)err__format(problem, text, sizeof(text));
	(void)fprintf(stderr,
		      "%s: warning: %llu of %llu lines are no events, ignoring; the first: %s\n",
		      invocation->program, (unsigned long long)figures.malformed,
		      (unsigned long long)figures.lines, text);
}

/* ---- from standard input --------------------------------------------------------------------------------- */

/* The beginning of a line whose end has not come; of one that is too long no more than shows it. */
static int add_rest(struct strbuf *rest, const char *bytes, size_t len)
{
	if (rest->len <= EVENT_LINES_MAX_BYTES)
		strbuf__add(rest, bytes, len);
	return strbuf__status(rest);
}

static int take_lines(struct printer *printer, struct strbuf *rest, const char *bytes, size_t len)
{
	const char *end;
	int r = 0;

	while (r == 0 && (end = memchr(bytes, '\n', len))) {
		size_t line_len = (size_t)(end - bytes);

		if (rest->len > 0) {
			r = add_rest(rest, bytes, line_len);
			if (r == 0)
				r = printer__take(printer, rest->data, rest->len);
			rest->len = 0;
		} else {
			r = printer__take(printer, bytes, line_len);
		}
		bytes += line_len + 1;
		len -= line_len + 1;
	}
	return r < 0 ? r : add_rest(rest, bytes, len);
}

static int run_input(struct printer *printer, int fd, struct err *err)
{
	struct strbuf rest = STRBUF_INIT;
	char bytes[READ_SIZE];
	ssize_t len;
	int r = 0;

	while (r == 0 && (len = read(fd, bytes, sizeof(bytes))) != 0) {
		if (len < 0 && errno == EINTR)
			continue;
		r = len < 0 ? err__set(err, -errno, NULL, "lines cannot be read: %s",
				       strerror(errno))
			    : take_lines(printer, &rest, bytes, (size_t)len);
		if (r == 0)
			r = printer__flush(printer);
	}
	/* The last line needs no end. */
	if (r == 0)
		r = take_lines(printer, &rest, "\n", 1);
	if (r == 0)
		r = printer__flush(printer);
	strbuf__done(&rest);
	return r;
}

/* ---- from a socket --------------------------------------------------------------------------------------- */

static int run_stream(struct printer *printer, const char *path, struct err *err)
{
	__cleanup(fd_closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(path);

	if (len >= sizeof(address.sun_path))
		return err__set(err, -ENAMETOOLONG, NULL, "'%s' is too long for a socket", path);
	memcpy(address.sun_path, path, len);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return err__set(err, -errno, NULL, "cannot connect to '%s': %s", path,
				strerror(errno));
	return run_input(printer, fd, err);
}

/* ---- from the agent -------------------------------------------------------------------------------------- */

static int subscribe(const struct filter_texts *texts, struct control_link *link, struct err *err)
{
	json_t *request = json_pack("{s:s}", "verb", "events.subscribe"), *result = NULL;
	int r;

	if (texts->allow.len > 0)
		(void)json_object_set_new(request, "allow",
					  json_stringn(texts->allow.data, texts->allow.len));
	if (texts->fields.len > 0)
		(void)json_object_set_new(request, "fields",
					  json_stringn(texts->fields.data, texts->fields.len));
	r = request ? control_link__call(link, request, &result, err) : -ENOMEM;
	json_decref(request);
	json_decref(result);
	return r;
}

/* Lines that the agent had to drop, for this command was too slow, are told in their place; false: it is another line. */
static bool report_dropped(const struct invocation *invocation, const char *line, size_t len)
{
	static const char begin[] = "{\"dropped\":";

	if (len <= strlen(begin) || memcmp(line, begin, strlen(begin)) != 0)
		return false;
	(void)fprintf(stderr, "%s: warning: events dropped: %.*s\n", invocation->program,
		      (int)(len - strlen(begin) - 1), line + strlen(begin));
	return true;
}

static int run_agent(const struct invocation *invocation, const struct events_flags *options,
		     const struct filter_texts *texts, struct printer *printer, struct err *err)
{
	struct control_link *link = NULL;
	const char *line;
	size_t len;
	int r = control_link__open(options->socket, &link, err);

	if (r == 0)
		r = subscribe(texts, link, err);
	while (r == 0) {
		r = control_link__next(link, -1, &line, &len, err);
		if (r <= 0) {
			r = r == -EINTR ? 0 : r;
			break;
		}
		r = report_dropped(invocation, line, len) ? 0 : printer__take(printer, line, len);
		if (r == 0 && !control_link__has_line(link))
			r = printer__flush(printer);
	}
	control_link__free(link);
	return r;
}

/* ---- the command ----------------------------------------------------------------------------------------- */

static int check_word(const char *flag, const char *word, const char *const *words, size_t count,
		      size_t *ret_index, struct err *err)
{
	struct strbuf all = STRBUF_INIT;
	int r;

	for (*ret_index = 0; *ret_index < count; ++*ret_index)
		if (str_eq(words[*ret_index], word))
			return 0;
	for (size_t i = 0; i < count; i++)
		strbuf__printf(&all, "%s%s",
			       i == 0           ? ""
			       : i + 1 == count ? " or "
						: ", ",
			       words[i]);
	r = err__set(err, -EINVAL, NULL, "--%s is '%s'; it would be %s", flag, word,
		     strbuf__text(&all));
	strbuf__done(&all);
	return r;
}

static bool wants_colors(size_t color)
{
	const char *terminal = getenv("TERM");

	if (color > 0)
		return color == 1;
	return isatty(STDOUT_FILENO) && !getenv("NO_COLOR") &&
	       !(terminal && str_eq(terminal, "dumb"));
}

struct choices {
	size_t format, color;
};

static int choose(const struct events_flags *options, struct choices *ret_choices, struct err *err)
{
	static const char *const formats[] = { "json", "compact" };
	static const char *const colors[] = { "auto", "always", "never" };
	int r = check_word("output", options->output, formats, array_size(formats),
			   &ret_choices->format, err);

	return r < 0 ? r
		     : check_word("color", options->color, colors, array_size(colors),
				  &ret_choices->color, err);
}

/* texts: what is filtered here; NULL: it comes filtered. */
static int make_lines(const struct events_flags *options, struct filter_texts *texts,
		      struct event_lines **ret_lines, struct err *err)
{
	struct event_lines_options lines = { .has_times = options->has_times,
					     .has_stacks = options->has_stacks,
					     .has_ima_hash = options->has_ima_hash,
					     .terminal = options->terminal[0] ? options->terminal
									      : NULL };
	struct choices choices;
	int r = choose(options, &choices, err);

	if (r < 0)
		return r;
	lines.format = choices.format == 0 ? EVENT_LINES_JSON : EVENT_LINES_COMPACT;
	lines.is_colored = wants_colors(choices.color);
	lines.filters.allow = strbuf__text(&texts->allow);
	lines.filters.fields = strbuf__text(&texts->fields);
	return event_lines__new(&lines, ret_lines, err);
}

static bool has_input(void)
{
	struct stat status;

	return fstat(STDIN_FILENO, &status) == 0 && !S_ISCHR(status.st_mode);
}

static int run(const struct invocation *invocation, const struct events_flags *options,
	       struct filter_texts *texts, struct err *err)
{
	struct printer printer = { .out = STRBUF_INIT };
	struct filter_texts none = { .allow = STRBUF_INIT, .fields = STRBUF_INIT };
	bool is_stream = options->stream[0], is_input = is_stream || has_input();
	/* What comes from the agent has been filtered there, and may lack what filters look at. */
	int r = make_lines(options, is_input ? texts : &none, &printer.lines, err);

	if (r == 0) {
		r = is_stream  ? run_stream(&printer, options->stream, err)
		    : is_input ? run_input(&printer, STDIN_FILENO, err)
			       : run_agent(invocation, options, texts, &printer, err);
		printer__report(&printer, invocation);
	}
	event_lines__free(printer.lines);
	strbuf__done(&printer.out);
	strbuf__done(&none.allow);
	strbuf__done(&none.fields);
	return r;
}

int command_events(const struct invocation *invocation)
{
	struct flags_result result = FLAGS_RESULT_INIT;
	struct filter_texts texts = { .allow = STRBUF_INIT, .fields = STRBUF_INIT };
	struct events_flags options;
	struct err err = ERR_INIT;
	int status, r;

	if (!command_parse(invocation, &flag_set, STATUS_USAGE, &options, &result, &status))
		return status;
	if (choose(&options, &(struct choices){ 0 }, &err) < 0)
		return command_refuse(invocation, &result, &err, STATUS_USAGE);
	(void)signal(SIGPIPE, SIG_IGN);
	r = make_filters(&options, &texts);
	if (r == 0)
		r = run(invocation, &options, &texts, &err);
	/* Nobody reads any more: nobody to go on for. */
	if (r == -EPIPE)
		r = 0;
	if (r < 0 && !err__is_set(&err))
		(void)err__set(&err, r, NULL, "%s", strerror(-r));
	if (r < 0)
		control_print_error(invocation, &err);
	strbuf__done(&texts.allow);
	strbuf__done(&texts.fields);
	err__done(&err);
	flags_result__done(&result);
	return r < 0 ? STATUS_FAILED : STATUS_OK;
}
