/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/top_view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/human.h"
#include "base/mem.h"

#define NAME_MIN_WIDTH 16
#define NAME_MAX_WIDTH                                                                             \
	1024 /* no longer name comes out of a registry; the other side may say anything */
#define CONFIG_WIDTH 12
#define CONFIG_FROM 110 /* columns of the terminal */
#define LINES_ABOVE 4   /* title, statement, sum, headings */
#define LINES_BELOW 1   /* help */

#define BOLD "\033[1m"
#define REVERSE "\033[7m"
#define PLAIN "\033[0m"
#define END_OF_LINE "\033[K\n"

/* ---- texts that fit -------------------------------------------------------------------------------------- */

/* A character of the other side's text, or '?' for what would move the cursor. Bytes of it. */
static size_t take_character(const char *text, size_t len, const char **ret_shown)
{
	size_t step = str_utf8_step(text, len);
	unsigned char first = (unsigned char)text[0];
	bool is_control = first < 0x20 || first == 0x7f ||
			  (step == 2 && first == 0xc2 && (unsigned char)text[1] < 0xa0);

	*ret_shown = step == 0 || is_control ? "?" : text;
	return step ? step : 1;
}

static size_t width_of(const char *text)
{
	size_t len = strlen(text), width = 0;

	for (size_t i = 0; i < len; width++) {
		const char *shown;

		i += take_character(text + i, len - i, &shown);
	}
	return width;
}

/* At most so many columns (0: all of it), the last one "…" when it was cut. Returns how many it took. */
static size_t add_cut(struct strbuf *out, const char *text, size_t max)
{
	size_t len = strlen(text), width = 0, room = width_of(text);
	bool is_cut = max > 0 && room > max;

	if (is_cut)
		room = max - 1;
	for (size_t i = 0; i < len && width < room; width++) {
		const char *shown;
		size_t step = take_character(text + i, len - i, &shown);

		strbuf__add(out, shown, shown == text + i ? step : 1);
		i += step;
	}
	if (is_cut)
		strbuf__add_text(out, "…");
	return is_cut ? max : width;
}

static void add_blanks(struct strbuf *out, size_t count)
{
	while (count-- > 0)
		strbuf__add_char(out, ' ');
}

static void add_left(struct strbuf *out, const char *text, size_t width)
{
	size_t used = add_cut(out, text, width);

	add_blanks(out, width > used ? width - used : 0);
}

static void add_right(struct strbuf *out, const char *text, size_t width)
{
	size_t used = width_of(text);

	add_blanks(out, width > used ? width - used : 0);
	strbuf__add_text(out, text);
}

/* ---- columns --------------------------------------------------------------------------------------------- */

static double lost_of(const struct ledger_entry *entry)
{
	return entry->lost + entry->overflowed;
}

static const char *format_kernel(const struct ledger_entry *entry, char *buf)
{
	return human_time(buf, entry->kernel_ns_per_s);
}
static const char *format_sonde(const struct ledger_entry *entry, char *buf)
{
	return human_time(buf, entry->agent_ns_per_s);
}
static const char *format_runs(const struct ledger_entry *entry, char *buf)
{
	return human_count(buf, entry->runs_per_s);
}
static const char *format_series(const struct ledger_entry *entry, char *buf)
{
	return human_count(buf, entry->series_limit > 0 ? entry->series : (double)NAN);
}
static const char *format_limit(const struct ledger_entry *entry, char *buf)
{
	return human_count(buf, entry->series_limit > 0 ? entry->series_limit : (double)NAN);
}
static const char *format_fill(const struct ledger_entry *entry, char *buf)
{
	return human_ratio(buf, entry->fill_ratio);
}
static const char *format_lost(const struct ledger_entry *entry, char *buf)
{
	return human_count(buf, lost_of(entry));
}
static const char *format_errors(const struct ledger_entry *entry, char *buf)
{
	return human_count(buf, entry->decode_errors + entry->read_errors);
}
static const char *format_memory(const struct ledger_entry *entry, char *buf)
{
	return human_bytes(buf, entry->memory_bytes);
}
static const char *format_bytes(const struct ledger_entry *entry, char *buf)
{
	return human_bytes(buf, entry->scrape_bytes);
}

#define NO_ORDER TOP_ORDER_COUNT

/* Shown from so many columns of the terminal on. */
static const struct column {
	const char *heading;
	size_t width, from;
	enum top_order order;
	const char *(*format)(const struct ledger_entry *entry, char *buf);
} columns[] = {
	{ "KERNEL", 7, 0, TOP_KERNEL, format_kernel },
	{ "SONDE", 7, 0, TOP_SONDE, format_sonde },
	{ "RUNS/S", 6, 100, NO_ORDER, format_runs },
	{ "SERIES", 6, 60, TOP_SERIES, format_series },
	{ "LIMIT", 6, 100, NO_ORDER, format_limit },
	{ "FILL", 6, 60, TOP_FILL, format_fill },
	{ "LOST", 5, 60, TOP_LOST, format_lost },
	{ "ERR", 5, 80, NO_ORDER, format_errors },
	{ "MEMORY", 6, 50, TOP_MEMORY, format_memory },
	{ "BYTES", 6, 80, TOP_BYTES, format_bytes },
};

static bool is_shown(const struct top_view *view, const struct column *column)
{
	return !view->is_screen || view->columns >= column->from;
}

static bool shows_config(const struct top_view *view)
{
	return !view->is_screen || view->columns >= CONFIG_FROM;
}

/* ---- sorting --------------------------------------------------------------------------------------------- */

static const struct {
	char key;
	const char *name;
} orders[TOP_ORDER_COUNT] = {
	[TOP_KERNEL] = { 'k', "kernel" }, [TOP_SONDE] = { 's', "sonde" },
	[TOP_MEMORY] = { 'm', "memory" }, [TOP_SERIES] = { 'e', "series" },
	[TOP_FILL] = { 'f', "fill" },     [TOP_LOST] = { 'l', "lost" },
	[TOP_BYTES] = { 'b', "bytes" },   [TOP_NAME] = { 'n', "name" },
};

int top_order_of_key(char key)
{
	for (int i = 0; i < TOP_ORDER_COUNT; i++)
		if (orders[i].key == key)
			return i;
	return -1;
}

int top_order_of_name(const char *name)
{
	for (int i = 0; i < TOP_ORDER_COUNT; i++)
		if (str_eq(orders[i].name, name))
			return i;
	return -1;
}

void top_order_names(struct strbuf *out)
{
	for (size_t i = 0; i < TOP_ORDER_COUNT; i++)
		strbuf__printf(out, "%s%s", i ? ", " : "", orders[i].name);
}

/* What is left out has none; but spans that nobody wants are paid for. */
static bool has_figures(const struct ledger_entry *entry)
{
	return entry->is_active || entry->memory_bytes > 0;
}

static double value_of(const struct ledger_entry *entry, enum top_order order)
{
	switch (order) {
	case TOP_KERNEL:
		return entry->kernel_ns_per_s;
	case TOP_SONDE:
		return entry->agent_ns_per_s;
	case TOP_MEMORY:
		return entry->memory_bytes;
	case TOP_SERIES:
		return entry->series;
	case TOP_FILL:
		return entry->fill_ratio;
	case TOP_LOST:
		return lost_of(entry);
	case TOP_BYTES:
		return entry->scrape_bytes;
	case TOP_NAME:
	case TOP_ORDER_COUNT:
		break;
	}
	return 0;
}

/* Falling; what is not known comes last. */
static int compare_falling(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(a) - isnan(b);
	return (a < b) - (a > b);
}

static int compare(const void *a, const void *b, void *ctx)
{
	const struct ledger_entry *left = a, *right = b;
	const enum top_order *order = ctx;
	int r = has_figures(right) - has_figures(left);

	if (r == 0)
		r = compare_falling(value_of(left, *order), value_of(right, *order));
	if (r == 0 && *order != TOP_NAME)
		r = compare_falling(left->kernel_ns_per_s, right->kernel_ns_per_s);
	if (r == 0)
		r = strcmp(left->name, right->name);
	return r ? r : strcmp(left->config, right->config);
}

void top_view__sort(struct ledger_report *report, enum top_order order)
{
	if (report->entry_count > 0)
		qsort_r(report->entries, report->entry_count, sizeof(*report->entries), compare,
			&order);
}

/* ---- names ----------------------------------------------------------------------------------------------- */

/* What all metrics begin with, up to an underscore, is said once: it is most of the room for names. */
static size_t common_prefix(const struct top_view *view, const char **ret_first)
{
	const char *first = NULL;
	size_t len = 0;

	for (size_t i = 0; view->is_screen && i < view->report->entry_count; i++) {
		const struct ledger_entry *entry = &view->report->entries[i];
		size_t same = 0;

		if (str_eq(entry->kind, "span"))
			continue;
		/* One may be empty: then nothing is common. */
		if (!first) {
			first = entry->name;
			len = strlen(first);
		}
		while (same < len && entry->name[same] == first[same])
			same++;
		len = same;
	}
	while (len > 0 && first[len - 1] != '_')
		len--;
	*ret_first = first ? first : "";
	return len;
}

static size_t width_of_names(const struct top_view *view)
{
	size_t width = NAME_MIN_WIDTH, used = 0;

	if (!view->is_screen) {
		for (size_t i = 0; i < view->report->entry_count; i++)
			if (width_of(view->report->entries[i].name) > width)
				width = width_of(view->report->entries[i].name);
		return width < NAME_MAX_WIDTH ? width : NAME_MAX_WIDTH;
	}
	for (size_t i = 0; i < array_size(columns); i++)
		used += is_shown(view, &columns[i]) ? columns[i].width + 1 : 0;
	if (shows_config(view))
		used += CONFIG_WIDTH + 2;
	return view->columns > used + width ? view->columns - used : width;
}

/* ---- lines ----------------------------------------------------------------------------------------------- */

static void end_line(const struct top_view *view, struct strbuf *out)
{
	strbuf__add_text(out, view->is_screen ? END_OF_LINE : "\n");
}

static void add_headings(const struct top_view *view, const char *prefix, size_t prefix_len,
			 size_t names, struct strbuf *out)
{
	struct strbuf heading = STRBUF_INIT;

	strbuf__add_text(&heading, "METRIC");
	if (prefix_len > 0)
		strbuf__printf(&heading, " %.*s…", (int)prefix_len, prefix);
	if (view->is_screen)
		strbuf__add_text(out, REVERSE);
	add_left(out, strbuf__text(&heading), names);
	for (size_t i = 0; i < array_size(columns); i++) {
		bool is_order = view->is_screen && columns[i].order == view->order;

		if (!is_shown(view, &columns[i]))
			continue;
		strbuf__add_char(out, ' ');
		if (is_order)
			strbuf__add_text(out, PLAIN BOLD);
		add_right(out, columns[i].heading, columns[i].width);
		if (is_order)
			strbuf__add_text(out, PLAIN REVERSE);
	}
	if (shows_config(view))
		strbuf__add_text(out, view->is_screen ? "  CONFIG      " : "  CONFIG");
	if (view->is_screen)
		strbuf__add_text(out, PLAIN);
	end_line(view, out);
	strbuf__done(&heading);
}

static void add_entry(const struct top_view *view, const struct ledger_entry *entry, size_t prefix,
		      size_t names, struct strbuf *out)
{
	bool has_prefix = prefix > 0 && !str_eq(entry->kind, "span");
	size_t left = view->columns > names + 1 ? view->columns - names - 1 : 1;
	char buf[HUMAN_MAX];

	add_left(out, has_prefix ? entry->name + prefix : entry->name, names);
	if (!has_figures(entry)) {
		strbuf__add_char(out, ' ');
		(void)add_cut(out, entry->error ? entry->error : "left out",
			      view->is_screen ? left : 0);
		end_line(view, out);
		return;
	}
	for (size_t i = 0; i < array_size(columns); i++) {
		if (!is_shown(view, &columns[i]))
			continue;
		strbuf__add_char(out, ' ');
		add_right(out, columns[i].format(entry, buf), columns[i].width);
	}
	if (shows_config(view)) {
		strbuf__add_text(out, "  ");
		(void)add_cut(out, entry->config, view->is_screen ? CONFIG_WIDTH : 0);
	}
	end_line(view, out);
}

static void add_known(double *sum, double value)
{
	if (!isnan(value))
		*sum = isnan(*sum) ? value : *sum + value;
}

static void add_sum(const struct top_view *view, struct strbuf *out)
{
	double kernel = (double)NAN, sonde = (double)NAN, memory = (double)NAN, bytes = (double)NAN;
	char texts[5][HUMAN_MAX];
	struct strbuf line = STRBUF_INIT;
	double series = 0;

	for (size_t i = 0; i < view->report->entry_count; i++) {
		const struct ledger_entry *entry = &view->report->entries[i];

		add_known(&kernel, entry->kernel_ns_per_s);
		add_known(&sonde, entry->agent_ns_per_s);
		add_known(&memory, entry->memory_bytes);
		add_known(&bytes, entry->scrape_bytes);
		add_known(&series, entry->series);
	}
	strbuf__printf(&line, "All: kernel %s/s, sonde %s/s, %s series, memory %s, exposition %s",
		       human_time(texts[0], kernel), human_time(texts[1], sonde),
		       human_count(texts[2], series), human_bytes(texts[3], memory),
		       human_bytes(texts[4], bytes));
	(void)add_cut(out, strbuf__text(&line), view->columns);
	end_line(view, out);
	strbuf__done(&line);
}

static void add_title(const struct top_view *view, struct strbuf *out)
{
	struct strbuf line = STRBUF_INIT;

	strbuf__printf(&line, "sonde %s at %s", view->report ? view->report->version : "",
		       view->url);
	if (view->is_screen)
		strbuf__add_text(out, BOLD);
	(void)add_cut(out, strbuf__text(&line), view->columns);
	if (view->is_screen)
		strbuf__add_text(out, PLAIN);
	end_line(view, out);
	strbuf__done(&line);
}

static void add_statement(const struct top_view *view, struct strbuf *out)
{
	const char *text = view->problem ? view->problem
					 : (view->report ? view->report->statement : "asking …");

	if (view->is_screen && view->problem)
		strbuf__add_text(out, REVERSE);
	(void)add_cut(out, text, view->columns);
	if (view->is_screen && view->problem)
		strbuf__add_text(out, PLAIN);
	end_line(view, out);
}

static void add_help(const struct top_view *view, struct strbuf *out)
{
	struct strbuf line = STRBUF_INIT;

	strbuf__add_text(&line, "q quit");
	for (size_t i = 0; i < TOP_ORDER_COUNT; i++)
		strbuf__printf(&line, "  %c %s", orders[i].key, orders[i].name);
	/* No line feed: it would scroll. */
	(void)add_cut(out, strbuf__text(&line), view->columns);
	strbuf__add_text(out, "\033[K");
	strbuf__done(&line);
}

/* ---- the whole ------------------------------------------------------------------------------------------- */

static size_t room_for_entries(const struct top_view *view)
{
	if (!view->is_screen)
		return SIZE_MAX;
	return view->rows > LINES_ABOVE + LINES_BELOW ? view->rows - LINES_ABOVE - LINES_BELOW : 1;
}

size_t top_view__last_scroll(const struct top_view *view)
{
	size_t room = room_for_entries(view);
	size_t count = view->report ? view->report->entry_count : 0;

	return count > room ? count - room : 0;
}

static void add_entries(const struct top_view *view, struct strbuf *out)
{
	const char *prefix;
	size_t prefix_len = common_prefix(view, &prefix), names = width_of_names(view);
	size_t room = room_for_entries(view);

	add_sum(view, out);
	add_headings(view, prefix, prefix_len, names, out);
	for (size_t i = view->scroll; i < view->report->entry_count && room > 0; i++, room--)
		add_entry(view, &view->report->entries[i], prefix_len, names, out);
}

void top_view__write(const struct top_view *view, struct strbuf *out)
{
	if (view->is_screen)
		strbuf__add_text(out, "\033[H");
	add_title(view, out);
	add_statement(view, out);
	if (view->report)
		add_entries(view, out);
	if (!view->is_screen)
		return;
	strbuf__printf(out, "\033[J\033[%zu;1H", view->rows);
	add_help(view, out);
}
